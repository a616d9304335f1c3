//! Her access log: records who saw or was given what, and lists it in sentences.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::event_log::{Direction, Draft, EventLog};
use crate::auth::Caller;
use crate::domain::event::{
    AccessEntry, AccessRead, AccessShared, AccessSubject, Actor, ActorKind, Event, ExpectedVersion,
    Purpose, StreamName, sentence,
};
use crate::domain::{Error, Result, ScanId, Timestamp, UserId, Vendor};

/// How many events are read at a time.
const PAGE_SIZE: usize = 100;

/// How many events one call reads before it says where to go on.
const MAX_READ: usize = 1000;

/// How many shares a process remembers to have recorded.
const MAX_REMEMBERED: usize = 1000;

/// Records and lists accesses. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AccessLog {
    log: EventLog,
    recorded: Arc<Mutex<BTreeSet<(ScanId, Vendor)>>>,
}

/// An entry of the log, as she is shown it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AccessView {
    /// Its number in the stream `access`.
    pub number: u64,
    /// When it was.
    pub at: Timestamp,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Who it was.
    pub actor: Actor,
    /// What it was for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// What happened, in words.
    pub sentence: String,
    /// The facts behind the words.
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, Value>))]
    pub data: Map<String, Value>,
}

/// Which entries are listed.
#[derive(Clone, Debug, Default)]
pub struct AccessFilter {
    /// Of this type only: `read` or `access.read`.
    pub kind: Option<String>,
    /// By such actors only.
    pub actor: Option<ActorKind>,
    /// Not before this.
    pub from: Option<Timestamp>,
    /// Before this.
    pub to: Option<Timestamp>,
}

/// A page of the log, the newest entry first.
#[derive(Clone, Debug, PartialEq)]
pub struct AccessPage {
    /// The entries.
    pub entries: Vec<AccessView>,
    /// The number from which the next page is read; none at the end.
    pub next: Option<u64>,
}

impl AccessLog {
    /// The access log in this event log.
    #[must_use]
    pub fn new(log: EventLog) -> Self {
        Self {
            log,
            recorded: Arc::default(),
        }
    }

    /// Records that she looks at something of this kind herself: once for each session and hour. Comes before the
    /// answer; without it there is none.
    pub async fn record_own_read(
        &self,
        caller: &Caller,
        what: AccessSubject,
        now: Timestamp,
    ) -> Result<()> {
        let actor = caller.actor();
        let read = AccessRead {
            what,
            subject: None,
            purpose: Purpose::Own,
            ticket: None,
        };
        let id = read.id_of_hour(&actor, now);
        let draft = Draft::of(id, "access.read", actor, Some(Purpose::Own), &read)?;
        self.record(caller.user, draft, now).await
    }

    /// Records that somebody looks at one thing of hers, she herself too: each time. Comes before the answer; without it
    /// there is none.
    pub async fn record_look(
        &self,
        (user, actor): (UserId, Actor),
        (what, subject): (AccessSubject, String),
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<()> {
        let read = AccessRead {
            what,
            subject: Some(subject),
            purpose,
            ticket: None,
        };
        let id = Uuid::new_v4();
        let draft = Draft::of(id, "access.read", actor, Some(purpose), &read)?;
        self.record(user, draft, now).await
    }

    /// Records that a scan gives something to a company: once for each scan and company, before it is given.
    pub async fn record_share(
        &self,
        user: UserId,
        shared: &AccessShared,
        now: Timestamp,
    ) -> Result<()> {
        let once = (shared.scan_id, shared.recipient);
        if self.remembers(once) {
            return Ok(());
        }
        let actor = Actor::system();
        let purpose = Some(Purpose::Search);
        let draft = Draft::of(shared.id(), "access.shared", actor, purpose, shared)?;
        self.record(user, draft, now).await?;
        self.remember(once);
        Ok(())
    }

    /// Appends an event whose id is computed from what it says; there already, it is recorded.
    async fn record(&self, user: UserId, draft: Draft, now: Timestamp) -> Result<()> {
        let stream = StreamName::access();
        let of = (user, &stream);
        let drafts = [draft];
        let appended = self.log.append(of, ExpectedVersion::Any, &drafts, now);
        match appended.await {
            Ok(_) => Ok(()),
            Err(err) if err.code == "EVENT_ID_REUSED" => Ok(()),
            Err(err) => Err(Error::unavailable("recording an access", err)),
        }
    }

    /// A page of her log, from this number back.
    pub async fn list(
        &self,
        user: UserId,
        filter: &AccessFilter,
        before: Option<u64>,
        limit: usize,
        now: Timestamp,
    ) -> Result<AccessPage> {
        let stream = StreamName::access();
        let (mut entries, mut from, mut read) = (Vec::new(), before, 0);
        loop {
            let page = self
                .log
                .read((user, &stream), from, Direction::Backward, PAGE_SIZE, now);
            let page = match page.await {
                Ok(page) => page,
                Err(err) if err.code == "STREAM_NOT_FOUND" => break,
                Err(err) => return Err(err),
            };
            read += page.events.len();
            for event in page.events {
                if filter.from.is_some_and(|it| event.at < it) {
                    return Ok(AccessPage {
                        entries,
                        next: None,
                    });
                }
                let number = event.number;
                entries.extend(Some(event).filter(|it| filter.takes(it)).map(view));
                if entries.len() == limit {
                    let next = number.checked_sub(1);
                    return Ok(AccessPage { entries, next });
                }
            }
            from = page.place.next;
            if from.is_none() || read >= MAX_READ {
                break;
            }
        }
        let next = from.filter(|_| read >= MAX_READ);
        Ok(AccessPage { entries, next })
    }

    fn remembers(&self, once: (ScanId, Vendor)) -> bool {
        let recorded = self.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        recorded.contains(&once)
    }

    fn remember(&self, once: (ScanId, Vendor)) {
        let mut recorded = self.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        if recorded.len() >= MAX_REMEMBERED {
            recorded.clear();
        }
        recorded.insert(once);
    }
}

impl AccessFilter {
    fn takes(&self, event: &Event) -> bool {
        let kind = event.kind.as_str();
        let is_kind = |wanted: &String| {
            kind == wanted || kind.strip_prefix("access.") == Some(wanted.as_str())
        };
        self.kind.as_ref().is_none_or(is_kind)
            && self.actor.is_none_or(|it| event.actor.kind == it)
            && self.to.is_none_or(|it| event.at < it)
    }
}

fn view(event: Event) -> AccessView {
    let sentence = match entry(&event) {
        Some(entry) => sentence(&entry, &event.actor, event.at),
        // A newer version wrote it.
        None => "Something of yours was accessed. Please update the app to see the details.".into(),
    };
    AccessView {
        number: event.number,
        at: event.at,
        kind: event.kind.to_string(),
        actor: event.actor,
        purpose: event.purpose,
        sentence,
        data: event.data,
    }
}

fn entry(event: &Event) -> Option<AccessEntry> {
    match (event.kind.as_str(), event.type_version) {
        ("access.read", 1) => said(event).map(AccessEntry::Read),
        ("access.shared", 1) => said(event).map(AccessEntry::Shared),
        _ => None,
    }
}

fn said<T: for<'a> Deserialize<'a>>(event: &Event) -> Option<T> {
    serde_json::from_value(Value::Object(event.data.clone())).ok()
}
