//! `--fix`: rounds of applying and checking again until nothing is left to apply, then writing.
//!
//! A file is left as it was where its fixes would leave a statement that cannot be read, or do not come to an end; a file whose
//! bytes are not all text is never touched.

use crate::engine::Input;
use crate::finding::{Outcome, Problem};
use crate::fix;
use crate::source::{FileId, Sources};
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Fixes make room for fixes; more rounds than this mean that they chase each other.
const ROUNDS: usize = 20;

/// What came of it.
pub(super) struct Fixed {
    /// Of the last round: what is left.
    pub(super) outcome: Outcome,
    pub(super) mended: Mended,
}

/// The files that change.
#[derive(Default)]
pub(super) struct Mended {
    /// As shown: the bytes before and after.
    pub(super) files: BTreeMap<PathBuf, (Vec<u8>, String)>,
    /// How many fixes were applied.
    fixes: usize,
    /// Files whose fixes were withdrawn, with the reason.
    withdrawn: Vec<Problem>,
}

/// Applies what can be applied to `inputs`, in memory.
pub(super) fn fix(mut inputs: Vec<Input>, evaluate: impl Fn(Vec<Input>) -> Outcome, with_unsafe: bool) -> Fixed {
    let originals: Vec<Vec<u8>> = inputs.iter().map(|input| input.bytes.clone()).collect();
    let mut frozen: HashSet<usize> =
        inputs.iter().enumerate().filter(|(_, i)| !i.reported || std::str::from_utf8(&i.bytes).is_err()).map(|(i, _)| i).collect();
    let mut mended = Mended::default();
    let mut fixes = vec![0usize; inputs.len()];
    let mut outcome = evaluate(inputs.clone());
    for round in 0..=ROUNDS {
        let places = places(&outcome.sources, &inputs);
        let applied = fix::apply(&outcome, |_, fix| {
            (fix.safe || with_unsafe) && fix.edits.iter().all(|edit| places.get(&edit.file).is_some_and(|i| !frozen.contains(i)))
        });
        if applied.texts.is_empty() {
            break;
        }
        let touched: Vec<usize> = applied.texts.keys().filter_map(|file| places.get(file).copied()).collect();
        if round == ROUNDS {
            for i in touched {
                withdraw(i, &mut inputs, &originals, &mut fixes, "its fixes do not come to an end", &mut mended);
                frozen.insert(i);
            }
            outcome = evaluate(inputs.clone());
            break;
        }
        let before: Vec<Vec<u8>> = touched.iter().map(|&i| inputs[i].bytes.clone()).collect();
        for (file, text) in &applied.texts {
            if let Some(&i) = places.get(file) {
                inputs[i].bytes = text.clone().into_bytes();
                fixes[i] += applied.fixes.get(file).copied().unwrap_or(0);
            }
        }
        let next = evaluate(inputs.clone());
        let unread = |outcome: &Outcome, path: &Path| outcome.opaque.iter().filter(|o| outcome.sources.get(o.at.file).path == path).count();
        let broken = |i: &usize| unread(&next, &inputs[*i].path) > unread(&outcome, &inputs[*i].path);
        let broken: Vec<(usize, Vec<u8>)> = touched.iter().copied().zip(before).filter(|(i, _)| broken(i)).collect();
        if broken.is_empty() {
            outcome = next;
            continue;
        }
        for (i, _) in broken {
            withdraw(i, &mut inputs, &originals, &mut fixes, "a fix would leave a statement that cannot be read", &mut mended);
            frozen.insert(i);
        }
        outcome = evaluate(inputs.clone());
    }
    mended.fixes = fixes.iter().sum();
    for (input, original) in inputs.into_iter().zip(originals) {
        if input.bytes != original
            && let Ok(text) = String::from_utf8(input.bytes)
        {
            mended.files.insert(input.path, (original, text));
        }
    }
    Fixed { outcome, mended }
}

fn withdraw(i: usize, inputs: &mut [Input], originals: &[Vec<u8>], fixes: &mut [usize], why: &str, mended: &mut Mended) {
    inputs[i].bytes.clone_from(&originals[i]);
    fixes[i] = 0;
    let file = inputs[i].path.to_string_lossy().into_owned();
    mended.withdrawn.push(Problem { file, message: format!("not fixed: {why}") });
}

/// Which input each file of the outcome is.
fn places(sources: &Sources, inputs: &[Input]) -> BTreeMap<FileId, usize> {
    let by_path: BTreeMap<&Path, usize> = inputs.iter().enumerate().map(|(i, input)| (input.path.as_path(), i)).collect();
    sources.iter().filter_map(|(id, source)| Some((id, *by_path.get(source.path.as_path())?))).collect()
}

impl Mended {
    /// A unified diff that `git apply` and `patch -p1` take.
    pub(super) fn write_diff(&self, out: &mut dyn Write) -> io::Result<()> {
        for (path, (before, after)) in &self.files {
            let name = path.to_string_lossy().replace('\\', "/");
            let before = String::from_utf8_lossy(before);
            let diff = similar::TextDiff::from_lines(before.as_ref(), after.as_str());
            let diff = diff.unified_diff().context_radius(3).header(&format!("a/{name}"), &format!("b/{name}")).to_string();
            out.write_all(diff.as_bytes())?;
        }
        Ok(())
    }

    /// Writes the files; what cannot be written is a problem of its own.
    pub(super) fn write_files(&mut self, cwd: &Path) -> Vec<Problem> {
        let mut problems = vec![];
        let mut written = BTreeMap::new();
        for (path, (before, after)) in std::mem::take(&mut self.files) {
            match write_file(&cwd.join(&path), &before, &after) {
                Ok(()) => {
                    written.insert(path, (before, after));
                }
                Err(why) => problems.push(Problem { file: path.to_string_lossy().into_owned(), message: format!("not fixed: {why}") }),
            }
        }
        self.files = written;
        problems
    }

    /// Says on standard error what was done, and what more could be.
    pub(super) fn report(&self, outcome: &Outcome, with_unsafe: bool, done: bool) {
        let plural = |n: usize, what: &str| {
            format!(
                "{n} {what}{}",
                if n == 1 {
                    ""
                } else if what.ends_with('x') {
                    "es"
                } else {
                    "s"
                }
            )
        };
        let verb = if done { "applied" } else { "would be applied" };
        let mut line = format!("{} {verb} in {}", plural(self.fixes, "fix"), plural(self.files.len(), "file"));
        let more = outcome.findings.iter().filter(|f| f.fix.as_ref().is_some_and(|fix| !fix.safe)).count();
        if !with_unsafe && more > 0 {
            line += &format!("; {more} more with --unsafe-fixes");
        }
        // Standard error may be closed; the files and the diff speak for themselves.
        let mut err = io::stderr();
        for Problem { file, message } in &self.withdrawn {
            let _ = writeln!(err, "note: {file}: {message}");
        }
        let _ = writeln!(err, "{line}");
    }
}

fn write_file(path: &Path, before: &[u8], after: &str) -> Result<(), String> {
    let now = fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    if now != before {
        return Err("it changed while it was checked".to_owned());
    }
    let writable = fs::metadata(path).is_ok_and(|metadata| !metadata.permissions().readonly());
    if !writable {
        return Err("it is read-only".to_owned());
    }
    write_atomically(path, after.as_bytes()).map_err(|error| format!("cannot be written: {error}"))
}

/// Writes beside the file and renames, so that no reader sees half of it; a link stays a link, permissions stay.
pub(super) fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let beside = target.with_file_name(format!(".{name}.pgsift-{}", std::process::id()));
    let result = (|| {
        let mut file = fs::File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        if let Ok(metadata) = fs::metadata(&target) {
            fs::set_permissions(&beside, metadata.permissions())?;
        }
        fs::rename(&beside, &target)
    })();
    if result.is_err() {
        // The file beside is ours; if it cannot go, the error that is returned says enough.
        let _ = fs::remove_file(&beside);
    }
    result
}
