//! Where a number ends: digits with underscores, a fraction, an exponent, and the hexadecimal, octal and binary forms of 16.

/// The offset behind the number that begins at `at`.
pub(in crate::sql) fn end_of_number(bytes: &[u8], at: usize) -> usize {
    let peek = |at: usize| bytes.get(at).copied().unwrap_or(0);
    let radix: Option<fn(&u8) -> bool> = match (peek(at), peek(at + 1) | 0x20) {
        (b'0', b'x') => Some(u8::is_ascii_hexdigit),
        (b'0', b'o' | b'b') => Some(u8::is_ascii_digit),
        _ => None,
    };
    if let Some(is_digit) = radix.filter(|f| f(&peek(at + 2)) || peek(at + 2) == b'_') {
        let more = bytes[at..].iter().skip(2).take_while(|&b| is_digit(b) || *b == b'_').count();
        return at + 2 + more;
    }
    let mut end = end_of_digits(bytes, at);
    if peek(end) == b'.' && peek(end + 1) != b'.' {
        end = end_of_digits(bytes, end + 1);
    }
    let sign = usize::from(matches!(peek(end + 1), b'+' | b'-'));
    if peek(end) | 0x20 == b'e' && peek(end + 1 + sign).is_ascii_digit() {
        end = end_of_digits(bytes, end + 1 + sign);
    }
    end
}

fn end_of_digits(bytes: &[u8], mut at: usize) -> usize {
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    while is_digit(at) || (bytes.get(at) == Some(&b'_') && is_digit(at + 1)) {
        at += 1;
    }
    at
}
