//! Pictures: upload, upload tickets, list, get, delete, purge.

use bytes::Bytes;
use serde::Serialize;

use crate::auth::Caller;
use crate::domain::event::StreamName;
use crate::domain::{
    AlertId, Error, Image, ImageFilter, ImageId, ImageState, ImageStatus, Match, Page, Result,
    Timestamp, UserId,
};
use crate::objects::{Objects, Ticket, key};
use crate::services::pictures::image_addresses::{ImageAddresses, ImageView, Size};
use crate::services::pictures::upload_form;
use crate::services::record::event_log::EventLog;
use crate::store::{Append, Listing, Store, TakedownOfFinding};

/// The most bytes of a file that goes straight to the bucket.
pub const MAX_TICKET: u64 = 25 * 1024 * 1024;

/// How long a ticket is good for, in seconds.
const TICKET_LIFE: i64 = 15 * 60;

/// A finding of a picture, with the request to remove it, if she made one.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImageMatch {
    /// The finding.
    #[serde(flatten)]
    pub found: Match,
    /// The request that changed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub takedown: Option<TakedownOfFinding>,
}

/// Takes pictures in, shows them and removes them.
#[derive(Clone)]
pub struct Images {
    pub(super) store: Store,
    pub(super) objects: Objects,
    pub(super) addresses: ImageAddresses,
    log: EventLog,
    announcer: ImageAnnouncer,
    purger: ImagePurger,
}

/// Announces pictures that are about to arrive.
#[derive(Clone)]
pub struct ImageAnnouncer {
    store: Store,
    log: EventLog,
    public_url: String,
}

/// Removes pictures for good.
#[derive(Clone)]
pub struct ImagePurger {
    store: Store,
    objects: Objects,
}

/// An upload ticket and the image it is for.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = UploadTicket))]
pub struct TicketView {
    image: Image,
    upload: Ticket,
}

impl Images {
    /// The service over this table and this bucket, which records what she does in this log.
    #[must_use]
    pub fn new(store: Store, objects: Objects, addresses: ImageAddresses, log: EventLog) -> Self {
        let public_url = addresses.public_url.clone();
        Self {
            announcer: ImageAnnouncer::new(store.clone(), log.clone(), public_url),
            purger: ImagePurger::new(store.clone(), objects.clone()),
            log,
            store,
            objects,
            addresses,
        }
    }

    /// Takes a file in. It is a picture by its bytes, whatever its name or claim says.
    pub async fn upload(&self, caller: &Caller, file: Bytes, now: Timestamp) -> Result<ImageView> {
        let user = caller.user;
        let format = upload_form::picture_format(&file)?;
        let image = self
            .announcer
            .announce(caller, ImageState::Pending, now)
            .await?;
        if let Err(err) = self
            .objects
            .put(&key::upload(user, image.id), format.mime(), file)
            .await
        {
            self.store.forget_image(&image, None).await?;
            return Err(Error {
                code: "STORAGE_ERROR",
                ..err
            });
        }
        Ok(self.addresses.view(image, caller, Size::Display, now))
    }

    /// Gives out a ticket to send a file of up to 25 MB straight to the bucket.
    pub async fn ticket(&self, caller: &Caller, now: Timestamp) -> Result<TicketView> {
        let user = caller.user;
        let image = self
            .announcer
            .announce(caller, ImageState::Expected, now)
            .await?;
        let upload = self
            .objects
            .ticket(&key::upload(user, image.id), MAX_TICKET, TICKET_LIFE, now)
            .await?;
        Ok(TicketView { image, upload })
    }

    /// A page of her pictures.
    pub async fn list(
        &self,
        caller: &Caller,
        filter: ImageFilter,
        page: Page,
        now: Timestamp,
    ) -> Result<Listing<ImageView>> {
        let found = self.store.images(caller.user, filter, page).await?;
        let items = found
            .items
            .into_iter()
            .map(|row| self.addresses.view(row.image, caller, Size::Gallery, now))
            .collect();
        Ok(Listing {
            items,
            pagination: found.pagination,
        })
    }

    /// One picture.
    pub async fn get(&self, caller: &Caller, id: ImageId, now: Timestamp) -> Result<ImageView> {
        let image = self.find(caller.user, id).await?;
        Ok(self.addresses.view(image, caller, Size::Display, now))
    }

    /// Puts a picture away; one that is put away already, or never came, goes for good.
    pub async fn delete(&self, caller: &Caller, id: ImageId, now: Timestamp) -> Result<()> {
        let image = self.find(caller.user, id).await?;
        if image.status == ImageStatus::Archived || image.state == ImageState::Expected {
            let event = tell(&self.log, caller, "image.removed", id, now).await?;
            return self.purger.purge(&image, Some(event)).await;
        }
        let event = tell(&self.log, caller, "image.archived", id, now).await?;
        let archived = self.store.archive_image(&image, Some(event.clone()), now);
        if archived.await? {
            return Ok(());
        }
        // A scan or the intake moved it meanwhile; what it is now can be put away as well.
        let image = self.find(caller.user, id).await?;
        match self.store.archive_image(&image, Some(event), now).await? {
            true => Ok(()),
            false => Err(Error::unavailable(
                "archiving a picture",
                "it kept changing",
            )),
        }
    }

    /// A page of the findings of a picture of hers, each with the request to remove it that changed last.
    pub async fn matches(
        &self,
        user: UserId,
        id: ImageId,
        page: Page,
    ) -> Result<Listing<ImageMatch>> {
        let image = self.find(user, id).await?;
        let found = self.store.matches(&image, page).await?;
        let of = |it: &Match| AlertId::of_match(it.id);
        let ids: Vec<AlertId> = found.items.iter().map(of).collect();
        let requests = self.store.takedowns_of_alerts(user, &ids).await;
        // A finding is shown whether or not its request can be read.
        let mut requests = requests.unwrap_or_else(|err| {
            tracing::error!(
                error.chain = err.chain(),
                "findings are shown without their requests"
            );
            std::collections::HashMap::new()
        });
        let items = found.items.into_iter().map(|it| ImageMatch {
            takedown: requests.remove(&of(&it)),
            found: it,
        });
        Ok(Listing {
            items: items.collect(),
            pagination: found.pagination,
        })
    }

    pub(crate) async fn find(&self, user: UserId, id: ImageId) -> Result<Image> {
        Ok(self.store.image(user, id).await?.ok_or_else(missing)?.image)
    }
}

impl ImageAnnouncer {
    /// The service over this table, which records in this log, of the API at `public_url`.
    #[must_use]
    pub fn new(store: Store, log: EventLog, public_url: String) -> Self {
        Self {
            store,
            log,
            public_url,
        }
    }

    /// Announces a picture that is about to arrive. Refused if she has as many as she may have.
    ///
    /// One that is `Pending` is listed at once, because it comes through us; one that is `Expected` has a
    /// ticket and is listed when it is there. The schedule forgets either if it never comes.
    pub async fn announce(
        &self,
        caller: &Caller,
        state: ImageState,
        now: Timestamp,
    ) -> Result<Image> {
        let user = caller.user;
        let (id, base) = (ImageId::next(), &self.public_url);
        let storage_url = format!("{base}/storage/v1/object/protected-images/{user}/{id}");
        let image = Image {
            state,
            ..Image::expected(id, user, storage_url, now)
        };
        let event = tell(&self.log, caller, "image.announced", id, now).await?;
        if self.store.announce_image(&image, Some(event)).await? {
            return Ok(image);
        }
        Err(Error::conflict(
            "IMAGE_LIMIT_REACHED",
            "You have 50 pictures under protection, which is the most we can watch. Remove one to add another.",
        ))
    }
}

impl ImagePurger {
    /// The service over this table and this bucket.
    #[must_use]
    pub fn new(store: Store, objects: Objects) -> Self {
        Self { store, objects }
    }

    /// Removes a picture's bytes and then the picture, with the event of it if she asked for that. What was found
    /// of it stays.
    pub(crate) async fn purge(&self, image: &Image, event: Option<Append>) -> Result<()> {
        let (user, id) = (image.user_id, image.id);
        for object in [
            key::upload(user, id),
            key::display(user, id),
            key::thumbnail(user, id),
        ] {
            self.objects.delete(&object).await?;
        }
        self.store.forget_image(image, event).await
    }
}

/// What she does with a picture, in the picture's own stream.
async fn tell(
    log: &EventLog,
    caller: &Caller,
    name: &'static str,
    id: ImageId,
    now: Timestamp,
) -> Result<Append> {
    let (user, actor) = caller.whose();
    let place = (user, actor, &StreamName::image(id));
    log.tell_in(place, name, &serde_json::json!({}), now).await
}

pub(crate) fn missing() -> Error {
    Error::not_found("IMAGE_NOT_FOUND", "This picture does not exist.")
}

#[cfg(test)]
mod tests;
