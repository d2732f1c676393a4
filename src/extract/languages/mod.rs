//! One table a language.

mod csharp;
mod elixir;
mod go;
mod java;
mod javascript;
mod kotlin;
mod php;
mod python;
mod ruby;
mod rust;
mod scala;
mod shell;
mod toml_file;

use super::syntax::Syntax;
use std::path::Path;

/// A language in which applications are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Language {
    Rust,
    Python,
    Go,
    JavaScript,
    TypeScript,
    Java,
    Kotlin,
    Ruby,
    Php,
    CSharp,
    Elixir,
    Scala,
    Shell,
    Yaml,
    Toml,
}

/// Every language with its table, the name that documents give it, and the endings of its files.
const TABLE: &[(Language, &[&str], &[&str])] = &[
    (Language::Rust, &["rust", "rs"], &["rs"]),
    (Language::Python, &["python", "py", "python3"], &["py", "pyi"]),
    (Language::Go, &["go", "golang"], &["go"]),
    (Language::JavaScript, &["javascript", "js", "jsx", "mjs"], &["js", "jsx", "mjs", "cjs"]),
    (Language::TypeScript, &["typescript", "ts", "tsx"], &["ts", "tsx", "mts", "cts"]),
    (Language::Java, &["java"], &["java"]),
    (Language::Kotlin, &["kotlin", "kt"], &["kt", "kts"]),
    (Language::Ruby, &["ruby", "rb"], &["rb", "rake"]),
    (Language::Php, &["php"], &["php"]),
    (Language::CSharp, &["csharp", "cs"], &["cs"]),
    (Language::Elixir, &["elixir", "ex", "exs"], &["ex", "exs"]),
    (Language::Scala, &["scala"], &["scala", "sc"]),
    (Language::Shell, &["shell", "sh", "bash", "zsh", "console"], &["sh", "bash"]),
    (Language::Yaml, &["yaml", "yml"], &["yaml", "yml"]),
    (Language::Toml, &["toml"], &["toml"]),
];

impl Language {
    /// By a file's ending.
    pub fn of_path(path: &Path) -> Option<Language> {
        let extension = path.extension()?.to_str()?;
        TABLE.iter().find(|(_, _, endings)| endings.iter().any(|e| extension.eq_ignore_ascii_case(e))).map(|row| row.0)
    }

    /// By the name on a Markdown fence.
    pub fn of_fence(name: &str) -> Option<Language> {
        TABLE.iter().find(|(_, names, _)| names.iter().any(|n| name.eq_ignore_ascii_case(n))).map(|row| row.0)
    }

    /// As printed.
    pub fn name(self) -> &'static str {
        TABLE.iter().find(|row| row.0 == self).map_or("", |row| row.1[0])
    }

    /// Its description; `None` for documents, which have their own readers.
    pub(super) fn syntax(self) -> Option<&'static Syntax> {
        Some(match self {
            Language::Rust => &rust::SYNTAX,
            Language::Python => &python::SYNTAX,
            Language::Go => &go::SYNTAX,
            Language::JavaScript => &javascript::JAVASCRIPT,
            Language::TypeScript => &javascript::TYPESCRIPT,
            Language::Java => &java::SYNTAX,
            Language::Kotlin => &kotlin::SYNTAX,
            Language::Ruby => &ruby::SYNTAX,
            Language::Php => &php::SYNTAX,
            Language::CSharp => &csharp::SYNTAX,
            Language::Elixir => &elixir::SYNTAX,
            Language::Scala => &scala::SYNTAX,
            Language::Shell => &shell::SYNTAX,
            Language::Toml => &toml_file::SYNTAX,
            Language::Yaml => return None,
        })
    }
}
