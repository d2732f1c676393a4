//! What an auto_explain plan shows: rows thrown away by a scan's filter, and estimates that were far off. Text and JSON.

use super::record::Text;
use crate::source::floor_boundary;
use serde::{Deserialize, Serialize};

/// A scan that throws rows away.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discard {
    /// The table.
    pub table: String,
    /// The filter, as the plan has it.
    pub filter: String,
    /// Rows kept, all loops.
    pub kept: u64,
    /// Rows thrown away, all loops.
    pub removed: u64,
}

/// A node whose row estimate was far off.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Misestimate {
    /// `Index Scan on orders`.
    pub node: String,
    /// Rows planned and rows found, of one loop.
    pub planned: u64,
    /// Found.
    pub actual: u64,
}

impl Misestimate {
    /// How many times too low or too high.
    pub fn factor(&self) -> u64 {
        let (low, high) = (self.planned.min(self.actual).max(1), self.planned.max(self.actual));
        high / low
    }
}

/// What the worst plan of a query shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanFacts {
    /// The scan that throws the most away.
    pub discard: Option<Discard>,
    /// The estimate that was the farthest off.
    pub misestimate: Option<Misestimate>,
    /// Rows that the plan returned.
    pub rows: Option<u64>,
    /// The plan, for reading, cut at some kilobytes.
    pub text: String,
}

/// Longest plan kept.
const MAX_TEXT: usize = 4 << 10;

impl PlanFacts {
    /// Keeps the worse of two in each respect.
    pub fn keep_worse(kept: &mut Option<PlanFacts>, other: Option<PlanFacts>) {
        let Some(other) = other else { return };
        let Some(kept) = kept else {
            *kept = Some(other);
            return;
        };
        let removed = |f: &PlanFacts| f.discard.as_ref().map_or(0, |d| d.removed);
        let factor = |f: &PlanFacts| f.misestimate.as_ref().map_or(0, Misestimate::factor);
        if (removed(&other), &other.text) > (removed(kept), &kept.text) {
            kept.text.clone_from(&other.text);
        }
        if (removed(&other), &other.discard.as_ref().map(|d| &d.filter)) > (removed(kept), &kept.discard.as_ref().map(|d| &d.filter)) {
            kept.discard.clone_from(&other.discard);
        }
        if (factor(&other), &other.misestimate.as_ref().map(|m| &m.node)) > (factor(kept), &kept.misestimate.as_ref().map(|m| &m.node)) {
            kept.misestimate = other.misestimate;
        }
        kept.rows = kept.rows.max(other.rows);
    }
}

/// The statement of a plan message and what its plan shows; `None` where neither text nor JSON is recognised.
pub fn read(text: Text<'_>) -> Option<(Vec<u8>, PlanFacts)> {
    let value = text.value();
    let body = value.trim_ascii();
    if body.starts_with(b"{") {
        return read_json(body);
    }
    let query = body.strip_prefix(b"Query Text: ").or_else(|| body.strip_prefix(b"Query Text:"))?;
    // The plan begins with the first line that has a cost.
    let cost = memchr::memmem::find(query, b"  (cost=")?;
    let line = memchr::memrchr(b'\n', &query[..cost]).map_or(0, |i| i + 1);
    let mut sql = query[..line].trim_ascii_end();
    if let Some(i) = memchr::memmem::rfind(sql, b"\nQuery Parameters: ") {
        sql = &sql[..i];
    }
    Some((sql.to_vec(), from_text(&String::from_utf8_lossy(&query[line..]))))
}

fn number(text: &str, key: &str) -> Option<u64> {
    let rest = &text[text.find(key)? + key.len()..];
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    rest[..end].parse::<f64>().ok().map(|n| n as u64)
}

/// A node's line: what it is, planned rows, actual rows, loops.
struct Node {
    name: String,
    actual: u64,
    loops: u64,
    filter: String,
}

fn from_text(plan: &str) -> PlanFacts {
    let mut facts = PlanFacts { text: plan[..floor_boundary(plan, MAX_TEXT)].to_owned(), ..PlanFacts::default() };
    let mut node: Option<Node> = None;
    for line in plan.lines() {
        let trimmed = line.trim_start().trim_start_matches("-> ").trim_start();
        if let Some((name, figures)) = trimmed.split_once("  (cost=") {
            let (planned, measured) = figures.split_once("(actual").unwrap_or((figures, ""));
            let planned = number(planned, "rows=").unwrap_or(0);
            let actual = number(measured, "rows=");
            if facts.rows.is_none() {
                facts.rows = actual;
            }
            if let Some(actual) = actual {
                consider_estimate(&mut facts, name, planned, actual);
            }
            node = Some(Node {
                name: name.to_owned(),
                actual: actual.unwrap_or(0),
                loops: number(measured, "loops=").unwrap_or(1),
                filter: String::new(),
            });
        } else if let Some(filter) = trimmed.strip_prefix("Filter: ") {
            if let Some(node) = &mut node {
                filter.clone_into(&mut node.filter);
            }
        } else if let Some(removed) = trimmed.strip_prefix("Rows Removed by Filter: ")
            && let Some(node) = &node
            && let Some((kind, table)) = node.name.split_once(" on ")
        {
            let removed = removed.trim().parse::<f64>().map_or(0, |n| n as u64);
            consider_discard(&mut facts, kind, table, node, removed);
        }
    }
    facts
}

fn consider_estimate(facts: &mut PlanFacts, node: &str, planned: u64, actual: u64) {
    let found = Misestimate { node: node.chars().take(200).collect(), planned, actual };
    if facts.misestimate.as_ref().is_none_or(|old| found.factor() > old.factor()) {
        facts.misestimate = Some(found);
    }
}

fn consider_discard(facts: &mut PlanFacts, kind: &str, table: &str, node: &Node, removed: u64) {
    if !kind.ends_with("Seq Scan") {
        return;
    }
    let table = table.split(' ').next().unwrap_or(table);
    let found = Discard {
        table: table.to_owned(),
        filter: node.filter.chars().take(400).collect(),
        kept: node.actual.saturating_mul(node.loops),
        removed: removed.saturating_mul(node.loops),
    };
    if facts.discard.as_ref().is_none_or(|old| found.removed > old.removed) {
        facts.discard = Some(found);
    }
}

fn read_json(body: &[u8]) -> Option<(Vec<u8>, PlanFacts)> {
    let value: serde_json::Value = serde_json::from_slice(body).or_else(|_| serde_json::from_str(&String::from_utf8_lossy(body))).ok()?;
    let sql = value.get("Query Text")?.as_str()?.as_bytes().to_vec();
    let plan = value.get("Plan")?;
    let mut facts = PlanFacts { rows: rounded(plan, "Actual Rows"), ..PlanFacts::default() };
    walk(plan, 0, &mut facts);
    Some((sql, facts))
}

fn rounded(node: &serde_json::Value, key: &str) -> Option<u64> {
    node.get(key)?.as_f64().map(|n| n as u64)
}

fn walk(plan: &serde_json::Value, depth: usize, facts: &mut PlanFacts) {
    let text = |key: &str| plan.get(key).and_then(serde_json::Value::as_str).unwrap_or("");
    let relation = match (text("Schema"), text("Relation Name")) {
        ("", table) => table.to_owned(),
        (schema, table) => format!("{schema}.{table}"),
    };
    let kind = format!("{}{}", if text("Parallel Aware") == "true" { "Parallel " } else { "" }, text("Node Type"));
    let name = if relation.is_empty() { kind.clone() } else { format!("{kind} on {relation}") };
    if facts.text.len() < MAX_TEXT {
        let (planned, actual) = (rounded(plan, "Plan Rows").unwrap_or(0), rounded(plan, "Actual Rows"));
        let measured =
            actual.map_or(String::new(), |rows| format!(" (actual rows={rows} loops={})", rounded(plan, "Actual Loops").unwrap_or(1)));
        facts.text += &format!("{}{name}  (rows={planned}){measured}\n", "  ".repeat(depth.min(40)));
    }
    if let (Some(planned), Some(actual)) = (rounded(plan, "Plan Rows"), rounded(plan, "Actual Rows")) {
        consider_estimate(facts, &name, planned, actual);
    }
    if let Some(removed) = rounded(plan, "Rows Removed by Filter") {
        let node = Node {
            name,
            actual: rounded(plan, "Actual Rows").unwrap_or(0),
            loops: rounded(plan, "Actual Loops").unwrap_or(1),
            filter: text("Filter").to_owned(),
        };
        consider_discard(facts, &kind, &relation, &node, removed);
    }
    // serde_json bounds the depth of what it reads.
    for inner in plan.get("Plans").and_then(serde_json::Value::as_array).into_iter().flatten() {
        walk(inner, depth + 1, facts);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::record::Encoding;
    use super::*;

    #[test]
    fn text_and_json_plans_say_the_same() {
        let text = "\n\tQuery Text: SELECT *\n\tFROM orders WHERE status = 'x'\n\tSeq Scan on orders  (cost=0.00..1.0 rows=10 width=4) (actual time=0.1..0.2 rows=3 loops=2)\n\t  Filter: (status = 'x'::text)\n\t  Rows Removed by Filter: 5000";
        let (sql, facts) = read(Text { raw: text.as_bytes(), encoding: Encoding::Tabbed }).unwrap();
        assert_eq!(sql, b"SELECT *\nFROM orders WHERE status = 'x'");
        let discard = facts.discard.unwrap();
        assert_eq!((discard.table.as_str(), discard.removed, discard.kept, facts.rows), ("orders", 10_000, 6, Some(3)));
        let json = r#"{"Query Text":"SELECT 1","Plan":{"Node Type":"Seq Scan","Relation Name":"orders","Filter":"(a)","Plan Rows":1,"Actual Rows":300,"Actual Loops":1,"Rows Removed by Filter":5000}}"#;
        let (sql, facts) = read(Text { raw: json.as_bytes(), encoding: Encoding::Plain }).unwrap();
        assert_eq!((sql.as_slice(), facts.discard.unwrap().removed, facts.misestimate.unwrap().factor()), (&b"SELECT 1"[..], 5000, 300));
    }
}
