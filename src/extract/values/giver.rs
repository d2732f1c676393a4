//! Who gives what becomes part of SQL: a caller, a request, or nobody whom the file shows. Must not know SQL's grammar.

use super::given::assigned;
use super::names::{HEADS, has_sigils, in_signature, is_whole, least_indented_head};
use super::types::{declared, is_of_another_type};
use super::{PLACES, REACH};

/// Who gives what becomes part of SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Giver {
    /// A caller: it is a parameter of the function.
    Caller,
    /// A caller: it is a parameter of the function that is declared as text.
    Text,
    /// A request, an argument of the program, or what it reads.
    Request,
}

/// Whether what becomes part of SQL may be chosen by a caller or by what the program reads.
pub(in crate::extract) fn comes_from_outside(text: &str, at: usize, code: &str) -> bool {
    giver(text, at, code).is_some()
}

/// Who outside of the function gives it; `None` where the file does not show anybody.
pub(in crate::extract) fn giver(text: &str, at: usize, code: &str) -> Option<Giver> {
    const BRINGS: &[&str] = &[
        "req.",
        "request.",
        "request[",
        "request(",
        "params.",
        "params[",
        "params(",
        "args.",
        "args[",
        "argv",
        "input(",
        "input[",
        "$_get",
        "$_post",
        "$_request",
        "query.",
        "body.",
        "body[",
        "$1",
        "$2",
        "$@",
        "$optarg",
        "readline",
    ];
    let brings = |code: &str| {
        let lower = code.to_ascii_lowercase();
        let begins = |at: usize| !lower[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        // `params.getLevel()`, `args.Limit`: the members of a class, not of a request
        let member =
            |at: usize| code.get(at..).is_some_and(|rest| rest.starts_with(char::is_uppercase) || is_getter(rest) || takes_one(rest));
        BRINGS.iter().any(|word| {
            let of = word.ends_with('.') && !word.starts_with("req");
            lower.match_indices(word).any(|(at, _)| begins(at) && !(of && member(at + word.len())))
        })
    };
    let name = code.trim_start_matches(['$', '&', '*', '{', '#', ' ']).split("!r").next().unwrap_or("");
    let root: String = name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    if brings(code) {
        return Some(Giver::Request);
    }
    // a property of C#, a constant of Go
    if root.is_empty()
        || root.starts_with(|c: char| c.is_uppercase())
        || ["self", "this"].contains(&root.as_str())
        || code.contains(['(', '.'])
        || code.contains("->")
        || code.contains("::")
    {
        return None;
    }
    let from = crate::source::floor_boundary(text, at.saturating_sub(REACH));
    let before = text.get(from..at)?;
    let sigil = has_sigils(text);
    let (mut end, mut least) = (before.len(), None::<usize>);
    for (place, _) in before.rmatch_indices(root.as_str()).take(PLACES) {
        let (Some(left), Some(right)) = (before.get(..place), before.get(place + root.len()..)) else { continue };
        if !is_whole(left, right) || (sigil && !left.ends_with('$')) {
            continue;
        }
        let line = left.rsplit('\n').next().unwrap_or("");
        let between = before.get(place..end).and_then(least_indented_head);
        least = least.into_iter().chain(between).min();
        end = place;
        // another function began since: what stands in it, or in the brackets of its neighbour, is not what is meant here
        let indent = line.len() - line.trim_start().len();
        if least.is_some_and(|least| least < indent) {
            return None;
        }
        let of_neighbour = least.is_some_and(|least| least == indent);
        let parameter = line.trim().is_empty() && in_signature(left);
        if let Some(value) = assigned(line, right).filter(|_| !parameter) {
            // `n = str(n)`: made of what it was before
            if !brings(value) && value.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == root) {
                continue;
            }
            return brings(value).then_some(Giver::Request);
        }
        // `read -r name`
        if line.trim_start().starts_with("read ") && right.starts_with(['\n', ' ', ';', '\r']) {
            return Some(Giver::Request);
        }
        if of_neighbour {
            continue;
        }
        if declared(line, right) == Some(false) {
            return Some(Giver::Text);
        }
        let head = HEADS.iter().any(|head| line.trim_start().contains(head));
        // of a type of the program's own nothing is known
        if (head || parameter) && is_of_another_type(line, right) {
            return None;
        }
        if head || parameter {
            return Some(Giver::Caller);
        }
    }
    None
}

/// `params.add(value)`: a list of the statement's own parameters, which gives a placeholder.
fn takes_one(code: &str) -> bool {
    ["add(", "push(", "append(", "bind("].iter().any(|call| code.starts_with(call))
}

/// `getLevel()`: what a method of a class gives.
fn is_getter(code: &str) -> bool {
    code.strip_prefix("get").is_some_and(|rest| rest.starts_with(char::is_uppercase))
}
