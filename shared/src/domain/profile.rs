//! Public profiles on networks, as a directory tells of them.

use serde::{Deserialize, Serialize};

use super::{Platform, Timestamp};

/// Somebody who follows a profile.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Follower {
    pub handle: String,
    pub created_at: Option<Timestamp>,
    pub posts: u64,
    pub followers: u64,
    pub following: u64,
    pub has_picture: bool,
}

/// A profile everybody can see.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct PublicProfile {
    pub platform: Platform,
    pub handle: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub bio: String,
    #[serde(default)]
    pub picture_url: Option<String>,
    #[serde(default)]
    pub url: Option<String>,
    #[serde(default)]
    pub followers: u64,
    /// Who began to follow it last.
    #[serde(default)]
    pub recent_followers: Vec<Follower>,
}
