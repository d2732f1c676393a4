//! What is known of a column before its values are: whether it can tell rows apart, whether an index can hold it.
//!
//! From its type, its CHECKs and, where an export of statistics was given, from the server. What nobody knows is not guessed.

use crate::catalog::index_match::{Kind, Meaning, Node, Reader};
use crate::catalog::{Catalog, Column, Qualified, TableConstraint};
use crate::facts::{ColumnRef, ConstraintKind, TypeKind};
use crate::postgres::operators::family;
use crate::stats::RelationStats;

/// A column of so few values does not tell rows apart by itself.
const FEW: usize = 16;

/// A table of so few rows is read whole as quickly as by an index.
const TINY_ROWS: u64 = 1000;

/// And in so few bytes.
const TINY_BYTES: u64 = 512 << 10;

/// So many rows written for each scan: the index costs more than it gives, unless a query is known to wait.
const WRITES_PER_SCAN: u64 = 100;

/// Texts that are written by people at length: a btree refuses values over 2704 bytes.
const LONG: &[&str] =
    &["body", "content", "contents", "html", "markdown", "text", "raw", "description", "blob", "document", "source_code", "stacktrace"];

/// What schema and statistics know.
#[derive(Clone, Copy)]
pub(super) struct Worth<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) stats: &'a RelationStats,
}

impl Worth<'_> {
    /// Why a key holds only a few different values; `None`: it does not, or nobody knows.
    pub(super) fn few(&self, table: &Qualified, node: &Node) -> Option<String> {
        let node = node.unlabelled();
        let Kind::Column(name) = &node.kind else {
            return (node.ty.as_deref() == Some("bool")).then(|| "a truth value".to_owned());
        };
        if node.ty.as_deref() == Some("bool") {
            return Some("a boolean".to_owned());
        }
        if let Some(distinct) = self.stats.distinct(table, name) {
            return (distinct > 0.0 && distinct <= FEW as f64).then(|| format!("{distinct} different values, the server estimates"));
        }
        if self.refers_to_a_list(table, name) {
            return Some("one of a list of values".to_owned());
        }
        let labels = self.enum_labels(node.ty.as_deref()?).or_else(|| self.checked(table, name))?;
        (labels <= FEW).then(|| format!("one of {labels} values"))
    }

    /// Whether a column refers to a table that lists the values it may have.
    fn refers_to_a_list(&self, table: &Qualified, name: &str) -> bool {
        let of_column = |c: &TableConstraint| matches!(&c.constraint.kind, ConstraintKind::ForeignKey { columns, .. } if matches!(&columns[..], [only] if only.value == *name));
        let known = self.catalog.tables.get(table).into_iter().flat_map(|known| &known.constraints);
        known.filter(|c| of_column(c)).any(|c| c.references.as_ref().is_some_and(|parent| super::audit::lists_names(self.catalog, parent)))
    }

    /// Whether a column's name says that it holds few values, and nothing is known against it.
    pub(super) fn is_called_few(&self, table: &Qualified, node: &Node) -> bool {
        const NAMES: &[&str] = &["status", "state", "type", "kind", "role", "gender", "mode", "level", "priority"];
        let Kind::Column(name) = &node.unlabelled().kind else { return false };
        let last = name.rsplit('_').next().unwrap_or(name).to_ascii_lowercase();
        let refers = self.catalog.tables.get(table).is_some_and(|known| {
            known.constraints.iter().any(
                |c| matches!(&c.constraint.kind, ConstraintKind::ForeignKey { columns, .. } if columns.iter().any(|c| c.value == *name)),
            )
        });
        NAMES.contains(&last.as_str()) && !refers && self.stats.distinct(table, name).is_none()
    }

    fn enum_labels(&self, ty: &str) -> Option<usize> {
        self.catalog.types.named(ty).next().and_then(|(_, user)| match &user.kind {
            TypeKind::Enum(labels) => Some(labels.len()),
            _ => None,
        })
    }

    /// `CHECK (column IN (…))`.
    fn checked(&self, table: &Qualified, column: &str) -> Option<usize> {
        let known = self.catalog.tables.get(table)?;
        let names = |column: &ColumnRef| Meaning::Own(column.column.value.to_string());
        let reader = Reader { catalog: self.catalog, table: Some(known), names: &names };
        known.constraints.iter().find_map(|constraint| {
            let ConstraintKind::Check(expr) = &constraint.constraint.kind else { return None };
            reader.read(expr).conjuncts().iter().find_map(|part| match &part.kind {
                Kind::Any(op, tested, array) if op == "=" => match (&tested.unlabelled().kind, &array.unlabelled().kind) {
                    (Kind::Column(name), Kind::Array(values)) if name == column => Some(values.len()),
                    _ => None,
                },
                _ => None,
            })
        })
    }

    /// Whether values may be too long for a btree.
    pub(super) fn is_long(&self, table: &Qualified, node: &Node) -> bool {
        let Kind::Column(name) = &node.unlabelled().kind else { return false };
        let Some(ty) = self.column(table, name).and_then(|column| column.ty.as_ref()) else { return false };
        let unlimited = matches!(ty.name.as_str(), "text" | "bytea" | "varchar") && !ty.to_string().contains('(');
        unlimited && LONG.contains(&name.to_ascii_lowercase().as_str())
    }

    fn column(&self, table: &Qualified, name: &str) -> Option<&Column> {
        self.catalog.tables.get(table)?.column(name)
    }

    /// Whether a column is small enough to be carried along by INCLUDE.
    pub(super) fn is_small(&self, table: &Qualified, name: &str) -> bool {
        const SMALL: &[&str] = &[
            "int2",
            "int4",
            "int8",
            "float4",
            "float8",
            "bool",
            "date",
            "timestamp",
            "timestamptz",
            "time",
            "uuid",
            "oid",
            "money",
            "numeric",
        ];
        let ty = self.column(table, name).and_then(|column| column.ty.as_ref());
        ty.is_some_and(|ty| {
            let name = crate::catalog::index_match::type_name(ty, self.catalog);
            SMALL.contains(&name.as_str()) || self.enum_labels(&name).is_some()
        })
    }

    /// Why no index is worth building on a table; `None`: it may be.
    pub(super) fn too_small(&self, table: &Qualified) -> Option<String> {
        let size = self.stats.table(table)?;
        let tiny = size.rows.is_some_and(|rows| rows < TINY_ROWS) && size.bytes.is_none_or(|bytes| bytes <= TINY_BYTES);
        tiny.then(|| format!("the table has {} rows: reading them all is as quick", size.rows.unwrap_or(0)))
    }

    /// Why an index costs a table more than it gives; `None`: it may not.
    pub(super) fn too_busy(&self, table: &Qualified) -> Option<String> {
        let size = self.stats.table(table)?;
        let by_index: u64 = self.catalog.indexes_of(table).filter_map(|(name, _)| self.stats.index(name)).map(|index| index.scans).sum();
        let scans = size.scans + by_index;
        let busy = size.writes >= 10_000 && size.writes > scans.saturating_mul(WRITES_PER_SCAN);
        busy.then(|| format!("{} rows were written for {scans} scans: each write would pay for the index", size.writes))
    }
}

/// Whether the schema says that a key holds a few different values only.
pub(crate) fn holds_few(catalog: &Catalog, table: &Qualified, node: &Node) -> bool {
    Worth { catalog, stats: &RelationStats::default() }.few(table, node).is_some()
}

/// Whether a type has a default btree class, as far as is known.
pub(super) fn is_ordered(ty: &str) -> bool {
    const UNORDERED: &[&str] = &[
        "json",
        "xml",
        "point",
        "box",
        "line",
        "lseg",
        "path",
        "polygon",
        "circle",
        "jsonpath",
        "xid",
        "cid",
        "aclitem",
        "refcursor",
        "geometry",
        "geography",
        "raster",
        "vector",
        "halfvec",
        "sparsevec",
        "pg_snapshot",
        "txid_snapshot",
    ];
    !UNORDERED.contains(&family(ty)) && !UNORDERED.contains(&ty)
}

/// Whether every row has it without being asked: no index holds it.
pub(super) fn is_system_column(name: &str) -> bool {
    matches!(name, "ctid" | "xmin" | "xmax" | "cmin" | "cmax" | "tableoid")
}
