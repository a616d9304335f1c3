//! Cursor cache for deep pages of long lists.
//!
//! The table does not know which row is the five-thousandth: whoever wants it has all rows before it
//! counted. So a process keeps in mind where it has been, for as long as the list is as it was then.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::Item;
use crate::domain::UserId;

/// From which end a run is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    First,
    Last,
}

/// How many are kept in mind; each is a few hundred bytes.
const MAX_CURSORS: usize = 200;

/// A list as it is at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ListSnapshot {
    pub(super) user: UserId,
    pub(super) run: String,
    pub(super) end: End,
    /// Changes with every change of the list.
    pub(super) state: u64,
}

#[derive(Debug)]
struct Cursor {
    shelf: ListSnapshot,
    /// How many rows lie before it.
    skipped: usize,
    /// The last of them.
    from: Item,
}

/// Where this process has been lately.
#[derive(Clone, Debug, Default)]
pub(super) struct CursorCache(Arc<Mutex<VecDeque<Cursor>>>);

impl CursorCache {
    /// The farthest known place with at most so many rows before it.
    pub(super) fn nearest(&self, shelf: &ListSnapshot, most: usize) -> Option<(usize, Item)> {
        let marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let usable = marks
            .iter()
            .filter(|it| it.shelf == *shelf && it.skipped <= most);
        let found = usable.max_by_key(|it| it.skipped)?;
        Some((found.skipped, found.from.clone()))
    }

    /// Keeps in mind that these rows lie before what follows `from`. What was known of the list as it
    /// was before is forgotten.
    pub(super) fn set(&self, shelf: &ListSnapshot, skipped: usize, from: &Item) {
        let mut marks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same =
            |it: &ListSnapshot| (it.user, &it.run, it.end) == (shelf.user, &shelf.run, shelf.end);
        marks.retain(|it| {
            !is_same(&it.shelf) || it.shelf.state == shelf.state && it.skipped != skipped
        });
        if marks.len() >= MAX_CURSORS {
            marks.pop_front();
        }
        marks.push_back(Cursor {
            shelf: shelf.clone(),
            skipped,
            from: from.clone(),
        });
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::AttributeValue;

    use super::*;

    fn shelf(state: u64) -> ListSnapshot {
        ListSnapshot {
            user: UserId::from(uuid::Uuid::from_u128(7)),
            run: "A".into(),
            end: End::First,
            state,
        }
    }

    fn key(name: &str) -> Item {
        Item::from([("sk".into(), AttributeValue::S(name.into()))])
    }

    #[test]
    fn the_nearest_before_is_found_as_long_as_nothing_changes() {
        let marks = CursorCache::default();
        marks.set(&shelf(1), 100, &key("a"));
        marks.set(&shelf(1), 200, &key("b"));
        assert_eq!(marks.nearest(&shelf(1), 99), None);
        assert_eq!(marks.nearest(&shelf(1), 150), Some((100, key("a"))));
        assert_eq!(marks.nearest(&shelf(1), 200), Some((200, key("b"))));
        let other = ListSnapshot {
            end: End::Last,
            ..shelf(1)
        };
        assert_eq!(marks.nearest(&other, 200), None);
        assert_eq!(marks.nearest(&shelf(2), 200), None);
        marks.set(&shelf(2), 50, &key("c"));
        assert_eq!(
            marks.nearest(&shelf(1), 200),
            None,
            "it is as it was no more"
        );
    }

    #[test]
    fn no_more_are_kept_than_fit() {
        let marks = CursorCache::default();
        for skipped in 0..3 * MAX_CURSORS {
            marks.set(&shelf(1), skipped, &key("a"));
        }
        assert_eq!(marks.0.lock().unwrap().len(), MAX_CURSORS);
        assert_eq!(marks.nearest(&shelf(1), MAX_CURSORS), None);
        assert!(marks.nearest(&shelf(1), 3 * MAX_CURSORS).is_some());
    }
}
