//! Takes entries of a block into a tally, and keeps what reaches beyond the block's ends.

use super::events::{Event, Kind, shape};
use super::query::Example;
use super::text::{cut, quick, relation_in, room};
use super::{Index, Tally, Who, read_parameters};
use crate::log::message::{self, Message, Step};
use crate::log::plan;
use crate::log::record::{Level, Record, Take, Text};
use crate::source::floor_boundary;
use crate::sql::fingerprint::{fingerprint, normalize, skeleton};
use crate::sql::token::Dialect;
use std::collections::HashMap;

/// Statements without a duration yet; a log that has so many sessions at once is hostile.
const MAX_PENDING: usize = 200_000;

/// Texts remembered with their fingerprints: a power of two.
const CACHE: usize = 1 << 14;

/// A statement whose duration has not come yet, or a duration whose statement came in an earlier block.
#[derive(Debug, Clone)]
pub(super) struct Half {
    session: u64,
    micros: u64,
    time: Option<i64>,
    fingerprint: u64,
    who: Who,
}

/// What reaches beyond a block.
#[derive(Debug, Default)]
pub struct Loose {
    /// Durations at the beginning.
    heads: Vec<Half>,
    /// Statements at the end; `None`: the session has none open any more.
    tails: Vec<(u64, Option<Half>)>,
}

#[derive(Debug, Clone, Copy)]
enum Open {
    Nothing,
    Statement { place: Option<u32>, fingerprint: u64, time: Option<i64>, who: u32 },
}

/// A tally with what makes taking entries quick.
pub struct Worker {
    tally: Tally,
    /// `(hash of the text, place)`; the hash is of the bytes as they lie in the file.
    cache: Vec<(u64, u32)>,
    /// The same for texts without their constants.
    skeletons: Vec<(u64, u32)>,
    who_cache: Index,
    buffer: Vec<u8>,
    open: HashMap<u64, Open>,
    heads: Vec<Half>,
    file: String,
    block_line: u64,
    counted: (usize, u64),
}

impl Default for Worker {
    fn default() -> Self {
        Worker {
            tally: Tally::new(),
            cache: vec![(0, 0); CACHE],
            skeletons: vec![(0, 0); CACHE],
            who_cache: Index::default(),
            buffer: vec![],
            open: HashMap::new(),
            heads: vec![],
            file: String::new(),
            block_line: 0,
            counted: (0, 0),
        }
    }
}

/// A worker at a block.
struct AtBlock<'w, 'b> {
    worker: &'w mut Worker,
    block: &'b [u8],
}

impl Take for AtBlock<'_, '_> {
    fn record(&mut self, record: &Record<'_>) {
        self.worker.record(record, self.block);
    }

    fn stray(&mut self, at: usize, bytes: &[u8]) {
        self.worker.stray(at, bytes);
    }
}

impl Worker {
    /// Reads a block of whole entries that begins on this line (1-based; 0 where lines mean nothing) of the file.
    pub fn block(&mut self, block: &[u8], format: &crate::log::Format, file: &str, line: u64) -> Loose {
        if self.file != file {
            file.clone_into(&mut self.file);
        }
        (self.block_line, self.counted) = (line, (0, 0));
        self.tally.bytes += block.len() as u64;
        crate::log::block::read(block, format, &mut AtBlock { worker: self, block });
        self.loose()
    }

    /// How many queries it holds.
    pub fn queries(&self) -> usize {
        self.tally.queries.len()
    }

    /// What was counted, between two blocks; it begins anew.
    pub fn take(&mut self) -> Tally {
        self.cache.fill((0, 0));
        self.skeletons.fill((0, 0));
        self.who_cache.clear();
        std::mem::replace(&mut self.tally, Tally::new())
    }

    /// What was counted.
    pub fn finish(self) -> Tally {
        self.tally
    }

    fn loose(&mut self) -> Loose {
        let open: Vec<(u64, Open)> = self.open.drain().collect();
        let half = |session, open: Open| match open {
            Open::Nothing => (session, None),
            Open::Statement { fingerprint, time, who, .. } => {
                let who = self.tally.who.get(who as usize).cloned().unwrap_or_default();
                (session, Some(Half { session, micros: 0, time, fingerprint, who }))
            }
        };
        let tails = open.into_iter().map(|(session, open)| half(session, open)).collect();
        Loose { heads: std::mem::take(&mut self.heads), tails }
    }

    fn line_of(&mut self, at: usize, block: &[u8]) -> u64 {
        if self.block_line == 0 {
            return 0;
        }
        let (from, lines) = self.counted;
        let between = block.get(from.min(at)..from.max(at)).unwrap_or(&[]);
        let more = memchr::memchr_iter(b'\n', between).count() as u64;
        // Entries of different sessions come a little out of order.
        self.counted = (at, if at >= from { lines + more } else { lines.saturating_sub(more) });
        self.block_line + self.counted.1
    }

    fn stray(&mut self, _at: usize, bytes: &[u8]) {
        if memchr::memmem::find(bytes, b"[Your log message was truncated]").is_some() {
            self.tally.truncated += 1;
            return;
        }
        self.tally.stray += 1;
        self.tally.stray_example(&bytes[..bytes.len().min(200)]);
    }

    fn record(&mut self, record: &Record<'_>, block: &[u8]) {
        self.tally.entries += 1;
        if let Some(time) = record.time {
            self.tally.seen(time);
        }
        // Only the one message that comes a million times is read as it lies in the file.
        if record.message.raw.starts_with(b"duration: ") {
            return self.message(record, block);
        }
        let value = record.message.value();
        self.message(&Record { message: Text { raw: &value, ..Text::default() }, ..*record }, block);
    }

    fn message(&mut self, record: &Record<'_>, block: &[u8]) {
        if matches!(record.level, Level::Error | Level::Fatal | Level::Panic) {
            self.failed(record.session);
        }
        match message::read(record) {
            Message::Timed(micros, Step::Prepare, sql) => {
                let place = self.place(sql);
                self.tally.prepare.add(micros);
                if let Some(i) = place.0 {
                    self.tally.queries[i as usize].prepare.add(micros);
                }
            }
            Message::Timed(micros, _, sql) => {
                let (place, _) = self.place(sql);
                let who = self.who(record);
                self.tally.execution(place, micros, record.time, who);
                self.keep_example(place, micros, sql, record, block);
            }
            Message::Statement(sql) => self.statement(sql, record, block),
            Message::Duration(micros) => self.duration(micros, record),
            Message::Plan(micros, text) => self.plan(micros, text, record),
            Message::Known => {}
            other => self.event(other, record, block),
        }
    }

    // ---- statements ----

    /// Where the statement's figures are, and its fingerprint.
    fn place(&mut self, sql: Text<'_>) -> (Option<u32>, u64) {
        let hash = quick(sql.raw);
        let slot = hash as usize & (CACHE - 1);
        let (known, place) = self.cache[slot];
        if known == hash
            && let Some(query) = self.tally.queries.get(place as usize)
        {
            return (Some(place), query.fingerprint);
        }
        let text = sql.value_in(&mut self.buffer);
        let skeleton = skeleton(text);
        let of_skeleton = skeleton.map_or(0, |hash| hash as usize & (CACHE - 1));
        if let (known, place) = self.skeletons[of_skeleton]
            && Some(known) == skeleton
            && let Some(query) = self.tally.queries.get(place as usize)
        {
            self.cache[slot] = (hash, place);
            return (Some(place), query.fingerprint);
        }
        let print = fingerprint(text, Dialect::Server).0;
        let place = self.tally.place(print);
        if let Some(i) = place {
            self.cache[slot] = (hash, i);
            if let Some(hash) = skeleton {
                self.skeletons[of_skeleton] = (hash, i);
            }
            let query = &mut self.tally.queries[i as usize];
            if query.text.is_empty() {
                query.text = cut(normalize(text, Dialect::Server).text, room(i as usize)).0;
                query.pages = query.text.contains(" offset ?");
            }
        }
        (place, print)
    }

    fn who(&mut self, record: &Record<'_>) -> u32 {
        let fields = [record.user, record.database, record.application, record.host];
        let key = fields.iter().fold(7u64, |key, field| key.rotate_left(21).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ quick(field));
        if let Some(who) = self.who_cache.get(&key) {
            return *who;
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
        let who = Who { user: text(fields[0]), database: text(fields[1]), application: text(fields[2]), host: text(fields[3]) };
        let number = if who == Who::default() { 0 } else { self.tally.who(who) };
        if self.who_cache.len() < 65_536 {
            self.who_cache.insert(key, number);
        }
        number
    }

    fn keep_example(&mut self, place: Option<u32>, micros: u64, sql: Text<'_>, record: &Record<'_>, block: &[u8]) {
        let Some(i) = place else { return };
        let i = i as usize;
        self.offset(i, micros, sql, record);
        if !self.tally.queries[i].wants_example(micros, record.time) {
            return;
        }
        let line = self.line_of(record.at, block);
        let room = room(i);
        let (text, cut) = cut(sql.to(4 * room).string(), room);
        let mut parameters = read_parameters(&record.detail.to(2 * room).string());
        for value in parameters.iter_mut().flatten().filter(|value| value.len() > 1000) {
            value.truncate(floor_boundary(value, 1000));
            value.push('…');
        }
        self.tally.queries[i].offer(Example { text, parameters, cut, micros, time: record.time, file: self.file.clone(), line });
    }

    /// Notes the OFFSET that a query was asked for.
    fn offset(&mut self, place: usize, micros: u64, sql: Text<'_>, record: &Record<'_>) {
        if !self.tally.queries[place].pages {
            return;
        }
        let raw = sql.raw;
        let begins = |i: &usize| raw[*i..].get(..7).is_some_and(|word| word.eq_ignore_ascii_case(b"offset "));
        let Some(at) = memchr::memrchr2_iter(b' ', b'\t', raw).map(|i| i + 1).find(begins) else { return };
        let rest = &raw[at + 7..];
        let digits = |bytes: &[u8]| -> Option<u64> {
            let len = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
            std::str::from_utf8(&bytes[..len]).ok()?.parse().ok()
        };
        let asked = match rest.first() {
            Some(b'$') => digits(&rest[1..]).and_then(|n| {
                let values = read_parameters(&record.detail.string());
                values.get((n as usize).checked_sub(1)?)?.as_ref()?.parse().ok()
            }),
            Some(b'\'') => digits(&rest[1..]),
            _ => digits(rest),
        };
        if let Some(asked) = asked {
            self.tally.queries[place].offset(asked, micros);
        }
    }

    fn statement(&mut self, sql: Text<'_>, record: &Record<'_>, block: &[u8]) {
        let (place, fingerprint) = self.place(sql);
        let who = self.who(record);
        self.keep_example(place, 0, sql, record, block);
        if let (Some(i), Some(time)) = (place, record.time) {
            self.tally.queries[i as usize].seen(time);
        }
        let open = Open::Statement { place, fingerprint, time: record.time, who };
        if self.open.len() >= MAX_PENDING && !self.open.contains_key(&record.session) {
            return self.untimed(place);
        }
        if let Some(Open::Statement { place, .. }) = self.open.insert(record.session, open) {
            self.untimed(place);
        }
    }

    /// A statement that was logged before its end has failed: the next duration is another's.
    fn failed(&mut self, session: u64) {
        if let Some(Open::Statement { place, .. }) = self.open.insert(session, Open::Nothing) {
            self.untimed(place);
        }
    }

    fn untimed(&mut self, place: Option<u32>) {
        self.tally.untimed += 1;
        if let Some(i) = place {
            self.tally.queries[i as usize].untimed += 1;
        }
    }

    /// A duration alone belongs to the statement that its session logged before it.
    fn duration(&mut self, micros: u64, record: &Record<'_>) {
        match self.open.insert(record.session, Open::Nothing) {
            Some(Open::Statement { place, time, who, .. }) => self.tally.execution(place, micros, record.time.or(time), who),
            Some(Open::Nothing) => self.tally.unattributed.add(micros),
            None => {
                let half = Half { session: record.session, micros, time: record.time, fingerprint: 0, who: Who::default() };
                self.heads.push(half);
            }
        }
    }

    fn plan(&mut self, micros: u64, text: Text<'_>, record: &Record<'_>) {
        self.tally.plans.add(micros);
        let Some((sql, mut facts)) = plan::read(text) else { return };
        let (place, _) = self.place(Text { raw: &sql, ..Text::default() });
        let Some(i) = place else { return };
        let query = &mut self.tally.queries[i as usize];
        // A plan of a statement inside a function is not what a client sent.
        if record.context.is_empty() {
            query.plans.add(micros);
        }
        if let Some(rows) = facts.rows {
            query.rows = (query.rows.0 + 1, query.rows.1.saturating_add(rows));
        }
        if query.wants_example(0, record.time) {
            let (text, cut) = cut(String::from_utf8_lossy(&sql).into_owned(), room(i as usize));
            query.offer(Example { text, cut, time: record.time, file: self.file.clone(), ..Example::default() });
        }
        facts.text = cut(facts.text, room(i as usize)).0;
        plan::PlanFacts::keep_worse(&mut query.plan, Some(facts));
    }

    // ---- everything else ----

    fn event(&mut self, message: Message<'_>, record: &Record<'_>, block: &[u8]) {
        let statement = (!record.statement.is_empty()).then(|| self.place(record.statement));
        let line = self.line_of(record.at, block);
        let text = record.message.to(4000);
        let brief = Event { time: record.time, query: statement.map(|s| s.1), ..Event::default() };
        let query = statement.and_then(|s| s.0).map(|i| i as usize);
        let file = self.file.clone();
        let more = |event: &mut Event| {
            event.example = text.string();
            event.detail = [record.detail, record.hint, record.context]
                .iter()
                .filter(|t| !t.is_empty())
                .map(|t| t.to(4000).string())
                .collect::<Vec<_>>()
                .join("\n");
            event.statement = record.statement.to(4000).string();
            event.at = (file, line);
        };
        let events = &mut self.tally.events;
        let of_query = |key: &str| statement.map_or(key.to_owned(), |(_, print)| format!("{key} {print:016x}"));
        match message {
            Message::LockWait { acquired, mode, object, micros } => {
                let table = relation_in(&record.context.string());
                let object = shape(&object.string());
                let key = of_query(&format!("{} {} {table}", mode.string(), object));
                // A wait is counted when it is first reported; its time is known when it is over.
                let brief = Event { micros: if acquired { micros } else { 0 }, follows: acquired, table, ..brief };
                events.add(Kind::LockWait, &key, brief, more);
            }
            Message::Deadlock => {
                let table = relation_in(&record.context.string());
                events.add(Kind::Deadlock, &of_query(&table), Event { table: table.clone(), ..brief }, more);
            }
            Message::TempFile(bytes) => {
                events.add(Kind::TempFile, &of_query(""), Event { bytes, ..brief }, more);
                if let Some(i) = query {
                    let query = &mut self.tally.queries[i];
                    query.temp_files = (query.temp_files.0 + bytes, query.temp_files.1 + 1);
                }
            }
            Message::Cancelled(why) => events.add(Kind::Cancelled, &of_query(why), brief, |event| {
                more(event);
                event.table = why.to_owned();
            }),
            Message::CheckpointStart(flags) => events.add(Kind::Checkpoint, &format!("started: {}", flags.string().trim()), brief, more),
            Message::CheckpointDone(micros) => events.add(Kind::Checkpoint, "complete", Event { micros, ..brief }, more),
            Message::CheckpointsFrequent(seconds) => {
                events.add(Kind::CheckpointsFrequent, "", Event { least: Some(seconds), ..brief }, more)
            }
            Message::Autovacuum { analyze, table } => {
                let kind = if analyze { Kind::Autoanalyze } else { Kind::Autovacuum };
                let table = table.string().trim_matches('"').to_owned();
                let elapsed = memchr::memmem::rfind(record.message.raw, b"elapsed: ")
                    .and_then(|i| crate::log::time::millis(&record.message.raw[i + 9..]));
                let micros = elapsed.map_or(0, |(seconds, _)| seconds.saturating_mul(1000));
                events.add(kind, &table.clone(), Event { micros, table, ..brief }, more);
            }
            Message::AutovacuumCancelled => {
                let context = record.context.string();
                let table = context.split('"').nth(1).unwrap_or("").to_owned();
                events.add(Kind::AutovacuumCancelled, &table.clone(), Event { table, ..brief }, more);
            }
            Message::Connection(what) => events.add(Kind::Connection, what, brief, |_| {}),
            Message::Disconnection(micros) => events.add(Kind::Disconnection, "", Event { micros, ..brief }, |_| {}),
            Message::Error => {
                let level = record.level.as_str();
                let key = of_query(&format!("{level} {} {}", String::from_utf8_lossy(record.sqlstate), shape(&text.string())));
                events.add(Kind::Error, &key, brief, more);
            }
            _ => {
                if record.level == Level::Foreign || message::foreign_duration(text.raw) {
                    self.tally.foreign += 1;
                } else {
                    self.tally.unrecognized += 1;
                }
                events.add(Kind::Unrecognized, &shape(&text.string()), brief, more);
            }
        }
    }
}

/// Ties the loose ends of blocks, given in their order, and puts what belongs together into the tally.
#[derive(Debug, Default)]
pub struct Ties {
    open: HashMap<u64, Half>,
}

impl Ties {
    /// The next block's.
    pub fn tie(&mut self, loose: Loose, tally: &mut Tally) {
        for head in loose.heads {
            match self.open.remove(&head.session) {
                Some(statement) => {
                    let place = tally.place(statement.fingerprint);
                    let who = if statement.who == Who::default() { 0 } else { tally.who(statement.who) };
                    tally.execution(place, head.micros, head.time.or(statement.time), who);
                }
                None => tally.unattributed.add(head.micros),
            }
        }
        for (session, tail) in loose.tails {
            let before = match tail {
                Some(half) => self.open.insert(session, half),
                None => self.open.remove(&session),
            };
            if let Some(before) = before {
                untimed(&before, tally);
            }
        }
    }

    /// After the last block.
    pub fn finish(self, tally: &mut Tally) {
        for half in self.open.values() {
            untimed(half, tally);
        }
    }
}

fn untimed(half: &Half, tally: &mut Tally) {
    tally.untimed += 1;
    if let Some(i) = tally.place(half.fingerprint) {
        tally.queries[i as usize].untimed += 1;
    }
}
