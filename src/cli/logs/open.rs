//! Finds log files and opens them as plain bytes: patterns, folders, rotated sets in the order of time, `.gz`, `.zst`,
//! `.bz2`, `.xz`, tar of these, standard input.

use crate::finding::Problem;
use crate::log::time;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// A log file to read.
#[derive(Debug, Clone)]
pub(super) struct LogFile {
    pub(super) path: PathBuf,
    pub(super) size: u64,
}

/// Files that paths, folders and patterns name, in the order in which they were written.
pub(super) fn find(paths: &[PathBuf], problems: &mut Vec<Problem>) -> Vec<LogFile> {
    let mut found: Vec<(Option<i64>, LogFile)> = vec![];
    for path in paths {
        if path == Path::new("-") {
            found.push((None, LogFile { path: path.clone(), size: 0 }));
        } else if path.is_dir() {
            let files =
                walkdir::WalkDir::new(path).sort_by_file_name().into_iter().filter_map(Result::ok).filter(|e| e.file_type().is_file());
            let files: Vec<PathBuf> = files.map(walkdir::DirEntry::into_path).filter(|path| is_log(path)).collect();
            if files.is_empty() {
                problems.push(problem(path, "the folder holds no log file"));
            }
            files.iter().for_each(|file| add(file, &mut found, problems));
        } else if path.exists() {
            add(path, &mut found, problems);
        } else {
            let matches: Vec<PathBuf> =
                glob::glob(&path.to_string_lossy()).into_iter().flatten().filter_map(Result::ok).filter(|p| p.is_file()).collect();
            if matches.is_empty() {
                problems.push(problem(path, "no such file"));
            }
            matches.iter().for_each(|file| add(file, &mut found, problems));
        }
    }
    // By their first stamps; a file without one keeps its place behind the one before it.
    let mut last = i64::MIN;
    let mut keyed: Vec<(i64, usize, LogFile)> = vec![];
    for (i, (stamp, file)) in found.into_iter().enumerate() {
        last = stamp.unwrap_or(last);
        keyed.push((last, i, file));
    }
    keyed.sort_by_key(|(stamp, i, _)| (*stamp, *i));
    let mut seen = std::collections::HashSet::new();
    keyed.into_iter().map(|(_, _, file)| file).filter(|file| seen.insert(file.path.clone())).collect()
}

fn problem(path: &Path, message: &str) -> Problem {
    Problem { file: path.to_string_lossy().into_owned(), message: message.to_owned() }
}

/// What in a folder may be a log: by its name.
fn is_log(path: &Path) -> bool {
    let name = path.file_name().map(|n| n.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    !name.starts_with('.')
        && [".log", ".csv", ".json", ".gz", ".zst", ".bz2", ".xz", ".tar", ".tgz", ".txt"].iter().any(|mark| name.contains(mark))
}

fn add(path: &Path, found: &mut Vec<(Option<i64>, LogFile)>, problems: &mut Vec<Problem>) {
    match std::fs::metadata(path) {
        Ok(metadata) => found.push((first_stamp(path), LogFile { path: path.to_owned(), size: metadata.len() })),
        Err(error) => problems.push(problem(path, &format!("cannot be read: {error}"))),
    }
}

/// The first time stamp in a file's first kilobytes.
fn first_stamp(path: &Path) -> Option<i64> {
    let mut head = vec![0; 4096];
    let mut opened = open(path).ok()?;
    let mut filled = 0;
    while filled < head.len() {
        match opened.read(&mut head[filled..]) {
            Ok(0) | Err(_) => break,
            Ok(n) => filled += n,
        }
    }
    let head = &head[..filled];
    (0..head.len()).filter(|i| head[*i].is_ascii_digit()).find_map(|i| time::stamp(&head[i..])).map(|(time, _)| time)
}

/// The plain bytes of a file; those of an archive's files one after the other.
pub(super) fn open(path: &Path) -> io::Result<Box<dyn Read + Send>> {
    if path == Path::new("-") {
        return decoded(Box::new(io::stdin()), 0);
    }
    let mut file = File::open(path)?;
    let mut head = [0u8; 512];
    let filled = fill(&mut file, &mut head)?;
    file.seek(SeekFrom::Start(0))?;
    if is_plain(&head[..filled]) { Ok(Box::new(file)) } else { decoded(Box::new(file), 0) }
}

fn fill(from: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match from.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

fn is_plain(head: &[u8]) -> bool {
    let packed: [&[u8]; 4] = [b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ\0"];
    !packed.iter().any(|magic| head.starts_with(magic)) && head.get(257..262) != Some(b"ustar") && !is_wide(head)
}

/// UTF-16, as some editors save.
fn is_wide(head: &[u8]) -> bool {
    head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff")
}

/// Takes off what a stream is packed in, by its first bytes.
fn decoded(mut from: Box<dyn Read + Send>, depth: u8) -> io::Result<Box<dyn Read + Send>> {
    let mut head = vec![0; 512];
    let filled = fill(&mut *from, &mut head)?;
    head.truncate(filled);
    let plain = is_plain(&head) || depth > 3;
    let whole: Box<dyn Read + Send> = Box::new(io::Cursor::new(head.clone()).chain(from));
    if plain {
        return Ok(whole);
    }
    let whole = BufReader::with_capacity(1 << 17, whole);
    if head.starts_with(b"\x1f\x8b") {
        return decoded(Box::new(flate2::read::MultiGzDecoder::new(whole)), depth + 1);
    }
    if head.starts_with(b"\x28\xb5\x2f\xfd") {
        return decoded(Box::new(Frames { whole: Some(whole), frame: None }), depth + 1);
    }
    if head.starts_with(b"BZh") {
        return decoded(Box::new(bzip2::read::MultiBzDecoder::new(whole)), depth + 1);
    }
    if head.starts_with(b"\xfd7zXZ\0") {
        return decoded(Box::new(lzma_rust2::XzReader::new(whole, true)), depth + 1);
    }
    if is_wide(&head) {
        return Ok(Box::new(Narrow { whole, big: head[0] == 0xfe, pending: vec![] }));
    }
    Ok(Box::new(Archive::new(whole, depth)))
}

type Whole = BufReader<Box<dyn Read + Send>>;

/// zstd: one frame after the other.
struct Frames {
    whole: Option<Whole>,
    frame: Option<Box<ruzstd::decoding::StreamingDecoder<Whole, ruzstd::decoding::FrameDecoder>>>,
}

impl Read for Frames {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(frame) = &mut self.frame {
                let n = frame.read(buffer)?;
                if n > 0 || buffer.is_empty() {
                    return Ok(n);
                }
                self.whole = self.frame.take().map(|frame| frame.into_inner());
            }
            let Some(mut whole) = self.whole.take() else { return Ok(0) };
            if io::BufRead::fill_buf(&mut whole)?.is_empty() {
                return Ok(0);
            }
            let frame = ruzstd::decoding::StreamingDecoder::new(whole).map_err(|error| io::Error::other(error.to_string()))?;
            self.frame = Some(Box::new(frame));
        }
    }
}

/// UTF-16 as UTF-8.
struct Narrow {
    whole: Whole,
    big: bool,
    pending: Vec<u8>,
}

impl Read for Narrow {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.pending.is_empty() {
            let mut bytes = vec![0; 1 << 15];
            let n = fill(&mut self.whole, &mut bytes)?;
            let units = bytes[..n]
                .chunks_exact(2)
                .map(|pair| if self.big { u16::from_be_bytes([pair[0], pair[1]]) } else { u16::from_le_bytes([pair[0], pair[1]]) });
            let text: String = char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).filter(|c| *c != '\u{feff}').collect();
            self.pending = text.into_bytes();
        }
        let n = self.pending.len().min(buffer.len());
        buffer[..n].copy_from_slice(&self.pending[..n]);
        self.pending.drain(..n);
        Ok(n)
    }
}

/// The logs in a tar archive, one after the other. A thread walks the archive, since its entries borrow it.
struct Archive {
    chunks: std::sync::mpsc::Receiver<io::Result<Vec<u8>>>,
    chunk: io::Cursor<Vec<u8>>,
}

impl Archive {
    fn new(whole: Whole, depth: u8) -> Archive {
        let (send, chunks) = std::sync::mpsc::sync_channel(4);
        std::thread::spawn(move || {
            let give = |chunk| send.send(chunk).is_ok();
            if let Err(error) = walk(whole, depth, &give) {
                give(Err(error));
            }
        });
        Archive { chunks, chunk: io::Cursor::new(vec![]) }
    }
}

fn walk(whole: Whole, depth: u8, give: &dyn Fn(io::Result<Vec<u8>>) -> bool) -> io::Result<()> {
    let mut archive = tar::Archive::new(whole);
    for entry in archive.entries()? {
        let mut entry = entry?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let mut head = vec![0; 512];
        let filled = fill(&mut entry, &mut head)?;
        head.truncate(filled);
        if is_plain(&head) || depth > 2 {
            if !give(Ok(head)) {
                return Ok(());
            }
            loop {
                let mut chunk = vec![0; 1 << 18];
                let n = fill(&mut entry, &mut chunk)?;
                if n == 0 {
                    break;
                }
                chunk.truncate(n);
                if !give(Ok(chunk)) {
                    return Ok(());
                }
            }
        } else {
            // A packed log inside: it borrows the archive, so it is read whole.
            entry.read_to_end(&mut head)?;
            let mut plain = decoded(Box::new(io::Cursor::new(head)), depth + 1)?;
            loop {
                let mut chunk = vec![0; 1 << 18];
                let n = fill(&mut *plain, &mut chunk)?;
                if n == 0 {
                    break;
                }
                chunk.truncate(n);
                if !give(Ok(chunk)) {
                    return Ok(());
                }
            }
        }
        if !give(Ok(b"\n".to_vec())) {
            return Ok(());
        }
    }
    Ok(())
}

impl Read for Archive {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let n = self.chunk.read(buffer)?;
            if n > 0 || buffer.is_empty() {
                return Ok(n);
            }
            match self.chunks.recv() {
                Ok(chunk) => self.chunk = io::Cursor::new(chunk?),
                Err(_) => return Ok(0),
            }
        }
    }
}
