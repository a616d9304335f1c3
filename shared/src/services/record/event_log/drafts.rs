//! Drafts of events, and how they are sealed.

use aws_lc_rs::rand;
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::auth::DataKey;
use crate::correlation::Correlation;
use crate::domain::event::{
    Actor, EventPayload, EventSpec, EventType, Purpose, SALT_BYTES, StreamName, event_spec,
    payload_sha256, write_payload,
};
use crate::domain::{Error, Result, UserId};
use crate::store::SealedEvent;

/// An event that is to be appended.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its id: the same event is stored once.
    pub event_id: Uuid,
    /// Its type, which is in the catalogue.
    pub spec: &'static EventSpec,
    /// Who does it.
    pub actor: Actor,
    /// What for, where it is about an access.
    pub purpose: Option<Purpose>,
    /// What it says.
    pub payload: EventPayload,
}

impl Draft {
    /// An event of this type that says so.
    pub(in crate::services::record) fn of(
        event_id: Uuid,
        name: &'static str,
        actor: Actor,
        purpose: Option<Purpose>,
        said: &impl Serialize,
    ) -> Result<Self> {
        let spec = event_spec(name);
        let data = match serde_json::to_value(said) {
            Ok(Value::Object(data)) => data,
            Ok(_) => return Err(Error::bug("writing an event", "its data is no object")),
            Err(err) => return Err(Error::bug("writing an event", err)),
        };
        let meta = Map::new();
        Ok(Self {
            event_id,
            spec: spec
                .ok_or_else(|| Error::bug("writing an event", "its type is in no catalogue"))?,
            actor,
            purpose,
            payload: EventPayload { data, meta },
        })
    }
}

/// What an event's payload is sealed for, so that it opens in no other place.
pub(super) fn sealed_for(user: UserId, stream: &StreamName, id: Uuid) -> String {
    format!("event/{user}/{stream}/{id}")
}

/// The event, sealed with her key.
pub(super) fn seal(
    key: &DataKey,
    (user, stream): (UserId, &StreamName),
    draft: &Draft,
) -> Result<SealedEvent> {
    let mut salt = [0; SALT_BYTES];
    rand::fill(&mut salt).map_err(|_| Error::bug("drawing a salt", "there is no randomness"))?;
    let payload = write_payload(salt, &draft.payload)
        .ok_or_else(|| Error::bug("writing an event", "its payload is not JSON"))?;
    // What repeats are told by has no salt. It can be computed with her key only.
    let said = Sha256::digest(payload.get(SALT_BYTES..).unwrap_or_default());
    let asked = [
        stream.as_str().as_bytes(),
        b"\0",
        draft.spec.name.as_bytes(),
        b"\0",
        &said,
    ];
    Ok(SealedEvent {
        event_id: draft.event_id,
        kind: EventType::from(draft.spec),
        type_version: draft.spec.version,
        actor: draft.actor.clone(),
        purpose: draft.purpose,
        correlation_id: Correlation::current().map(|it| it.id),
        causation_id: None,
        payload_sha256: payload_sha256(&payload),
        digest: key.digest(&asked.concat()),
        sealed: key.close(&sealed_for(user, stream, draft.event_id), payload)?,
    })
}
