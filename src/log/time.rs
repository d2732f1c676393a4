//! Time stamps as PostgreSQL writes them, to microseconds since 1970 in UTC and back.

/// Reads `YYYY-MM-DD HH:MM:SS[.fff][ TZ]` (`T` for the blank, `Z` and offsets as well) at the start of the bytes: the time and
/// how many bytes it took.
pub fn stamp(bytes: &[u8]) -> Option<(i64, usize)> {
    let seconds = civil(bytes.get(..19)?)?;
    let (micros, at) = fraction(bytes);
    let (offset, taken) = zone(&bytes[at..]);
    Some(((seconds - offset) * 1_000_000 + micros, at + taken))
}

/// What stands behind the seconds of a stamp: microseconds, and the byte after them.
fn fraction(bytes: &[u8]) -> (i64, usize) {
    let (mut at, mut micros) = (19, 0i64);
    if matches!(bytes.get(at), Some(b'.' | b',')) && bytes.get(at + 1).is_some_and(u8::is_ascii_digit) {
        at += 1;
        let mut scale = 100_000;
        while let Some(digit) = bytes.get(at).filter(|b| b.is_ascii_digit()) {
            micros += i64::from(digit - b'0') * scale;
            scale /= 10;
            at += 1;
        }
    }
    (micros, at)
}

/// Reads the stamps of one log: most have the minute and the zone of the one before them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stamps {
    /// `YYYY-MM-DD HH:MM:` of the last.
    minute: [u8; 17],
    /// When that minute began.
    began: i64,
    /// The zone behind it, its blank included; empty: nothing is remembered.
    zone: [u8; 8],
    zone_len: usize,
}

impl Stamps {
    /// As [`stamp`].
    pub fn read(&mut self, bytes: &[u8]) -> Option<(i64, usize)> {
        if self.zone_len > 0
            && let Some((minute, rest)) = bytes.split_first_chunk::<17>()
            && *minute == self.minute
            && let [tens @ b'0'..=b'5', ones @ b'0'..=b'9', ..] = rest
        {
            let (micros, at) = fraction(bytes);
            let zone = &self.zone[..self.zone_len];
            let behind = bytes.get(at + zone.len()).copied().unwrap_or(b'\n');
            if bytes[at..].starts_with(zone) && !behind.is_ascii_alphanumeric() && behind != b':' {
                let seconds = i64::from(tens - b'0') * 10 + i64::from(ones - b'0');
                return Some((self.began + seconds * 1_000_000 + micros, at + zone.len()));
            }
        }
        let (time, len) = stamp(bytes)?;
        let (micros, at) = fraction(bytes);
        let zone = &bytes[at..len];
        self.zone_len = 0;
        if (1..=8).contains(&zone.len()) && bytes[17] < b'6' {
            self.minute.copy_from_slice(&bytes[..17]);
            self.began = time - micros - (i64::from(bytes[17] - b'0') * 10 + i64::from(bytes[18] - b'0')) * 1_000_000;
            self.zone[..zone.len()].copy_from_slice(zone);
            self.zone_len = zone.len();
        }
        Some((time, len))
    }
}

/// Whether bytes begin as a time stamp does: cheap, for finding where an entry begins.
pub fn looks_like_stamp(b: &[u8]) -> bool {
    b.len() >= 19
        && b[0].is_ascii_digit()
        && b[3].is_ascii_digit()
        && b[4] == b'-'
        && b[7] == b'-'
        && matches!(b[10], b' ' | b'T')
        && b[13] == b':'
        && b[16] == b':'
        && b[18].is_ascii_digit()
}

fn civil(b: &[u8]) -> Option<i64> {
    if !looks_like_stamp(b) {
        return None;
    }
    let two = |i: usize| {
        let (high, low) = (b[i].wrapping_sub(b'0'), b[i + 1].wrapping_sub(b'0'));
        (high < 10 && low < 10).then(|| i64::from(high) * 10 + i64::from(low))
    };
    let (year, month, day) = (two(0)? * 100 + two(2)?, two(5)?, two(8)?);
    let (hour, minute, second) = (two(11)?, two(14)?, two(17)?);
    ((1..=12).contains(&month) && (1..=31).contains(&day) && hour < 25 && minute < 60 && second < 61)
        .then(|| days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
}

/// Days from 1970-01-01 (the usual civil calendar arithmetic).
pub(super) fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// ` UTC`, ` +0545`, `Z`, `+00:00`: the offset in seconds east, and the bytes taken. An unknown name counts as UTC.
fn zone(bytes: &[u8]) -> (i64, usize) {
    let blank = usize::from(bytes.first() == Some(&b' '));
    let rest = &bytes[blank..];
    match rest.first() {
        Some(b'+' | b'-') => {
            let digits = rest[1..].iter().take_while(|b| b.is_ascii_digit()).count();
            if !matches!(digits, 2 | 4 | 6) {
                return (0, 0);
            }
            let two = |i: usize| rest.get(i..i + 2).map_or(0, |pair| i64::from(pair[0] - b'0') * 10 + i64::from(pair[1] - b'0'));
            let colon = digits == 2 && rest.get(3) == Some(&b':') && rest.get(4..6).is_some_and(|m| m.iter().all(u8::is_ascii_digit));
            let minutes = if colon {
                two(4)
            } else if digits >= 4 {
                two(3)
            } else {
                0
            };
            let seconds = two(1) * 3600 + minutes * 60;
            let taken = blank + 1 + digits + if colon { 3 } else { 0 };
            (if rest[0] == b'-' { -seconds } else { seconds }, taken)
        }
        Some(b) if b.is_ascii_uppercase() => {
            let len = rest.iter().take_while(|b| b.is_ascii_uppercase()).count();
            (named(&rest[..len]), blank + len)
        }
        _ => (0, 0),
    }
}

/// The names that servers in use print; the ambiguous ones as PostgreSQL's default set has them.
fn named(name: &[u8]) -> i64 {
    let quarter_hours = match name {
        b"WET" | b"UTC" | b"GMT" | b"Z" => 0,
        b"CET" | b"BST" | b"WEST" | b"WAT" | b"MEZ" => 4,
        b"CEST" | b"EET" | b"SAST" | b"CAT" | b"MESZ" => 8,
        b"EEST" | b"MSK" | b"EAT" | b"TRT" | b"IDT" => 12,
        b"GST" => 16,
        b"PKT" => 20,
        b"IST" => 22,
        b"NPT" => 23,
        b"ICT" | b"WIB" => 28,
        b"HKT" | b"SGT" | b"AWST" | b"PHT" => 32,
        b"JST" | b"KST" => 36,
        b"ACST" => 38,
        b"AEST" => 40,
        b"ACDT" => 42,
        b"AEDT" => 44,
        b"NZST" => 48,
        b"NZDT" => 52,
        b"ADT" | b"BRT" | b"ART" => -12,
        b"NDT" => -10,
        b"NST" => -14,
        b"AST" | b"EDT" => -16,
        b"EST" | b"CDT" => -20,
        b"CST" | b"MDT" => -24,
        b"MST" | b"PDT" => -28,
        b"PST" | b"AKDT" => -32,
        b"AKST" => -36,
        b"HST" => -40,
        _ => 0,
    };
    quarter_hours * 900
}

/// `2026-11-21T11:02:37.123Z`.
pub fn iso(micros: i64) -> String {
    let (year, month, day, second) = parts(micros.div_euclid(1_000_000));
    let millis = micros.rem_euclid(1_000_000) / 1000;
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{millis:03}Z", second / 3600, second / 60 % 60, second % 60)
}

/// Year, month, day and second of the day.
pub(super) fn parts(seconds: i64) -> (i64, i64, i64, i64) {
    let (day, second) = (seconds.div_euclid(86_400) + 719_468, seconds.rem_euclid(86_400));
    let era = day.div_euclid(146_097);
    let of_era = day.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let (civil_day, civil_month) = (of_year - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    (year + era * 400 + i64::from(civil_month <= 2), civil_month, civil_day, second)
}

/// Milliseconds with up to six decimals, as microseconds; and how many bytes.
pub fn millis(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut at = 0;
    let mut micros = 0u64;
    while let Some(digit) = bytes.get(at).filter(|b| b.is_ascii_digit()) {
        micros = micros.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
        at += 1;
    }
    if at == 0 {
        return None;
    }
    micros = micros.checked_mul(1000)?;
    if bytes.get(at) == Some(&b'.') {
        at += 1;
        let mut scale = 100;
        while let Some(digit) = bytes.get(at).filter(|b| b.is_ascii_digit()) {
            micros = micros.checked_add(u64::from(digit - b'0') * scale)?;
            scale /= 10;
            at += 1;
        }
    }
    Some((micros, at))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn stamps_are_read_in_every_zone() {
        let read = |text: &str| stamp(text.as_bytes()).map(|(t, n)| (iso(t), n)).unwrap();
        assert_eq!(read("2026-11-21 11:02:37 UTC [1]"), ("2026-11-21T11:02:37.000Z".into(), 23));
        assert_eq!(read("2026-11-21 11:02:37.256 CET:"), ("2026-11-21T10:02:37.256Z".into(), 27));
        assert_eq!(read("2026-11-21 11:02:37.5 +0545 "), ("2026-11-21T05:17:37.500Z".into(), 27));
        assert_eq!(read("2026-11-21 11:02:37 -03 x"), ("2026-11-21T14:02:37.000Z".into(), 23));
        assert_eq!(read("2026-11-21T11:02:37.864711+01:00 vm"), ("2026-11-21T10:02:37.864Z".into(), 32));
        assert_eq!(read("2019-09-17 05:55:43 UTC-5d80a7d5.14-"), ("2019-09-17T05:55:43.000Z".into(), 23));
        assert_eq!(stamp(b"2026-13-21 11:02:37 UTC"), None);
        assert_eq!(stamp(b"2026-11-21"), None);
    }

    #[test]
    fn remembered_minutes_change_nothing() {
        let mut stamps = Stamps::default();
        for text in [
            "2026-11-21 11:02:37 UTC [1]",
            "2026-11-21 11:02:38 UTC [1]",
            "2026-11-21 11:02:38.250 UTC [1]",
            "2026-11-21 11:02:38 UTC-5d80a7d5.14-",
            "2026-11-21 11:02:38 UTCX [1]",
            "2026-11-21 11:02:39 CET [1]",
            "2026-11-21 11:02:40 CET [1]",
            "2026-11-21 11:02:60 CET [1]",
            "2026-11-21 11:02:5x CET [1]",
            "2026-11-21 11:02:40 +02 [1]",
            "2026-11-21 11:02:40 +0230 [1]",
            "2026-11-21 11:02:41 +02:30",
            "2026-11-21 11:02:41",
            "2026-11-21 11:03:41 +02",
        ] {
            assert_eq!(stamps.read(text.as_bytes()), stamp(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn milliseconds_are_exact() {
        assert_eq!(millis(b"0.319 ms"), Some((319, 5)));
        assert_eq!(millis(b"12345.678 ms"), Some((12_345_678, 9)));
        assert_eq!(millis(b"7 ms"), Some((7000, 1)));
        assert_eq!(millis(b"x"), None);
        assert_eq!(millis(b"99999999999999999999999 ms"), None);
    }
}
