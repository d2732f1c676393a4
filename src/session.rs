//! The transaction and session so far, folded from the statements: what is open, which timeouts are in force, which locks are
//! held, which objects were created and still hold no rows that anyone waits for. It must not know rules, and it asks the
//! catalog only what a name means.

use crate::catalog::{Catalog, Key, Qualified};
use crate::facts::{Action, Body, BodyKind, ExprKind, ObjectName, Query, RelationKind, Statement, TableChange};
use crate::postgres::effect::{Effect, EffectKind, Until};
use crate::postgres::lock::LockMode;
use crate::postgres::version::Version;
use crate::source::Location;
use hashbrown::HashSet;
use std::sync::Arc;

/// Bodies inside bodies are followed this deep.
const DEEPEST: usize = 8;

/// Who opened the transaction that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transaction {
    /// None is open: each statement is its own.
    None,
    /// `BEGIN`, at this place.
    Explicit(Location),
    /// The migration framework wraps the file.
    Framework(&'static str),
    /// The runner sends the whole file as one message, which is one transaction.
    Implicit,
}

/// How a file is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunMode {
    /// What is open before the first statement.
    pub transaction: Transaction,
}

/// A lock that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldLock {
    /// The relation.
    pub relation: Qualified,
    /// What it is.
    pub kind: EffectKind,
    /// The mode.
    pub mode: LockMode,
    /// The statement that took it.
    pub taken_at: Location,
    /// Which transaction of the run, counted from 1.
    pub transaction: u32,
}

/// A setting of time in milliseconds: for the session, and over it for the transaction. 0 is off.
#[derive(Debug, Clone, Copy, Default)]
struct Timeout {
    session: Option<u64>,
    local: Option<u64>,
}

impl Timeout {
    fn set(&mut self, value: Option<u64>, local: bool) {
        if local {
            self.local = Some(value.unwrap_or(0));
        } else {
            *self = Timeout { session: value, local: None };
        }
    }

    fn in_force(self) -> Option<u64> {
        self.local.or(self.session).filter(|&ms| ms > 0)
    }
}

/// What ROLLBACK brings back.
#[derive(Debug, Clone, Default)]
struct State {
    lock_timeout: Timeout,
    statement_timeout: Timeout,
    created: Arc<HashSet<Qualified>>,
    history: History,
    locks: Arc<Vec<HeldLock>>,
    held: Arc<HashSet<(Qualified, LockMode)>>,
}

/// A held lock that is only looked up.
#[derive(Hash)]
struct Held<'n>(&'n Qualified, LockMode);

impl hashbrown::Equivalent<(Qualified, LockMode)> for Held<'_> {
    fn equivalent(&self, held: &(Qualified, LockMode)) -> bool {
        *self.0 == held.0 && self.1 == held.1
    }
}

/// The session so far. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Session {
    transaction: Transaction,
    /// What is open again after a transaction block ends: the runner's implicit one, or none.
    between: Transaction,
    state: State,
    /// The state when the transaction began.
    start: State,
    savepoints: Vec<(String, State)>,
    number: u32,
}

impl Session {
    /// A session at the start of a file.
    pub fn new(mode: RunMode) -> Self {
        let between = if mode.transaction == Transaction::Implicit { Transaction::Implicit } else { Transaction::None };
        let (state, start) = (State::default(), State::default());
        Session { transaction: mode.transaction, between, state, start, savepoints: vec![], number: 1 }
    }

    /// Folds one statement in, after it ran with these effects. `catalog` is the schema before it.
    pub fn apply(&mut self, statement: &Statement, effects: &[Effect], catalog: &Catalog, _version: Version) {
        if self.transaction != Transaction::None {
            self.hold(effects, statement.location());
        }
        // what an EXECUTE of a body makes is made for the statements after it
        let executes = statement.bodies.iter().any(|body| body.kind == BodyKind::Execute);
        self.fold(statement, catalog, usize::from(executes));
    }

    /// Notes a table that the runner created before the first statement, by means of its own.
    pub fn begin_with(&mut self, table: Qualified) {
        self.create(table);
    }

    /// The transaction that is open now.
    pub fn transaction(&self) -> Transaction {
        self.transaction
    }

    /// Which transaction of the file is open, counted from 1; statements outside of one count as the next.
    pub fn transaction_number(&self) -> u32 {
        self.number
    }

    /// lock_timeout in force, milliseconds; `None` when unset or 0.
    pub fn lock_timeout(&self) -> Option<u64> {
        self.state.lock_timeout.in_force()
    }

    /// statement_timeout in force, milliseconds; `None` when unset or 0.
    pub fn statement_timeout(&self) -> Option<u64> {
        self.state.statement_timeout.in_force()
    }

    /// The locks held by the open transaction.
    pub fn locks(&self) -> &[HeldLock] {
        &self.state.locks
    }

    /// Whether the relation was created in this file (or the transaction still open) and not undone, so that it holds no rows
    /// that anyone waits for. `CREATE TABLE IF NOT EXISTS` counts only where the catalog did not know the table before. An
    /// index is as new as its table.
    pub fn is_new(&self, name: &ObjectName, catalog: &Catalog) -> bool {
        if self.state.created.is_empty() {
            return false;
        }
        self.is_new_relation(catalog.key(name), catalog)
    }

    /// The same of a name that is resolved already.
    pub fn is_new_relation(&self, resolved: Key, catalog: &Catalog) -> bool {
        if self.state.created.is_empty() {
            return false;
        }
        self.state.created.contains(&resolved)
            || catalog.indexes.find(resolved).is_some_and(|(_, index)| self.state.created.contains(&index.table))
    }

    /// The action of the open transaction that satisfies `test`, most recent first: for sequences within one transaction.
    pub fn earlier_in_transaction(&self, test: impl Fn(&Action) -> bool) -> Option<(Location, Action)> {
        self.actions_in_transaction().find(|(_, action)| test(action)).map(|(at, action)| (at, action.clone()))
    }

    /// The actions of the open transaction, most recent first.
    pub fn actions_in_transaction(&self) -> impl Iterator<Item = (Location, &Action)> {
        std::iter::successors(self.state.history.0.as_deref(), |node| node.earlier.0.as_deref()).map(|node| (node.at, &node.action))
    }

    fn hold(&mut self, effects: &[Effect], taken_at: Location) {
        for effect in effects.iter().filter(|effect| effect.until == Until::Transaction) {
            if self.state.held.contains(&Held(&effect.relation, effect.mode)) {
                continue;
            }
            Arc::make_mut(&mut self.state.held).insert((effect.relation.clone(), effect.mode));
            let lock =
                HeldLock { relation: effect.relation.clone(), kind: effect.kind, mode: effect.mode, taken_at, transaction: self.number };
            Arc::make_mut(&mut self.state.locks).push(lock);
        }
    }

    fn fold(&mut self, statement: &Statement, catalog: &Catalog, depth: usize) {
        for action in &statement.actions {
            self.fold_action(action, statement.location(), catalog, depth);
        }
        if let Some(query) = &statement.query {
            self.fold_query(query, catalog);
        }
        if depth < DEEPEST {
            let runs = |body: &&Body| body.kind == BodyKind::Do || (depth > 0 && body.kind == BodyKind::Execute);
            for inner in statement.bodies.iter().filter(runs).flat_map(|body| &body.statements) {
                self.fold(&inner.statement, catalog, depth + 1);
            }
        }
    }

    fn fold_action(&mut self, action: &Action, at: Location, catalog: &Catalog, depth: usize) {
        match action {
            // inside a body, transaction control is not the session's
            _ if depth == 0 && self.transaction_control(action, at) => return,
            Action::Set(set) => {
                let value = set.values.first().and_then(|value| milliseconds(value));
                self.set(&set.name, value, set.local);
            }
            Action::Reset { name } => {
                for timeout in ["lock_timeout", "statement_timeout"] {
                    if name.as_deref().is_none_or(|name| name == timeout) {
                        self.set(timeout, None, false);
                    }
                }
            }
            _ => self.follow(action, catalog),
        }
        if self.transaction != Transaction::None {
            self.state.history.push(at, action.clone());
        }
    }

    /// BEGIN, COMMIT, ROLLBACK and savepoints; `false` where the action is none of them.
    fn transaction_control(&mut self, action: &Action, at: Location) -> bool {
        match action {
            Action::Begin { .. } => match self.transaction {
                Transaction::None => self.open(Transaction::Explicit(at)),
                Transaction::Implicit => self.transaction = Transaction::Explicit(at),
                Transaction::Explicit(_) | Transaction::Framework(_) => {}
            },
            Action::Commit { chain } => self.end(*chain, at),
            Action::Rollback { chain } => {
                if self.transaction != Transaction::None {
                    self.state = self.start.clone();
                }
                self.end(*chain, at);
            }
            Action::Savepoint { name } => {
                if self.transaction != Transaction::None {
                    self.savepoints.push((name.value.clone(), self.state.clone()));
                }
            }
            Action::RollbackTo { name } => {
                if let Some(found) = self.savepoints.iter().rposition(|(known, _)| *known == name.value) {
                    self.state = self.savepoints[found].1.clone();
                    self.savepoints.truncate(found + 1);
                }
            }
            Action::Release { name } => {
                if let Some(found) = self.savepoints.iter().rposition(|(known, _)| *known == name.value) {
                    self.savepoints.truncate(found);
                }
            }
            _ => return false,
        }
        true
    }

    fn open(&mut self, transaction: Transaction) {
        self.transaction = transaction;
        self.start = self.state.clone();
    }

    fn end(&mut self, chain: bool, at: Location) {
        if self.transaction == Transaction::None {
            return;
        }
        self.state.lock_timeout.local = None;
        self.state.statement_timeout.local = None;
        self.state.history = History::default();
        self.state.locks = Arc::default();
        self.state.held = Arc::default();
        self.savepoints.clear();
        self.number = self.number.saturating_add(1);
        self.open(if chain { Transaction::Explicit(at) } else { self.between });
    }

    /// Sets a timeout; a local one outside a transaction, or in the transaction of a DO alone, is gone at once.
    fn set(&mut self, name: &str, value: Option<u64>, local: bool) {
        if local && self.transaction == Transaction::None {
            return;
        }
        match name {
            "lock_timeout" => self.state.lock_timeout.set(value, local),
            "statement_timeout" => self.state.statement_timeout.set(value, local),
            _ => {}
        }
    }

    fn fold_query(&mut self, query: &Query, catalog: &Catalog) {
        let Some(select) = query.select() else { return };
        if let Some(into) = &select.into {
            self.create(catalog.creation_name(&into.name, into.temporary));
        }
        for item in &select.items {
            let ExprKind::Call(call) = &item.expr.kind else { continue };
            if call.name.name != "set_config" {
                continue;
            }
            let [name, value, local, ..] = call.args.as_slice() else { continue };
            if let (Some(name), Some(value)) = (name.string(), value.string()) {
                let local = truth(local);
                self.set(&name.to_lowercase(), milliseconds(value), local);
            }
        }
    }

    /// Follows what is created, renamed and dropped.
    fn follow(&mut self, action: &Action, catalog: &Catalog) {
        let unknown = |name: &ObjectName| catalog.relation(name).is_none();
        match action {
            Action::CreateTable(create) if !create.if_not_exists || unknown(&create.name) => {
                self.create(catalog.creation_name(&create.name, create.temporary));
            }
            Action::CreateTableAs(create) if !create.if_not_exists || unknown(&create.name) => {
                self.create(catalog.creation_name(&create.name, create.temporary));
            }
            Action::CreateView(create) if create.materialized && (!create.if_not_exists || unknown(&create.name)) => {
                self.create(catalog.creation_name(&create.name, create.temporary));
            }
            Action::AlterTable(alter) => {
                if !matches!(alter.change, TableChange::RenameTo { .. } | TableChange::SetSchema { .. }) {
                    return;
                }
                let old = self.resolve(&alter.name, catalog);
                let new = match &alter.change {
                    TableChange::RenameTo { name } => Qualified { schema: old.schema.clone(), name: name.value.clone() },
                    TableChange::SetSchema { schema } => Qualified { schema: schema.value.clone(), name: old.name.clone() },
                    _ => return,
                };
                if alter.kind != RelationKind::Index && self.forget(&old) {
                    self.create(new);
                } else if alter.kind != RelationKind::Index {
                    // an old table that takes a new one's place is not new
                    self.forget(&new);
                }
            }
            Action::Drop(drop) if matches!(drop.kind.as_str(), "TABLE" | "FOREIGN TABLE" | "MATERIALIZED VIEW") => {
                for name in &drop.names {
                    let name = self.resolve(name, catalog);
                    self.forget(&name);
                }
            }
            _ => {}
        }
    }

    /// A name as the catalog resolves it; what this statement's own earlier actions created is not there yet.
    fn resolve(&self, name: &ObjectName, catalog: &Catalog) -> Qualified {
        let here = catalog.creation_name(name, false);
        if self.state.created.contains(&here) { here } else { catalog.resolve(name) }
    }

    fn create(&mut self, name: Qualified) {
        Arc::make_mut(&mut self.state.created).insert(name);
    }

    fn forget(&mut self, name: &Qualified) -> bool {
        self.state.created.contains(name) && Arc::make_mut(&mut self.state.created).remove(name)
    }
}

/// The actions so far, the last one first: a list that shares its tail, so that savepoints and clones cost nothing.
#[derive(Debug, Clone, Default)]
struct History(Option<Arc<Node>>);

#[derive(Debug)]
struct Node {
    at: Location,
    action: Action,
    earlier: History,
}

impl History {
    fn push(&mut self, at: Location, action: Action) {
        let earlier = std::mem::take(self);
        self.0 = Some(Arc::new(Node { at, action, earlier }));
    }
}

impl Drop for History {
    /// Takes a long list apart in a loop: dropping it node inside node would overflow the stack.
    fn drop(&mut self) {
        let mut next = self.0.take();
        while let Some(mut node) = next.and_then(Arc::into_inner) {
            next = node.earlier.0.take();
        }
    }
}

fn truth(expr: &crate::facts::Expr) -> bool {
    use crate::facts::Literal;
    match &expr.uncast().kind {
        ExprKind::Literal(Literal::Boolean(value)) => *value,
        ExprKind::Literal(Literal::String(value)) => value.starts_with(['t', 'T', '1', 'y', 'Y']),
        _ => false,
    }
}

/// A setting of time as PostgreSQL reads it: a bare number is milliseconds. `None` where it is not one.
fn milliseconds(value: &str) -> Option<u64> {
    let value = value.trim();
    let digits = value.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(value.len());
    let (number, unit) = value.split_at(digits);
    let number: f64 = number.parse().ok()?;
    let factor = match unit.trim() {
        "" | "ms" => 1.0,
        "us" => 0.001,
        "s" => 1_000.0,
        "min" => 60_000.0,
        "h" => 3_600_000.0,
        "d" => 86_400_000.0,
        _ => return None,
    };
    Some((number * factor).round() as u64)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::facts::Name;
    use crate::source::{FileId, Span};

    fn run(mode: Transaction, sql: &str) -> (Session, Catalog) {
        let (mut session, mut catalog) = (Session::new(RunMode { transaction: mode }), Catalog::default());
        let script = crate::sql::read(FileId(0), sql, Span::new(0, sql.len() as u32), Default::default());
        for statement in &script.statements {
            session.apply(statement, &[], &catalog, Version::default());
            catalog.apply(statement, sql);
        }
        (session, catalog)
    }

    fn is_new(sql: &str, name: &str) -> bool {
        let (session, catalog) = run(Transaction::None, sql);
        session.is_new(&ObjectName::bare(Name::new(name, Span::default())), &catalog)
    }

    #[test]
    fn timeouts_follow_local_rollback_and_units() {
        let timeout = |mode, sql| run(mode, sql).0.lock_timeout();
        assert_eq!(timeout(Transaction::None, "SET lock_timeout = '2s'"), Some(2000));
        assert_eq!(timeout(Transaction::None, "SET lock_timeout TO 500; RESET lock_timeout"), None);
        assert_eq!(timeout(Transaction::None, "SET LOCAL lock_timeout = '2s'"), None);
        assert_eq!(timeout(Transaction::Framework("x"), "SET LOCAL lock_timeout = '1min'"), Some(60_000));
        assert_eq!(timeout(Transaction::None, "BEGIN; SET LOCAL lock_timeout = '2s'; COMMIT"), None);
        assert_eq!(timeout(Transaction::None, "SET lock_timeout = 1; BEGIN; SET lock_timeout = 9; ROLLBACK"), Some(1));
        assert_eq!(timeout(Transaction::None, "SELECT set_config('lock_timeout', '3s', false)"), Some(3000));
        assert_eq!(timeout(Transaction::None, "SET lock_timeout = 0"), None);
    }

    #[test]
    fn new_relations_are_those_of_this_file_that_stay() {
        assert!(is_new("BEGIN; CREATE TABLE t (a int); COMMIT;", "t"));
        assert!(!is_new("BEGIN; CREATE TABLE t (a int); ROLLBACK;", "t"));
        assert!(is_new("CREATE TABLE t (a int); ALTER TABLE t RENAME TO u;", "u"));
        assert!(!is_new("CREATE TABLE t (a int); ALTER TABLE t RENAME TO u;", "t"));
        assert!(is_new("SELECT 1 AS a INTO t;", "t"));
        assert!(!is_new("ALTER TABLE t ADD COLUMN a int; CREATE TABLE IF NOT EXISTS t (a int);", "t"));
        assert!(is_new("CREATE TABLE t (a int); CREATE INDEX i ON t (a);", "i"));
    }

    #[test]
    fn transactions_open_and_end() {
        let open = |mode, sql| run(mode, sql).0.transaction();
        assert_eq!(open(Transaction::Framework("x"), "SELECT 1; COMMIT"), Transaction::None);
        assert_eq!(open(Transaction::Implicit, "BEGIN; COMMIT"), Transaction::Implicit);
        assert!(matches!(open(Transaction::None, "BEGIN; COMMIT AND CHAIN"), Transaction::Explicit(_)));
        let (session, _) = run(Transaction::None, "BEGIN; CREATE TABLE a (x int); SAVEPOINT s; CREATE TABLE b (x int); ROLLBACK TO s;");
        assert_eq!(session.actions_in_transaction().count(), 1);
        assert!(session.earlier_in_transaction(|action| matches!(action, Action::CreateTable(_))).is_some());
    }

    #[test]
    fn a_long_history_is_dropped_without_recursion() {
        let mut history = History::default();
        for _ in 0..200_000 {
            history.push(Location::default(), Action::Rollback { chain: false });
        }
        drop(history);
    }
}
