//! Reading ahead: what comes next is made on a thread of its own while what is ready is used, in order.
//!
//! A pool wakes a sleeping thread too late for stretches of a millisecond, so that the user makes half of them itself. Must not
//! know what is made.

use std::sync::mpsc::{channel, sync_channel};
use std::thread;

/// How many are made before the first of them is used: what is made may take twenty times the room of what it is made from.
const AHEAD: usize = 4;

/// Makes something of each item and uses it, in order. What was used is dropped by the thread that makes the next ones, which has
/// time for it.
pub(super) fn each<I, T: Send>(items: impl Iterator<Item = I> + Send, make: impl Fn(I) -> T + Send, mut each: impl FnMut(&mut T)) {
    let (ready, next) = sync_channel::<T>(AHEAD);
    let (used, waste) = channel::<T>();
    thread::scope(|scope| {
        scope.spawn(move || {
            for item in items {
                if ready.send(make(item)).is_err() {
                    return;
                }
                waste.try_iter().for_each(drop);
            }
            drop(ready);
            waste.iter().for_each(drop);
        });
        for mut made in next {
            each(&mut made);
            // a thread that is gone has panicked, which the scope passes on
            let _ = used.send(made);
        }
        drop(used);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_made_and_used_in_order() {
        for count in [0, 1, AHEAD, 10 * AHEAD + 1] {
            let mut seen = vec![];
            each(0..count, |n| n * 2, |n| seen.push(*n));
            assert_eq!(seen, (0..count).map(|n| n * 2).collect::<Vec<_>>());
        }
    }

    #[test]
    #[should_panic(expected = "a scoped thread panicked")]
    fn a_panic_of_the_maker_is_not_swallowed() {
        each(0..3, |n| assert!(n < 1, "made wrong"), |()| {});
    }
}
