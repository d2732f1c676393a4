//! ADD PRIMARY KEY builds its index under ACCESS EXCLUSIVE.
use super::support::locks::key_builds;
use super::{Check, Context, Kind};

pub(super) const CHECK: Check = Check::Action(&[Kind::AlterTable], check);

fn check(ctx: &Context) {
    for build in key_builds(ctx, true) {
        let (name, table) = (&build.name, build.table);
        let message = format!("adding primary key {name} holds ACCESS EXCLUSIVE on {table} while its index is built: all reads and writes wait");
        ctx.add(ctx.report(build.span, message).help(build.safe_way(ctx)));
    }
}
