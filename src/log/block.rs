//! Where a block may be cut: behind the last whole entry.

use super::detect::{Format, Native};
use super::{csv, json, record, stderr};

/// How many of the bytes make whole entries, or `None` where no entry ends. The rest begins the next block.
pub fn cut(bytes: &[u8], format: &Format) -> Option<usize> {
    match &format.native {
        Native::Json => memchr::memrchr(b'\n', bytes).map(|i| i + 1),
        Native::Csv => cut_csv(bytes),
        Native::Stderr(shape) => {
            let mut end = bytes.len();
            // The last line may be incomplete, and its severity with it.
            end = memchr::memrchr(b'\n', &bytes[..end])? + 1;
            loop {
                let start = memchr::memrchr(b'\n', &bytes[..end - 1]).map(|i| i + 1)?;
                if stderr::begins_entry(&bytes[start..end], shape) {
                    return Some(start);
                }
                if start == 0 {
                    return None;
                }
                end = start;
            }
        }
    }
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
