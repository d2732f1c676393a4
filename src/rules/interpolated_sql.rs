//! Values written into the text of a statement.
use super::support::spelling;
use super::{Check, Context, Origin};
use crate::extract::{Giver, Hole, Role};
use crate::finding::Severity;
use crate::source::floor_boundary;

pub(super) const CHECK: Check = Check::Statement(check);

const PLACEHOLDER: &str = "put a placeholder there and hand the value to the driver as a parameter";

fn check(ctx: &Context) {
    // what migrates runs once, with values of its own
    let Some(fragment) = ctx.application.filter(|fragment| !fragment.bound && !ctx.around.among_migrations) else { return };
    // a document shows it, as often as not to warn of it
    if ctx.around.in_document {
        return;
    }
    // the program counts its own savepoints
    if ["savepoint", "release", "rollback"].iter().any(|word| first_word(ctx).eq_ignore_ascii_case(word)) {
        return;
    }
    // inside a string constant that another server runs no placeholder is one, and `time_zone` is a setting of MySQL
    let text = ctx.source(ctx.statement.span).to_ascii_lowercase();
    if text.contains("dblink") || text.starts_with("set time_zone") {
        return;
    }
    let mut named = false;
    for hole in fragment.holes.iter().filter(|hole| !hole.trusted && (ctx.statement.span.contains(hole.span) || touches(ctx, hole))) {
        let Some((severity, message, help)) = told(ctx, hole) else { continue };
        // one notice about names is enough for a statement
        if matches!(hole.role, Role::Identifier | Role::NameInString) && std::mem::replace(&mut named, true) {
            continue;
        }
        let help = match hole.role {
            // what names a snapshot is no setting
            Role::Value | Role::InString if is_set_transaction(ctx) => "quote it as a literal with the driver's own function".to_owned(),
            Role::InString if first_word(ctx).eq_ignore_ascii_case("notify") => "pg_notify takes parameters: SELECT pg_notify('channel', $1)".to_owned(),
            Role::Value | Role::InString if help == PLACEHOLDER => placed(ctx, hole),
            Role::NameInString => placed(ctx, hole).replace("the value", "the name"),
            _ => help.to_owned(),
        };
        let report = ctx.report(hole.span, message).help(help).severity(severity);
        // who builds names builds many, all in one way
        ctx.add(if severity == Severity::Notice { report.once_per_file() } else { report });
    }
}

/// How grave it is, what it means, and what to do.
type Told = (Severity, &'static str, &'static str);

/// What is said of a hole that could bring SQL.
fn told(ctx: &Context, hole: &Hole) -> Option<Told> {
    match hole.role {
        Role::Value | Role::InString => told_of_value(ctx, hole, hole.giver?),
        // no parameter can stand in a definition, and the names there are the program's
        Role::NameInString if !takes_parameters(ctx) => None,
        Role::NameInString => Some((
            Severity::Notice,
            "a name becomes part of the SQL text, inside a string constant, where a parameter could carry it",
            "put a placeholder there and hand the name to the driver as a parameter",
        )),
        Role::Identifier => Some((
            Severity::Notice,
            "a name becomes part of the SQL text: a parameter cannot stand for it, so only names from a fixed list are safe",
            "choose it from a list of known names, or quote it as an identifier",
        )),
        // a piece of SQL may be constant: nothing is known of it
        Role::Fragment | Role::Parameter => None,
    }
}

/// What is said of a value that somebody outside of the function gives.
fn told_of_value(ctx: &Context, hole: &Hole, giver: Giver) -> Option<Told> {
    let quoted = hole.role == Role::InString;
    if is_written(ctx) {
        return quoted.then_some((
            Severity::Notice,
            "a value becomes part of SQL text that is written out: a quote in it ends the string, and whoever runs the text runs what follows",
            "double the quotes in it, or write data for COPY",
        ));
    }
    // a count or a list of keys that one function hands to another is made of numbers
    if !quoted && giver != Giver::Request && is_counted(ctx, hole) {
        return None;
    }
    // no parameter can stand in a utility statement
    if first_word(ctx).eq_ignore_ascii_case("set") {
        return Some((
            Severity::Notice,
            "a value becomes part of the SQL text: SET takes no parameters, and only values that the program chose are safe",
            "set_config takes parameters: SELECT set_config('name', $1, true) is SET LOCAL, with false it is SET",
        ));
    }
    // a definition is made of names and of pieces that the program writes
    if !takes_parameters(ctx) {
        return quoted.then_some((
            Severity::Notice,
            "a value becomes part of the SQL text, in a statement that takes no parameters: only values that the program chose are safe",
            "quote it as a literal with the driver's own function",
        ));
    }
    Some(match giver {
        // a shell has no parameters, but psql has variables
        _ if ctx.origin == Origin::Script => (
            Severity::Notice,
            "a value becomes part of the SQL text: a quote in it ends the string, and what follows is run",
            "give it to psql as a variable, which it quotes, and the statement on standard input (-c knows no variables):\n  psql -v value=\"$value\" <<< \"… :'value' …\"",
        ),
        // text without quotes around it is no constant: where nothing says that it is text, it is a number
        Giver::Caller if !quoted => (
            Severity::Notice,
            "a value becomes part of the SQL text: only as long as it is a number it brings no SQL of its own, and each is a new statement to plan",
            PLACEHOLDER,
        ),
        _ if ctx.around.by_hand => (
            Severity::Notice,
            "a value becomes part of the SQL text: each value is a new statement to plan, and whoever could choose it could write SQL",
            PLACEHOLDER,
        ),
        _ => (
            Severity::Error,
            "a value becomes part of the SQL text: whoever chooses it can write SQL, and each value is a new statement to plan",
            PLACEHOLDER,
        ),
    })
}

/// Whether the text goes to a file or a terminal: no statement runs there.
fn is_written(ctx: &Context) -> bool {
    const WRITES: &[&str] = &[
        "writelines", "writeFile", "writeFileSync", "appendFile", "appendFileSync", "fwrite", "fputs", "file_put_contents", "write_text",
        "WriteAllText", "AppendAllText", "WriteLine", "println", "Println", "Printf", "printf", "print", "puts", "echo",
    ];
    const FILES: &[&str] = &["f", "fp", "fh", "fd", "fo", "w", "out", "output", "fout", "handle", "stdout", "stderr"];
    let Some(call) = ctx.application.and_then(|fragment| fragment.call) else { return false };
    let path = call.of(ctx.code);
    let mut names = path.rsplit(['.', ':', '>', '-']).filter(|name| !name.is_empty());
    let (last, of) = (names.next().unwrap_or(""), names.next().unwrap_or("").to_ascii_lowercase());
    let file = || FILES.contains(&of.as_str()) || ["file", "writer", "stream", "_out", "_f"].iter().any(|end| of.ends_with(end));
    // a builder of text is handed over by its address
    let formatted = || !ctx.code.get(call.end as usize..).is_some_and(|rest| rest.trim_start_matches('(').starts_with('&'));
    WRITES.contains(&last) || matches!(last, "write" | "Write" | "WriteString") && file() || last.starts_with("Fprint") && formatted()
}

/// Where the placeholder goes: it stands for a whole constant, and for one value of a list.
fn placed(ctx: &Context, hole: &Hole) -> String {
    const NEAR: usize = 400;
    let at = (hole.span.start as usize).min(ctx.text.len());
    let before = ctx.text.get(floor_boundary(ctx.text, at.saturating_sub(NEAR))..floor_boundary(ctx.text, at)).unwrap_or("");
    let before = before.replace(crate::source::FILLER as char, "");
    if hole.role == Role::Value {
        let list = before.trim_end().strip_suffix('(').is_some_and(|rest| rest.trim_end().to_ascii_lowercase().ends_with(" in"));
        return if list { "compare with = ANY (<placeholder>) and hand the driver all values as one array".to_owned() } else { PLACEHOLDER.to_owned() };
    }
    let (left, inside) = before.rsplit_once('\'').unwrap_or(("", ""));
    let ty = left.trim_end().rsplit(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or("").to_ascii_lowercase();
    let typed = ["interval", "date", "time", "timestamp", "timestamptz"].contains(&ty.as_str());
    let after = ctx.text.get(floor_boundary(ctx.text, (hole.span.end as usize).min(ctx.text.len()))..).unwrap_or("");
    let whole = inside.is_empty() && after.trim_start_matches(crate::source::FILLER as char).starts_with('\'');
    let rest = if whole { String::new() } else { ", which also brings what stands around it".to_owned() };
    let cast = if typed { format!(", and a cast instead of the type before it: <placeholder>::{ty}") } else { String::new() };
    format!("put a placeholder in place of the whole constant, quotes included{cast}, and hand the value to the driver as a parameter{rest}")
}

/// Whether a hole stands where numbers do: behind LIMIT or OFFSET, or in the parentheses of IN.
fn is_counted(ctx: &Context, hole: &Hole) -> bool {
    const NEAR: usize = 40;
    let at = (hole.span.start as usize).min(ctx.text.len());
    let before = ctx.text.get(floor_boundary(ctx.text, at.saturating_sub(NEAR))..floor_boundary(ctx.text, at)).unwrap_or("");
    let before = before.trim_end().trim_end_matches('(').trim_end().to_ascii_lowercase();
    ["limit", "offset", " in"].iter().any(|word| before.ends_with(word))
}

/// Whether it is a query, read or not.
fn takes_parameters(ctx: &Context) -> bool {
    let word = first_word(ctx);
    ctx.statement.query.is_some() || ["select", "insert", "update", "delete", "with", "merge"].iter().any(|w| word.eq_ignore_ascii_case(w))
}

fn is_set_transaction(ctx: &Context) -> bool {
    let mut words = ctx.source(ctx.statement.span).split_ascii_whitespace();
    let mut next = |word: &str| words.next().is_some_and(|own| own.eq_ignore_ascii_case(word));
    next("set") && next("transaction")
}

fn first_word(ctx: &Context) -> String {
    let text = spelling::text(ctx, ctx.statement.span);
    text.trim_start_matches(|c: char| c.is_whitespace() || c == '(').chars().take_while(char::is_ascii_alphabetic).collect()
}

/// A hole at the very end of a statement.
fn touches(ctx: &Context, hole: &Hole) -> bool {
    let last = ctx.following.is_empty() && hole.span.start >= ctx.statement.span.end;
    let first = ctx.preceding.is_empty() && hole.span.end <= ctx.statement.span.start;
    let crosses = hole.span.start < ctx.statement.span.end && hole.span.end > ctx.statement.span.end;
    last || first || crosses
}
