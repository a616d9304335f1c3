//! The question whether she wants mail: `QUESTION` under her, due until it was mailed.

use serde::{Deserialize, Serialize};

use super::tx::{Change, Tx};
use super::{Key, Row, Store};
use crate::domain::{MailAnswer, Result, Timestamp, UserId};

/// Kind of work in the `due` index: she is to be asked by mail whether she wants mail.
pub const DUE_QUESTION: &str = "QUESTION";

/// How long after "later" she is asked again, in seconds.
const ASK_AGAIN_SECONDS: i64 = 30 * 24 * 3600;

/// Longer than a mail is on its way or put off, and shorter than "later", in seconds.
const MAX_PUT_OFF_SECONDS: i64 = 24 * 3600;

/// The question whether she wants mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MailQuestion {
    /// How many mails have asked.
    pub asked: u32,
    /// What she answered last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<MailAnswer>,
    /// When the question is due next.
    #[serde(default, rename = "due_at", skip_serializing)]
    pub due_at: Option<Timestamp>,
}

impl MailQuestion {
    /// Whether an answer makes the mail of this round needless: she decided, or she put the question off to
    /// a day that is not there yet.
    #[must_use]
    pub fn is_answered(&self, now: Timestamp) -> bool {
        match self.answer {
            Some(MailAnswer::Yes | MailAnswer::No) => true,
            Some(MailAnswer::Later) => self.due_at.is_some_and(|it| it > last_in_flight(now)),
            None => false,
        }
    }
}

/// The latest time at which the question is due while its mail is on the way. Only her "later" is after it.
fn last_in_flight(now: Timestamp) -> Timestamp {
    now.plus_seconds(MAX_PUT_OFF_SECONDS)
}

fn key(user: UserId) -> Key {
    Key::user(user, "QUESTION")
}

/// The start of a change that holds only while the mail of this round is not sent.
fn of_round(round: u32) -> Change {
    Change::default().when("asked", "=", round)
}

impl Store {
    /// The question, if she is to be asked or was.
    pub async fn mail_question(&self, user: UserId) -> Result<Option<MailQuestion>> {
        self.get(&key(user)).await
    }

    /// Keeps others from sending the mail of this round until then. `false`: another does, or did.
    pub async fn hold_question(
        &self,
        user: UserId,
        round: u32,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool> {
        let change = of_round(round)
            .set("heldUntil", until)
            .when_or_absent("heldUntil", "<=", now);
        let held = self.change::<MailQuestion>(&key(user), change).await?;
        Ok(held.is_some())
    }

    /// The mail of this round was sent, or is never to be. If she answered "later" meanwhile, the question
    /// stays due on that day.
    pub async fn close_question(&self, user: UserId, round: u32, now: Timestamp) -> Result<()> {
        let closed = || {
            let change = of_round(round).set("asked", round + 1);
            change.remove("heldUntil")
        };
        let put_off = closed().when("answer", "=", MailAnswer::Later).when(
            "due_at",
            ">",
            last_in_flight(now),
        );
        let done = self.change::<MailQuestion>(&key(user), put_off).await?;
        if done.is_some() {
            return Ok(());
        }
        let change = closed().not_due();
        self.change::<MailQuestion>(&key(user), change)
            .await
            .map(drop)
    }

    /// Has the mail of this round sent then.
    pub async fn put_off_question(&self, user: UserId, round: u32, at: Timestamp) -> Result<()> {
        let change = of_round(round).set("due_at", at);
        self.change::<MailQuestion>(&key(user), change)
            .await
            .map(drop)
    }
}

impl Tx<'_> {
    /// Has a new account asked by mail whether she wants mail.
    pub(super) fn plan_question(self, user: UserId, now: Timestamp) -> Self {
        let question = MailQuestion {
            asked: 0,
            answer: None,
            due_at: None,
        };
        self.put(&Row::new(key(user), question).due(DUE_QUESTION, now))
    }

    /// Notes what she answered; after "later" she is asked once more.
    pub(crate) fn answer_question(self, user: UserId, answer: MailAnswer, now: Timestamp) -> Self {
        let change = Change::default()
            .if_exists()
            .set("answer", answer)
            .apply(|it| {
                if answer != MailAnswer::Later {
                    return it.not_due();
                }
                let again = now.plus_seconds(ASK_AGAIN_SECONDS);
                it.due(DUE_QUESTION, &key(user), again)
            });
        self.update(&key(user), change)
    }
}
