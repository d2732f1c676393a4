//! One entry of a log, whatever format it came in: slices of the file's bytes, nothing copied.

use std::borrow::Cow;

/// How a format writes a value's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// As they are.
    #[default]
    Plain,
    /// A tabulator after each line feed (stderr).
    Tabbed,
    /// Quotes doubled (csvlog).
    Csv,
    /// JSON's escapes.
    Json,
}

/// A value as it lies in the file.
#[derive(Debug, Clone, Copy, Default)]
pub struct Text<'a> {
    /// The bytes, quotes around them left out.
    pub raw: &'a [u8],
    /// How to read them.
    pub encoding: Encoding,
}

impl<'a> Text<'a> {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// The part from this byte of `raw` on.
    pub fn from(self, at: usize) -> Text<'a> {
        Text { raw: self.raw.get(at..).unwrap_or(&[]), ..self }
    }

    /// The part of `raw` before this byte.
    pub fn to(self, at: usize) -> Text<'a> {
        Text { raw: self.raw.get(..at).unwrap_or(self.raw), ..self }
    }

    /// What the server wrote.
    pub fn value(&self) -> Cow<'a, [u8]> {
        let special = match self.encoding {
            Encoding::Plain => return Cow::Borrowed(self.raw),
            Encoding::Tabbed => b'\n',
            Encoding::Csv => b'"',
            Encoding::Json => b'\\',
        };
        if memchr::memchr(special, self.raw).is_none() {
            return Cow::Borrowed(self.raw);
        }
        let mut value = Vec::with_capacity(self.raw.len());
        self.decode_into(&mut value);
        Cow::Owned(value)
    }

    /// The same, in a buffer that the caller keeps; nothing is copied where nothing is escaped.
    pub fn value_in<'b>(&self, buffer: &'b mut Vec<u8>) -> &'b [u8]
    where
        'a: 'b,
    {
        let escaped = match self.encoding {
            Encoding::Plain | Encoding::Tabbed => false,
            Encoding::Csv => memchr::memchr(b'"', self.raw).is_some(),
            Encoding::Json => memchr::memchr(b'\\', self.raw).is_some(),
        };
        if !escaped {
            return self.raw;
        }
        buffer.clear();
        self.decode_into(buffer);
        buffer
    }

    /// As text; bytes that are not UTF-8 are replaced.
    pub fn string(&self) -> String {
        String::from_utf8_lossy(&self.value()).into_owned()
    }

    fn decode_into(&self, value: &mut Vec<u8>) {
        let mut rest = self.raw;
        let special = match self.encoding {
            Encoding::Plain => return value.extend_from_slice(rest),
            Encoding::Tabbed => b'\n',
            Encoding::Csv => b'"',
            Encoding::Json => b'\\',
        };
        while let Some(i) = memchr::memchr(special, rest) {
            value.extend_from_slice(&rest[..i]);
            rest = &rest[i + 1..];
            match self.encoding {
                Encoding::Tabbed => {
                    value.push(b'\n');
                    rest = rest.strip_prefix(b"\t").unwrap_or(rest);
                }
                Encoding::Csv => {
                    value.push(b'"');
                    rest = rest.strip_prefix(b"\"").unwrap_or(rest);
                }
                _ => rest = unescape(rest, value),
            }
        }
        value.extend_from_slice(rest);
    }
}

/// Reads what stands behind a backslash in JSON and gives the rest.
fn unescape<'r>(rest: &'r [u8], value: &mut Vec<u8>) -> &'r [u8] {
    let Some((&escape, after)) = rest.split_first() else { return rest };
    let byte = match escape {
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'b' => 8,
        b'f' => 12,
        b'u' => {
            let unit = |bytes: &[u8]| u32::from_str_radix(std::str::from_utf8(bytes.get(..4)?).ok()?, 16).ok();
            let Some(mut code) = unit(after) else { return after };
            let mut rest = &after[4..];
            if (0xd800..0xdc00).contains(&code)
                && let Some(low) = rest.strip_prefix(b"\\u").and_then(unit)
            {
                code = 0x10000 + ((code - 0xd800) << 10) + (low & 0x3ff);
                rest = &rest[6..];
            }
            let character = char::from_u32(code).unwrap_or('\u{fffd}');
            value.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            return rest;
        }
        other => other,
    };
    value.push(byte);
    after
}

/// How grave an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Level {
    /// DEBUG, INFO, NOTICE.
    Low,
    /// LOG.
    #[default]
    Log,
    /// WARNING.
    Warning,
    /// ERROR.
    Error,
    /// FATAL.
    Fatal,
    /// PANIC.
    Panic,
    /// A word of another language.
    Foreign,
}

impl Level {
    /// The level that the server's word stands for.
    pub fn of(word: &[u8]) -> Level {
        match word {
            b"LOG" => Level::Log,
            b"ERROR" => Level::Error,
            b"WARNING" => Level::Warning,
            b"FATAL" => Level::Fatal,
            b"PANIC" => Level::Panic,
            b"INFO" | b"NOTICE" => Level::Low,
            _ if word.starts_with(b"DEBUG") => Level::Low,
            _ => super::language::level(word).unwrap_or(Level::Foreign),
        }
    }

    /// The server's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Low => "NOTICE",
            Level::Log => "LOG",
            Level::Warning => "WARNING",
            Level::Error => "ERROR",
            Level::Fatal => "FATAL",
            Level::Panic => "PANIC",
            Level::Foreign => "?",
        }
    }
}

/// One entry with all its parts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Record<'a> {
    /// Its first byte in the block.
    pub at: usize,
    /// Microseconds since 1970 in UTC, if a time was written.
    pub time: Option<i64>,
    /// User.
    pub user: &'a [u8],
    /// Database.
    pub database: &'a [u8],
    /// Application.
    pub application: &'a [u8],
    /// Host, its port left out.
    pub host: &'a [u8],
    /// Whose entry it is: a number from the session id, or the process id. 0 where neither was written.
    pub session: u64,
    /// Process.
    pub pid: u32,
    /// Severity.
    pub level: Level,
    /// SQLSTATE.
    pub sqlstate: &'a [u8],
    /// The primary message.
    pub message: Text<'a>,
    /// DETAIL.
    pub detail: Text<'a>,
    /// HINT.
    pub hint: Text<'a>,
    /// CONTEXT.
    pub context: Text<'a>,
    /// STATEMENT.
    pub statement: Text<'a>,
}

/// Takes entries in the order of the file.
pub trait Take {
    /// One entry.
    fn record(&mut self, record: &Record<'_>);
    /// A line that belongs to no entry, or an entry that could not be read.
    fn stray(&mut self, at: usize, bytes: &[u8]);
}

/// A number for a session's name.
pub(super) fn session_key(name: &[u8]) -> u64 {
    if name.is_empty() {
        return 0;
    }
    name.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, &b| (hash ^ u64::from(b)).wrapping_mul(0x100_0000_01b3)) | 1
}

/// A host without its port: `host(1234)`, `host:1234`.
pub(super) fn without_port(host: &[u8]) -> &[u8] {
    let digits = |bytes: &[u8]| !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit);
    if let Some(inside) = host.strip_suffix(b")")
        && let Some(open) = memchr::memrchr(b'(', inside)
        && digits(&inside[open + 1..])
    {
        return &host[..open];
    }
    match memchr::memrchr(b':', host) {
        Some(colon) if digits(&host[colon + 1..]) && memchr::memchr(b':', &host[..colon]).is_none() => &host[..colon],
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_unescaped_as_their_format_wrote_them() {
        let value = |raw: &'static str, encoding| Text { raw: raw.as_bytes(), encoding }.string();
        assert_eq!(value("a\n\tb\n\t\tc", Encoding::Tabbed), "a\nb\n\tc");
        assert_eq!(value("say \"\"x\"\"", Encoding::Csv), "say \"x\"");
        assert_eq!(value(r#"a\n\"b\"\\ \u00e9 \ud83d\ude00 \q"#, Encoding::Json), "a\n\"b\"\\ é 😀 q");
    }

    #[test]
    fn hosts_lose_their_ports() {
        let of = |host: &'static str| String::from_utf8_lossy(without_port(host.as_bytes())).into_owned();
        assert_eq!(
            (of("10.0.0.1(5432)"), of("10.0.0.1:5432"), of("::1"), of("[local]")),
            ("10.0.0.1".into(), "10.0.0.1".into(), "::1".into(), "[local]".into())
        );
    }
}
