//! The worker of captures: fetches the page and the picture of a finding, stores them sealed, signs the manifest, has
//! it stamped; removes what is erased.
//!
//! Each attempt stores its objects under a name of its own, then one transaction makes it the record's. A worker
//! that is killed before leaves objects that the next attempt removes; one that is late finds the record taken and
//! removes its own.

use serde_json::json;
use uuid::Uuid;
use vara_evidence::{
    CaptureClock, Hop, MANIFEST_PROFILE, Manifest, Missing, Operator, Origin, Tool, canonical,
    read_certificate, sha256_hex,
};
use vara_imaging::sniff;

use super::files::{EvidenceFiles, SignedManifest, manifest_name, name};
use super::items::{CapturedItem, of_page, of_picture};
use super::sealed::SealedRecord;
use crate::clock;
use crate::domain::event::Actor;
use crate::domain::evidence_record::{
    CaptureFailure, EvidenceRole, EvidenceState, MAX_PAGE_BYTES, MAX_PICTURE_BYTES,
};
use crate::domain::{Error, Result, Timestamp, UserId};
use crate::engines::{CapturedAnswer, FetchRefusal, Fetcher, TimeStampAuthority};
use crate::objects::Objects;
use crate::queues::{EvidenceMessage, EvidenceTask, QueueDelivery};
use crate::services::record::event_log::EventLog;
use crate::signer::Signer;
use crate::store::EvidenceRow;

/// What a page is asked for as.
const PAGE_ACCEPT: &str = "text/html,application/xhtml+xml,image/*;q=0.9,*/*;q=0.8";
const PICTURE_ACCEPT: &str = "image/*";

/// When a record is looked after again whose worker fell silent, in seconds.
pub(super) const AGAIN_AFTER: i64 = 300;

/// Captures, stamps, makes packs, and removes what is erased. Cheap to clone.
#[derive(Clone, Debug)]
pub struct CaptureWorker {
    pub(super) files: EvidenceFiles,
    pub(super) signer: Signer,
    pub(super) fetcher: Fetcher,
    pub(super) authorities: Vec<TimeStampAuthority>,
}

/// What was captured.
struct Capture {
    page: CapturedAnswer,
    items: Vec<CapturedItem>,
    picture_missing: Option<CaptureFailure>,
    began: Timestamp,
}

impl CaptureWorker {
    /// With these neighbours.
    #[must_use]
    pub fn new(
        (log, objects): (EventLog, Objects),
        signer: Signer,
        fetcher: Fetcher,
        authorities: Vec<TimeStampAuthority>,
    ) -> Self {
        Self {
            files: EvidenceFiles { log, objects },
            signer,
            fetcher,
            authorities,
        }
    }

    /// Takes a delivery. An error means it must come again.
    pub async fn take(&self, delivered: &QueueDelivery) -> Result<()> {
        let message: EvidenceMessage = serde_json::from_str(&delivered.body)
            .map_err(|err| Error::bug("reading a message of capture", err))?;
        let user = message.user_id;
        match message.about {
            EvidenceTask::EvidenceId(id) => {
                let row = self.files.log.store.due_evidence(user, id).await?;
                match row {
                    Some(row) => self.look_after(user, row, delivered.last).await,
                    None => Ok(()),
                }
            }
            EvidenceTask::ExportId(id) => self.look_after_export(user, id).await,
        }
    }

    async fn look_after(&self, user: UserId, row: EvidenceRow, is_last: bool) -> Result<()> {
        if row.is_erased {
            return self.files.remove_record(user, row.id).await;
        }
        match row.state {
            EvidenceState::Capturing => match self.capture(user, &row, is_last).await? {
                Some(row) => self.stamp(user, row).await,
                None => Ok(()),
            },
            EvidenceState::Sealed | EvidenceState::Stamped => self.stamp(user, row).await,
            EvidenceState::Failed => Ok(()),
        }
    }

    /// Captures the page of a record. `None`: there is nothing to stamp.
    async fn capture(
        &self,
        user: UserId,
        row: &EvidenceRow,
        is_last: bool,
    ) -> Result<Option<EvidenceRow>> {
        let store = &self.files.log.store;
        let Some(found) = store.finding_by_id(user, row.finding_id).await? else {
            return self.fail(user, row, CaptureFailure::FindingGone).await;
        };
        let picture = store.picture_of_finding(user, &found).await?;
        let captured = self.fetch(row, &found.source_url, picture.as_deref()).await;
        let capture = match captured {
            Ok(capture) => capture,
            // What is out of order now may not be later.
            Err(FetchRefusal::TooSlow | FetchRefusal::Unreachable) if !is_last => {
                return Err(Error::unavailable("capturing a page", "it is out of order"));
            }
            Err(refusal) => return self.fail(user, row, failure(refusal)).await,
        };
        let attempt = Uuid::new_v4();
        let stored = self.store(user, row, (&found.source_url, attempt), capture);
        let stored = stored.await?;
        let kept = match &stored {
            Some(row) => row.attempt,
            // Another worker was faster, or it was erased: what is kept is what the row says.
            None => match store.evidence(user, row.id).await? {
                Some(now) => now.attempt,
                None => None,
            },
        };
        let others = self.files.remove_other_attempts(user, row.id, kept);
        others.await?;
        Ok(stored)
    }

    async fn fetch(
        &self,
        row: &EvidenceRow,
        url: &str,
        picture: Option<&str>,
    ) -> Result<Capture, FetchRefusal> {
        let began = clock::now();
        let page = self
            .fetcher
            .capture(url, PAGE_ACCEPT, MAX_PAGE_BYTES)
            .await?;
        let mut items = of_page(&page, row.keep);
        let mut picture_missing = None;
        if sniff(&page.body).is_some() {
            items.extend(of_picture(&page, row.keep));
        } else {
            match self.picture(picture).await {
                Ok(picture) => items.extend(of_picture(&picture, row.keep)),
                Err(why) => picture_missing = Some(why),
            }
        }
        Ok(Capture {
            page,
            items,
            picture_missing,
            began,
        })
    }

    async fn picture(&self, address: Option<&str>) -> Result<CapturedAnswer, CaptureFailure> {
        let address = address.ok_or(CaptureFailure::NotKnown)?;
        let fetched = self
            .fetcher
            .capture(address, PICTURE_ACCEPT, MAX_PICTURE_BYTES);
        let answer = fetched.await.map_err(failure)?;
        let is_there = answer.last().is_some_and(|it| it.status == 200);
        match is_there && sniff(&answer.body).is_some() {
            true => Ok(answer),
            false => Err(CaptureFailure::Unreachable),
        }
    }

    /// Stores a capture, and makes it the record's. `None`: somebody else was faster.
    async fn store(
        &self,
        user: UserId,
        row: &EvidenceRow,
        (url, attempt): (&str, Uuid),
        capture: Capture,
    ) -> Result<Option<EvidenceRow>> {
        let now = clock::now();
        let key = self.files.log.data_key(user, now).await?;
        let manifest = manifest(user, row, url, &capture);
        let bytes = canonical(&manifest)
            .and_then(|it| String::from_utf8(it).ok())
            .ok_or_else(|| Error::bug("writing a manifest of evidence", "it has no JSON"))?;
        let signature = self.signer.sign(bytes.as_bytes()).await?;
        let manifest_sha256 = sha256_hex(bytes.as_bytes());
        let items = capture.items.iter().map(|it| it.about.clone()).collect();
        let mut kept = 0;
        for item in capture.items.into_iter().filter(|it| it.about.kept) {
            kept += item.about.bytes;
            let name = name(user, row.id, attempt, &item.about.path);
            self.files.put(&key, &name, item.bytes).await?;
        }
        let signed = SignedManifest {
            manifest: bytes,
            signature,
        };
        let signed = serde_json::to_vec(&signed)
            .map_err(|err| Error::bug("writing a manifest of evidence", err))?;
        let name = manifest_name(user, row.id, attempt);
        self.files.put(&key, &name, signed).await?;
        let record = SealedRecord {
            url: url.to_owned(),
            final_url: Some(manifest.final_url),
            http_status: Some(manifest.http_status),
            items,
            picture_missing: capture.picture_missing,
        };
        let after = EvidenceRow {
            state: EvidenceState::Sealed,
            revision: row.revision + 1,
            updated_at: now,
            captured_at: Some(manifest.captured_at),
            attempt: Some(attempt),
            manifest_sha256: Some(manifest_sha256.clone()),
            bytes: kept,
            next_at: Some(now.plus_seconds(AGAIN_AFTER)),
            sealed: record.close((user, &key), row.id)?,
            ..row.clone()
        };
        let data = json!({
            "manifestSha256": manifest_sha256, "items": record.items.len(), "keep": row.keep,
            "keyId": signed_by(&self.signer).await?,
        });
        let of = (user, Actor::system());
        let event = self.files.event(of, row.id, "evidence.captured", data, now);
        let changed = self
            .files
            .log
            .store
            .change_evidence(user, row, &after, Some(event.await?));
        Ok(changed.await?.then_some(after))
    }

    /// Notes that a page cannot be captured.
    async fn fail(
        &self,
        user: UserId,
        row: &EvidenceRow,
        why: CaptureFailure,
    ) -> Result<Option<EvidenceRow>> {
        let now = clock::now();
        let after = EvidenceRow {
            state: EvidenceState::Failed,
            failure: Some(why),
            revision: row.revision + 1,
            updated_at: now,
            next_at: None,
            ..row.clone()
        };
        let of = (user, Actor::system());
        let data = json!({ "why": why });
        let event = self.files.event(of, row.id, "evidence.failed", data, now);
        let changed = self
            .files
            .log
            .store
            .change_evidence(user, row, &after, Some(event.await?));
        changed.await?;
        tracing::info!(evidence.id = %row.id, why = why.as_str(), "a page could not be captured");
        self.files.remove_other_attempts(user, row.id, None).await?;
        Ok(None)
    }
}

async fn signed_by(signer: &Signer) -> Result<String> {
    Ok(vara_evidence::key_id(signer.public_key().await?))
}

fn manifest(user: UserId, row: &EvidenceRow, url: &str, capture: &Capture) -> Manifest {
    let page = &capture.page;
    let hops = page.hops.iter().map(|it| Hop {
        url: it.url.clone(),
        status: it.status,
        location: it.location.clone(),
        at: it.at,
        ip: it.ip.clone(),
    });
    let hops: Vec<Hop> = hops.collect();
    let (final_url, http_status, host) = match hops.last() {
        Some(last) => (last.url.clone(), last.status, last.at),
        None => (url.to_owned(), 0, capture.began),
    };
    let server = page.server_time();
    Manifest {
        profile: MANIFEST_PROFILE.to_owned(),
        id: row.id,
        origin: Origin::Server,
        url: url.to_owned(),
        final_url,
        hops,
        captured_at: capture.began,
        clock: CaptureClock {
            host,
            server,
            skew_ms: server.map(|it| host.millis_since(it)),
        },
        tool: Tool {
            name: "vara".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
        operator: Operator {
            kind: "USER".to_owned(),
            id: user.to_string(),
        },
        keep: row.keep,
        http_status,
        tls: page.certificate.as_deref().and_then(read_certificate),
        items: capture.items.iter().map(|it| it.about.clone()).collect(),
        missing: capture
            .picture_missing
            .map(|why| Missing {
                role: EvidenceRole::Image,
                why,
            })
            .into_iter()
            .collect(),
    }
}

fn failure(refusal: FetchRefusal) -> CaptureFailure {
    match refusal {
        FetchRefusal::TooLarge => CaptureFailure::TooLarge,
        FetchRefusal::TooSlow => CaptureFailure::TooSlow,
        FetchRefusal::NotWeb
        | FetchRefusal::Credentials
        | FetchRefusal::Port
        | FetchRefusal::NotPublic
        | FetchRefusal::Redirects => CaptureFailure::NotAllowed,
        FetchRefusal::Status(_) | FetchRefusal::NotAPicture | FetchRefusal::Unreachable => {
            CaptureFailure::Unreachable
        }
    }
}
