//! The mail at sign-up that asks whether she wants mail, and her answer without a sign-in.
//!
//! Decided within requirement N1 (nothing outside the app until she says so; ask first which channel is
//! safe): one mail at sign-up asks, says nothing of what it is about, and is never repeated, but once
//! after "later".

use crate::auth::OneTime;
use crate::domain::{Channels, Error, MailAnswer, Preferences, Result, Timestamp, UserId};
use crate::services::notices::mail_links::MailLinks;
use crate::services::people::preferences::channels_event;
use crate::services::record::event_log::EventLog;
use crate::store::{ChannelsPatch, MailLinkPurpose, PreferencesRow, Store, Tx, retry_on_conflict};

/// How many mails ask at most: after "later" there is one more.
pub(crate) const MAX_QUESTIONS: u32 = 2;

/// Takes the answers to the mail question.
#[derive(Clone, Debug)]
pub struct MailQuestions {
    store: Store,
    log: EventLog,
    mail_links: MailLinks,
}

impl MailQuestions {
    /// The service over this table, which records her answer in this log.
    #[must_use]
    pub fn new(store: Store, log: EventLog) -> Self {
        Self {
            mail_links: MailLinks::new(store.clone()),
            store,
            log,
        }
    }

    /// Whether this link is good for this answer.
    pub async fn can_answer(
        &self,
        token: &str,
        answer: MailAnswer,
        now: Timestamp,
    ) -> Result<bool> {
        let link = self
            .mail_links
            .find(token, MailLinkPurpose::Question, now)
            .await?;
        let Some(link) = link else { return Ok(false) };
        let question = self.store.mail_question(link.user).await?;
        Ok(question.is_some_and(|it| answer != MailAnswer::Later || it.asked < MAX_QUESTIONS))
    }

    /// Stores her answer and uses up the link. `false`: it is not good for that.
    pub async fn answer(&self, token: &str, answer: MailAnswer, now: Timestamp) -> Result<bool> {
        retry_on_conflict("storing an answer", || async {
            if !self.can_answer(token, answer, now).await? {
                return Ok(Some(false));
            }
            let link = self
                .mail_links
                .find(token, MailLinkPurpose::Question, now)
                .await?;
            let Some(link) = link else { return Ok(Some(false)) };
            let mut tx = self
                .store
                .tx()
                .use_mail_link(link.user, &link.hash)
                .answer_question(link.user, answer, now);
            if let Some(email) = answer.wants_mail() {
                let before = self.store.preferences(link.user).await?;
                let event = channels_event(&self.log, link.user, true, now).await?;
                tx = with_email(tx.append(event), link.user, before, email, now)?;
            }
            if tx.commit().await?.is_done() {
                tracing::info!(user.id = %link.user, answer = ?answer, "she said whether she wants mail");
                return Ok(Some(true));
            }
        Ok::<_, Error>(None)
        }).await
    }
}

/// Stores with the rest of the transaction whether she wants mail.
fn with_email<'a>(
    tx: Tx<'a>,
    user: UserId,
    before: Option<PreferencesRow>,
    email: bool,
    now: Timestamp,
) -> Result<Tx<'a>> {
    let edition = OneTime::draw()?.token;
    let former = before.as_ref().map(|it| it.edition.clone());
    let row = before.unwrap_or_else(|| PreferencesRow::first(now));
    if row.is_unreadable {
        let patch = ChannelsPatch::Email(email);
        return Ok(tx.patch_channels(user, &row.edition, patch, &edition));
    }
    let channels = Channels {
        email,
        ..row.preferences.channels
    };
    let after = PreferencesRow {
        preferences: Preferences {
            channels,
            ..row.preferences
        },
        updated_at: now,
        mail_stop: row.mail_stop.filter(|_| !email),
        edition,
        ..row
    };
    Ok(tx.write_preferences(user, former.as_deref(), &after))
}
