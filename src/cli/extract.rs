//! `pgsift extract`: the SQL found in application code.

use crate::engine::{self, Input};
use crate::settings::Settings;
use serde::Serialize;
use std::io::{self, Write};

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
    writeln!(out, "{} pieces of SQL in {files} files", pieces.len())
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
