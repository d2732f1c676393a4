//! What a query's use of a table asks of indexes, and what the known ones give: the ground of the index rules.

use crate::advise::candidate::{Candidate, Wanted, candidates};
use crate::advise::{indexes_of, is_served};
use crate::catalog::Knowledge;
use crate::catalog::index_match::{Kind, Node, Prepared, implied};
use crate::catalog::uses::{Clause, TableUse, uses};
use crate::facts::{Query, QueryBody};
use crate::rules::support::spelling;
use crate::rules::{Context, Origin};

/// A use of a table that no known index serves, with the index that would.
#[derive(Debug)]
pub struct Unserved<'a> {
    pub(crate) table: TableUse<'a>,
    pub(crate) wanted: Candidate,
    /// Those of the other arms of an OR that no index serves either.
    pub(crate) beside: Vec<Candidate>,
    pub(crate) indexes: Vec<Prepared<'a>>,
}

impl<'a> Unserved<'a> {
    /// The uses in a query that no index serves, of tables of which all indexes are known.
    pub fn of(ctx: &Context<'a>, query: &'a Query) -> Vec<Unserved<'a>> {
        // What a migration runs it runs once; a schema file's queries are those of its functions and examples.
        // What a view demands is only a part of what those demand who read it.
        let own = ctx.statement.query.as_deref().is_some_and(|statement| std::ptr::eq(statement, query));
        let once = super::rows::runs_once(ctx) || is_run_by_somebody(ctx);
        if !own || once || ctx.origin == Origin::Down { vec![] } else { unserved(ctx, query) }
    }
}

/// Whether a file of plain SQL writes rows with all values written out, as somebody runs it once. What a program sends has parameters.
fn is_run_by_somebody(ctx: &Context) -> bool {
    let written =
        |query: &Query| matches!(query.body, QueryBody::Insert(_) | QueryBody::Update(_)) && !spelling::query_has_parameter(query);
    ctx.origin == Origin::Script && !ctx.around.in_function && !ctx.around.scheduled && ctx.statement.query.as_deref().is_some_and(written)
}

fn unserved<'a>(ctx: &Context<'a>, query: &'a Query) -> Vec<Unserved<'a>> {
    let mut found = vec![];
    for table in uses(ctx.catalog, query) {
        let whole = table.table.is_some_and(|t| t.knowledge == Knowledge::Whole && !t.temporary && !t.foreign);
        if !whole || !table.own_text {
            continue;
        }
        let wanted = candidates(&table);
        if wanted.is_empty() || is_list(&table) || super::rows::is_singleton(ctx, &table.name) {
            continue;
        }
        let indexes = indexes_of(ctx.catalog, &table.name);
        if is_served(ctx.catalog, &indexes, &table, &wanted) {
            continue;
        }
        // Of the arms of an OR the one that has no index is what the query waits for.
        let led = |wanted: &Candidate| {
            let led_by = |key: &Wanted| indexes.iter().any(|i| i.keys.first().is_some_and(|k| k.node.is_operand(&key.node)));
            wanted.equal.iter().chain(&wanted.tail).any(led_by)
        };
        let arms = wanted.len() > 1;
        let (led, mut bare): (Vec<Candidate>, Vec<Candidate>) = wanted.into_iter().partition(|wanted| arms && led(wanted));
        if bare.is_empty() {
            bare = led;
            bare.truncate(1);
        }
        let beside = bare.split_off(1);
        found.extend(bare.pop().map(|wanted| Unserved { table, wanted, beside, indexes }));
    }
    found
}

/// Whether a table is called as a short list is, which is read as quickly without an index.
fn is_list(table: &TableUse) -> bool {
    table.table.is_some_and(|t| super::dictionary::is_called_one(&table.name.name, t.columns.len()))
}

impl<'a> Unserved<'a> {
    /// Whether some index bounds the search at least by one condition that is not a mere yes or no.
    pub(crate) fn is_bounded(&self) -> bool {
        let nodes = self.table.nodes();
        let found = crate::catalog::index_match::access(&self.indexes, &nodes, &self.table.order);
        !found.ors.is_empty() || found.services.iter().any(|(_, s)| s.seeks.iter().any(|at| is_selective(&nodes[*at])) || s.partial)
    }

    /// The clause, with its text, that asks for one of the wanted keys.
    pub(crate) fn clause(&self) -> Option<&Clause<'a>> {
        let keys = || self.wanted.equal.iter().chain(&self.wanted.tail);
        let tests = |clause: &&Clause<'a>| {
            let mut found = false;
            clause.node.walk(&mut |node| found |= keys().any(|key| key.node.is_operand(node)));
            clause.own_text && clause.expr.is_some() && is_selective(&clause.node) && found
        };
        self.table.clauses.iter().find(tests)
    }

    /// Whether every wanted key is a plain column.
    pub(crate) fn is_plain(&self) -> bool {
        self.wanted.method == "btree"
            && self.wanted.equal.iter().chain(&self.wanted.tail).all(|key| matches!(key.node.kind, Kind::Column(_)))
    }
}

/// Whether a query says nothing of what an index's predicate asks. A condition on the same column decides it by its value, which is
/// known whenever the query is planned for it: a constant there asks for other rows than the index holds, a parameter for what it brings.
pub(crate) fn says_nothing(index: &Prepared, nodes: &[Node]) -> bool {
    told(index, nodes).is_none()
}

/// Whether the rows asked for are others than those that an index's predicate lets in: a constant says so.
pub(crate) fn asks_for_others(index: &Prepared, nodes: &[Node]) -> bool {
    told(index, nodes).is_some_and(|clause| !by_parameter(clause))
}

/// The query's own condition on a column of which the predicate asks more than the query proves.
fn told<'n>(index: &Prepared, nodes: &'n [Node]) -> Option<&'n Node> {
    let unproved = index.predicate.clone()?.conjuncts().into_iter().filter(|part| !implied(nodes, part));
    let columns: Vec<String> = unproved.flat_map(|part| part.columns().into_iter().map(str::to_owned).collect::<Vec<_>>()).collect();
    nodes.iter().find(|node| !matches!(node.kind, Kind::Or(_)) && node.columns().iter().any(|c| columns.iter().any(|other| other == c)))
}

fn by_parameter(node: &Node) -> bool {
    let mut found = false;
    node.walk(&mut |n| found |= matches!(n.kind, Kind::Param(_) | Kind::Outside(_) | Kind::Subquery(..) | Kind::Call(..)));
    found
}

/// Whether a condition can be expected to cut the rows down: not IS NULL, IS NOT NULL, a boolean or `<>`.
pub(crate) fn is_selective(node: &Node) -> bool {
    match &node.kind {
        Kind::Op(op, _) => op != "<>" && !op.starts_with('!'),
        Kind::Any(..) | Kind::RowCompare(..) | Kind::Or(_) | Kind::Call(..) => true,
        _ => false,
    }
}
