//! Transactions: what ROLLBACK takes back from the schema. Must not know what the changes were.

use super::{Catalog, Qualified};
use crate::facts::Action;
use crate::source::FileId;

/// A point to go back to.
#[derive(Debug, Clone, Default)]
struct Mark {
    lengths: [usize; 8],
    schemas: Vec<String>,
    extensions: Vec<String>,
    search_path: Vec<String>,
}

/// The open transaction and its savepoints.
#[derive(Debug, Clone, Default)]
pub(crate) struct Undo {
    /// The file whose statements are being folded.
    file: Option<FileId>,
    start: Option<Box<Mark>>,
    savepoints: Vec<(String, Mark)>,
    /// Whoever runs the file opens another transaction where one ends.
    reopens: bool,
    /// The search_path that SET LOCAL hides.
    hidden_path: Option<Vec<String>>,
}

/// Does the same to every store.
macro_rules! each_store {
    ($catalog:expr, $method:ident $(, $args:expr)?) => {{
        let catalog = $catalog;
        [
            catalog.tables.$method($($args[0])?),
            catalog.indexes.$method($($args[1])?),
            catalog.views.$method($($args[2])?),
            catalog.sequences.$method($($args[3])?),
            catalog.types.$method($($args[4])?),
            catalog.domains.$method($($args[5])?),
            catalog.functions.$method($($args[6])?),
            catalog.extras.$method($($args[7])?),
        ]
    }};
}

impl Catalog {
    /// A new file starts a new session: the default search_path, no temporary tables; a transaction left open is taken as
    /// committed, since most runners wrap files in one of their own.
    pub(super) fn enter_file(&mut self, file: FileId) {
        if self.undo.file == Some(file) {
            return;
        }
        self.undo.reopens = false;
        self.end_transaction();
        self.undo.file = Some(file);
        self.search_path.clear();
        let temporary: Vec<Qualified> = self.tables.in_schema("pg_temp").map(|(name, _)| name.clone()).collect();
        for table in temporary {
            self.drop_table(&table);
        }
    }

    /// A script that runs another file goes on in its own session.
    pub fn continue_in(&mut self, file: FileId) {
        self.undo.file = Some(file);
    }

    /// Begins what a runner runs with a transaction open, so that ROLLBACK takes back what this file did. With `reopens` it
    /// opens another one where this one ends.
    pub fn begin_wrapped(&mut self, file: FileId, reopens: bool) {
        self.enter_file(file);
        self.undo.reopens = false;
        self.end_transaction();
        self.start_transaction();
        self.undo.reopens = reopens;
    }

    /// Follows transaction control; `false` where the action is none.
    pub(super) fn transaction_control(&mut self, action: &Action) -> bool {
        match action {
            Action::Begin { .. } => {
                if self.undo.start.is_none() {
                    self.start_transaction();
                }
            }
            Action::Commit { chain } => {
                self.end_transaction();
                if *chain {
                    self.start_transaction();
                }
            }
            Action::Rollback { chain } => {
                if let Some(mark) = self.undo.start.take() {
                    self.go_back(&mark);
                }
                self.end_transaction();
                if *chain {
                    self.start_transaction();
                }
            }
            Action::Savepoint { name } => {
                if self.undo.start.is_some() {
                    let mark = self.mark();
                    self.undo.savepoints.push((name.value.to_string(), mark));
                }
            }
            Action::RollbackTo { name } => {
                if let Some(at) = self.undo.savepoints.iter().rposition(|(known, _)| *known == name.value) {
                    let mark = self.undo.savepoints[at].1.clone();
                    self.undo.savepoints.truncate(at + 1);
                    self.go_back(&mark);
                }
            }
            Action::Release { name } => {
                if let Some(at) = self.undo.savepoints.iter().rposition(|(known, _)| *known == name.value) {
                    self.undo.savepoints.truncate(at);
                }
            }
            _ => return false,
        }
        true
    }

    /// Sets the search_path, for the transaction only where `local`.
    pub(super) fn set_search_path(&mut self, path: Vec<String>, local: bool) {
        if local {
            let old = std::mem::replace(&mut self.search_path, path);
            self.undo.hidden_path.get_or_insert(old);
        } else {
            self.search_path = path;
            self.undo.hidden_path = None;
        }
    }

    fn start_transaction(&mut self) {
        each_store!(&mut *self, record);
        self.undo.start = Some(Box::new(self.mark()));
    }

    fn end_transaction(&mut self) {
        each_store!(&mut *self, settle);
        self.undo.start = None;
        self.undo.savepoints.clear();
        if let Some(path) = self.undo.hidden_path.take() {
            self.search_path = path;
        }
        if self.undo.reopens {
            self.start_transaction();
        }
    }

    fn mark(&mut self) -> Mark {
        Mark {
            lengths: each_store!(&mut *self, mark),
            schemas: self.schemas.clone(),
            extensions: self.extensions.clone(),
            search_path: self.search_path.clone(),
        }
    }

    fn go_back(&mut self, mark: &Mark) {
        each_store!(&mut *self, undo_to, mark.lengths);
        self.schemas.clone_from(&mark.schemas);
        self.extensions.clone_from(&mark.extensions);
        self.search_path.clone_from(&mark.search_path);
    }
}
