//! What the rules' pages say runs, runs, and what they say PostgreSQL refuses, it refuses: setups, bad, fixed and good examples,
//! and the SQL that the findings' help advises.

#![allow(clippy::unwrap_used)]

use super::server::{Server, Session, on_every_version, statements};
use pgsift::engine::{Input, InputKind, MigrationInfo, check};
use pgsift::postgres::version::Version;
use pgsift::rules::page::{Example, Page, Role};
use pgsift::rules::{RULES, Rule};
use pgsift::session::Transaction;
use pgsift::settings::Settings;
use std::collections::BTreeSet;

/// Roles that examples speak of.
const ROLES: &[&str] = &["app", "reader", "shop"];

/// What stands in a help for the reader's own values.
const PLACEHOLDERS: &[(&str, &str)] = &[(":first", "1"), (":last", "100"), (":value", "'1'")];

/// What was verified, and what went wrong.
#[derive(Default)]
struct Told {
    examples: usize,
    refusals: usize,
    advised: usize,
    templates: BTreeSet<String>,
    unavailable: BTreeSet<String>,
    wrong: Vec<String>,
}

#[test]
fn examples_and_advice_run_on_real_servers() {
    let told = on_every_version(|server| {
        let mut admin = server.session("postgres");
        ROLES.iter().for_each(|role| admin.run(&format!("create role {role}")).unwrap());
        let mut told = Told::default();
        RULES.iter().for_each(|rule| page(server, rule, &mut told));
        told
    });
    let mut wrong = vec![];
    for (version, told) in told {
        println!(
            "PostgreSQL {version}: {} examples ran, {} refused as said, {} advised statements ran, {} are templates",
            told.examples,
            told.refusals,
            told.advised,
            told.templates.len()
        );
        told.templates.iter().for_each(|template| println!("    template: {template}"));
        told.unavailable.iter().for_each(|why| println!("    SKIPPED: {why}"));
        wrong.extend(told.wrong.into_iter().map(|why| format!("PostgreSQL {version}: {why}")));
    }
    assert!(wrong.is_empty(), "{} pages or helps are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn page(server: &Server, rule: &Rule, told: &mut Told) {
    let page = Page::parse(rule.page).unwrap();
    let major = server.version.major();
    let mut setup: Vec<&Example> = vec![];
    let mut after_example = false;
    for example in page.examples.iter().filter(|example| example.language == "sql") {
        let place = format!("lints/{}.md:{}", rule.name, example.line);
        if example.role == Role::Setup {
            if std::mem::take(&mut after_example) {
                setup.clear();
            }
            setup.push(example);
            continue;
        }
        after_example = true;
        if !example.server.concerns(major) || setup.iter().any(|setup| !setup.server.concerns(major)) {
            continue;
        }
        let Some(mut session) = fresh(server, &setup, &place, told) else { continue };
        let ran = run_all(&mut session, &example.text);
        match (ran, example.server.refusal(major)) {
            (Err((_, message)), None) if setup.is_empty() && message.ends_with("does not exist") => {
                told.unavailable.insert(format!("{place}: {message}"));
            }
            (Ok(()), None) => told.examples += 1,
            (Err((_, message)), Some(expected)) if message.contains(expected) => told.refusals += 1,
            (Ok(()), Some(expected)) => told.wrong.push(format!("{place}: nothing refused, expected `{expected}`")),
            (Err((statement, message)), expected) => told.wrong.push(format!("{place}: {message} (expected {expected:?}): {statement}")),
        }
        drop(session);
        if example.role == Role::Bad {
            advice(server, rule, &setup, example, &place, told);
        }
    }
}

/// A new database with the setups in it.
fn fresh(server: &Server, setup: &[&Example], place: &str, told: &mut Told) -> Option<Session> {
    server.copy_database("page", "template1");
    let mut session = server.session("page");
    for example in setup {
        if let Err((statement, message)) = run_all(&mut session, &example.text) {
            if needs_extension(&message) {
                told.unavailable.insert(format!("{place}: {message}"));
            } else {
                told.wrong.push(format!("{place}: its setup fails: {message}: {statement}"));
            }
            return None;
        }
    }
    Some(session)
}

/// What the scratch servers do not bring.
fn needs_extension(message: &str) -> bool {
    message.contains("extension control file") || message.contains("is not available") || message.contains("gin_trgm_ops")
}

/// Runs statement by statement, as psql does; stops at the first that fails.
fn run_all(session: &mut Session, sql: &str) -> Result<(), (String, String)> {
    for statement in statements(sql) {
        let parameters = statement.as_bytes().windows(2).any(|two| two[0] == b'$' && two[1].is_ascii_digit());
        // a query with parameters is only planned
        let sent = if parameters { format!("deallocate all; prepare with_parameters as {statement}") } else { statement.clone() };
        session.run(&sent).map_err(|message| (statement, message))?;
    }
    Ok(())
}

/// Runs what the findings of a bad example advise, each finding's help in a database of its own.
fn advice(server: &Server, rule: &Rule, setup: &[&Example], example: &Example, place: &str, told: &mut Told) {
    for help in helps(rule, setup, example, server.version) {
        let sql = sql_of(&help);
        if let Some(template) = sql.iter().find(|statement| statement.contains('…')) {
            told.templates.insert(format!("{place}: {template}"));
            continue;
        }
        if sql.is_empty() {
            continue;
        }
        let Some(mut session) = fresh(server, setup, place, told) else { return };
        let Err((statement, message)) = run_all(&mut session, &sql.join("\n")) else {
            told.advised += sql.len();
            continue;
        };
        // some advice is for what comes after
        drop(session);
        let Some(mut session) = fresh(server, setup, place, told) else { return };
        match run_all(&mut session, &example.text).and_then(|()| run_all(&mut session, &sql.join("\n"))) {
            Ok(()) => told.advised += sql.len(),
            Err(_) if needs_extension(&message) => _ = told.unavailable.insert(format!("{place}: the help needs an extension: {message}")),
            Err(_) => told.wrong.push(format!("{place}: the help does not run: {message}: {statement}\n{help}")),
        }
    }
}

fn helps(rule: &Rule, setup: &[&Example], example: &Example, version: Version) -> Vec<String> {
    let input = |path: String, text: &str| {
        let info = MigrationInfo { framework: "plain", down: false, transaction: Transaction::None, sections: None };
        Input { path: path.into(), bytes: text.as_bytes().to_vec(), kind: InputKind::Migration(info), reported: true, sets: vec![] }
    };
    let mut inputs: Vec<Input> = setup.iter().enumerate().map(|(i, s)| input(format!("{i:03}_setup.sql"), &s.text)).collect();
    inputs.push(input("checked.sql".to_owned(), &example.text));
    let settings = Settings { select: vec![rule.name.to_owned()], postgres: version, ..Settings::default() };
    let outcome = check(inputs, &settings);
    let here = outcome.findings.iter().filter(|f| outcome.sources.get(f.primary.at.file).path.ends_with("checked.sql"));
    here.filter_map(|finding| finding.help.clone()).collect()
}

/// The statements of a help: they begin a line with an SQL verb and end it with a semicolon.
fn sql_of(help: &str) -> Vec<String> {
    const VERBS: &[&str] = &[
        "ALTER ", "BEGIN;", "COMMENT ", "COMMIT;", "CREATE ", "DELETE ", "DROP ", "GRANT ", "INSERT ", "LOCK ", "REFRESH ", "REINDEX ",
        "SELECT ", "SET ", "UPDATE ", "WITH ",
    ];
    let mut found: Vec<String> = vec![];
    let mut open = false;
    for line in help.lines() {
        if !open && VERBS.iter().any(|verb| line.starts_with(verb)) {
            found.push(String::new());
            open = true;
        }
        if open {
            let statement = found.last_mut().unwrap();
            statement.push_str(line);
            statement.push('\n');
            open = !line.split(" -- ").next().unwrap().trim_end().ends_with(';');
        }
    }
    for statement in &mut found {
        for (placeholder, value) in PLACEHOLDERS {
            *statement = statement.replace(placeholder, value);
        }
    }
    found
}
