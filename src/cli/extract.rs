//! `pgsift extract`: the SQL found in application code.

use crate::engine::{self, Input};
use crate::settings::Settings;
use serde::Serialize;
use std::io::{self, Write};

/// What `--help` ends with.
pub(super) const EXAMPLES: &str = "Examples:
  pgsift extract src                       each piece under its file and line
  pgsift extract app/orders.py
  pgsift extract src --format json         with byte offsets; described by schemas/extract.json

Exit codes:
  0  done
  2  bad usage, or a file that cannot be read";

/// One piece, as printed.
#[derive(Serialize)]
struct Piece {
    file: String,
    language: &'static str,
    start: u32,
    end: u32,
    line: usize,
    kind: &'static str,
    sql: String,
    placeholders: Vec<String>,
}

/// One JSON array.
pub(super) fn json(inputs: Vec<Input>, settings: &Settings, out: &mut dyn Write) -> io::Result<()> {
    let pieces: Vec<Piece> = pieces(inputs, settings);
    serde_json::to_writer(&mut *out, &pieces)?;
    out.write_all(b"\n")
}

/// Each piece under its place.
pub(super) fn human(inputs: Vec<Input>, settings: &Settings, out: &mut dyn Write) -> io::Result<()> {
    let pieces = pieces(inputs, settings);
    for piece in &pieces {
        writeln!(out, "{}:{} ({}, {})", piece.file, piece.line, piece.language, piece.kind)?;
        for line in piece.sql.trim_matches(['\n', '\r']).trim_end().lines() {
            writeln!(out, "    {}", line.trim_end())?;
        }
        writeln!(out)?;
    }
    let files = pieces.chunk_by(|a, b| a.file == b.file).count();
    let plural = |n: usize| if n == 1 { "" } else { "s" };
    writeln!(out, "{} piece{} of SQL in {files} file{}", pieces.len(), plural(pieces.len()), plural(files))
}

fn pieces(inputs: Vec<Input>, settings: &Settings) -> Vec<Piece> {
    let found = engine::extract(inputs, settings);
    let piece = |found: engine::ExtractedPiece| Piece {
        file: found.file,
        language: found.language.name(),
        start: found.span.start,
        end: found.span.end,
        line: found.line,
        kind: found.kind.as_str(),
        sql: found.sql,
        placeholders: found.placeholders,
    };
    found.into_iter().map(piece).collect()
}
