//! psql scripts that run other files: `\i`, `\ir`, `\include`, `\include_relative`.
//!
//! Such a script says the order in which a schema is made, so its pieces and those of the files it names become the stretches of
//! one run. An included file is replayed there and nowhere else, and once. Must not know SQL.

use super::layout::{Order, schema_file};
use super::{FileKind, file_kind, plain};
use crate::engine::{Follows, Input, InputKind, MigrationInfo, Section};
use crate::session::Transaction;
use crate::source::Span;
use memchr::memmem;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

/// Scripts inside scripts are followed this deep.
const DEEPEST: usize = 16;

/// No run has more stretches than this.
const MOST: usize = 20_000;

const MISSING: &str = "scripts that \\i names and that are not found";
const VARIABLE: &str = "scripts that \\i names with a variable";

/// A line that runs another file.
#[derive(Debug, PartialEq, Eq)]
struct Include {
    /// The line's bytes, its end aside.
    span: (usize, usize),
    /// As written.
    name: String,
    /// `\ir`: beside the script that says it.
    relative: bool,
}

/// The files that a script runs.
fn includes(bytes: &[u8]) -> Vec<Include> {
    let mut found = vec![];
    for at in memmem::find_iter(bytes, b"\\i") {
        let start = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |i| i + 1);
        let before = bytes[start..at].strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes[start..at]);
        let end = at + memchr::memchr2(b'\n', b'\r', &bytes[at..]).unwrap_or(bytes.len() - at);
        let line = String::from_utf8_lossy(&bytes[at..end]);
        let Some((command, rest)) = line.split_once(char::is_whitespace).filter(|_| before.iter().all(u8::is_ascii_whitespace)) else {
            continue;
        };
        let relative = matches!(command, "\\ir" | "\\include_relative");
        if !relative && !matches!(command, "\\i" | "\\include") {
            continue;
        }
        let rest = rest.trim();
        let name = match rest.strip_prefix('\'') {
            Some(quoted) => quoted.split('\'').next(),
            None => rest.split_whitespace().next(),
        };
        let name = name.unwrap_or("").trim_end_matches(';');
        if !name.is_empty() {
            found.push(Include { span: (at, end), name: name.to_owned(), relative });
        }
    }
    found
}

/// Whether psql puts the value of a variable or the output of a command into a file's name.
fn is_variable(name: &str) -> bool {
    name.contains(['`', '$']) || name.match_indices(':').any(|(at, _)| at != 1 || !name.as_bytes()[0].is_ascii_alphabetic())
}

/// Where a line stands that runs a file, and which one it is.
type Line = ((usize, usize), Option<PathBuf>);

/// The files that scripts name, by script.
struct Scripts {
    named: HashMap<PathBuf, Vec<Line>>,
}

/// Makes one run of every script and the files that it names. `read` gives a file of SQL that was not asked for.
pub(super) fn follow(
    ordered: &mut Vec<(Order, Input)>,
    cwd: &Path,
    left_out: &mut BTreeMap<&'static str, usize>,
    mut read: impl FnMut(&Path) -> Option<Input>,
) {
    let mut scripts = Scripts { named: HashMap::new() };
    let mut known: HashSet<PathBuf> = HashSet::new();
    let mut at = 0;
    while let Some((order, input)) = ordered.get(at) {
        at += 1;
        let is_sql = matches!(input.kind, InputKind::Sql | InputKind::Migration(_));
        if !is_sql || memmem::find(&input.bytes, b"\\i").is_none() {
            continue;
        }
        if known.is_empty() {
            known = ordered.iter().map(|(order, _)| order.path().to_owned()).collect();
        }
        let path = order.path().to_owned();
        let mut lines = vec![];
        for include in includes(&input.bytes) {
            let target = if is_variable(&include.name) { Err(VARIABLE) } else { target(&include, &path, cwd).ok_or(MISSING) };
            if let (Err(why), true) = (&target, input.reported) {
                *left_out.entry(why).or_insert(0) += 1;
            }
            lines.push((include.span, target.ok()));
        }
        let new: Vec<PathBuf> = lines.iter().filter_map(|(_, path)| path.clone()).filter(|path| known.insert(path.clone())).collect();
        if !lines.is_empty() {
            scripts.named.insert(path, lines);
        }
        ordered.extend(new.into_iter().filter_map(|path| Some((Order::script(&path), read(&path)?))));
    }
    if !scripts.named.is_empty() {
        scripts.join(ordered);
    }
}

/// The file that a line names: psql looks from the folder that it was started in, which nobody knows, so each folder above the
/// script is tried.
fn target(include: &Include, script: &Path, cwd: &Path) -> Option<PathBuf> {
    let name = Path::new(&include.name);
    let folders = script.ancestors().skip(1).take(if include.relative { 1 } else { 8 });
    let mut tried = folders.chain((!include.relative).then_some(cwd)).map(|folder| super::walk::normalize(name, folder));
    tried.find(|path| path.is_file() && path != script && file_kind(path).is_none_or(|kind| kind == FileKind::Sql))
}

impl Scripts {
    fn join(&self, ordered: &mut [(Order, Input)]) {
        let places: HashMap<PathBuf, usize> = ordered.iter().enumerate().map(|(i, (order, _))| (order.path().to_owned(), i)).collect();
        let named = |path: &Path| self.named.get(path).into_iter().flatten().filter_map(|(_, target)| target.clone());
        let included: HashSet<PathBuf> = self.named.keys().flat_map(|path| named(path)).collect();
        let mut roots: Vec<usize> =
            self.named.keys().filter(|path| !included.contains(*path)).filter_map(|path| places.get(path).copied()).collect();
        roots.sort_by(|&a, &b| ordered[a].0.cmp(&ordered[b].0));
        let mut taken: HashSet<PathBuf> = HashSet::new();
        for root in roots {
            let path = ordered[root].0.path().to_owned();
            let mut run = Run { scripts: self, ordered: &*ordered, places: &places, taken: taken.clone(), sections: vec![], files: vec![] };
            run.script(&path, 0);
            let Run { sections, files, taken: now_taken, .. } = run;
            if !is_schema(root, &files, ordered) {
                continue; // what a test or a query needs of others is not the schema
            }
            taken = now_taken;
            place(root, sections, &files, ordered);
        }
    }
}

/// Whether a script, with the files that it runs, makes the schema.
fn is_schema(root: usize, files: &[usize], ordered: &[(Order, Input)]) -> bool {
    let (order, input) = &ordered[root];
    match &input.kind {
        InputKind::Migration(info) => !info.down && info.sections.is_none(),
        _ => {
            let makes = |i: &usize| plain::makes_relations(&ordered[*i].1.bytes);
            !plain::is_trial(order.path()) && (files.iter().any(makes) || makes(&root)) && !files.is_empty()
        }
    }
}

/// Gives the script its stretches, and takes the files that it runs out of wherever they stood.
fn place(root: usize, sections: Vec<Section>, files: &[usize], ordered: &mut [(Order, Input)]) {
    if matches!(ordered[root].1.kind, InputKind::Sql) {
        let (order, kind) = schema_file(ordered[root].0.path(), "psql");
        ordered[root].0 = order;
        ordered[root].1.kind = kind;
    }
    let InputKind::Migration(info) = &mut ordered[root].1.kind else { return };
    let framework = info.framework;
    info.sections = Some(sections);
    let order = ordered[root].0.clone();
    for &file in files {
        let info = MigrationInfo { framework, down: false, transaction: Transaction::None, sections: Some(vec![]) };
        ordered[file].0 = order.included(ordered[file].0.path());
        ordered[file].1.kind = InputKind::Migration(info);
    }
}

/// The stretches of one run.
struct Run<'a> {
    scripts: &'a Scripts,
    ordered: &'a [(Order, Input)],
    places: &'a HashMap<PathBuf, usize>,
    taken: HashSet<PathBuf>,
    sections: Vec<Section>,
    files: Vec<usize>,
}

impl Run<'_> {
    fn script(&mut self, path: &Path, depth: usize) {
        let Some(input) = self.places.get(path).map(|&i| &self.ordered[i].1) else { return };
        let (end, mut from) = (input.bytes.len(), 0);
        for ((start, stop), target) in self.scripts.named.get(path).into_iter().flatten() {
            let Some(target) = target.as_ref().filter(|_| depth < DEEPEST && self.sections.len() < MOST) else { continue };
            let Some(&place) = self.places.get(target) else { continue };
            if !matches!(self.ordered[place].1.kind, InputKind::Sql | InputKind::Migration(_)) {
                continue;
            }
            self.stretch(input, from, *start, depth);
            from = *stop;
            if self.taken.insert(target.clone()) {
                self.files.push(place);
                self.script(target, depth + 1);
            }
        }
        self.stretch(input, from, end, depth);
    }

    fn stretch(&mut self, input: &Input, from: usize, to: usize, depth: usize) {
        let (Ok(from), Ok(to)) = (u32::try_from(from), u32::try_from(to)) else { return };
        let continues = !self.sections.is_empty();
        let transaction = match &input.kind {
            InputKind::Migration(info) if !continues => info.transaction,
            _ => Transaction::None,
        };
        let file = (depth > 0).then(|| input.path.clone());
        self.sections.push(Section {
            span: Span::new(from, to.max(from)),
            down: false,
            transaction,
            file,
            follows: if continues { Follows::Script } else { Follows::Nothing },
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_run_files() {
        let found =
            includes(b"\\i a.sql\n  \\ir 'b c.sql'\n\\include d.sql;\r\n\\if x\nselect '\\i e.sql';\n\\i\n\\include_relative f.sql");
        let names: Vec<_> = found.iter().map(|include| (include.name.as_str(), include.relative)).collect();
        assert_eq!(names, [("a.sql", false), ("b c.sql", true), ("d.sql", false), ("f.sql", true)]);
        assert!(is_variable(":dir/a.sql") && is_variable("`pwd`/a.sql") && !is_variable("c:/a.sql") && !is_variable("a.sql"));
    }
}
