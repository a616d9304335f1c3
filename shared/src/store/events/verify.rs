//! Verification of all her streams: every link is computed again and compared with the heads.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::event::{ChainCheck, StreamName};
use crate::domain::{Result, UserId};
use crate::store::event_rows::{EVENT, EventRow, StreamHead};
use crate::store::{Item, Key, Store, failure, read, reading};

/// What a verification found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    /// Whether every event is as it was written, and none is missing.
    pub ok: bool,
    /// How many events were checked.
    pub checked: u64,
    /// How many streams there are.
    pub streams: u64,
    /// The first place where that is not so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken_at: Option<BrokenAt>,
}

/// An event that is not as it was written, or is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BrokenAt {
    /// Its stream.
    pub stream: String,
    /// Its number.
    pub number: u64,
}

/// A stream while it is checked.
struct Checking {
    head: StreamHead,
    chain: ChainCheck,
}

impl Checking {
    fn new(user: UserId, head: StreamHead) -> Self {
        let chain = ChainCheck::from(user, head.first_kept, &head.anchor);
        Self { head, chain }
    }

    /// Whether the chain is where the head says, as far as it has come to that.
    fn meets_head(&self) -> bool {
        let (next, link) = self.chain.place();
        next != self.head.next || link == self.head.link
    }

    fn take(&mut self, item: Item) -> Result<(), u64> {
        let (next, _) = self.chain.place();
        let row: EventRow = read(item).map_err(|_| next)?;
        if row.header.stream != self.head.stream {
            return Err(next);
        }
        let taken = self.chain.take(&row.header, &row.sealed, &row.link);
        taken.map_err(|it| it.number)?;
        self.meets_head().then_some(()).ok_or(next)
    }
}

impl Store {
    /// Checks every event of hers.
    pub(crate) async fn verify_events(&self, user: UserId) -> Result<Verified> {
        let heads = self.streams(user).await?;
        let mut streams: BTreeMap<String, Checking> = heads
            .into_iter()
            .map(|it| (it.stream.to_string(), Checking::new(user, it)))
            .collect();
        let mut found = Verified::default();
        let broken = |stream: &str, number| BrokenAt {
            stream: stream.to_owned(),
            number,
        };
        let mut from: Option<Item> = None;
        loop {
            let (items, next) = self.events_page(user, from.take()).await?;
            for item in items {
                let (name, number) = place(&item);
                if !streams.contains_key(&name) {
                    // Made since, or its head is gone.
                    if let Some(head) = self.head_named(user, &name).await? {
                        streams.insert(name.clone(), Checking::new(user, head));
                    }
                }
                let Some(stream) = streams.get_mut(&name) else {
                    found.broken_at = Some(broken(&name, number.unwrap_or_default()));
                    return Ok(found);
                };
                if number.is_some_and(|it| it < stream.head.first_kept) {
                    continue;
                }
                if let Err(number) = stream.take(item) {
                    found.broken_at = Some(broken(&name, number));
                    return Ok(found);
                }
                found.checked += 1;
            }
            from = next;
            if from.is_none() {
                break;
            }
        }
        found.streams = streams.len() as u64;
        for (name, stream) in &streams {
            if let Some(number) = self.missing_at_end(user, stream).await? {
                found.broken_at = Some(broken(name, number));
                return Ok(found);
            }
        }
        found.ok = true;
        Ok(found)
    }

    /// The number of the first event that the head of a stream counts and that is not there, or the other way
    /// round.
    async fn missing_at_end(&self, user: UserId, stream: &Checking) -> Result<Option<u64>> {
        let (next, _) = stream.chain.place();
        if next < stream.head.next || !stream.meets_head() {
            return Ok(Some(next));
        }
        if next == stream.head.next {
            return Ok(None);
        }
        // Events were appended since the head was read, or nobody counted them.
        let now = self.stream(user, &stream.head.stream).await?;
        let counted = now.map_or(0, |it| it.next);
        Ok((counted < next).then_some(counted))
    }

    async fn head_named(&self, user: UserId, name: &str) -> Result<Option<StreamHead>> {
        match StreamName::parse(name) {
            Some(name) => self.stream(user, &name).await,
            None => Ok(None),
        }
    }

    async fn events_page(
        &self,
        user: UserId,
        from: Option<Item>,
    ) -> Result<(Vec<Item>, Option<Item>)> {
        let reply = self
            .rows_starting(Key::user(user, EVENT))
            .set_exclusive_start_key(from)
            .send()
            .await
            .map_err(|err| failure("reading events to verify", err))?;
        Ok((reply.items.unwrap_or_default(), reply.last_evaluated_key))
    }
}

/// The stream and the number in the key of an event.
fn place(item: &Item) -> (String, Option<u64>) {
    let sk = reading::text(item, "sk").unwrap_or_default();
    let named = sk.strip_prefix(EVENT).unwrap_or_default();
    let (stream, number) = named.rsplit_once('#').unwrap_or((named, ""));
    (stream.to_owned(), number.parse().ok())
}
