//! Streams files through workers: one thread reads and cuts at the ends of entries, the workers count, and what reaches
//! from one block into the next is tied in order. Memory: a few blocks and the tallies.

use super::open::{self, LogFile};
use crate::finding::Problem;
use crate::log::detect::SAMPLE;
use crate::log::envelope::Envelope;
use crate::log::tally::{Loose, Ties, Worker};
use crate::log::{Format, Tally, block, detect};
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, mpsc};

/// Bytes of a block. Small enough to stay near the processor, large enough to cut rarely.
const BLOCK: usize = 1 << 20;

/// An entry longer than this is cut.
const MAX_ENTRY: usize = 16 << 20;

/// Blocks after which a worker's tally of many queries goes into the common one, so that they are not kept twice for long.
const BLOCKS_APART: usize = 128;

/// Queries from which on that is worth the time.
const MANY_QUERIES: usize = 2048;

/// How to read.
#[derive(Debug, Clone, Default)]
pub(super) struct Options {
    pub(super) prefix: Option<String>,
    pub(super) jobs: usize,
    pub(super) year: i64,
}

/// What a run over files gives.
pub(super) struct Run {
    pub(super) tally: Tally,
    pub(super) problems: Vec<Problem>,
    /// Each file with its format.
    pub(super) formats: Vec<(String, String)>,
}

struct Job {
    number: usize,
    bytes: Vec<u8>,
    format: Arc<Format>,
    file: Arc<str>,
    line: u64,
}

/// Reads the files; `progress` is told the bytes read from disk.
pub(super) fn run(files: &[LogFile], options: &Options, progress: &(dyn Fn(u64) + Sync)) -> Run {
    let mut run = Run { tally: Tally::new(), problems: vec![], formats: vec![] };
    let workers = options.jobs.max(1);
    let loose: Mutex<BTreeMap<usize, Loose>> = Mutex::new(BTreeMap::new());
    let (send, receive) = mpsc::sync_channel::<Job>(2);
    let receive = Mutex::new(receive);
    let (give_back, spare) = mpsc::channel::<Vec<u8>>();
    let common = Mutex::new(Tally::new());
    let tallies: Vec<Tally> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..workers)
            .map(|_| {
                let (receive, loose, common, give_back) = (&receive, &loose, &common, give_back.clone());
                scope.spawn(move || {
                    let mut worker = Worker::default();
                    for blocks in 1.. {
                        // A poisoned lock: another worker has panicked, and the scope will say so.
                        let Ok(job) = receive.lock().map(|jobs| jobs.recv()) else { break };
                        let Ok(job) = job else { break };
                        let ends = worker.block(&job.bytes, &job.format, &job.file, job.line);
                        if let Ok(mut loose) = loose.lock() {
                            loose.insert(job.number, ends);
                        }
                        // Nobody may want it any more; one that a very long entry has stretched goes.
                        if job.bytes.capacity() <= 4 * BLOCK {
                            let _ = give_back.send(job.bytes);
                        }
                        if workers > 1
                            && blocks % BLOCKS_APART == 0
                            && worker.queries() > MANY_QUERIES
                            && let Ok(mut common) = common.lock()
                        {
                            common.merge(worker.take());
                        }
                    }
                    worker.finish()
                })
            })
            .collect();
        let mut reader = Reader { send, spare, number: 0, error: None, progress };
        for file in files {
            let name: Arc<str> = file.path.to_string_lossy().into();
            match reader.file(file, options, &name) {
                Ok(format) => {
                    if format.is_unknown() {
                        let message = format.other.unwrap_or(
                            "no line begins with a prefix and a severity; say the server's log_line_prefix with --log-line-prefix",
                        );
                        run.problems.push(Problem { file: name.to_string(), message: message.to_owned() });
                    }
                    run.formats.push((name.to_string(), format.describe()));
                }
                Err(error) => run.problems.push(Problem { file: name.to_string(), message: format!("cannot be read to its end: {error}") }),
            }
        }
        drop(reader);
        handles.into_iter().filter_map(|handle| handle.join().ok()).collect()
    });
    if tallies.len() < workers {
        run.problems.push(Problem { file: "pgsift".to_owned(), message: "a worker failed: the figures are not complete".to_owned() });
    }
    run.tally = common.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    for tally in tallies {
        run.tally.merge(tally);
    }
    let mut ties = Ties::default();
    for (_, ends) in loose.into_inner().unwrap_or_default() {
        ties.tie(ends, &mut run.tally);
    }
    ties.finish(&mut run.tally);
    run.tally.settle();
    run
}

struct Reader<'p> {
    send: mpsc::SyncSender<Job>,
    spare: mpsc::Receiver<Vec<u8>>,
    number: usize,
    error: Option<io::Error>,
    progress: &'p (dyn Fn(u64) + Sync),
}

impl Reader<'_> {
    /// Reads a file and hands out its blocks.
    fn file(&mut self, file: &LogFile, options: &Options, name: &Arc<str>) -> io::Result<Arc<Format>> {
        let mut source = open::open(&file.path)?;
        let mut sample = vec![0; SAMPLE];
        let filled = self.read(&mut *source, &mut sample);
        sample.truncate(filled);
        let format = Arc::new(detect(&sample, options.prefix.as_deref(), options.year));
        let mut sample = io::Cursor::new(sample);
        if sample.get_ref().starts_with(b"\xEF\xBB\xBF") {
            sample.set_position(3);
        }
        let mut source = sample.chain(source);
        let mut unwrap = format.envelope.unwrapper(options.year);
        let plain = format.envelope == Envelope::None;
        let mut line = u64::from(plain);
        let mut kept: Vec<u8> = vec![];
        let mut size = BLOCK;
        let mut raw = vec![];
        loop {
            let mut bytes = self.spare.try_recv().unwrap_or_default();
            let mut ended = false;
            if plain {
                // What a used buffer holds is written over: only what it lacks in length is filled with zeros.
                let from = kept.len();
                bytes.resize(size, 0);
                bytes[..from].copy_from_slice(&kept);
                kept.clear();
                let n = self.read(&mut source, &mut bytes[from..]);
                bytes.truncate(from + n);
                ended = n < size - from;
            } else {
                bytes.clear();
                bytes.append(&mut kept);
                while bytes.len() < size && !ended {
                    raw.resize(BLOCK / 4, 0);
                    let n = self.read(&mut source, &mut raw);
                    ended = n < raw.len();
                    unwrap.push(&raw[..n], &mut bytes);
                }
            }
            if ended {
                unwrap.finish(&mut bytes);
                self.hand_out(bytes, &format, name, line);
                return self.error.take().map_or(Ok(format), Err);
            }
            let cut = match block::cut(&bytes, &format).filter(|cut| *cut > 0) {
                Some(cut) => cut,
                None if bytes.len() >= MAX_ENTRY => bytes.len(),
                None => {
                    // An entry larger than the block.
                    size = bytes.len() * 2;
                    kept = bytes;
                    continue;
                }
            };
            size = BLOCK;
            kept.extend_from_slice(&bytes[cut..]);
            bytes.truncate(cut);
            let lines = if plain { memchr::memchr_iter(b'\n', &bytes).count() as u64 } else { 0 };
            self.hand_out(bytes, &format, name, line);
            line += lines;
        }
    }

    fn hand_out(&mut self, bytes: Vec<u8>, format: &Arc<Format>, file: &Arc<str>, line: u64) {
        let job = Job { number: self.number, bytes, format: format.clone(), file: file.clone(), line };
        self.number += 1;
        // Without workers there is nobody to read; the run says that they failed.
        let _ = self.send.send(job);
    }

    fn read(&mut self, source: &mut dyn Read, buffer: &mut [u8]) -> usize {
        let mut filled = 0;
        while filled < buffer.len() {
            match source.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // What came before it counts: the error is said when that has been handed out.
                Err(error) => {
                    self.error = Some(error);
                    break;
                }
            }
        }
        (self.progress)(filled as u64);
        filled
    }
}
