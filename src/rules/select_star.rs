//! SELECT * in application code.
use super::support::rows;
use super::{Check, Context, Origin};
use crate::catalog::{Column, Table};
use crate::facts::{ExprKind, Query, Relation, RelationSource, quote_identifier};
use crate::source::FILLER;

pub(super) const CHECK: Check = Check::Query(check);

/// Types whose values are stored beside the row once they are long, and are fetched and unpacked for each row that is sent.
const WIDE: &[&str] = &["json", "jsonb", "bytea", "xml", "tsvector", "vector", "halfvec", "geometry", "geography"];

/// What such a value is called where it is only long enough to be a key or a hash.
const SHORT: &[&str] = &["id", "ids", "hash", "key", "digest", "address", "signature", "sig", "salt", "nonce", "token", "checksum", "fingerprint", "root", "commitment", "txid", "uuid", "pubkey", "mac", "iv", "etag", "sha256", "sha1", "md5", "code", "secret", "password", "owner", "creator", "sender", "recipient", "from", "to", "contract", "account"];

/// Rows of so many columns are wide whatever they hold.
const MANY: usize = 24;

fn check(ctx: &Context, query: &Query) {
    if ctx.origin != Origin::Application || ctx.around.in_document {
        return;
    }
    // what the application receives; a subquery's star is expanded inside, and a view's when it is made
    if ctx.statement.query.as_ref().is_none_or(|own| !std::ptr::eq(own, query)) {
        return;
    }
    let Some(select) = query.select().filter(|_| !fills_a_type(ctx)) else { return };
    // of one row, what it reads too much is little
    let one = query.limit.as_ref().is_some_and(|limit| rows::constant(limit) == Some(1));
    if one || ctx.visits.first().is_some_and(|(_, scope)| rows::is_single(select, scope)) {
        return;
    }
    let tables: Vec<&Relation> = select.relations().into_iter().filter(|r| matches!(r.source, RelationSource::Table(_))).collect();
    let is_cte = |r: &&Relation| r.table().is_some_and(|t| query.ctes.iter().any(|cte| t.schema.is_none() && cte.name == t.name));
    if tables.is_empty() || tables.len() != select.relations().len() || tables.iter().any(is_cte) {
        return;
    }
    for item in select.items.iter().filter(|item| matches!(item.expr.kind, ExprKind::Wildcard(None))) {
        let Some((message, help)) = cost(ctx, &tables) else { return };
        ctx.add(ctx.report(item.expr.span, message).help(help));
    }
}

/// Whether the rows fill a type that is defined elsewhere, by whose fields they are read: `db.Select(&intakes, …)`, `.as[Job]`.
fn fills_a_type(ctx: &Context) -> bool {
    let Some(span) = ctx.application.map(|code| code.span) else { return false };
    let code = ctx.code.as_bytes();
    let (start, end) = (span.start as usize, span.end as usize);
    let before = code.get(start.saturating_sub(NEAR)..start).unwrap_or_default();
    let after = code.get(end..code.len().min(end + NEAR)).unwrap_or_default();
    let holds = |text: &[u8], mark: &str| memchr::memmem::find(text, mark.as_bytes()).is_some();
    ["(&", "query_as", ", &"].iter().any(|mark| holds(before, mark)) || [".as[", ".mapTo", ".class", "toList<"].iter().any(|mark| holds(after, mark))
}

/// So far from the SQL stands what its rows fill.
const NEAR: usize = 60;

/// What the star costs here, and what to write; `None` where the rows are small, or nothing is known of them.
fn cost(ctx: &Context, tables: &[&Relation]) -> Option<(String, String)> {
    let names: Vec<String> = tables.iter().filter_map(|r| r.table()).map(ToString::to_string).collect();
    if names.len() > 1 {
        let known: Option<Vec<&Table>> = tables.iter().map(|r| ctx.table(r.table()?).map(|(_, table)| table)).collect();
        let twice = known?.windows(2).find_map(|pair| pair[0].columns.iter().find(|c| pair[1].column(&c.name).is_some()).map(|c| c.name.clone()))?;
        let message = format!(
            "SELECT * over a join reads every column of {}, and gives two columns the name {twice}: which of them a program reads by that name is its driver's choice",
            names.join(" and ")
        );
        return Some((message, "name the columns that are used".to_owned()));
    }
    let name = names.first()?;
    // of a table that no schema here has, nothing is known
    let table = ctx.table(tables.first()?.table()?).map(|(_, table)| table)?;
    if tables.first().and_then(|r| ctx.table(r.table()?)).is_some_and(|(name, _)| rows::is_singleton(ctx, name)) {
        return None;
    }
    // that a program reads some columns by name, and not these, shows that it does not need them
    let text = ctx.code.to_ascii_lowercase();
    let code = Code { text: &text, sql: ctx.text };
    if !table.columns.iter().any(|column| code.reads(&column.name)) {
        return None;
    }
    let spared: Vec<&Column> = table.columns.iter().filter(|column| !code.names(&column.name)).collect();
    let mut wide: Vec<&&Column> = spared.iter().filter(|c| is_wide(c)).collect();
    wide.sort_by_key(|column| column.ty.as_ref().is_some_and(|ty| ty.name == "bytea"));
    let what = match wide.first() {
        Some(column) => format!("{} ({}), which is read and unpacked for each row", column.name, column.ty.as_ref()?),
        None if spared.len() > MANY => format!("{} that this file names nowhere", spared.len()),
        None => return None,
    };
    let message = format!("SELECT * reads all {} columns of {name}, among them {what}, and those that are added later", table.columns.len());
    Some((message, format!("name the columns that are used{}", list(table))))
}

fn is_wide(column: &Column) -> bool {
    let last = || column.name.rsplit('_').next().unwrap_or_default().to_ascii_lowercase();
    column.ty.as_ref().is_some_and(|ty| WIDE.contains(&ty.name.as_str()) && (ty.name != "bytea" || !SHORT.contains(&last().as_str())))
}

/// The code around SQL, in lower case: to PostgreSQL `utenlandskInntekt` is `utenlandskinntekt`, and so it is to most drivers.
struct Code<'a> {
    text: &'a str,
    /// The same with nothing but the SQL.
    sql: &'a str,
}

impl Code<'_> {
    /// Whether a column's name stands anywhere, as itself or as programs write it (`taskData`, `TaskData`).
    fn names(&self, column: &str) -> bool {
        spellings(column).iter().any(|name| self.holds(name, |_| true))
    }

    /// Whether a column is read by its name: `row.total`, `row["total"]`, `row.get('total')`, `row[:total]`.
    fn reads(&self, column: &str) -> bool {
        spellings(column).iter().any(|name| self.holds(name, |before| matches!(before, b'.' | b'"' | b'\'' | b':' | b'>')))
    }

    fn holds(&self, name: &str, before: impl Fn(u8) -> bool) -> bool {
        let (text, sql) = (self.text.as_bytes(), self.sql.as_bytes());
        let is_word = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
        memchr::memmem::find_iter(text, name.as_bytes()).any(|at| {
            let (previous, end) = (at.checked_sub(1).and_then(|i| text.get(i)), at + name.len());
            let outside = sql.get(at).is_none_or(|byte| *byte == FILLER);
            outside && !is_word(previous) && !is_word(text.get(end)) && previous.is_some_and(|byte| before(*byte))
        })
    }
}

/// A column's name as it is, and without what parts its words: `task_data`, `taskData`.
fn spellings(column: &str) -> Vec<String> {
    let lower = column.to_ascii_lowercase();
    let joined = lower.replace('_', "");
    if joined == lower { vec![lower] } else { vec![lower, joined] }
}

fn list(table: &Table) -> String {
    let list = table.columns.iter().map(|c| quote_identifier(&c.name)).collect::<Vec<_>>().join(", ");
    if list.is_empty() || list.len() > 400 { String::new() } else { format!(": SELECT {list}") }
}
