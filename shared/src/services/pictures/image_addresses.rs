//! Signed picture URLs: what they name, how long they are good for.

use std::str::FromStr;

use serde::Serialize;

use crate::auth::{Caller, Keys};
use crate::domain::{Image, ImageId, Result, SessionId, Timestamp, UserId};

/// How long a picture's address is good for, in seconds: an hour and what is left of the half hour.
const URL_LIFE_SECONDS: i64 = 3600;
const URL_GRID_SECONDS: i64 = 1800;

/// Which copy of a picture an address leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// At most 2048 px.
    Display,
    /// At most 512 px.
    Thumbnail,
    /// The thumbnail inside a page, the display copy in a tab of its own. The web app has one address for
    /// both: the tile of its gallery and "view full size".
    Gallery,
}

impl Size {
    const fn name(self) -> &'static str {
        match self {
            Self::Display => "display",
            Self::Thumbnail => "thumb",
            Self::Gallery => "gallery",
        }
    }
}

impl FromStr for Size {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Display, Self::Thumbnail, Self::Gallery]
            .into_iter()
            .find(|it| it.name() == text)
            .ok_or(())
    }
}

/// What a signed address names, as a request brings it back.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the parameters' names")]
pub struct SignedAddress<'a> {
    pub user: UserId,
    pub image: ImageId,
    pub size: Size,
    /// The session it was given to; callers of an external issuer have none with us.
    pub session: Option<SessionId>,
    /// In seconds since 1970.
    pub expires: i64,
    pub signature: &'a str,
}

impl SignedAddress<'_> {
    /// What is signed.
    pub(super) fn text(&self) -> String {
        let Self {
            user,
            image,
            expires,
            ..
        } = self;
        let session = self.session.map(|it| it.to_string());
        let session = session.as_deref().unwrap_or("-");
        format!("{user}/{image}/{}/{session}/{expires}", self.size.name())
    }
}

/// Makes the addresses of pictures.
#[derive(Clone)]
pub struct ImageAddresses {
    /// Signs them.
    pub keys: Keys,
    /// Where the API is reached.
    pub public_url: String,
}

impl ImageAddresses {
    /// A picture with an address of this size, also while its copies are being made.
    pub fn view(&self, image: Image, caller: &Caller, size: Size, now: Timestamp) -> ImageView {
        let signed_url = image
            .can_be_shown()
            .then(|| self.signed_url(&image, caller.session, size, now));
        ImageView::new(image, signed_url)
    }

    /// An address under which this picture can be fetched while this session lasts; the same one for at
    /// least half an hour.
    fn signed_url(
        &self,
        image: &Image,
        session: Option<SessionId>,
        size: Size,
        now: Timestamp,
    ) -> String {
        let expires = (now.epoch_seconds() + URL_LIFE_SECONDS).div_euclid(URL_GRID_SECONDS)
            * URL_GRID_SECONDS
            + URL_GRID_SECONDS;
        let address = SignedAddress {
            user: image.user_id,
            image: image.id,
            size,
            session,
            expires,
            signature: "",
        };
        let signature = self.keys.sign_url(&address.text());
        let session = session.map(|it| format!("&session={it}"));
        format!(
            "{}/api/v1/images/{}/file?user={}&size={}{}&expires={expires}&signature={signature}",
            self.public_url,
            image.id,
            image.user_id,
            size.name(),
            session.unwrap_or_default()
        )
    }
}

/// An image, with the address of its bytes.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ImageView {
    #[serde(flatten)]
    image: Image,
    signed_url: Option<String>,
}

impl ImageView {
    /// A picture and the address of its bytes.
    fn new(image: Image, signed_url: Option<String>) -> Self {
        Self { image, signed_url }
    }

    /// The picture.
    #[must_use]
    pub fn image(&self) -> &Image {
        &self.image
    }
}
