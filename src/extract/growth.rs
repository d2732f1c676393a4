//! Strings that grow by one statement after another: `sql += "…"`, `$sql .= "…"`, `sb.append("…")`, `buf.WriteString("…")`.
//!
//! The statements of one block are followed, from the one that begins the text to the first that does anything else with the
//! name. What a nested block adds is a piece that may be missing. Must not know SQL.

use super::chain::{Chain, Part};
use super::scan::Kind;
use super::syntax::Syntax;
use super::tree::Tree;

/// Methods that add their argument to what they are called on.
const ADDING: &[&str] = &["append", "Append", "AppendLine", "appendLine", "WriteString", "push_str"];

/// Methods that add the end of a line too.
const LINES: &[&str] = &["AppendLine", "appendLine"];

/// The method that adds a parameter.
pub(super) const BOUND: &str = "push_bind";

/// What makes a text that can grow.
const BUILDERS: &[&str] = &["StringBuilder", "StringBuffer", "from", "String", "StringIO", "new"];

/// Words after which the statements of a block do not follow one another.
const LEAVING: &[&str] = &["return", "break", "continue", "case", "default", "throw", "raise", "goto", "when", "next", "yield", "exit"];

/// So many tokens are looked through for a text's next piece.
const REACH: usize = 1_500;

/// Joins the chains that are added to one name; `begins` says which are worth following.
pub(super) fn grow(tree: &Tree, syntax: &'static Syntax, chains: &mut Vec<Chain>, begins: impl Fn(&Chain) -> bool) {
    let mut absorbed = vec![false; chains.len()];
    for i in 0..chains.len() {
        if absorbed[i] || chains[i].format.is_some() || chains[i].leading_code || !begins(&chains[i]) {
            continue;
        }
        let Some(name) = begun(tree, &chains[i]) else { continue };
        let list = added(tree, chains[i].first).is_some();
        let growth = Growth { tree, syntax, chains, name, found: vec![], maybe: None, list };
        let (parts, after, taken) = growth.follow(i, &begins);
        if let Some(after) = after {
            chains[i].parts = parts;
            chains[i].after = after;
            chains[i].grown = true;
            taken.into_iter().for_each(|j| absorbed[j] = true);
        }
    }
    let mut absorbed = absorbed.into_iter();
    chains.retain(|_| !absorbed.next().unwrap_or(false));
}

/// The token of the name that a chain's text is given.
pub(super) fn begun(tree: &Tree, chain: &Chain) -> Option<usize> {
    let first = chain.first;
    if let Some((name, _)) = added(tree, first) {
        return Some(name);
    }
    let mut at = first.checked_sub(1)?;
    // Scala's `sql"…"`
    if tree.word(at).is_some() && tree.tokens.get(first).is_some_and(|t| !t.spaced && !t.first) {
        at = at.checked_sub(1)?;
    }
    // `new StringBuilder("…")`, `String::from("…")`, `("…" "…")`
    if tree.is(at, b'(') {
        at = at.checked_sub(1)?;
        if tree.word(at).is_some_and(|word| BUILDERS.contains(&word)) {
            while at > 0 && (tree.word(at).is_some() || matches!(tree.punct(at), Some(b':' | b'.' | b'<' | b'>'))) && !tree.tokens[at].first
            {
                at -= 1;
            }
        }
    }
    // Ruby's `+"…"`
    if tree.is(at, b'+') && at > 0 && tree.is(at - 1, b'=') && tree.tokens[at].spaced {
        at -= 1;
    }
    if !tree.is(at, b'=') || matches!(tree.punct(at.checked_sub(1)?), Some(b'=' | b'!' | b'<' | b'>' | b'+' | b'.' | b'|' | b'?')) {
        return None;
    }
    at = at.checked_sub(1 + usize::from(tree.is(at - 1, b':')))?;
    // over the type: `sql: &mut String =`, but not over `var sql string =`
    let typed = (at.saturating_sub(6)..at).rev().take_while(|&i| !tree.tokens[i + 1].first).find(|&i| tree.is(i, b':'));
    let name = match typed {
        Some(colon) => colon.checked_sub(1)?,
        None => at,
    };
    tree.word(name).map(|_| name)
}

/// The name that grows by what stands at the token `operand`, and the first token of what adds.
fn added(tree: &Tree, operand: usize) -> Option<(usize, usize)> {
    let back = |n: usize| operand.checked_sub(n);
    if tree.is(back(1)?, b'=') && matches!(tree.punct(back(2)?), Some(b'+' | b'.')) && !tree.tokens[back(1)?].spaced {
        let name = back(3)?;
        return tree.word(name).map(|_| (name, name + 1));
    }
    if tree.is(back(1)?, b'<') && tree.is(back(2)?, b'<') {
        let name = back(3)?;
        return tree.word(name).map(|_| (name, name + 1));
    }
    if tree.is(back(1)?, b'(') && tree.word(back(2)?).is_some_and(|word| ADDING.contains(&word)) {
        let bare = tree.tokens[back(2)?].first && tree.word(back(2)?).is_some_and(|word| word.starts_with("append"));
        if bare {
            return Some((back(2)?, back(1)?));
        }
        let name = back(4).filter(|_| back(3).is_some_and(|at| tree.is(at, b'.')))?;
        return tree.word(name).map(|_| (name, name + 1));
    }
    None
}

/// The first token of what a statement that begins with the name at `at` adds to it.
pub(super) fn operand(tree: &Tree, concat: &[&str], at: usize) -> Option<usize> {
    let operand = (at + 2..at + 5).find(|&operand| added(tree, operand).is_some_and(|(name, _)| name == at));
    let again = || {
        let same = tree.word(at + 2).is_some() && tree.word(at + 2) == tree.word(at);
        let joins = (tree.is(at + 3, b'+') && concat != ["."]) || (tree.is(at + 3, b'.') && concat == ["."]);
        (tree.is(at + 1, b'=') && same && joins).then_some(at + 4)
    };
    // sqlx' QueryBuilder
    let pushed = || {
        let pushes = tree.is(at + 1, b'.') && matches!(tree.word(at + 2), Some("push" | BOUND));
        (pushes && tree.is(at + 3, b'(')).then_some(at + 4)
    };
    operand.or_else(again).or_else(pushed)
}

/// Methods by which builders take the next piece of a statement.
const GOING_ON: &[&str] =
    &["B", "Space", "Join", "Where", "where", "And", "andWhere", "write_str", "WriteByte", "Appendf", "append", "Append", "push"];

/// `query.build("DELETE FROM groups")`, `Query.simple(…, base = "SELECT …").addFilterGroup(…)`: a builder has the conditions.
fn is_built(tree: &Tree, chain: &Chain) -> bool {
    let Some(open) = tree.around(chain.first).filter(|&open| tree.is(open, b'(')) else { return false };
    let called = open.checked_sub(1).and_then(|at| tree.word(at));
    let member = open > 1 && tree.is(open - 2, b'.');
    let close = tree.closing(open);
    let next = tree.word(close + 2).filter(|_| tree.is(close + 1, b'.') && tree.is(close + 3, b'('));
    let conditions = ["where", "Where", "andWhere", "addFilterGroup", "addFilter", "filter", "withFilter", "and"];
    member && called == Some("build") || next.is_some_and(|next| conditions.contains(&next))
}

/// Whether the program adds to the text after what was followed: `$sql .= …` on another branch, `q.Space("WHERE …")`.
pub(super) fn goes_on(tree: &Tree, syntax: &Syntax, chain: &Chain) -> bool {
    if is_built(tree, chain) {
        return true;
    }
    let Some(line) = (0..=chain.first).rev().take(64).find(|&at| tree.tokens[at].first) else { return false };
    // the name that begins the statement, over what declares it: `const q =`, `} else $sql =`
    let declares =
        |at: usize| matches!(tree.word(at), Some("const" | "let" | "var" | "val" | "final" | "String" | "auto" | "else" | "mut"));
    let begins = (line..chain.first).find(|&at| tree.word(at).is_some() && !declares(at));
    let given = |at: usize| tree.is(at, b'=') || (matches!(tree.punct(at), Some(b':' | b'.' | b'+')) && tree.is(at + 1, b'='));
    let begins = begins.filter(|&at| given(at + 1)).or_else(|| begun(tree, chain));
    let Some(name) = begins.and_then(|at| tree.word(at)) else { return false };
    // `q ++ order`, `notIn(q, ids)`: fragments that make a new one
    let composed = |at: usize| {
        syntax.name == "scala"
            && (tree.operator(at + 1, syntax.concat).is_some() || (at > 0 && tree.is(at - 1, b'(') && tree.is(at + 1, b',')))
    };
    // `$q = build($q, "WHERE …")`: the call that made it makes the whole of it
    let call = tree.around(chain.first).filter(|&open| tree.is(open, b'(')).and_then(|open| tree.word(open.checked_sub(1)?));
    let handed_on = |at: usize| {
        call.is_some() && at > 1 && tree.is(at - 1, b'(') && tree.is(at + 1, b',') && at.checked_sub(2).and_then(|at| tree.word(at)) == call
    };
    (chain.after..tree.tokens.len()).take(REACH).any(|at| {
        tree.word(at) == Some(name)
            && (composed(at)
                || handed_on(at)
                || tree.is(at + 1, b'.') && tree.word(at + 2).is_some_and(|word| GOING_ON.contains(&word)) && tree.is(at + 3, b'(')
                || operand(tree, syntax.concat, at).is_some())
    })
}

struct Growth<'a, 's> {
    tree: &'a Tree<'s>,
    syntax: &'static Syntax,
    chains: &'a [Chain],
    name: usize,
    found: Vec<Part>,
    /// Tokens of blocks that may add something.
    maybe: Option<(usize, usize)>,
    /// The name was there before: it may as well be a list of statements.
    list: bool,
}

/// Whether a token stands in a block of statements.
fn in_block(tree: &Tree, at: usize) -> bool {
    tree.around(at).is_some_and(|open| tree.is(open, b'{'))
}

/// What a statement does with the name.
enum Step {
    /// Adds a text; goes on at a token.
    Adds(usize),
    /// Something else.
    Stops,
}

impl Growth<'_, '_> {
    /// Follows the statements after those of chain `start`: all parts, the token after the last, and the chains used.
    fn follow(mut self, start: usize, begins: &impl Fn(&Chain) -> bool) -> (Vec<Part>, Option<usize>, Vec<usize>) {
        let (tree, name) = (self.tree, self.name);
        let parent = tree.around(name);
        let line = (0..=name).rev().find(|&at| tree.tokens[at].first);
        let indent = line.map_or(0, |at| tree.tokens[at].indent);
        self.found = self.chains[start].parts.clone();
        let (mut taken, mut last) = (vec![], None);
        let Some(mut at) = self.end(self.chains[start].after, parent) else { return (self.found, None, taken) };
        if tree
            .around(self.chains[start].first)
            .is_some_and(|open| open > 0 && tree.word(open - 1).is_some_and(|word| LINES.contains(&word)))
        {
            self.found.extend(tree.tokens.get(at).map(|token| Part::Blank(token.span, b'\n')));
        }
        let stop = at + REACH;
        while at < stop.min(tree.tokens.len()) {
            let token = tree.tokens[at];
            if tree.around(at) != parent || (token.first && token.indent < indent) {
                break;
            }
            let nested = token.first && token.indent > indent && self.by_indent();
            if nested || matches!(token.kind, Kind::Punct(b'(' | b'[' | b'{')) {
                let end = if nested { self.line_end(at) } else { tree.closing(at).min(tree.tokens.len() - 1) + 1 };
                if !self.passes(at, end, nested || tree.is(at, b'{')) {
                    break;
                }
                at = end.max(at + 1);
                continue;
            }
            if tree.word(at).is_some_and(|word| LEAVING.contains(&word)) {
                break;
            }
            if self.is_name(at) {
                match self.step(at, parent, &mut taken, begins) {
                    Step::Adds(next) => {
                        last = Some(next);
                        at = next.max(at + 1);
                    }
                    Step::Stops => break,
                }
                continue;
            }
            at += 1;
        }
        (self.found, last, taken)
    }

    /// Blocks are lines that stand further to the right.
    fn by_indent(&self) -> bool {
        matches!(self.syntax.name, "python" | "ruby" | "elixir")
    }

    fn line_end(&self, at: usize) -> usize {
        (at + 1..self.tree.tokens.len()).find(|&i| self.tree.tokens[i].first).unwrap_or(self.tree.tokens.len())
    }

    fn is_name(&self, at: usize) -> bool {
        let tree = self.tree;
        tree.word(at).is_some() && tree.word(at) == tree.word(self.name) && !(at > 0 && matches!(tree.punct(at - 1), Some(b'.')))
    }

    /// Whether the statement that holds a chain ends there; the token after it.
    fn end(&self, mut at: usize, parent: Option<usize>) -> Option<usize> {
        let tree = self.tree;
        while (tree.is(at, b')') || tree.is(at, b',') && tree.is(at + 1, b')')) && tree.around(at - 1) != parent {
            at += 1;
        }
        let ended = tree.is(at, b';') || tree.tokens.get(at).is_none_or(|token| token.first);
        ended.then_some(at)
    }

    /// Whether the tokens of a block do nothing with the name but add to it.
    fn passes(&mut self, from: usize, to: usize, block: bool) -> bool {
        let mut adds = false;
        for at in from..to {
            if self.is_name(at) {
                // `ids.forEach((id) => { sql.append(…) })`
                let called_back = || in_block(self.tree, at);
                if !(block || called_back()) || self.operand(at).is_none() {
                    return false;
                }
                adds = true;
            }
        }
        if adds {
            self.maybe = Some((self.maybe.map_or(from, |(first, _)| first), to - 1));
        }
        true
    }

    /// The first token of what a statement that begins with the name adds to it.
    fn operand(&self, at: usize) -> Option<usize> {
        operand(self.tree, self.syntax.concat, at)
    }

    /// Takes what the statement at the name adds.
    fn step(&mut self, at: usize, parent: Option<usize>, taken: &mut Vec<usize>, begins: &impl Fn(&Chain) -> bool) -> Step {
        let tree = self.tree;
        let Some(operand) = self.operand(at).filter(|&operand| operand < tree.tokens.len()) else { return Step::Stops };
        let begun_at = |first: usize| self.chains.binary_search_by_key(&first, |chain| chain.first).ok();
        // a tag stands before its template: SQL`…`
        let tagged = || {
            let glued = tree.tokens.get(operand + 1).is_some_and(|t| !t.spaced && !t.first);
            begun_at(operand + 1).filter(|_| glued && tree.word(operand).is_some() && tree.literal(operand + 1).is_some())
        };
        let chain = begun_at(operand).or_else(tagged);
        if self.list && chain.is_none_or(|i| begins(&self.chains[i])) {
            return Step::Stops;
        }
        if let Some((from, to)) = self.maybe.take() {
            self.found.push(Part::Maybe(tree.tokens[from].span.to(tree.tokens[to].span)));
        }
        if tree.word(at + 2) == Some(BOUND) {
            self.found.push(Part::Blank(tree.tokens[at + 2].span, b'?'));
            return Step::Adds(self.statement_end(operand, parent));
        }
        let lines = (at..operand).any(|i| tree.word(i).is_some_and(|word| LINES.contains(&word)));
        let whole =
            chain.filter(|&i| self.chains[i].format.is_none()).and_then(|i| self.end(self.chains[i].after, parent).map(|end| (i, end)));
        let next = match whole {
            Some((i, next)) => {
                self.found.extend(self.chains[i].parts.iter().copied());
                taken.push(i);
                next
            }
            None => {
                let next = self.statement_end(operand, parent);
                let span = tree.tokens[operand - 1].span.to(tree.tokens[next.saturating_sub(1).max(operand)].span);
                self.found.push(Part::Code(span));
                next
            }
        };
        if lines && next < tree.tokens.len() {
            self.found.push(Part::Blank(tree.tokens[next].span, b'\n'));
        }
        Step::Adds(next)
    }

    /// One past the last token of a statement.
    fn statement_end(&self, from: usize, parent: Option<usize>) -> usize {
        let tree = self.tree;
        let mut at = from;
        while at < tree.tokens.len() {
            let outside = tree.around(at) == parent;
            if outside && at > from && (tree.is(at, b';') || (tree.tokens[at].first && self.syntax.newline_ends)) {
                break;
            }
            at = if matches!(tree.punct(at), Some(b'(' | b'[' | b'{')) { tree.closing(at).max(at) + 1 } else { at + 1 };
        }
        at.min(tree.tokens.len())
    }
}
