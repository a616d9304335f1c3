//! Notification preferences: read, replace, change through a mailed stop link.

use serde::Serialize;
use url::Url;

use crate::auth::OneTime;
use crate::domain::{Channels, Error, MailStop, Preferences, Result, Timestamp, UserId, notice};
use crate::engines::{may_be_called, new_secret};
use crate::services::notices::mail_links;
use crate::store::{ChannelsPatch, MailLinkPurpose, NoticeAttempt, PreferencesRow, Store};

/// How many deliveries are shown.
const SHOWN: usize = 50;

/// How often a change is tried again when another was faster.
const WRITE_CONFLICT_RETRIES: u32 = 8;

/// Her preferences as she sees them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = PreferencesView))]
#[serde(rename_all = "camelCase")]
pub struct PreferencesView {
    /// What she chose.
    #[serde(flatten)]
    pub preferences: Preferences,
    /// When, if ever.
    pub updated_at: Option<Timestamp>,
    /// Since when she agrees to the recognition of her face.
    pub face_recognition_since: Option<Timestamp>,
    /// Why no mail goes to her, until she chooses mail again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail_stop: Option<MailStop>,
    /// What calls of her webhook are signed with: shown once, when its address is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_secret: Option<String>,
    /// Told apart from what she chose before.
    #[serde(skip)]
    edition: Option<String>,
}

/// What she chose, or what holds until she does.
pub async fn get(store: &Store, user: UserId) -> Result<PreferencesView> {
    Ok(store.preferences(user).await?.map_or_else(
        || PreferencesView {
            preferences: Preferences::default(),
            updated_at: None,
            face_recognition_since: None,
            mail_stop: None,
            webhook_secret: None,
            edition: None,
        },
        |row| PreferencesView {
            preferences: row.preferences,
            updated_at: (!row.is_unreadable).then_some(row.updated_at),
            face_recognition_since: row.face_consent_at,
            mail_stop: row.mail_stop,
            webhook_secret: None,
            edition: Some(row.edition),
        },
    ))
}

/// Replaces `before` by what she chose now. `allowed` is the one address that may be called although it
/// is not public; only the local stack names one.
pub async fn set(
    store: &Store,
    user: UserId,
    before: &PreferencesView,
    chosen: Preferences,
    allowed: Option<&str>,
    now: Timestamp,
) -> Result<PreferencesView> {
    let chosen = chosen
        .checked()
        .map_err(|(at, why)| Error::invalid_at(at, why))?;
    let webhook = chosen.channels.webhook.as_deref();
    if webhook.is_some_and(|it| !may_be_called(it, allowed)) {
        return Err(Error::invalid_at(
            "channels",
            "A webhook has an https address that anybody can reach.",
        ));
    }
    let row = store.preferences(user).await?;
    let is_same = row.as_ref().is_some_and(|it| {
        it.webhook_secret.is_some() && it.preferences.channels.webhook == chosen.channels.webhook
    });
    let faces = FaceConsent::after(row.as_ref(), chosen.face_recognition, now);
    let kept = row.unwrap_or_else(|| PreferencesRow::first(now));
    let mail_stop = kept.mail_stop.filter(|_| !chosen.channels.email);
    let new_webhook = webhook.filter(|_| !is_same);
    let alert = new_webhook.map(|it| notice::webhook_alert(user, &host_of(it), now));
    let new_secret = new_webhook.map(|_| new_secret()).transpose()?;
    let after = PreferencesRow {
        webhook_secret: match webhook {
            Some(_) => new_secret.clone().or(kept.webhook_secret),
            None => None,
        },
        stop_token: kept.stop_token,
        preferences: chosen,
        updated_at: now,
        face_consent_at: faces.agreed_at,
        face_withdrawn_at: faces.withdrawn_at,
        mail_stop: mail_stop.clone(),
        has_faces_left: faces.are_left,
        edition: OneTime::draw()?.token,
        is_unreadable: false,
    };
    let mut tx = store
        .tx()
        .write_preferences(user, before.edition.as_deref(), &after);
    if let Some(alert) = &alert {
        tx = tx.raise_in_app(alert);
    }
    if !tx.commit().await?.is_done() {
        return Err(Error::conflict(
            "PREFERENCES_CHANGED",
            "Your preferences were changed at the same time. Please look at them again.",
        ));
    }
    if faces.are_left
        && let Err(err) = store.forget_faces(user).await
    {
        // Nothing uses them any longer, and the schedule takes it up within a minute.
        tracing::warn!(
            error.chain = err.chain(),
            "faces could not be forgotten at once"
        );
    }
    Ok(PreferencesView {
        preferences: after.preferences,
        updated_at: Some(now),
        face_recognition_since: faces.agreed_at,
        mail_stop,
        webhook_secret: new_secret,
        edition: Some(after.edition),
    })
}

/// How she stands to the recognition of her face.
struct FaceConsent {
    agreed_at: Option<Timestamp>,
    withdrawn_at: Option<Timestamp>,
    /// What was learnt while she agreed is still there.
    are_left: bool,
}

impl FaceConsent {
    /// After she said whether she agrees.
    fn after(before: Option<&PreferencesRow>, agrees: bool, now: Timestamp) -> Self {
        let agreed_at = before.and_then(|it| it.face_consent_at);
        let withdraws = agreed_at.is_some() && !agrees;
        let withdrawn_at = before.and_then(|it| it.face_withdrawn_at);
        Self {
            agreed_at: agrees.then_some(agreed_at.unwrap_or(now)),
            withdrawn_at: if withdraws { Some(now) } else { withdrawn_at },
            // Whether she agreed before is not known of an unreadable row; what she says now counts.
            are_left: withdraws
                || before.is_some_and(|it| it.has_faces_left && !(it.is_unreadable && agrees)),
        }
    }
}

/// Stops all messages for whoever's token this is, and uses it up. `false`: it is not good for that.
pub async fn stop(store: &Store, token: &str, now: Timestamp) -> Result<bool> {
    for _ in 0..WRITE_CONFLICT_RETRIES {
        let Some(StopRight { user, link, row }) = stop_right(store, token, now).await? else {
            return Ok(false);
        };
        let before = row.edition.clone();
        let mut tx = store.tx();
        if let Some(hash) = &link {
            tx = tx.use_mail_link(user, hash);
        }
        let tx = if row.is_unreadable {
            let edition = OneTime::draw()?.token;
            tx.patch_channels(user, &before, ChannelsPatch::Stop, &edition)
        } else {
            let after = PreferencesRow {
                stop_token: None,
                ..without_channels(row, Channels::default(), now)?
            };
            tx.write_preferences(user, Some(&before), &after)
        };
        if tx.commit().await?.is_done() {
            return Ok(true);
        }
    }
    Err(Error::unavailable(
        "stopping messages",
        "they kept changing",
    ))
}

/// Whether messages can be stopped with this token.
pub async fn can_stop(store: &Store, token: &str, now: Timestamp) -> Result<bool> {
    Ok(stop_right(store, token, now).await?.is_some())
}

/// Whose messages a token stops.
struct StopRight {
    user: UserId,
    /// The hash of the mail's own link; none if the mail has the link that all her mails once had.
    link: Option<String>,
    row: PreferencesRow,
}

async fn stop_right(store: &Store, token: &str, now: Timestamp) -> Result<Option<StopRight>> {
    let link = mail_links::find(store, token, MailLinkPurpose::Stop, now).await?;
    let Some(user) = mail_links::user_of(token) else {
        return Ok(None);
    };
    let Some(row) = store.preferences(user).await? else {
        return Ok(None);
    };
    // By their hashes, so that how long it takes says nothing of the token.
    let is_former = |it: &String| OneTime::hash(it) == OneTime::hash(token);
    let is_good = link.is_some() || row.stop_token.as_ref().is_some_and(is_former);
    let link = link.map(|it| it.hash);
    Ok(is_good.then_some(StopRight { user, link, row }))
}

/// Removes her webhook: whoever knew her password may have set it.
pub async fn clear_webhook(store: &Store, user: UserId, now: Timestamp) -> Result<()> {
    for _ in 0..WRITE_CONFLICT_RETRIES {
        let row = store.preferences(user).await?;
        let row = row.filter(|it| it.preferences.channels.webhook.is_some());
        let Some(row) = row else { return Ok(()) };
        let before = row.edition.clone();
        let channels = Channels {
            webhook: None,
            ..row.preferences.channels.clone()
        };
        let after = without_channels(row, channels, now)?;
        if store.set_preferences(user, Some(&before), &after).await? {
            return Ok(());
        }
    }
    Err(Error::unavailable(
        "removing a webhook",
        "they kept changing",
    ))
}

/// The row with these channels and no webhook.
fn without_channels(
    row: PreferencesRow,
    channels: Channels,
    now: Timestamp,
) -> Result<PreferencesRow> {
    Ok(PreferencesRow {
        preferences: Preferences {
            channels,
            ..row.preferences
        },
        webhook_secret: None,
        updated_at: now,
        edition: OneTime::draw()?.token,
        ..row
    })
}

/// Where a webhook leads, in the words of an alert.
fn host_of(webhook: &str) -> String {
    let url = Url::parse(webhook).ok();
    let host = url.as_ref().and_then(Url::host_str);
    host.unwrap_or("another site").to_owned()
}

/// What became of the last attempts to tell her.
pub async fn deliveries(store: &Store, user: UserId) -> Result<Vec<NoticeAttempt>> {
    store.deliveries(user, SHOWN).await
}
