#![allow(clippy::unwrap_used)]
use super::*;
use crate::facts::{Literal, Name, ObjectName};

fn expr(kind: ExprKind) -> Expr {
    Expr::new(kind, Span::default())
}

fn name(value: &str) -> Name {
    Name::new(value, Span::default())
}

fn column(value: &str) -> Expr {
    expr(ExprKind::Column(ColumnRef { schema: None, relation: None, column: name(value) }))
}

fn text(value: &str) -> Expr {
    expr(ExprKind::Literal(Literal::String(value.to_owned())))
}

fn call(function: &str, args: &[Expr]) -> Expr {
    let name = ObjectName::bare(name(function));
    expr(ExprKind::Call(Box::new(Call { name, args: args.to_vec(), ..Call::default() })))
}

fn cast(of: Expr, ty: &str) -> Expr {
    expr(ExprKind::Cast { expr: Box::new(of), ty: Box::new(TypeName::named(ty)) })
}

fn binary(left: Expr, op: &str, right: Expr) -> Expr {
    expr(ExprKind::Binary { left: Box::new(left), op: op.to_owned(), op_span: Span::default(), right: Box::new(right) })
}

/// The columns of the table that the server was asked with.
fn column_type(column: &ColumnRef) -> Option<TypeName> {
    let mut ty = TypeName::named(match column.column.value.as_str() {
        "a" => "text",
        "i" | "ia" => "int4",
        "d" => "date",
        "ts" => "timestamp",
        "tz" => "timestamptz",
        "iv" => "interval",
        "j" => "jsonb",
        "m" => "money",
        _ => return None,
    });
    ty.dimensions = u8::from(column.column.value == "ia");
    Some(ty)
}

fn found(e: &Expr) -> Option<NotImmutable> {
    not_immutable(e, &column_type, &Catalog::default())
}

/// Expressions for which PostgreSQL 18 says "functions in index expression must be marked IMMUTABLE".
#[test]
fn what_the_server_refuses() {
    let day = || text("day");
    let refused = [
        cast(column("ia"), "text"),
        cast(column("iv"), "text"),
        cast(column("tz"), "date"),
        cast(column("tz"), "text"),
        cast(column("d"), "text"),
        cast(column("m"), "numeric"),
        cast(binary(column("j"), "->>", text("k")), "timestamp"),
        cast(binary(column("j"), "->>", text("k")), "time"),
        binary(column("a"), "||", column("ts")),
        binary(column("tz"), "+", cast(text("1 day"), "interval")),
        binary(column("tz"), ">", column("d")),
        binary(column("tz"), "=", column("ts")),
        call("array_to_string", &[column("ia"), text(",")]),
        call("date_trunc", &[day(), column("tz")]),
        call("date_trunc", &[day(), column("d")]),
        call("extract", &[text("epoch"), column("tz")]),
        call("to_char", &[column("i"), text("99")]),
        call("greatest", &[column("tz"), column("d")]),
        call("coalesce", &[column("tz"), column("d")]),
        call("row_to_json", &[column("t")]),
        call("jsonb_build_object", &[text("a"), column("a")]),
        call("age", &[column("tz")]),
        call("to_tsvector", &[column("a")]),
        call("now", &[]),
    ];
    for e in &refused {
        let found = found(e).unwrap_or_else(|| panic!("{e:?}"));
        assert!(found.certain && found.volatility == Volatility::Stable, "{e:?} {found:?}");
    }
}

/// Expressions for which PostgreSQL 18 builds an index.
#[test]
fn what_the_server_accepts() {
    let day = || text("day");
    let accepted = [
        binary(column("a"), "||", column("i")),
        call("quote_literal", &[column("i")]),
        cast(text("2020-01-01"), "timestamptz"),
        binary(column("tz"), ">", text("2020-01-01")),
        cast(column("i"), "text"),
        call("timezone", &[text("UTC"), column("tz")]),
        cast(call("timezone", &[text("UTC"), column("tz")]), "date"),
        cast(column("ts"), "date"),
        cast(column("d"), "timestamp"),
        call("date_trunc", &[day(), column("ts")]),
        call("date_trunc", &[day(), column("tz"), text("UTC")]),
        call("extract", &[text("epoch"), column("ts")]),
        call("extract", &[text("year"), column("d")]),
        binary(column("ts"), "+", cast(text("1 day"), "interval")),
        binary(column("d"), "+", cast(text("1 day"), "interval")),
        call("md5", &[column("a")]),
        cast(column("a"), "varchar"),
        cast(binary(column("j"), "->>", text("n")), "int4"),
        cast(binary(column("j"), "->", text("a")), "text"),
        cast(column("a"), "jsonb"),
        binary(column("tz"), "-", column("tz")),
        call("age", &[column("tz"), column("tz")]),
        call("tstzrange", &[column("tz"), column("tz")]),
        call("to_tsvector", &[text("english"), column("a")]),
    ];
    for e in &accepted {
        assert_eq!(found(e), None, "{e:?}");
    }
}

#[test]
fn an_unknown_type_makes_it_uncertain_and_a_certain_one_is_preferred() {
    let doubtful = call("date_trunc", &[text("day"), column("mystery")]);
    assert!(!found(&doubtful).unwrap().certain);
    let both = expr(ExprKind::Array(vec![doubtful, call("random", &[])]));
    let found = found(&both).unwrap();
    assert_eq!((found.why.as_str(), found.certain), ("random() is VOLATILE", true));
}

#[test]
fn it_names_the_cast() {
    assert_eq!(found(&cast(column("tz"), "date")).unwrap().why, "the cast of timestamp with time zone to date is STABLE");
    assert_eq!(found(&call("current_date", &[])).unwrap().why, "CURRENT_DATE is STABLE");
}

#[test]
fn volatility_of_defaults() {
    let of = |e: &Expr| expression_volatility(e, &Catalog::default());
    assert_eq!(of(&call("now", &[])), Some(Volatility::Stable));
    assert_eq!(of(&call("current_date", &[])), Some(Volatility::Stable));
    assert_eq!(of(&call("concat", &[text("a"), text("b")])), Some(Volatility::Stable));
    assert_eq!(of(&binary(call("now", &[]), "+", cast(text("1 day"), "interval"))), Some(Volatility::Stable));
    assert_eq!(of(&call("lower", &[call("random", &[])])), Some(Volatility::Volatile));
    assert_eq!(of(&call("clock_timestamp", &[])), Some(Volatility::Volatile));
    assert_eq!(of(&call("of_ours", &[])), None);
    assert_eq!(of(&call("of_ours", &[call("random", &[])])), Some(Volatility::Volatile));
    assert_eq!(of(&text("x")), Some(Volatility::Immutable));
}

#[test]
fn a_deep_expression_is_answered() {
    let deep = (0..2000).fold(column("a"), |e, _| binary(e, "||", column("ts")));
    assert!(found(&deep).is_some());
}
