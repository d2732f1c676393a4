//! Nodes as SQL, with the table's own column names, fit for CREATE INDEX.
//!
//! What is printed is read back as the same node, so an index built from it matches the query it came from.

use crate::catalog::index_match::{Kind, Node};
use crate::facts::{TypeName, quote_identifier};

/// An expression as SQL; `None` where it cannot stand in an index.
pub fn expression(node: &Node) -> Option<String> {
    Some(match &node.kind {
        Kind::Column(name) => quote_identifier(name),
        Kind::Const(None) => "NULL".to_owned(),
        Kind::Const(Some(text)) => constant(text, node.ty.as_deref()),
        Kind::Op(op, list) => match &list[..] {
            [left, right] => {
                let tight = matches!(op.as_str(), "->" | "->>" | "#>" | "#>>");
                // arrows run from left to right
                let chained =
                    |node: &Node| matches!(&node.kind, Kind::Op(op, list) if list.len() == 2 && matches!(op.as_str(), "->" | "#>"));
                let l = if tight && chained(left) { expression(left)? } else { operand(left)? };
                let r = operand(right)?;
                if tight { format!("{l}{op}{r}") } else { format!("{l} {op} {r}") }
            }
            [one] => format!("{op}{}", operand(one)?),
            _ => return None,
        },
        Kind::Cast(inner, _, true) => expression(inner)?,
        Kind::Cast(inner, to, false) => format!("{}::{}", operand(inner)?, type_name(to)),
        Kind::Call(name, args, false) if name == "extract" => match &args[..] {
            [field, from] => format!("extract({} FROM {})", field.text()?, expression(from)?),
            _ => return None,
        },
        Kind::Call(label, args, false) if SQL_JSON.iter().any(|name| label.split(' ').next() == Some(name)) => match &args[..] {
            [context, path] => {
                let (name, options) =
                    label.split_once(' ').map_or((label.as_str(), String::new()), |(name, rest)| (name, format!(" {rest}")));
                format!("{}({}, '{}'{options})", name.to_ascii_uppercase(), expression(context)?, path.text()?.replace('\'', "''"))
            }
            _ => return None,
        },
        Kind::Call(name, args, false) if !name.contains(' ') => {
            let args: Option<Vec<String>> = args.iter().map(expression).collect();
            // with grammars of their own unless they are quoted
            let special = matches!(name.as_str(), "position" | "overlay");
            let name = if special { format!("\"{name}\"") } else { quote_identifier(name) };
            format!("{name}({})", args?.join(", "))
        }
        Kind::And(list) => joined(list, " AND ")?,
        Kind::Or(list) => joined(list, " OR ")?,
        Kind::Not(inner) => format!("NOT {}", operand(inner)?),
        Kind::IsNull(inner, negated) => format!("{} IS {}NULL", operand(inner)?, if *negated { "NOT " } else { "" }),
        Kind::Truth(inner, test) => format!("{} IS {test}", operand(inner)?),
        Kind::Any(op, left, array) if op == "=" => match &array.kind {
            Kind::Array(values) => {
                let values: Option<Vec<String>> = values.iter().map(expression).collect();
                format!("{} IN ({})", operand(left)?, values?.join(", "))
            }
            _ => return None,
        },
        Kind::Other(form, list) if form == "[]" => {
            let (base, indices) = list.split_first()?;
            let indices: Option<Vec<String>> = indices.iter().map(expression).collect();
            format!("{}[{}]", operand(base)?, indices?.join("]["))
        }
        _ => return None,
    })
}

fn joined(list: &[Node], word: &str) -> Option<String> {
    let parts: Option<Vec<String>> = list.iter().map(operand).collect();
    Some(parts?.join(word))
}

/// In parentheses where an operator stands around it.
fn operand(node: &Node) -> Option<String> {
    let text = expression(node)?;
    let bare = matches!(node.unlabelled().kind, Kind::Column(_) | Kind::Const(_) | Kind::Call(..) | Kind::Other(..));
    Some(if bare { text } else { format!("({text})") })
}

fn constant(text: &str, ty: Option<&str>) -> String {
    match ty {
        Some("int2" | "int4" | "int8" | "numeric" | "float4" | "float8") => {
            if text.starts_with('-') {
                format!("({text})")
            } else {
                text.to_owned()
            }
        }
        Some("bool") => if text == "t" { "true" } else { "false" }.to_owned(),
        Some("text" | "varchar" | "bpchar" | "unknown" | "jsonb" | "uuid" | "citext") | None => format!("'{}'", text.replace('\'', "''")),
        // a type of the user's takes a bare literal, and may be in any schema
        Some(ty) if !crate::postgres::types::is_built_in(ty.trim_end_matches("[]")) => format!("'{}'", text.replace('\'', "''")),
        Some(ty) => format!("'{}'::{}", text.replace('\'', "''"), type_name(ty)),
    }
}

/// A type as people write it.
fn type_name(ty: &str) -> String {
    let (element, dimensions) = (ty.trim_end_matches("[]"), ty.matches("[]").count());
    let name = match element {
        "int4" => "int".to_owned(),
        "int8" => "bigint".to_owned(),
        "int2" => "smallint".to_owned(),
        "float8" => "double precision".to_owned(),
        "float4" => "real".to_owned(),
        "bool" => "boolean".to_owned(),
        // modifiers are part of the name
        other if other.contains(['(', ' ']) => other.to_owned(),
        "timestamptz" | "timetz" | "varchar" => element.to_owned(),
        other => TypeName::named(other).to_string(),
    };
    format!("{name}{}", "[]".repeat(dimensions))
}

/// An expression as a key of CREATE INDEX: bare for a column or a call, in parentheses for all else.
pub fn key(node: &Node) -> Option<String> {
    let text = expression(node)?;
    let bare = matches!(&node.unlabelled().kind, Kind::Column(_) | Kind::Call(..));
    Some(if bare { text } else { format!("({text})") })
}

/// The functions that have clauses behind their arguments.
pub(super) const SQL_JSON: &[&str] = &["json_exists", "json_query", "json_value"];

/// What an expression adds to the name of an index: `payload_session`, `lower_email`.
pub fn label(node: &Node) -> String {
    let mut parts: Vec<String> = vec![];
    node.walk(&mut |n| match &n.kind {
        Kind::Column(name) => parts.push(name.clone()),
        Kind::Const(Some(text)) if n.ty.as_deref().is_none_or(|t| matches!(t, "text" | "unknown" | "text[]" | "jsonpath")) => {
            parts.push(text.clone())
        }
        Kind::Call(name, ..) => parts.push(name.split(' ').next().unwrap_or(name).to_owned()),
        _ => {}
    });
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c.to_ascii_lowercase() } else { '_' };
    let text: String = parts.join("_").chars().map(plain).collect();
    let words: Vec<&str> = text.split('_').filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "expr".to_owned() } else { words.join("_") }
}
