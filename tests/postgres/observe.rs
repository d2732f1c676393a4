//! What a form really does, read from `pg_locks`, from the relations' files and from the debug messages.

use crate::relations::{Known, Relations, relations};
use crate::server::{Refusal, Rows, Server, Session};
use pgsift::postgres::lock::LockMode;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// The strongest mode per relation, the relations written anew, and whether anything was read or built.
pub(crate) struct Truth {
    pub(crate) locks: BTreeMap<String, LockMode>,
    pub(crate) rewritten: BTreeSet<String>,
    pub(crate) scans: bool,
    pub(crate) builds: bool,
    /// Locks that were not there when anybody looked may have been taken all the same.
    pub(crate) sampled: bool,
}

/// Runs a form in a transaction, which is then rolled back.
pub(crate) fn in_transaction(session: &mut Session, form: &str, before: &Relations) -> Result<Truth, Refusal> {
    session.run("begin")?;
    session.messages();
    let seen = session.run(form).and_then(|()| {
        let held = session.rows("select relation, mode from pg_locks where pid = pg_backend_pid() and locktype = 'relation'")?;
        Ok((held, relations(session)))
    });
    session.run("rollback")?;
    let messages = session.messages();
    let (held, after) = seen?;
    let mut locks = BTreeMap::new();
    note(&held, before, &mut locks);
    Ok(truth(locks, before, &after, &messages, false))
}

fn note(held: &Rows, before: &Relations, locks: &mut BTreeMap<String, LockMode>) {
    for row in held {
        let [Some(oid), Some(mode), ..] = row.as_slice() else { continue };
        if let Some(relation) = before.get(oid) {
            let mode = LockMode::ALL.into_iter().find(|m| m.pg_locks() == mode).unwrap();
            let strongest = locks.entry(relation.name.clone()).or_insert(mode);
            *strongest = mode.max(*strongest);
        }
    }
}

fn truth(locks: BTreeMap<String, LockMode>, before: &Relations, after: &Relations, messages: &[String], sampled: bool) -> Truth {
    let changed = |(oid, relation): &(&String, &Known)| after.get(*oid).is_some_and(|now| now.filenode != relation.filenode);
    let rewritten = before.iter().filter(|(_, r)| r.is_heap()).filter(changed).map(|(_, r)| r.name.clone()).collect();
    let says = |start: &str| messages.iter().any(|message| message.starts_with(start));
    // an index of a table that the form itself creates is nobody's wait
    let on_known = |message: &String| before.values().any(|r| message.contains(&format!("on table \"{}\"", r.name)));
    let builds = messages.iter().any(|message| message.starts_with("building index") && on_known(message));
    Truth { locks, rewritten, scans: says("verifying table") || says("validating foreign key"), builds, sampled }
}

/// Runs a form by itself, in a database where every table is locked by a session of its own, and a snapshot is open. Each
/// time the form waits, its locks are read and what it waits for is let go: so every lock is seen, one after the other.
pub(crate) fn alone(server: &Server, database: &str, form: &str, before: &Relations) -> Result<Truth, Refusal> {
    let mut blockers: BTreeMap<&str, Session> = BTreeMap::new();
    // VACUUM looks its tables up under ACCESS SHARE first, which must go through
    let mode = if form.starts_with("vacuum") { "share" } else { "access exclusive" };
    for (oid, relation) in before.iter().filter(|(_, relation)| relation.is_lockable()) {
        let mut blocker = server.session(database);
        blocker.run(&format!("begin; lock table only {} in {mode} mode", relation.name))?;
        blockers.insert(oid, blocker);
    }
    let mut readers: BTreeMap<&str, Session> = BTreeMap::new();
    let mut snapshot = Some(server.session(database));
    snapshot.as_mut().unwrap().run("begin isolation level repeatable read; select 1")?;
    let (mut watcher, mut session) = (server.session(database), server.session(database));
    session.run("set timezone = 'Europe/Berlin'; set client_min_messages = debug1")?;
    session.messages();
    let pid = session.pid();
    let mut locks = BTreeMap::new();
    let result = std::thread::scope(|scope| {
        let running = scope.spawn(|| session.run(form));
        let until = Instant::now() + Duration::from_secs(60);
        while !running.is_finished() {
            assert!(Instant::now() < until, "{form} does not end");
            let held = watcher.rows(&format!("select relation, mode, granted, locktype from pg_locks where pid = {pid}")).unwrap();
            if let Some(waiting) = held.iter().find(|row| row[2].as_deref() == Some("f")) {
                note(&held, before, &mut locks);
                match waiting[0].as_deref().filter(|_| waiting[3].as_deref() == Some("relation")) {
                    // one that is let go already is granted in a moment
                    Some(oid) => {
                        let_go(blockers.remove(oid));
                        let_go(readers.remove(oid));
                    }
                    None if snapshot.is_some() => {
                        // what is done after the wait may take a stronger lock than before it
                        lock_again(server, database, before, &locks, &mut readers);
                        let_go(snapshot.take());
                    }
                    // it waits for everybody who may read what it takes away
                    None => std::mem::take(&mut readers).into_values().for_each(|reader| let_go(Some(reader))),
                }
            } else {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
        running.join().unwrap()
    });
    drop(snapshot);
    result?;
    Ok(truth(locks, before, &relations(&mut watcher), &session.messages(), true))
}

/// Ends a session's transaction, and comes back when it has ended.
fn let_go(session: Option<Session>) {
    if let Some(mut session) = session {
        session.run("rollback").unwrap();
    }
}

/// Holds the weakest lock on what was locked so far, so that a later ACCESS EXCLUSIVE has to wait and is seen.
fn lock_again<'a>(
    server: &Server,
    database: &str,
    before: &'a Relations,
    locks: &BTreeMap<String, LockMode>,
    readers: &mut BTreeMap<&'a str, Session>,
) {
    for (oid, relation) in before.iter().filter(|(_, relation)| relation.is_lockable() && locks.contains_key(&relation.name)) {
        let mut reader = server.session(database);
        if reader.run(&format!("begin; lock table only {} in access share mode nowait", relation.name)).is_ok() {
            readers.insert(oid, reader);
        }
    }
}
