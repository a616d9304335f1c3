//! Runs work on several threads and gives the answers in the order of the items.

use std::collections::BTreeMap;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Finished answers that may wait to be taken, for each worker.
const MAX_WAITING_ANSWERS: usize = 4;

/// Works on the items with `jobs` threads and hands each answer to `take`, in
/// the order of the items. An item on which the work panics becomes `None`, so
/// that one picture does not cost the others their answers.
pub(crate) fn run_in_order<T: Send, R: Send>(
    items: impl Iterator<Item = T> + Send,
    jobs: usize,
    work: impl Fn(&T) -> R + Sync,
    mut take: impl FnMut(T, Option<R>) -> io::Result<()>,
) -> io::Result<()> {
    let items = Mutex::new(items.enumerate());
    let next = || items.lock().unwrap_or_else(PoisonError::into_inner).next();
    let (sender, answers) = mpsc::sync_channel(jobs * MAX_WAITING_ANSWERS);
    thread::scope(|scope| {
        for _ in 0..jobs {
            let sender = sender.clone();
            scope.spawn(|| {
                let sender = sender;
                while let Some((number, item)) = next() {
                    let answer = panic::catch_unwind(AssertUnwindSafe(|| work(&item))).ok();
                    // Nobody takes answers any more.
                    if sender.send((number, item, answer)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut early = BTreeMap::new();
        let mut due = 0;
        // On an early return the channel is dropped here, and the workers stop.
        for (number, item, answer) in answers {
            early.insert(number, (item, answer));
            while let Some((item, answer)) = early.remove(&due) {
                take(item, answer)?;
                due += 1;
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn answers_keep_their_order() {
        let mut found = Vec::new();
        run_in_order(
            0..500_u64,
            4,
            |n| (0..(n * 7919) % 5000).fold(*n, u64::wrapping_add),
            |n, _| {
                found.push(n);
                Ok(())
            },
        )
        .unwrap();
        assert_eq!(found, (0..500).collect::<Vec<_>>());
    }

    #[test]
    fn one_panic_costs_one_answer() {
        let mut found = Vec::new();
        run_in_order(
            0..5,
            2,
            |n| {
                assert_ne!(*n, 3, "this one is broken on purpose");
                n * 10
            },
            |_, answer| {
                found.push(answer);
                Ok(())
            },
        )
        .unwrap();
        assert_eq!(found, [Some(0), Some(10), Some(20), None, Some(40)]);
    }

    #[test]
    fn a_closed_pipe_ends_the_work() {
        let closed = run_in_order(0.., 2, |n| *n, |_, _| Err(io::ErrorKind::BrokenPipe.into()));
        assert_eq!(closed.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
