//! What stands in the scratch database before and after a form: relations by their number.

use crate::server::Session;
use pgsift::postgres::effect::EffectKind;
use std::collections::BTreeMap;

/// A relation.
pub(crate) struct Known {
    pub(crate) name: String,
    kind: String,
    partition: bool,
    pub(crate) filenode: Option<String>,
}

/// Relations by their number in `pg_class`.
pub(crate) type Relations = BTreeMap<String, Known>;

impl Known {
    pub(crate) fn is_index(&self) -> bool {
        matches!(self.kind.as_str(), "i" | "I")
    }

    /// It has rows in a file of its own.
    pub(crate) fn is_heap(&self) -> bool {
        matches!(self.kind.as_str(), "r" | "m")
    }

    /// LOCK TABLE takes it in every version: a table, partitioned or not.
    pub(crate) fn is_lockable(&self) -> bool {
        matches!(self.kind.as_str(), "r" | "p")
    }

    pub(crate) fn effect_kind(&self) -> EffectKind {
        match self.kind.as_str() {
            "i" | "I" => EffectKind::Index,
            "v" => EffectKind::View,
            "m" => EffectKind::MaterializedView,
            "S" => EffectKind::Sequence,
            _ if self.partition => EffectKind::Partition,
            _ => EffectKind::Table,
        }
    }
}

/// The relations that are there now.
pub(crate) fn relations(session: &mut Session) -> Relations {
    let query = "select c.oid, relname, relkind, relispartition, pg_relation_filenode(c.oid) from pg_class c \
                 where relnamespace = 'public'::regnamespace and relkind <> 'c'";
    let known = |row: Vec<Option<String>>| {
        let text = |i: usize| row[i].clone().unwrap();
        (text(0), Known { name: text(1), kind: text(2), partition: text(3) == "t", filenode: row[4].clone() })
    };
    session.rows(query).unwrap().into_iter().map(known).collect()
}
