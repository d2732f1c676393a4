//! An index of many key columns.

use super::{Check, Context, Kind};
use crate::facts::Action;

pub(super) const CHECK: Check = Check::Action(&[Kind::CreateIndex], check);

/// More keys than this are wide.
const MOST: usize = 3;

fn check(ctx: &Context) {
    for action in ctx.actions() {
        let Action::CreateIndex(create) = action else { continue };
        if create.unique || create.keys.len() <= MOST || create.method != "btree" {
            continue;
        }
        let message = format!(
            "{} keys in one index of {}: the later ones seldom narrow a search, and make every entry and every write larger",
            create.keys.len(),
            create.table
        );
        let help = "keep the keys that queries test for equality, then one range or order; put columns that are only returned into INCLUDE";
        ctx.add(ctx.report(create.keys_span, message).help(help));
    }
}
