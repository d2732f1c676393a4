//! Entries of a csvlog: columns by their number, quotes doubled, line feeds raw inside quotes. A line that was cut or
//! broken costs itself: the next that begins with a time stamp is read again.

use super::record::{Encoding, Level, Record, Take, Text, session_key, without_port};
use super::time;

/// The most columns that any version writes (14 to 18), with room for what is to come.
const MAX_COLUMNS: usize = 32;

/// Reads a block that begins and ends between entries.
pub(super) fn read(block: &[u8], take: &mut dyn Take) {
    let mut at = 0;
    while at < block.len() {
        let mut columns = [&[][..]; MAX_COLUMNS];
        match row(block, at, &mut columns) {
            Some((end, count)) if count >= 22 && begins_entry(&block[at..]) => {
                take.record(&record(at, &columns, count));
                at = end;
            }
            _ => {
                let line = memchr::memchr(b'\n', &block[at..]).map_or(block.len(), |i| at + i + 1);
                if !block[at..line].trim_ascii().is_empty() {
                    take.stray(at, &block[at..line]);
                }
                // Whatever was wrong, an entry begins at a line's start with a stamp.
                at = line;
                while at < block.len() && !begins_entry(&block[at..]) {
                    at = memchr::memchr(b'\n', &block[at..]).map_or(block.len(), |i| at + i + 1);
                }
            }
        }
    }
}

/// Whether an entry begins here: a stamp with its zone, a comma behind it.
pub(super) fn begins_entry(line: &[u8]) -> bool {
    let line = line.strip_prefix(b"\"").unwrap_or(line);
    let of_stamp = |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'.' | b'+' | b'-' | b':' | b'"');
    time::looks_like_stamp(line) && line.get(19 + line[19..].iter().take(29).take_while(of_stamp).count()) == Some(&b',')
}

/// Whether the bytes begin with a whole entry: as many columns as a server writes, a process id and a severity among them.
/// A prefix with commas in front of a statement with commas looks much like one.
pub(super) fn is_entry(bytes: &[u8]) -> bool {
    let mut columns = [&[][..]; MAX_COLUMNS];
    begins_entry(bytes)
        && row(bytes, 0, &mut columns).is_some_and(|(_, count)| count >= 22)
        && columns[3].iter().all(u8::is_ascii_digit)
        && !columns[11].is_empty()
}

/// Cuts one row into columns, quotes around them left out; gives the byte after its line end, and how many there were.
fn row<'a>(block: &'a [u8], start: usize, columns: &mut [&'a [u8]; MAX_COLUMNS]) -> Option<(usize, usize)> {
    let (mut at, mut count) = (start, 0);
    loop {
        let (value, end) = match block.get(at) {
            Some(b'"') => {
                let mut quote = at + 1;
                loop {
                    quote += memchr::memchr(b'"', &block[quote..])?;
                    if block.get(quote + 1) == Some(&b'"') {
                        quote += 2;
                    } else {
                        break;
                    }
                }
                (&block[at + 1..quote], quote + 1)
            }
            _ => {
                let end = memchr::memchr2(b',', b'\n', &block[at..]).map_or(block.len(), |i| at + i);
                (&block[at..end], end)
            }
        };
        if count < MAX_COLUMNS {
            columns[count] = value;
        }
        count += 1;
        match block.get(end) {
            Some(b',') => at = end + 1,
            Some(b'\r') if block.get(end + 1) == Some(&b'\n') => return Some((end + 2, count)),
            Some(b'\n') => return Some((end + 1, count)),
            None => return Some((block.len(), count)),
            Some(_) => return None,
        }
    }
}

fn record<'a>(at: usize, columns: &[&'a [u8]; MAX_COLUMNS], count: usize) -> Record<'a> {
    let text = |i: usize| Text { raw: columns[i], encoding: Encoding::Csv };
    Record {
        at,
        time: time::stamp(columns[0]).map(|(time, _)| time),
        user: columns[1],
        database: columns[2],
        application: if count > 22 { columns[22] } else { b"" },
        host: without_port(columns[4]),
        session: session_key(columns[5]),
        pid: std::str::from_utf8(columns[3]).ok().and_then(|p| p.parse().ok()).unwrap_or(0),
        level: Level::of(columns[11]),
        sqlstate: columns[12],
        message: text(13),
        detail: text(14),
        hint: text(15),
        context: text(18),
        statement: text(19),
    }
}
