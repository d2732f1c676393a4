//! Everything in a log that is no execution, grouped so that a thousand alike are one line with a count.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Groups kept; beyond them only their number grows.
const MAX_GROUPS: usize = 5000;

/// Longest example kept.
const MAX_TEXT: usize = 2000;

/// What a group is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A wait for a lock.
    LockWait,
    /// A deadlock.
    Deadlock,
    /// A temporary file.
    TempFile,
    /// A cancelled statement, a terminated session.
    Cancelled,
    /// WARNING and worse.
    Error,
    /// A checkpoint.
    Checkpoint,
    /// Checkpoints too close to each other.
    CheckpointsFrequent,
    /// An autovacuum.
    Autovacuum,
    /// An autoanalyze.
    Autoanalyze,
    /// An autovacuum that gave way.
    AutovacuumCancelled,
    /// Connections, by what was logged of them.
    Connection,
    /// The end of a session; its time is the session's.
    Disconnection,
    /// A message that is not known.
    Unrecognized,
}

/// Events alike.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// How many.
    pub count: u64,
    /// Waited, or written, or connected: summed.
    pub total_us: u64,
    /// The longest.
    pub max_us: u64,
    /// The shortest distance, for checkpoints: seconds.
    pub least: Option<u64>,
    /// Bytes, for temporary files.
    pub bytes: u64,
    /// First seen.
    pub first: Option<i64>,
    /// Last seen.
    pub last: Option<i64>,
    /// The example's query, where one was logged with it.
    pub query: Option<u64>,
    /// The table, where one is named.
    pub table: String,
    /// When the example was.
    pub example_time: Option<i64>,
    /// The message of the example: the earliest event that was logged with its query, or else the earliest.
    pub example: String,
    /// Its details.
    pub detail: String,
    /// Its statement.
    pub statement: String,
    /// Where: file and line.
    pub at: (String, u64),
}

/// What is known of one event.
#[derive(Debug, Default)]
pub(super) struct Event {
    /// It ends an event that was counted when it began.
    pub(super) follows: bool,
    pub(super) micros: u64,
    pub(super) least: Option<u64>,
    pub(super) bytes: u64,
    pub(super) time: Option<i64>,
    pub(super) query: Option<u64>,
    pub(super) table: String,
    pub(super) example: String,
    pub(super) detail: String,
    pub(super) statement: String,
    pub(super) at: (String, u64),
}

/// All groups, by kind and by what makes them alike.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Events {
    groups: BTreeMap<Kind, BTreeMap<String, Group>>,
    /// Events of groups that found no room.
    pub overflow: u64,
}

impl Events {
    /// The groups of a kind, the most frequent first.
    pub fn of(&self, kind: Kind) -> Vec<(&str, &Group)> {
        let mut groups: Vec<_> = self.groups.get(&kind).into_iter().flatten().map(|(key, group)| (key.as_str(), group)).collect();
        groups.sort_by(|a, b| b.1.count.cmp(&a.1.count).then(a.0.cmp(b.0)));
        groups
    }

    /// How many events of a kind.
    pub fn count(&self, kind: Kind) -> u64 {
        self.groups.get(&kind).into_iter().flatten().map(|(_, group)| group.count).sum()
    }

    /// Counts an event; the rest of it is asked for only if its group is new.
    pub(super) fn add(&mut self, kind: Kind, key: &str, brief: Event, more: impl FnOnce(&mut Event)) {
        let size: usize = self.groups.values().map(BTreeMap::len).sum();
        let groups = self.groups.entry(kind).or_default();
        if let Some(group) = groups.get_mut(key) {
            // Entries end when their last line is known, so they do not arrive in the order of their lines.
            if early(brief.query, brief.time) <= early(group.query, group.example_time) {
                let mut event = Event { time: brief.time, query: brief.query, table: brief.table.clone(), ..Event::default() };
                more(&mut event);
                if event.rank() < group.rank() {
                    group.show(event);
                }
            }
            return group.take(brief);
        }
        if size >= MAX_GROUPS {
            self.overflow += 1;
            return;
        }
        let mut event = brief;
        more(&mut event);
        let mut group = Group::default();
        let brief = Event {
            follows: event.follows,
            micros: event.micros,
            least: event.least,
            bytes: event.bytes,
            time: event.time,
            query: event.query,
            ..Event::default()
        };
        group.show(event);
        group.take(brief);
        groups.insert(key.to_owned(), group);
    }

    /// Takes another's.
    pub(super) fn merge(&mut self, other: Events) {
        self.overflow += other.overflow;
        for (kind, groups) in other.groups {
            let mine = self.groups.entry(kind).or_default();
            for (key, group) in groups {
                match mine.get_mut(&key) {
                    Some(known) => known.merge(group),
                    None => {
                        mine.insert(key, group);
                    }
                }
            }
        }
    }
}

/// What makes one event a better example than another; ties are settled by [`Group::rank`].
fn early(query: Option<u64>, time: Option<i64>) -> (bool, i64) {
    (query.is_none(), time.unwrap_or(i64::MAX))
}

impl Event {
    fn rank(&self) -> Rank<'_> {
        (early(self.query, self.time), (&self.at.0, self.at.1), &self.example)
    }
}

/// An order of all events, so that the order in which summaries are merged does not matter.
type Rank<'a> = ((bool, i64), (&'a str, u64), &'a str);

fn cut(text: &mut String) {
    if text.len() > MAX_TEXT {
        text.truncate(crate::source::floor_boundary(text, MAX_TEXT));
        text.push('…');
    }
}

impl Group {
    /// Makes this event the example.
    fn show(&mut self, mut event: Event) {
        for text in [&mut event.example, &mut event.detail, &mut event.statement] {
            cut(text);
        }
        self.example_time = event.time;
        (self.query, self.table) = (event.query, event.table);
        (self.example, self.detail, self.statement, self.at) = (event.example, event.detail, event.statement, event.at);
    }

    fn rank(&self) -> Rank<'_> {
        (early(self.query, self.example_time), (&self.at.0, self.at.1), &self.example)
    }

    fn take(&mut self, event: Event) {
        self.count += u64::from(!event.follows);
        self.total_us = self.total_us.saturating_add(event.micros);
        self.max_us = self.max_us.max(event.micros);
        self.bytes = self.bytes.saturating_add(event.bytes);
        self.least = self.least.into_iter().chain(event.least).min();
        if let Some(time) = event.time {
            self.first = Some(self.first.map_or(time, |first| first.min(time)));
            self.last = Some(self.last.map_or(time, |last| last.max(time)));
        }
    }

    fn merge(&mut self, other: Group) {
        self.count += other.count;
        if other.rank() < self.rank() {
            (self.example, self.detail, self.statement) = (other.example, other.detail, other.statement);
            self.example_time = other.example_time;
            (self.query, self.table, self.at) = (other.query, other.table, other.at);
        }
        self.total_us = self.total_us.saturating_add(other.total_us);
        self.max_us = self.max_us.max(other.max_us);
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.least = self.least.into_iter().chain(other.least).min();
        self.first = self.first.into_iter().chain(other.first).min();
        self.last = self.last.into_iter().chain(other.last).max();
    }
}

/// A message without what differs from event to event: numbers and quoted names.
pub(super) fn shape(message: &str) -> String {
    let mut shape = String::new();
    let mut rest = message.lines().next().unwrap_or("").chars().take(300).peekable();
    while let Some(c) = rest.next() {
        match c {
            '0'..='9' => {
                while rest.peek().is_some_and(|c| c.is_ascii_digit() || *c == '.') {
                    rest.next();
                }
                shape.push('N');
            }
            _ => shape.push(c),
        }
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `(second, query, micros)`: few of each, so that many events tie.
    fn seen(events: &[(Option<i64>, Option<u64>, u64)], order: &[usize]) -> Events {
        let mut seen = Events::default();
        for line in order {
            let (time, query, micros) = events[*line];
            seen.add(Kind::TempFile, "", Event { time, query, micros, ..Event::default() }, |event| {
                event.example = format!("entry {line}");
                event.at = ("a.log".to_owned(), *line as u64);
            });
        }
        seen
    }

    proptest! {
        #[test]
        fn the_order_in_which_entries_end_and_parts_are_merged_does_not_matter(
            events in prop::collection::vec((prop::option::of(0i64..3), prop::option::of(0u64..3), 0u64..9), 1..9),
            keys in prop::collection::vec(any::<(u32, u8)>(), 9),
        ) {
            let whole = seen(&events, &(0..events.len()).collect::<Vec<_>>());
            let mut shuffled: Vec<usize> = (0..events.len()).collect();
            shuffled.sort_by_key(|i| keys[*i].0);
            prop_assert_eq!(&seen(&events, &shuffled), &whole);
            let mut merged = Events::default();
            for part in 0..3u8 {
                let of_part: Vec<usize> = shuffled.iter().copied().filter(|i| keys[*i].1 % 3 == part).collect();
                merged.merge(seen(&events, &of_part));
            }
            prop_assert_eq!(&merged, &whole);
        }
    }
}
