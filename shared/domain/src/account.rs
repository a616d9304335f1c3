//! Accounts and sessions: sign-in state, refresh token generations, reuse tolerance, idle and absolute
//! session life.

use serde::{Deserialize, Serialize};

use super::{EarlierAddress, Error, LinkKind, Profile, Result, SessionId, Timestamp, UserId};

/// A sign-in that was not used for so long has ended, in seconds.
const SESSION_IDLE_SECONDS: i64 = 60 * 24 * 3600;

/// A refresh token may be shown again for so long after its successor was given out, in milliseconds.
const REFRESH_REUSE_MILLIS: i64 = 10_000;

/// The parent of the newest refresh token may be shown again for so long, in milliseconds. Whoever lost the
/// answer to a refresh asks again within minutes; a copy of the parent must not work for ever.
const PARENT_REUSE_MILLIS: i64 = 10 * 60 * 1000;

/// How long after the password was entered a sensitive act needs no other confirmation, in seconds.
pub const RECENT_SECONDS: i64 = 15 * 60;

/// The most characters of a session's name.
const MAX_SESSION_NAME: usize = 60;

/// Who vouches for her.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum AccountOrigin {
    /// Ourselves: she has a password here.
    Own,
    /// The issuer that was configured; we know only what its tokens say.
    External,
}

/// Her account, with her profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names say it")]
pub struct Account {
    #[serde(flatten)]
    pub profile: Profile,
    /// Lower case.
    pub email: String,
    pub origin: AccountOrigin,
    /// What the app is told; without `ConfirmFirst` it is set at sign-up. Not a proof.
    pub email_confirmed_at: Option<Timestamp>,
    /// When she first showed that she reads this address, by using a mailed link.
    #[serde(default)]
    pub proved_at: Option<Timestamp>,
    /// Keyed name of the network address the account was made from, until `proved_at` is set.
    #[serde(default)]
    pub signed_up_from: Option<String>,
    pub last_sign_in_at: Option<Timestamp>,
    pub confirmation_sent_at: Option<Timestamp>,
    pub recovery_sent_at: Option<Timestamp>,
    pub updated_at: Timestamp,
    /// Changes with the password. A sign-in is stored only if it is what the check began with.
    pub password_at: Timestamp,
    /// Hashes of the confirmation links that work, the oldest first. A link that is not here does not work.
    #[serde(default)]
    pub confirmation_links: Vec<String>,
    /// Hashes of the recovery links that work, the oldest first.
    #[serde(default)]
    pub recovery_links: Vec<String>,
    /// The address before the last change, and the link that puts it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier_address: Option<EarlierAddress>,
}

impl Account {
    /// A new woman's account. Sign-up confirms the address at once, as the app expects.
    #[must_use]
    pub fn new(id: UserId, email: &str, now: Timestamp) -> Self {
        Self {
            profile: Profile::new(id, now),
            email: email.to_owned(),
            origin: AccountOrigin::Own,
            email_confirmed_at: Some(now),
            proved_at: None,
            signed_up_from: None,
            last_sign_in_at: None,
            confirmation_sent_at: None,
            recovery_sent_at: None,
            updated_at: now,
            password_at: now,
            confirmation_links: Vec::new(),
            recovery_links: Vec::new(),
            earlier_address: None,
        }
    }

    /// The address before the last change, while it can still be put back.
    #[must_use]
    pub fn reserved_address(&self, now: Timestamp) -> Option<&EarlierAddress> {
        self.earlier_address.as_ref().filter(|it| it.is_open(now))
    }

    /// The account as it is put aside when it is deleted. While a change of the address can be undone it has the
    /// earlier address: who changed it may not be she, and must not be the only one who can bring it back.
    #[must_use]
    pub fn put_aside(&self, now: Timestamp) -> Self {
        let earlier = self.reserved_address(now).map(|it| it.email.clone());
        Self {
            email: earlier.unwrap_or_else(|| self.email.clone()),
            earlier_address: None,
            ..self.clone()
        }
    }

    /// Her id.
    #[must_use]
    pub fn id(&self) -> UserId {
        self.profile.id
    }

    /// Whether it is known that she reads this address.
    #[must_use]
    pub fn is_proved(&self) -> bool {
        self.proved_at.is_some()
    }

    /// The hashes of her links of this kind that work.
    #[must_use]
    pub fn links(&self, kind: LinkKind) -> &[String] {
        match kind {
            LinkKind::SignUp => &self.confirmation_links,
            LinkKind::Recovery => &self.recovery_links,
        }
    }
}

/// How she signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names say it")]
pub enum SignInMethod {
    Password,
    Link,
}

/// A sign-in on one device, and the family of refresh tokens that keeps it alive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Its name.
    pub id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// How it began.
    pub method: SignInMethod,
    /// When it began.
    pub created_at: Timestamp,
    /// When its newest refresh token was given out.
    pub refreshed_at: Timestamp,
    /// Which refresh token is the newest.
    pub generation: u32,
    /// Tokens superseded within the last moments.
    pub superseded: Vec<Superseded>,
    /// Words for the device, like "Firefox on Android".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// What she calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When the password was last entered again after the session began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Timestamp>,
}

/// A refresh token that has a successor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Superseded {
    pub generation: u32,
    pub at: Timestamp,
}

/// What to do with a refresh token that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// It is the newest: give out the next.
    Newest,
    /// It is older, but whoever shows it may not have seen its successor: give the newest out again.
    Again,
    /// It is an old one: somebody has kept a copy. The whole sign-in must end.
    Replayed,
    /// We never gave it out.
    Unknown,
    /// The sign-in has ended of itself.
    Expired,
}

impl Session {
    /// A new sign-in.
    #[must_use]
    pub fn new(user: UserId, method: SignInMethod, now: Timestamp) -> Self {
        let id = SessionId::random();
        Self {
            id,
            user_id: user,
            method,
            created_at: now,
            refreshed_at: now,
            generation: 0,
            superseded: vec![],
            device: None,
            name: None,
            confirmed_at: None,
        }
    }

    /// The same on a device that is called so.
    #[must_use]
    pub fn on_device(self, words: &str) -> Self {
        Self {
            device: Some(words.to_owned()),
            ..self
        }
    }

    /// When the password was last entered in this session; a mailed link is no password. A refresh does not
    /// change it.
    #[must_use]
    pub fn password_entered_at(&self) -> Option<Timestamp> {
        let began = (self.method == SignInMethod::Password).then_some(self.created_at);
        self.confirmed_at.or(began)
    }

    /// When it ends if it is not used.
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        self.refreshed_at.plus_seconds(SESSION_IDLE_SECONDS)
    }

    /// Whether it has ended of itself: unused for too long, or `life` seconds after it began.
    #[must_use]
    pub fn is_over(&self, life: i64, now: Timestamp) -> bool {
        now >= self.ends_at() || now >= self.created_at.plus_seconds(life)
    }

    /// Judges a refresh token of this sign-in, which ends `life` seconds after it began however often it
    /// is used.
    #[must_use]
    pub fn judge(&self, generation: u32, life: i64, now: Timestamp) -> Shown {
        let is_over = self.is_over(life, now);
        let just_superseded = || {
            self.superseded
                .iter()
                .any(|it| it.generation == generation && is_recent(it, now))
        };
        match self.generation.checked_sub(generation) {
            _ if is_over => Shown::Expired,
            None => Shown::Unknown,
            Some(0) => Shown::Newest,
            // The newest was given out when its parent was superseded.
            Some(1) if now.millis_since(self.refreshed_at) <= PARENT_REUSE_MILLIS => Shown::Again,
            Some(_) if just_superseded() => Shown::Again,
            Some(_) => Shown::Replayed,
        }
    }

    /// The sign-in after its newest token was shown.
    #[must_use]
    pub fn rotated(&self, now: Timestamp) -> Self {
        let mut superseded: Vec<Superseded> = self
            .superseded
            .iter()
            .filter(|it| is_recent(it, now))
            .copied()
            .collect();
        superseded.push(Superseded {
            generation: self.generation,
            at: now,
        });
        Self {
            generation: self.generation + 1,
            refreshed_at: now,
            superseded,
            ..self.clone()
        }
    }
}

/// Checks the name of a session; nothing but spaces clears it.
pub fn session_name(text: Option<&str>) -> Result<Option<String>> {
    let Some(name) = text.map(str::trim).filter(|it| !it.is_empty()) else {
        return Ok(None);
    };
    if name.chars().count() > MAX_SESSION_NAME || name.chars().any(char::is_control) {
        return Err(Error::invalid_at(
            "name",
            "A name has at most 60 characters, on one line.",
        ));
    }
    Ok(Some(name.to_owned()))
}

fn is_recent(it: &Superseded, now: Timestamp) -> bool {
    now.millis_since(it.at) <= REFRESH_REUSE_MILLIS
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: i64 = 90 * 24 * 3600;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_epoch_seconds(1_800_000_000 + seconds).unwrap()
    }

    fn session() -> Session {
        Session::new(UserId::random(), SignInMethod::Password, at(0))
    }

    #[test]
    fn the_newest_rotates_and_its_parent_gets_the_same_again_for_ten_minutes() {
        let session = session().rotated(at(10));
        assert_eq!(session.judge(1, LIFE, at(20)), Shown::Newest);
        assert_eq!(session.judge(0, LIFE, at(11)), Shown::Again);
        assert_eq!(session.judge(0, LIFE, at(10 + 600)), Shown::Again);
        assert_eq!(session.judge(0, LIFE, at(10 + 601)), Shown::Replayed);
        assert_eq!(session.judge(2, LIFE, at(20)), Shown::Unknown);
    }

    #[test]
    fn a_grandparent_is_fine_for_ten_seconds_after_it_was_superseded() {
        let session = session().rotated(at(10)).rotated(at(15));
        assert_eq!(session.judge(0, LIFE, at(20)), Shown::Again);
        assert_eq!(session.judge(0, LIFE, at(21)), Shown::Replayed);
        // Not ten seconds after the last refresh: a copy stolen long ago must not profit from it.
        let session = self::session().rotated(at(10)).rotated(at(1000));
        assert_eq!(session.judge(0, LIFE, at(1001)), Shown::Replayed);
    }

    #[test]
    fn only_the_last_moments_are_kept() {
        let mut session = session();
        for it in 0..100 {
            session = session.rotated(at(it * 5));
        }
        assert_eq!(session.generation, 100);
        assert!(session.superseded.len() <= 3, "{:?}", session.superseded);
    }

    #[test]
    fn a_sign_in_ends_however_often_it_is_used() {
        let mut session = session();
        for day in 1..90 {
            session = session.rotated(at(day * 24 * 3600));
        }
        let newest = session.generation;
        assert_eq!(session.judge(newest, LIFE, at(LIFE - 1)), Shown::Newest);
        assert_eq!(session.judge(newest, LIFE, at(LIFE)), Shown::Expired);
    }

    #[test]
    fn a_refresh_and_a_mailed_link_are_no_password() {
        let first = session();
        assert_eq!(first.password_entered_at(), Some(at(0)));
        assert_eq!(first.rotated(at(10)).password_entered_at(), Some(at(0)));
        let mut mailed = Session::new(UserId::random(), SignInMethod::Link, at(0));
        assert_eq!(mailed.password_entered_at(), None);
        mailed.confirmed_at = Some(at(20));
        assert_eq!(mailed.rotated(at(30)).password_entered_at(), Some(at(20)));
    }

    #[test]
    fn a_session_of_before_is_readable() {
        let mut stored = serde_json::to_value(session()).unwrap();
        let fields = stored.as_object_mut().unwrap();
        for later in ["device", "name", "confirmedAt"] {
            fields.remove(later);
        }
        let read: Session = serde_json::from_value(stored).unwrap();
        assert_eq!(
            (read.device, read.name, read.confirmed_at),
            (None, None, None)
        );
    }

    #[test]
    fn a_name_is_one_short_line_or_none() {
        assert_eq!(
            session_name(Some(" my phone ")).unwrap().unwrap(),
            "my phone"
        );
        assert_eq!(session_name(Some("  ")).unwrap(), None);
        assert_eq!(session_name(None).unwrap(), None);
        for bad in ["a\nb", &"x".repeat(61)] {
            assert!(session_name(Some(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_unused_sign_in_ends() {
        let session = session();
        assert_eq!(
            session.judge(0, LIFE, at(SESSION_IDLE_SECONDS - 1)),
            Shown::Newest
        );
        assert_eq!(
            session.judge(0, LIFE, at(SESSION_IDLE_SECONDS)),
            Shown::Expired
        );
    }

    #[test]
    fn a_deleted_account_has_the_earlier_address_while_the_change_can_be_undone() {
        let mut account = Account::new(UserId::random(), "new@example.net", at(0));
        assert_eq!(account.put_aside(at(0)), account);
        account.earlier_address = Some(EarlierAddress {
            email: "old@example.net".into(),
            hash: "h".into(),
            sealed_token: "s".into(),
            until: at(crate::ADDRESS_UNDO_SECONDS),
        });
        for (seconds, email) in [
            (24 * 3600 - 1, "old@example.net"),
            (24 * 3600, "new@example.net"),
        ] {
            let aside = account.put_aside(at(seconds));
            assert_eq!((aside.email.as_str(), aside.earlier_address), (email, None));
        }
    }

    #[test]
    fn an_account_of_before_is_readable() {
        let account = Account::new(UserId::random(), "ana@example.net", at(0));
        let stored = serde_json::to_value(&account).unwrap();
        assert!(stored.get("earlierAddress").is_none());
        assert_eq!(serde_json::from_value::<Account>(stored).unwrap(), account);
    }
}
