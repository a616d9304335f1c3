//! Memory of a place: what its pictures were when they were last compared with hers.
//!
//! A place whose pictures are the same, and of which the engines say the same, keeps its verdict: nothing is
//! decoded or compared again.

use serde::{Deserialize, Serialize};

/// A found picture as it was fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchedVersion {
    /// Digest of the address that sent it, after all redirects. Validators go to no other address.
    pub from: String,
    /// The entity tag it was sent with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// When it was last modified, in the server's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<String>,
    /// Digest of its bytes.
    pub hash: String,
}

/// A place as a scan saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenPlace {
    /// Digest of all else that the verdict follows from: her picture, what the engines say, how pictures
    /// are compared.
    pub basis: String,
    /// Its pictures in the order of the sightings; nothing for one that could not be fetched.
    pub pictures: Vec<Option<FetchedVersion>>,
    /// Whether something of hers is there.
    pub is_finding: bool,
}
