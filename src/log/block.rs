//! Where a block may be cut: behind the last whole entry.

use super::detect::{Format, Native};
use super::{csv, json, record, stderr};

/// How many of the bytes make whole entries, or `None` where no entry ends. The rest begins the next block.
pub fn cut(bytes: &[u8], format: &Format) -> Option<usize> {
    match &format.native {
        Native::Json => memchr::memrchr(b'\n', bytes).map(|i| i + 1),
        Native::Csv => cut_csv(bytes),
        Native::Stderr(shape) => cut_stderr(bytes, shape),
    }
}

/// Bytes behind the cut that are looked through for parts of entries before it.
const LOOK: usize = 8 << 10;

/// Cuts tried until no part is behind that belongs before.
const TRIES: usize = 24;

/// Before an entry whose next lines hold no part of an earlier entry: where processes write without a collector, lines of
/// several mix. The very last line may be incomplete, and its severity with it.
fn cut_stderr(bytes: &[u8], shape: &stderr::Shape) -> Option<usize> {
    let end = memchr::memrchr(b'\n', bytes)? + 1;
    let look = memchr::memrchr(b'\n', &bytes[..end.saturating_sub(LOOK)]).map_or(0, |i| i + 1);
    let Some(first) = entry_before(bytes, look, shape).filter(|at| *at > 0) else {
        return entry_before(bytes, end, shape);
    };
    let mut at = first;
    for _ in 0..TRIES {
        if stderr::is_whole(&bytes[at..end], shape) {
            return Some(at);
        }
        match entry_before(bytes, at, shape) {
            Some(earlier) if earlier > 0 => at = earlier,
            _ => break,
        }
    }
    Some(first)
}

/// The start of the last entry that begins before this line.
fn entry_before(bytes: &[u8], line: usize, shape: &stderr::Shape) -> Option<usize> {
    let mut end = line;
    while end > 0 {
        let start = memchr::memrchr(b'\n', &bytes[..end - 1]).map_or(0, |i| i + 1);
        if stderr::begins_entry(&bytes[start..end], shape) {
            return Some(start);
        }
        end = start;
    }
    None
}

/// Behind a line end outside of quotes with an entry behind it. Where the quotes do not add up a line that looks like an
/// entry will do: the reader finds its way from there.
fn cut_csv(bytes: &[u8]) -> Option<usize> {
    let mut odd = memchr::memchr_iter(b'"', bytes).count() % 2 == 1;
    let mut end = bytes.len();
    let mut fallback = None;
    while let Some(i) = memchr::memrchr2(b'"', b'\n', &bytes[..end]) {
        end = i;
        if bytes[i] == b'"' {
            odd = !odd;
        } else if csv::begins_entry(&bytes[i + 1..]) || i + 1 == bytes.len() {
            if !odd {
                return Some(i + 1);
            }
            fallback = fallback.or(Some(i + 1));
        }
    }
    fallback
}

/// Reads a block of whole entries.
pub fn read(block: &[u8], format: &Format, take: &mut dyn record::Take) {
    match &format.native {
        Native::Json => json::read(block, take),
        Native::Csv => csv::read(block, take),
        Native::Stderr(shape) => stderr::read(block, shape, take),
    }
}
