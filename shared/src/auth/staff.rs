//! Somebody who works at Vara and looks at what is hers.

use super::{Caller, Keys};
use crate::domain::event::Actor;
use crate::domain::{Timestamp, UserId};

/// A caller who works at Vara.
#[derive(Clone, Debug)]
pub struct Staff {
    /// The account.
    pub user: UserId,
    /// As her record names whoever looks or decides: by a pseudonym.
    pub actor: Actor,
}

impl Staff {
    /// This caller, under the pseudonym of this year.
    #[must_use]
    pub fn of(caller: &Caller, keys: &Keys, now: Timestamp) -> Self {
        Self {
            user: caller.user,
            actor: Actor::staff(keys.staff_pseudonym(caller.user, now)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::caller;

    fn keys(letter: &str) -> Keys {
        Keys::derive(&letter.repeat(40), None).unwrap()
    }

    #[test]
    fn a_pseudonym_is_the_same_for_a_year_and_follows_from_the_key() {
        let at = |text| Timestamp::parse(text).unwrap();
        let (spring, winter) = (at("2026-03-01T00:00:00Z"), at("2026-12-31T23:59:59Z"));
        let next_year = at("2027-01-01T00:00:00Z");
        let of = |letter: &str| {
            caller(
                UserId::parse(&format!(
                    "{}-{}-4{}-8{}-{}",
                    letter.repeat(8),
                    letter.repeat(4),
                    letter.repeat(3),
                    letter.repeat(3),
                    letter.repeat(12)
                ))
                .unwrap(),
            )
        };
        let (one, other) = (of("1"), of("2"));
        let name = |who, key, now| Staff::of(who, &keys(key), now).actor.id;
        let known = name(&one, "a", spring);
        assert_eq!(known.len(), "R-7F3K".len());
        assert_eq!(known, name(&one, "a", winter));
        for changed in [
            name(&one, "a", next_year),
            name(&one, "b", spring),
            name(&other, "a", spring),
        ] {
            assert_ne!(known, changed);
        }
    }
}
