//! The last entries of a stderr log, held back until nothing can belong to them any more: a DETAIL or STATEMENT may come
//! after lines of other processes. Entries of one session leave in their order; those of different sessions may not.

use super::record::{Record, Take};

/// Sessions whose lines may be mixed; beyond them the oldest entry leaves.
const SLOTS: usize = 16;

/// Entries that may still get parts, at most one of each session.
#[derive(Default)]
pub(super) struct Held<'a> {
    sessions: [u64; SLOTS],
    records: [Option<Record<'a>>; SLOTS],
    /// The slot that is given away next.
    next: usize,
    /// The slot that the last line went to.
    last: Option<usize>,
}

impl<'a> Held<'a> {
    /// A new entry: the one before it of its session is complete.
    pub(super) fn begin(&mut self, session: u64, record: Record<'a>, take: &mut dyn Take) {
        let slot = self.slot(session).unwrap_or_else(|| {
            let slot = self.next;
            self.next = (self.next + 1) % SLOTS;
            slot
        });
        self.sessions[slot] = session;
        if let Some(complete) = self.records[slot].replace(record) {
            take.record(&complete);
        }
        self.last = Some(slot);
    }

    /// The open entry of a session, for a further part of it.
    pub(super) fn of(&mut self, session: u64) -> Option<&mut Record<'a>> {
        self.last = self.slot(session);
        self.last()
    }

    /// The entry that the last line belongs to.
    pub(super) fn last(&mut self) -> Option<&mut Record<'a>> {
        self.last.and_then(|slot| self.records[slot].as_mut())
    }

    /// The last line was nobody's, and so are its continuations.
    pub(super) fn forget_last(&mut self) {
        self.last = None;
    }

    /// Gives all that are left, in the order of the file.
    pub(super) fn finish(self, take: &mut dyn Take) {
        let mut left: Vec<Record<'a>> = self.records.into_iter().flatten().collect();
        left.sort_unstable_by_key(|record| record.at);
        left.iter().for_each(|record| take.record(record));
    }

    fn slot(&self, session: u64) -> Option<usize> {
        let known = |slot: usize| self.sessions[slot] == session && self.records[slot].is_some();
        self.last.filter(|slot| known(*slot)).or_else(|| (0..SLOTS).find(|slot| known(*slot)))
    }
}
