//! Whether the indexes that are there serve a use of a table as well as what it asks for would.

use super::candidate::{Candidate, Wanted};
use crate::catalog::index_match::{Access, Kind, Node, Prepared, access};
use crate::catalog::uses::TableUse;
use crate::catalog::{Catalog, Index, Qualified, Table};

/// The indexes of a table, read.
pub fn indexes_of<'c>(catalog: &'c Catalog, table: &Qualified) -> Vec<Prepared<'c>> {
    let own = |(_, index): &(&Qualified, &Index)| index.table == *table;
    let names: Vec<&Qualified> = catalog.indexes_of(table).filter(own).map(|(name, _)| name).collect();
    names.into_iter().filter_map(|name| catalog.indexes.get(name)).map(|index| Prepared::new(catalog, index)).collect()
}

/// Whether the indexes that are there serve a use of a table as well as what it asks for would.
pub fn is_served(catalog: &Catalog, indexes: &[Prepared], table: &TableUse, wanted: &[Candidate]) -> bool {
    // a join finds rows only where another table's rows are there first
    let usable = |clause: &&crate::catalog::uses::Clause| table.has_driver || !clause.join;
    let nodes: Vec<Node> = table.clauses.iter().filter(usable).map(|clause| clause.node.clone()).collect();
    let found = access(indexes, &nodes, &table.order);
    if is_pinned(&found) || leaves_serve(catalog, table, &nodes) {
        return true;
    }
    // one index for several arms, or for `a = 1 OR a = 2`, is what is wanted
    let by_arms = |candidate: &Candidate| candidate.tail.is_empty() && indexes.iter().any(|index| leads(index, candidate));
    if !found.ors.is_empty() && (wanted.len() > 1 || wanted.iter().all(by_arms)) {
        return true;
    }
    wanted.iter().all(|candidate| {
        let sorts =
            candidate.tail.len() > 1 || candidate.tail.first().is_some_and(|key| table.order.iter().any(|s| s.node.is_operand(&key.node)));
        found.services.iter().any(|(index, service)| {
            let held = |key: &Wanted| index.keys.iter().take(service.equal_keys.max(1)).any(|k| k.node.is_operand(&key.node));
            let keys_held = service.serves() && (candidate.equal.is_empty() || candidate.equal.iter().any(held));
            let ordered = !sorts || service.order || table.limit.is_none();
            let tail_held = !candidate.equal.is_empty() || candidate.method != "btree" || !service.seeks.is_empty() || service.order;
            (keys_held && ordered && tail_held) || (candidate.equal.is_empty() && service.order && service.seeks.is_empty())
        })
    })
}

/// Whether an index begins with a key that is wanted.
pub(super) fn leads(index: &Prepared, candidate: &Candidate) -> bool {
    let first = |key: &Wanted| {
        let class = |own: Option<&str>| key.class.is_none() || own == key.class;
        index.keys.first().is_some_and(|k| k.node.is_operand(&key.node) && class(k.class.as_deref()))
    };
    index.index.valid
        && index.predicate.is_none()
        && index.index.method == candidate.method
        && candidate.equal.iter().chain(&candidate.tail).any(first)
}

/// Whether a unique index holds one value in each key: one row is found.
fn is_pinned(found: &Access) -> bool {
    found.services.iter().any(|(index, service)| index.index.unique && service.equal_keys >= index.keys.len() && !index.keys.is_empty())
}

/// Whether each partition has an index of its own for the conditions.
fn leaves_serve(catalog: &Catalog, table: &TableUse, nodes: &[Node]) -> bool {
    let mut children = catalog.children_of(&table.name).peekable();
    let partitioned = table.table.is_some_and(|t| t.partition_by.is_some());
    let serves = |name: &Qualified| access(&indexes_of(catalog, name), nodes, &[]).serves();
    // by its key a query is led to one partition, which is not told from the others
    let led = table.table.is_some_and(|t| is_led(t, nodes));
    partitioned
        && children.peek().is_some()
        && if led { children.any(|(name, _)| serves(name)) } else { children.all(|(name, _)| serves(name)) }
}

/// Whether a condition holds a column of the partition key to a value.
fn is_led(table: &Table, nodes: &[Node]) -> bool {
    let Some(by) = &table.partition_by else { return false };
    let held = nodes.iter().filter_map(|node| match &node.kind {
        Kind::Op(op, list) if op == "=" && list.len() == 2 && list[1].is_value() => Some(&list[0]),
        _ => None,
    });
    let mut columns = held.flat_map(Node::columns);
    columns.any(|column| by.keys.iter().any(|key| key.expr.column().is_some_and(|c| c.column == *column)))
}

/// Whether rows of another table look the rows up by an index, where the conditions of its own say little of them.
pub(super) fn is_looked_up(indexes: &[Prepared], table: &TableUse, few: &dyn Fn(&Node) -> bool) -> bool {
    let tells = |node: &Node| match &node.kind {
        Kind::Op(op, list) => op == "=" && list.len() == 2 && !list.iter().any(few),
        Kind::Any(..) => true,
        _ => false,
    };
    if !table.has_driver || table.clauses.iter().any(|c| !c.join && tells(&c.node)) {
        return false;
    }
    let direct = table.clauses.iter().any(|c| c.driven);
    let joins: Vec<Node> = table.clauses.iter().filter(|c| if direct { c.driven } else { c.join }).map(|c| c.node.clone()).collect();
    access(indexes, &joins, &[]).services.iter().any(|(_, service)| service.equal_keys > 0)
}

/// The index that finds the rows already by a condition that the new one has too, so that the new one adds only an order.
pub(super) fn refined(catalog: &Catalog, indexes: &[Prepared], table: &TableUse, candidate: &Candidate) -> Option<Qualified> {
    if candidate.method != "btree" || candidate.equal.is_empty() {
        return None;
    }
    let nodes = table.nodes();
    let found = access(indexes, &nodes, &[]);
    let wanted = |node: &Node| candidate.equal.iter().any(|key| key.node.is_operand(node));
    let finds = |(index, service): &&(&Prepared, crate::catalog::index_match::Service)| {
        service.equal_keys > 0 && index.index.method == "btree" && index.keys.first().is_some_and(|key| wanted(&key.node))
    };
    let (index, _) = found.services.iter().filter(finds).max_by_key(|(_, service)| service.equal_keys)?;
    catalog.indexes_of(&table.name).find(|(_, own)| std::ptr::eq(*own, index.index)).map(|(name, _)| name.clone())
}
