//! The keyset form of a paged query, written from its own ORDER BY.

mod predicate;
mod wrapped;

use super::{json, rows, spelling};
use crate::advise::Definition;
use crate::catalog::Qualified;
use crate::catalog::index_match::{OrderBy, gives_order, is_value, tests};
use crate::catalog::resolve::{Resolved, Scope, Source};
use crate::extract::FragmentKind;
use crate::facts::{Expr, ExprKind, Identifier, Literal, Query, quote_identifier};
use crate::rules::Context;
use predicate::Step;

/// One key of the order, as the predicate will write it.
struct Key<'a> {
    expr: Option<&'a Expr>,
    text: String,
    parameter: String,
    column: Option<Resolved<'a>>,
    descending: bool,
    nulls_first: bool,
    nullable: bool,
}

/// The advice: the rewrite and the index that it needs.
pub(crate) fn advice<'a>(ctx: &Context, query: &'a Query, scope: &Scope<'a>) -> String {
    if query.order_by.is_empty() {
        let is_piece = ctx.application.is_some_and(|code| code.kind == FragmentKind::Clause || code.open);
        if is_piece || spelling::has_hole(ctx, query.span) {
            return "a piece of this query is put in by the program: order by a unique key there, and continue after the last row seen \
                    (WHERE key > $last_key) instead of OFFSET"
                .to_owned();
        }
        return no_order(ctx, query, scope);
    }
    if query
        .select()
        .is_none_or(|s| !s.group_by.is_empty() || s.distinct.is_some() || s.items.iter().any(|i| rows::holds_aggregate(&i.expr)))
    {
        return wrapped::advice(ctx, query);
    }
    let put_in = |text: String| text.contains('{') || text.contains("%s");
    if query.order_by.iter().any(|key| put_in(spelling::text(ctx, key.expr.span)) || is_given(key.expr.uncast()) || chooses(&key.expr)) {
        return "the program puts the order together: end it in a unique key, and continue after the last row seen \
                (WHERE (key, id) > ($last_key, $last_id)) instead of OFFSET"
            .to_owned();
    }
    let mut keys: Vec<Key> = query.order_by.iter().map(|key| read(ctx, query, scope, key)).collect();
    let mut notes = vec![];
    if let Some(key) = keys.iter().find(|key| key.expr.is_some_and(is_random)) {
        return format!(
            "ORDER BY {} has no stable order, so its pages repeat and skip rows; take a sample once instead of paging",
            key.text
        );
    }
    add_tiebreaker(ctx, query, scope, &mut keys, &mut notes);
    let predicate = predicate::after(&steps(&keys));
    let order: Vec<String> = keys.iter().map(order_text).collect();
    let limit = query.limit.as_ref().map_or_else(|| "LIMIT n".to_owned(), |limit| spelling::text(ctx, limit.span));
    let filter = query.select().and_then(|s| s.filter.as_ref());
    let prefix = filter.map_or("WHERE ".to_owned(), |filter| {
        let text = spelling::text(ctx, filter.span);
        match (&filter.kind, text.len()) {
            (ExprKind::Or(_), ..=160) => format!("WHERE ({text}) AND "),
            (_, ..=160) => format!("WHERE {text} AND "),
            _ => "… AND ".to_owned(),
        }
    });
    let bracketed = filter.is_some() && predicate.contains(" OR ");
    let predicate = if bracketed { format!("({predicate})") } else { predicate };
    let head = format!("continue after the last row seen: {prefix}{predicate}");
    let mut help = format!("{head} ORDER BY {} {limit}", order.join(", "));
    notes.extend(null_note(&keys));
    notes.extend(index(ctx, query, scope, &keys));
    for note in notes {
        help.push('\n');
        help.push_str(&note);
    }
    help
}

/// `CASE WHEN $1 = 'name' THEN name END`: what the rows are ordered by is a choice.
fn chooses(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Case { .. })
}

/// Whether a parameter stands for the key.
fn is_given(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Parameter(_))
}

fn no_order(ctx: &Context, query: &Query, scope: &Scope) -> String {
    const WHY: &str = "there is no ORDER BY, so the pages are arbitrary: rows repeat and go missing between them; order by";
    if let Some(keys) = query.select().map(|select| &select.group_by).filter(|keys| !keys.is_empty()) {
        let keys: Vec<String> = keys.iter().map(|key| spelling::text(ctx, key.span)).collect();
        return format!("{WHY} what the rows are grouped by ({}), then continue after the last row seen", keys.join(", "));
    }
    let key = scope.bindings().first().and_then(|b| match b.source {
        Source::Table(written) => ctx.catalog.keys_of(&ctx.catalog.resolve(written)).into_iter().next(),
        _ => None,
    });
    let key = key.unwrap_or_else(|| vec!["id".into()]);
    let list: Vec<String> = key.iter().map(|c| quote_identifier(c)).collect();
    let parameters: Vec<String> = key.iter().map(|c| format!("$last_{c}")).collect();
    format!(
        "{WHY} a unique key first, then continue after the last row seen: WHERE {} ORDER BY {} LIMIT n",
        compare(&list, ">", &parameters),
        list.join(", ")
    )
}

fn read<'a>(ctx: &Context, query: &'a Query, scope: &Scope<'a>, key: &'a crate::facts::OrderKey) -> Key<'a> {
    let expr = selected(query, &key.expr).unwrap_or(&key.expr);
    let column = scope.resolve_expr(expr);
    let text = spelling::text(ctx, expr.span);
    let parameter = match expr.column() {
        Some(c) => format!("$last_{}", c.column.value),
        None => format!("$last_{}", output_name(query, expr).unwrap_or_else(|| "value".into())),
    };
    let known_nullable = may_be_null(expr, scope);
    let nulls_first = key.nulls_first.unwrap_or(key.descending);
    let nullable = known_nullable || (key.nulls_first.is_some() && column.as_ref().and_then(|c| c.definition()).is_none());
    Key { expr: Some(expr), text, parameter, column, descending: key.descending, nulls_first, nullable }
}

/// Whether a column inside is known to take NULLs.
fn may_be_null(expr: &Expr, scope: &Scope) -> bool {
    let mut found = false;
    let guarded = matches!(&expr.kind, ExprKind::Call(call) if call.name.name == "coalesce");
    expr.walk(&mut |e| found |= scope.resolve_expr(e).and_then(|c| c.definition().map(|d| !d.not_null)).unwrap_or(false));
    found && !guarded
}

/// An ordinal or an output name stands for its entry in the select list.
fn selected<'a>(query: &'a Query, expr: &Expr) -> Option<&'a Expr> {
    let select = query.select()?;
    match &expr.kind {
        ExprKind::Literal(Literal::Number(n)) => {
            let at = n.parse::<usize>().ok()?.checked_sub(1)?;
            let wild = select.items.iter().take(at + 1).any(|item| matches!(item.expr.kind, ExprKind::Wildcard(_)));
            select.items.get(at).filter(|_| !wild).map(|item| &item.expr)
        }
        ExprKind::Column(column) if column.relation.is_none() => {
            select.items.iter().find(|item| item.alias.as_ref() == Some(&column.column)).map(|item| &item.expr)
        }
        _ => None,
    }
}

fn output_name(query: &Query, expr: &Expr) -> Option<Identifier> {
    let item = query.select()?.items.iter().find(|item| std::ptr::eq(&item.expr, expr))?;
    item.alias.as_ref().map(|alias| alias.value.clone())
}

fn is_random(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Call(call) if matches!(call.name.name.value.as_str(), "random" | "gen_random_uuid" | "uuid_generate_v4"))
}

/// Ends the order with a unique key, so that the last row seen is one row.
/// The columns of a table that the query holds to one value each.
fn fixed<'a>(query: &'a Query, scope: &Scope<'a>, table: &Qualified) -> Vec<Identifier> {
    let conditions = query.select().map(|select| select.conditions()).unwrap_or_default();
    let conjuncts = conditions.into_iter().flat_map(|c| c.conjuncts()).filter(|c| matches!(c.kind, ExprKind::Binary { .. }));
    let held = conjuncts.flat_map(tests).filter(|test| test.op == "=" && test.value.is_some_and(is_value));
    held.filter_map(|test| scope.resolve_expr(test.tested)).filter(|c| c.name == *table).map(|c| c.column).collect()
}

fn add_tiebreaker<'a>(ctx: &Context, query: &'a Query, scope: &Scope<'a>, keys: &mut Vec<Key<'a>>, notes: &mut Vec<String>) {
    let last_descending = keys.last().is_some_and(|key| key.descending);
    let first_column = keys.iter().find_map(|key| key.column.as_ref());
    let driving = scope.bindings().first().and_then(|b| match b.source {
        Source::Table(written) => {
            Some((written, ctx.catalog.table(written).map_or_else(|| ctx.catalog.resolve(written), |(n, _)| n.clone())))
        }
        _ => None,
    });
    let (written, name) = match first_column {
        Some(column) => (column.written, column.name.clone()),
        None => match driving {
            Some(driving) => driving,
            None => {
                notes.push(
                    "end the order in whatever is unique among these rows: without it, rows with equal keys are skipped or repeated"
                        .to_owned(),
                );
                return;
            }
        },
    };
    // A bare column that could belong to several relations is taken for this one's: no tie-breaker is added twice.
    let column_here = |key: &Key<'a>| match (&key.column, key.expr.and_then(Expr::column)) {
        (Some(column), _) => (column.name == name).then(|| column.column.clone()),
        (None, Some(written)) if written.relation.is_none() => Some(written.column.value.clone()),
        _ => None,
    };
    let here: Vec<Identifier> = keys.iter().filter_map(column_here).collect();
    // what the query holds to one value is the same on every page
    let fixed = fixed(query, scope, &name);
    let here: Vec<&str> = here.iter().chain(&fixed).map(Identifier::as_str).collect();
    let not_null = |c: &Identifier| ctx.catalog.tables.get(&name).and_then(|t| t.column(c)).is_some_and(|c| c.not_null);
    let unique: Vec<Vec<Identifier>> = ctx.catalog.keys_of(&name).into_iter().filter(|key| key.iter().all(not_null)).collect();
    if unique.iter().any(|key| key.iter().all(|c| here.contains(&c.as_str()))) || (unique.is_empty() && here.contains(&"id")) {
        return;
    }
    let tie = match unique.into_iter().next() {
        Some(tie) => tie,
        None => {
            let known = ctx.catalog.table(written).is_some();
            // a name that the program puts in
            let called = if written.name.value.contains(['{', '%']) { "the table".to_owned() } else { written.to_string() };
            let why = if ctx.catalog.view(written).is_some() {
                "is a view"
            } else if known {
                "has no unique key that is known to be NOT NULL"
            } else {
                "is not defined in the files read"
            };
            notes.push(format!("{called} {why}: id stands here for whatever is unique and NOT NULL in it; without it, rows with equal keys are skipped or repeated"));
            vec!["id".into()]
        }
    };
    let qualifier = qualifier(query, scope, &name, keys);
    for column in tie.into_iter().filter(|c| !here.contains(&c.as_str())).collect::<Vec<_>>() {
        let text = format!("{qualifier}{}", quote_identifier(&column));
        let parameter = format!("$last_{column}");
        let resolved = Some(Resolved { written, name: name.clone(), table: None, column });
        keys.push(Key {
            expr: None,
            text,
            parameter,
            column: resolved,
            descending: last_descending,
            nulls_first: last_descending,
            nullable: false,
        });
    }
}

/// `o.` where the query joins or qualifies, else nothing.
fn qualifier(query: &Query, scope: &Scope, name: &crate::catalog::Qualified, keys: &[Key]) -> String {
    let qualified = keys.iter().any(|k| k.expr.and_then(Expr::column).is_some_and(|c| c.relation.is_some()));
    if !qualified && query.from().iter().flat_map(|f| f.relations()).count() < 2 {
        return String::new();
    }
    let used = keys.iter().find(|k| k.column.as_ref().is_some_and(|c| c.name == *name)).and_then(|k| k.expr?.column()?.relation.clone());
    let first = scope.bindings().first().and_then(|b| b.relation.binding().cloned());
    used.or(first).map_or(String::new(), |binding| format!("{binding}."))
}

fn order_text(key: &Key) -> String {
    written(&key.text, key.descending, key.nulls_first)
}

/// A key as ORDER BY writes it.
fn written(key: &str, descending: bool, nulls_first: bool) -> String {
    let direction = if descending { " DESC" } else { "" };
    let nulls = match (nulls_first, descending) {
        (true, false) => " NULLS FIRST",
        (false, true) => " NULLS LAST",
        _ => "",
    };
    format!("{key}{direction}{nulls}")
}

fn compare(left: &[String], op: &str, right: &[String]) -> String {
    match (left, right) {
        ([left], [right]) => format!("{left} {op} {right}"),
        _ => format!("({}) {op} ({})", left.join(", "), right.join(", ")),
    }
}

/// The keys as the predicate sees them.
fn steps<'k>(keys: &'k [Key]) -> Vec<Step<'k>> {
    let step = |k: &'k Key| Step {
        text: &k.text,
        parameter: &k.parameter,
        descending: k.descending,
        nulls_first: k.nulls_first,
        nullable: k.nullable,
    };
    keys.iter().map(step).collect()
}

fn null_note(keys: &[Key]) -> Option<String> {
    let predicate = predicate::after_null(&steps(keys))?;
    let nullable: Vec<&str> = keys.iter().filter(|k| k.nullable).map(|k| k.text.as_str()).collect();
    Some(match nullable[..] {
        [one] => format!(
            "{one} may be NULL, and NULL compares with nothing: once the last row's {one} is NULL, continue with {predicate}; a NOT NULL column needs none of this"
        ),
        _ => format!(
            "{} may be NULL, and NULL compares with nothing: once one of them is NULL in the last row, continue with {predicate}; NOT NULL columns need none of this",
            nullable.join(" and ")
        ),
    })
}

/// Which index the rewrite needs, and whether it is there.
fn index<'a>(ctx: &Context, query: &'a Query, scope: &Scope<'a>, keys: &[Key<'a>]) -> Option<String> {
    let table = keys.iter().find_map(|k| k.column.as_ref())?;
    let name = table.name.clone();
    // the program puts the table's name in; what the schema at hand does not have may be a view
    if name.name.contains(['{', '%']) || table.table.is_none() && !ctx.catalog.tables.is_empty() {
        return None;
    }
    if !keys.iter().all(|k| k.column.as_ref().is_some_and(|c| c.name == name)) {
        return Some("the order spans several tables, or expressions, so no one index gives it: order by columns of one table where that is possible".to_owned());
    }
    let conditions = json::conditions(query);
    let bare: Vec<Expr> = keys.iter().map(bare_column).collect();
    let order: Vec<OrderBy> =
        bare.iter().zip(keys).map(|(expr, k)| OrderBy { expr, descending: k.descending, nulls_first: k.nulls_first }).collect();
    if let Some((found, _)) = ctx.catalog.indexes_of(&name).find(|(_, index)| gives_order(index, &order, &conditions)) {
        return Some(format!("index {} already gives this order", found.name));
    }
    let mut columns: Vec<String> = vec![];
    let fixed = conditions.iter().filter(|c| matches!(c.kind, ExprKind::Binary { .. })).flat_map(|c| tests(c));
    for test in fixed.filter(|t| t.op == "=" && t.value.is_some_and(is_value)) {
        let column = scope.resolve_expr(test.tested).filter(|c| c.name == name).map(|c| quote_identifier(&c.column));
        columns.extend(column.filter(|c| !columns.contains(c)));
    }
    let default_nulls = keys.iter().all(|k| k.nulls_first == k.descending);
    let plain = default_nulls && keys.iter().all(|k| k.descending == keys[0].descending);
    for key in keys {
        let column = key.column.as_ref().map(|c| quote_identifier(&c.column)).unwrap_or_default();
        let tail = if plain { String::new() } else { order_text(key).strip_prefix(key.text.as_str()).unwrap_or_default().to_owned() };
        columns.push(format!("{column}{tail}"));
    }
    let label = |column: &String| column.trim_matches('"').split(' ').next().unwrap_or_default().to_owned();
    let definition = Definition { labels: columns.iter().map(label).collect(), keys: columns, ..Definition::default() };
    Some(format!("it needs an index in this order:\n{};", definition.text(&name, ctx.catalog)))
}

fn bare_column(key: &Key) -> Expr {
    let column = key.column.as_ref().map(|c| c.column.clone()).unwrap_or_default();
    let reference = crate::facts::ColumnRef { schema: None, relation: None, column: crate::facts::Name::new(column, Default::default()) };
    Expr::new(ExprKind::Column(reference), Default::default())
}
