//! Values written into the text of a statement.
use super::support::spelling;
use super::{Check, Context, Origin};
use crate::extract::{Hole, Role};
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
    for hole in fragment.holes.iter().filter(|hole| ctx.statement.span.contains(hole.span) || touches(ctx, hole)) {
        let (severity, message, help) = match hole.role {
            // what nobody outside is seen to give is the program's own, or a number where no quotes are around it
            Role::Value | Role::InString if !hole.trusted && !hole.from_outside && ctx.origin != Origin::Script => continue,
            // a count or a list of keys that one function hands to another is made of numbers
            Role::Value if !hole.requested && is_counted(ctx, hole) => continue,
            // no parameter can stand in a utility statement
            Role::Value | Role::InString if !hole.trusted && first_word(ctx).eq_ignore_ascii_case("set") => (
                Severity::Notice,
                "a value becomes part of the SQL text: SET takes no parameters, and only values that the program chose are safe",
                "set_config takes parameters: SELECT set_config('name', $1, true) is SET LOCAL, with false it is SET",
            ),
            Role::NameInString if !hole.trusted => (
                Severity::Notice,
                "a name becomes part of the SQL text, inside a string constant, where a parameter could carry it",
                "put a placeholder there and hand the name to the driver as a parameter",
            ),
            // a definition is made of names and of pieces that the program writes
            Role::Value if !takes_parameters(ctx) => continue,
            Role::InString if !hole.trusted && !takes_parameters(ctx) => (
                Severity::Notice,
                "a value becomes part of the SQL text, in a statement that takes no parameters: only values that the program chose are safe",
                "quote it as a literal with the driver's own function",
            ),
            Role::Value if !hole.trusted && !hole.from_outside => continue,
            // a shell has no parameters, but psql has variables
            Role::Value | Role::InString if !hole.trusted && ctx.origin == Origin::Script => (
                Severity::Notice,
                "a value becomes part of the SQL text: a quote in it ends the string, and what follows is run",
                "give it to psql as a variable, which it quotes, and the statement on standard input (-c knows no variables):\n  psql -v value=\"$value\" <<< \"… :'value' …\"",
            ),
            Role::Value | Role::InString if !hole.trusted && ctx.around.by_hand => (
                Severity::Notice,
                "a value becomes part of the SQL text: each value is a new statement to plan, and whoever could choose it could write SQL",
                PLACEHOLDER,
            ),
            Role::Value | Role::InString if !hole.trusted => (
                Severity::Error,
                "a value becomes part of the SQL text: whoever chooses it can write SQL, and each value is a new statement to plan",
                PLACEHOLDER,
            ),
            Role::Identifier if !hole.trusted => (
                Severity::Notice,
                "a name becomes part of the SQL text: a parameter cannot stand for it, so only names from a fixed list are safe",
                "choose it from a list of known names, or quote it as an identifier",
            ),
            // a piece of SQL may be constant: nothing is known of it
            _ => continue,
        };
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
