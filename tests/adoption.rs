//! Adoption, driven as its users do it: baselines, changes since a revision, what is staged, fixes, `init`. Uses git itself.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

struct Project(PathBuf);

const TABLE: &str = "CREATE TABLE orders (id bigint PRIMARY KEY, note text);\n";
const OLD: &str = "ALTER TABLE orders ALTER note SET NOT NULL;\n";
const BAD: &str = "CREATE INDEX orders_note ON orders (note);\n";

impl Project {
    fn new(name: &str) -> Project {
        let root = std::env::temp_dir().canonicalize().unwrap().join(format!("pgsift-adoption-{}-{name}", std::process::id()));
        fs::create_dir_all(root.join("m")).unwrap();
        let project = Project(root);
        project.git(&["init", "-q", "-b", "main", "."]);
        for (key, value) in [("user.email", "a@example.org"), ("user.name", "a"), ("core.autocrlf", "false"), ("commit.gpgsign", "false")] {
            project.git(&["config", key, value]);
        }
        project.write("m/0001_orders.sql", TABLE);
        project.write("m/0002_old.sql", OLD);
        project.commit("base");
        project
    }

    fn git(&self, args: &[&str]) {
        let output =
            Command::new("git").args(args).current_dir(&self.0).env_remove("GIT_DIR").env_remove("GIT_INDEX_FILE").output().unwrap();
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message]);
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.0.join(path)).unwrap()
    }

    fn run_in(&self, folder: &str, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pgsift"));
        for name in ["GITHUB_WORKSPACE", "CI_PROJECT_DIR", "GITHUB_SHA", "GIT_DIR", "GIT_INDEX_FILE"] {
            command.env_remove(name);
        }
        command.args(args).current_dir(self.0.join(folder)).output().unwrap()
    }

    fn run(&self, args: &[&str]) -> Output {
        self.run_in(".", args)
    }

    /// `path rule` of each finding, leaving out the timeouts that every example lacks.
    fn findings(&self, args: &[&str]) -> Vec<String> {
        self.findings_in(".", args)
    }

    fn findings_in(&self, folder: &str, args: &[&str]) -> Vec<String> {
        let output = self.run_in(folder, &[&["check", "--format", "json", "--ignore", "missing-lock-timeout"], args].concat());
        let json: serde_json::Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        let text = |f: &serde_json::Value, key: &str| f[key].as_str().unwrap().to_owned();
        json["findings"].as_array().unwrap().iter().map(|f| format!("{} {}", text(f, "file"), text(f, "rule"))).collect()
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_baseline_survives_edits_and_moves_and_tells_what_is_stale() {
    let project = Project::new("baseline");
    assert_eq!(project.findings(&[]), ["m/0002_old.sql not-null-scan"]);
    let output = project.run(&["check", "--write-baseline"]);
    assert!(stdout(&output).contains("written to pgsift-baseline.json"), "{}", stdout(&output));
    assert_eq!(output.status.code(), Some(0));
    let with = ["--baseline", "pgsift-baseline.json"];
    project.write("pgsift.toml", "baseline = \"pgsift-baseline.json\"\n");
    assert!(project.findings(&[]).is_empty());
    fs::remove_file(project.0.join("m/0002_old.sql")).unwrap();
    project.write("m/0002_moved.sql", &format!("-- a comment\nSELECT 1;\n\n{OLD}"));
    assert!(project.findings(&with).is_empty());
    project.write("m/0003_new.sql", BAD);
    assert_eq!(project.findings(&with), ["m/0003_new.sql index-without-concurrently"]);
    project.write("m/0002_moved.sql", "SELECT 1;\n");
    let output = project.run(&["check"]);
    assert!(stdout(&output).contains("match nothing any more"), "{}", stdout(&output));
    assert!(stdout(&output).contains("not-null-scan in m/0002_old.sql"), "{}", stdout(&output));
    project.run(&["check", "--write-baseline"]);
    assert!(!project.read("pgsift-baseline.json").contains("not-null-scan"));
    let output = project.run(&["check", "--baseline", "gone.json"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("no such baseline"), "{}", stderr(&output));
}

#[test]
fn since_sees_changed_lines_new_renamed_and_untracked_files() {
    let project = Project::new("since");
    project.git(&["checkout", "-q", "-b", "feature"]);
    assert!(project.findings(&["--since", "main"]).is_empty());
    // untracked
    project.write("m/0003_new.sql", BAD);
    assert_eq!(project.findings(&["--since", "main"]), ["m/0003_new.sql index-without-concurrently"]);
    // committed, seen from a folder below, while main has moved on
    project.commit("new");
    project.git(&["checkout", "-q", "main"]);
    project.write("m/0004_elsewhere.sql", BAD);
    project.commit("elsewhere");
    project.git(&["checkout", "-q", "feature"]);
    assert_eq!(project.findings_in("m", &["--since", "main"]), ["0003_new.sql index-without-concurrently"]);
    // a rename alone changes no line; an edit above the statement neither; an edit in it does
    project.git(&["mv", "m/0002_old.sql", "m/0002 rénamed.sql"]);
    project.write("m/0002 rénamed.sql", &format!("-- above\n{OLD}-- below\n"));
    assert_eq!(project.findings(&["--since", "main"]).len(), 1);
    project.write("m/0002 rénamed.sql", &OLD.replace("ALTER note", "\n  ALTER COLUMN note"));
    assert_eq!(project.findings(&["--since", "main"]), ["m/0002 rénamed.sql not-null-scan", "m/0003_new.sql index-without-concurrently"]);
}

#[test]
fn since_tells_what_git_does_not_know() {
    let project = Project::new("shallow");
    let output = project.run(&["check", "--since", "nowhere"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("does not know the revision `nowhere`"), "{}", stderr(&output));
    project.write("m/0003.sql", BAD);
    project.commit("second");
    let clone = project.0.join("clone");
    let from = format!("file://{}", project.0.display());
    project.git(&["clone", "-q", "--depth", "1", &from, &clone.to_string_lossy()]);
    let output = project.run_in("clone", &["check", "--since", "HEAD~1"]);
    assert!(stderr(&output).contains("shallow") && stderr(&output).contains("fetch-depth: 0"), "{}", stderr(&output));
    let outside = std::env::temp_dir();
    let output = Command::new(env!("CARGO_BIN_EXE_pgsift"))
        .args(["check", "--since", "x", "-"])
        .current_dir(outside)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(stderr(&output).contains("no git repository here"), "{}", stderr(&output));
}

#[test]
fn staged_is_what_the_index_holds() {
    let project = Project::new("staged");
    project.write("m/0003_new.sql", BAD);
    assert!(project.findings(&["--staged"]).is_empty(), "untracked");
    project.git(&["add", "-A"]);
    project.write("m/0003_new.sql", "SELECT 1;\n");
    assert_eq!(project.findings(&["--staged"]), ["m/0003_new.sql index-without-concurrently"]);
    fs::remove_file(project.0.join("m/0003_new.sql")).unwrap();
    assert_eq!(project.findings(&["--staged"]), ["m/0003_new.sql index-without-concurrently"], "gone from disk, still staged");
    project.git(&["add", "-A"]);
    assert!(project.findings(&["--staged"]).is_empty());
}

#[test]
fn start_after_replays_and_does_not_report() {
    let project = Project::new("start-after");
    project.write("m/0003_new.sql", BAD);
    project.write("pgsift.toml", "start-after = \"0002_old.sql\"\n");
    assert_eq!(project.findings(&[]), ["m/0003_new.sql index-without-concurrently"]);
    project.write("pgsift.toml", "start-after = \"0003\"\n");
    assert!(project.findings(&[]).is_empty());
}

#[test]
fn comments_expire_and_may_have_to_give_reasons() {
    let project = Project::new("expiry");
    let with = |comment: &str| {
        project.write("m/0003_new.sql", &format!("-- pgsift: ignore[index-without-concurrently] {comment}\n{BAD}"));
        project.findings(&["m/0003_new.sql"])
    };
    assert!(with("until 2999-12-31 small table").is_empty());
    let expired = with("until 2020-01-01 small table");
    assert_eq!(expired, ["m/0003_new.sql ineffective-suppression", "m/0003_new.sql index-without-concurrently"]);
    assert_eq!(with("until 2020-02-31 small table"), ["m/0003_new.sql ineffective-suppression"]);
    assert!(with("").is_empty());
    assert!(project.findings(&["m/0003_new.sql", "--exclude", "m/0003*"]).is_empty());
    let around = |before: &str, after: &str| {
        project.write("m/0003_new.sql", &format!("{before}\n{BAD}{after}\nCREATE INDEX second ON orders (lower(note));\n"));
        project.findings(&["m/0003_new.sql"])
    };
    let one = ["m/0003_new.sql index-without-concurrently"];
    let start = "-- pgsift: ignore-start[index-without-concurrently] a reason";
    assert_eq!(around(start, "-- pgsift: ignore-end[index-without-concurrently]"), one);
    assert!(around(start, "").is_empty(), "to the end of the file");
    assert_eq!(around("-- pgsift: ignore[all] a reason", ""), one);
    assert!(around("-- pgsift: ignore-file[all] a reason", "").is_empty());
    assert_eq!(around("-- pgsift: ignore index-without-concurrently", "").len(), 3, "a comment that cannot be read is told");
    assert_eq!(around("", "-- pgsift: ignore-end[index-without-concurrently]").len(), 3);
    project.write("pgsift.toml", "[suppressions]\nrequire-reason = true\n");
    assert_eq!(with(""), ["m/0003_new.sql ineffective-suppression"]);
    assert!(with("small table").is_empty());
}

#[test]
fn fixes_converge_and_keep_line_endings_and_permissions() {
    let project = Project::new("fixes");
    project.write("m/0003_new.sql", "CREATE INDEX orders_note ON orders (note);\r\nSELECT * FROM orders WHERE note = NULL;\r\n");
    let path = project.0.join("m/0003_new.sql");
    #[cfg(unix)]
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o640)).unwrap();
    let only = ["check", "m/0003_new.sql", "--unsafe-fixes"];
    let diff = project.run(&[&only[..], &["--diff"]].concat());
    assert_eq!(diff.status.code(), Some(1));
    assert!(stdout(&diff).contains("+CREATE INDEX CONCURRENTLY orders_note"), "{}", stdout(&diff));
    assert!(project.read("m/0003_new.sql").starts_with("CREATE INDEX orders_note"), "--diff writes nothing");
    let fixed = project.run(&[&only[..], &["--fix"]].concat());
    assert!(stderr(&fixed).contains("applied in 1 file"), "{}", stderr(&fixed));
    let text = project.read("m/0003_new.sql");
    assert!(text.contains("CREATE INDEX CONCURRENTLY orders_note ON orders (note);\r\n"), "{text:?}");
    assert!(text.contains("WHERE note IS NULL;\r\n"), "{text:?}");
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions()) & 0o777, 0o640);
    let again = project.run(&[&only[..], &["--diff"]].concat());
    assert_eq!((again.status.code(), stdout(&again)), (Some(0), String::new()));
    assert_eq!(project.read("m/0002_old.sql"), OLD, "a file that was not named");
}

/// What a runner is known to do decides whether a fix is safe.
#[test]
fn a_concurrent_build_is_a_safe_fix_where_no_transaction_can_be() {
    let project = Project::new("safe");
    let applied = |text: &str| {
        project.write("migrations/20240101000000_a.sql", TABLE);
        project.write("migrations/20240102000000_b.sql", text);
        project.run(&["check", "--fix", "migrations"]);
        project.read("migrations/20240102000000_b.sql") != text
    };
    assert!(!applied(BAD), "a plain file may be run in a transaction");
    project.write("Cargo.toml", "[dependencies]\nsqlx = \"0.8\"\n");
    assert!(!applied(BAD), "sqlx opens one");
    assert!(applied(&format!("-- no-transaction\n{BAD}")), "sqlx was told not to");
}

#[test]
fn files_that_are_not_text_or_not_writable_are_left_alone() {
    let project = Project::new("unfixable");
    let bytes = [b"SELECT 1 FROM orders WHERE note = NULL; -- \xff\n".as_slice()].concat();
    fs::write(project.0.join("m/0003.sql"), &bytes).unwrap();
    let output = project.run(&["check", "m/0003.sql", "--fix", "--unsafe-fixes"]);
    assert_eq!(fs::read(project.0.join("m/0003.sql")).unwrap(), bytes, "{}", stderr(&output));
    let path = project.0.join("m/0004.sql");
    project.write("m/0004.sql", "SELECT 1 FROM orders WHERE note = NULL;\n");
    let mut permissions = fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).unwrap();
    let output = project.run(&["check", "m/0004.sql", "--fix", "--unsafe-fixes"]);
    assert!(stdout(&output).contains("it is read-only"), "{}", stdout(&output));
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn several_formats_in_one_run_with_paths_from_the_root() {
    let project = Project::new("formats");
    let output = project.run_in("m", &["check", "--format", "sarif=../out.sarif", "--format", "github"]);
    assert!(stdout(&output).contains("file=m/0002_old.sql,"), "{}", stdout(&output));
    let sarif: serde_json::Value = serde_json::from_str(&project.read("out.sarif")).unwrap();
    let uris = sarif["runs"][0]["results"].as_array().unwrap().iter();
    assert!(uris.into_iter().all(|r| r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "m/0002_old.sql"));
    assert_eq!(project.run(&["check", "--format", "json", "--format", "sarif"]).status.code(), Some(2));
}

#[test]
fn init_finds_and_does_not_overwrite() {
    let project = Project::new("init");
    project.write("docker-compose.yml", "services:\n  db:\n    image: postgres:14.9-alpine\n");
    project.write(".github/workflows/test.yml", "services:\n  db:\n    image: postgres:15\n");
    project.write(".squawk.toml", "excluded_rules = [\"require-concurrent-index-creation\"]\nassume_in_transaction = true\n");
    project.write("app/main.py", "print()\n");
    let output = project.run(&["init", "--start-now", "--hook", "git", "--github"]);
    let text = stdout(&output);
    for piece in
        ["migrations: 2 in m (plain SQL)", "code: Python (1)", "PostgreSQL 14.9: docker-compose.yml:3", "squawk", "wrote pgsift.toml"]
    {
        assert!(text.contains(piece), "{piece} is missing in:\n{text}{}", stderr(&output));
    }
    let config = project.read("pgsift.toml");
    for piece in ["postgres = 14\n", "\nstart-after = \"0002_old.sql\"", "\ntransaction = true", "index-without-concurrently = \"off\""] {
        assert!(config.contains(piece), "{piece} is missing in:\n{config}");
    }
    assert!(project.findings(&[]).is_empty());
    assert!(project.read(".git/hooks/pre-commit").contains("pgsift check --staged"));
    assert!(project.read(".github/workflows/pgsift.yml").contains("fetch-depth: 0"));
    let again = project.run(&["init"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(stderr(&again).contains("pgsift.toml is there already"), "{}", stderr(&again));
    assert_eq!(project.run(&["init", "--force"]).status.code(), Some(0));
    assert!(project.read("pgsift.toml").contains("# start-after"));
    project.write(".pre-commit-config.yaml", "repos:\n- repo: https://example.org/x\n  rev: v1\n  hooks:\n  - id: x\n");
    project.run(&["init", "--hook", "pre-commit"]);
    assert!(project.read(".pre-commit-config.yaml").contains("  - id: x\n- repo: "), "{}", project.read(".pre-commit-config.yaml"));
}

#[test]
fn manuals_are_printed() {
    let project = Project::new("manuals");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(stdout(&project.run(&["completions", shell])).contains("pgsift"), "{shell}");
    }
    assert!(stdout(&project.run(&["man"])).contains(".TH pgsift 1"));
    assert!(stdout(&project.run(&["man", "check"])).contains("baseline"));
    assert_eq!(project.run(&["man", "chekc"]).status.code(), Some(2));
    assert!(stdout(&project.run(&["explain", "require-concurrent-index-creation"])).starts_with("index-without-concurrently ("));
    assert!(stdout(&project.run(&["explain", "--format", "markdown", "drop-column"])).starts_with("# drop-column"));
    let help = stdout(&project.run(&["check", "--help"]));
    for heading in ["What is read:", "Which findings:", "Fixes:", "Output:", "Examples:", "Exit codes:"] {
        assert!(help.contains(heading), "{heading} is missing in:\n{help}");
    }
}
