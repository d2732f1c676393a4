//! Real PostgreSQL servers for tests: starts one, hands out sessions and scratch databases, and stops it.
//!
//! `PGSIFT_POSTGRES` names a folder with one folder per major version (`.ci/postgres` makes one). A server lives on
//! 127.0.0.1, on a free port, in a scratch folder of its own; both go when it is dropped. It knows nothing of what is asked.
#![allow(clippy::unwrap_used, dead_code)]

use pgsift::postgres::version::Version;
use postgres::{Client, Config, NoTls, SimpleQueryMessage};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Rows as text.
pub(crate) type Rows = Vec<Vec<Option<String>>>;

/// The versions that `PGSIFT_POSTGRES` holds, oldest first; without the variable none, said aloud.
pub(crate) fn installed() -> Vec<Version> {
    let Some(folder) = folder() else {
        println!("SKIPPED: no PostgreSQL servers (set PGSIFT_POSTGRES)");
        eprintln!("SKIPPED: no PostgreSQL servers (set PGSIFT_POSTGRES)");
        return vec![];
    };
    let versions: Vec<Version> = (12..=18).filter(|v| folder.join(v.to_string()).is_dir()).filter_map(Version::new).collect();
    assert!(!versions.is_empty(), "no folder named as a major version in PGSIFT_POSTGRES");
    versions
}

fn folder() -> Option<PathBuf> {
    std::env::var_os("PGSIFT_POSTGRES").map(PathBuf::from)
}

/// Asks every installed version, two at a time, and gathers the answers, oldest version first.
pub(crate) fn on_every_version<T: Send>(ask: impl Fn(&Server) -> T + Sync) -> Vec<(Version, T)> {
    let versions = installed();
    let next = AtomicUsize::new(0);
    let answers = Mutex::new(vec![]);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(version) = versions.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let answer = ask(&Server::start(*version));
                    answers.lock().unwrap().push((*version, answer));
                }
            });
        }
    });
    let mut answers = answers.into_inner().unwrap();
    answers.sort_by_key(|(version, _)| *version);
    answers
}

/// A server of our own.
pub(crate) struct Server {
    /// Its major version.
    pub(crate) version: Version,
    child: Child,
    port: u16,
    scratch: PathBuf,
}

/// What a session was told so far, severity and message.
type Notices = Arc<Mutex<Vec<String>>>;

/// A session, with what the server told it.
pub(crate) struct Session {
    client: Client,
    notices: Notices,
}

/// Why a statement did not run, in the server's words.
pub(crate) type Refusal = String;

impl Session {
    /// Runs one or more statements as one message.
    pub(crate) fn run(&mut self, sql: &str) -> Result<(), Refusal> {
        self.client.batch_execute(sql).map_err(refusal)
    }

    /// Runs statements and returns the rows of the last one that has any.
    pub(crate) fn rows(&mut self, query: &str) -> Result<Rows, Refusal> {
        let messages = self.client.simple_query(query).map_err(refusal)?;
        let row = |message| match message {
            SimpleQueryMessage::Row(row) => Some((0..row.len()).map(|i| row.get(i).map(str::to_owned)).collect()),
            _ => None,
        };
        Ok(messages.into_iter().filter_map(row).collect())
    }

    /// The process that serves this session.
    pub(crate) fn pid(&mut self) -> i32 {
        self.rows("select pg_backend_pid()").unwrap()[0][0].as_ref().unwrap().parse().unwrap()
    }

    /// The messages since the last call.
    pub(crate) fn messages(&self) -> Vec<String> {
        std::mem::take(&mut self.notices.lock().unwrap())
    }
}

fn refusal(error: postgres::Error) -> Refusal {
    error.as_db_error().map_or_else(|| error.to_string(), |e| e.message().to_owned())
}

static STARTED: AtomicUsize = AtomicUsize::new(0);

impl Server {
    /// Starts the installed server of that version.
    pub(crate) fn start(version: Version) -> Server {
        let package = folder().unwrap().join(version.to_string()).canonicalize().unwrap();
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let scratch = std::env::temp_dir().join(format!("pgsift-postgres-{}-{number}-{version}", std::process::id()));
        let _ = std::fs::remove_dir_all(&scratch);
        std::fs::create_dir_all(&scratch).unwrap();
        if is_root() {
            assert!(Command::new("chown").arg("nobody").arg(&scratch).status().unwrap().success());
        }
        let data = scratch.join("data");
        let mut initdb = unprivileged(&package, "initdb");
        initdb.arg("-D").arg(&data).args(["-U", "postgres", "-A", "trust", "-N", "--locale=C", "-E", "UTF8"]);
        let made = initdb.current_dir(&scratch).output().unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let mut server = unprivileged(&package, "postgres");
        server.arg("-D").arg(&data).args(["-p", &port.to_string()]);
        for setting in SETTINGS {
            server.args(["-c", setting]);
        }
        let log = std::fs::File::create(scratch.join("log")).unwrap();
        let child = server.current_dir(&scratch).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        Server { version, child, port, scratch }
    }

    /// A session in a database; `postgres` is always there. Waits for a server that has just been started.
    pub(crate) fn session(&self, database: &str) -> Session {
        let notices = Notices::default();
        let sink = notices.clone();
        let mut config = Config::new();
        config.host("127.0.0.1").port(self.port).user("postgres").dbname(database);
        config.notice_callback(move |notice| sink.lock().unwrap().push(notice.message().to_owned()));
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            match config.connect(NoTls) {
                Ok(client) => return Session { client, notices },
                Err(error) => assert!(Instant::now() < until, "no server within 60 s: {error}"),
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// A new database as a copy of another, in which nobody may be; in place of one by that name.
    pub(crate) fn copy_database(&self, name: &str, template: &str) {
        let mut session = self.session("postgres");
        session.run(&format!("drop database if exists {name}")).unwrap();
        // the older strategy writes no WAL for the pages
        let strategy = if self.version.at_least(15) { " strategy file_copy" } else { "" };
        session.run(&format!("create database {name} template {template}{strategy}")).unwrap();
    }
}

/// The statements of a text, without their semicolons.
pub(crate) fn statements(sql: &str) -> Vec<String> {
    let whole = pgsift::source::Span::new(0, sql.len() as u32);
    let script = pgsift::sql::read(pgsift::source::FileId(0), sql, whole, pgsift::sql::token::Dialect::Psql);
    script.statements.iter().map(|statement| statement.span.of(sql).to_owned()).collect()
}

const SETTINGS: &[&str] = &[
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "fsync=off",
    "full_page_writes=off",
    "autovacuum=off",
    "max_locks_per_transaction=256",
    "max_prepared_transactions=4",
];

impl Drop for Server {
    fn drop(&mut self) {
        // SIGINT is PostgreSQL's fast shutdown; it takes its children with it, which SIGKILL would not
        let _ = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.scratch);
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n")
}

/// A program of a package; PostgreSQL refuses to run as root.
fn unprivileged(package: &Path, program: &str) -> Command {
    let program = package.join("bin").join(program);
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.env("LD_LIBRARY_PATH", package.join("lib"));
    command
}
