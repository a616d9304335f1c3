//! Addresses of files of hers: drawn at random, good for a short time, used up by fetching.
//!
//! The table knows the hash of an address only. Whoever has the address needs no sign-in, so that a browser can save the
//! file; whoever finds it later in a history finds it used up.

use serde::Serialize;

use crate::auth::OneTime;
use crate::domain::{Result, Timestamp, UserId};
use crate::store::{AddressedFile, FileAddressRow, Store};

/// The address of a file.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct FileAddress {
    /// Where the file is. It can be fetched once.
    pub url: String,
    /// Until when.
    pub expires_at: Timestamp,
}

/// A file of hers, as she saves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HerFile {
    /// Its name, which says nothing of what is in it.
    pub name: String,
    /// Its media type: that of a picture or a text, or of bytes that no browser shows.
    pub kind: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Draws an address below `place`.
pub(crate) async fn draw_address(
    store: &Store,
    place: &str,
    (user, leads_to): (UserId, AddressedFile),
    expires_at: Timestamp,
) -> Result<FileAddress> {
    let drawn = OneTime::draw()?;
    let row = FileAddressRow {
        user,
        leads_to,
        expires_at,
    };
    store.add_file_address(&drawn.hash, &row).await?;
    Ok(FileAddress {
        url: format!("{place}/{}", drawn.token),
        expires_at,
    })
}

/// Uses an address up. `None`: there is none, or it was used or is too old.
pub(crate) async fn use_address(
    store: &Store,
    token: &str,
    now: Timestamp,
) -> Result<Option<(UserId, AddressedFile)>> {
    let used = store.use_file_address(&OneTime::hash(token), now).await?;
    Ok(used.map(|it| (it.user, it.leads_to)))
}
