//! What a single byte may be. Asked of every byte of a text.

use crate::source::FILLER;

pub(super) fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c | FILLER)
}

pub(super) fn is_word_start(b: u8) -> bool {
    b.is_ascii_alphabetic() || b == b'_' || b >= 0x80
}

pub(super) fn is_word(b: u8) -> bool {
    /// Asked of every byte of every word.
    const WORD: [bool; 256] = {
        let (mut word, mut b) = ([false; 256], 0);
        while b < 256 {
            let byte = b as u8;
            word[b] = byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80;
            b += 1;
        }
        word
    };
    WORD[usize::from(b)]
}

pub(super) fn is_operator(b: u8) -> bool {
    matches!(b, b'+' | b'-' | b'*' | b'/' | b'<' | b'>' | b'=' | b'~' | b'!' | b'@' | b'#' | b'%' | b'^' | b'&' | b'|' | b'`' | b'?')
}
