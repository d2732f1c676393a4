//! Which files, in which order, which of them are migrations, of which framework, run how.
//!
//! [`discover`] walks ([`walk`]), reads, leaves out other engines' files ([`engines`]), recognises layouts ([`layout`], and
//! [`sections`] inside a file), scripts that run others ([`includes`]), schemas without migrations ([`plain`]) and application code
//! ([`code`]) and sorts into replay order. Must not know SQL beyond the marks that frameworks put into files.

mod code;
mod disk;
mod elsewhere;
mod engines;
mod includes;
mod layout;
mod packages;
mod plain;
mod prisma;
mod programs;
mod sections;
mod sets;
mod versions;
mod walk;

use crate::engine::{self, Input, InputKind};
use crate::extract::Language;
use crate::finding::Problem;
use crate::source::MAX_FILE_BYTES;
use disk::Disk;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use layout::{Order, Surveyor};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use walk::Found;

/// Files larger than this are not SQL that anyone wrote; a dump of data, most likely.
const HUGE: u64 = 256 << 20;

/// A thread pool costs more to start than fewer files cost to read.
const MANY: usize = 64;

/// What to look for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The working directory, absolute.
    pub cwd: PathBuf,
    /// Files, folders, `-`.
    pub paths: Vec<PathBuf>,
    /// What `-` is called.
    pub stdin_filename: Option<PathBuf>,
    /// Patterns as in `.gitignore`: migrations that match are only replayed, other files are left alone.
    pub exclude: Vec<String>,
    /// What the patterns are relative to.
    pub exclude_root: PathBuf,
    /// Files and folders replayed for the schema only.
    pub schema: Vec<PathBuf>,
    /// Contents that stand for what lies on disk, by absolute path; `None`: as if the file did not exist.
    pub contents: HashMap<PathBuf, Option<Vec<u8>>>,
    /// Code that is for other databases by its path is given too, as not reported.
    pub all_code: bool,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Discovered {
    /// In replay order.
    pub inputs: Vec<Input>,
    /// The folders of the migration sets, as shown, by number.
    pub sets: Vec<PathBuf>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// Reason and how many files.
    pub left_out: Vec<(String, usize)>,
    /// Folders of migrations that were not asked for and are replayed for the schema, with how many files.
    pub replayed: Vec<(String, usize)>,
}

/// The kinds of file that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FileKind {
    Sql,
    Markdown,
    Code(Language),
}

fn file_kind(path: &Path) -> Option<FileKind> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    match extension.as_str() {
        "sql" | "psql" | "pgsql" | "ddl" => Some(FileKind::Sql),
        "md" | "markdown" => Some(FileKind::Markdown),
        // `1_a.sql.postgres` beside `1_a.sql.sqlite`
        "postgres" | "postgresql" if path.file_stem().is_some_and(|stem| Path::new(stem).extension().is_some_and(|e| e == "sql")) => {
            Some(FileKind::Sql)
        }
        _ => Language::of_path(path).map(FileKind::Code),
    }
}

/// The path as people see it: relative to the working directory where it shares more than the root, with forward slashes.
pub fn shown(path: &Path, cwd: &Path) -> PathBuf {
    // most files lie under the working directory, as their text shows
    let under = || path.to_str()?.strip_prefix(cwd.to_str()?)?.strip_prefix('/').filter(|rest| walk::is_plain(rest));
    if let Some(rest) = under() {
        return PathBuf::from(rest);
    }
    let common = path.components().zip(cwd.components()).take_while(|(a, b)| a == b).count();
    if common <= 1 {
        return path.to_owned();
    }
    let up = cwd.components().count() - common;
    let parts = std::iter::repeat_n("..".to_owned(), up)
        .chain(path.components().skip(common).map(|part| part.as_os_str().to_string_lossy().into_owned()));
    PathBuf::from(parts.collect::<Vec<_>>().join("/"))
}

/// A file to read, and why.
struct Candidate {
    path: PathBuf,
    /// The folders that hold the sets of migrations that it may belong to, in SQL and in code.
    sets: Sets,
    reported: bool,
    /// In bytes, where somebody has asked.
    size: Option<u64>,
    bytes: Option<Vec<u8>>,
}

/// The sets that a file may belong to by its path.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sets {
    sql: Option<PathBuf>,
    program: Option<PathBuf>,
}

impl Sets {
    fn of(path: &Path) -> Self {
        Sets { sql: layout::set_folder(path), program: programs::set(path) }
    }
}

impl Candidate {
    fn new(path: PathBuf, reported: bool) -> Self {
        Candidate { sets: Sets::of(&path), path, reported, size: None, bytes: None }
    }
}

/// Finds, reads, recognises and orders.
pub fn discover(request: &Request) -> Discovered {
    let mut found = Discovered::default();
    let mut left_out = BTreeMap::new();
    let disk = Disk::default();
    let Candidates { candidates, elsewhere, asked, prisma } = candidates(request, &disk, &mut found.problems, &mut left_out);
    let surveyor = Surveyor::new(&disk);
    let read = |candidate: Candidate| {
        let shown = shown(&candidate.path, &request.cwd);
        let result = read(&candidate, &shown, engine::telling(&shown, &asked), &surveyor);
        (candidate, shown, result)
    };
    let files: Vec<_> = if candidates.len() > MANY {
        candidates.into_par_iter().with_min_len(MANY / 4).map(read).collect()
    } else {
        candidates.into_iter().map(read).collect()
    };
    let mut packages = packages::Packages::new(&disk);
    let schema: Vec<PathBuf> = request.schema.iter().map(|path| walk::normalize(path, &request.cwd)).collect();
    let mut ordered: Vec<(Order, Input)> = vec![];
    let mut replayed: BTreeMap<String, usize> = BTreeMap::new();
    for (candidate, path, result) in files {
        let reported = candidate.reported;
        let replays = |bytes: &[u8], language| programs::order(&candidate.path, bytes, language);
        if let Some(reason) = layout::other_language(&candidate.path).filter(|_| reported) {
            let known =
                matches!(&result, Ok(Content::Code(bytes, language)) if replays(bytes, *language).is_some() && programs::is_sql(bytes));
            if !known {
                *left_out.entry(reason).or_insert(0) += 1;
            }
        }
        match result {
            Ok(Content::Sql(..)) if layout::has_own_for_postgres(&candidate.path, &disk) => {
                if reported {
                    *left_out.entry("for the databases without a file of their own").or_insert(0) += 1;
                }
            }
            Ok(Content::Sql(bytes, mut order, mut kind)) => {
                // What the settings call the schema is replayed, whatever it looks like.
                if matches!(kind, InputKind::Sql) && schema.iter().any(|schema| candidate.path.starts_with(schema)) {
                    (order, kind) = layout::schema_file(&candidate.path, "plain");
                }
                let migrates = matches!(kind, InputKind::Migration(_));
                let of_package = migrates.then(|| packages.of_migration(&candidate.path)).flatten();
                if let Some(engine) = of_package.or_else(|| packages.of_generator(&candidate.path)) {
                    if reported {
                        *left_out.entry(engine).or_insert(0) += 1;
                    }
                    continue;
                }
                if elsewhere.contains(&candidate.path) && migrates {
                    note_replayed(&path, &mut replayed);
                }
                ordered.push((order, Input { path, bytes, kind, reported, sets: vec![] }));
            }
            Ok(Content::Markdown(bytes)) if reported => {
                let input = Input { path, bytes, kind: InputKind::Markdown, reported, sets: vec![] };
                ordered.push((Order::document(&candidate.path), input));
            }
            Ok(Content::Code(_, Language::JavaScript | Language::TypeScript)) if reported && prisma.is_some() => {
                *left_out.entry(prisma.unwrap_or_default()).or_insert(0) += 1;
            }
            Ok(Content::Code(bytes, language)) => {
                let order = replays(&bytes, language);
                if order.is_some() && elsewhere.contains(&candidate.path) {
                    note_replayed(&path, &mut replayed);
                }
                let kind = if order.is_some() { InputKind::Program(language) } else { InputKind::Code(language) };
                if reported || order.is_some() {
                    let order = order.unwrap_or_else(|| Order::document(&candidate.path));
                    ordered.push((order, Input { path, bytes, kind, reported, sets: vec![] }));
                }
            }
            Ok(Content::Elsewhere(bytes, language, _)) if reported && request.all_code => {
                let input = Input { path, bytes, kind: InputKind::Code(language), reported: false, sets: vec![] };
                ordered.push((Order::document(&candidate.path), input));
            }
            Ok(Content::Other(reason) | Content::Elsewhere(_, _, reason)) if reported => *left_out.entry(reason).or_insert(0) += 1,
            Err(problem) => found.problems.push(problem),
            Ok(_) => {}
        }
    }
    includes::follow(&mut ordered, &request.cwd, &mut left_out, |path| {
        let path = shown(path, &request.cwd);
        let candidate = Candidate::new(walk::normalize(&path, &request.cwd), false);
        match self::read(&candidate, &path, &path, &surveyor) {
            Ok(Content::Sql(bytes, ..)) => Some(Input { path, bytes, kind: InputKind::Sql, reported: false, sets: vec![] }),
            _ => None,
        }
    });
    plain::adopt(&mut ordered);
    programs::settle(&mut ordered, !request.schema.is_empty());
    // An excluded file that is no migration, and not what the settings call the schema, says nothing about the schema.
    ordered
        .retain(|(_, input)| input.reported || matches!(input.kind, InputKind::Migration(_) | InputKind::Program(_) | InputKind::Code(_)));
    ordered.sort_by(|a, b| a.0.cmp(&b.0));
    found.sets = sets::assign(&mut ordered).iter().map(|folder| shown(folder, &request.cwd)).collect();
    found.inputs = ordered.into_iter().map(|(_, input)| input).collect();
    found.left_out = left_out.into_iter().map(|(reason, n): (&str, usize)| (reason.to_owned(), n)).collect();
    found.replayed = replayed.into_iter().collect();
    for problem in &mut found.problems {
        let path = Path::new(&problem.file);
        if path.is_absolute() && !request.paths.iter().any(|given| given == path) {
            problem.file = shown(path, &request.cwd).to_string_lossy().into_owned();
        }
    }
    found.left_out.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    found
}

/// Counts a file that nobody asked for under its folder.
fn note_replayed(path: &Path, replayed: &mut BTreeMap<String, usize>) {
    let folder = path.parent().unwrap_or(Path::new("")).to_string_lossy();
    *replayed.entry(if folder.is_empty() { ".".to_owned() } else { folder.into_owned() }).or_insert(0) += 1;
}

/// The files to read, and those of them that were looked for elsewhere in the repository.
struct Candidates {
    candidates: Vec<Candidate>,
    elsewhere: HashSet<PathBuf>,
    /// The folders asked about, as shown.
    asked: HashSet<PathBuf>,
    /// The engine that Prisma speaks to, where it is not PostgreSQL.
    prisma: Option<&'static str>,
}

/// Every file to read, each once, in the order of their paths.
fn candidates(request: &Request, disk: &Disk, problems: &mut Vec<Problem>, left_out: &mut BTreeMap<&'static str, usize>) -> Candidates {
    let cwd = &request.cwd;
    let mut found = vec![];
    let mut candidates = vec![];
    let mut folders = vec![];
    let (streams, paths): (Vec<&PathBuf>, Vec<&PathBuf>) = request.paths.iter().partition(|path| path.as_path() == Path::new("-"));
    for _ in streams {
        candidates.extend(stdin(request, problems));
    }
    let walked = |path: &PathBuf| {
        let (absolute, mut found, mut problems) = (walk::normalize(path, cwd), vec![], vec![]);
        let is_folder = walk::walk(&absolute, &path.to_string_lossy(), &mut found, &mut problems);
        (is_folder.then_some(absolute), found, problems)
    };
    let walked: Vec<_> = match paths.len() > MANY {
        true => paths.into_par_iter().with_min_len(MANY / 4).map(walked).collect(),
        false => paths.into_iter().map(walked).collect(),
    };
    for (folder, files, unread) in walked {
        folders.extend(folder);
        found.extend(files);
        problems.extend(unread);
    }
    let prisma = prisma::engine(&found);
    let excluded = exclusion(request);
    let mut seen: hashbrown::HashSet<OsString> = candidates.iter().map(|c: &Candidate| c.path.as_os_str().to_owned()).collect();
    found.sort_by(|a, b| a.path.cmp(&b.path).then(b.named.cmp(&a.named)));
    let superseded = versions::superseded(found.iter().filter(|found| !found.vendored).map(|found| found.path.as_path()));
    let look = |Found { path, named, size, vendored }: Found| {
        if !named && superseded.contains(&path) {
            return (Some("earlier versions of views and functions"), None);
        }
        if vendored {
            return (Some("vendored code"), None);
        }
        let reason = layout::other_language(&path).filter(|_| Language::of_path(&path).is_none());
        let is_ours = named || file_kind(&path).is_some();
        (reason, is_ours.then(|| Candidate { size, ..Candidate::new(path, true) }))
    };
    let looked_at: Vec<_> = match found.len() > MANY {
        true => found.into_par_iter().with_min_len(MANY / 4).map(look).collect(),
        false => found.into_iter().map(look).collect(),
    };
    for (reason, candidate) in looked_at {
        if let Some(reason) = reason {
            *left_out.entry(reason).or_insert(0) += 1;
        }
        if let Some(candidate) = candidate.filter(|candidate| seen.insert(candidate.path.as_os_str().to_owned())) {
            let reported = !excluded(&candidate.path);
            candidates.push(Candidate { reported, ..candidate });
        }
    }
    for path in replayed(request, disk, &candidates, &folders, problems) {
        if seen.contains(path.as_os_str()) {
            continue;
        }
        let replayed = matches!(file_kind(&path), Some(FileKind::Sql)) || programs::set(&path).is_some();
        if replayed && seen.insert(path.as_os_str().to_owned()) {
            candidates.push(Candidate::new(path, false));
        }
    }
    if !request.contents.is_empty() {
        substitute(request, &folders, &excluded, &mut candidates);
    }
    let mut elsewhere = HashSet::new();
    if request.schema.is_empty() {
        let alone: Vec<&Path> = candidates.iter().filter(|c| c.sets.sql.is_none()).map(|c| c.path.as_path()).collect();
        for path in elsewhere::migrations_for(&alone, &folders) {
            if seen.insert(path.as_os_str().to_owned()) {
                elsewhere.insert(path.clone());
                candidates.push(Candidate::new(path, false));
            }
        }
    }
    let asked = folders.iter().map(|folder| shown(folder, cwd)).collect();
    Candidates { candidates, elsewhere, asked, prisma }
}

/// Puts the contents that the request brings in the place of what lies on disk.
fn substitute(request: &Request, folders: &[PathBuf], excluded: impl Fn(&Path) -> bool, candidates: &mut Vec<Candidate>) {
    candidates.retain(|candidate| candidate.bytes.is_some() || request.contents.get(&candidate.path).is_none_or(Option::is_some));
    for candidate in candidates.iter_mut() {
        if let Some(Some(bytes)) = request.contents.get(&candidate.path) {
            candidate.bytes = Some(bytes.clone());
        }
    }
    let known: HashSet<PathBuf> = candidates.iter().map(|candidate| candidate.path.clone()).collect();
    let missing = request.contents.iter().filter(|(path, bytes)| bytes.is_some() && !known.contains(*path) && !path.exists());
    for (path, bytes) in missing.filter(|(path, _)| file_kind(path).is_some() && folders.iter().any(|folder| path.starts_with(folder))) {
        candidates.push(Candidate { bytes: bytes.clone(), ..Candidate::new(path.clone(), !excluded(path)) });
    }
}

/// What is read for the schema only: the configured paths, and the rest of the migration set of every file whose set was not
/// walked as a whole.
fn replayed(request: &Request, disk: &Disk, candidates: &[Candidate], folders: &[PathBuf], problems: &mut Vec<Problem>) -> Vec<PathBuf> {
    let mut found = vec![];
    for path in &request.schema {
        walk::walk(&walk::normalize(path, &request.cwd), &path.to_string_lossy(), &mut found, problems);
    }
    let mut paths: Vec<PathBuf> = found.into_iter().filter(|found| !found.vendored).map(|found| found.path).collect();
    let outside = |set: &&PathBuf| !folders.iter().any(|folder| set.starts_with(folder));
    for set in distinct(candidates.iter().filter_map(|candidate| candidate.sets.program.as_ref())).into_iter().filter(outside) {
        paths.extend(programs::files_of_set(set, disk));
    }
    for set in distinct(candidates.iter().filter_map(|candidate| candidate.sets.sql.as_ref())).into_iter().filter(outside) {
        paths.extend(layout::files_of_set(set, disk));
    }
    paths
}

/// The folders in order, each once; most of those that are the same stand together.
fn distinct<'p>(folders: impl Iterator<Item = &'p PathBuf>) -> BTreeSet<&'p PathBuf> {
    let mut all: Vec<&PathBuf> = folders.collect();
    all.dedup_by(|a, b| a.as_os_str() == b.as_os_str());
    all.into_iter().collect()
}

fn exclusion(request: &Request) -> impl Fn(&Path) -> bool {
    let mut builder = GitignoreBuilder::new(&request.exclude_root);
    for pattern in &request.exclude {
        // `config` refused what cannot be read.
        let _ = builder.add_line(None, pattern);
    }
    let matcher = builder.build().unwrap_or_else(|_| Gitignore::empty());
    let root = request.exclude_root.clone();
    move |path: &Path| !matcher.is_empty() && path.starts_with(&root) && matcher.matched_path_or_any_parents(path, false).is_ignore()
}

fn stdin(request: &Request, problems: &mut Vec<Problem>) -> Option<Candidate> {
    let mut bytes = vec![];
    if let Err(error) = std::io::stdin().lock().read_to_end(&mut bytes) {
        problems.push(walk::problem("<stdin>", &error));
        return None;
    }
    let path = match &request.stdin_filename {
        Some(path) => walk::normalize(path, &request.cwd),
        None => request.cwd.join("<stdin>"),
    };
    Some(Candidate { bytes: Some(bytes), ..Candidate::new(path, true) })
}

enum Content {
    /// With its place and what it is.
    Sql(Vec<u8>, Order, InputKind),
    Markdown(Vec<u8>),
    /// Application code that may hold SQL.
    Code(Vec<u8>, Language),
    /// Code for another database, by its path.
    Elsewhere(Vec<u8>, Language, &'static str),
    /// A document without SQL: most are, so they are not even counted.
    Nothing,
    /// Not for us, with the reason.
    Other(&'static str),
}

/// `telling` is the part of its path that says what it is for.
fn read(candidate: &Candidate, shown: &Path, telling: &Path, surveyor: &Surveyor) -> Result<Content, Problem> {
    let file = || shown.to_string_lossy().into_owned();
    let kind = match (file_kind(&candidate.path), &candidate.bytes) {
        (Some(kind), _) => kind,
        (None, Some(_)) => FileKind::Sql,
        (None, None) => return Ok(Content::Other("of another kind")),
    };
    let bytes = match &candidate.bytes {
        Some(bytes) => bytes.clone(),
        None => read_file(&candidate.path, candidate.size).map_err(|message| Problem { file: file(), message })?,
    };
    if let FileKind::Code(language) = kind {
        return Ok(code::read(&candidate.path, telling, bytes, language));
    }
    let refused = refusal(&bytes);
    if kind == FileKind::Markdown {
        let about = refused.is_none().then(|| has_fenced_sql(&bytes).then(|| engines::by_path_alone(telling))).flatten();
        return Ok(match about {
            Some(None) => Content::Markdown(bytes),
            Some(Some(engine)) => Content::Other(engine),
            None => Content::Nothing,
        });
    }
    if let Some(message) = refused {
        return Err(Problem { file: file(), message: message.to_owned() });
    }
    Ok(match engines::other_engine(telling, &bytes) {
        Some(engine) => Content::Other(engine),
        None => {
            let (order, kind) = surveyor.classify(&candidate.path, candidate.sets.sql.as_deref(), &bytes);
            Content::Sql(bytes, order, kind)
        }
    })
}

fn read_file(path: &Path, size: Option<u64>) -> Result<Vec<u8>, String> {
    let failed = |error| walk::problem("", &error).message;
    let file = std::fs::File::open(path).map_err(failed)?;
    let size = match size {
        Some(size) => size,
        None => file.metadata().map_err(failed)?.len(),
    };
    let most = HUGE.min(MAX_FILE_BYTES);
    if size > most {
        return Err(format!("is {} MiB large; files over {} MiB are not read", size >> 20, HUGE >> 20));
    }
    let mut bytes = Vec::with_capacity(size as usize);
    // what has no size until it is read is read to its end; the others need not be asked whether there is more
    file.take(if size == 0 { most } else { size }).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

fn refusal(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Some("is UTF-16, which PostgreSQL does not read; save it as UTF-8");
    }
    memchr::memchr(0, bytes).map(|_| "is binary (it holds NUL bytes), not SQL")
}

/// Whether a document has a fence that says SQL, or a language that may hold some.
fn has_fenced_sql(bytes: &[u8]) -> bool {
    let code = |word: &[u8]| std::str::from_utf8(word).is_ok_and(|word| Language::of_fence(word).is_some());
    const LANGUAGES: &[&str] = &["sql", "postgres", "postgresql", "psql", "pgsql", "plpgsql"];
    memchr::memmem::find_iter(bytes, b"```").chain(memchr::memmem::find_iter(bytes, b"~~~")).any(|at| {
        let rest = &bytes[at + 3..];
        let word = rest.iter().skip_while(|b| matches!(b, b' ' | b'`' | b'~' | b'{')).take_while(|b| b.is_ascii_alphabetic());
        let word: Vec<u8> = word.take(12).map(u8::to_ascii_lowercase).collect();
        LANGUAGES.iter().any(|language| language.as_bytes() == word) || code(&word)
    })
}

#[cfg(test)]
mod tests;
