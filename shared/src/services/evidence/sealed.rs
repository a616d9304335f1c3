//! What of a record is sealed with her data key: addresses and items.

use serde::{Deserialize, Serialize};

use crate::auth::DataKey;
use crate::domain::evidence_record::{CaptureFailure, EvidenceItem, EvidenceRecord};
use crate::domain::{EvidenceId, Result, UserId};
use crate::store::EvidenceRow;

/// What is sealed in the row of a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::services) struct SealedRecord {
    pub(super) url: String,
    #[serde(default)]
    pub(super) final_url: Option<String>,
    #[serde(default)]
    pub(super) http_status: Option<u16>,
    #[serde(default)]
    pub(super) items: Vec<EvidenceItem>,
    #[serde(default)]
    pub(super) picture_missing: Option<CaptureFailure>,
}

impl SealedRecord {
    /// Of a capture that is still to be made.
    pub(super) fn of(url: String) -> Self {
        Self {
            url,
            final_url: None,
            http_status: None,
            items: Vec::new(),
            picture_missing: None,
        }
    }

    pub(super) fn close(&self, (user, key): (UserId, &DataKey), id: EvidenceId) -> Result<String> {
        key.close_json(("writing a record", &purpose(user, id)), self)
    }

    pub(in crate::services) fn open(
        (user, key): (UserId, &DataKey),
        row: &EvidenceRow,
    ) -> Result<Self> {
        let of = ("opening a record of evidence", &*purpose(user, row.id));
        key.open_json(of, &row.sealed)
    }

    /// The record as she is shown it.
    pub(in crate::services) fn view(&self, row: EvidenceRow) -> EvidenceRecord {
        let it = self.clone();
        EvidenceRecord {
            id: row.id,
            number: row.number,
            finding_id: row.finding_id,
            keep: row.keep,
            state: row.state,
            frozen: row.frozen,
            created_at: row.created_at,
            updated_at: row.updated_at,
            url: it.url,
            final_url: it.final_url,
            captured_at: row.captured_at,
            http_status: it.http_status,
            manifest_sha256: row.manifest_sha256,
            items: it.items,
            picture_missing: it.picture_missing,
            stamps: row.stamps,
            failure: row.failure,
        }
    }
}

fn purpose(user: UserId, id: EvidenceId) -> String {
    format!("evidence/{user}/{id}")
}
