//! Joins a log's queries with the schema that migrations leave and with the code that sends them, by fingerprint.

use super::{Failure, cwd};
use crate::config::{self, Config};
use crate::discover;
use crate::engine::{self, Input, InputKind};
use crate::facts::Statement;
use crate::log::Tally;
use crate::report::logs::{Beside, CodePlace, FindingReport};
use crate::source::{FileId, Span};
use crate::sql::{self, token::Dialect};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Queries that are looked at for findings and tables: those that cost the most.
const MOST: usize = 2000;

/// What the paths of a query in the engine begin with.
const QUERY: &str = "query:";

pub(super) fn beside(tally: &Tally, schema: &[PathBuf], code: &[PathBuf]) -> Result<Beside, Failure> {
    let cwd = cwd()?;
    let mut config = match config::find(&cwd) {
        Some(path) => config::load(&discover::shown(&path, &cwd))?,
        None => Config::default(),
    };
    let mut beside = Beside::default();
    let mut inputs = vec![];
    if !schema.is_empty() || !code.is_empty() {
        let request = discover::Request {
            cwd: cwd.clone(),
            paths: code.to_vec(),
            exclude: config.exclude.clone(),
            exclude_root: cwd.join(&config.root),
            schema: schema.iter().chain(&config.schema).cloned().collect(),
            ..discover::Request::default()
        };
        let found = discover::discover(&request);
        beside.errors.extend(found.problems.into_iter().map(|p| (p.file, p.message)));
        inputs = found.inputs;
    }
    for sent in engine::sent(&inputs, &config.settings) {
        let place = CodePlace { file: sent.file, line: sent.at.line, column: sent.at.column };
        beside.code.entry(sent.fingerprint).or_default().push(place);
    }
    for input in &mut inputs {
        input.reported = false;
    }
    queries(tally, &mut inputs, &mut beside.tables);
    config.settings.select = vec!["query".to_owned(), "index".to_owned(), "correctness".to_owned(), "log".to_owned()];
    let outcome = engine::check(inputs, &config.settings);
    for finding in &outcome.findings {
        let source = outcome.sources.get(finding.primary.at.file);
        let name = source.name().into_owned();
        let Some(print) = name.strip_prefix(QUERY).and_then(|hex| u64::from_str_radix(hex, 16).ok()) else { continue };
        let Some(query) = tally.query(print) else { continue };
        let (file, line) = query.example.as_ref().map_or((String::new(), 0), |e| (e.file.clone(), e.line));
        beside.findings.entry(print).or_default().push(FindingReport {
            rule: finding.rule.to_owned(),
            category: finding.category.to_owned(),
            severity: finding.severity,
            message: finding.message.clone(),
            help: finding.help.clone(),
            query: Some(format!("{print:016x}")),
            file,
            line,
            total_ms: query.load.total_us as f64 / 1000.0,
            snippet: finding.primary.at.span.of(&source.text).chars().take(300).collect(),
        });
    }
    beside.log_findings = engine::log_findings(tally, &config.settings)
        .into_iter()
        .map(|finding| FindingReport {
            rule: finding.rule.to_owned(),
            category: "log".to_owned(),
            severity: finding.severity,
            message: finding.message,
            help: finding.help,
            query: finding.query.map(|print| format!("{print:016x}")),
            file: finding.file,
            line: finding.line,
            total_ms: finding.cost_us as f64 / 1000.0,
            snippet: String::new(),
        })
        .collect();
    Ok(beside)
}

/// Each query's example as an input of the engine, and the tables that it touches.
fn queries(tally: &Tally, inputs: &mut Vec<Input>, tables: &mut BTreeMap<u64, Vec<String>>) {
    // a log does not say which service's schema it means
    let count = inputs.iter().flat_map(|input| &input.sets).max().map_or(0, |&last| last + 1);
    let sets: Vec<u32> = (0..count).collect();
    for query in tally.queries.iter().take(MOST) {
        let Some(example) = query.example.as_ref().filter(|e| !e.cut) else { continue };
        let text = &example.text;
        let script = sql::read(FileId::default(), text, Span::new(0, text.len() as u32), Dialect::Server);
        let mut touched: Vec<String> = vec![];
        for query in script.statements.iter().flat_map(Statement::queries) {
            let defined: Vec<&str> = query.ctes.iter().map(|cte| cte.name.value.as_str()).collect();
            query.walk(&mut |query| {
                for relation in query.from().iter().flat_map(crate::facts::FromItem::relations).chain(query.target()) {
                    let Some(table) = relation.table() else { continue };
                    let name = table.to_string();
                    if !defined.contains(&name.as_str()) && !touched.contains(&name) {
                        touched.push(name);
                    }
                }
            });
        }
        touched.sort();
        tables.insert(query.fingerprint, touched);
        inputs.push(Input {
            path: format!("{QUERY}{:016x}", query.fingerprint).into(),
            bytes: text.clone().into_bytes(),
            kind: InputKind::Sql,
            reported: true,
            sets: sets.clone(),
        });
    }
}
