//! What several rules need: which actions a lock rule looks at, what one action does, and how each runner leaves a file
//! outside its transaction. Not a rule.

use super::anew;
use crate::catalog::Qualified;
use crate::facts::{Action, AlterTable, Constraint, ConstraintKind, CreateIndex, Literal, Name, ObjectName, TableChange};
use crate::facts::{Expr, ExprKind};
use crate::postgres::effect::{Effect, EffectKind, Work, effect};
use crate::rules::{Context, Origin};
use crate::session::Transaction;
use crate::source::Span;

/// Whether a statement runs against tables in use when the migration runs: down migrations are for emergencies, function
/// bodies run later, what a script drops only to make it itself was not there, and a test's tables are its own.
pub(in crate::rules) fn runs_live(ctx: &Context) -> bool {
    let makes_anew = || *ctx.memo.makes_anew.get_or_init(|| anew::only_makes_anew(ctx));
    ctx.origin != Origin::Down && !ctx.around.in_function && !ctx.around.aside && !makes_anew()
}

/// Whether a wait for a lock is limited here.
pub(in crate::rules) fn does_not_wait_long(ctx: &Context) -> bool {
    ctx.settings.runner_sets_lock_timeout || ctx.session.lock_timeout().is_some()
}

/// The ALTER TABLE actions that run live on a table that may hold rows, each beside the action that carries it.
pub(in crate::rules) fn live_alterations<'a>(ctx: &Context<'a>) -> impl Iterator<Item = (&'a Action, &'a AlterTable)> {
    let alteration = |at: usize| match ctx.actions().get(at) {
        Some(action @ Action::AlterTable(alter)) => Some((action, &**alter)),
        _ => None,
    };
    let live = ctx.memo.live_alterations.get_or_init(|| {
        if !runs_live(ctx) {
            return vec![];
        }
        let is_live = |&at: &usize| alteration(at).is_some_and(|(_, alter)| !ctx.is_new(&alter.name));
        (0..ctx.actions().len()).filter(is_live).collect()
    });
    live.iter().filter_map(move |&at| alteration(at))
}

/// What one action of the statement does: a lone one what the statement does, of several each is asked once.
pub(in crate::rules) fn effects_of<'a>(ctx: &Context<'a>, action: &Action) -> &'a [Effect] {
    if ctx.actions().len() == 1 && ctx.statement.query.is_none() && !matches!(action, Action::CreateFunction(_)) {
        return ctx.effects;
    }
    let effects = || ctx.actions().iter().map(|action| effect(action, ctx.catalog, ctx.version())).collect();
    let each = ctx.memo.effects.get_or_init(effects);
    let at = ctx.actions().iter().position(|known| std::ptr::eq(known, action));
    at.and_then(|at| each.get(at)).map_or(&[], Vec::as_slice)
}

/// What one action does to the relation that it names.
pub(in crate::rules) fn named_effect<'a>(ctx: &Context<'a>, action: &Action) -> Option<&'a Effect> {
    effects_of(ctx, action).iter().find(|effect| effect.named)
}

/// Whether one action does this work on the relation that it names.
pub(in crate::rules) fn does(ctx: &Context, action: &Action, work: Work) -> bool {
    named_effect(ctx, action).is_some_and(|effect| effect.work.contains(&work))
}

/// A resolved name as a rule would have read it.
pub(in crate::rules) fn object_name(name: &Qualified) -> ObjectName {
    let part = |value: &str| Name::new(value, Span::default());
    ObjectName { schema: Some(part(&name.schema)), name: part(&name.name) }
}

/// Whether an effect is on rows that somebody may be waiting for.
pub(in crate::rules) fn is_live(ctx: &Context, effect: &Effect) -> bool {
    matches!(effect.kind, EffectKind::Table | EffectKind::Partition | EffectKind::MaterializedView)
        && !ctx.is_new_relation(&effect.relation)
}

/// A list of columns as SQL.
pub(in crate::rules) fn columns(names: &[Name]) -> String {
    names.iter().map(Name::to_string).collect::<Vec<_>>().join(", ")
}

/// A constraint's name: its own, or as PostgreSQL makes it up (`orders_user_id_fkey`).
pub(in crate::rules) fn constraint_name(given: Option<&Name>, table: &ObjectName, columns: &[Name], suffix: &str) -> String {
    given.map_or_else(|| made_up_name(table, columns, suffix), Name::to_string)
}

/// A name in PostgreSQL's own pattern: table, columns, what it is.
pub(in crate::rules) fn made_up_name(table: &ObjectName, columns: &[Name], suffix: &str) -> String {
    let parts: Vec<&str> =
        [table.name.value.as_str()].into_iter().chain(columns.iter().map(|c| c.value.as_str())).chain([suffix]).collect();
    crate::facts::quote_identifier(&parts.join("_"))
}

/// Whether an expression is NULL, casts aside.
pub(in crate::rules) fn is_null(expr: &Expr) -> bool {
    matches!(expr.uncast().kind, ExprKind::Literal(Literal::Null))
}

/// The leaf partitions of a table that are known, as SQL.
pub(in crate::rules) fn leaves(ctx: &Context, table: &ObjectName) -> Vec<ObjectName> {
    const ENOUGH: usize = 3; // for a recipe that is read, not run
    let Some((name, _)) = ctx.table(table) else { return vec![] };
    ctx.catalog.children_of(name).take(ENOUGH).map(|(child, _)| shown(child)).collect()
}

/// A resolved name as people write it: without `public`.
pub(in crate::rules) fn shown(name: &Qualified) -> ObjectName {
    let full = object_name(name);
    if name.schema == "public" { ObjectName::bare(full.name) } else { full }
}

/// The index's name, or the one that PostgreSQL makes up.
pub(in crate::rules) fn index_name(index: &CreateIndex) -> String {
    let keys: Vec<Name> = index
        .keys
        .iter()
        .map(|key| key.expr.column().map_or_else(|| Name::new("expr", Span::default()), |column| column.column.clone()))
        .collect();
    index.name.as_ref().map_or_else(|| made_up_name(&index.table, &keys, "idx"), Name::to_string)
}

/// What follows the table in CREATE INDEX: method, keys, INCLUDE, WHERE, as written.
pub(in crate::rules) fn index_tail(ctx: &Context, index: &CreateIndex) -> String {
    let tail = ctx.source(Span::new(index.keys_span.start, ctx.statement.span.end.max(index.keys_span.start))).trim_end();
    if tail.starts_with('(') || tail.get(..5).is_some_and(|word| word.eq_ignore_ascii_case("using")) {
        tail.to_owned()
    } else {
        format!("USING {tail}")
    }
}

/// How to index a partitioned table without stopping its writers: the parent's index alone, each partition's concurrently,
/// then attached.
pub(in crate::rules) fn partitioned_index_recipe(ctx: &Context, index: &CreateIndex) -> String {
    let (name, tail, table) = (index_name(index), index_tail(ctx, index), &index.table);
    let unique = if index.unique { "UNIQUE " } else { "" };
    let mut recipe = format!("CREATE {unique}INDEX {name} ON ONLY {table} {tail};");
    let mut partitions = leaves(ctx, table);
    if partitions.is_empty() {
        partitions.push(ObjectName::bare(Name::new(format!("{}_1", table.name.value), Span::default())));
    }
    for leaf in partitions {
        let leaf_index = made_up_name(&leaf, &[], index.name.as_ref().map_or("idx", |n| n.value.as_str()));
        recipe.push_str(&format!("\nCREATE {unique}INDEX CONCURRENTLY {leaf_index} ON {leaf} {tail};"));
        recipe.push_str(&format!("\nALTER INDEX {name} ATTACH PARTITION {leaf_index};"));
    }
    recipe.push_str("\n-- and so for every partition, the index of the parent becomes valid with the last one");
    recipe
}

/// How the statement can leave the transaction that it runs in; `None` when it runs in none.
pub(in crate::rules) fn leave_transaction(ctx: &Context) -> Option<String> {
    if ctx.around.in_do || ctx.around.in_function {
        return Some("a DO block or function always runs in a transaction: make it a statement of its own".to_owned());
    }
    match ctx.session.transaction() {
        Transaction::None => None,
        Transaction::Explicit(_) => Some("move it out of the BEGIN … COMMIT block".to_owned()),
        Transaction::Implicit => Some("statements sent as one message are one transaction: give it a migration file of its own".to_owned()),
        Transaction::Framework(framework) => Some(opt_out(framework)),
    }
}

/// How to run a statement outside the transaction that a framework opens.
fn opt_out(framework: &str) -> String {
    match marker(framework) {
        Some(way) => format!("{framework} wraps the file in a transaction: give the statement a file of its own and {way}"),
        None => format!("{framework} wraps the file in a transaction: give the statement a file of its own, run outside one"),
    }
}

/// How each framework leaves a file outside its transaction.
pub(in crate::rules) fn marker(framework: &str) -> Option<&'static str> {
    const WAYS: &[(&str, &str)] = &[
        ("sqlx", "begin the file with `-- no-transaction`"),
        ("diesel", "put `run_in_transaction = false` into the migration's metadata.toml"),
        ("goose", "begin the file with `-- +goose NO TRANSACTION`"),
        ("dbmate", "write `-- migrate:up transaction:false`"),
        ("tern", "begin the file with `---- tern: disable-tx ----`"),
        ("sql-migrate", "write `-- +migrate Up notransaction`"),
        ("flyway", "put `executeInTransaction=false` into the script's .conf file"),
        ("liquibase", "add `runInTransaction:false` to the changeset line"),
        ("atlas", "begin the file with `-- atlas:txmode none`"),
        ("rails", "call `disable_ddl_transaction!` in the migration"),
        ("django", "set `atomic = False` on the migration"),
        ("alembic", "wrap it in `with op.get_context().autocommit_block():`"),
        ("node-pg-migrate", "call `pgm.noTransaction()`"),
        ("knex", "export `config = { transaction: false }`"),
        ("sequelize", "run it outside the migration's transaction"),
    ];
    let lower = framework.to_ascii_lowercase();
    WAYS.iter().find(|(name, _)| lower.contains(name)).map(|(_, way)| *way)
}

/// The SQL of a help text, with the way out of the transaction before it where one is needed.
pub(in crate::rules) fn outside_transaction(ctx: &Context, sql: &str) -> String {
    match leave_transaction(ctx) {
        Some(way) => format!("{way}\n{sql}"),
        None => sql.to_owned(),
    }
}

/// A key constraint that builds its own index on a table in use.
pub(in crate::rules) struct KeyBuild<'a> {
    /// The constraint's name, made up where none was given.
    pub(in crate::rules) name: String,
    /// The table.
    pub(in crate::rules) table: &'a ObjectName,
    /// The offending bytes: the whole action, or the words beside the new column.
    pub(in crate::rules) span: Span,
    columns: &'a [Name],
    include: &'a [Name],
    primary: bool,
    inline: bool,
}

/// The keys that a statement adds with an index to build: UNIQUE, or PRIMARY KEY.
pub(in crate::rules) fn key_builds<'a>(ctx: &Context<'a>, wanted_primary: bool) -> Vec<KeyBuild<'a>> {
    let mut found = vec![];
    for (_, alter) in live_alterations(ctx) {
        let constraints: &[Constraint] = match &alter.change {
            TableChange::AddConstraint(constraint) => std::slice::from_ref(constraint),
            TableChange::AddColumn { constraints, .. } => constraints,
            _ => continue,
        };
        for constraint in constraints {
            let ConstraintKind::Key { primary, columns, include, using_index: None, .. } = &constraint.kind else { continue };
            if *primary != wanted_primary {
                continue;
            }
            let inline = matches!(alter.change, TableChange::AddColumn { .. });
            let (middle, suffix) = if *primary { (&[][..], "pkey") } else { (&columns[..], "key") };
            found.push(KeyBuild {
                name: constraint_name(constraint.name.as_ref(), &alter.name, middle, suffix),
                table: &alter.name,
                span: if inline { constraint.span } else { alter.span },
                columns,
                include,
                primary: *primary,
                inline,
            });
        }
    }
    found
}

impl KeyBuild<'_> {
    /// The index built concurrently, then adopted.
    pub(in crate::rules) fn safe_way(&self, ctx: &Context) -> String {
        let KeyBuild { name, table, .. } = self;
        let word = if self.primary { "PRIMARY KEY" } else { "UNIQUE" };
        let mut keys = format!("({})", columns(self.columns));
        if !self.include.is_empty() {
            keys.push_str(&format!(" INCLUDE ({})", columns(self.include)));
        }
        if ctx.is_partitioned(table) {
            return format!(
                "a partitioned table cannot adopt an index with USING INDEX: build one concurrently on each partition and adopt it there,\nthen, with nothing left to build:\nALTER TABLE {table} ADD CONSTRAINT {name} {word} {keys};"
            );
        }
        let first = if self.inline { format!("add the column without {word}, then:\n") } else { String::new() };
        let build = outside_transaction(ctx, &format!("CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} {keys};"));
        format!("{first}{build}\nALTER TABLE {table} ADD CONSTRAINT {name} {word} USING INDEX {name};")
    }
}
