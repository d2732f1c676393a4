//! What a description of a language can say. Adding a language is one such table; must not know any one language.

/// A language: how its comments, strings, concatenations, loops and functions are written.
#[derive(Debug)]
pub(crate) struct Syntax {
    /// As printed.
    pub name: &'static str,
    /// What begins a comment to the end of the line.
    pub line_comments: &'static [&'static str],
    /// What begins and ends a longer comment.
    pub block_comments: &'static [(&'static str, &'static str)],
    /// Block comments nest.
    pub nested_comments: bool,
    /// Words (of any case) that may stand right before a quote and change how the string is read.
    pub prefixes: &'static [Prefix],
    /// Any identifier right before a quote is an interpolator (Scala).
    pub any_prefix: Option<&'static [Hole]>,
    /// The quotes, those that begin alike with the longest first.
    pub quotes: &'static [Quote],
    /// `'x'` is a character and `'x` something else.
    pub chars: Chars,
    /// `/…/` is a regular expression where an operand is expected.
    pub regex: bool,
    /// Here-documents.
    pub heredoc: Option<Heredoc>,
    /// `%q(…)` or `~s(…)`: the byte before, and which letters are strings.
    pub sigils: Option<Sigils>,
    /// Operators that join strings.
    pub concat: &'static [&'static str],
    /// Whether strings that follow one another are one.
    pub adjacency: Adjacency,
    /// A newline ends a statement unless brackets are open.
    pub newline_ends: bool,
    /// A call's arguments may follow its name without parentheses.
    pub bare_calls: bool,
    /// Macros or functions whose string arguments are joined (`concat!`).
    pub joining_calls: &'static [&'static str],
    /// Functions that fill `%s` or `{}` in their first argument; a method of this name on the string itself counts too.
    pub formatting_calls: &'static [(&'static str, Format)],
    /// Methods of a string that strip a margin ending in `|`.
    pub bar_margin_calls: &'static [&'static str],
    /// Methods or functions that strip the common margin.
    pub margin_calls: &'static [&'static str],
    /// Words that begin a loop.
    pub loops: &'static [&'static str],
    /// Methods that run a closure for each item.
    pub loop_calls: &'static [&'static str],
    /// Words that come before a function's name.
    pub functions: &'static [&'static str],
    /// Code stands between these marks only (PHP).
    pub code_marks: Option<(&'static str, &'static str)>,
    /// Words may hold these bytes besides letters, digits and `_`.
    pub word_bytes: &'static [u8],
    /// A string that is a statement by itself is documentation (Python).
    pub docstrings: bool,
    /// `%` after a string fills it (Python, Ruby).
    pub percent_fills: bool,
}

/// A language with nothing in it, for tables to start from.
pub(crate) const PLAIN: Syntax = Syntax {
    name: "",
    line_comments: &["//"],
    block_comments: &[("/*", "*/")],
    nested_comments: false,
    prefixes: &[],
    any_prefix: None,
    quotes: &[],
    chars: Chars::None,
    regex: false,
    heredoc: None,
    sigils: None,
    concat: &["+"],
    adjacency: Adjacency::None,
    newline_ends: false,
    bare_calls: false,
    joining_calls: &[],
    formatting_calls: &[],
    bar_margin_calls: &[],
    margin_calls: &[],
    loops: &["for", "while"],
    loop_calls: &[],
    functions: &[],
    code_marks: None,
    word_bytes: b"",
    docstrings: false,
    percent_fills: false,
};

/// A quote: how a string begins, ends, and what is special inside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quote {
    /// How it begins.
    pub open: &'static str,
    /// How it ends.
    pub close: &'static str,
    /// What a backslash or a doubled quote means.
    pub escapes: Escapes,
    /// What is code inside.
    pub holes: &'static [Hole],
    /// Newlines may stand inside.
    pub lines: bool,
    /// Which white space at the left belongs to the source and not to the text.
    pub margin: Margin,
    /// The delimiter may be longer than written.
    pub fence: Fence,
    /// It holds no text that could be SQL (a character, a command line, a pattern).
    pub opaque: bool,
}

impl Quote {
    /// A one-line string with C's escapes.
    pub(crate) const fn new(quote: &'static str) -> Quote {
        Quote {
            open: quote,
            close: quote,
            escapes: Escapes::Backslash(Unknown::Drop),
            holes: &[],
            lines: false,
            margin: Margin::Keep,
            fence: Fence::None,
            opaque: false,
        }
    }

    /// With other escapes.
    pub(crate) const fn escapes(self, escapes: Escapes) -> Quote {
        Quote { escapes, ..self }
    }

    /// With code inside.
    pub(crate) const fn holes(self, holes: &'static [Hole]) -> Quote {
        Quote { holes, ..self }
    }

    /// Over several lines.
    pub(crate) const fn lines(self) -> Quote {
        Quote { lines: true, ..self }
    }

    /// With a margin.
    pub(crate) const fn margin(self, margin: Margin) -> Quote {
        Quote { margin, ..self }
    }

    /// With a delimiter of any length.
    pub(crate) const fn fence(self, fence: Fence) -> Quote {
        Quote { fence, ..self }
    }

    /// With another end.
    pub(crate) const fn close(self, close: &'static str) -> Quote {
        Quote { close, ..self }
    }

    /// Not text.
    pub(crate) const fn opaque(self) -> Quote {
        Quote { opaque: true, ..self }
    }
}

/// A word before a quote.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prefix {
    /// In lower case.
    pub text: &'static str,
    /// Instead of the quote's own escapes.
    pub escapes: Option<Escapes>,
    /// Instead of the quote's own holes.
    pub holes: &'static [Hole],
    /// `#` signs may stand between the word and the quote (Rust).
    pub hashes: bool,
}

/// What is special inside a string besides its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escapes {
    /// Nothing.
    Raw,
    /// A backslash keeps the quote after it from ending the string, and both stay (Python's `r''`).
    RawBackslash,
    /// A doubled quote is one.
    Doubled,
    /// `\n`, `\x41`, `\u0041`, `\` before a newline, ….
    Backslash(Unknown),
    /// Only `\\` and the backslashed quote.
    QuoteOnly,
    /// A shell's: `\` before `$`, backtick, `"`, `\` and newline.
    Shell,
}

/// What a backslash before an unknown letter does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// The backslash vanishes.
    Drop,
    /// It stays.
    Keep,
    /// As `Drop`; and after a backslash at the end of a line the next line's indentation vanishes too (Rust).
    DropIndent,
}

/// Code inside a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hole {
    /// `${…}`.
    DollarBrace,
    /// `$name`.
    DollarName,
    /// `$name`, `$name->field`, `$name[key]`.
    PhpName,
    /// `{$…}`.
    PhpBrace,
    /// `#{…}`.
    HashBrace,
    /// `{…}`, with `{{` for a brace.
    Brace,
    /// `$(…)`.
    Substitution,
    /// A command in backticks.
    Backticks,
}

/// White space at the left of each line that belongs to the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Margin {
    /// It is text.
    Keep,
    /// What all lines share, the closing quote's line included.
    Common,
    /// What stands before the closing quote.
    Closing,
}

/// A delimiter of any length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fence {
    /// As written in the table.
    None,
    /// More quotes (C#).
    Quotes,
}

/// Single quotes that are not strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chars {
    /// No such thing.
    None,
    /// `'x'`, `'\n'`; a lone `'` is something else (a lifetime, a symbol).
    Quoted,
    /// `?x` (Ruby, Elixir).
    Question,
}

/// Here-documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heredoc {
    /// `<<~SQL`, `<<-SQL`, `<<SQL`, quoted or not.
    Ruby,
    /// `<<<SQL`, `<<<'SQL'`.
    Php,
    /// `<<SQL`, `<<-SQL`, `<<'SQL'`.
    Shell,
}

/// Strings with a letter and delimiters of choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sigils {
    /// `%q(…)`, `%Q[…]`, `%(…)`.
    Percent,
    /// `~s(…)`, `~S"""…"""`.
    Tilde,
}

/// Whether strings that follow one another are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Adjacency {
    /// No.
    None,
    /// On one line, or within brackets.
    InBrackets,
    /// On one line, or after a backslash at its end.
    Line,
}

/// How a formatting function marks its holes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// `%s`, `%[1]v`, `%1$s`, `%-5d`.
    Percent,
    /// `{}`, `{0}`, `{name}`, with `{{` for a brace.
    Braces,
}
