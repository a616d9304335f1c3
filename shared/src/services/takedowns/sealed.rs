//! What of a request is sealed with her data key: facts, addresses, the approved text with its statements, answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::auth::DataKey;
use crate::domain::takedown::{RequestText, TakedownFacts, TextStatement};
use crate::domain::{Result, TakedownId, Timestamp, UserId};
use crate::store::{ObjectionRow, TakedownMailRow, TakedownRow};

/// What is sealed in the row of a request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::services) struct SealedTakedown {
    /// The address of the finding.
    pub(super) page: String,
    pub(super) facts: TakedownFacts,
    /// What she approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) approval: Option<SealedApproval>,
    /// The recipient's number of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reference: Option<String>,
    /// What the recipient answered last, in her words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) answer: Option<String>,
    /// The mail service's ids of the mails that were sent, for the thread.
    pub(super) message_ids: Vec<String>,
    /// Where looks saw a picture that shows her: the digest of its bytes by address.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) pictures: BTreeMap<String, String>,
}

/// What she approved: the exact text, by which name, and the statements as they were shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SealedApproval {
    pub(super) at: Timestamp,
    pub(super) signed_name: Option<String>,
    pub(super) statements: Vec<TextStatement>,
    pub(super) text: RequestText,
    /// Where it goes.
    pub(super) address: Option<String>,
    /// She opened the address herself, because nobody of ours had lately.
    pub(super) is_address_checked_by_her: bool,
}

/// What is sealed in the row of a mail.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::services) struct SealedMail {
    /// Who wrote; nobody, if it does not say.
    pub(in crate::services) from: String,
    pub(in crate::services) subject: String,
    pub(in crate::services) text: String,
}

/// What is sealed in the row of an objection.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct SealedObjection {
    pub(super) reason: String,
    /// How to reach who objects.
    pub(super) contact: String,
}

/// Her key, and whose it is.
pub(in crate::services) struct RequestSealer<'a> {
    pub(in crate::services) user: UserId,
    pub(in crate::services) key: &'a DataKey,
}

impl RequestSealer<'_> {
    fn mail_purpose(&self, row: &TakedownMailRow) -> String {
        format!("takedown-mail/{}/{}/{}", self.user, row.takedown_id, row.id)
    }

    pub(in crate::services) fn close_mail(
        &self,
        row: &TakedownMailRow,
        it: &SealedMail,
    ) -> Result<String> {
        let of = ("writing a mail about a request", &*self.mail_purpose(row));
        self.key.close_json(of, it)
    }

    pub(in crate::services) fn open_mail(&self, row: &TakedownMailRow) -> Result<SealedMail> {
        let of = ("opening a mail about a request", &*self.mail_purpose(row));
        self.key.open_json(of, &row.sealed)
    }

    fn objection_purpose(&self, id: TakedownId) -> String {
        format!("takedown-objection/{}/{id}", self.user)
    }

    pub(super) fn close_objection(&self, id: TakedownId, it: &SealedObjection) -> Result<String> {
        let of = ("writing an objection", &*self.objection_purpose(id));
        self.key.close_json(of, it)
    }

    pub(super) fn open_objection(&self, row: &ObjectionRow) -> Result<SealedObjection> {
        let purpose = self.objection_purpose(row.takedown_id);
        self.key
            .open_json(("opening an objection", &*purpose), &row.sealed)
    }

    fn purpose(&self, id: TakedownId) -> String {
        format!("takedown/{}/{id}", self.user)
    }

    pub(super) fn close(&self, id: TakedownId, it: &SealedTakedown) -> Result<String> {
        let of = ("writing a request", &*self.purpose(id));
        self.key.close_json(of, it)
    }

    pub(in crate::services) fn open(&self, row: &TakedownRow) -> Result<SealedTakedown> {
        let of = ("opening a request", &*self.purpose(row.id));
        self.key.open_json(of, &row.sealed)
    }
}
