//! The hash that fingerprints are made of: the same on every platform and in every release.

use crate::source::FILLER;

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// A folded multiplication: both halves of the 128-bit product.
pub(super) fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a ^ SEED) * u128::from(b ^ 0xa076_1d64_78bd_642f);
    product as u64 ^ (product >> 64) as u64
}

/// The hash of bytes in lower case, fillers left out.
pub(super) fn hash_lower(tag: u64, bytes: &[u8]) -> u64 {
    let (mut hash, mut word, mut filled) = (tag, 0u64, 0u32);
    for &b in bytes {
        if b == FILLER {
            continue;
        }
        word = word << 8 | u64::from(b.to_ascii_lowercase());
        filled += 1;
        if filled == 8 {
            hash = mix(hash, word);
            (word, filled) = (0, 0);
        }
    }
    mix(hash ^ u64::from(filled), word)
}

/// [`hash_lower`] of a name of 1 to 16 bytes whose lower case was read as one number; `None` if it has fillers.
pub(super) fn hash_key(tag: u64, key: u128, len: usize) -> Option<u64> {
    const EACH: u128 = u128::from_ne_bytes([1; 16]);
    let bits = 8 * len as u32;
    let filled = if bits < 128 { key | (u128::MAX << bits) } else { key };
    if filled.wrapping_sub(EACH) & !filled & (EACH * 0x80) != 0 {
        return None;
    }
    let (low, high) = ((key as u64).swap_bytes(), ((key >> 64) as u64).swap_bytes());
    let rest = |word: u64, bytes: u32| if bytes == 0 { 0 } else { word >> (64 - 8 * bytes) };
    Some(match len as u32 {
        of @ 0..8 => mix(tag ^ u64::from(of), rest(low, of)),
        of @ 8..16 => mix(mix(tag, low) ^ u64::from(of - 8), rest(high, of - 8)),
        _ => mix(mix(mix(tag, low), high), 0),
    })
}

/// [`hash_lower`] of one byte that is no letter, as punctuation has it.
pub(super) fn hash_punct(b: u8) -> u64 {
    mix(4 ^ 1, u64::from(b))
}
