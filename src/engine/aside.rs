//! What nobody waits for: tests, and code that moves data once. Known by paths alone.

use crate::extract::Language;
use crate::source::{FileId, Source};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// Folders of tests, of any language.
const TESTS: &[&str] = &[
    "test",
    "tests",
    "spec",
    "specs",
    "__tests__",
    "__mocks__",
    "testdata",
    "testutil",
    "testutils",
    "e2e",
    "test-files",
    "regression_suite",
    "stub",
    "stubs",
];

/// Folders that hold tests of code, and in which SQL is anybody's.
const CODE_TESTS: &[&str] = &[
    "testing",
    "fixture",
    "fixtures",
    "bench",
    "benches",
    "benchmark",
    "benchmarks",
    "mocks",
    "cypress",
    "it",
    "itest",
    "integrationtest",
    "integration_test",
    "dbtest",
    "test-utils",
    "playwright",
    "integration-tests",
    "functionaltest",
    "androidtest",
    "jvmtest",
    "commontest",
    "testfixtures",
    "unittests",
    "__fixtures__",
    "testsuite",
    "testsupport",
    "test-support",
    "testdb",
    "testhelper",
    "testhelpers",
    "test_helpers",
];

/// Folders of code that migrates.
const MIGRATIONS: &[&str] = &[
    "migration",
    "migrations",
    "migrate",
    "migrator",
    "changelog",
    "changesets",
    "changelogs",
    "liquibase",
    "batched-migrations",
    "database_migrations",
    "data_migrations",
    "deltas",
];

/// Folders of what somebody runs by hand.
const BY_HAND: &[&str] = &[
    "script",
    "scripts",
    "tools",
    "hack",
    "examples",
    "example",
    "demo",
    "demos",
    "seed",
    "seeds",
    "seeders",
    "loadtest",
    "load-test",
    "dev",
    "devtools",
    "dev-tools",
    "playground",
    "sandbox",
    "adhoc",
    "ad-hoc",
    "one-off",
    "one_off",
    "oneoff",
    "oneoffs",
    "one-offs",
    "backfill",
    "backfills",
    "bisect",
];

/// The first byte of a file's tests: of all of it by its path, or of what Rust compiles for tests only.
pub(super) fn tests_from(source: &Source, language: Language, asked: &HashSet<PathBuf>) -> u32 {
    if is_asked(&source.path, asked) {
        return u32::MAX;
    }
    if is_test_of(&telling(&source.path, asked).to_string_lossy(), true) {
        return 0;
    }
    match language.name() {
        "rust" => inner_tests(&source.text).map_or(u32::MAX, |at| at as u32),
        // what takes the test that runs helps tests, whatever its file is called
        "python" if ["\nimport pytest\n", "\nfrom behave import "].iter().any(|import| source.text.contains(import)) => 0,
        "go" if ["*testing.T", "testing.TB", "stretchr/testify/"].iter().any(|mark| source.text.contains(mark)) => 0,
        _ => u32::MAX,
    }
}

/// Where the module begins that Rust compiles for tests only: `#[cfg(test)] pub(crate) mod tests {`, and not `mod tests;`.
fn inner_tests(text: &str) -> Option<usize> {
    // `#[cfg(any(test, feature = "pg_test"))]` too
    const MARK: &str = "#[cfg(";
    memchr::memmem::find_iter(text.as_bytes(), MARK.as_bytes()).find(|&at| {
        let Some((condition, rest)) = text[at + MARK.len()..].split_once(")]") else { return false };
        if condition != "test" && !condition.starts_with("any(test,") {
            return false;
        }
        let mut rest = rest.trim_start();
        let passed = |rest: &str| rest.starts_with("#[") || rest.starts_with("//");
        while let Some(line) = Some(rest).filter(|rest| passed(rest)).and_then(|rest| rest.split_once('\n')) {
            rest = line.1.trim_start();
        }
        let rest = rest.strip_prefix("pub").map_or(rest, |rest| match rest.strip_prefix('(') {
            Some(rest) => rest.split_once(')').map_or(rest, |(_, rest)| rest),
            None => rest,
        });
        let own = rest.trim_start().strip_prefix("mod ");
        own.is_some_and(|rest| rest.split(['\n', '{', ';']).next().is_some_and(|name| rest[name.len()..].trim_start().starts_with('{')))
    })
}

/// `pg_partman--4.7.4--5.0.0.sql`: what `ALTER EXTENSION … UPDATE` runs.
pub(super) fn updates_extension(path: &Path) -> bool {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
    let mut versions = stem.split("--").skip(1);
    let version = |text: Option<&str>| text.is_some_and(|text| text.starts_with(|c: char| c.is_ascii_digit()));
    version(versions.next()) && version(versions.next())
}

/// The scripts of extensions of which a later version lies beside them, in whichever folder: they are released, and nobody edits
/// them. `cdb_client--0.20.0.sql`, where there is a `cdb_client--0.26.2.sql`.
pub(super) fn superseded<'p>(paths: impl Iterator<Item = (FileId, &'p Path)>) -> HashSet<FileId> {
    let script = |path: &Path| {
        let stem = path.file_stem()?.to_string_lossy().into_owned();
        let (name, version) = stem.split_once("--")?;
        let numbers: Option<Vec<u32>> = version.split('.').map(|part| part.parse().ok()).collect();
        path.extension().is_some_and(|end| end == "sql").then_some((name.to_owned(), numbers?))
    };
    let scripts: Vec<(FileId, (String, Vec<u32>))> = paths.filter_map(|(file, path)| Some((file, script(path)?))).collect();
    let mut last: HashMap<&str, &[u32]> = HashMap::new();
    for (_, (name, version)) in &scripts {
        let known = last.entry(name).or_insert(version);
        *known = (*known).max(version);
    }
    scripts
        .iter()
        .filter(|(_, (name, version))| last.get(name.as_str()).is_some_and(|last| *last > version.as_slice()))
        .map(|(file, _)| *file)
        .collect()
}

/// `emaj--devel.sql`, `pg_partman--5.0.0.sql`: what CREATE EXTENSION runs.
pub(super) fn makes_extension(path: &Path) -> bool {
    path.file_stem()
        .is_some_and(|stem| stem.to_string_lossy().split_once("--").is_some_and(|(name, version)| !name.is_empty() && !version.is_empty()))
}

/// Whether a file of SQL is one of a test suite.
pub(super) fn is_test_sql(path: &Path, asked: &HashSet<PathBuf>) -> bool {
    is_test_of(&telling(path, asked).to_string_lossy(), false) && !is_asked(path, asked)
}

/// The part of a path that tells what a file is for. Outside of the working directory that is what stands below the folder that was
/// asked about: in which folders somebody keeps a repository says nothing of it.
pub fn telling<'p>(path: &'p Path, asked: &HashSet<PathBuf>) -> &'p Path {
    if path.is_relative() && !path.starts_with("..") {
        return path;
    }
    let folder = path.ancestors().skip(1).find(|folder| asked.contains(*folder));
    folder.and_then(|folder| path.strip_prefix(folder).ok()).unwrap_or(path)
}

/// Whether a path lies in tests that were asked about by name: then they are no aside.
fn is_asked(path: &Path, asked: &HashSet<PathBuf>) -> bool {
    named(path, asked).any(|asked| is_test_of(&asked.to_string_lossy(), true))
}

/// The path and the folders around it that were asked about by name.
fn named<'p>(path: &'p Path, asked: &HashSet<PathBuf>) -> impl Iterator<Item = &'p Path> {
    path.ancestors().filter(|path| asked.contains(*path))
}

/// Whether code lies among the migrations, so that what it runs it runs once.
pub(super) fn migrates(path: &Path) -> bool {
    let folders = path.parent().into_iter().flat_map(Path::components);
    let own = path.file_stem().map(|stem| stem.to_string_lossy().to_ascii_lowercase());
    own.is_some_and(|stem| stem == "migrations" || stem.starts_with("migration_") || stem.starts_with("migration-") || is_versioned(&stem))
        || folders.into_iter().any(|part| MIGRATIONS.contains(&part.as_os_str().to_string_lossy().to_ascii_lowercase().as_str()))
}

/// `V20260715_1443_1__BackfillNotifications`: Flyway's name of a migration.
fn is_versioned(stem: &str) -> bool {
    let version = stem.split_once("__").map(|(version, _)| version);
    version
        .and_then(|v| v.strip_prefix(['v', 'r']))
        .is_some_and(|v| v.starts_with(|c: char| c.is_ascii_digit()) && v.chars().all(|c| c.is_ascii_digit() || c == '_' || c == '.'))
}

/// Folders of what is shown to readers.
const SHOWN: &[&str] =
    &["doc", "docs", "documentation", "sample", "samples", "example", "examples", "demo", "demos", "tutorial", "tutorials"];

/// Whether a file of plain SQL is there to be read, by where it lies: what it makes is nobody's schema.
pub(super) fn is_shown(path: &Path, asked: &HashSet<PathBuf>) -> bool {
    let shows =
        |folder: &Path| folder.components().any(|part| SHOWN.contains(&part.as_os_str().to_string_lossy().to_ascii_lowercase().as_str()));
    let is_meant = || named(path, asked).any(|asked| asked == path || shows(asked));
    let below = telling(path, asked);
    below.is_relative() && below.parent().is_some_and(shows) && !is_meant()
}

/// Whether code is run by hand, by where it lies: nobody waits for its queries. Who names such a folder means it.
pub(super) fn is_run_by_hand(path: &Path, asked: &HashSet<PathBuf>) -> bool {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let is_meant = || named(path, asked).any(|asked| asked == path || is_by_hand(asked));
    let below = telling(path, asked);
    let folder = || below.parent().is_some_and(|folder| below.is_relative() && is_by_hand(folder));
    let seeds =
        ["seed", "seeds"].iter().any(|word| stem.strip_prefix(word).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric())));
    let once = ["backfill", "one-off", "oneoff"]
        .iter()
        .any(|word| stem.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_', '.'])));
    (seeds || once || folder()) && !is_meant()
}

fn is_by_hand(folder: &Path) -> bool {
    folder.components().any(|part| {
        let part = part.as_os_str().to_string_lossy().to_ascii_lowercase();
        BY_HAND.contains(&part.as_str())
            || ["scripts", "seed", "seeds"].iter().any(|end| part.strip_suffix(end).is_some_and(|p| p.ends_with(['-', '_'])))
    })
}

/// Whether a path is that of a test, whose queries are nobody's load.
pub fn is_test(path: &str) -> bool {
    is_test_of(path, true)
}

fn is_test_of(path: &str, code: bool) -> bool {
    let stem = path.rsplit(['/', '\\']).next().and_then(|name| name.split('.').next()).unwrap_or("");
    if code
        && matches!(
            stem,
            "tests"
                | "test"
                | "test_utils"
                | "testutils"
                | "testutil"
                | "test_helper"
                | "test_helpers"
                | "testhelpers"
                | "spec_helper"
                | "fake_data"
                | "fakedata"
                | "mock_data"
                | "TestDataInitializer"
        )
    {
        return true;
    }
    if code && ["Test", "Tests", "Spec", "Specs", "TestCase"].iter().any(|end| stem.ends_with(end)) {
        return true;
    }
    // Of what lies elsewhere only the file's own name is the project's.
    let elsewhere = path.starts_with(['/', '\\']) || path.starts_with("..") || path.contains(":\\");
    let lower = path.to_ascii_lowercase();
    // all that is looked for inside of names holds one of these
    let says_so = ["test", "spec", "e2e", "benchmarks"].iter().any(|word| lower.contains(word));
    let parts: Vec<&str> = if elsewhere { lower.rsplit(['/', '\\']).take(1).collect() } else { lower.split(['/', '\\']).collect() };
    // `LinqTests/` of .NET, which has no other mark
    let camel = |part: &str| ["Tests", "Testing", "IntegrationTest"].iter().any(|end| part.ends_with(end)) || part.contains("Tests.");
    if says_so && !elsewhere && path.split(['/', '\\']).any(camel) {
        return true;
    }
    // `integration/` at the top holds tests; further down it is what integrates
    if parts.len() > 1 && parts.first() == Some(&"integration") {
        return true;
    }
    parts.into_iter().any(|part| {
        TESTS.contains(&part)
            || (code && CODE_TESTS.contains(&part))
            || says_so && ["_test.", ".test.", ".spec.", "_spec."].iter().any(|mark| part.contains(mark))
            || says_so
                && [
                    ".testing",
                    ".tests",
                    "-tests",
                    "_tests",
                    "-test",
                    "dbtests",
                    "-test-utils",
                    "_testdata",
                    "_e2e",
                    "-e2e",
                    "-benchmarks",
                    "_benchmarks",
                ]
                .iter()
                .any(|end| part.ends_with(end))
            || (code && ["test_", "tests-", "test-"].iter().any(|start| part.starts_with(start)))
            || says_so && (part.starts_with("test") && part.ends_with("data") || part.ends_with("test_data") || part.ends_with("test-data"))
            || matches!(part, ".build" | ".travis" | ".circleci" | ".github")
            || part == "conftest.py"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_known_by_folders_and_names() {
        for path in ["tests/a.sql", "src/x.test.sql", "pkg/Tests/b.sql", "postgres/regression_suite/c.sql", "db/testidata/d.sql"] {
            assert!(is_test_sql(Path::new(path), &HashSet::new()), "{path}");
        }
        for path in ["db/contest/a.sql", "fixtures/guide.sql", "/srv/test/a.sql", "../tests/a.sql", "latest.sql", "test_plan.sql"] {
            assert!(!is_test_sql(Path::new(path), &HashSet::new()), "{path}");
        }
        let asked = ["tests", "db"].map(PathBuf::from).into();
        assert!(!is_test_sql(Path::new("tests/db/a.sql"), &asked) && is_test_sql(Path::new("db/tests/a.sql"), &asked));
        assert!(is_test("app/fixtures/a.py") && is_test("UserServiceTest.java") && !is_test("Contest.java"));
    }

    #[test]
    fn the_tests_inside_a_file_of_rust_are_known() {
        fn at(text: &str) -> Option<&str> {
            inner_tests(text).map(|at| &text[at..])
        }
        for tests in [
            "#[cfg(test)]\nmod tests {\n}",
            "#[cfg(test)]\npub(crate) mod tests {\n}",
            "#[cfg(test)]\n#[allow(clippy::unwrap_used)]\npub mod fakes\n{\n}",
            "#[cfg(test)]\n// why that is allowed\n#[allow(clippy::unwrap_used)]\nmod test {\n}",
        ] {
            assert_eq!(at(&format!("fn a() {{}}\n{tests}")), Some(tests));
        }
        for other in ["#[cfg(test)]\nmod tests;\nfn a() {}", "#[cfg(test)]\nuse a::b;\nmod c {}", "mod tests {}"] {
            assert_eq!(at(other), None, "{other}");
        }
    }

    #[test]
    fn outside_of_the_working_directory_the_path_below_the_folder_asked_about_counts() {
        let asked = ["/srv/tests/shop", "../docs/blog"].map(PathBuf::from).into();
        assert!(
            is_test_sql(Path::new("/srv/tests/shop/tests/a.sql"), &asked) && is_test_sql(Path::new("../docs/blog/tests/a.sql"), &asked)
        );
        assert!(!is_test_sql(Path::new("/srv/tests/shop/db/a.sql"), &asked) && !is_shown(Path::new("../docs/blog/db/a.sql"), &asked));
        assert!(is_run_by_hand(Path::new("/srv/tests/shop/scripts/a.sql"), &asked));
        assert!(is_shown(Path::new("/srv/tests/shop/examples/a.sql"), &asked));
        assert!(!is_run_by_hand(Path::new("/srv/scripts/a.sql"), &asked));
    }

    #[test]
    fn code_among_migrations_runs_once() {
        assert!(migrates(Path::new("db/migrate/1_x.rb")) && migrates(Path::new("app/jobs/database_migrations/a.rb")));
        assert!(migrates(Path::new("backend/migrator/migration_3_1.go")) && migrates(Path::new("sql/migrations.sql")));
        assert!(migrates(Path::new("setup/database/V20260715_1443_1__Backfill.java")));
        assert!(!migrates(Path::new("src/V8__engine_notes/a.ts")));
        assert!(!migrates(Path::new("src/migrate.ts")) && !migrates(Path::new("src/a.ts")));
    }

    #[test]
    fn scripts_and_seeds_are_run_by_hand() {
        for path in [
            "src/admin/backfill-blurhash.ts",
            "scripts/export.rb",
            "local-db-scripts/a.sql",
            "lib/dev_seed/a.rake",
            "tools/a/b.py",
            "db/seeds.rb",
            "prisma/seed.ts",
        ] {
            assert!(is_run_by_hand(Path::new(path), &HashSet::new()), "{path}");
        }
        for path in ["src/backfiller.ts", "app/tool.rb", "src/toolset/a.py", "/srv/scripts/a.py", "app/seeding.rb"] {
            assert!(!is_run_by_hand(Path::new(path), &HashSet::new()), "{path}");
        }
        let named = |path: &str| is_run_by_hand(Path::new("tools/a/b.py"), &[PathBuf::from(path)].into());
        assert!(!named("tools") && !named("tools/a/b.py") && named("."));
    }
}
