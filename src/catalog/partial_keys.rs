//! Keys that hold for some rows of a table: unique indexes with a predicate (one default per shop, one open order per basket).
//!
//! A query that demands the predicate meets at most one row for each value of the key. Must not know a rule.

use super::index_match::{Kind, Meaning, Node, Prepared, Reader};
use super::{Catalog, Qualified};
use crate::facts::{ColumnRef, Expr};

impl Catalog {
    /// Whether conditions that hold together leave at most one row of the table, by a unique index that holds only rows which
    /// they demand. `fixed`: columns that they set to one value; `is_own`: whether a column is the table's.
    pub fn is_partial_key_fixed(
        &self,
        name: &Qualified,
        fixed: &[&str],
        conditions: &[&Expr],
        is_own: &dyn Fn(&ColumnRef) -> bool,
    ) -> bool {
        let mut partial = self.indexes_of(name).filter(|(_, i)| i.unique && i.valid && i.predicate.is_some()).peekable();
        if partial.peek().is_none() {
            return false;
        }
        let clauses = self.clauses(name, conditions, is_own);
        partial.any(|(_, index)| {
            let prepared = Prepared::new(self, index);
            let by_predicate = |node: &Node| prepared.predicate.as_ref().is_some_and(|predicate| fixes(predicate, node));
            let is_fixed = |node: &Node| match &node.unlabelled().kind {
                Kind::Column(column) => fixed.contains(&column.as_str()) || by_predicate(node),
                _ => by_predicate(node),
            };
            prepared.keys.iter().all(|key| is_fixed(&key.node)) && prepared.is_implied(&clauses)
        })
    }

    fn clauses(&self, name: &Qualified, conditions: &[&Expr], is_own: &dyn Fn(&ColumnRef) -> bool) -> Vec<Node> {
        let names = |column: &ColumnRef| match is_own(column) {
            true => Meaning::Own(column.column.value.to_string()),
            false => Meaning::Outside(column.column.value.to_string(), None),
        };
        let reader = Reader { catalog: self, table: self.tables.get(name), names: &names };
        let mut clauses = vec![];
        for condition in conditions.iter().flat_map(|condition| condition.conjuncts()) {
            let node = reader.read(condition);
            // what is known to be true is true, which the planner does not use
            if let Kind::Truth(inner, test) = &node.kind
                && test == "TRUE"
            {
                clauses.push((**inner).clone());
            }
            clauses.push(node);
        }
        clauses
    }
}

/// Whether all rows that meet a predicate have one value of an expression.
fn fixes(predicate: &Node, key: &Node) -> bool {
    let is_key = |node: &Node| node.is_operand(key);
    match &predicate.kind {
        Kind::And(parts) => parts.iter().any(|part| fixes(part, key)),
        Kind::Op(op, sides) if op == "=" => match sides.as_slice() {
            [a, b] => (is_key(a) && b.text().is_some()) || (is_key(b) && a.text().is_some()),
            _ => false,
        },
        Kind::Not(inner) => is_key(inner),
        Kind::Truth(inner, test) => matches!(test.as_str(), "TRUE" | "FALSE") && is_key(inner),
        _ => is_key(predicate),
    }
}
