//! Holds the direction of the imports: a module imports only from rows above its own, sqlparser has one owner, and the core
//! neither prints nor reads files.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};

/// Rows of the table in the crate's design: module prefixes by row. `postgres::effect` and its neighbours read the catalog.
const ROWS: &[(usize, &[&str])] = &[
    (0, &["source", "postgres/version", "postgres/lock"]),
    (1, &["facts", "finding", "settings", "timeline"]),
    (2, &["sql", "stats", "log", "extract", "catalog", "session", "postgres"]),
    (3, &["rules", "advise"]),
    (4, &["suppress", "engine", "fix", "baseline"]),
    (5, &["report", "explain"]),
    (6, &["config", "discover", "since", "cli", "main"]),
];

fn row(module: &str) -> usize {
    let module = module.replace("::", "/");
    let fits = |name: &&&str| module == ***name || module.starts_with(&format!("{name}/"));
    // The longest name wins: `postgres/lock` before `postgres`.
    ROWS.iter()
        .flat_map(|(row, names)| names.iter().filter(fits).map(|name| (name.len(), *row)))
        .max()
        .unwrap_or_else(|| panic!("{module} stands in no row"))
        .1
}

fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = vec![];
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]").next().unwrap().to_owned();
                found.push((path.strip_prefix(&root).unwrap().to_owned(), code));
            }
        }
    }
    found
}

fn module_of(path: &Path) -> String {
    let module = path.with_extension("").to_string_lossy().replace('\\', "/");
    module.strip_suffix("/mod").map_or(module.clone(), str::to_owned)
}

/// The modules named after `crate::`: one path, or the paths of a braced list.
fn used_modules(used: &str) -> Vec<String> {
    let path = |text: &str| {
        let name: String = text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_' || *c == ':').collect();
        name.trim_end_matches(':').to_owned()
    };
    match used.strip_prefix('{') {
        Some(list) => list.split(['}', ';']).next().unwrap().split(',').map(path).filter(|name| !name.is_empty()).collect(),
        None => vec![path(used)],
    }
}

#[test]
fn modules_import_from_rows_above() {
    let mut wrong = vec![];
    for (path, code) in sources() {
        let module = module_of(&path);
        if module == "lib" || module == "main" {
            continue;
        }
        let own = row(&module);
        for (i, line) in code.lines().enumerate().filter(|(_, l)| !l.trim_start().starts_with("//")) {
            for used in line.split("crate::").skip(1) {
                for name in used_modules(used) {
                    let of = if name.starts_with("postgres") { row(&name) } else { row(name.split("::").next().unwrap()) };
                    if of > own {
                        wrong.push(format!("src/{}:{}: {module} (row {own}) imports {name} (row {of})", path.display(), i + 1));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn crates_have_one_owner() {
    let owners: &[(&str, &[&str])] = &[
        ("sqlparser::", &["sql/query"]),
        ("rayon::", &["engine", "discover", "report/json"]),
        ("walkdir::", &["discover", "cli/logs"]),
        ("clap::", &["cli", "main"]),
        ("textwrap::", &["explain"]),
        ("similar::", &["cli"]),
        ("process::Command", &["since"]),
        ("miette::", &["report", "config", "cli", "main"]),
        ("toml::", &["config", "cli/init", "discover"]),
        ("std::fs", &["discover", "config", "cli", "main"]),
        ("println!", &["main", "cli"]),
    ];
    let mut wrong = vec![];
    for (path, code) in sources() {
        let module = module_of(&path);
        for (name, allowed) in owners {
            let code_lines = code.lines().filter(|l| !l.trim_start().starts_with("//"));
            if code_lines.clone().any(|l| l.contains(name)) && !allowed.iter().any(|a| module == *a || module.starts_with(&format!("{a}/")))
            {
                wrong.push(format!("src/{} names {name}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_stay_rooms_not_halls() {
    for (path, code) in sources() {
        assert!(code.lines().count() <= 1000, "src/{} has over 1,000 lines", path.display());
    }
}
