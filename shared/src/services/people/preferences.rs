//! Notification preferences: read, replace, change through a mailed stop link.

use serde::Serialize;
use serde_json::Value;
use url::Url;

use crate::auth::{Caller, OneTime};
use crate::domain::event::{
    AccountPreferencesChanged, Actor, Consent, ConsentChanged, EnginesChosen, StreamName,
    changed_preferences,
};
use crate::domain::{Channels, Error, MailStop, Preferences, Result, Timestamp, UserId, notice};
use crate::engines::{may_be_called, new_secret};
use crate::services::notices::mail_links::{self, MailLinks};
use crate::services::record::event_log::EventLog;
use crate::store::{
    Append, ChannelsPatch, MailLinkPurpose, NoticeAttempt, PreferencesRow, Store, retry_on_conflict,
};

/// How many deliveries are shown.
const SHOWN: usize = 50;

/// Preferences as the user sees them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = PreferencesView))]
#[serde(rename_all = "camelCase")]
pub struct PreferencesView {
    /// What she chose.
    #[serde(flatten)]
    pub preferences: Preferences,
    /// When, if ever.
    pub updated_at: Option<Timestamp>,
    /// Since when the user consents to face recognition.
    pub face_recognition_since: Option<Timestamp>,
    /// Why no mail is sent, until the user turns mail on again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail_stop: Option<MailStop>,
    /// The key that signs webhook calls: shown once, when the address is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook_secret: Option<String>,
    /// Told apart from what she chose before.
    #[serde(skip)]
    edition: Option<String>,
}

impl PreferencesView {
    fn of(row: PreferencesRow) -> Self {
        Self {
            preferences: row.preferences,
            updated_at: (!row.is_unreadable).then_some(row.updated_at),
            face_recognition_since: row.face_consent_at,
            mail_stop: row.mail_stop,
            webhook_secret: None,
            edition: Some(row.edition),
        }
    }
}

/// Reads and changes notification preferences.
#[derive(Clone, Debug)]
pub struct UserPreferences {
    store: Store,
    log: EventLog,
    mail_links: MailLinks,
    /// The one host that webhooks may call although it is not public; only the local stack names one.
    webhook_host: Option<String>,
}

impl UserPreferences {
    /// The service over this table, which records what she chooses in this log.
    #[must_use]
    pub fn new(store: Store, log: EventLog) -> Self {
        Self {
            mail_links: MailLinks::new(store.clone()),
            store,
            log,
            webhook_host: None,
        }
    }

    /// The same with this `host:port` for webhooks, although it is not public.
    #[must_use]
    pub fn with_webhook_host(self, webhook_host: Option<String>) -> Self {
        Self {
            webhook_host,
            ..self
        }
    }

    /// What she chose, or what holds until she does.
    pub async fn get(&self, user: UserId) -> Result<PreferencesView> {
        let row = self.store.preferences(user).await?;
        Ok(row.map_or_else(PreferencesView::default, PreferencesView::of))
    }

    /// Replaces `before` by what she chose now.
    pub async fn set(
        &self,
        caller: &Caller,
        before: &PreferencesView,
        chosen: Preferences,
        now: Timestamp,
    ) -> Result<PreferencesView> {
        let user = caller.user;
        let chosen = self.checked(chosen)?;
        let row = self.store.preferences(user).await?;
        let new_webhook = new_webhook(row.as_ref(), &chosen)
            .map(|url| -> Result<_> {
                Ok((
                    notice::webhook_alert(user, &host_of(url), now),
                    new_secret()?,
                ))
            })
            .transpose()?;
        let (alert, secret) = new_webhook.unzip();
        let after = chosen_row(row, chosen, secret.clone(), now)?;
        let told = choices(&before.preferences, &after.preferences)?;
        let event = event(&self.log, caller.whose(), &told, now).await?;
        let mut tx = self
            .store
            .tx()
            .write_preferences(user, before.edition.as_deref(), &after);
        tx = tx.append_all(event);
        if let Some(alert) = &alert {
            tx = tx.raise_in_app(alert);
        }
        if !tx.commit().await?.is_done() {
            return Err(Error::conflict(
                "PREFERENCES_CHANGED",
                "Your preferences were changed at the same time. Please look at them again.",
            ));
        }
        if let Err(err) = self.store.wake_outbox(user, now).await {
            // It is looked at within a day.
            tracing::warn!(
                error.chain = err.chain(),
                "what waits for her hours could not be looked at anew"
            );
        }
        if after.has_faces_left
            && let Err(err) = self.store.forget_faces(user).await
        {
            // Nothing uses them any longer, and the schedule takes it up within a minute.
            tracing::warn!(
                error.chain = err.chain(),
                "faces could not be forgotten at once"
            );
        }
        Ok(PreferencesView {
            webhook_secret: secret,
            ..PreferencesView::of(after)
        })
    }

    /// Her choice, if it can be stored: its values are in their bounds, and its webhook may be called.
    fn checked(&self, chosen: Preferences) -> Result<Preferences> {
        let chosen = chosen
            .checked()
            .map_err(|(at, why)| Error::invalid_at(at, why))?;
        let webhook = chosen.channels.webhook.as_deref();
        if webhook.is_some_and(|it| !may_be_called(it, self.webhook_host.as_deref())) {
            return Err(Error::invalid_at(
                "channels",
                "A webhook has an https address that anybody can reach.",
            ));
        }
        Ok(chosen)
    }

    /// Stops all messages for whoever's token this is, and uses it up. `false`: it is not good for that.
    pub async fn stop(&self, token: &str, now: Timestamp) -> Result<bool> {
        retry_on_conflict("stopping messages", || async {
            let Some(StopRight { user, link, row }) = self.stop_right(token, now).await? else {
                return Ok(Some(false));
            };
            let before = row.edition.clone();
            let event = channels_event(&self.log, user, true, now).await?;
            let mut tx = self.store.tx().append(event);
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
                return Ok(Some(true));
            }
            Ok::<_, Error>(None)
        })
        .await
    }

    /// Whether messages can be stopped with this token.
    pub async fn can_stop(&self, token: &str, now: Timestamp) -> Result<bool> {
        Ok(self.stop_right(token, now).await?.is_some())
    }

    async fn stop_right(&self, token: &str, now: Timestamp) -> Result<Option<StopRight>> {
        let link = self
            .mail_links
            .find(token, MailLinkPurpose::Stop, now)
            .await?;
        let Some(user) = mail_links::user_of(token) else {
            return Ok(None);
        };
        let Some(row) = self.store.preferences(user).await? else {
            return Ok(None);
        };
        // By their hashes, so that how long it takes says nothing of the token.
        let is_former = |it: &String| OneTime::hash(it) == OneTime::hash(token);
        let is_good = link.is_some() || row.stop_token.as_ref().is_some_and(is_former);
        let link = link.map(|it| it.hash);
        Ok(is_good.then_some(StopRight { user, link, row }))
    }

    /// Removes her webhook: whoever knew her password may have set it.
    pub async fn clear_webhook(&self, user: UserId, now: Timestamp) -> Result<()> {
        retry_on_conflict("removing a webhook", || async {
            let row = self.store.preferences(user).await?;
            let row = row.filter(|it| it.preferences.channels.webhook.is_some());
            let Some(row) = row else { return Ok(Some(())) };
            let before = row.edition.clone();
            let channels = Channels {
                webhook: None,
                ..row.preferences.channels.clone()
            };
            let after = without_channels(row, channels, now)?;
            let event = Some(channels_event(&self.log, user, false, now).await?);
            if self
                .store
                .set_preferences(user, Some(&before), &after, event)
                .await?
            {
                return Ok(Some(()));
            }
            Ok::<_, Error>(None)
        })
        .await
    }

    /// What became of the last attempts to tell her.
    pub async fn deliveries(&self, user: UserId) -> Result<Vec<NoticeAttempt>> {
        self.store.deliveries(user, SHOWN).await
    }
}

/// The address of a webhook that she did not have before; calls of it are signed with a new secret.
fn new_webhook<'a>(before: Option<&PreferencesRow>, chosen: &'a Preferences) -> Option<&'a str> {
    let webhook = &chosen.channels.webhook;
    let is_same = before.is_some_and(|it| {
        it.webhook_secret.is_some() && it.preferences.channels.webhook == *webhook
    });
    webhook.as_deref().filter(|_| !is_same)
}

/// The row after her choice. `new_secret` is that of a webhook she did not have before.
fn chosen_row(
    before: Option<PreferencesRow>,
    chosen: Preferences,
    new_secret: Option<String>,
    now: Timestamp,
) -> Result<PreferencesRow> {
    let faces = FaceConsent::after(before.as_ref(), chosen.face_recognition, now);
    let kept = before.unwrap_or_else(|| PreferencesRow::first(now));
    let secret = new_secret.or(kept.webhook_secret);
    Ok(PreferencesRow {
        webhook_secret: secret.filter(|_| chosen.channels.webhook.is_some()),
        stop_token: kept.stop_token,
        updated_at: now,
        face_consent_at: faces.agreed_at,
        face_withdrawn_at: faces.withdrawn_at,
        mail_stop: kept.mail_stop.filter(|_| !chosen.channels.email),
        has_faces_left: faces.are_left,
        edition: OneTime::draw()?.token,
        is_unreadable: false,
        preferences: chosen,
    })
}

/// What she chose, in the transaction of the choice. Nothing, if all is as it was.
async fn event(
    log: &EventLog,
    (user, actor): (UserId, Actor),
    told: &[(&'static str, Value)],
    now: Timestamp,
) -> Result<Option<Append>> {
    if told.is_empty() {
        return Ok(None);
    }
    let stream = StreamName::account();
    let place = (user, &actor, &stream);
    let event = log.tell_all_in(place, told, now);
    event.await.map(Some)
}

/// The event of channels that change while her preferences are not open before her.
pub(in crate::services) async fn channels_event(
    log: &EventLog,
    user: UserId,
    by_link: bool,
    now: Timestamp,
) -> Result<Append> {
    let said = AccountPreferencesChanged {
        changed: vec!["channels".to_owned()],
        by_link,
    };
    let whose = (user, Actor::user(user, None));
    log.tell(whose, "account.preferences_changed", &said, now)
        .await
}

/// What her record says of a choice: consents each by itself, all else by name.
fn choices(before: &Preferences, after: &Preferences) -> Result<Vec<(&'static str, Value)>> {
    let mut told = Vec::new();
    let changed = changed_preferences(before, after);
    if !changed.is_empty() {
        let said = AccountPreferencesChanged {
            changed,
            by_link: false,
        };
        told.push(("account.preferences_changed", said_as(&said)?));
    }
    if before.face_recognition != after.face_recognition {
        let name = match after.face_recognition {
            true => "account.consent_given",
            false => "account.consent_withdrawn",
        };
        let consent = Consent::FaceRecognition;
        told.push((name, said_as(&ConsentChanged { consent })?));
    }
    if before.engines != after.engines {
        let engines = after.engines.clone();
        told.push((
            "account.engines_chosen",
            said_as(&EnginesChosen { engines })?,
        ));
    }
    Ok(told)
}

fn said_as(said: &impl Serialize) -> Result<Value> {
    serde_json::to_value(said).map_err(|err| Error::bug("writing an event", err))
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

/// Whose messages a token stops.
struct StopRight {
    user: UserId,
    /// The hash of the mail's own link; none if the mail has the link that all her mails once had.
    link: Option<String>,
    row: PreferencesRow,
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

#[cfg(test)]
mod tests;
