//! Values written into the text of a statement.
use super::support::spelling;
use super::{Check, Context, Origin};
use crate::extract::{Hole, Role};
use crate::finding::Severity;

pub(super) const CHECK: Check = Check::Statement(check);

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
    let mut named = false;
    for hole in fragment.holes.iter().filter(|hole| ctx.statement.span.contains(hole.span) || touches(ctx, hole)) {
        let (severity, message, help) = match hole.role {
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
            // without quotes around it, it is a number, where nobody outside is seen to give it
            Role::Value if !hole.trusted && !hole.from_outside => continue,
            // a shell has no parameters, but psql has variables
            Role::Value | Role::InString if !hole.trusted && ctx.origin == Origin::Script => (
                Severity::Notice,
                "a value becomes part of the SQL text: a quote in it ends the string, and what follows is run",
                "give it to psql as a variable, which it quotes, and the statement on standard input (-c knows no variables):\n  psql -v value=\"$value\" <<< \"… :'value' …\"",
            ),
            Role::Value | Role::InString if !hole.trusted && !hole.from_outside => (
                Severity::Notice,
                "a value becomes part of the SQL text: each value is a new statement to plan, and whoever could choose it could write SQL",
                "put a placeholder there and hand the value to the driver as a parameter",
            ),
            Role::Value | Role::InString if !hole.trusted => (
                Severity::Error,
                "a value becomes part of the SQL text: whoever chooses it can write SQL, and each value is a new statement to plan",
                "put a placeholder there and hand the value to the driver as a parameter",
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
        let report = ctx.report(hole.span, message).help(help).severity(severity);
        // who builds names builds many, all in one way
        ctx.add(if severity == Severity::Notice { report.once_per_file() } else { report });
    }
}

/// Whether it is a query, read or not.
fn takes_parameters(ctx: &Context) -> bool {
    let word = first_word(ctx);
    ctx.statement.query.is_some() || ["select", "insert", "update", "delete", "with", "merge"].iter().any(|w| word.eq_ignore_ascii_case(w))
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
