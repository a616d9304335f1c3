//! Preference rows: channels, webhook secret, consent.

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;

use super::reading::{RowState, text};
use super::tx::{Change, Tx};
use super::{Append, Item, Key, Row, Store};
use crate::domain::feed::{FeedChange, FeedTopic};
use crate::domain::{Channels, MailStop, Preferences, Result, Timestamp, UserId};

/// Kind of work in the `due` index: faces are to be forgotten.
pub(crate) const DUE_FORGET: &str = "FORGET_FACES";

/// The attribute that tells one state of the row from another.
const EDITION: &str = "edition";

/// There while she agrees to the recognition of her face.
const CONSENT: &str = "faceConsentAt";

/// Her preferences with what she is not shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PreferencesRow {
    /// What she chose.
    #[serde(deserialize_with = "stored_preferences")]
    pub preferences: Preferences,
    /// What calls of her webhook are signed with.
    pub webhook_secret: Option<String>,
    /// What the links that stop all messages held when all her mails had the same one. Such mails are still
    /// in mailboxes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_token: Option<String>,
    /// When she chose it.
    pub updated_at: Timestamp,
    /// Since when she agrees to the recognition of her face.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub face_consent_at: Option<Timestamp>,
    /// When she last took that back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub face_withdrawn_at: Option<Timestamp>,
    /// Why no mail goes to her, until she chooses mail again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail_stop: Option<MailStop>,
    /// There may still be faces that she wants forgotten.
    #[serde(default)]
    pub has_faces_left: bool,
    /// Told apart from what she chose before.
    pub edition: String,
    /// The stored row is unreadable; this one stands in its place and allows nothing.
    #[serde(skip)]
    pub is_unreadable: bool,
}

/// Preferences as rows have them: the end of a pause was once taken of any year. One beyond the bounds of
/// a [`Timestamp`] becomes the nearer bound, and one that is no time is dropped, so that all else she
/// chose still holds.
fn stored_preferences<'de, D: Deserializer<'de>>(from: D) -> Result<Preferences, D::Error> {
    let mut stored = Value::deserialize(from)?;
    if let Some(until) = stored.get_mut("pausedUntil") {
        let moment = until.as_str().and_then(Timestamp::parse_clamped);
        *until = moment.map_or(Value::Null, |it| Value::String(it.to_string()));
    }
    serde_json::from_value(stored).map_err(de::Error::custom)
}

impl PreferencesRow {
    /// The row of somebody who has chosen nothing yet.
    #[must_use]
    pub fn first(now: Timestamp) -> Self {
        Self {
            preferences: Preferences::default(),
            webhook_secret: None,
            stop_token: None,
            updated_at: now,
            face_consent_at: None,
            face_withdrawn_at: None,
            mail_stop: None,
            has_faces_left: false,
            edition: String::new(),
            is_unreadable: false,
        }
    }

    /// What holds in place of an unreadable row. Faces that were kept with her consent may be left.
    fn closed(item: &Item) -> Self {
        let kept = |name| text(item, name).map(str::to_owned);
        let updated_at = kept("updatedAt").and_then(|it| Timestamp::parse(&it));
        Self {
            preferences: Preferences::closed(),
            webhook_secret: None,
            stop_token: kept("stopToken"),
            updated_at: updated_at.unwrap_or(Timestamp::FIRST),
            face_consent_at: None,
            face_withdrawn_at: None,
            mail_stop: None,
            has_faces_left: true,
            edition: kept(EDITION).unwrap_or_default(),
            is_unreadable: true,
        }
    }
}

/// A change of the channels of an unreadable row.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ChannelsPatch {
    /// No channel is left.
    Stop,
    /// Mail is wanted or not.
    Email(bool),
}

impl ChannelsPatch {
    fn change(self) -> Change {
        let change = Change::default().if_exists();
        match self {
            Self::Stop => change.remove("webhookSecret").set_in(
                &["preferences"],
                "channels",
                Channels::default(),
            ),
            Self::Email(wanted) => {
                let change = if wanted {
                    change.remove("mailStop")
                } else {
                    change
                };
                change.set_in(&["preferences", "channels"], "email", wanted)
            }
        }
    }
}

pub(super) fn key(user: UserId) -> Key {
    Key::user(user, "PREFERENCES")
}

impl Store {
    /// Her preferences, once she has any. In place of an unreadable row stands one that allows nothing.
    pub async fn preferences(&self, user: UserId) -> Result<Option<PreferencesRow>> {
        Ok(match self.get_state(&key(user)).await? {
            RowState::Absent => None,
            RowState::Readable(row) => Some(row),
            RowState::Unreadable(item) => Some(PreferencesRow::closed(&item)),
        })
    }

    /// Whether she agrees to the recognition of her face.
    pub async fn may_recognise(&self, user: UserId) -> Result<bool> {
        let row = self.preferences(user).await?;
        Ok(row.is_some_and(|it| it.face_consent_at.is_some()))
    }

    /// Stores her preferences in place of those of the edition `before`; an empty one is that of an
    /// unreadable row that has none. `false`: somebody was faster, or she is gone.
    pub async fn set_preferences(
        &self,
        user: UserId,
        before: Option<&str>,
        after: &PreferencesRow,
        event: Option<Append>,
    ) -> Result<bool> {
        let tx = self.tx().write_preferences(user, before, after);
        let tx = tx.append_all(event);
        Ok(tx.commit().await?.is_done())
    }

    /// Nothing of the faces in her pictures is kept any longer.
    pub(super) async fn faces_are_forgotten(&self, user: UserId) -> Result<()> {
        let change = Change::default()
            .if_exists()
            .not_due()
            .set("hasFacesLeft", false);
        self.tx().update(&key(user), change).commit().await?;
        Ok(())
    }
}

impl Tx<'_> {
    /// Stores her preferences in place of those of the edition `before`; an empty one is that of an
    /// unreadable row that has none. Refused if somebody was faster, or she is gone.
    pub(crate) fn write_preferences(
        self,
        user: UserId,
        before: Option<&str>,
        after: &PreferencesRow,
    ) -> Self {
        let mut row = Row::new(key(user), after);
        if after.has_faces_left {
            row = row.due(DUE_FORGET, after.updated_at);
        }
        let tx = self
            .require(&super::users::account_key(user))
            .publish(user, FeedChange::any(FeedTopic::Preferences));
        match before {
            None => tx.create(&row),
            Some("") => tx.put_without(&row, EDITION),
            Some(edition) => tx.put_when(&row, EDITION, edition),
        }
    }

    /// Changes the channels of an unreadable row of the edition `before`, and leaves the rest of it for
    /// whoever can read it. Refused if somebody was faster, she is gone, or the row has no channels.
    pub(crate) fn patch_channels(
        self,
        user: UserId,
        before: &str,
        patch: ChannelsPatch,
        edition: &str,
    ) -> Self {
        let change = patch.change().set(EDITION, edition);
        let change = change.apply(|it| match before {
            "" => it.unless_text(EDITION),
            _ => it.when(EDITION, "=", before),
        });
        self.require(&super::users::account_key(user))
            .update(&key(user), change)
            .publish(user, FeedChange::any(FeedTopic::Preferences))
    }

    /// Goes through only while she agrees to the recognition of her face.
    pub(super) fn with_consent(self, user: UserId) -> Self {
        self.require_attribute(&key(user), CONSENT)
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::AttributeValue;

    use super::*;

    #[test]
    fn consent_is_an_attribute_that_is_there_or_not() {
        let row = |at| PreferencesRow {
            face_consent_at: at,
            ..PreferencesRow::first(Timestamp::from_epoch_seconds(1).unwrap())
        };
        let has = |it| {
            let item = crate::store::write(&Row::new(key(UserId::random()), it)).unwrap();
            item.contains_key(CONSENT)
        };
        assert!(has(row(Timestamp::from_epoch_seconds(1))) && !has(row(None)));
    }

    #[test]
    fn a_pause_that_an_earlier_version_took_leaves_the_row_readable() {
        let chosen = Preferences {
            utc_offset_minutes: -60,
            ..Preferences::default()
        };
        let row = PreferencesRow {
            preferences: chosen.clone(),
            ..PreferencesRow::first(Timestamp::FIRST)
        };
        let read = |until: AttributeValue| {
            let mut item = crate::store::write(&Row::new(key(UserId::random()), &row)).unwrap();
            let preferences = item.get_mut("preferences").unwrap();
            let AttributeValue::M(preferences) = preferences else {
                panic!("a map")
            };
            preferences.insert("pausedUntil".into(), until);
            let read: PreferencesRow = crate::store::read(item).unwrap();
            read.preferences
        };
        let text = |it: &str| AttributeValue::S(it.into());
        for (stored, until) in [
            (text("2026-12-01T00:00:00.000Z"), "2026-12-01T00:00:00Z"),
            (text("9999-12-31T00:00:00.000Z"), "2200-12-31T23:59:59.999Z"),
            (text("-0001-12-31T23:00:00.000Z"), ""),
            (AttributeValue::Null(true), ""),
            (AttributeValue::N("5".into()), ""),
        ] {
            let wanted = Preferences {
                paused_until: Timestamp::parse(until),
                ..chosen.clone()
            };
            assert_eq!(read(stored), wanted);
        }
        // What she sends is still held to the bounds.
        let sent = serde_json::json!({ "pausedUntil": "9999-12-31T00:00:00Z" });
        assert!(serde_json::from_value::<Preferences>(sent).is_err());
    }
}
