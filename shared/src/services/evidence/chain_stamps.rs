//! Time stamps of chains of custody: once a day at most, and only if the chain has moved.
//!
//! A stamp is over the link of the last event, and so over all before it. It appends no event itself, or the chain would
//! move each day by being stamped.

use vara_evidence::sha256_hex;

use super::capture::CaptureWorker;
use super::files::{StampFile, stamp_name};
use crate::clock;
use crate::domain::event::StreamName;
use crate::domain::evidence_record::{CHAIN_STAMP_SECONDS, ChainStamp, MAX_CHAIN_STAMPS};
use crate::domain::{Error, Result, Timestamp, UserId};
use crate::store::{EvidenceRow, StreamHead};

impl CaptureWorker {
    /// Has the chain of a record stamped, if it has moved and the last stamp is a day old. `None`: somebody else changed
    /// the record meanwhile.
    pub(super) async fn stamp_chain(
        &self,
        user: UserId,
        row: EvidenceRow,
        now: Timestamp,
    ) -> Result<Option<EvidenceRow>> {
        let Some(head) = self.moved_chain(user, &row).await? else {
            return Ok(Some(row));
        };
        if chain_due(&row) > now {
            return Ok(Some(row));
        }
        let hash = hex::decode(&head.link)
            .ok()
            .and_then(|it| it.try_into().ok());
        let hash: [u8; 32] =
            hash.ok_or_else(|| Error::bug("stamping a chain", "its link is no hash"))?;
        for authority in &self.authorities {
            match authority.stamp(&hash, head.updated_at).await {
                Ok(stamp) => {
                    let about = ChainStamp {
                        events: head.next,
                        link: head.link,
                        authority: authority.name().to_owned(),
                        at: stamp.verified.at,
                        sha256: sha256_hex(&stamp.answer),
                    };
                    let file = StampFile::of(&stamp, authority.roots());
                    return self.keep_chain_stamp(user, row, about, file).await;
                }
                Err(err) => tracing::warn!(
                    evidence.id = %row.id,
                    authority = authority.name(),
                    error = %err,
                    "a chain of custody was not stamped"
                ),
            }
        }
        Ok(Some(row))
    }

    async fn keep_chain_stamp(
        &self,
        user: UserId,
        row: EvidenceRow,
        about: ChainStamp,
        file: StampFile,
    ) -> Result<Option<EvidenceRow>> {
        let key = self.files.log.data_key(user, clock::now()).await?;
        let file =
            serde_json::to_vec(&file).map_err(|err| Error::bug("writing a time stamp", err))?;
        let name = stamp_name(user, &row, &about.sha256)?;
        self.files.put(&key, &name, file).await?;
        let mut after = row.clone();
        after.revision += 1;
        after.chain_stamps.push(about);
        let excess = after.chain_stamps.len().saturating_sub(MAX_CHAIN_STAMPS);
        let dropped: Vec<ChainStamp> = after.chain_stamps.drain(..excess).collect();
        let store = &self.files.log.store;
        if !store.change_evidence(user, &row, &after, None).await? {
            return Ok(None);
        }
        for it in dropped {
            let name = stamp_name(user, &row, &it.sha256)?;
            self.files.objects.delete(&name).await?;
        }
        Ok(Some(after))
    }

    /// The end of a record's chain, if it has moved since it was stamped.
    pub(super) async fn moved_chain(
        &self,
        user: UserId,
        row: &EvidenceRow,
    ) -> Result<Option<StreamHead>> {
        let stream = StreamName::evidence(row.id);
        let head = self.files.log.store.stream(user, &stream).await?;
        let stamped = row.chain_stamps.last();
        Ok(head.filter(|head| stamped.is_none_or(|it| it.link != head.link)))
    }
}

/// From when on the chain of a record may be stamped again.
pub(super) fn chain_due(row: &EvidenceRow) -> Timestamp {
    let last = row.chain_stamps.last().map_or(row.created_at, |it| it.at);
    last.plus_seconds(CHAIN_STAMP_SECONDS)
}
