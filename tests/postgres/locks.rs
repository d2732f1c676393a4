//! The oracle: every form of `fixtures/postgres/forms.sql` runs on real servers, and `postgres::effect` must say what they did.
//!
//! A form runs in `BEGIN … ROLLBACK`; `pg_locks` tells what it locked, `pg_relation_filenode` what it wrote anew, and the
//! debug messages what it read or built. `PGSIFT_POSTGRES` names a folder with one folder per major version (`.ci/postgres`
//! makes one). Not asked: forms that refuse to run in a transaction (CONCURRENTLY, VACUUM), locks on indexes, and reads that
//! PostgreSQL does in silence (see [`reads_aloud`]).
#![allow(clippy::unwrap_used)]

use crate::server::{Refusal, Server, Session, on_every_version};
use pgsift::catalog::Catalog;
use pgsift::facts::Statement;
use pgsift::postgres::effect::{Effect, EffectKind, Work, statement_effects};
use pgsift::postgres::version::Version;
use pgsift::source::{FileId, Source, Sources, Span};
use pgsift::sql::{self, token::Dialect};
use std::collections::{BTreeMap, BTreeSet};

const SCHEMA: &str = include_str!("../../fixtures/postgres/schema.sql");
const ROWS: &str = include_str!("../../fixtures/postgres/rows.sql");
const FORMS: &str = include_str!("../../fixtures/postgres/forms.sql");

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
    let answers = on_every_version(verify);
    let versions: Vec<Version> = answers.iter().map(|(version, _)| *version).collect();
    if versions.is_empty() {
        return;
    }
    let mut differences: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut verified = 0;
    for (version, (run, differ)) in answers {
        verified += run;
        for (form, lines) in differ {
            differences.entry(form).or_default().extend(lines.into_iter().map(|line| format!("{version}: {line}")));
        }
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

/// Runs all forms on one server; returns how many, and what differs.
fn verify(server: &Server) -> (usize, Vec<(&'static str, Vec<String>)>) {
    let version = server.version;
    let mut session = server.session("postgres");
    session.run(SCHEMA).unwrap();
    session.run(ROWS).unwrap();
    session.run("refresh materialized view totals; set timezone = 'Europe/Berlin'; set client_min_messages = debug1").unwrap();
    let mut catalog = Catalog::default();
    for statement in read(SCHEMA) {
        catalog.apply(&statement, SCHEMA);
    }
    let before = relations(&mut session);
    let (mut run, mut differences) = (0, vec![]);
    for (form, _) in forms().filter(|(_, from)| version.at_least(*from)) {
        run += 1;
        let truth = observe(&mut session, form, &before);
        let statements = read(form);
        let effects = statement_effects(&statements[0], &catalog, version);
        let lines = match truth {
            Ok(truth) => truth.compare(&Said::of(&effects, &before), form),
            Err(error) => vec![format!("does not run: {error}")],
        };
        if !lines.is_empty() {
            differences.push((form, lines));
        }
    }
    (run, differences)
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

fn relations(session: &mut Session) -> BTreeMap<String, Known> {
    let query = "select oid, relname, relkind, pg_relation_filenode(oid) from pg_class where relnamespace = 'public'::regnamespace";
    let all = session.rows(query).unwrap();
    all.into_iter()
        .map(|row| {
            let text = |i: usize| row[i].clone().unwrap();
            (text(0), Known { name: text(1), kind: text(2), filenode: row[3].clone() })
        })
        .collect()
}

/// Locks (relation to strongest mode), the relations written anew, and whether anything was read or built.
struct Truth {
    locks: BTreeMap<String, String>,
    rewritten: BTreeSet<String>,
    scans: bool,
    builds: bool,
}

fn observe(session: &mut Session, form: &str, before: &BTreeMap<String, Known>) -> Result<Truth, Refusal> {
    session.run("begin")?;
    session.messages();
    let seen = session.run(form).and_then(|()| {
        let held = session.rows("select relation, mode from pg_locks where pid = pg_backend_pid() and locktype = 'relation'")?;
        let after: BTreeMap<String, Option<String>> =
            relations(session).into_iter().map(|(oid, relation)| (oid, relation.filenode)).collect();
        Ok((held, after))
    });
    session.run("rollback")?;
    let notices = session.messages();
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
