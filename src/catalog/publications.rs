//! Publications: which tables they carry follows the tables' renames and drops, for PostgreSQL knows a published table by
//! itself and not by its name. Must not know what else a publication is told.

use super::extras::{cut, global};
use super::text::At;
use super::{Catalog, Extra, Piece, Qualified};
use crate::facts::{Name, ObjectName};
use crate::source::Span;

impl Catalog {
    /// CREATE PUBLICATION, and ALTER of its tables, which are known by themselves and not by their names.
    pub(super) fn publish(&mut self, name: &Name, tables: &[ObjectName], at: At) {
        let tables = tables.iter().map(|table| (table.span(), Piece::Relation(self.resolve(table))));
        let mut marks: Vec<(Span, Piece)> = tables.collect();
        marks.push((name.span, Piece::Name));
        let pieces = cut(at, marks);
        let creates = at.sql(at.place.span).get(..6).is_some_and(|word| word.eq_ignore_ascii_case("create"));
        if creates {
            return self.put_extra(self.blank("PUBLICATION", global(&name.value), pieces, at));
        }
        for key in self.find_extra("PUBLICATION", &name.value, None) {
            self.extras.edit(&key, |extra| extra.changes.push(pieces.clone()));
        }
    }
}

/// Takes a table out of the lists that a publication was made and changed with.
pub(super) fn unpublish(extra: &mut Extra, table: &Qualified) {
    let relation = |piece: &Piece| matches!(piece, Piece::Relation(_));
    extra.changes.retain(|change| {
        change.iter().filter(|piece| relation(piece)).any(|piece| *piece != Piece::Relation(table.clone())) || !change.iter().any(relation)
    });
    for pieces in extra.changes.iter_mut().chain([&mut extra.definition]) {
        while let Some(at) = pieces.iter().position(|piece| *piece == Piece::Relation(table.clone())) {
            pieces.remove(at);
            let others = pieces.iter().any(relation);
            let comma = |text: &str| text.trim_start().strip_prefix(',').map(|rest| rest.trim_start().to_owned());
            let before = at.checked_sub(1);
            if let Some(Piece::Text(text)) = pieces.get_mut(at)
                && let Some(rest) = comma(text)
            {
                *text = rest;
                if text.is_empty() {
                    pieces.remove(at);
                }
            } else if let Some(Piece::Text(text)) = before.and_then(|at| pieces.get_mut(at)) {
                let kept = text.trim_end();
                // the last table of all takes `FOR TABLE` with it: a publication may be empty
                let kept = if others { kept.trim_end_matches(',') } else { kept_without_for_table(kept) };
                *text = kept.to_owned() + if others { "" } else { " " };
            }
        }
    }
}

fn kept_without_for_table(text: &str) -> &str {
    let upper = text.to_ascii_uppercase();
    upper.rfind("FOR TABLE").and_then(|at| text.get(..at)).unwrap_or(text).trim_end()
}

#[cfg(test)]
mod tests {
    use crate::catalog::tests::replay;

    fn publications(sql: &str) -> Vec<String> {
        replay(sql).to_sql().lines().filter(|line| line.contains("PUBLICATION")).map(str::to_owned).collect()
    }

    #[test]
    fn a_published_table_is_followed_and_leaves_when_it_is_dropped() {
        let tables = "CREATE TABLE a (i int); CREATE TABLE b (i int); CREATE TABLE c (i int);";
        let made = format!("{tables} CREATE PUBLICATION p FOR TABLE a, b; ALTER PUBLICATION p ADD TABLE c;");
        let after = |change: &str| publications(&format!("{made} {change}"));
        let both = "CREATE PUBLICATION p FOR TABLE public.a, public.b;".to_owned();
        assert_eq!(after("ALTER TABLE c RENAME TO d;"), [both.clone(), "ALTER PUBLICATION p ADD TABLE public.d;".to_owned()]);
        assert_eq!(after("DROP TABLE c;"), [both]);
        let third = "ALTER PUBLICATION p ADD TABLE public.c;";
        assert_eq!(after("DROP TABLE a;"), ["CREATE PUBLICATION p FOR TABLE public.b;", third]);
        assert_eq!(after("DROP TABLE b;"), ["CREATE PUBLICATION p FOR TABLE public.a;", third]);
        assert_eq!(after("DROP TABLE a, b, c;"), ["CREATE PUBLICATION p ;"]);
    }
}
