//! Findings that wait for her review: list, confirm, dismiss.
//!
//! What she says is remembered with the finding, and a finding is one picture at one address: however
//! often it is found again, she is not asked again (QUIRKS Q20).

use serde::Serialize;

use crate::auth::Caller;
use crate::domain::event::FindingJudged;
use crate::domain::{
    Alert, AlertId, AlertStatus, Error, Image, ImageId, ImageStatus, Judgement, Match, MatchId,
    Page, Result, Timestamp, UserId, review,
};
use crate::services::record::event_log::EventLog;
use crate::store::{AlertMove, Append, Listing, Store, retry_on_conflict};

/// The user's picture that a finding is a copy of.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = MatchPicture))]
#[serde(rename_all = "camelCase")]
pub struct MatchPicture {
    id: ImageId,
    storage_url: String,
    uploaded_at: Timestamp,
    status: ImageStatus,
    /// In the list only.
    #[serde(skip_serializing_if = "Option::is_none")]
    face_detected: Option<bool>,
}

/// A finding with the user's picture; null if that was purged.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct MatchView {
    #[serde(flatten)]
    found: Match,
    protected_image: Option<MatchPicture>,
}

/// A confirmed finding, and the alert about it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Confirmed))]
pub struct ConfirmedMatch {
    #[serde(rename = "match")]
    found: MatchView,
    alert: Option<Alert>,
}

/// Lists the findings that wait for her review, and takes her word on them.
#[derive(Clone, Debug)]
pub struct Matches {
    store: Store,
    log: EventLog,
}

impl Matches {
    /// The service over this table, which records her word in this log.
    #[must_use]
    pub fn new(store: Store, log: EventLog) -> Self {
        Self { store, log }
    }

    /// A page of the findings that wait for her word, newest first.
    pub async fn flagged(&self, user: UserId, page: Page) -> Result<Listing<MatchView>> {
        let listing = self.store.flagged(user, page).await?;
        let items = listing.items.into_iter().map(|it| MatchView {
            found: it.found,
            protected_image: it.image.map(|image| MatchPicture {
                face_detected: Some(image.face_detected),
                ..MatchPicture::of(image)
            }),
        });
        Ok(Listing {
            items: items.collect(),
            pagination: listing.pagination,
        })
    }

    /// It is her: her alert says so, and is raised if there is none.
    pub async fn confirm(
        &self,
        caller: &Caller,
        id: MatchId,
        now: Timestamp,
    ) -> Result<ConfirmedMatch> {
        let (found, alert) = self.judge(caller, id, Judgement::Confirmed, now).await?;
        Ok(ConfirmedMatch { found, alert })
    }

    /// It is not her: she hears no more of it.
    pub async fn dismiss(&self, caller: &Caller, id: MatchId, now: Timestamp) -> Result<MatchView> {
        Ok(self.judge(caller, id, Judgement::Dismissed, now).await?.0)
    }

    async fn judge(
        &self,
        caller: &Caller,
        id: MatchId,
        judgement: Judgement,
        now: Timestamp,
    ) -> Result<(MatchView, Option<Alert>)> {
        let user = caller.user;
        retry_on_conflict("judging a finding", || async {
            let before = self
                .store
                .finding_by_id(user, id)
                .await?
                .ok_or_else(missing)?;
            let found = before.judged(judgement, user, now)?;
            let names = self.store.picture_names(user, now).await?;
            let name = names.get(found.protected_image_id);
            let known = self.store.alert(user, AlertId::of_match(id)).await?;
            let alert = match judgement {
                Judgement::Confirmed => {
                    confirmed(known, review::confirmed_alert(user, &found, name, now))
                }
                Judgement::Dismissed => dismissed(known, now),
            };
            let event = self.event(caller, &found, judgement, now).await?;
            let both = (&before, &found);
            if self.store.judge(both, &alert, event, user).await? {
                let image = self.store.image(user, found.protected_image_id).await?;
                let protected_image = image.map(|it| MatchPicture::of(it.image));
                tracing::info!(user.id = %user, judgement = ?judgement, "a finding was judged");
                return Ok(Some((
                    MatchView {
                        found,
                        protected_image,
                    },
                    alert.into_alert(),
                )));
            }
            Ok::<_, Error>(None)
        })
        .await
    }

    async fn event(
        &self,
        caller: &Caller,
        found: &Match,
        judgement: Judgement,
        now: Timestamp,
    ) -> Result<Append> {
        let name = match judgement {
            Judgement::Confirmed => "finding.confirmed",
            Judgement::Dismissed => "finding.dismissed",
        };
        let said = FindingJudged {
            match_id: found.id,
            image_id: found.protected_image_id,
        };
        self.log.tell(caller.whose(), name, &said, now).await
    }
}

/// The alert there is becomes as grave as it would be raised now, never less.
fn confirmed(known: Option<Alert>, raised: Alert) -> AlertMove {
    let Some(before) = known else {
        return AlertMove::Raise(raised);
    };
    let mut after = before.clone();
    after.severity = before.severity.max(raised.severity);
    after
        .metadata
        .get_or_insert_default()
        .extend(raised.metadata.unwrap_or_default());
    AlertMove::Change(before, after)
}

/// An alert she has not decided about is settled with the finding.
fn dismissed(known: Option<Alert>, now: Timestamp) -> AlertMove {
    match known {
        Some(before) if before.status < AlertStatus::Actioned => {
            let after = before.clone().with_status(AlertStatus::Dismissed, now);
            AlertMove::Change(before, after)
        }
        _ => AlertMove::None,
    }
}

impl MatchPicture {
    fn of(image: Image) -> Self {
        Self {
            id: image.id,
            storage_url: image.storage_url,
            uploaded_at: image.uploaded_at,
            status: image.status,
            face_detected: None,
        }
    }
}

fn missing() -> Error {
    Error::not_found("MATCH_NOT_FOUND", "This finding does not exist.")
}
