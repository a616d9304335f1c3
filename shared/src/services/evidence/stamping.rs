//! Time stamps of a record: asks each authority that has not stamped it, until all have, for at most 72 hours; renews
//! stamps before their certificates end.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::{Digest, Sha256};
use vara_evidence::sha256_hex;

use super::capture::CaptureWorker;
use super::chain_stamps::chain_due;
use super::files::{StampFile, stamp_name};
use crate::clock;
use crate::domain::event::Actor;
use crate::domain::evidence_record::{
    EvidenceStamp, EvidenceState, RENEW_BEFORE_SECONDS, STAMP_TRIED_SECONDS,
};
use crate::domain::{Error, Result, Timestamp, UserId};
use crate::engines::{TimeStamp, TimeStampAuthority};
use crate::store::EvidenceRow;

/// When an authority that did not stamp is asked again, in seconds.
const RETRY_AFTER: i64 = 900;

/// When an authority is asked again to renew a stamp, in seconds: it may not have its next certificate yet.
const RENEW_AGAIN_AFTER: i64 = 7 * 24 * 3600;

/// A stamp that is to be got.
struct WantedStamp<'a> {
    authority: &'a TimeStampAuthority,
    /// What is stamped.
    hash: [u8; 32],
    /// What is stamped was there then.
    since: Timestamp,
    /// The stamp that it renews.
    renews: Option<&'a EvidenceStamp>,
}

impl CaptureWorker {
    /// Has a record and its chain stamped, as far as it is time for that. A record whose stamps are late is none the
    /// worse.
    pub(super) async fn stamp(&self, user: UserId, row: EvidenceRow) -> Result<()> {
        let now = clock::now();
        let Some(row) = self.stamp_manifest(user, row, now).await? else {
            // Somebody else goes on with this record.
            return Ok(());
        };
        match self.stamp_chain(user, row, now).await? {
            Some(row) => self.plan_next(user, &row, now).await,
            None => Ok(()),
        }
    }

    /// `None`: somebody else changed the record meanwhile.
    async fn stamp_manifest(
        &self,
        user: UserId,
        row: EvidenceRow,
        now: Timestamp,
    ) -> Result<Option<EvidenceRow>> {
        let stamped = row.stamps.clone();
        let wanted = self.wanted(user, &row, &stamped, now).await?;
        let asked = wanted.into_iter().map(|it| async move {
            let answer = it.authority.stamp(&it.hash, it.since).await;
            (it, answer)
        });
        let answers = futures_util::future::join_all(asked).await;
        let mut row = row;
        for (wanted, answer) in answers {
            let authority = wanted.authority.name();
            match answer {
                Ok(stamp) if !wanted.is_worth(&stamp) => {
                    tracing::info!(evidence.id = %row.id, authority, "its certificate ends no later yet");
                }
                Ok(stamp) => match self.keep_stamp(user, &row, &wanted, stamp).await? {
                    Some(after) => row = after,
                    None => return Ok(None),
                },
                Err(err) => tracing::warn!(
                    evidence.id = %row.id, authority, error = %err, "a time stamp was not given"
                ),
            }
        }
        Ok(Some(row))
    }

    /// The stamps that are missing, and those that are to be renewed.
    async fn wanted<'a>(
        &'a self,
        user: UserId,
        row: &EvidenceRow,
        stamped: &'a [EvidenceStamp],
        now: Timestamp,
    ) -> Result<Vec<WantedStamp<'a>>> {
        let Some(captured_at) = row.captured_at else {
            return Ok(Vec::new());
        };
        let key = self.files.log.data_key(user, now).await?;
        let signed = self.files.manifest((user, &key), row).await?;
        let mut wanted = Vec::new();
        for authority in &self.authorities {
            match latest(stamped, authority) {
                None => wanted.push(WantedStamp {
                    authority,
                    hash: Sha256::digest(signed.manifest.as_bytes()).into(),
                    since: captured_at,
                    renews: None,
                }),
                Some(last) if renewal_due(last) <= now => {
                    let file = self.files.stamp((user, &key), row, &last.sha256).await?;
                    let answer = STANDARD
                        .decode(&file.answer)
                        .map_err(|err| Error::bug("reading a time stamp", err))?;
                    wanted.push(WantedStamp {
                        authority,
                        hash: Sha256::digest(&answer).into(),
                        since: last.at,
                        renews: Some(last),
                    });
                }
                Some(_) => {}
            }
        }
        Ok(wanted)
    }

    /// Stores a stamp, then notes it. `None`: somebody else changed the record meanwhile.
    async fn keep_stamp(
        &self,
        user: UserId,
        row: &EvidenceRow,
        wanted: &WantedStamp<'_>,
        stamp: TimeStamp,
    ) -> Result<Option<EvidenceRow>> {
        let now = clock::now();
        let key = self.files.log.data_key(user, now).await?;
        let sha256 = sha256_hex(&stamp.answer);
        let file = StampFile::of(&stamp, wanted.authority.roots());
        let file =
            serde_json::to_vec(&file).map_err(|err| Error::bug("writing a time stamp", err))?;
        self.files
            .put(&key, &stamp_name(user, row, &sha256)?, file)
            .await?;
        let it = stamp.verified;
        let about = EvidenceStamp {
            authority: wanted.authority.name().to_owned(),
            at: it.at,
            policy: it.policy,
            serial: it.serial,
            sha256,
            certificate_ends: it.certificate_ends,
            renews: wanted.renews.map(|it| it.sha256.clone()),
        };
        let data = json!({
            "authority": about.authority, "genTime": about.at, "tokenSha256": about.sha256,
            "manifestSha256": row.manifest_sha256, "renews": about.renews,
        });
        let mut after = row.clone();
        after.stamps.push(about);
        after.state = EvidenceState::Stamped;
        after.revision += 1;
        after.updated_at = now;
        let of = (user, Actor::system());
        let event = self.files.event(of, row.id, "evidence.stamped", data, now);
        let changed = self
            .files
            .log
            .store
            .change_evidence(user, row, &after, Some(event.await?));
        Ok(changed.await?.then_some(after))
    }

    /// Notes when the record is to be looked after again.
    async fn plan_next(&self, user: UserId, row: &EvidenceRow, now: Timestamp) -> Result<()> {
        let is_over = now.millis_since(row.created_at) > STAMP_TRIED_SECONDS * 1000;
        let mut stamped = self.authorities.iter().map(|it| latest(&row.stamps, it));
        let is_done = stamped.clone().all(|it| it.is_some()) || is_over;
        if is_over && row.stamps.is_empty() {
            tracing::error!(evidence.id = %row.id, "no authority stamped a record in time");
        }
        let missing = (!is_done).then(|| now.plus_seconds(RETRY_AFTER));
        let renewal = stamped.by_ref().flatten().map(renewal_due).min();
        let renewal = renewal.map(|it| later(it, now, RENEW_AGAIN_AFTER));
        let is_moved = self.moved_chain(user, row).await?.is_some() && !self.authorities.is_empty();
        let chain = is_moved.then(|| later(chain_due(row), now, RETRY_AFTER));
        let next_at = [missing, renewal, chain].into_iter().flatten().min();
        let after = EvidenceRow {
            next_at,
            revision: row.revision + 1,
            ..row.clone()
        };
        // Not done: somebody changed it meanwhile, and it is still due.
        let changed = self
            .files
            .log
            .store
            .change_evidence(user, row, &after, None);
        changed.await.map(drop)
    }
}

impl WantedStamp<'_> {
    /// Whether a stamp is worth keeping: a renewal must hold for longer than what it renews.
    fn is_worth(&self, stamp: &TimeStamp) -> bool {
        let ends = stamp.verified.certificate_ends;
        self.renews.is_none_or(|it| ends > it.certificate_ends)
    }
}

/// The last stamp of an authority.
fn latest<'a>(stamps: &'a [EvidenceStamp], of: &TimeStampAuthority) -> Option<&'a EvidenceStamp> {
    stamps.iter().rfind(|it| it.authority == of.name())
}

/// When a stamp is to be renewed.
fn renewal_due(stamp: &EvidenceStamp) -> Timestamp {
    stamp.certificate_ends.minus_seconds(RENEW_BEFORE_SECONDS)
}

/// The moment itself if it is still to come, else some time after now.
fn later(at: Timestamp, now: Timestamp, seconds: i64) -> Timestamp {
    match at > now {
        true => at,
        false => now.plus_seconds(seconds),
    }
}
