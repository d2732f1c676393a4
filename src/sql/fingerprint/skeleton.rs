//! A hash of a statement's bytes without its constants, quicker than a fingerprint by far: statements with the same hash
//! have the same fingerprint, though one fingerprint may have many. Who reads millions of statements asks this first.
//!
//! It knows numbers, plain strings, comments, quoted names and IN lists of constants, and gives up on everything else that
//! quotes: a wrong guess would put one query's time on another.

/// What a byte may begin.
const PLAIN: u8 = 0;
const DIGIT: u8 = 1;
const OTHER: u8 = 2;

static CLASS: [u8; 256] = {
    let mut table = [PLAIN; 256];
    let mut b = b'0';
    while b <= b'9' {
        table[b as usize] = DIGIT;
        b += 1;
    }
    table[b'\'' as usize] = OTHER;
    table[b'"' as usize] = OTHER;
    table[b'$' as usize] = OTHER;
    table[b'-' as usize] = OTHER;
    table[b'/' as usize] = OTHER;
    table[b'(' as usize] = OTHER;
    table
};

fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b == b'$' || b >= 0x80
}

fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a ^ 0x2d35_8dcc_aa6c_78a5) * u128::from(b ^ 0x8bb8_4b93_962e_acc9);
    product as u64 ^ (product >> 64) as u64
}

/// The hash of bytes as they are.
fn bytes_hash(mut hash: u64, bytes: &[u8]) -> u64 {
    hash ^= bytes.len() as u64;
    let mut rest = bytes;
    while let Some((chunk, after)) = rest.split_first_chunk::<8>() {
        hash = fold(hash, u64::from_le_bytes(*chunk));
        rest = after;
    }
    fold(hash, rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)))
}

/// Where a number that ends as one does ends: `12`, `1.5`; `None` for `0x1f`, `1e5`, `1.`.
fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut end = at + digits(at);
    if bytes.get(end) == Some(&b'.') {
        let decimals = digits(end + 1);
        if decimals == 0 {
            return None;
        }
        end += 1 + decimals;
    }
    bytes.get(end).is_none_or(|b| !is_word(*b) && *b != b'.').then_some(end)
}

/// Where a string ends that begins here.
fn string(bytes: &[u8], at: usize) -> Option<usize> {
    let mut end = at + 1;
    loop {
        end += memchr::memchr(b'\'', bytes.get(end..)?)? + 1;
        if bytes.get(end) != Some(&b'\'') {
            return Some(end);
        }
        end += 1;
    }
}

/// Where a comment ends that may begin here: `Err` for one inside another, `Ok(None)` if it is none.
fn comment(bytes: &[u8], at: usize) -> Result<Option<usize>, ()> {
    let rest = &bytes[at + 1..];
    match (bytes[at], rest.first()) {
        (b'-', Some(b'-')) => Ok(Some(at + 1 + memchr::memchr(b'\n', rest).unwrap_or(rest.len()))),
        (b'/', Some(b'*')) => {
            let inside = &rest[1..];
            let end = memchr::memmem::find(inside, b"*/").ok_or(())?;
            if memchr::memmem::find(&inside[..end + 1], b"/*").is_some() {
                return Err(());
            }
            Ok(Some(at + 2 + end + 2))
        }
        _ => Ok(None),
    }
}

/// Where a list of constants ends whose bracket is here, if IN stands before it.
fn in_list(bytes: &[u8], at: usize) -> Option<usize> {
    let before = bytes[..at].strip_suffix(b" ").unwrap_or(&bytes[..at]);
    let (rest, word) = before.split_at(before.len().checked_sub(2)?);
    if !word.eq_ignore_ascii_case(b"in") || rest.last().is_none_or(|b| is_word(*b) || matches!(b, b'.' | b'"')) {
        return None;
    }
    let blanks = |at: usize| at + bytes[at..].iter().take_while(|b| **b == b' ').count();
    let mut end = at;
    loop {
        end = blanks(end + 1);
        end = match bytes.get(end)? {
            b'0'..=b'9' => number(bytes, end)?,
            b'\'' => string(bytes, end)?,
            _ => return None,
        };
        end = blanks(end);
        match bytes.get(end)? {
            b',' => {}
            b')' => return Some(end + 1),
            _ => return None,
        }
    }
}

/// The hash; `None` for a statement with quoting that is not followed here.
pub(super) fn skeleton(bytes: &[u8]) -> Option<u64> {
    let mut hash = 1;
    // Up to here it is in the hash.
    let mut taken = 0;
    let mut at = 0;
    while at < bytes.len() {
        let class = CLASS[bytes[at] as usize];
        if class == PLAIN {
            at += 1;
            continue;
        }
        let before = at.checked_sub(1).map_or(b' ', |i| bytes[i]);
        let (end, mark) = match bytes[at] {
            _ if class == DIGIT => {
                if is_word(before) || before == b'.' {
                    at += 1;
                    continue;
                }
                match number(bytes, at) {
                    Some(end) => (end, 1),
                    None => {
                        at += 1;
                        continue;
                    }
                }
            }
            // `E'…'` and the like.
            b'\'' if is_word(before) || before == b'&' => return None,
            // not as a number: a string goes on what stands before it
            b'\'' => (string(bytes, at)?, 4),
            b'"' => {
                at += 2 + memchr::memchr(b'"', &bytes[at + 1..])?;
                continue;
            }
            b'$' if !is_word(before) && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) => {
                at += 1;
                continue;
            }
            b'$' => return None,
            b'(' => match in_list(bytes, at) {
                Some(end) => (end, 2),
                None => {
                    at += 1;
                    continue;
                }
            },
            _ => match comment(bytes, at).ok()? {
                Some(end) => (end, 3),
                None => {
                    at += 1;
                    continue;
                }
            },
        };
        hash = fold(bytes_hash(hash, &bytes[taken..at]), mark);
        (at, taken) = (end, end);
    }
    Some(bytes_hash(hash, &bytes[taken..]).max(1))
}
