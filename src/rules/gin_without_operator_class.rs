//! An index on a type that has no default operator class for its access method: GIN on text, a btree on json.

use super::support::spelling;
use super::{Check, Context, Kind};
use crate::advise::ddl::Definition;
use crate::facts::{Action, ConstraintKind, CreateIndex, CreateTable, Expr, ExprKind, IndexKey, ObjectName, TableChange, TypeName};
use crate::finding::Severity;
use crate::postgres::refusal::{is_without_class, key_type, lacks_class};
use crate::source::Span;

pub(super) const CHECK: Check = Check::Action(&[Kind::CreateIndex, Kind::CreateTable, Kind::AlterTable], check);

fn check(ctx: &Context) {
    for action in ctx.actions() {
        match action {
            Action::CreateIndex(index) => match unsupported(index) {
                Some((what, help)) => {
                    let message = format!("this index is refused: access method \"{}\" does not support {what}", index.method);
                    ctx.add(ctx.report(index.keys_span, message).help(help));
                }
                None => index.keys.iter().for_each(|key| check_key(ctx, index, key)),
            },
            Action::CreateTable(create) => {
                create.constraints.iter().for_each(|constraint| check_constraint(ctx, &constraint.kind, Some(create), &create.name));
            }
            Action::AlterTable(alter) => match &alter.change {
                TableChange::AddConstraint(constraint) => check_constraint(ctx, &constraint.kind, None, &alter.name),
                _ => continue,
            },
            _ => {}
        }
    }
}

/// What an index asks of an access method that only a btree can do, in PostgreSQL's words, and what to write instead.
fn unsupported(index: &CreateIndex) -> Option<(&'static str, &'static str)> {
    let method = index.method.as_str();
    let known = matches!(method, "hash" | "gin" | "gist" | "spgist" | "brin");
    let any = |test: fn(&IndexKey) -> bool| index.keys.iter().any(test);
    match method {
        _ if !known => None,
        _ if index.unique => Some(("unique indexes", "a btree keeps rows apart: leave out USING; GiST does it in EXCLUDE")),
        "hash" | "spgist" if index.keys.len() > 1 => Some(("multicolumn indexes", "build one for each column, or a btree over all of them: leave out USING")),
        _ if any(|key| key.descending) => Some(("ASC/DESC options", "leave out DESC: it keeps no order; for an order, build a btree")),
        _ if any(|key| key.nulls_first.is_some()) => Some(("NULLS FIRST/LAST options", "leave out NULLS FIRST or LAST: it keeps no order; for an order, build a btree")),
        "hash" | "gin" | "brin" if !index.include.is_empty() => Some(("included columns", "leave out INCLUDE, or build a btree, or GiST, which have it")),
        _ => None,
    }
}

/// EXCLUDE, UNIQUE and PRIMARY KEY build an index too.
fn check_constraint(ctx: &Context, kind: &ConstraintKind, create: Option<&CreateTable>, table: &ObjectName) {
    let ty = |column: &str| match create {
        Some(create) => create.columns.iter().find(|c| c.name.value == column)?.ty.as_ref(),
        None => ctx.catalog.column_type(table, column),
    };
    let said = |method: &str, text: &str, span: Span, ty: &TypeName| {
        // the control file of an extension says what it requires
        if ctx.around.makes_extension && method == "gist" && is_scalar(ty) || comes_by_a_call(ctx, method, ty) {
            return;
        }
        let (message, severity) = message(method, text, ty, "constraint");
        let report = ctx.report(span, message).help(other_help(method, text, ty));
        ctx.add(match severity {
            Some(severity) => report.severity(severity),
            None => report,
        });
    };
    match kind {
        ConstraintKind::Key { columns, .. } => {
            for column in columns {
                if let Some(ty) = ty(&column.value).filter(|ty| is_without_class("btree", ty, ctx.catalog)) {
                    said("btree", &column.to_string(), column.span, ty);
                }
            }
        }
        ConstraintKind::Exclude { method, keys, .. } => {
            let method = method.as_ref().map_or("btree", |method| method.value.as_str());
            for (key, _) in keys.iter().filter(|(key, _)| key.opclass.is_none()) {
                let Some(column) = key.expr.column() else { continue };
                if let Some(ty) = ty(&column.column.value).filter(|ty| is_without_class(method, ty, ctx.catalog)) {
                    said(method, &spelling::unqualified(ctx, &key.expr), key.expr.span, ty);
                }
            }
        }
        _ => {}
    }
}

/// Whether the class may be one of btree_gin or btree_gist, which the framework creates by a call and no statement that could be
/// read: `BtreeGinExtension()`, `enable_extension "btree_gist"`. What text wants of GIN is another extension's.
fn comes_by_a_call(ctx: &Context, method: &str, ty: &TypeName) -> bool {
    let is_text = ["text", "varchar", "bpchar"].iter().any(|name| ty.is(name));
    let calls = || ["migrations.Migration", "ActiveRecord::Migration"].iter().any(|mark| ctx.code.contains(mark));
    (method == "gist" || method == "gin" && !is_text) && is_scalar(ty) && ctx.application.is_some() && calls()
}

/// What is refused, and how certain that is: an extension that nobody created here may be there all the same.
fn message(method: &str, text: &str, ty: &TypeName, what: &str) -> (String, Option<Severity>) {
    if method == "gist" && is_scalar(ty) {
        let message = format!("this {what} is refused without the extension btree_gist: {text} is {ty}, which has no default operator class for access method \"gist\"");
        return (message, Some(Severity::Warning));
    }
    (format!("this {what} is refused: {text} is {ty}, which has no default operator class for access method \"{method}\""), None)
}

/// What btree_gist brings a class for.
fn is_scalar(ty: &TypeName) -> bool {
    const SCALAR: &[&str] = &[
        "int2", "int4", "int8", "float4", "float8", "numeric", "timestamp", "timestamptz", "time", "timetz", "date", "interval", "oid", "money",
        "text", "varchar", "bpchar", "bytea", "bit", "varbit", "macaddr", "macaddr8", "uuid", "bool",
    ];
    ty.dimensions == 0 && SCALAR.iter().any(|name| ty.is(name))
}

/// What to build instead, where it is no GIN.
fn other_help(method: &str, text: &str, ty: &TypeName) -> String {
    match method {
        "gist" | "spgist" if ty.is("jsonb") => format!("keys and containment of jsonb, GIN finds: USING gin ({text})"),
        "gist" if is_scalar(ty) => "before it: CREATE EXTENSION IF NOT EXISTS btree_gist;".to_owned(),
        "btree" | "hash" | "brin" if ty.is("json") => format!("make the column jsonb, which has equality and an order, or index one key of it: (({text}->>'…'))"),
        "btree" | "hash" if ["point", "box", "circle", "polygon"].iter().any(|name| ty.is(name)) => format!("what geometry is asked for, GiST serves: USING gist ({text})"),
        _ => format!("for equality and ranges, a btree: ({text})"),
    }
}

fn check_key(ctx: &Context, index: &CreateIndex, key: &IndexKey) {
    if !lacks_class(index, key, ctx.catalog) {
        return;
    }
    let Some(ty) = key_type(&index.table, key, ctx.catalog) else { return };
    if comes_by_a_call(ctx, &index.method, &ty) {
        return;
    }
    let text = spelling::unqualified(ctx, &key.expr);
    // beside another key it is there for btree_gin, which whoever made the database may have put in
    if index.method == "gin" && index.keys.len() > 1 && is_scalar(&ty) {
        let message = format!("this index is refused without the extension btree_gin: {text} is {ty}, which has no default operator class for access method \"gin\"");
        let help = "before it: CREATE EXTENSION IF NOT EXISTS btree_gin;";
        ctx.add(ctx.report(key.expr.span, message).severity(Severity::Warning).help(help));
        return;
    }
    let (message, severity) = message(&index.method, &text, &ty, "index");
    let is_text = ["text", "varchar", "bpchar"].iter().any(|name| ty.is(name));
    let help = if index.method == "gin" { gin_help(ctx, index, &key.expr, is_text) } else { other_help(&index.method, &spelling::index_key(ctx, &key.expr), &ty) };
    let mut report = ctx.report(key.expr.span, message).help(help);
    report.severity = severity;
    if index.method == "gin" && is_text && ctx.catalog.extensions.iter().any(|e| e == "pg_trgm") {
        // After the parentheses that an expression stands in.
        let rest = ctx.text.get(key.expr.span.end as usize..).unwrap_or("");
        let closed = if matches!(key.expr.kind, ExprKind::Column(_)) { Some(0) } else { rest.find(')').map(|at| at + 1) };
        let plain = |close: usize| rest.get(..close).is_some_and(|gap| gap.trim_end_matches(')').trim().is_empty());
        if let Some(close) = closed.filter(|close| plain(*close)) {
            let at = key.expr.span.end + close as u32;
            report = report.fix("name the operator class for trigrams", false, Span::new(at, at), " gin_trgm_ops");
        }
    }
    ctx.add(report);
}

fn gin_help(ctx: &Context, index: &CreateIndex, expr: &Expr, is_text: bool) -> String {
    let written = spelling::index_key(ctx, expr);
    let wanted = Definition { keys: vec![written.clone()], labels: labels(expr), ..Definition::default() };
    let table = ctx.table(&index.table).map_or_else(|| ctx.catalog.creation_name(&index.table, false), |(name, _)| name.clone());
    let mut help = format!("for equality and ranges, a btree:\n{};", wanted.text(&table, ctx.catalog));
    if is_text {
        help.push_str(&format!("\nfor LIKE '%…%', trigrams (extension pg_trgm): USING gin ({written} gin_trgm_ops)"));
    }
    if let ExprKind::Binary { left, op, .. } = &expr.kind
        && (op == "->>" || op == "#>>") {
            help.push_str(&format!("\nfor @>, ? and jsonpath, the jsonb value itself: USING gin ({})", spelling::index_key(ctx, left)));
        }
    help
}

/// What a key adds to its index's name.
fn labels(expr: &Expr) -> Vec<String> {
    let mut found = vec![];
    expr.walk(&mut |e| found.extend(e.column().map(|column| column.column.value.to_string())));
    if found.is_empty() { vec!["expr".to_owned()] } else { found }
}
