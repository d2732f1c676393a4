//! SQL text to facts: lex once, split, parse, lower. The only code that knows sqlparser.
//!
//! [`read`] is the door. [`token`] and [`lex`] are ours and complete for PostgreSQL's lexical structure; [`split`] cuts the
//! tokens into statements; [`ddl`] is our grammar of DDL and utility statements; [`query`] is our grammar of queries, and gives
//! the expressions inside them to sqlparser; [`body`] reads the statements inside function bodies. One owner per kind:
//! DDL and utility are `ddl`'s, SELECT, INSERT, UPDATE, DELETE, MERGE and VALUES are `query`'s.

pub mod body;
mod conditions;
pub mod cursor;
pub mod ddl;
pub mod fingerprint;
pub mod lex;
pub mod query;
pub mod spell;
pub mod split;
pub mod token;

use crate::facts::{Reading, Statement};
use crate::source::{FileId, Span};
use conditions::Runs;
use token::{Dialect, TokenKind};

/// A text as read: its statements, and what else was seen.
#[derive(Debug, Default)]
pub struct Script {
    /// In order.
    pub statements: Vec<Statement>,
    /// Comments, for suppression and markers: their bytes, delimiters included.
    pub comments: Vec<Span>,
    /// psql meta-commands (`\connect`, `\.` aside).
    pub meta_commands: Vec<Span>,
}

/// Reads the bytes `range` of `text`, whose offsets are those of the file. Never fails: what cannot be read is opaque.
pub fn read(file: FileId, text: &str, range: Span, dialect: Dialect) -> Script {
    let tokens = lex::lex(text, range, dialect);
    let mut script = Script::default();
    for token in &tokens {
        match token.kind {
            TokenKind::LineComment | TokenKind::BlockComment => script.comments.push(token.span),
            TokenKind::MetaCommand => script.meta_commands.push(token.span),
            _ => {}
        }
    }
    // A statement's facts are large: room for all of them at once, so that none is moved, but no more than a file deserves
    // that is nothing but semicolons.
    let ends = tokens.iter().filter(|token| token.kind == TokenKind::Semicolon).count();
    script.statements.reserve_exact(ends.min(255) + 1);
    split::split(text, &tokens, |piece| script.statements.push(statement(file, text, piece)));
    if script.meta_commands.iter().any(|command| command.of(text).starts_with("\\if")) {
        let stretches = conditions::stretches(text, &tokens);
        script.statements.retain_mut(|statement| {
            let runs = conditions::runs(&stretches, statement.span);
            statement.unsure = runs == Runs::Perhaps;
            runs != Runs::Never
        });
    }
    script.statements.shrink_to_fit();
    script
}

/// Reads `content` as what stands at `range` of the file: of the same length, with [`crate::source::FILLER`] where a byte is no SQL.
pub(crate) fn read_instead(file: FileId, range: Span, content: &str, dialect: Dialect) -> Script {
    body::patched(range, content, |text| read(file, text, range, dialect)).unwrap_or_default()
}

/// Reads one statement from its tokens (no trivia, no final `;`).
pub(crate) fn statement(file: FileId, text: &str, tokens: &[token::Token]) -> Statement {
    read_statement(cursor::Cursor::new(file, text, tokens))
}

/// Reads the statement that a cursor stands before; the cursor knows how deep inside bodies it lies.
pub(crate) fn read_statement(cursor: cursor::Cursor<'_>) -> Statement {
    let span = cursor.rest().iter().fold(Span::default(), |all, t| all.to(t.span));
    let file = cursor.file;
    let mut statement = Statement { file, span, actions: vec![], query: None, bodies: vec![], reading: Reading::Parsed, unsure: false };
    let read = if query::owns(&cursor) {
        statement.bodies = body::scheduled(&cursor);
        query::parse(&cursor).map(|query| statement.query = Some(Box::new(query)))
    } else {
        ddl::parse(cursor, &mut statement)
    };
    if let Err(error) = read {
        statement.reading = Reading::Opaque(error.message);
    }
    statement
}
