//! BEGIN inside a transaction: PostgreSQL only warns, and the first COMMIT ends the whole.

use super::{Check, Context, Kind, Origin};
use crate::facts::Action;
use crate::session::Transaction;

pub(super) const CHECK: Check = Check::Action(&[Kind::Other], check);

fn check(ctx: &Context) {
    // a document may show what several connections do
    if ctx.around.in_do || ctx.around.in_function || ctx.origin == Origin::Document {
        return;
    }
    for action in ctx.actions() {
        match (action, ctx.session.transaction()) {
            (Action::Begin { span }, Transaction::Explicit(at)) => {
                let message = "a transaction is open already: PostgreSQL warns and goes on in it, and the first COMMIT ends the whole";
                let report = ctx.report(*span, message).help("commit the one before, or use SAVEPOINT where a part may be undone");
                ctx.add(report.related(at, "it was opened here"));
            }
            (Action::Begin { span }, Transaction::Framework(framework)) => {
                let message = format!("{framework} has opened a transaction already: this BEGIN only warns, and its COMMIT ends {framework}'s transaction, so that what follows, and {framework}'s own record of this migration, is outside of it");
                ctx.add(ctx.report(*span, message).help(help(framework)).once_per_file());
            }
            (Action::Commit { .. }, Transaction::Framework(framework)) => {
                let message = format!("this COMMIT ends the transaction that {framework} opened: what follows, and {framework}'s own record of this migration, is outside of it");
                ctx.add(ctx.report(ctx.statement.span, message).help(help(framework)).once_per_file());
            }
            _ => {}
        }
    }
}

fn help(framework: &str) -> String {
    let alone = format!("leave BEGIN and COMMIT to {framework}, and give what must commit by itself a file of its own");
    super::support::locks::marker(framework).map_or(alone.clone(), |way| format!("{alone}; to run a file outside {framework}'s transaction, {way}"))
}
