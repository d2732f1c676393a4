//! Which database a project's Prisma schema speaks to: raw SQL beside a schema for MySQL is MySQL's.

use super::walk::Found;
use std::path::Path;

/// The engine of every datasource among these files, where all are of one that is not PostgreSQL.
pub(super) fn engine(found: &[Found]) -> Option<&'static str> {
    let schemas = found.iter().filter(|file| !file.vendored && file.path.extension().is_some_and(|e| e == "prisma"));
    let mut engines = schemas.filter_map(|file| provider(&file.path)).peekable();
    let first = *engines.peek()?;
    engines.all(|engine| engine.is_some()).then_some(first).flatten()
}

/// The engine of a file's datasource: `Some(None)` may be PostgreSQL, `None` where the file has none.
fn provider(path: &Path) -> Option<Option<&'static str>> {
    of_text(&std::fs::read_to_string(path).ok()?)
}

fn of_text(text: &str) -> Option<Option<&'static str>> {
    let datasource = text.split_once("datasource ")?.1.split('}').next()?;
    let provider = datasource.lines().find_map(|line| line.trim().strip_prefix("provider"))?;
    match provider.split('"').nth(1)? {
        "mysql" => Some(Some("MySQL")),
        "sqlserver" => Some(Some("SQL Server")),
        "mongodb" => Some(Some("MongoDB")),
        // SQLite is often only what a developer's machine runs
        _ => Some(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datasource_names_its_engine() {
        let schema =
            |provider: &str| format!("generator client {{\n provider = \"js\"\n}}\ndatasource db {{\n  provider = \"{provider}\"\n}}\n");
        assert_eq!(of_text(&schema("mysql")), Some(Some("MySQL")));
        assert_eq!(of_text(&schema("postgresql")), Some(None));
        assert_eq!(of_text("model A {\n id Int @id\n}\n"), None);
    }
}
