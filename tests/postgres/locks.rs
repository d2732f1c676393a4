//! `postgres::effect` against what PostgreSQL does: every form of `fixtures/postgres/forms` on every server.
//!
//! A form runs in `BEGIN … ROLLBACK`, or alone where PostgreSQL wants it so (CONCURRENTLY, VACUUM): see [`observe`]. Not
//! asked: weak locks on indexes, which every query takes, and reads that PostgreSQL does in silence (see [`reads_aloud`]).

use crate::forms;
use crate::observe::{self, Truth};
use crate::relations::{Relations, relations};
use crate::server::{Refusal, Server, on_every_version};
use pgsift::catalog::Catalog;
use pgsift::postgres::effect::{Effect, EffectKind, Until, Work, effects_of_run};
use pgsift::postgres::lock::LockMode;
use pgsift::postgres::version::Version;
use std::collections::{BTreeMap, BTreeSet};

/// Where `effect` knowingly differs: the form, and why.
const KNOWN: &[(&str, &str)] = &[
    ("alter publication shop set table books", "the catalog does not keep a publication's tables"),
    ("alter type pair add attribute c integer cascade", TYPED),
    ("alter type pair drop attribute b cascade", TYPED),
    ("alter type pair rename attribute a to z cascade", TYPED),
    ("drop type pair cascade", TYPED),
    ("create policy p on books using (exists (select 1 from authors where authors.id = author_id))", QUERY),
    ("create rule r as on delete to plain_authors do instead delete from authors where id = old.id", QUERY),
    ("create rule r as on insert to authors do also insert into loners values (new.id, new.name)", QUERY),
    ("create publication p for table books, only machines", "ONLY is read and dropped"),
    ("delete from metrics where id = 1 and region = 'xx'", PRUNED),
    ("select * from metrics where region = 'us'", PRUNED),
    ("insert into logs values (1, '2023-06-06')", ROUTED),
    ("insert into metrics values (9, 'de', '2024-01-01', 1)", ROUTED),
    ("drop collation german cascade", CASCADE),
    ("drop extension citext cascade", CASCADE),
    ("drop foreign data wrapper dummy cascade", CASCADE),
    ("drop server dummy_server cascade", CASCADE),
    ("drop function watch() cascade", "the catalog does not keep the triggers of views"),
    (
        "alter table logs detach partition logs_2023 concurrently",
        "the ACCESS EXCLUSIVE of its second transaction has nobody to wait for, and goes unseen",
    ),
    ("reindex table concurrently metrics", "SHARE on the partitions for a moment, while they are listed"),
    ("truncate metrics_us cascade", "ACCESS SHARE on the parent, before 14"),
];

const TYPED: &str = "the catalog does not keep which tables are of a type";
const QUERY: &str = "the queries of policies and rules are not read";
const PRUNED: &str = "partitions that a condition rules out are not ruled out";
const ROUTED: &str = "which partition takes the row, said to be unsure";
const CASCADE: &str = "what else hangs on it is not known, and said so";

#[test]
fn effects_are_what_real_servers_do() {
    let answers = on_every_version(verify);
    let versions: Vec<String> = answers.iter().map(|(version, _)| version.to_string()).collect();
    if versions.is_empty() {
        return;
    }
    let mut differences: BTreeMap<String, BTreeMap<String, Vec<Version>>> = BTreeMap::new();
    let (mut forms, mut pairs) = (BTreeSet::new(), 0);
    for (version, verified) in answers {
        for (form, lines) in verified {
            pairs += 1;
            for line in lines {
                differences.entry(form.clone()).or_default().entry(line).or_default().push(version);
            }
            forms.insert(form);
        }
    }
    let known = |form: &str| KNOWN.iter().find(|(known, _)| *known == form);
    println!(
        "verified {} forms on PostgreSQL {}: {pairs} pairs; {} forms differ, {} of them known",
        forms.len(),
        versions.join(", "),
        differences.len(),
        KNOWN.len()
    );
    for (form, what) in &differences {
        println!("{form}{}", known(form).map_or(String::new(), |(_, why)| format!("   [known: {why}]")));
        what.iter().for_each(|(line, versions)| println!("    {}: {line}", range(versions)));
    }
    let settled: Vec<&str> = KNOWN.iter().map(|(form, _)| *form).filter(|form| !differences.contains_key(*form)).collect();
    assert!(settled.is_empty(), "no longer different, take them out of the list: {settled:#?}");
    let new: Vec<&String> = differences.keys().filter(|form| known(form).is_none()).collect();
    assert!(new.is_empty(), "{} forms do something else on a real server: {new:#?}", new.len());
}

/// `12-15` for versions that follow each other.
fn range(versions: &[Version]) -> String {
    match versions {
        [first, .., last] if usize::from(last.major() - first.major()) + 1 == versions.len() => format!("{first}-{last}"),
        _ => versions.iter().map(Version::to_string).collect::<Vec<_>>().join(", "),
    }
}

/// Runs all forms on one server: each with what differs.
fn verify(server: &Server) -> Vec<(String, Vec<String>)> {
    let version = server.version;
    let catalog = forms::catalog(version);
    server.session("postgres").run("create database truth").unwrap();
    let mut session = server.session("truth");
    for part in [forms::schema(version), forms::rows(version)] {
        session.run(&part).unwrap();
    }
    session.run("refresh materialized view totals; refresh materialized view author_counts").unwrap();
    session.run("set timezone = 'Europe/Berlin'; set client_min_messages = debug1").unwrap();
    let before = relations(&mut session);
    let judge = |form: String, truth: Result<Truth, Refusal>| {
        let lines = differences(&form, truth, &catalog, version, &before);
        (form, lines)
    };
    let mut verified = vec![];
    for form in forms::in_transaction(version) {
        let truth = observe::in_transaction(&mut session, &form, &before);
        verified.push(judge(form, truth));
    }
    drop(session);
    let mut fresh = false;
    for form in forms::alone(version) {
        if !fresh {
            server.copy_database("alone", "truth");
        }
        let before = relations(&mut server.session("alone"));
        let truth = observe::alone(server, "alone", &form, &before);
        fresh = leaves_as_it_was(&form);
        verified.push(judge(form, truth));
    }
    verified
}

fn leaves_as_it_was(form: &str) -> bool {
    ["vacuum", "reindex", "cluster", "refresh", "drop database"].iter().any(|verb| form.starts_with(verb))
}

fn differences(form: &str, truth: Result<Truth, Refusal>, catalog: &Catalog, version: Version, before: &Relations) -> Vec<String> {
    let statements = forms::read(form);
    let [statement] = statements.as_slice() else { return vec![format!("read as {} statements", statements.len())] };
    let effects = effects_of_run(statement, catalog, version);
    if let (Err(_), true) = (&truth, form.ends_with(" -- refused")) {
        return vec![];
    }
    match truth {
        _ if form.ends_with(" -- refused") => vec!["PostgreSQL accepts it".to_owned()],
        Ok(truth) => compare(&truth, &Said::of(&effects, before, truth.sampled), form, before),
        Err(error) => vec![format!("does not run: {error}")],
    }
}

/// The truth's counterpart, as pgsift says it.
struct Said {
    unsure: BTreeSet<String>,
    locks: BTreeMap<String, LockMode>,
    kinds: BTreeMap<String, EffectKind>,
    rewritten: BTreeSet<String>,
    scans: bool,
    builds: bool,
}

impl Said {
    fn of(effects: &[Effect], before: &Relations, alone: bool) -> Said {
        let does = |work: Work| effects.iter().any(|effect| effect.work.contains(&work));
        // a partitioned table has no file of its own
        let heap = |name: &str| before.values().any(|r| r.name == name && r.is_heap());
        // in a transaction, what a statement holds to its own end only is gone when anybody looks
        let held = |e: &&Effect| alone || e.until == Until::Transaction;
        let rewritten = effects.iter().filter(|e| e.work.contains(&Work::Rewrite) && heap(&e.relation.name));
        Said {
            unsure: effects.iter().filter(|e| e.unsure.is_some()).map(|e| e.relation.name.to_string()).collect(),
            locks: effects.iter().filter(held).map(|e| (e.relation.name.to_string(), e.mode)).collect(),
            kinds: effects.iter().map(|e| (e.relation.name.to_string(), e.kind)).collect(),
            rewritten: rewritten.map(|e| e.relation.name.to_string()).collect(),
            scans: does(Work::Scan),
            builds: does(Work::IndexBuild),
        }
    }
}

/// Whether PostgreSQL says in a debug message that it reads a table.
fn reads_aloud(form: &str) -> bool {
    form.starts_with("alter table")
}

/// What differs, a line each. A rewrite reads and builds anyway.
fn compare(truth: &Truth, said: &Said, form: &str, before: &Relations) -> Vec<String> {
    let mut lines = vec![];
    let names: BTreeSet<&String> = truth.locks.keys().chain(said.locks.keys()).collect();
    for name in names {
        // what pgsift never saw created may be there for all it knows: DROP TABLE IF EXISTS
        let Some(known) = before.values().find(|known| known.name == *name) else { continue };
        // a lock below SHARE UPDATE EXCLUSIVE on an index keeps nobody from anything
        let tells = |mode: &&LockMode| !known.is_index() || **mode >= LockMode::ShareUpdateExclusive;
        let (real, ours) = (truth.locks.get(name).filter(tells), said.locks.get(name).filter(tells));
        let unseen = real.is_none() && (said.unsure.contains(name) || (truth.sampled && !known.is_lockable()));
        if real != ours && !unseen {
            lines.push(format!("{name}: PostgreSQL {}, pgsift {}", shown(real), shown(ours)));
        }
        if let Some(kind) = said.kinds.get(name).filter(|kind| **kind != known.effect_kind()) {
            lines.push(format!("{name}: is a {}, not a {}", known.effect_kind().as_str(), kind.as_str()));
        }
    }
    if truth.rewritten != said.rewritten {
        lines.push(format!("rewrites: PostgreSQL {:?}, pgsift {:?}", truth.rewritten, said.rewritten));
    }
    if !truth.rewritten.is_empty() {
        return lines;
    }
    if reads_aloud(form) && truth.scans != said.scans {
        lines.push(format!("scans: PostgreSQL {}, pgsift {}", truth.scans, said.scans));
    }
    if truth.builds != said.builds {
        lines.push(format!("builds an index: PostgreSQL {}, pgsift {}", truth.builds, said.builds));
    }
    lines
}

fn shown(mode: Option<&LockMode>) -> &'static str {
    mode.map_or("nothing", |mode| mode.pg_locks())
}
