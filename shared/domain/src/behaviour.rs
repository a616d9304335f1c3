//! Behavioural analysis of her own profiles: follower surges, changed names and bios between two
//! snapshots, and the alert.

use serde_json::{Map, Value, json};

use super::{
    Alert, AlertId, AlertStatus, AlertType, Follower, Linked, ProfileSnapshot, Severity, Timestamp,
};

/// How much the number of followers must grow between two looks, and by how many at least: ten new ones
/// are nothing for a profile that nobody knew.
const MIN_GROWTH: f64 = 0.5;
const MIN_NEW_FOLLOWERS: u64 = 20;

/// From where a follower is taken for an account that is not a person's.
const SUSPICIOUS: f64 = 0.6;

/// How young an account is suspicious, in seconds.
const YOUNG: i64 = 30 * 24 * 3600;

/// How many suspicious followers are named.
const NAMED: usize = 10;

/// How much the followers grew, if they grew a lot: 0.5 is half as many again.
#[must_use]
pub fn surge(before: u64, after: u64) -> Option<f64> {
    let grown = after
        .checked_sub(before)
        .filter(|it| *it >= MIN_NEW_FOLLOWERS)?;
    let share = grown as f64 / before.max(1) as f64;
    (share >= MIN_GROWTH).then_some(share)
}

/// How suspicious a follower is, 0 to 1: young, without a picture or posts, following many and followed
/// by few.
fn suspicion(it: &Follower, now: Timestamp) -> f64 {
    let young = it
        .created_at
        .is_some_and(|at| now.millis_since(at) < YOUNG * 1000);
    let lopsided = it.following >= 100 && it.following / 10 >= it.followers.max(1);
    let weights = [
        (young, 0.3),
        (!it.has_picture, 0.2),
        (it.posts == 0, 0.2),
        (lopsided, 0.3),
    ];
    weights.iter().filter(|it| it.0).map(|it| it.1).sum()
}

/// Those who are suspicious, the most suspicious first.
#[must_use]
pub fn suspicious(all: &[Follower], now: Timestamp) -> Vec<&Follower> {
    let mut found: Vec<(f64, &Follower)> = all
        .iter()
        .map(|it| (suspicion(it, now), it))
        .filter(|(score, _)| *score >= SUSPICIOUS - f64::EPSILON)
        .collect();
    found.sort_by(|a, b| {
        b.0.total_cmp(&a.0)
            .then_with(|| a.1.handle.cmp(&b.1.handle))
    });
    found.into_iter().map(|it| it.1).collect()
}

/// The alert about a surge since `before`.
#[must_use]
pub fn surge_alert(
    account: &Linked,
    before: &ProfileSnapshot,
    followers: u64,
    share: f64,
    now: Timestamp,
) -> Alert {
    let network = account.platform.shown();
    let percent = (share * 100.0).round();
    let metadata = [
        ("followersBefore", json!(before.followers)),
        ("followersNow", json!(followers)),
        ("growth", json!((share * 100.0).round() / 100.0)),
        ("since", json!(before.at)),
    ];
    alert(
        account,
        AlertId::of_surge(account.id, before.at),
        AlertType::BehavioralChange,
        Severity::Medium,
        format!("Many new followers on {network}"),
        format!(
            "@{} went from {} to {followers} followers since we last looked, {percent} % more. This can be \
             good news; it can also mean that your profile was shared somewhere. You can have a look at \
             who is new.",
            account.platform_user_id, before.followers
        ),
        metadata,
        now,
    )
}

/// The alert about a follower who seems to be no person.
#[must_use]
pub fn follower_alert(account: &Linked, follower: &Follower, now: Timestamp) -> Alert {
    let network = account.platform.shown();
    let metadata = [
        ("follower", json!(follower.handle)),
        (
            "suspicion",
            json!((suspicion(follower, now) * 100.0).round() / 100.0),
        ),
        ("accountCreatedAt", json!(follower.created_at)),
        ("posts", json!(follower.posts)),
    ];
    alert(
        account,
        AlertId::of_follower(account.id, &follower.handle),
        AlertType::SuspiciousFollower,
        Severity::Low,
        format!("A new follower on {network} you may want to look at"),
        format!(
            "@{} began to follow @{}. The account looks unlike one of a person: it is new, empty, or \
             follows very many. You can remove or block it on {network}.",
            follower.handle, account.platform_user_id
        ),
        metadata,
        now,
    )
}

/// The most suspicious followers of one look that she is told of.
#[must_use]
pub fn most_suspicious(found: Vec<&Follower>) -> Vec<&Follower> {
    found.into_iter().take(NAMED).collect()
}

#[expect(clippy::too_many_arguments, reason = "the parts of an alert")]
fn alert<const N: usize>(
    account: &Linked,
    id: AlertId,
    kind: AlertType,
    severity: Severity,
    title: String,
    description: String,
    facts: [(&str, Value); N],
    now: Timestamp,
) -> Alert {
    let mut metadata = Map::from_iter([
        ("platform".to_owned(), json!(account.platform.shown())),
        ("accountId".to_owned(), json!(account.id)),
    ]);
    metadata.extend(facts.map(|(name, value)| (name.to_owned(), value)));
    Alert {
        id,
        user_id: account.user_id,
        kind,
        severity,
        title,
        description,
        metadata: Some(metadata),
        status: AlertStatus::New,
        created_at: now,
        viewed_at: None,
        actioned_at: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LinkedKind, Platform, UserId};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_epoch_seconds(1_800_000_000 + second).unwrap()
    }

    fn bot(handle: &str) -> Follower {
        Follower {
            handle: handle.into(),
            created_at: Some(at(-3600)),
            posts: 0,
            followers: 1,
            following: 900,
            has_picture: false,
        }
    }

    fn account() -> Linked {
        let user = UserId::parse("6f9619ff-8b86-4d01-b42d-00cf4fc964fe").unwrap();
        Linked::new(user, Platform::Instagram, LinkedKind::Handle, "ana", at(0))
    }

    #[test]
    fn a_surge_is_half_as_many_again_and_not_a_handful() {
        assert_eq!(surge(100, 149), None);
        assert_eq!(surge(100, 150), Some(0.5));
        assert_eq!(surge(2, 12), None);
        assert_eq!(surge(0, 20), Some(20.0));
        assert_eq!(surge(100, 50), None);
        assert_eq!(surge(1000, 1000), None);
    }

    #[test]
    fn numbers_of_a_directory_may_be_as_large_as_they_come() {
        let crowd = Follower {
            followers: u64::MAX,
            following: u64::MAX,
            ..bot("b")
        };
        assert!((suspicion(&crowd, at(0)) - 0.7).abs() < 1e-9);
        assert!(surge(0, u64::MAX).is_some());
    }

    #[test]
    fn suspicion_adds_up() {
        assert!((suspicion(&bot("b"), at(0)) - 1.0).abs() < 1e-9);
        let person = Follower {
            created_at: Some(at(-3 * YOUNG)),
            posts: 40,
            followers: 200,
            has_picture: true,
            ..bot("p")
        };
        assert!(suspicion(&person, at(0)).abs() < 1e-9);
        let quiet = Follower {
            posts: 0,
            has_picture: false,
            ..person.clone()
        };
        assert!((suspicion(&quiet, at(0)) - 0.4).abs() < 1e-9);
        let new = Follower {
            created_at: Some(at(-5)),
            followers: 2,
            ..person.clone()
        };
        assert!((suspicion(&new, at(0)) - 0.6).abs() < 1e-9);
        let all = [person, bot("z"), new, bot("b"), quiet];
        let found: Vec<_> = suspicious(&all, at(0))
            .iter()
            .map(|it| it.handle.clone())
            .collect();
        assert_eq!(found, ["b", "z", "p"]);
        let many: Vec<Follower> = (0..30).map(|it| bot(&it.to_string())).collect();
        assert_eq!(most_suspicious(suspicious(&many, at(0))).len(), NAMED);
    }

    #[test]
    fn she_is_told_calmly_and_once() {
        let before = ProfileSnapshot {
            at: at(-60),
            followers: 100,
        };
        let surge = surge_alert(&account(), &before, 180, 0.8, at(0));
        assert_eq!(
            (surge.kind, surge.severity),
            (AlertType::BehavioralChange, Severity::Medium)
        );
        assert!(
            surge.description.contains("from 100 to 180") && surge.description.contains("80 %")
        );
        assert_eq!(
            surge.id,
            surge_alert(&account(), &before, 190, 0.9, at(5)).id
        );
        let follower = follower_alert(&account(), &bot("b"), at(0));
        assert_eq!(follower.kind, AlertType::SuspiciousFollower);
        assert_eq!(follower.metadata.as_ref().unwrap()["follower"], "b");
        assert_ne!(follower.id, follower_alert(&account(), &bot("c"), at(0)).id);
        for text in [surge.description, follower.description] {
            for word in ["victim", "urgent", "danger", "warning", "!", "abuse"] {
                assert!(!text.to_lowercase().contains(word), "{text}: {word}");
            }
        }
    }
}
