//! A right given to PUBLIC is given to every role, those of tomorrow included.

use super::support::locks::runs_live;
use super::{Check, Context, Kind};
use crate::facts::{Action, Grant, ObjectName, TableChange};

pub(super) const CHECK: Check = Check::Action(&[Kind::Other], check);

fn check(ctx: &Context) {
    // a released update of an extension is history, which nobody edits
    for action in ctx.actions().iter().filter(|_| runs_live(ctx) && !ctx.around.updates_extension) {
        let Action::Grant(grant) = action else { continue };
        let Some(span) = grant.to_public.filter(|_| grant.grant && !is_default(grant)) else { continue };
        // policies say which rows each role has
        let by_policies = |table: &ObjectName| {
            let secures = |action: &Action| matches!(action, Action::AlterTable(alter) if alter.name == *table && matches!(alter.change, TableChange::RowSecurity { .. }));
            ctx.preceding.iter().chain(ctx.following).flat_map(|statement| &statement.actions).any(secures)
        };
        if !grant.objects.is_empty() && grant.objects.iter().all(by_policies) {
            continue;
        }
        let privileges = grant.privileges.join(", ");
        let objects: Vec<String> = grant.objects.iter().map(ToString::to_string).collect();
        let objects = objects.join(", ");
        if let Some(future) = grant.kind.strip_prefix("FUTURE ") {
            let what = future.to_lowercase();
            let message = format!("{privileges} on all {what} that are created from now on is given to PUBLIC: every role that can connect has it, and nobody is asked again");
            ctx.add(ctx.report(span, message).help("give it to a role, and make the users its members"));
            continue;
        }
        let (on, place) = match grant.kind.as_str() {
            "" => (String::new(), String::new()),
            "TABLE" => (format!(" on {objects}"), format!(" ON {objects}")),
            kind => (format!(" on {} {objects}", kind.to_lowercase()), format!(" ON {kind} {objects}")),
        };
        let message = format!("{privileges}{on} is given to PUBLIC: every role that can connect has it, also those created later");
        let mut report = ctx.report(span, message);
        if grant.kind == "TABLE" {
            report = report.help(format!("give it to a role without login, and make the users its members:\nGRANT {privileges}{place} TO reader;"));
        } else {
            report = report.help("give it to a role, and make the users its members");
        }
        ctx.add(report);
    }
}

/// What every role has by default anyway says nothing new: USAGE of types and languages,
/// EXECUTE of functions.
fn is_default(grant: &Grant) -> bool {
    let only = |word: &str| grant.privileges.iter().all(|privilege| privilege == word || privilege == "ALL");
    match grant.kind.as_str() {
        "TYPE" | "DOMAIN" | "LANGUAGE" | "FUTURE TYPES" => only("USAGE"),
        "FUNCTION" | "PROCEDURE" | "ROUTINE" | "FUTURE FUNCTIONS" | "FUTURE ROUTINES" => only("EXECUTE"),
        _ => false,
    }
}
