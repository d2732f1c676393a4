//! The oracle: every form of `fixtures/postgres/forms.sql` runs on real servers, and `postgres::effect` must say what they did.
//!
//! A form runs in `BEGIN … ROLLBACK`; `pg_locks` tells what it locked, `pg_relation_filenode` what it wrote anew, and the
//! debug messages what it read or built. `PGSIFT_POSTGRES` names a folder with one folder per major version (`.ci/postgres`
//! makes one). Not asked: forms that refuse to run in a transaction (CONCURRENTLY, VACUUM), locks on indexes, and reads that
//! PostgreSQL does in silence (see [`reads_aloud`]).
#![allow(clippy::unwrap_used)]

use pgsift::catalog::Catalog;
use pgsift::facts::Statement;
use pgsift::postgres::effect::{Effect, EffectKind, Work, statement_effects};
use pgsift::postgres::version::Version;
use pgsift::source::{FileId, Source, Sources, Span};
use pgsift::sql::{self, token::Dialect};
use postgres::{Client, Config, NoTls, SimpleQueryMessage};
use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const SCHEMA: &str = include_str!("../fixtures/postgres/schema.sql");
const ROWS: &str = include_str!("../fixtures/postgres/rows.sql");
const FORMS: &str = include_str!("../fixtures/postgres/forms.sql");

/// Where `effect` knowingly differs: the form, and why.
const KNOWN: &[(&str, &str)] = &[
    ("alter table orders set tablespace pg_default", "it stands there already, which no file says"),
    ("alter trigger orders_touch on orders rename to tr", "the facts of ALTER TRIGGER hold no table yet"),
    ("comment on constraint orders_age_check on orders is 'x'", "ACCESS SHARE, for which only ACCESS EXCLUSIVE waits"),
    ("comment on trigger orders_touch on orders is 'x'", "ACCESS SHARE, for which only ACCESS EXCLUSIVE waits"),
    ("drop function touch() cascade", "the catalog does not keep which triggers call a function"),
    ("drop statistics orders_stats", "the catalog does not keep extended statistics"),
    ("grant select on orders to public", "ACCESS SHARE, from 18"),
    ("revoke select on orders from public", "ACCESS SHARE, from 18"),
];

#[test]
fn effects_are_what_real_servers_do() {
    let Some(folder) = std::env::var_os("PGSIFT_POSTGRES").map(PathBuf::from) else {
        println!("SKIPPED: no PostgreSQL servers (set PGSIFT_POSTGRES)");
        eprintln!("SKIPPED: no PostgreSQL servers (set PGSIFT_POSTGRES)");
        return;
    };
    let versions: Vec<Version> = (12..=18).filter(|v| folder.join(v.to_string()).is_dir()).filter_map(Version::new).collect();
    assert!(!versions.is_empty(), "no folder named as a major version in PGSIFT_POSTGRES");
    let mut differences: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut verified = 0;
    for version in &versions {
        let server = Server::start(&folder.join(version.to_string()));
        verified += verify(&server, *version, &mut differences);
    }
    let known = |form: &str| KNOWN.iter().find(|(known, _)| *known == form);
    println!("verified {verified} forms on PostgreSQL {versions:?}, {} differ, {} known", differences.len(), KNOWN.len());
    for (form, what) in &differences {
        println!("{form}{}", known(form).map_or(String::new(), |(_, why)| format!("   [known: {why}]")));
        what.iter().for_each(|line| println!("    {line}"));
    }
    let settled: Vec<&str> = KNOWN.iter().map(|(form, _)| *form).filter(|form| !differences.contains_key(form)).collect();
    assert!(settled.is_empty(), "no longer different, take them out of the list: {settled:#?}");
    let new: Vec<&&str> = differences.keys().filter(|form| known(form).is_none()).collect();
    assert!(new.is_empty(), "{} forms do something else on a real server: {new:#?}", new.len());
}

/// Runs all forms on one server; returns how many.
fn verify(server: &Server, version: Version, differences: &mut BTreeMap<&'static str, Vec<String>>) -> usize {
    let (mut client, notices) = server.connect();
    client.batch_execute(SCHEMA).unwrap();
    client.batch_execute(ROWS).unwrap();
    client.batch_execute("refresh materialized view totals; set timezone = 'Europe/Berlin'; set client_min_messages = debug1").unwrap();
    let mut catalog = Catalog::default();
    for statement in read(SCHEMA) {
        catalog.apply(&statement, SCHEMA);
    }
    let before = relations(&mut client);
    let mut run = 0;
    for (form, _) in forms().filter(|(_, from)| version.at_least(*from)) {
        run += 1;
        notices.lock().unwrap().clear();
        let truth = observe(&mut client, form, &before, &notices);
        let statements = read(form);
        let effects = statement_effects(&statements[0], &catalog, version);
        let lines = match truth {
            Ok(truth) => truth.compare(&Said::of(&effects, &before), form),
            Err(error) => vec![format!("does not run: {}", error.as_db_error().map_or(error.to_string(), |e| e.message().to_owned()))],
        };
        if !lines.is_empty() {
            differences.entry(form).or_default().extend(lines.into_iter().map(|line| format!("{version}: {line}")));
        }
    }
    run
}

/// The forms, each with the first version that has it.
fn forms() -> impl Iterator<Item = (&'static str, u8)> {
    FORMS.lines().filter(|line| !line.is_empty()).map(|line| match line.split_once(" -- from ") {
        Some((form, from)) => (form, from.parse().unwrap()),
        None => (line, 0),
    })
}

fn read(text: &str) -> Vec<Statement> {
    let file: FileId = Sources::default().add(Source::new("oracle.sql", text.as_bytes().to_vec()));
    sql::read(file, text, Span::new(0, text.len() as u32), Dialect::Psql).statements
}

/// A relation that was there before the form.
struct Known {
    name: String,
    kind: String,
    filenode: Option<String>,
}

impl Known {
    fn is_index(&self) -> bool {
        matches!(self.kind.as_str(), "i" | "I")
    }
}

fn rows(client: &mut Client, query: &str) -> Result<Vec<Vec<Option<String>>>, postgres::Error> {
    let messages = client.simple_query(query)?;
    let row = |message| match message {
        SimpleQueryMessage::Row(row) => Some((0..row.len()).map(|i| row.get(i).map(str::to_owned)).collect()),
        _ => None,
    };
    Ok(messages.into_iter().filter_map(row).collect())
}

fn relations(client: &mut Client) -> BTreeMap<String, Known> {
    let query = "select oid, relname, relkind, pg_relation_filenode(oid) from pg_class where relnamespace = 'public'::regnamespace";
    let all = rows(client, query).unwrap();
    all.into_iter()
        .map(|row| {
            let text = |i: usize| row[i].clone().unwrap();
            (text(0), Known { name: text(1), kind: text(2), filenode: row[3].clone() })
        })
        .collect()
}

type Notices = Arc<Mutex<Vec<String>>>;

/// Locks (relation to strongest mode), the relations written anew, and whether anything was read or built.
struct Truth {
    locks: BTreeMap<String, String>,
    rewritten: BTreeSet<String>,
    scans: bool,
    builds: bool,
}

fn observe(client: &mut Client, form: &str, before: &BTreeMap<String, Known>, notices: &Notices) -> Result<Truth, postgres::Error> {
    client.batch_execute("begin")?;
    let seen = client.batch_execute(form).and_then(|()| {
        let locks = rows(client, "select relation, mode from pg_locks where pid = pg_backend_pid() and locktype = 'relation'")?;
        let after: BTreeMap<String, Option<String>> =
            relations(client).into_iter().map(|(oid, relation)| (oid, relation.filenode)).collect();
        Ok((locks, after))
    });
    client.batch_execute("rollback")?;
    let (held, after) = seen?;
    let mut locks: BTreeMap<String, String> = BTreeMap::new();
    for row in held {
        let [Some(oid), Some(mode)] = row.as_slice() else { continue };
        if let Some(relation) = before.get(oid).filter(|relation| !relation.is_index()) {
            let strongest = locks.entry(relation.name.clone()).or_insert_with(|| mode.clone());
            if strength(mode) > strength(strongest) {
                strongest.clone_from(mode);
            }
        }
    }
    let changed = |(oid, relation): &(&String, &Known)| after.get(*oid).is_some_and(|node| *node != relation.filenode);
    let heap = |(_, relation): &(&String, &Known)| matches!(relation.kind.as_str(), "r" | "m");
    let rewritten = before.iter().filter(heap).filter(changed).map(|(_, relation)| relation.name.clone()).collect();
    let notices = notices.lock().unwrap();
    let says = |start: &str| notices.iter().any(|notice| notice.starts_with(start));
    let scans = says("verifying table") || says("validating foreign key");
    // an index of a table that the form itself creates is nobody's wait
    let built = |notice: &&String| notice.starts_with("building index") && before.values().any(|r| on_table(notice, &r.name));
    Ok(Truth { locks, rewritten, scans, builds: notices.iter().any(|notice| built(&notice)) })
}

fn on_table(notice: &str, table: &str) -> bool {
    notice.contains(&format!("on table \"{table}\""))
}

fn strength(mode: &str) -> usize {
    use pgsift::postgres::lock::LockMode;
    LockMode::ALL.iter().position(|m| m.pg_locks() == mode).unwrap()
}

/// The same, as pgsift says it.
struct Said {
    unsure: BTreeSet<String>,
    locks: BTreeMap<String, String>,
    rewritten: BTreeSet<String>,
    scans: bool,
    builds: bool,
}

impl Said {
    fn of(effects: &[Effect], before: &BTreeMap<String, Known>) -> Said {
        let does = |work: Work| effects.iter().any(|effect| effect.work.contains(&work));
        let relations = || effects.iter().filter(|effect| effect.kind != EffectKind::Index);
        // a partitioned table has no file of its own
        let heap = |name: &str| before.values().any(|r| r.name == name && matches!(r.kind.as_str(), "r" | "m"));
        let rewritten = relations().filter(|e| e.work.contains(&Work::Rewrite) && heap(&e.relation.name));
        Said {
            unsure: relations().filter(|e| e.unsure.is_some()).map(|e| e.relation.name.clone()).collect(),
            locks: relations().map(|e| (e.relation.name.clone(), e.mode.pg_locks().to_owned())).collect(),
            rewritten: rewritten.map(|e| e.relation.name.clone()).collect(),
            scans: does(Work::Scan),
            builds: does(Work::IndexBuild),
        }
    }
}

/// Whether PostgreSQL says in a debug message that it reads a table.
fn reads_aloud(form: &str) -> bool {
    form.starts_with("alter table")
}

impl Truth {
    /// What differs, a line each. A rewrite reads and builds anyway.
    fn compare(&self, said: &Said, form: &str) -> Vec<String> {
        let mut lines = vec![];
        let relations: BTreeSet<&String> = self.locks.keys().chain(said.locks.keys()).collect();
        for relation in relations {
            let (real, ours) = (self.locks.get(relation), said.locks.get(relation));
            let unsure = real.is_none() && said.unsure.contains(relation);
            if real != ours && !unsure {
                lines.push(format!("{relation}: PostgreSQL {}, pgsift {}", shown(real), shown(ours)));
            }
        }
        if self.rewritten != said.rewritten {
            lines.push(format!("rewrites: PostgreSQL {:?}, pgsift {:?}", self.rewritten, said.rewritten));
        }
        if !self.rewritten.is_empty() {
            return lines;
        }
        if reads_aloud(form) && self.scans != said.scans {
            lines.push(format!("scans: PostgreSQL {}, pgsift {}", self.scans, said.scans));
        }
        if self.builds != said.builds {
            lines.push(format!("builds an index: PostgreSQL {}, pgsift {}", self.builds, said.builds));
        }
        lines
    }
}

fn shown(mode: Option<&String>) -> &str {
    mode.map_or("nothing", String::as_str)
}

/// A server of our own, on a free port, in a folder of its own; both go when it is dropped.
struct Server {
    child: Child,
    port: u16,
    scratch: PathBuf,
}

impl Server {
    fn start(package: &Path) -> Server {
        let package = package.canonicalize().unwrap();
        let scratch = std::env::temp_dir().join(format!("pgsift-oracle-{}-{}", std::process::id(), package_name(&package)));
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
        for setting in ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "autovacuum=off"] {
            server.args(["-c", setting]);
        }
        let log = std::fs::File::create(scratch.join("log")).unwrap();
        let child = server.current_dir(&scratch).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        Server { child, port, scratch }
    }

    fn connect(&self) -> (Client, Notices) {
        let notices = Notices::default();
        let sink = notices.clone();
        let mut config = Config::new();
        config.host("127.0.0.1").port(self.port).user("postgres").dbname("postgres");
        config.notice_callback(move |notice| sink.lock().unwrap().push(notice.message().to_owned()));
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            match config.connect(NoTls) {
                Ok(client) => return (client, notices),
                Err(error) => assert!(Instant::now() < until, "no server within 30 s: {error}"),
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGINT is PostgreSQL's fast shutdown; it takes its children with it, which SIGKILL would not
        let _ = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.scratch);
    }
}

fn package_name(package: &Path) -> String {
    package.components().map(|part| part.as_os_str().to_string_lossy().replace('/', "")).collect::<Vec<_>>().join("-")
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
