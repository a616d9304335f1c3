//! The bytes behind signed picture URLs: verify, serve, wait for a pending intake.
//!
//! An `<img>` sends no token, so the signature of its address stands for the caller. A page asks for a
//! picture as soon as its upload was answered. Its address is therefore given out while the picture is
//! still being taken in, and a request for it waits for the intake.
//!
//! *Invariant:* an address is good no longer than the sign-in it was given to. It names the session, and
//! each request reads the session's row, so that signing out ends the addresses that were given out.

use std::time::Duration;

use bytes::Bytes;
use futures_util::join;
use tokio::time::Instant;

use crate::domain::{Error, ErrorKind, Image, ImageState, Result, Timestamp};
use crate::objects::key;
use crate::services::pictures::image_addresses::{SignedAddress, Size};
use crate::services::pictures::images::{Images, missing};

/// How long a request for a picture waits for its intake, which takes about a second. Well below the
/// timeout of the function, because an environment is held meanwhile; `tests/template_functions.rs` holds
/// that.
pub const INTAKE_WAIT: Duration = Duration::from_secs(12);

/// A picture announced longer ago than this is not waited for: its intake is late for another reason,
/// and waiting would only hold environments.
const INTAKE_WAIT_MAX_AGE_SECONDS: i64 = 120;

/// The most bytes of a copy. It is at most 2048 px; anything larger was not made by us.
const MAX_COPY_BYTES: usize = 4_400_000;

/// Pauses between two reads of the picture's row during the wait: the first, and the longest.
const FIRST_POLL_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_POLL_PAUSE: Duration = Duration::from_millis(800);

/// The code of `not_ready`.
pub const NOT_READY: &str = "IMAGE_NOT_READY";

impl Images {
    /// The bytes behind a signed address. `is_embedded`: whether they are shown inside a page.
    pub async fn file(
        &self,
        address: &SignedAddress<'_>,
        is_embedded: bool,
        now: Timestamp,
    ) -> Result<Bytes> {
        let is_signed = self
            .addresses
            .keys
            .check_url(&address.text(), address.signature);
        if !is_signed || address.expires < now.epoch_seconds() {
            return Err(expired());
        }
        let (user, image) = (address.user, address.image);
        let (found, is_signed_in) = join!(self.find(user, image), self.is_signed_in(address));
        let found = found?;
        if !is_signed_in? {
            let left = self.store.erasure(user).await?;
            // Of an account that rests there is nothing to be seen, as there is nothing of one that is erased.
            let rests = left.is_some_and(|it| it.rests_until.is_some());
            return Err(if rests { missing() } else { expired() });
        }
        self.wait_for_intake(found, INTAKE_WAIT, now).await?;
        let object = match address.size {
            Size::Thumbnail => key::thumbnail(user, image),
            Size::Gallery if is_embedded => key::thumbnail(user, image),
            Size::Display | Size::Gallery => key::display(user, image),
        };
        self.objects
            .get(&object, MAX_COPY_BYTES)
            .await?
            .ok_or_else(missing)
    }

    /// Whether the sign-in that the address was given to goes on; without one, whether the account is there.
    async fn is_signed_in(&self, address: &SignedAddress<'_>) -> Result<bool> {
        let user = address.user;
        Ok(match address.session {
            Some(session) => self.store.session(user, session).await?.is_some(),
            None => self.store.account(user).await?.is_some(),
        })
    }

    /// Returns once the picture has its copies. `Err` if it is rejected, goes away, or is not taken in
    /// within `wait`.
    async fn wait_for_intake(
        &self,
        mut image: Image,
        wait: Duration,
        now: Timestamp,
    ) -> Result<()> {
        let deadline = Instant::now() + wait;
        let mut pause = FIRST_POLL_PAUSE;
        loop {
            match image.state {
                ImageState::Ready => return Ok(()),
                ImageState::Rejected => return Err(missing()),
                ImageState::Expected | ImageState::Pending => {}
            }
            let age = now.epoch_seconds() - image.uploaded_at.epoch_seconds();
            if age > INTAKE_WAIT_MAX_AGE_SECONDS || Instant::now() + pause > deadline {
                return Err(not_ready());
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_POLL_PAUSE);
            image = self.find(image.user_id, image.id).await?;
        }
    }
}

fn expired() -> Error {
    Error::new(
        ErrorKind::Forbidden,
        "URL_EXPIRED",
        "This address is no longer valid.",
    )
}

fn not_ready() -> Error {
    Error::new(
        ErrorKind::Unavailable,
        NOT_READY,
        "This picture is still being prepared. Please try again in a moment.",
    )
}

#[cfg(test)]
mod tests;
