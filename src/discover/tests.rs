#![allow(clippy::unwrap_used)]
use super::*;
use crate::session::Transaction;
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder of its own that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Folder {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("pgsift-discover-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let root = std::env::temp_dir().join(name);
        std::fs::create_dir_all(root.join(".git")).unwrap();
        for (path, text) in files {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Folder(root)
    }

    fn request(&self, paths: &[&str]) -> Request {
        let cwd = self.0.clone();
        Request { exclude_root: cwd.clone(), cwd, paths: paths.iter().map(PathBuf::from).collect(), ..Request::default() }
    }

    fn find(&self, paths: &[&str]) -> Discovered {
        discover(&self.request(paths))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// `path framework [down] transaction`, with `(replayed)` where not reported.
fn lines(found: &Discovered) -> Vec<String> {
    let line = |input: &Input| {
        let what = match &input.kind {
            InputKind::Migration(info) => {
                let down = if info.down { " down" } else { "" };
                let transaction = match info.transaction {
                    Transaction::Framework(_) => "wrapped",
                    Transaction::Implicit => "implicit",
                    _ => "none",
                };
                format!("{}{down} {transaction}", info.framework)
            }
            InputKind::Sql => "sql".to_owned(),
            InputKind::Markdown => "markdown".to_owned(),
            InputKind::Code(language) => language.name().to_owned(),
            InputKind::Program(language) => format!("{} program", language.name()),
        };
        format!("{} {what}{}", input.path.display(), if input.reported { "" } else { " (replayed)" })
    };
    found.inputs.iter().map(line).collect()
}

#[test]
fn frameworks_are_recognised_with_order_and_transaction() {
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);
    let cases: &[Case] = &[
        (
            &[("Cargo.toml", "sqlx = 1"), ("migrations/10_b.sql", "-- no-transaction\n"), ("migrations/9_a.sql", "")],
            &["migrations/9_a.sql sqlx wrapped", "migrations/10_b.sql sqlx implicit", "Cargo.toml toml"],
        ),
        (
            &[("m/2_b/up.sql", ""), ("m/2_b/down.sql", ""), ("m/2_b/metadata.toml", "run_in_transaction = false"), ("m/1_a/up.sql", "")],
            &["m/1_a/up.sql diesel wrapped", "m/2_b/down.sql diesel down implicit", "m/2_b/up.sql diesel implicit"],
        ),
        (
            &[("m/2017-09-23-182408_b/up.sql", ""), ("m/20170309122510_a/up.sql", "")],
            &["m/20170309122510_a/up.sql diesel wrapped", "m/2017-09-23-182408_b/up.sql diesel wrapped"],
        ),
        (&[("Cargo.toml", "refinery"), ("m/V1__a.sql", "")], &["m/V1__a.sql refinery wrapped"]),
        (
            &[("m/000001_a.up.sql", ""), ("m/000001_a.down.sql", "")],
            &["m/000001_a.down.sql golang-migrate down implicit", "m/000001_a.up.sql golang-migrate implicit"],
        ),
        (
            &[
                ("m/V10__c.sql", "create index concurrently i on t (a)"),
                ("m/V2_1__b.sql", ""),
                ("m/V2__a.sql", ""),
                ("m/R__v.sql", ""),
                ("m/V3__d.sql", ""),
                ("m/V3__d.sql.conf", "executeInTransaction=false"),
            ],
            &[
                "m/V2__a.sql Flyway wrapped",
                "m/V2_1__b.sql Flyway wrapped",
                "m/V3__d.sql Flyway none",
                "m/V10__c.sql Flyway none",
                "m/R__v.sql Flyway wrapped",
            ],
        ),
        (&[("prisma/migrations/20240101_a/migration.sql", "")], &["prisma/migrations/20240101_a/migration.sql Prisma implicit"]),
        (&[("supabase/migrations/20240101_a.sql", "")], &["supabase/migrations/20240101_a.sql Supabase wrapped"]),
        (&[("drizzle/0000_a.sql", "a;\n--> statement-breakpoint\nb;")], &["drizzle/0000_a.sql drizzle wrapped"]),
        (
            &[("m/atlas.sum", ""), ("m/1_a.sql", "-- atlas:txmode none\n"), ("m/2_b.sql", "")],
            &["m/1_a.sql Atlas none", "m/2_b.sql Atlas wrapped"],
        ),
        // written by Atlas for golang-migrate
        (&[("m/atlas.sum", ""), ("m/1_a.up.sql", "")], &["m/1_a.up.sql golang-migrate implicit"]),
        (&[("m/1_a.sql", "-- +goose Up\n"), ("q/report.sql", "")], &["m/1_a.sql goose wrapped", "q/report.sql sql"]),
        (
            &[("1_a.sql", ""), ("z/dump.sql", "--\n-- PostgreSQL database dump\n"), ("db/structure.sql", ""), ("R.md", "```sql\n```")],
            &["db/structure.sql Rails none", "z/dump.sql pg_dump none", "1_a.sql plain none", "R.md markdown"],
        ),
        (
            &[("scripts/dev-instance/rows.sql", "--\n-- PostgreSQL database dump\n"), ("db/schema.sql", "CREATE TABLE t (id int);")],
            &["db/schema.sql plain none", "scripts/dev-instance/rows.sql sql"],
        ),
        (
            &[("m/1_b/up.sql", "--\n-- PostgreSQL database dump\n"), ("m/0_a/up.sql", ""), ("m/2_c/up.sql", "")],
            &["m/0_a/up.sql diesel wrapped", "m/1_b/up.sql diesel wrapped", "m/2_c/up.sql diesel wrapped"],
        ),
        (
            &[("m/V1__a.sql", ""), ("m/beforeMigrate__x.sql", ""), ("m/afterMigrate.sql", ""), ("m/R__v.sql", "")],
            &[
                "m/beforeMigrate__x.sql Flyway wrapped",
                "m/V1__a.sql Flyway wrapped",
                "m/R__v.sql Flyway wrapped",
                "m/afterMigrate.sql Flyway wrapped",
            ],
        ),
        (
            &[("schema/migration-2-0001-2021.sql", ""), ("schema/migration-1-0010-2020.sql", ""), ("schema/migration-1-0009-2020.sql", "")],
            &[
                "schema/migration-1-0009-2020.sql plain none",
                "schema/migration-1-0010-2020.sql plain none",
                "schema/migration-2-0001-2021.sql plain none",
            ],
        ),
    ];
    for (files, expected) in cases {
        let found = Folder::new(files).find(&["."]);
        assert_eq!(lines(&found), *expected);
        assert_eq!(found.problems, []);
    }
}

#[test]
fn one_changed_file_brings_its_set() {
    let folder = Folder::new(&[("m/1_a.sql", ""), ("m/2_b.sql", ""), ("d/1_a/up.sql", ""), ("d/2_b/up.sql", ""), ("other/1_x.sql", "")]);
    assert_eq!(lines(&folder.find(&["m/2_b.sql"])), ["m/1_a.sql plain none (replayed)", "m/2_b.sql plain none"]);
    assert_eq!(lines(&folder.find(&["d/1_a/up.sql"])), ["d/1_a/up.sql diesel wrapped", "d/2_b/up.sql diesel wrapped (replayed)"]);
}

#[test]
fn ignored_and_foreign_files_are_left_alone() {
    let folder = Folder::new(&[
        (".gitignore", "out/\n*.tmp.sql\n"),
        ("sub/.ignore", "!keep.tmp.sql\nx.sql\n"),
        ("out/a.sql", ""),
        ("a.tmp.sql", ""),
        ("sub/keep.tmp.sql", ""),
        ("sub/x.sql", ""),
        ("node_modules/p/a.sql", ""),
        ("mysql/a.sql", ""),
        ("README.md", "text"),
        ("a.rs", ""),
    ]);
    let found = folder.find(&["."]);
    assert_eq!(lines(&found), ["sub/keep.tmp.sql sql"]);
    assert_eq!(found.left_out, [("MySQL".to_owned(), 1), ("vendored code".to_owned(), 1)]);
}

#[test]
fn excluded_migrations_are_still_replayed() {
    let folder = Folder::new(&[("m/1_a.sql", ""), ("m/2_b.sql", ""), ("q/a.sql", ""), ("s/x.sql", "")]);
    let mut request = folder.request(&["m", "q"]);
    request.exclude = vec!["m/1_*".into(), "q".into()];
    request.schema = vec!["s".into()];
    assert_eq!(lines(&discover(&request)), ["s/x.sql plain none (replayed)", "m/1_a.sql plain none (replayed)", "m/2_b.sql plain none"]);
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_goes_on() {
    let folder = Folder::new(&[("bin.sql", "a\0b"), ("ok.sql", "select 1")]);
    std::fs::write(folder.0.join("wide.sql"), b"\xff\xfes\0").unwrap();
    let found = folder.find(&[".", "gone.sql"]);
    assert_eq!(lines(&found), ["ok.sql sql"]);
    let told: Vec<&str> = found.problems.iter().map(|problem| problem.file.as_str()).collect();
    assert_eq!(told, ["gone.sql", "bin.sql", "wide.sql"]);
    assert!(found.problems[2].message.contains("UTF-16"));
}

#[cfg(unix)]
#[test]
fn links_that_loop_end_and_nothing_is_read_twice() {
    let folder = Folder::new(&[("a/x.sql", "")]);
    std::os::unix::fs::symlink("..", folder.0.join("a/up")).unwrap();
    std::os::unix::fs::symlink("x.sql", folder.0.join("a/y.sql")).unwrap();
    let found = folder.find(&["."]);
    assert_eq!(lines(&found), ["a/x.sql sql"]);
    assert_eq!(found.problems, []);
}

#[test]
fn paths_are_shown_from_the_working_directory() {
    assert_eq!(shown(Path::new("/h/p/a/b.sql"), Path::new("/h/p")), Path::new("a/b.sql"));
    assert_eq!(shown(Path::new("/h/q/b.sql"), Path::new("/h/p")), Path::new("../q/b.sql"));
    assert_eq!(shown(Path::new("/x/b.sql"), Path::new("/h/p")), Path::new("/x/b.sql"));
    assert_eq!(shown(Path::new("/h/p/./a/b.sql"), Path::new("/h/p")), Path::new("a/b.sql"));
    assert_eq!(shown(Path::new("/h/pq/b.sql"), Path::new("/h/p")), Path::new("../pq/b.sql"));
}

#[test]
fn paths_are_told_apart_by_what_they_mean() {
    let from = |path: &str| walk::normalize(Path::new(path), Path::new("/h/p"));
    for path in ["a/b.sql", "./a/b.sql", "a//b.sql", "a/./b.sql", "c/../a/b.sql", "/h/p/a/b.sql", "a/b.sql/"] {
        assert_eq!(from(path).as_os_str(), "/h/p/a/b.sql", "{path}");
    }
    assert_eq!(from(".a/b.sql").as_os_str(), "/h/p/.a/b.sql");
    assert_eq!(from("..").as_os_str(), "/h");
}

#[test]
fn where_a_repository_is_kept_says_nothing_of_it() {
    let code = "def f(cur):\n    cur.execute('SELECT a FROM b')\n";
    let kept = "external/mysql/shop";
    let files = ["db/queries.sql", "src/a.py", "sqlite/b.py"].map(|path| format!("{kept}/{path}"));
    let texts = ["SELECT 1;", code, code];
    let files: Vec<(&str, &str)> = files.iter().map(String::as_str).zip(texts).collect();
    let folder = Folder::new(&files);
    std::fs::create_dir_all(folder.0.join("elsewhere")).unwrap();
    let cwd = folder.0.join("elsewhere");
    let found = discover(&Request { cwd: cwd.clone(), ..folder.request(&["../external/mysql/shop"]) });
    assert_eq!(lines(&found), ["../external/mysql/shop/db/queries.sql sql", "../external/mysql/shop/src/a.py python"]);
    let inside = discover(&folder.request(&["external/mysql/shop"]));
    assert_eq!(lines(&inside), Vec::<String>::new());
}
