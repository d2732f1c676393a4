//! YAML, whose values may hold SQL, or commands that do. TOML is a language like others.

use super::finder::Finder;
use super::judge::{self, Standing, Verdict};
use super::overlay::Draft;
use super::{Fragment, FragmentKind, Language, Options, Writer, calls, languages, scan};
use crate::source::{FILLER, Span};
use crate::sql::Script;

/// Keys whose value is a shell's.
const COMMANDS: &[&str] = &["run", "script", "command", "bash", "sh", "exec", "test", "args"];

/// Reads the values of the bytes `range`; gives back the comments.
pub(super) fn read(writer: &mut Writer, range: Span, _language: Language, options: Options) -> Vec<Span> {
    let text = writer.text;
    let mut lines = lines(text, range).into_iter().peekable();
    let mut comments = vec![];
    while let Some(line) = lines.next() {
        let content = line.of(text);
        let indent = content.len() - content.trim_start().len();
        if content[indent..].starts_with('#') {
            comments.push(line);
            continue;
        }
        let Some((key, at)) = value(content, indent) else { continue };
        let head = content[at..].trim_end();
        if !head.starts_with(['|', '>']) || head.len() > 3 {
            let start = line.start + at as u32;
            scalar(writer, key, Span::new(start, start + head.len() as u32));
            continue;
        }
        let mut block = vec![];
        let key_indent = content[..at].find(|c: char| c != ' ' && c != '-').unwrap_or(indent);
        while let Some(next) = lines.next_if(|next| {
            let inner = next.of(text);
            inner.trim().is_empty() || inner.len() - inner.trim_start().len() > key_indent
        }) {
            block.push(next);
        }
        let Some(all) = block.iter().copied().reduce(Span::to) else { continue };
        if COMMANDS.contains(&key) {
            commands(writer, all, options);
        } else {
            scalar_block(writer, key, all, &block);
        }
    }
    comments
}

fn lines(text: &str, range: Span) -> Vec<Span> {
    let mut at = range.start;
    let mut found = vec![];
    for line in range.of(text).split_inclusive('\n') {
        found.push(Span::new(at, at + line.trim_end_matches(['\n', '\r']).len() as u32));
        at += line.len() as u32;
    }
    found
}

/// The key of a line, and where its value begins.
fn value(line: &str, indent: usize) -> Option<(&str, usize)> {
    let item = line[indent..].bytes().take_while(|b| matches!(b, b'-' | b' ')).count();
    let from = indent + item;
    let rest = &line[from..];
    let length = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')).count();
    let after = &rest[length..];
    if length > 0 && after.starts_with(": ") {
        let blank = after[1..].len() - after[1..].trim_start().len();
        return Some((&rest[..length], from + length + 1 + blank));
    }
    (item > 0 && !rest.is_empty()).then_some(("", from))
}

/// A value on one line, bare or quoted.
fn scalar(writer: &mut Writer, key: &str, span: Span) {
    let text = span.of(writer.text);
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''));
    let inner = match quote {
        Some(quote) if text.len() > 1 && text.ends_with(quote) => Span::new(span.start + 1, span.end - 1),
        Some(_) => return,
        None => span,
    };
    let mut bytes = inner.of(writer.text).as_bytes().to_vec();
    for at in 0..bytes.len().saturating_sub(1) {
        let escape = match quote {
            Some('\'') => bytes[at] == b'\'' && bytes[at + 1] == b'\'',
            Some(_) => bytes[at] == b'\\' && matches!(bytes[at + 1], b'"' | b'\\'),
            None => false,
        };
        if escape {
            bytes[at] = FILLER;
        }
    }
    add(writer, key, inner, bytes);
}

/// A block, without what indents it.
fn scalar_block(writer: &mut Writer, key: &str, all: Span, lines: &[Span]) {
    let text = writer.text;
    let indent = |line: &Span| line.of(text).len() - line.of(text).trim_start().len();
    let margin = lines.iter().find(|line| !line.of(text).trim().is_empty()).map_or(0, indent);
    let mut bytes = all.of(text).as_bytes().to_vec();
    for line in lines {
        let from = (line.start - all.start) as usize;
        let cut = margin.min(indent(line));
        bytes[from..from + cut].fill(FILLER);
    }
    add(writer, key, all, bytes);
}

fn add(writer: &mut Writer, key: &str, span: Span, bytes: Vec<u8>) {
    if !judge::begins_like_sql(&bytes) {
        return;
    }
    let standing = if calls::names_sql(key) { Standing::Hinted } else { Standing::Any };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (verdict, foreign) = judge::judge(&text, Span::new(0, text.len() as u32), standing);
    if verdict == Verdict::No {
        return;
    }
    writer.foreign += usize::from(foreign);
    let fragment = Fragment {
        span,
        layer: 0,
        kind: if foreign { FragmentKind::Other } else { FragmentKind::Statement },
        call: None,
        function: None,
        in_loop: None,
        holes: vec![],
        bound: false,
        open: false,
        of_all: false,
        asks_presence: false,
        in_test: false,
        script: Script::default(),
    };
    let draft = Draft { span, content: span, bytes, holes: vec![] };
    writer.add(fragment, &draft, verdict, "");
}

/// A block of shell commands.
fn commands(writer: &mut Writer, span: Span, options: Options) {
    let Some(syntax) = languages::Language::Shell.syntax() else { return };
    let text = writer.text;
    let scan = scan::scan(text, span, syntax);
    Finder { text, scan: &scan, syntax, options, writer }.run();
}
