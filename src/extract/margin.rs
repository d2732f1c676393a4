//! White space at the left of a text's lines that belongs to the source and not to the text.

use super::syntax::Margin;
use crate::source::Span;

/// The bytes to take out.
pub(super) fn margins(text: &str, content: Span, margin: Margin, bar: bool) -> Vec<Span> {
    if margin == Margin::Keep && !bar {
        return vec![];
    }
    let lines = lines(text, content);
    // the first line follows the opening quote: it has no margin unless it is a line of its own
    let own_first = text.as_bytes().get((content.start as usize).wrapping_sub(1)).is_none_or(|&b| b == b'\n');
    let skip = usize::from(!own_first);
    let width = match margin {
        _ if bar => 0,
        Margin::Common => common(text, lines.get(skip..).unwrap_or_default()),
        Margin::Closing => lines.last().and_then(|last| text.get(last.start as usize..)).map_or(0, indent),
        Margin::Keep => 0,
    };
    lines.iter().enumerate().filter(|(i, _)| bar || *i >= skip).filter_map(|(_, line)| cut(text, *line, width, bar)).collect()
}

fn cut(text: &str, line: Span, width: usize, bar: bool) -> Option<Span> {
    let found = indent(line.of(text));
    let len = if bar { (line.of(text).as_bytes().get(found) == Some(&b'|')).then_some(found + 1)? } else { found.min(width) };
    (len > 0).then(|| Span::new(line.start, line.start + len as u32))
}

fn lines(text: &str, content: Span) -> Vec<Span> {
    let mut found = vec![];
    let mut at = content.start;
    for line in content.of(text).split_inclusive('\n') {
        found.push(Span::new(at, at + line.trim_end_matches(['\n', '\r']).len() as u32));
        at += line.len() as u32;
    }
    if content.of(text).ends_with('\n') {
        found.push(Span::new(at, at));
    }
    found
}

/// What every line that is not blank shares; the closing quote's line counts.
fn common(text: &str, lines: &[Span]) -> usize {
    let written = lines.iter().filter(|line| !line.of(text).trim().is_empty());
    written.map(|line| indent(line.of(text))).min().unwrap_or(0)
}

fn indent(line: &str) -> usize {
    line.bytes().take_while(|b| matches!(b, b' ' | b'\t')).count()
}
