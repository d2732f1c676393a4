//! Finds the SQL in application code, and keeps every byte's place.
//!
//! [`extract`] cuts code by its language's table ([`syntax`], [`languages`], [`scan`]), links strings that the program makes one of
//! ([`chain`]), judges which are SQL ([`judge`]), and writes each at its own place into an overlay as long as the file
//! ([`overlay`]): what is no SQL is [`FILLER`], so every place in a statement is a place in the file. Must not know rules.

mod builder;
mod calls;
mod chain;
mod comprehension;
mod content;
mod documents;
mod finder;
mod growth;
mod heredoc;
mod holes;
mod judge;
mod languages;
mod margin;
mod migration;
mod overlay;
mod presence;
mod repeats;
mod scan;
mod scope;
mod syntax;
#[cfg(test)]
mod tests;
mod tree;
mod trust;
mod values;
mod words;

pub use builder::{calls_builder, named_words};
pub use holes::{Hole, Role};
pub use languages::Language;
pub use migration::{Direction, Program, created_tables};
pub use scope::{Loop, words as name_words};
pub use values::Giver;

use crate::facts::Reading;
use crate::source::{FILLER, FileId, Span};
use crate::sql::token::Dialect;
use crate::sql::{self, Script};
use finder::Finder;
use judge::Verdict;
use memchr::memmem;
use overlay::Draft;

/// What is known before a file is read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'o> {
    /// Calls that take SQL, besides those known.
    pub calls: &'o [String],
}

/// The SQL of a file.
#[derive(Debug, Default)]
pub struct Extracted {
    /// Texts as long as the file in which only SQL stands; strings inside the code of strings lie in further ones.
    pub layers: Vec<String>,
    /// In the order of their places.
    pub fragments: Vec<Fragment>,
    /// What no rule reads: statements of other databases and of languages of objects, and those that are only told to people.
    pub others: Vec<Fragment>,
    /// What looked like SQL and could not be read, in which of the layers.
    pub unread: Vec<(usize, Span)>,
    /// Comments of the host language.
    pub comments: Vec<Span>,
    /// Strings that are SQL of other databases.
    pub foreign: usize,
}

/// A piece of SQL in code.
#[derive(Debug)]
pub struct Fragment {
    /// From the first byte of the first string's content to the last of the last's.
    pub span: Span,
    /// In which of the layers it stands.
    pub layer: usize,
    /// A statement, or a piece of one.
    pub kind: FragmentKind,
    /// The call that it is given to, as written.
    pub call: Option<Span>,
    /// The name of the function that it stands in.
    pub function: Option<Span>,
    /// That function's name says that it is about all there is: `deleteAll`, `reset_state`.
    pub of_all: bool,
    /// The program asks only whether a row comes back: `.rowCount > 0`, `exists = …`.
    pub asks_presence: bool,
    /// The loop over rows or ids that runs it once for each.
    pub in_loop: Option<Loop>,
    /// Code inside.
    pub holes: Vec<Hole>,
    /// What is interpolated is sent as parameters.
    pub bound: bool,
    /// The program goes on to add to the text, in ways that are not followed: what is missing may stand there.
    pub open: bool,
    /// It stands in a test: whose loops are nobody's load, and whose own values are no attack.
    pub in_test: bool,
    /// Its statements.
    pub script: Script,
}

/// What a fragment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FragmentKind {
    /// One or more statements.
    Statement,
    /// A condition, an ordering or the like, given to a query builder.
    Clause,
    /// A statement that is not sent to PostgreSQL.
    Other,
}

impl FragmentKind {
    /// As printed.
    pub fn as_str(self) -> &'static str {
        match self {
            FragmentKind::Statement => "statement",
            FragmentKind::Clause => "clause",
            FragmentKind::Other => "other",
        }
    }
}

impl Extracted {
    /// A fragment's SQL as the program has it.
    pub fn sql(&self, fragment: &Fragment) -> String {
        let layer = self.layers.get(fragment.layer).map_or("", String::as_str);
        fragment.span.of(layer).chars().filter(|c| *c != FILLER as char).collect()
    }
}

/// Whether a file's bytes could hold SQL at all.
pub fn may_hold_sql(bytes: &[u8]) -> bool {
    const WORDS: &[&[u8]] = &[
        b"select",
        b"SELECT",
        b"Select",
        b"insert",
        b"INSERT",
        b"Insert",
        b"update",
        b"UPDATE",
        b"Update",
        b"delete",
        b"DELETE",
        b"Delete",
        b"create ",
        b"CREATE ",
        b"alter ",
        b"ALTER ",
        b"drop ",
        b"DROP ",
        b"truncate",
        b"TRUNCATE",
        b"with ",
        b"WITH ",
        b"where",
        b"WHERE",
        b"order",
        b"sql",
        b"SQL",
        b"query",
        b"execute",
    ];
    WORDS.iter().any(|word| memmem::find(bytes, word).is_some())
}

/// Finds the SQL of a file of application code.
pub fn extract(file: FileId, text: &str, language: Language, options: Options) -> Extracted {
    extract_in(file, text, Span::new(0, text.len() as u32), language, options)
}

/// Finds the SQL in the bytes `range` of a file.
pub fn extract_in(file: FileId, text: &str, range: Span, language: Language, options: Options) -> Extracted {
    let mut writer = Writer { file, text, layers: vec![], drafts: vec![], foreign: 0 };
    let comments = match language.syntax() {
        Some(syntax) => {
            let scan = scan::scan(text, range, syntax);
            let mut finder = Finder { text, scan: &scan, syntax, options, writer: &mut writer };
            finder.run();
            scan.comments
        }
        None => documents::read(&mut writer, range, language, options),
    };
    let mut extracted = writer.finish();
    extracted.comments = comments;
    extracted
}

/// A fragment before its statements are read.
struct Pending {
    fragment: Fragment,
    read: Span,
    verdict: Verdict,
    /// What was written before its content to make a statement of it.
    frame: usize,
}

/// Gathers what was found and writes the layers.
struct Writer<'t> {
    file: FileId,
    text: &'t str,
    layers: Vec<Vec<u8>>,
    drafts: Vec<Pending>,
    foreign: usize,
}

impl Writer<'_> {
    /// The layer in which these bytes are free.
    fn layer(&mut self, span: Span) -> usize {
        let range = span.range();
        let free = |layer: &Vec<u8>| layer.get(range.clone()).is_some_and(|bytes| bytes.iter().all(|&b| b == FILLER));
        if let Some(found) = self.layers.iter().position(free) {
            return found;
        }
        self.layers.push(vec![FILLER; self.text.len()]);
        self.layers.len() - 1
    }

    fn add(&mut self, mut fragment: Fragment, draft: &Draft, verdict: Verdict, frame: &str) {
        let room = frame.len().min(draft.span.start as usize);
        if room < frame.len() {
            return;
        }
        let all = Span::new(draft.span.start - room as u32, draft.span.end);
        fragment.layer = self.layer(all);
        self.write(fragment.layer, all.start, frame.as_bytes());
        self.write(fragment.layer, draft.span.start, &draft.bytes);
        self.drafts.push(Pending { fragment, read: draft.span, verdict, frame: room });
    }

    fn write(&mut self, layer: usize, at: u32, bytes: &[u8]) {
        let at = at as usize;
        if let Some(target) = self.layers.get_mut(layer).and_then(|layer| layer.get_mut(at..at + bytes.len())) {
            target.copy_from_slice(bytes);
        }
    }

    fn finish(self) -> Extracted {
        let Writer { file, layers, drafts, foreign, .. } = self;
        let layers: Vec<String> = layers.into_iter().map(|layer| String::from_utf8(layer).unwrap_or_default()).collect();
        let mut out = Extracted { foreign, ..Extracted::default() };
        for Pending { mut fragment, read, verdict, frame } in drafts {
            let Some(layer) = layers.get(fragment.layer) else { continue };
            let read = Span::new(read.start - frame as u32, read.end);
            let mut script = sql::read(file, layer, read, Dialect::Host);
            let understood = !script.statements.is_empty() && script.statements.iter().all(|s| s.reading == Reading::Parsed);
            if verdict == Verdict::IfRead && !understood {
                out.unread.push((fragment.layer, fragment.span));
                continue;
            }
            if frame > 0 {
                for statement in &mut script.statements {
                    statement.span = Span::new(statement.span.start.max(fragment.span.start), statement.span.end);
                }
            }
            fragment.script = script;
            match fragment.kind {
                FragmentKind::Other => out.others.push(fragment),
                _ => out.fragments.push(fragment),
            }
        }
        out.layers = layers;
        out.fragments.sort_by_key(|f| (f.span, f.layer));
        out
    }
}
