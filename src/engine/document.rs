//! What a document writes around and into its SQL that no server reads: the marks of a quotation, psql's prompts and answers,
//! `<placeholders>`, a comma that is one too many, statements with nothing but an empty line between them.
//!
//! The text that is read instead has the same length, with [`FILLER`] where a byte is no SQL, so every span is one of the
//! document. Must not know which statement it reads.

use crate::source::{FILLER, Span};

/// The longest placeholder: what is longer is a comparison.
const LONGEST: usize = 48;

/// So far is looked ahead over spaces and comments.
const AHEAD: usize = 2048;

/// The fence as SQL, as long as it is; `None` where it is that already.
pub(super) fn as_sql(text: &str, fence: Span) -> Option<String> {
    let mut bytes = fence.of(text).as_bytes().to_vec();
    let before = text.get(..fence.start as usize).unwrap_or("").lines().next_back().unwrap_or("");
    let mut changed = before.trim_start().starts_with('>') && without_quotation(&mut bytes);
    changed |= without_prompts(&mut bytes);
    changed |= marks(&mut bytes);
    // what is written over is ASCII, and so is what is written
    changed.then(|| String::from_utf8(bytes).ok()).flatten()
}

fn blank(bytes: &mut [u8]) {
    bytes.iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = FILLER);
}

/// The bounds of each line, its end with it.
fn lines(bytes: &[u8]) -> Vec<(usize, usize)> {
    let mut end = 0;
    let bounds = |line: &[u8]| {
        let start = end;
        end += line.len();
        (start, end)
    };
    bytes.split_inclusive(|&b| b == b'\n').map(bounds).collect()
}

/// `> ` before each line.
fn without_quotation(bytes: &mut [u8]) -> bool {
    for (start, end) in lines(bytes) {
        let line = &mut bytes[start..end];
        let marks = line.iter().position(|b| !matches!(b, b'>' | b' ' | b'\t')).unwrap_or(0);
        if line[..marks].contains(&b'>') {
            blank(&mut line[..marks]);
        }
    }
    true
}

/// `shop=# `, `shop=> `, `shop-# ` before what is typed; what stands between the end of a command and the next prompt is an answer.
fn without_prompts(bytes: &mut [u8]) -> bool {
    let lines = lines(bytes);
    if !lines.iter().any(|&(start, end)| prompt(&bytes[start..end]).is_some()) {
        return false;
    }
    let mut typed = true;
    for (start, end) in lines {
        let line = &mut bytes[start..end];
        if let Some(length) = prompt(line) {
            blank(&mut line[..length]);
            typed = true;
        }
        if !typed {
            blank(line);
            continue;
        }
        let rest = line.trim_ascii();
        let rest = &rest[rest.iter().position(|&b| b != FILLER).unwrap_or(rest.len())..];
        typed = !rest.ends_with(b";") && !rest.trim_ascii_start().starts_with(b"\\");
    }
    true
}

/// The length of psql's prompt at the start of a line.
fn prompt(line: &[u8]) -> Option<usize> {
    let name = line.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')).count();
    // `a-b` is a name, and its last `-` is the mark of a command that goes on
    let name =
        if line.get(name) == Some(&b'=') { name } else { name.checked_sub(usize::from(line.get(..name)?.ends_with(b"-"))).unwrap_or(name) };
    let rest = line.get(name..)?;
    let mark = name > 0 && matches!(rest.first(), Some(b'=' | b'-' | b'(' | b'\'' | b'*')) && matches!(rest.get(1), Some(b'#' | b'>'));
    (mark && matches!(rest.get(2), None | Some(b' ' | b'\n' | b'\r')))
        .then(|| name + rest.len().min(3) - usize::from(matches!(rest.get(2), Some(b'\n' | b'\r'))))
}

/// What the way through the text has seen of the statement that it is in.
#[derive(Default)]
struct Seen {
    depth: usize,
    first: Vec<u8>,
    last: Vec<u8>,
}

/// Placeholders, commas and missing semicolons, outside of strings, quoted names, comments and bodies.
fn marks(bytes: &mut [u8]) -> bool {
    let (mut at, mut changed, mut seen) = (0, false, Seen::default());
    while at < bytes.len() {
        let skipped = skipped(&bytes[at..]);
        if skipped > 0 {
            if !matches!(bytes[at], b'-' | b'/') {
                seen.last = vec![bytes[at]];
            }
            at += skipped;
            continue;
        }
        match bytes[at] {
            b'<' => {
                if let Some(length) = placeholder(&bytes[at..]) {
                    // `idx_<partition>` is one name
                    let inside = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
                    bytes[at] = if inside { b'_' } else { b':' };
                    bytes[at + length - 1] = b' ';
                    bytes[at + 1..at + length - 1].iter_mut().filter(|b| !b.is_ascii_alphanumeric()).for_each(|b| *b = b'_');
                    (at, changed) = (at + length - 1, true);
                }
                seen.last = vec![b'<'];
            }
            b',' => {
                if next_significant(&bytes[at + 1..]) == Some(b')') {
                    (bytes[at], changed) = (FILLER, true);
                }
                seen.last = vec![b','];
            }
            b';' => seen = Seen::default(),
            b'(' => (seen.depth, seen.last) = (seen.depth + 1, vec![b'(']),
            b')' => (seen.depth, seen.last) = (seen.depth.saturating_sub(1), vec![b')']),
            b'\n' if begins_another(&seen, &bytes[at + 1..]) => {
                (bytes[at], changed) = (b';', true);
                seen = Seen::default();
            }
            byte if byte.is_ascii_alphabetic() || byte == b'_' => {
                let length = bytes[at..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
                seen.last = bytes[at..at + length].to_ascii_uppercase();
                if seen.first.is_empty() {
                    seen.first.clone_from(&seen.last);
                }
                at += length - 1;
            }
            byte if byte.is_ascii_whitespace() || byte == FILLER => {}
            byte => seen.last = vec![byte],
        }
        at += 1;
    }
    changed
}

/// The length of the string, quoted name, comment or dollar-quoted body that begins here; 0 where none does.
fn skipped(rest: &[u8]) -> usize {
    let to = |end: Option<usize>, more: usize| end.map_or(rest.len(), |end| end + more);
    match rest.first() {
        Some(quote @ (b'\'' | b'"')) => to(memchr::memchr(*quote, &rest[1..]), 2),
        Some(b'-') if rest.starts_with(b"--") => to(memchr::memchr(b'\n', rest), 0),
        Some(b'/') if rest.starts_with(b"/*") => to(memchr::memmem::find(rest, b"*/"), 2),
        Some(b'$') => {
            let tag = rest[1..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count() + 2;
            match rest.get(..tag).filter(|tag| tag.ends_with(b"$") && !tag[1].is_ascii_digit()) {
                Some(delimiter) => to(memchr::memmem::find(&rest[tag..], delimiter), 2 * tag),
                None => 0,
            }
        }
        _ => 0,
    }
}

/// The length of `<name>`; a comparison with something behind it (`a <b AND c> d`) is none.
fn placeholder(rest: &[u8]) -> Option<usize> {
    let end = memchr::memchr(b'>', rest.get(..rest.len().min(LONGEST))?)?;
    let name = std::str::from_utf8(rest.get(1..end)?).ok()?;
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b' '));
    let ends = name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.ends_with(|c: char| c.is_ascii_alphanumeric());
    let joins = name.split(' ').any(|word| word.eq_ignore_ascii_case("and") || word.eq_ignore_ascii_case("or"));
    (plain && ends && !joins).then_some(end + 1)
}

/// The next byte that is neither space nor comment.
fn next_significant(rest: &[u8]) -> Option<u8> {
    let mut rest = &rest[..rest.len().min(AHEAD)];
    for _ in 0..64 {
        rest = rest.get(rest.iter().position(|b| !b.is_ascii_whitespace() && *b != FILLER)?..)?;
        match rest.starts_with(b"--") {
            true => rest = rest.get(memchr::memchr(b'\n', rest)?..)?,
            false => return rest.first().copied(),
        }
    }
    None
}

/// Whether a statement begins after an empty line or a comment, where the one before it is whole.
fn begins_another(seen: &Seen, rest: &[u8]) -> bool {
    const BEGIN: &[&str] = &["CREATE", "ALTER", "DROP", "INSERT", "UPDATE", "DELETE", "SELECT", "WITH", "TRUNCATE", "GRANT"];
    /// What may hold another statement, or go on with one.
    const HOLD: &[&str] = &["WITH", "EXPLAIN", "PREPARE", "DECLARE", "DO", "COPY", "BEGIN"];
    const GO_ON: &[&str] =
        &["AS", "UNION", "ALL", "EXCEPT", "INTERSECT", "DISTINCT", "FOR", "ON", "DO", "THEN", "ELSE", "SELECT", "ANALYZE"];
    if seen.depth > 0
        || seen.first.is_empty()
        || is_in(&seen.first, HOLD)
        || is_in(&seen.last, GO_ON)
        || matches!(seen.last.as_slice(), b"," | b"=")
    {
        return false;
    }
    let rest = &rest[..rest.len().min(AHEAD)];
    let line = rest.split(|&b| b == b'\n').next().unwrap_or_default().trim_ascii();
    if !line.is_empty() && !line.starts_with(b"--") {
        return false;
    }
    let mut rest = rest;
    for _ in 0..16 {
        rest = rest.trim_ascii_start();
        if !rest.starts_with(b"--") {
            break;
        }
        rest = memchr::memchr(b'\n', rest).map_or(&[][..], |end| &rest[end..]);
    }
    let word: Vec<u8> = rest.iter().take_while(|b| b.is_ascii_alphabetic()).map(u8::to_ascii_uppercase).collect();
    let inserts = seen.first == b"INSERT" && matches!(word.as_slice(), b"SELECT" | b"WITH");
    let makes = seen.first == b"CREATE" && matches!(word.as_slice(), b"SELECT" | b"WITH" | b"INSERT" | b"UPDATE" | b"DELETE");
    is_in(&word, BEGIN) && !inserts && !makes
}

fn is_in(word: &[u8], words: &[&str]) -> bool {
    words.iter().any(|known| known.as_bytes() == word)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn of(text: &str) -> Option<String> {
        let read = as_sql(text, Span::new(0, text.len() as u32))?;
        assert_eq!(read.len(), text.len());
        Some(read.replace(FILLER as char, " "))
    }

    #[test]
    fn placeholders_become_variables() {
        assert_eq!(of("CREATE INDEX i_<part> ON t_<part> (a)").unwrap(), "CREATE INDEX i__part  ON t__part  (a)");
        assert_eq!(of("GRANT ALL ON DATABASE <database name> TO <user>;").unwrap(), "GRANT ALL ON DATABASE :database_name  TO :user ;");
        assert_eq!(of("select 1 where a <b AND c> d"), None);
        assert_eq!(of("select '<b>', \"<c>\", a <> b, a < b, x <@ y -- <d>"), None);
    }

    #[test]
    fn a_comma_before_a_parenthesis_is_none() {
        assert_eq!(
            of("create table t (a int, -- first\n  b int, -- last\n);").unwrap(),
            "create table t (a int, -- first\n  b int  -- last\n);"
        );
    }

    #[test]
    fn quotations_and_prompts_are_no_sql() {
        let text = "> ```sql\n> select a\n> > from t;\n";
        let fence = Span::new(9, text.len() as u32);
        assert_eq!(as_sql(text, fence).unwrap().replace(FILLER as char, " "), "  select a\n    from t;\n");
        let session = "shop=# SET search_path TO app;\nSET\nshop=> select a\nshop-> from t;\n a\n---\n";
        assert_eq!(of(session).unwrap(), "       SET search_path TO app;\n   \n       select a\n       from t;\n  \n   \n");
        assert_eq!(of("a=b-#c"), None);
    }

    #[test]
    fn an_empty_line_ends_what_is_whole() {
        assert_eq!(
            of("create table a (id int)\n\n-- next\ncreate table b (id int)").unwrap(),
            "create table a (id int);\n-- next\ncreate table b (id int)"
        );
        assert_eq!(of("select 1 from a\n\nselect 2").unwrap(), "select 1 from a;\nselect 2");
        for whole in [
            "select 1\nunion all\n\nselect 2",
            "create view v as\n\nselect 1",
            "with a as (select 1)\n\nselect 2",
            "insert into t (a)\n\nselect 1",
            "select (\n\nselect 1)",
        ] {
            assert_eq!(of(whole), None, "{whole}");
        }
    }
}
