//! Rechecks: what one look at a page says, when two looks together say that it is gone, and when to look again.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::named_values::named_values;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// How far apart the two looks are that make it gone, in seconds.
pub const CONFIRM_AFTER_SECONDS: i64 = 6 * HOUR;

/// When it is looked at after it was sent, in seconds; daily then.
const AFTER_SENT: [i64; 4] = [HOUR, 6 * HOUR, 24 * HOUR, 48 * HOUR];

/// For how long it is looked at daily; weekly then.
const DAILY_FOR: i64 = 30 * DAY;

/// For how long it is looked at at all while it is there.
const WATCHED_WHILE_THERE: i64 = 365 * DAY;

/// When it is looked at after it was gone, in seconds.
const AFTER_GONE: [i64; 6] = [DAY, 7 * DAY, 30 * DAY, 90 * DAY, 180 * DAY, 365 * DAY];

/// How many looks in a row must be blocked until she is asked.
pub const ASK_AFTER_BLOCKED: u32 = 2;

named_values! {
    /// What one look at the addresses of a request says.
    LookOutcome {
        /// It is there.
        Present = "PRESENT",
        /// The page is there, the picture is not where it was.
        Moved = "MOVED",
        /// It is not there.
        Gone = "GONE",
        /// The site does not let us see.
        Blocked = "BLOCKED",
        /// Nothing can be said.
        Unknown = "UNKNOWN",
    }
}

/// One look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Look {
    /// When.
    pub at: Timestamp,
    /// What it said.
    pub outcome: LookOutcome,
}

/// What a server answered to the question for one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageAnswer {
    /// That there is nothing (404, 410).
    Missing,
    /// Something that it also answers for an address that cannot be there.
    SoftMissing,
    /// A page or a file.
    There,
    /// A page that does not name the other addresses of the request any more, or shows her picture no more.
    WithoutItems,
    /// A page that shows her picture at another address than before.
    Elsewhere,
    /// Another picture where hers was.
    Replaced,
    /// That we may not see it (401, 403, 429, 5xx, a wall).
    Blocked,
    /// Nothing.
    Unreachable,
}

/// What the answers for all addresses of a request say together. One that is there decides; gone is only what all
/// servers say plainly.
#[must_use]
pub fn conclude(answers: &[PageAnswer]) -> LookOutcome {
    use PageAnswer as P;
    let any = |wanted: P| answers.contains(&wanted);
    let is_seen = any(P::There) || any(P::Elsewhere);
    if answers.is_empty() || any(P::Unreachable) && !is_seen {
        return LookOutcome::Unknown;
    }
    if any(P::There) {
        return LookOutcome::Present;
    }
    if any(P::Elsewhere) {
        return LookOutcome::Moved;
    }
    // A picture that says "removed" is not what the server says plainly: she looks at it.
    if any(P::Blocked) || any(P::SoftMissing) || any(P::Replaced) {
        return LookOutcome::Blocked;
    }
    if answers.iter().all(|it| *it == P::WithoutItems) {
        return LookOutcome::Moved;
    }
    LookOutcome::Gone
}

/// What is remembered of looks: the last, the first that found it gone since it was seen, blocked ones in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LookMemory {
    /// The last look.
    pub last: Option<Look>,
    /// The first look that found it gone, since it was last seen.
    pub gone_since: Option<Timestamp>,
    /// When it was last seen.
    pub seen_at: Option<Timestamp>,
    /// How many looks in a row were blocked.
    pub blocked: u32,
}

impl LookMemory {
    /// The memory after a look. A look that came late behind a newer one changes nothing.
    #[must_use]
    pub fn after(self, look: Look) -> Self {
        if self.last.is_some_and(|it| it.at >= look.at) {
            return self;
        }
        let mut after = Self {
            last: Some(look),
            blocked: 0,
            ..self
        };
        match look.outcome {
            LookOutcome::Gone => after.gone_since = self.gone_since.or(Some(look.at)),
            LookOutcome::Present | LookOutcome::Moved => {
                after.gone_since = None;
                after.seen_at = Some(look.at);
            }
            LookOutcome::Blocked => after.blocked = self.blocked.saturating_add(1),
            LookOutcome::Unknown => after.blocked = self.blocked,
        }
        after
    }

    /// Whether two looks, far enough apart and with none between that saw it, found it gone.
    #[must_use]
    pub fn is_confirmed_gone(&self) -> bool {
        let (Some(since), Some(last)) = (self.gone_since, self.last) else {
            return false;
        };
        last.outcome == LookOutcome::Gone
            && last.at.millis_since(since) >= CONFIRM_AFTER_SECONDS * 1000
    }

    /// Whether she is asked to look, because the site does not let us.
    #[must_use]
    pub fn asks_her(&self) -> bool {
        self.blocked >= ASK_AFTER_BLOCKED
    }

    /// When to look next at what was sent then. `None`: no more.
    #[must_use]
    pub fn next_while_there(&self, sent: Timestamp, now: Timestamp) -> Option<Timestamp> {
        if let Some(since) = self.gone_since {
            let second = since.plus_seconds(CONFIRM_AFTER_SECONDS);
            // Blocked or unreachable since: again after as long, not at once.
            return Some(second.max(now.plus_seconds(HOUR)));
        }
        let age = now.millis_since(sent) / 1000;
        let first = AFTER_SENT.iter().find(|it| **it > age);
        if let Some(after) = first {
            return Some(sent.plus_seconds(*after));
        }
        if age >= WATCHED_WHILE_THERE {
            return None;
        }
        let pause = if age < DAILY_FOR { DAY } else { 7 * DAY };
        Some(now.plus_seconds(pause))
    }
}

/// When to look next at what was gone then. `None`: no more.
#[must_use]
pub fn next_after_gone(gone: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let age = now.millis_since(gone) / 1000;
    let next = AFTER_GONE.iter().find(|it| **it > age);
    next.map(|it| gone.plus_seconds(*it))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(hours: i64) -> Timestamp {
        let start = Timestamp::from_epoch_seconds(1_800_000_000).expect("a time");
        start.plus_seconds(hours * HOUR)
    }

    fn memory(looks: &[(i64, LookOutcome)]) -> LookMemory {
        let looks = looks.iter().map(|(hour, outcome)| Look {
            at: at(*hour),
            outcome: *outcome,
        });
        looks.fold(LookMemory::default(), LookMemory::after)
    }

    #[test]
    fn one_that_is_there_decides_and_a_wall_is_not_gone() {
        use PageAnswer as P;
        for (answers, outcome) in [
            (&[][..], LookOutcome::Unknown),
            (&[P::Missing], LookOutcome::Gone),
            (&[P::Missing, P::Missing], LookOutcome::Gone),
            (&[P::WithoutItems, P::Missing], LookOutcome::Gone),
            (&[P::WithoutItems], LookOutcome::Moved),
            (&[P::Missing, P::There], LookOutcome::Present),
            (&[P::Missing, P::Blocked], LookOutcome::Blocked),
            (&[P::SoftMissing], LookOutcome::Blocked),
            (&[P::Replaced, P::Missing], LookOutcome::Blocked),
            (&[P::Elsewhere, P::Missing], LookOutcome::Moved),
            (&[P::Elsewhere, P::Unreachable], LookOutcome::Moved),
            (&[P::Unreachable, P::Missing], LookOutcome::Unknown),
            (&[P::Unreachable, P::There], LookOutcome::Present),
        ] {
            assert_eq!(conclude(answers), outcome, "{answers:?}");
        }
    }

    #[test]
    fn gone_is_what_two_looks_say_six_hours_apart() {
        use LookOutcome::{Blocked, Gone, Present, Unknown};
        for (looks, is_gone) in [
            (&[(0, Gone)][..], false),
            (&[(0, Gone), (5, Gone)], false),
            (&[(0, Gone), (6, Gone)], true),
            (&[(0, Gone), (3, Present), (6, Gone)], false),
            (&[(0, Gone), (3, Blocked), (6, Gone)], true),
            (&[(0, Gone), (7, Unknown)], false),
            (&[(0, Gone), (6, Gone), (7, Present)], false),
        ] {
            assert_eq!(memory(looks).is_confirmed_gone(), is_gone, "{looks:?}");
        }
        assert!(!memory(&[(0, Blocked), (1, Present), (2, Blocked)]).asks_her());
        assert!(memory(&[(0, Blocked), (1, Unknown), (2, Blocked)]).asks_her());
    }

    #[test]
    fn looks_are_close_at_first_and_end_after_a_year() {
        let none = LookMemory::default();
        for (now, next) in [
            (0, Some(1)),
            (1, Some(6)),
            (7, Some(24)),
            (30, Some(48)),
            (48, Some(72)),
        ] {
            assert_eq!(none.next_while_there(at(0), at(now)), next.map(at), "{now}");
        }
        assert_eq!(none.next_while_there(at(0), at(40 * 24)), Some(at(47 * 24)));
        assert_eq!(none.next_while_there(at(0), at(366 * 24)), None);
        let gone = memory(&[(10, LookOutcome::Gone)]);
        assert_eq!(gone.next_while_there(at(0), at(10)), Some(at(16)));
        assert_eq!(gone.next_while_there(at(0), at(20)), Some(at(21)));
        assert_eq!(next_after_gone(at(0), at(0)), Some(at(24)));
        assert_eq!(next_after_gone(at(0), at(24)), Some(at(7 * 24)));
        assert_eq!(next_after_gone(at(0), at(366 * 24)), None);
    }

    proptest! {
        #[test]
        fn nothing_is_gone_that_was_seen_within_six_hours(
            looks in proptest::collection::vec((0_i64..100, proptest::sample::select(LookOutcome::ALL)), 1..20)
        ) {
            let mut looks = looks;
            looks.sort_by_key(|it| it.0);
            looks.dedup_by_key(|it| it.0);
            let memory = memory(&looks);
            let last = looks.last().expect("one").0;
            let seen = looks.iter().any(|it| it.0 > last - 6 && it.1 == LookOutcome::Present);
            prop_assert!(!(seen && memory.is_confirmed_gone()));
            if memory.is_confirmed_gone() {
                let gone = looks.iter().filter(|it| it.1 == LookOutcome::Gone).count();
                prop_assert!(gone >= 2);
            }
        }
    }
}
