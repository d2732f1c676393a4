//! Which format a file has, from its first bytes.

use super::envelope::Envelope;
use super::prefix::{self, Template};
use super::{csv, json, stderr};

/// The format inside all wrappings.
#[derive(Debug, Clone)]
pub enum Native {
    /// csvlog.
    Csv,
    /// jsonlog.
    Json,
    /// stderr, with its prefixes.
    Stderr(stderr::Shape),
}

/// A format with its wrapping.
#[derive(Debug, Clone)]
pub struct Format {
    /// What wraps each line or entry.
    pub envelope: Envelope,
    /// What is inside.
    pub native: Native,
    /// What it is a log of, where nothing in it could be read and it looks like another engine's.
    pub other: Option<&'static str>,
}

impl Format {
    /// For people: `stderr, log_line_prefix '%m [%p] '`.
    pub fn describe(&self) -> String {
        let native = match &self.native {
            Native::Csv => "csvlog".to_owned(),
            Native::Json => "jsonlog".to_owned(),
            Native::Stderr(shape) => match shape.templates.first() {
                Some(template) => format!("stderr, log_line_prefix '{}'", template.source),
                None => "unknown".to_owned(),
            },
        };
        match self.envelope {
            Envelope::None => native,
            envelope => format!("{} of {native}", envelope.name()),
        }
    }

    /// Whether nothing in the sample could be read.
    pub fn is_unknown(&self) -> bool {
        matches!(&self.native, Native::Stderr(shape) if shape.templates.is_empty())
    }
}

/// What a log is of, where it is none of PostgreSQL's own: the engines that write something like it.
fn other_engine(sample: &[u8]) -> Option<&'static str> {
    let redshift = [&b" UTC [ db="[..], b" userid=", b" xid="].iter().all(|mark| memchr::memmem::find(sample, mark).is_some());
    redshift.then_some("a log of Amazon Redshift, which is another engine: its user activity log has no durations")
}

/// How much of a file [`detect`] wants to see.
pub const SAMPLE: usize = 256 << 10;

/// The format of a file that begins with these bytes. `prefix`: its log_line_prefix, where known. `year`: of today.
pub fn detect(sample: &[u8], prefix: Option<&str>, year: i64) -> Format {
    let sample = sample.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(sample);
    let envelope = Envelope::of(sample);
    if envelope == Envelope::None {
        let format = Format { envelope, native: native(sample, prefix, false), other: None };
        let other = format.is_unknown().then(|| other_engine(sample)).flatten();
        return Format { other, ..format };
    }
    let mut inside = vec![];
    let mut unwrap = envelope.unwrapper(year);
    unwrap.push(sample, &mut inside);
    unwrap.finish(&mut inside);
    Format { envelope, native: native(&inside, prefix, envelope == Envelope::Syslog), other: None }
}

fn native(sample: &[u8], prefix: Option<&str>, stamped: bool) -> Native {
    let lines: Vec<&[u8]> = sample.split(|b| *b == b'\n').filter(|line| !line.trim_ascii().is_empty()).take(400).collect();
    if lines.iter().take(3).any(|line| json::is_entry(line)) {
        return Native::Json;
    }
    // A statement's further lines are of its row: rows are looked for in the sample, not in its lines.
    let offset = |line: &&[u8]| line.as_ptr() as usize - sample.as_ptr() as usize;
    if lines.iter().take(100).any(|line| csv::begins_entry(line) && csv::is_entry(&sample[offset(line)..])) {
        return Native::Csv;
    }
    Native::Stderr(shape(&lines, prefix, stamped))
}

fn shape(lines: &[&[u8]], prefix: Option<&str>, stamped: bool) -> stderr::Shape {
    // The last line of a sample is cut.
    let whole: Vec<&[u8]> = lines.iter().copied().filter(|line| line.first() != Some(&b'\t')).collect();
    let templates = match prefix {
        Some(prefix) if stamped => vec![Template::new(&format!("%m [%p] {prefix}"))],
        Some(prefix) => vec![Template::new(prefix)],
        None if stamped => {
            let known: Vec<Template> = prefix::KNOWN.iter().map(|known| Template::new(&format!("%m [%p] {known}"))).collect();
            prefix::choose(known, &whole)
        }
        None => prefix::infer(&whole),
    };
    let unread = whole.iter().filter(|line| !templates.iter().any(|t| t.read(line).is_some())).count();
    let tabs = lines.len() - whole.len();
    stderr::Shape { templates, glue: tabs == 0 && unread > 0 && unread * 20 > whole.len() }
}
