//! Objections to a request: the reference that a recipient names, the votes of two reviewers, what follows.
//!
//! An objection is open until two different reviewers gave the same verdict. Two that differ leave it open for a third.

use serde::{Deserialize, Serialize};

use crate::named_values::named_values;
use crate::{TakedownId, Timestamp, UserId};

/// After how many upheld objections an account cannot send any more.
pub const MAX_UPHELD: u32 = 3;

/// How many reviewers have to agree.
const VOTES_NEEDED: usize = 2;

/// How many characters of a request's id its reference has.
const REFERENCE_CHARS: usize = 8;

named_values! {
    /// Where an objection stands.
    ObjectionState {
        /// It waits for reviewers. Nothing is sent to the recipient meanwhile.
        Open = "OPEN",
        /// The recipient was right: the request is ended.
        Upheld = "UPHELD",
        /// The request goes on.
        Dismissed = "DISMISSED",
    }
}

named_values! {
    /// What a reviewer decides about an objection.
    ObjectionVerdict {
        /// The recipient is right.
        Uphold = "UPHOLD",
        /// The request goes on.
        Dismiss = "DISMISS",
    }
}

/// The objection to a request, as the request knows of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ObjectionMark {
    /// Where it stands.
    pub state: ObjectionState,
    /// Since when it stands so.
    pub since: Timestamp,
}

/// The vote of one reviewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectionVote {
    /// Who voted.
    pub by: UserId,
    /// What for.
    pub verdict: ObjectionVerdict,
    /// When.
    pub at: Timestamp,
}

impl ObjectionState {
    /// A sentence for her.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Open => {
                "The recipient objected to your request. We are looking at it; nothing more is sent to them until then."
            }
            Self::Upheld => {
                "The recipient objected to your request. Two of us looked at it, and the request was ended."
            }
            Self::Dismissed => {
                "The recipient objected to your request. Two of us looked at it, and your request goes on."
            }
        }
    }
}

impl From<ObjectionVerdict> for ObjectionState {
    fn from(verdict: ObjectionVerdict) -> Self {
        match verdict {
            ObjectionVerdict::Uphold => Self::Upheld,
            ObjectionVerdict::Dismiss => Self::Dismissed,
        }
    }
}

/// The votes with one more. Who voted before changes her vote; the same vote again changes nothing.
#[must_use]
pub fn with_vote(votes: &[ObjectionVote], vote: ObjectionVote) -> Vec<ObjectionVote> {
    let is_same = |it: &ObjectionVote| it.by == vote.by && it.verdict == vote.verdict;
    let mut after = votes.to_vec();
    if !after.iter().any(is_same) {
        after.retain(|it| it.by != vote.by);
        after.push(vote);
    }
    after
}

/// What these votes say together: what two different reviewers agree on.
#[must_use]
pub fn state_of(votes: &[ObjectionVote]) -> ObjectionState {
    let is_agreed = |verdict: &&ObjectionVerdict| {
        let of = votes.iter().filter(|it| it.verdict == **verdict);
        let voters: std::collections::BTreeSet<UserId> = of.map(|it| it.by).collect();
        voters.len() >= VOTES_NEEDED
    };
    let agreed = ObjectionVerdict::ALL.iter().find(is_agreed);
    agreed.map_or(ObjectionState::Open, |it| (*it).into())
}

/// The reference of a request, which its texts name. It says nothing of her.
#[must_use]
pub fn reference_of(id: TakedownId) -> String {
    let id = id.to_string();
    let head = id.split('-').next().unwrap_or_default();
    format!("R-{}", head.to_ascii_uppercase())
}

/// A reference as somebody types it; `None` if it is none.
#[must_use]
pub fn parse_reference(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_uppercase();
    let digits = text.strip_prefix("R-")?;
    let is_one = digits.len() == REFERENCE_CHARS && digits.bytes().all(|it| it.is_ascii_hexdigit());
    is_one.then_some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn vote(by: u128, verdict: ObjectionVerdict) -> ObjectionVote {
        ObjectionVote {
            by: UserId::from(Uuid::from_u128(by)),
            verdict,
            at: Timestamp::from_epoch_seconds(1_800_000_000).unwrap(),
        }
    }

    fn votes(all: &[(u128, ObjectionVerdict)]) -> Vec<ObjectionVote> {
        let all = all.iter().map(|it| vote(it.0, it.1));
        all.fold(Vec::new(), |votes, it| with_vote(&votes, it))
    }

    #[test]
    fn two_reviewers_who_agree_decide_and_nobody_decides_alone() {
        use ObjectionVerdict::{Dismiss, Uphold};
        for (cast, state) in [
            (&[][..], ObjectionState::Open),
            (&[(1, Uphold)], ObjectionState::Open),
            (&[(1, Uphold), (1, Uphold)], ObjectionState::Open),
            (&[(1, Uphold), (2, Uphold)], ObjectionState::Upheld),
            (&[(1, Dismiss), (2, Dismiss)], ObjectionState::Dismissed),
            // They differ: a third decides.
            (&[(1, Uphold), (2, Dismiss)], ObjectionState::Open),
            (
                &[(1, Uphold), (2, Dismiss), (3, Dismiss)],
                ObjectionState::Dismissed,
            ),
            // The first changes her vote.
            (
                &[(1, Uphold), (1, Dismiss), (2, Dismiss)],
                ObjectionState::Dismissed,
            ),
        ] {
            assert_eq!(state_of(&votes(cast)), state, "{cast:?}");
        }
    }

    #[test]
    fn a_reference_is_read_as_it_is_written() {
        let id = TakedownId::from(Uuid::from_u128(0x0123_4567_89AB_CDEF << 64));
        let reference = reference_of(id);
        assert_eq!(reference, "R-01234567");
        for text in ["R-01234567", " r-01234567\n"] {
            assert_eq!(parse_reference(text).as_ref(), Some(&reference));
        }
        for text in [
            "",
            "01234567",
            "R-0123456",
            "R-012345678",
            "R-0123456G",
            "R-é123456",
        ] {
            assert_eq!(parse_reference(text), None, "{text}");
        }
    }

    proptest! {
        /// However often they vote, it is decided only if two different reviewers agree.
        #[test]
        fn no_votes_of_one_reviewer_decide(
            cast in proptest::collection::vec(proptest::sample::select(ObjectionVerdict::ALL), 0..20)
        ) {
            let cast: Vec<(u128, ObjectionVerdict)> = cast.into_iter().map(|it| (7, it)).collect();
            prop_assert_eq!(state_of(&votes(&cast)), ObjectionState::Open);
        }
    }
}
