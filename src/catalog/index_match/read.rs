//! From facts to nodes: what each name means is asked of whoever knows the query.
//!
//! Must not know indexes.

use super::build::{self, and, coerce, in_list, not, null_test, operator, or};
use super::node::{Kind, Node};
use crate::catalog::{Catalog, Table};
use crate::facts::{Call, ColumnRef, Expr, ExprKind, LikeKind, Literal, TypeKind, TypeName, Volatility};
use crate::postgres::functions::call_volatility;
use crate::postgres::operators::{self, UNKNOWN};

/// How deep expressions are read.
const DEEPEST: usize = 200;

/// What a column reference stands for.
pub enum Meaning {
    /// A column of the table asked about.
    Own(String),
    /// A column of another relation, by a name that tells it from others, with its type where known.
    Outside(String, Option<String>),
    /// An expression of a subquery or view, already read.
    Node(Node),
}

/// Reads expressions with one table in mind.
pub struct Reader<'r> {
    /// For types and functions.
    pub catalog: &'r Catalog,
    /// The table asked about, where known.
    pub table: Option<&'r Table>,
    /// What column references stand for.
    pub names: &'r dyn Fn(&ColumnRef) -> Meaning,
}

/// A type's name as nodes keep it: arrays with `[]`, domains as their base.
pub fn type_name(ty: &TypeName, catalog: &Catalog) -> String {
    let mut ty = ty;
    for _ in 0..16 {
        let fits = |schema: &str| ty.schema.as_deref().is_none_or(|s| s == schema);
        match catalog.domains.named(&ty.name).find(|(q, _)| fits(&q.schema)) {
            Some((_, domain)) if ty.dimensions == 0 => ty = &domain.ty,
            _ => break,
        }
    }
    let name = match ty.name.as_str() {
        "serial" | "serial4" => "int4",
        "bigserial" | "serial8" => "int8",
        "smallserial" | "serial2" => "int2",
        name => name,
    };
    if ty.dimensions > 0 { format!("{name}[]") } else { name.to_owned() }
}

impl Reader<'_> {
    /// The condition or value that an expression is.
    pub fn read(&self, expr: &Expr) -> Node {
        self.at(expr, DEEPEST)
    }

    /// A column of the table asked about.
    pub fn column(&self, name: &str) -> Node {
        let column = self.table.and_then(|table| table.column(name));
        let ty = column.and_then(|c| c.ty.as_ref()).map(|ty| type_name(ty, self.catalog));
        let collation = column.and_then(|c| c.collation.clone()).map(|c| collation_name(&c)).filter(|c| c != "default");
        let collation = collation.or_else(|| (ty.as_deref() == Some("name")).then(|| "C".to_owned()));
        Node { kind: Kind::Column(name.to_owned()), ty, collation }
    }

    fn list(&self, list: &[Expr], depth: usize) -> Vec<Node> {
        list.iter().map(|e| self.at(e, depth)).collect()
    }

    fn at(&self, expr: &Expr, depth: usize) -> Node {
        let Some(depth) = depth.checked_sub(1) else { return other("deep", vec![]) };
        match &expr.kind {
            ExprKind::Column(column) => match (self.names)(column) {
                Meaning::Own(name) => self.column(&name),
                Meaning::Outside(name, ty) => Node { kind: Kind::Outside(name), ty, collation: None },
                Meaning::Node(node) => node,
            },
            ExprKind::Literal(literal) => constant(literal),
            ExprKind::Parameter(text) => Node::new(Kind::Param(text.clone()), Some(UNKNOWN)),
            ExprKind::And(list) => and(self.list(list, depth)),
            ExprKind::Or(list) => or(self.list(list, depth)),
            ExprKind::Not(inner) => not(coerce(self.at(inner, depth), "bool")),
            ExprKind::Binary { left, op, right, .. } => self.binary(left, op, right, depth),
            ExprKind::Unary { op, expr } => unary(op, self.at(expr, depth)),
            ExprKind::IsNull { expr, negated } => match &expr.kind {
                ExprKind::Row(list) => and(self.list(list, depth).into_iter().map(|n| null_test(n, *negated)).collect()),
                _ => null_test(self.at(expr, depth), *negated),
            },
            ExprKind::IsTruth { expr, test } => self.truth(expr, test, depth),
            ExprKind::IsDistinct { left, right, negated } => self.distinct(left, right, *negated, depth),
            ExprKind::InList { expr, list, negated } => self.in_list(expr, list, *negated, depth),
            ExprKind::InSubquery { expr, query, negated } => {
                let right = self.subquery(query, expr);
                let node = operator("=", self.at(expr, depth), right);
                if *negated { other("NOT IN", vec![node]) } else { node }
            }
            ExprKind::Between { expr, low, high, negated } => {
                let tested = self.at(expr, depth);
                let (low, high) = (self.at(low, depth), self.at(high, depth));
                let both = and(vec![operator(">=", tested.clone(), low), operator("<=", tested, high)]);
                if *negated { not(both) } else { both }
            }
            ExprKind::Like { expr, pattern, kind, negated } => {
                let (left, right) = (self.at(expr, depth), self.at(pattern, depth));
                let node = match kind {
                    LikeKind::Like => operator("~~", left, right),
                    LikeKind::ILike => operator("~~*", left, right),
                    LikeKind::Similar => Node::condition(Kind::Other("SIMILAR".to_owned(), vec![left, right])),
                };
                if *negated { not(node) } else { node }
            }
            ExprKind::Quantified { left, op, all, right } => self.quantified(left, op, *all, right, depth),
            ExprKind::Cast { expr, ty } => self.cast(expr, ty, depth),
            ExprKind::Call(call) => self.call(call, depth),
            ExprKind::Collate { expr, collation } => {
                let name = collation_name(&collation.name.value);
                Node { collation: Some(format!("!{name}")), ..self.at(expr, depth) }
            }
            ExprKind::Array(list) => array(self.list(list, depth)),
            ExprKind::Row(list) => other("ROW", self.list(list, depth)),
            ExprKind::Subscript { expr, indices } => self.subscript(expr, indices, depth),
            ExprKind::Field { expr, field } => self.field(expr, &field.value, depth),
            ExprKind::Exists { query, .. } | ExprKind::Subquery(query) => self.subquery(query, expr),
            ExprKind::Case { operand, branches, otherwise } => self.case(operand.as_deref(), branches, otherwise.as_deref(), depth),
            ExprKind::Wildcard(_) => other("*", vec![]),
            // What it is nobody knows: it is not taken for the same as anything, and reads what stands inside.
            ExprKind::Other(list) => other(&format!("other {}", expr.span.start), self.list(list, depth)),
        }
    }

    fn binary(&self, left: &Expr, op: &str, right: &Expr, depth: usize) -> Node {
        if let (ExprKind::Row(l), ExprKind::Row(r)) = (&left.kind, &right.kind)
            && l.len() == r.len()
            && operators::is_comparison(op)
        {
            return build::rows(op, self.list(l, depth), self.list(r, depth));
        }
        operator(op, self.at(left, depth), self.at(right, depth))
    }

    fn truth(&self, expr: &Expr, test: &str, depth: usize) -> Node {
        let inner = coerce(self.at(expr, depth), "bool");
        match (inner.truth(), test) {
            (Some(value), "TRUE" | "NOT FALSE") => Node::boolean(value),
            (Some(value), "FALSE" | "NOT TRUE") => Node::boolean(!value),
            _ => Node::condition(Kind::Truth(Box::new(inner), test.to_owned())),
        }
    }

    fn distinct(&self, left: &Expr, right: &Expr, negated: bool, depth: usize) -> Node {
        let (left, right) = (self.at(left, depth), self.at(right, depth));
        if right.is_null() {
            return null_test(left, !negated);
        }
        if left.is_null() {
            return null_test(right, !negated);
        }
        let node = match operator("=", left, right) {
            Node { kind: Kind::Op(_, list), .. } => other("DISTINCT", list),
            node => other("DISTINCT", vec![node]),
        };
        if negated { not(node) } else { node }
    }

    fn in_list(&self, expr: &Expr, list: &[Expr], negated: bool, depth: usize) -> Node {
        let node = match &expr.kind {
            ExprKind::Row(left) => {
                let left = self.list(left, depth);
                let arm = |e: &Expr| match &e.kind {
                    ExprKind::Row(right) => build::rows("=", left.clone(), self.list(right, depth)),
                    _ => other("row", vec![self.at(e, depth)]),
                };
                or(list.iter().map(arm).collect())
            }
            _ => in_list(self.at(expr, depth), self.list(list, depth)),
        };
        if negated { not(node) } else { node }
    }

    fn quantified(&self, left: &Expr, op: &str, all: bool, right: &Expr, depth: usize) -> Node {
        let tested = self.at(left, depth);
        if let ExprKind::Subquery(query) = &right.kind {
            let node = operator(op, tested, self.subquery(query, left));
            return if all { other("ALL", vec![node]) } else { node };
        }
        let array = self.at(right, depth);
        let element = match array.ty.as_deref() {
            Some(UNKNOWN) => Some(UNKNOWN),
            Some(ty) => ty.strip_suffix("[]"),
            None => None,
        };
        let types = operators::operands(op, tested.ty.as_deref(), element);
        let tested = match &types.left {
            Some(ty) => coerce(tested, ty),
            None => tested,
        };
        let array = match (&types.right, array.ty.as_deref()) {
            (Some(ty), Some(from)) if from == UNKNOWN || from.trim_end_matches("[]") != ty => coerce(array, &format!("{ty}[]")),
            _ => array,
        };
        if all {
            return other(&format!("{op} ALL"), vec![tested, array]);
        }
        Node::condition(Kind::Any(op.to_owned(), Box::new(tested), Box::new(array)))
    }

    /// A cast as written; modifiers cut, so they are part of what it is.
    fn cast(&self, expr: &Expr, ty: &TypeName, depth: usize) -> Node {
        let inner = self.at(expr, depth);
        let to = type_name(ty, self.catalog);
        let cuts = !(ty.modifiers.is_empty() || to == "bpchar" && ty.modifiers == [1]) || ty.detail.is_some();
        if cuts && !inner.is_const() {
            let spelled = TypeName { dimensions: 0, ..ty.clone() }.to_string();
            let same = inner.ty.as_deref() == Some(to.as_str());
            let inner = if same { inner } else { coerce(inner, &to) };
            let collation = inner.collation.clone();
            return Node { kind: Kind::Cast(Box::new(inner), spelled, false), ty: Some(to), collation };
        }
        // An interval literal with fields, a jsonpath: constants of that type all the same.
        coerce(inner, &to)
    }

    fn call(&self, call: &Call, depth: usize) -> Node {
        let name = call.name.name.value.as_str();
        let mut args = self.list(&call.args, depth);
        if let Some(folded) = simple_call(name, &args) {
            return folded;
        }
        if name == "coalesce" {
            return coalesce(args);
        }
        if matches!(name, "json_exists" | "json_query" | "json_value") {
            return self.sql_json(call, args);
        }
        if let ([_], "date" | "text" | "int4" | "int8" | "float8" | "numeric" | "timestamptz" | "bool") = (&args[..], name) {
            // a cast in the clothes of a call
            return coerce(args.remove(0), name);
        }
        if let ("to_tsvector", [_, _]) = (name, &args[..]) {
            let config = args.remove(0);
            args.insert(0, coerce(config, "regconfig"));
        }
        let name = if name == "trim" { "btrim" } else { name };
        let types: Vec<Option<&str>> = args.iter().map(|arg| arg.ty.as_deref()).collect();
        let (result, wanted) = operators::function(name, &types);
        if let Some(wanted) = wanted {
            // The text functions: whatever is text already in other clothes is relabelled, numbers beside it stay.
            let texts = ["varchar", "citext", "name", "bpchar", UNKNOWN];
            let keeps_citext = |ty: &str| ty == "citext" && !matches!(name, "lower" | "upper" | "btrim" | "initcap");
            let is_text = |ty: &str| texts.contains(&ty) && !keeps_citext(ty);
            args = args.into_iter().map(|a| if a.ty.as_deref().is_some_and(is_text) { coerce(a, wanted) } else { a }).collect();
        }
        for arg in &mut args {
            if let (Some(UNKNOWN), Kind::Const(_)) = (arg.ty.as_deref(), &arg.kind) {
                arg.ty = Some("text".to_owned());
            }
        }
        let volatile = call_volatility(call, self.catalog) == Some(Volatility::Volatile);
        let collation = args.iter().find_map(|a| a.collation.clone()).filter(|_| result.as_deref() == Some("text"));
        let collation = if result.as_deref() == Some("name") { Some("C".to_owned()) } else { collation };
        let plain = call.over.is_none() && call.filter.is_none() && !call.distinct;
        let label = if plain { name.to_owned() } else { format!("{name} {}", call.name.name.span.start) };
        Node { kind: Kind::Call(label, args, volatile), ty: result, collation }
    }

    /// `JSON_VALUE(d, '$.k' RETURNING int)`: the same only with the same type, path and behaviour, as measured on 18.
    fn sql_json(&self, call: &Call, mut args: Vec<Node>) -> Node {
        let name = call.name.name.value.as_str();
        let options = call.json.as_deref();
        let returning = options.and_then(|options| options.returning.as_ref());
        let ty = match (returning, name) {
            (Some(ty), _) => type_name(ty, self.catalog),
            (None, "json_exists") => "bool".to_owned(),
            (None, "json_query") => "jsonb".to_owned(),
            _ => "text".to_owned(),
        };
        if let Some(path) = args.get_mut(1)
            && let Kind::Const(Some(text)) = &path.kind
        {
            *path = Node::new(Kind::Const(Some(super::jsonpath::canonical(text))), Some("jsonpath"));
        }
        let mut label = name.to_owned();
        if let Some(ty) = returning {
            label.push_str(&format!(" RETURNING {ty}"));
        }
        if let Some(rest) = options.map(|options| options.rest.as_str()).filter(|rest| !rest.is_empty()) {
            label.push_str(&format!(" {rest}"));
        }
        Node::new(Kind::Call(label, args, false), Some(&ty))
    }

    /// A field of a composite value, with its type where the composite's is known.
    fn field(&self, expr: &Expr, field: &str, depth: usize) -> Node {
        let base = self.at(expr, depth);
        let composite = base.ty.as_deref().and_then(|ty| self.catalog.types.named(ty).next());
        let fields = composite.and_then(|(_, known)| match &known.kind {
            TypeKind::Composite(fields) => Some(fields),
            _ => None,
        });
        let of = fields.and_then(|fields| fields.iter().find(|(name, _)| name.value == field)).map(|(_, ty)| type_name(ty, self.catalog));
        Node { kind: Kind::Other(format!(".{field}"), vec![base]), ty: of, collation: None }
    }

    fn subscript(&self, expr: &Expr, indices: &[Expr], depth: usize) -> Node {
        let base = self.at(expr, depth);
        let ty = match base.ty.as_deref() {
            Some("jsonb") => Some("jsonb".to_owned()),
            Some(ty) => ty.strip_suffix("[]").map(str::to_owned),
            None => None,
        };
        let json = base.ty.as_deref() == Some("jsonb");
        let mut list = vec![base];
        list.extend(
            self.list(indices, depth).into_iter().map(|i| if json && i.ty.as_deref() == Some(UNKNOWN) { coerce(i, "text") } else { i }),
        );
        Node { kind: Kind::Other("[]".to_owned(), list), ty, collation: None }
    }

    fn case(&self, operand: Option<&Expr>, branches: &[(Expr, Expr)], otherwise: Option<&Expr>, depth: usize) -> Node {
        let mut list = vec![];
        let form = format!("CASE {} {} {}", operand.is_some(), branches.len(), otherwise.is_some());
        list.extend(operand.map(|e| self.at(e, depth)));
        for (when, then) in branches {
            list.push(self.at(when, depth));
            list.push(self.at(then, depth));
        }
        list.extend(otherwise.map(|e| self.at(e, depth)));
        let ty = branches.first().and_then(|_| list.last().and_then(|n| n.ty.clone())).filter(|ty| ty != UNKNOWN);
        Node { kind: Kind::Other(form, list), ty, collation: None }
    }

    fn subquery(&self, query: &crate::facts::Query, at: &Expr) -> Node {
        let reads = query.column_refs().into_iter().any(|column| {
            // A column that the subquery has itself is not looked up outside: a qualified one is certain, a bare one is
            // taken for the subquery's own.
            column.relation.is_some()
                && matches!((self.names)(column), Meaning::Own(_))
                && !query.from().iter().flat_map(|f| f.relations()).any(|r| r.binding() == column.relation.as_ref())
        });
        let ty = self.catalog.output_columns(query).and_then(|columns| columns.into_iter().next()).and_then(|(_, ty)| ty);
        let ty = ty.map(|ty| type_name(&ty, self.catalog));
        Node { kind: Kind::Subquery(reads, at.span.start), ty, collation: None }
    }
}

fn other(form: &str, list: Vec<Node>) -> Node {
    Node { kind: Kind::Other(form.to_owned(), list), ty: None, collation: None }
}

/// Without quotes and schema.
fn collation_name(written: &str) -> String {
    written.rsplit('.').next().unwrap_or(written).trim_matches('"').to_owned()
}

fn constant(literal: &Literal) -> Node {
    match literal {
        Literal::Null => Node::new(Kind::Const(None), Some(UNKNOWN)),
        Literal::Boolean(value) => Node::boolean(*value),
        Literal::Number(digits) => Node::new(Kind::Const(Some(build::number(digits))), Some(build::number_type(digits))),
        Literal::String(text) => Node::new(Kind::Const(Some(text.clone())), Some(UNKNOWN)),
        Literal::Bits(text) => Node::new(Kind::Const(Some(text.clone())), Some("bit")),
    }
}

fn unary(op: &str, inner: Node) -> Node {
    match (op, &inner.kind) {
        ("-", Kind::Const(Some(text))) if inner.ty.as_deref() != Some(UNKNOWN) => {
            let text = match text.strip_prefix('-') {
                Some(positive) => positive.to_owned(),
                None => format!("-{text}"),
            };
            Node { kind: Kind::Const(Some(text)), ..inner }
        }
        ("+", _) => inner,
        _ => {
            let ty = inner.ty.clone();
            Node { kind: Kind::Op(op.to_owned(), vec![inner]), ty, collation: None }
        }
    }
}

fn array(list: Vec<Node>) -> Node {
    let common = list.first().and_then(|first| build::common_type(first.ty.as_deref(), &list));
    let list = match &common {
        Some(common) => list.into_iter().map(|n| coerce(n, common)).collect(),
        None => list,
    };
    Node { kind: Kind::Array(list), ty: common.map(|ty| if ty.ends_with("[]") { ty } else { format!("{ty}[]") }), collation: None }
}

/// Calls of constants that are done before planning.
fn simple_call(name: &str, args: &[Node]) -> Option<Node> {
    let [Node { kind: Kind::Const(Some(text)), ty, .. }] = args else { return None };
    if !matches!(ty.as_deref(), Some(UNKNOWN | "text" | "varchar")) {
        return None;
    }
    let text = match name {
        "lower" => text.to_lowercase(),
        "upper" => text.to_uppercase(),
        _ => return None,
    };
    Some(Node::new(Kind::Const(Some(text)), Some("text")))
}

/// COALESCE, its arguments of one type; what follows a constant is never reached.
fn coalesce(args: Vec<Node>) -> Node {
    let common = args.first().and_then(|first| build::common_type(first.ty.as_deref(), &args));
    let mut list: Vec<Node> = vec![];
    for arg in args {
        let arg = match &common {
            Some(ty) => coerce(arg, ty),
            None => arg,
        };
        if arg.is_null() {
            continue;
        }
        let last = arg.is_const();
        list.push(arg);
        if last {
            break;
        }
    }
    if list.len() == 1 {
        return list.remove(0);
    }
    let collation = list.iter().find_map(|n| n.collation.clone());
    Node { kind: Kind::Call("coalesce".to_owned(), list, false), ty: common, collation }
}
