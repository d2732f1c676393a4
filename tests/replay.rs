//! Holds `pgsift schema --format sql` to what it promises: loaded into an empty database, it gives what the migrations give.
//!
//! The migrations of `fixtures/replay` run on real servers; what pgsift makes of them is loaded into a second database, and the
//! two are compared by their system catalogs: columns with types, defaults, identity and generation, keys, checks, indexes,
//! views, types, domains, sequences with their owners, functions, triggers, policies, rules, statistics and comments.
//! A file whose name ends in `_from18` needs that version.
#![allow(clippy::unwrap_used)]

#[path = "support/postgres.rs"]
mod support;

use pgsift::catalog::Catalog;
use pgsift::source::{FileId, Source, Sources, Span};
use pgsift::sql::{self, token::Dialect};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What is compared: a title, and a query for a name and its description.
const QUESTIONS: &[(&str, &str)] = &[
    (
        "columns",
        "select c.oid::regclass || '.' || attname, format_type(atttypid, atttypmod) || ' ' || attnotnull || ' '
           || coalesce(pg_get_expr(adbin, adrelid), '') || ' ' || attidentity::text || attgenerated::text || attstorage::text || ' '
           || attstattarget_text || ' ' || coalesce((select collname from pg_collation where oid = attcollation), '') || ' '
           || (select count(*) from pg_attribute b where b.attrelid = c.oid and b.attnum < a.attnum and b.attnum > 0 and not b.attisdropped)
         from (select *, coalesce(nullif(attstattarget::text, '-1'), '') as attstattarget_text from pg_attribute) a
         join pg_class c on c.oid = attrelid left join pg_attrdef on adrelid = attrelid and adnum = attnum
         where attnum > 0 and not attisdropped and relkind in ('r', 'p', 'v', 'm', 'f', 'c')",
    ),
    ("indexes", "select indexrelid::regclass::text, pg_get_indexdef(indexrelid) || ' ' || indisvalid from pg_index join pg_class c on c.oid = indexrelid where true"),
    (
        "constraints",
        "select coalesce(nullif(conrelid, 0)::regclass::text, nullif(contypid, 0)::regtype::text) || '.' || conname,
           pg_get_constraintdef(k.oid) || ' ' || conislocal || ' ' || coninhcount
         from pg_constraint k join pg_class c on c.oid = coalesce(nullif(conrelid, 0), 'pg_class'::regclass) where contype <> 't'
         and k.connamespace <> all (array(select oid from pg_namespace where nspname in ('pg_catalog', 'information_schema')))",
    ),
    (
        "relations",
        "select c.oid::regclass::text, relkind::text || relpersistence::text || relreplident::text || relrowsecurity || relforcerowsecurity
           || coalesce(reloptions::text, '') || coalesce(pg_get_expr(relpartbound, c.oid), '') || coalesce(pg_get_partkeydef(c.oid), '')
           || coalesce((select string_agg(inhparent::regclass::text, ',' order by inhseqno) from pg_inherits where inhrelid = c.oid), '')
         from pg_class c where relkind in ('r', 'p', 'v', 'm', 'S', 'f', 'c')",
    ),
    ("views", "select c.oid::regclass::text, pg_get_viewdef(c.oid) from pg_class c where relkind in ('v', 'm')"),
    (
        "types",
        "select t.oid::regtype::text, typtype::text || coalesce(format_type(nullif(typbasetype, 0), typtypmod), '') || typnotnull
           || coalesce(typdefault, '') || coalesce((select string_agg(enumlabel, ',' order by enumsortorder) from pg_enum where enumtypid = t.oid), '')
           || coalesce((select rngsubtype::regtype::text from pg_range where rngtypid = t.oid), '')
         from pg_type t join pg_class c on c.oid = coalesce(nullif(typrelid, 0), 'pg_class'::regclass) where typtype in ('e', 'd', 'r')
         and t.typnamespace <> all (array(select oid from pg_namespace where nspname in ('pg_catalog', 'information_schema')))",
    ),
    (
        "sequences",
        "select c.oid::regclass::text, seqtypid::regtype || ' ' || seqstart || ' ' || seqincrement || ' ' || seqmin || ' ' || seqmax || ' '
           || seqcache || ' ' || seqcycle || coalesce((select refobjid::regclass || '.' || attname from pg_depend
              join pg_attribute on attrelid = refobjid and attnum = refobjsubid where objid = c.oid and deptype in ('a', 'i')), '')
         from pg_sequence join pg_class c on c.oid = seqrelid where true",
    ),
    (
        "functions",
        "select p.oid::regprocedure::text, prokind::text || provolatile::text || prosecdef || proisstrict || coalesce(proconfig::text, '')
           || coalesce(prosrc, '') || pg_get_function_arguments(p.oid) || coalesce(pg_get_function_result(p.oid), '')
         from pg_proc p join pg_class c on c.oid = 'pg_class'::regclass where pronamespace
           <> all (array(select oid from pg_namespace where nspname in ('pg_catalog', 'information_schema')))",
    ),
    ("triggers", "select tgrelid::regclass || '.' || tgname, pg_get_triggerdef(t.oid) || tgenabled::text from pg_trigger t join pg_class c on c.oid = tgrelid where not tgisinternal"),
    (
        "policies",
        "select polrelid::regclass || '.' || polname, polcmd::text || polpermissive || coalesce(pg_get_expr(polqual, polrelid), '')
           || coalesce(pg_get_expr(polwithcheck, polrelid), '') from pg_policy join pg_class c on c.oid = polrelid where true",
    ),
    ("rules", "select ev_class::regclass || '.' || rulename, pg_get_ruledef(r.oid) from pg_rewrite r join pg_class c on c.oid = ev_class where rulename <> '_RETURN'"),
    ("statistics", "select stxname::text, pg_get_statisticsobjdef(s.oid) from pg_statistic_ext s join pg_class c on c.oid = stxrelid where true"),
    (
        "comments",
        "select pg_describe_object(classoid, objoid, objsubid), description from pg_description join pg_class c on c.oid = 'pg_class'::regclass
         where objoid >= 16384 and objoid <> coalesce((select oid from pg_extension where oid = objoid), 0)",
    ),
];

/// Only what stands in schemas of the migrations.
const OWN: &str = " and (c.oid = 'pg_class'::regclass or c.relnamespace <> all (array(select oid from pg_namespace
    where nspname in ('pg_catalog', 'information_schema', 'pg_toast'))))";

#[test]
fn the_script_gives_what_the_migrations_give() {
    let mut differences = vec![];
    for (version, found) in support::on_every_version(compare) {
        differences.extend(found.into_iter().map(|line| format!("{version}: {line}")));
    }
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}

fn compare(server: &support::Server) -> Vec<String> {
    let files = migrations(server.version.major() >= 18);
    let mut admin = server.session("postgres");
    admin.run("create database replayed").unwrap();
    admin.run("create database loaded").unwrap();
    let mut replayed = server.session("replayed");
    let mut catalog = Catalog::default();
    let mut sources = Sources::default();
    for (path, text) in &files {
        replayed.run(text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        replayed.run("reset all").unwrap();
        let file: FileId = sources.add(Source::new(path, text.as_bytes().to_vec()));
        let script = sql::read(file, text, Span::new(0, text.len() as u32), Dialect::Psql);
        for statement in &script.statements {
            assert_eq!(statement.reading, pgsift::facts::Reading::Parsed, "{}", statement.span.of(text));
            catalog.apply(statement, text);
        }
    }
    let mut loaded = server.session("loaded");
    let script = catalog.to_sql();
    if let Err(error) = loaded.run(&script) {
        return vec![format!("does not load: {error}\n{script}")];
    }
    let mut lines = vec![];
    for (title, question) in QUESTIONS {
        let question = format!("{question}{OWN}");
        let ask = |session: &mut support::Session| -> BTreeMap<String, String> {
            session.run("set search_path = ''").unwrap();
            let rows = session.rows(&question).unwrap_or_else(|error| panic!("{title}: {error}"));
            rows.into_iter().map(|row| (row[0].clone().unwrap_or_default(), row[1].clone().unwrap_or_default())).collect()
        };
        let (truth, ours) = (ask(&mut replayed), ask(&mut loaded));
        for (name, definition) in &truth {
            match ours.get(name) {
                None => lines.push(format!("{title}: {name} is missing: {definition}")),
                Some(other) if other != definition => lines.push(format!("{title}: {name}\n   replayed {definition}\n   loaded   {other}")),
                Some(_) => {}
            }
        }
        lines.extend(
            ours.iter().filter(|(name, _)| !truth.contains_key(*name)).map(|(name, d)| format!("{title}: {name} is too much: {d}")),
        );
    }
    lines
}

fn migrations(newest: bool) -> Vec<(PathBuf, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/replay");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let fits = |path: &PathBuf| newest || !path.to_string_lossy().contains("_from18");
    paths.into_iter().filter(fits).map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect()
}
