//! Small work on the bytes of entries.

use super::query::MAX_EXAMPLE;
use crate::source::floor_boundary;

/// `while updating tuple (0,1) in relation "accounts"`.
pub(super) fn relation_in(context: &str) -> String {
    let after = context.find("relation \"").map(|i| &context[i + 10..]);
    after.and_then(|rest| rest.split('"').next()).unwrap_or("").to_owned()
}

/// How much of its text the query that came as the so-manieth may keep: with very many of them there is less room for each.
pub(super) fn room(place: usize) -> usize {
    match place {
        0..1000 => MAX_EXAMPLE,
        1000..4000 => MAX_EXAMPLE / 4,
        _ => MAX_EXAMPLE / 8,
    }
}

pub(super) fn cut(mut text: String, most: usize) -> (String, bool) {
    let long = text.len() > most;
    if long {
        text.truncate(floor_boundary(&text, most));
        text.push('…');
    }
    (text, long)
}

/// A quick hash of bytes, for this process only.
pub(super) fn quick(bytes: &[u8]) -> u64 {
    let fold = |a: u64, b: u64| {
        let product = u128::from(a ^ 0x2d35_8dcc_aa6c_78a5) * u128::from(b ^ 0x8bb8_4b93_962e_acc9);
        product as u64 ^ (product >> 64) as u64
    };
    let mut hash = bytes.len() as u64;
    let word = |chunk: Option<&[u8; 8]>| chunk.map_or(0, |chunk| u64::from_le_bytes(*chunk));
    let mut rest = bytes;
    while let Some((chunk, after)) = rest.split_first_chunk::<16>() {
        hash = fold(hash ^ word(chunk.first_chunk()), word(chunk.last_chunk()));
        rest = after;
    }
    // The last bytes: two words that may overlap, each other or what was read.
    let (low, high) = if bytes.len() >= 16 && !rest.is_empty() {
        (word(bytes[bytes.len() - 16..].first_chunk()), word(bytes.last_chunk()))
    } else if rest.len() >= 8 {
        (word(rest.first_chunk()), word(rest.last_chunk()))
    } else {
        (rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)), 0)
    };
    // Zero marks an empty place in the cache.
    fold(hash ^ low, high).max(1)
}
