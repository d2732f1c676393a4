//! Files that hold several parts: goose, sql-migrate, dbmate, Liquibase's formatted SQL, node-pg-migrate, tern. A part has its own direction and
//! its own transaction; frameworks mark them with comments.

use crate::engine::{Follows, Section};
use crate::session::Transaction;
use crate::source::Span;

/// The framework whose marks a file holds, and the file's parts.
pub(super) fn sections(text: &[u8]) -> Option<(&'static str, Vec<Section>)> {
    let marks = marks(text);
    let framework = marks.iter().find_map(|mark| match mark.kind {
        Kind::Goose(_) => Some("goose"),
        Kind::Dbmate { .. } => Some("dbmate"),
        Kind::Liquibase { .. } => Some("Liquibase"),
        Kind::NodePgMigrate(_) => Some("node-pg-migrate"),
        Kind::SqlMigrate { .. } => Some("sql-migrate"),
        Kind::Tern => Some("tern"),
        Kind::GooseNoTransaction | Kind::TernNoTransaction => None,
    })?;
    if framework == "tern" {
        return Some((framework, of_tern(text, &marks)));
    }
    let goose_transaction = match marks.iter().any(|mark| matches!(mark.kind, Kind::GooseNoTransaction)) {
        true => Transaction::None,
        false => Transaction::Framework("goose"),
    };
    let begins: Vec<(u32, bool, Transaction)> = marks
        .iter()
        .filter_map(|mark| match mark.kind {
            Kind::Goose(down) => Some((mark.at, down, goose_transaction)),
            // dbmate sends a part that opts out as one message.
            Kind::Dbmate { down, wrapped } => Some((mark.at, down, wrap(wrapped, "dbmate", Transaction::Implicit))),
            Kind::Liquibase { wrapped } => Some((mark.at, false, wrap(wrapped, "Liquibase", Transaction::None))),
            Kind::NodePgMigrate(down) => Some((mark.at, down, Transaction::Framework("node-pg-migrate"))),
            Kind::SqlMigrate { down, wrapped } => Some((mark.at, down, wrap(wrapped, "sql-migrate", Transaction::None))),
            Kind::GooseNoTransaction | Kind::Tern | Kind::TernNoTransaction => None,
        })
        .collect();
    let ends = begins.iter().skip(1).map(|(at, ..)| *at).chain([u32::try_from(text.len()).unwrap_or(u32::MAX)]);
    let sections = begins.iter().zip(ends).map(|(&(start, down, transaction), end)| Section {
        span: Span::new(start, end),
        down,
        transaction,
        file: None,
        follows: Follows::Nothing,
    });
    Some((framework, sections.collect()))
}

/// tern names no way up: what stands above its line is made, what stands below it drops that again.
fn of_tern(text: &[u8], marks: &[Mark]) -> Vec<Section> {
    let opted_out = marks.iter().any(|mark| matches!(mark.kind, Kind::TernNoTransaction));
    let transaction = wrap(!opted_out, "tern", Transaction::None);
    let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
    let line = marks.iter().find(|mark| matches!(mark.kind, Kind::Tern)).map_or(end, |mark| mark.at);
    let part = |span, down| Section { span, down, transaction, file: None, follows: Follows::Nothing };
    vec![part(Span::new(0, line), false), part(Span::new(line, end), true)]
}

fn wrap(wrapped: bool, framework: &'static str, else_: Transaction) -> Transaction {
    if wrapped { Transaction::Framework(framework) } else { else_ }
}

struct Mark {
    at: u32,
    kind: Kind,
}

enum Kind {
    Goose(bool),
    GooseNoTransaction,
    Dbmate { down: bool, wrapped: bool },
    Liquibase { wrapped: bool },
    NodePgMigrate(bool),
    SqlMigrate { down: bool, wrapped: bool },
    Tern,
    TernNoTransaction,
}

/// Every line comment that is a framework's mark.
fn marks(text: &[u8]) -> Vec<Mark> {
    let mut marks = vec![];
    let mut liquibase = false;
    for dashes in memchr::memmem::find_iter(text, b"--") {
        let line_start =
            memchr::memrchr(b'\n', &text[dashes.saturating_sub(200)..dashes]).map_or(0, |i| dashes.saturating_sub(200) + i + 1);
        let lead = &text[line_start..dashes];
        if !lead.iter().all(|b| b.is_ascii_whitespace() || matches!(b, 0xEF | 0xBB | 0xBF)) {
            continue;
        }
        let end = dashes + memchr::memchr(b'\n', &text[dashes..]).unwrap_or(text.len() - dashes);
        let end = end.min(dashes + 1000);
        let comment = String::from_utf8_lossy(&text[dashes + 2..end]).trim().to_ascii_lowercase();
        liquibase |= comment.starts_with("liquibase formatted sql");
        if let (Some(kind), Ok(at)) = (kind(&comment, liquibase), u32::try_from(dashes)) {
            marks.push(Mark { at, kind });
        }
    }
    marks
}

fn kind(comment: &str, liquibase: bool) -> Option<Kind> {
    if let Some(word) = comment.strip_prefix("+goose") {
        return match word.trim() {
            "up" => Some(Kind::Goose(false)),
            "down" => Some(Kind::Goose(true)),
            "no transaction" => Some(Kind::GooseNoTransaction),
            _ => None,
        };
    }
    if let Some(rest) = comment.strip_prefix("+migrate") {
        let mut words = rest.split_whitespace();
        let down = match words.next() {
            Some("up") => false,
            Some("down") => true,
            _ => return None,
        };
        return Some(Kind::SqlMigrate { down, wrapped: !words.any(|word| word == "notransaction") });
    }
    if let Some(rest) = comment.strip_prefix("migrate:") {
        let wrapped = !rest.replace(' ', "").contains("transaction:false");
        return match rest.split_whitespace().next() {
            Some("up") => Some(Kind::Dbmate { down: false, wrapped }),
            Some("down") => Some(Kind::Dbmate { down: true, wrapped }),
            _ => None,
        };
    }
    if liquibase && comment.starts_with("changeset ") {
        let wrapped = !comment.replace([' ', '"'], "").contains("runintransaction:false");
        return Some(Kind::Liquibase { wrapped });
    }
    match comment {
        "up migration" => Some(Kind::NodePgMigrate(false)),
        "down migration" => Some(Kind::NodePgMigrate(true)),
        "-- create above / drop below ----" => Some(Kind::Tern),
        "-- tern: disable-tx ----" => Some(Kind::TernNoTransaction),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn parts(text: &str) -> (&'static str, Vec<(&str, bool, Transaction)>) {
        let (framework, sections) = sections(text.as_bytes()).unwrap();
        (framework, sections.into_iter().map(|s| (s.span.of(text), s.down, s.transaction)).collect())
    }

    #[test]
    fn goose_opts_out_for_the_whole_file() {
        let (framework, parts) = parts("-- +goose NO TRANSACTION\n-- +goose Up\na;\n-- +goose Down\nb;\n");
        assert_eq!(framework, "goose");
        let expected = [("-- +goose Up\na;\n", false, Transaction::None), ("-- +goose Down\nb;\n", true, Transaction::None)];
        assert_eq!(parts, expected);
    }

    #[test]
    fn sql_migrate_opts_out_per_part() {
        let (framework, parts) = parts("-- +migrate Up notransaction\na;\n-- +migrate StatementBegin\nb;\n-- +migrate Down\nc;");
        assert_eq!((framework, parts.len()), ("sql-migrate", 2));
        assert_eq!((parts[0].1, parts[0].2), (false, Transaction::None));
        assert_eq!((parts[1].1, parts[1].2), (true, Transaction::Framework("sql-migrate")));
    }

    #[test]
    fn tern_drops_below_its_line() {
        let (framework, of) = parts("a;\n---- create above / drop below ----\nb;\n");
        assert_eq!(framework, "tern");
        let below = ("---- create above / drop below ----\nb;\n", true, Transaction::Framework("tern"));
        assert_eq!(of, [("a;\n", false, Transaction::Framework("tern")), below]);
        let (_, of) = parts("---- tern: disable-tx ----\na;\n---- create above / drop below ----\nb;\n");
        assert_eq!(of[0].2, Transaction::None);
    }

    #[test]
    fn dbmate_opts_out_per_part() {
        let (framework, parts) = parts("-- migrate:up transaction:false\na;\n-- migrate:down\nb;");
        assert_eq!(framework, "dbmate");
        assert_eq!((parts[0].1, parts[0].2), (false, Transaction::Implicit));
        assert_eq!((parts[1].1, parts[1].2), (true, Transaction::Framework("dbmate")));
    }

    #[test]
    fn liquibase_has_a_part_per_changeset() {
        let (_, parts) =
            parts("--liquibase formatted sql\n--changeset a:1 runInTransaction:false\na;\n--rollback x;\n-- changeset a:2\nb;");
        assert_eq!(parts.len(), 2);
        assert_eq!((parts[0].2, parts[1].2), (Transaction::None, Transaction::Framework("Liquibase")));
    }

    #[test]
    fn other_comments_are_no_marks() {
        assert!(sections(b"-- changeset a:1\nselect 1; -- migrate:up\n-- +goose StatementBegin").is_none());
    }
}
