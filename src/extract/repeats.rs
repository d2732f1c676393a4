//! Whether a statement is sent again with each turn of the loop that it stands in: it changes with the turn, it does not itself
//! give the rows, and it is not only built or gathered there. Must not know SQL.

use super::chain::Chain;
use super::growth;
use super::holes::{Hole, Role};
use super::scan::Kind;
use super::scope::Loop;
use super::tree::Tree;

/// Methods that put a statement into a list.
const GATHERING: &[&str] = &["add", "Add", "push", "push_back", "append", "Append", "unshift", "concat", "enqueue"];

/// Functions that only write a text.
const FORMATTING: &[&str] = &["Sprintf", "sprintf", "format", "formatted"];

/// What writes a text where no server reads it.
const WRITING: &[&str] = &[
    "write",
    "writelines",
    "println",
    "print",
    "printf",
    "Println",
    "Printf",
    "Fprintf",
    "Fprintln",
    "echo",
    "puts",
    "log",
    "info",
    "debug",
];

/// Whether a function only puts a text together, into a list, or where no server reads it.
pub(super) fn only_writes(word: &str) -> bool {
    [GATHERING, FORMATTING, WRITING].iter().any(|list| list.contains(&word))
}

/// So many tokens are looked through.
const REACH: usize = 600;

/// Whether the statement in `chain` is sent once for each turn. `clause`: it is a piece that a query builder takes.
pub(super) fn repeats(tree: &Tree, chain: &Chain, call: &str, holes: &[Hole], found: &Loop, clause: bool) -> bool {
    !gives_rows(tree, chain, found)
        && depends(tree, chain, holes, found)
        && !(clause && builds(tree, chain))
        && (clause || !stays(tree, chain, call, found))
}

/// Whether the loop runs over what the statement gives.
fn gives_rows(tree: &Tree, chain: &Chain, found: &Loop) -> bool {
    let start = tree.tokens[chain.first].span.start;
    let header = found.header;
    if start < header.start {
        return true;
    }
    let own = header.of(tree.text);
    let by_word = ["for", "foreach", "while"].iter().any(|word| own.starts_with(word));
    let before = own.get(..(start - header.start) as usize).unwrap_or(own);
    start < header.end && by_word && !before.contains('{')
}

/// Whether the statement's parameters change with each turn.
fn depends(tree: &Tree, chain: &Chain, holes: &[Hole], found: &Loop) -> bool {
    let names: Vec<&str> = found
        .variables
        .iter()
        .map(|v| v.of(tree.text).trim_start_matches('$'))
        .filter(|v| v.len() > 1 || v.chars().all(char::is_alphabetic))
        .collect();
    let word = |text: &str| text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|w| names.contains(&w));
    // a loop over tables has few turns
    if holes.iter().any(|hole| hole.role != Role::Identifier && word(hole.code.of(tree.text))) {
        return true;
    }
    let names_only = holes.iter().any(|hole| word(hole.code.of(tree.text)));
    if names_only {
        return false;
    }
    let indent = indent(tree, chain.first);
    for at in chain.after..chain.after + 80 {
        let Some(token) = tree.tokens.get(at) else { return false };
        let goes_on = matches!(token.kind, Kind::Punct(b'.' | b')' | b']' | b'}'));
        if tree.is(at, b';') || (token.first && token.indent <= indent && !goes_on) {
            return false;
        }
        if tree.word(at).is_some_and(|w| names.contains(&w.trim_start_matches('$'))) {
            return true;
        }
    }
    false
}

/// Where the line of a token begins.
fn line(tree: &Tree, at: usize) -> usize {
    (0..=at).rev().find(|&at| tree.tokens[at].first).unwrap_or(0)
}

fn indent(tree: &Tree, at: usize) -> u32 {
    tree.tokens[line(tree, at)].indent
}

/// Whether a piece only goes into a query that the loop builds: `q = q.where("…")`, `q.where("…");`.
fn builds(tree: &Tree, chain: &Chain) -> bool {
    let start = line(tree, chain.first);
    let equals = (start..chain.first).find(|&at| tree.is(at, b'=') && !matches!(tree.punct(at + 1), Some(b'=' | b'>')));
    if let Some(equals) = equals {
        let name = equals.checked_sub(1).and_then(|at| tree.word(at));
        return name.is_some() && tree.word(equals + 1) == name;
    }
    let close = tree.around(chain.first).map_or(chain.after, |open| tree.closing(open));
    let statement = tree.word(start).is_some_and(|word| !matches!(word, "return" | "await" | "yield" | "if" | "unless" | "elsif"));
    statement
        && !tree.is(close + 1, b'.')
        && !tree.is(close + 1, b'-')
        && tree.around(start) == tree.around(close.min(tree.tokens.len() - 1))
}

/// The name that a formatted text is given: `let query = format!("…")`, `query := fmt.Sprintf("…")`.
fn formatted(tree: &Tree, chain: &Chain) -> Option<usize> {
    let mut at = tree.around(chain.first)?.checked_sub(1)?;
    at -= usize::from(at > 0 && tree.is(at, b'!'));
    tree.word(at).filter(|word| FORMATTING.contains(word))?;
    while tree.word(at).is_some() || tree.is(at, b'.') {
        at = at.checked_sub(1)?;
    }
    let name = at.checked_sub(1 + usize::from(at > 0 && tree.is(at - 1, b':')))?;
    tree.is(at, b'=').then_some(name).filter(|&name| tree.word(name).is_some())
}

/// Whether the text is only kept within the loop: assigned to what the loop does not mention again, or put into a list.
fn stays(tree: &Tree, chain: &Chain, call: &str, found: &Loop) -> bool {
    let before = |n: usize| chain.first.checked_sub(n);
    if before(1).is_some_and(|at| tree.is(at, b'=')) && before(2).is_some_and(|at| tree.is(at, b']')) {
        return true;
    }
    let last = call.rsplit(['.', ':', '>']).next().unwrap_or("");
    // Go's pgx.Batch: all of them are sent together
    if last == "Queue" || WRITING.contains(&last.trim_end_matches('!')) {
        return true;
    }
    // `queries = append(queries, fmt.Sprintf("…", name))`
    let outer = || tree.around(tree.around(chain.first)?).and_then(|open| tree.word(open.checked_sub(1)?));
    if FORMATTING.contains(&last) && outer().is_some_and(|word| GATHERING.contains(&word)) {
        return true;
    }
    let gathered = GATHERING.contains(&last).then(|| tree.around(chain.first).and_then(|open| open.checked_sub(3))).flatten();
    let Some(name) = gathered.or_else(|| growth::begun(tree, chain)).or_else(|| formatted(tree, chain)).and_then(|at| tree.word(at)) else {
        return false;
    };
    let header = tree.tokens.partition_point(|token| token.span.start < found.header.start).min(chain.first);
    let outside = indent(tree, header);
    for at in chain.after..tree.tokens.len().min(chain.after + REACH) {
        let token = tree.tokens[at];
        if token.first && token.indent <= outside {
            return true;
        }
        if tree.word(at) == Some(name) && growth::operand(tree, &["+", "."], at).is_none() {
            // `println!("{}", query);`
            let of = tree.around(at).and_then(|open| open.checked_sub(1));
            let called = of.and_then(|at| tree.word(at).or_else(|| tree.is(at, b'!').then(|| tree.word(at.checked_sub(1)?)).flatten()));
            if called.is_some_and(|word| WRITING.contains(&word)) {
                continue;
            }
            return false;
        }
    }
    true
}
