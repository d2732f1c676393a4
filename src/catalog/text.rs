//! Facts back to SQL text, and names followed inside text and expressions. Must not know the catalog's maps.

use super::Qualified;
use crate::facts::{Constraint, ConstraintKind, Expr, ExprKind, Identifier, IndexKey, Name, ObjectName, PartitionBound, quote_identifier};
use crate::source::{FILLER, Location, Span};

/// A statement's surroundings while it is folded.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'a> {
    /// The file's text.
    pub(super) text: &'a str,
    /// The statement.
    pub(super) place: Location,
    /// The one change of an ALTER TABLE.
    pub(super) change: Span,
    /// It surely runs: no IF stands around it.
    pub(super) sure: bool,
    /// What is reported as its place, where the text is not the file's: the statement that runs it.
    pub(super) stands_for: Option<Location>,
}

impl At<'_> {
    /// Where the statement stands in its file.
    pub(super) fn home(&self) -> Location {
        self.stands_for.unwrap_or(self.place)
    }

    /// Where something of the statement stands in the file.
    pub(super) fn written(&self, span: Span) -> Location {
        self.stands_for.unwrap_or(Location { file: self.place.file, span })
    }

    /// The text of a span, without the fillers of an overlay.
    pub(super) fn sql(&self, span: Span) -> String {
        let raw = span.of(self.text).trim();
        if raw.as_bytes().contains(&FILLER) { raw.replace(FILLER as char, "") } else { raw.to_owned() }
    }

    /// The text of a span as it stands, without the fillers of an overlay.
    pub(super) fn raw(&self, span: Span) -> String {
        span.of(self.text).replace(FILLER as char, "")
    }

    /// An index key as SQL.
    pub(super) fn key(&self, key: &IndexKey) -> String {
        let mut sql = match &key.expr.kind {
            ExprKind::Column(column) => quote_identifier(&column.column.value),
            _ => {
                let text = self.sql(key.expr.span);
                if is_call(&text) { text } else { format!("({text})") }
            }
        };
        if let Some(collation) = &key.collation {
            sql.push_str(&format!(" COLLATE {collation}"));
        }
        if let Some(opclass) = &key.opclass {
            sql.push_str(&format!(" {opclass}{}", key.opclass_options.as_deref().unwrap_or("")));
        }
        if key.descending {
            sql.push_str(" DESC");
        }
        match key.nulls_first {
            Some(true) if !key.descending => sql.push_str(" NULLS FIRST"),
            Some(false) if key.descending => sql.push_str(" NULLS LAST"),
            _ => {}
        }
        sql
    }

    /// A constraint as SQL, without its name; `references` is the table of a foreign key.
    pub(super) fn constraint(&self, constraint: &Constraint, references: Option<&Qualified>) -> String {
        let mut sql = match &constraint.kind {
            ConstraintKind::Check(expr) => format!("CHECK ({})", self.sql(expr.span)),
            ConstraintKind::NotNull(column) => format!("NOT NULL {column}"),
            ConstraintKind::Key { .. } => key_sql(constraint),
            ConstraintKind::ForeignKey { .. } => foreign_key_sql(constraint, references),
            ConstraintKind::Exclude { method, keys, predicate } => {
                let keys: Vec<String> = keys.iter().map(|(key, op)| format!("{} WITH {op}", self.key(key))).collect();
                let using = method.as_ref().map(|m| format!(" USING {m}")).unwrap_or_default();
                let filter = predicate.as_ref().map(|p| format!(" WHERE ({})", self.sql(p.span))).unwrap_or_default();
                let with = constraint.with.as_ref().map(|with| format!(" WITH {with}")).unwrap_or_default();
                format!("EXCLUDE{using} ({}){with}{filter}", keys.join(", "))
            }
        };
        suffix(&mut sql, constraint);
        sql
    }

    /// A partition's bound as SQL.
    pub(super) fn bound(&self, bound: &PartitionBound) -> String {
        let list = |exprs: &[Expr]| exprs.iter().map(|e| self.sql(e.span)).collect::<Vec<_>>().join(", ");
        match bound {
            PartitionBound::Default => "DEFAULT".to_owned(),
            PartitionBound::List(values) => format!("FOR VALUES IN ({})", list(values)),
            PartitionBound::Range { from, to } => format!("FOR VALUES FROM ({}) TO ({})", list(from), list(to)),
            PartitionBound::Hash { modulus, remainder } => {
                format!("FOR VALUES WITH (MODULUS {modulus}, REMAINDER {remainder})")
            }
        }
    }
}

fn suffix(sql: &mut String, constraint: &Constraint) {
    if constraint.no_inherit {
        sql.push_str(" NO INHERIT");
    }
    if constraint.deferrable {
        sql.push_str(" DEFERRABLE");
    }
    if constraint.initially_deferred {
        sql.push_str(" INITIALLY DEFERRED");
    }
    if constraint.not_enforced {
        sql.push_str(" NOT ENFORCED");
    }
}

/// Writes a key or foreign key anew after something in it was renamed; checks keep their text.
pub(super) fn refresh(sql: &mut String, constraint: &Constraint, references: Option<&Qualified>) {
    let fresh = match &constraint.kind {
        ConstraintKind::Key { .. } => key_sql(constraint),
        ConstraintKind::ForeignKey { .. } => foreign_key_sql(constraint, references),
        _ => return,
    };
    *sql = fresh;
    suffix(sql, constraint);
}

fn key_sql(constraint: &Constraint) -> String {
    let ConstraintKind::Key { primary, columns, include, nulls_not_distinct, .. } = &constraint.kind else { return String::new() };
    let mut sql = if *primary { "PRIMARY KEY" } else { "UNIQUE" }.to_owned();
    sql.push_str(if *nulls_not_distinct { " NULLS NOT DISTINCT (" } else { " (" });
    push_names(&mut sql, columns);
    sql.push_str(if constraint.temporal { " WITHOUT OVERLAPS)" } else { ")" });
    if !include.is_empty() {
        sql.push_str(" INCLUDE (");
        push_names(&mut sql, include);
        sql.push(')');
    }
    if let Some(with) = &constraint.with {
        sql.push_str(" WITH ");
        sql.push_str(with);
    }
    sql
}

fn foreign_key_sql(constraint: &Constraint, references: Option<&Qualified>) -> String {
    let ConstraintKind::ForeignKey { columns, table, referenced, on_delete, on_update } = &constraint.kind else {
        return String::new();
    };
    let target = references.map_or_else(|| table.to_string(), Qualified::to_string);
    let list = |columns: &[Name]| match columns.split_last() {
        Some((last, rest)) if constraint.temporal && rest.is_empty() => format!("PERIOD {last}"),
        Some((last, rest)) if constraint.temporal => format!("{}, PERIOD {last}", names(rest)),
        _ => names(columns),
    };
    let referenced = if referenced.is_empty() { String::new() } else { format!("({})", list(referenced)) };
    let mut sql = format!("FOREIGN KEY ({}) REFERENCES {target}{referenced}", list(columns));
    if constraint.match_full {
        sql.push_str(" MATCH FULL");
    }
    for (event, action) in [("UPDATE", on_update), ("DELETE", on_delete)] {
        if let Some(action) = action {
            sql.push_str(&format!(" ON {event} {action}"));
            if event == "DELETE" && !constraint.delete_columns.is_empty() {
                sql.push_str(&format!(" ({})", names(&constraint.delete_columns)));
            }
        }
    }
    sql
}

/// A list of identifiers.
pub(super) fn names(list: &[Name]) -> String {
    let mut sql = String::new();
    push_names(&mut sql, list);
    sql
}

fn push_names(sql: &mut String, list: &[Name]) {
    for (at, name) in list.iter().enumerate() {
        sql.push_str(if at > 0 { ", " } else { "" });
        sql.push_str(&quote_identifier(&name.value));
    }
}

/// Whether a text is one function call, which an index takes without parentheses.
fn is_call(text: &str) -> bool {
    let head = text.find('(').unwrap_or(0);
    let name = text.get(..head).unwrap_or("").trim_end();
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.') {
        return false;
    }
    let mut depth = 0usize;
    for (at, byte) in text.bytes().enumerate().skip(head) {
        match byte {
            b'(' => depth += 1,
            b')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1 == text.len();
                }
            }
            b'\'' | b'"' => return false,
            _ => {}
        }
    }
    false
}

/// The columns that an expression names, subqueries aside.
pub(super) fn columns_of(expr: &Expr) -> Vec<Identifier> {
    let mut found: Vec<Identifier> = vec![];
    expr.walk(&mut |e| {
        if let ExprKind::Column(column) = &e.kind
            && !found.contains(&column.column.value)
        {
            found.push(column.column.value.clone());
        }
    });
    found
}

/// Whether an expression names a column.
pub(super) fn names_column(expr: &Expr, column: &str) -> bool {
    let mut found = false;
    expr.walk(&mut |e| found |= matches!(&e.kind, ExprKind::Column(c) if c.column.value == column));
    found
}

/// Renames a column inside an expression; subqueries are left alone.
pub(super) fn rename_in_expr(expr: &mut Expr, from: &str, to: &str) {
    if let ExprKind::Column(column) = &mut expr.kind
        && column.column.value == from
    {
        column.column.value = to.into();
    }
    for child in children_mut(expr) {
        rename_in_expr(child, from, to);
    }
}

fn children_mut(expr: &mut Expr) -> Vec<&mut Expr> {
    use ExprKind::*;
    match &mut expr.kind {
        Column(_) | Wildcard(_) | Literal(_) | Parameter(_) | Exists { .. } | Subquery(_) => vec![],
        And(list) | Or(list) | Array(list) | Row(list) | Other(list) => list.iter_mut().collect(),
        Not(expr) | Unary { expr, .. } | IsNull { expr, .. } | IsTruth { expr, .. } | Cast { expr, .. } => vec![expr],
        Field { expr, .. } | Collate { expr, .. } | InSubquery { expr, .. } => vec![expr],
        Binary { left, right, .. } | IsDistinct { left, right, .. } | Quantified { left, right, .. } => vec![left, right],
        InList { expr, list, .. } | Subscript { expr, indices: list } => std::iter::once(&mut **expr).chain(list.iter_mut()).collect(),
        Between { expr, low, high, .. } => vec![expr, low, high],
        Like { expr, pattern, .. } => vec![expr, pattern],
        Call(call) => {
            call.args.iter_mut().chain(&mut call.order_by).chain(call.filter.as_deref_mut()).chain(call.over.iter_mut().flatten()).collect()
        }
        Case { operand, branches, otherwise } => operand
            .iter_mut()
            .map(|e| &mut **e)
            .chain(branches.iter_mut().flat_map(|(when, then)| [when, then]))
            .chain(otherwise.iter_mut().map(|e| &mut **e))
            .collect(),
    }
}

/// Renames an identifier inside SQL text: words and quoted names that are it, outside strings, and not called as functions.
pub(super) fn rename_in_sql(sql: &str, from: &str, to: &str) -> String {
    let bytes = sql.as_bytes();
    let mut out = String::with_capacity(sql.len() + to.len());
    let mut at = 0;
    while at < bytes.len() {
        let end = piece_end(bytes, at);
        let piece = sql.get(at..end).unwrap_or("");
        let called = bytes.get(end) == Some(&b'(');
        let value = match bytes[at] {
            b'"' => Some(piece.trim_matches('"').replace("\"\"", "\"")),
            b if is_word(b) && !called => Some(piece.to_lowercase()),
            _ => None,
        };
        if value.as_deref() == Some(from) {
            out.push_str(&quote_identifier(to))
        } else {
            out.push_str(piece)
        }
        at = end;
    }
    out
}

/// Writes the calls of a function in SQL text under its new name; `None` where there are none.
pub(super) fn rename_call_in_sql(sql: &str, old: &Qualified, new: &Qualified) -> Option<String> {
    rename_where(sql, old, new, |_, after| after.trim_start().starts_with('('))
}

/// Writes the casts to a type in SQL text under its new name; `None` where there are none.
pub(super) fn rename_type_in_sql(sql: &str, old: &Qualified, new: &Qualified) -> Option<String> {
    rename_where(sql, old, new, |before, _| {
        let before = before.trim_end();
        before.ends_with("::") || before.rsplit(' ').next().is_some_and(|word| word.eq_ignore_ascii_case("as"))
    })
}

/// Writes a name, with or without its schema, as the new one where what stands before and after it says that it is meant.
fn rename_where(sql: &str, old: &Qualified, new: &Qualified, is_meant: impl Fn(&str, &str) -> bool) -> Option<String> {
    let bytes = sql.as_bytes();
    let (mut out, mut at, mut found) = (String::with_capacity(sql.len()), 0, false);
    let schema = quote_identifier(&old.schema) + ".";
    while at < bytes.len() {
        let end = piece_end(bytes, at);
        let piece = sql.get(at..end).unwrap_or("");
        let value = match bytes[at] {
            b'"' => piece.trim_matches('"').to_owned(),
            b if is_word(b) => piece.to_lowercase(),
            _ => String::new(),
        };
        let before = out.strip_suffix(&schema).unwrap_or(&out);
        if value == old.name && is_meant(before, sql.get(end..).unwrap_or("")) {
            found = true;
            if before.len() < out.len() {
                out.truncate(before.len());
                out.push_str(&(quote_identifier(&new.schema) + "."));
            }
            out.push_str(&quote_identifier(&new.name));
        } else {
            out.push_str(piece);
        }
        at = end;
    }
    found.then_some(out)
}

/// Whether a name stands in SQL text as a word of its own or in quotes.
pub(super) fn names_word(sql: &str, name: &str) -> bool {
    let word = |piece: &str| piece.trim_matches('"').to_lowercase() == name || piece.trim_matches('"') == name;
    let bytes = sql.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let end = piece_end(bytes, at);
        if (bytes[at] == b'"' || is_word(bytes[at])) && sql.get(at..end).is_some_and(word) {
            return true;
        }
        at = end;
    }
    false
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// The end of the string, quoted name, word or single character that starts at `at`.
fn piece_end(bytes: &[u8], at: usize) -> usize {
    let first = bytes[at];
    let rest = bytes.get(at + 1..).unwrap_or(&[]);
    if first == b'\'' || first == b'"' {
        return rest.iter().position(|&b| b == first).map_or(bytes.len(), |i| at + i + 2);
    }
    if is_word(first) {
        return rest.iter().position(|&b| !is_word(b) && b != b'$').map_or(bytes.len(), |i| at + i + 1);
    }
    at + 1
}

/// The name as an object name without a place.
pub(super) fn object_name(name: &Qualified) -> ObjectName {
    ObjectName { schema: Some(Name::new(name.schema.clone(), Span::default())), name: Name::new(name.name.clone(), Span::default()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renaming_leaves_strings_and_calls_alone() {
        assert_eq!(
            rename_in_sql("a > 'a' AND \"a\" = A.b OR a(1) ORé", "a", "order"),
            "\"order\" > 'a' AND \"order\" = \"order\".b OR a(1) ORé"
        );
        assert_eq!(rename_in_sql("ab 'unterminated a", "a", "b"), "ab 'unterminated a");
    }

    #[test]
    fn renamed_functions_are_called_by_their_new_name() {
        let name = |name: &str| Qualified { schema: "public".into(), name: name.into() };
        let renamed = rename_call_in_sql("public.f (1) || f || 'f(' || F(g(2))", &name("f"), &name("New"));
        assert_eq!(renamed.as_deref(), Some("public.\"New\" (1) || f || 'f(' || \"New\"(g(2))"));
        assert_eq!(rename_call_in_sql("g(f)", &name("f"), &name("h")), None);
    }

    #[test]
    fn calls_are_told_from_expressions() {
        assert!(is_call("lower(email)") && is_call("f(g(a), b)"));
        assert!(!is_call("f(a) + g(b)") && !is_call("(a)") && !is_call("a::text"));
    }
}
