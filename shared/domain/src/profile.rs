//! Public social profiles as the profile directory describes them.

use serde::{Deserialize, Deserializer, Serialize};

use super::{Platform, Timestamp};

/// Somebody who follows a profile.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Follower {
    pub handle: String,
    #[serde(deserialize_with = "time_or_none")]
    pub created_at: Option<Timestamp>,
    pub posts: u64,
    pub followers: u64,
    pub following: u64,
    pub has_picture: bool,
}

/// A time a directory tells. One that is none costs nothing but itself.
fn time_or_none<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    Ok(text.and_then(|it| Timestamp::parse(&it)))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_follower_with_an_odd_time_is_a_follower_without() {
        for (at, is_known) in [
            ("\"2026-01-31T12:00:00Z\"", true),
            ("\"0001-01-01T00:00:00Z\"", false),
            ("\"9999-12-31T23:59:59-01:00\"", false),
            ("\"\"", false),
            ("null", false),
        ] {
            let text = format!(r#"{{"handle":"b","created_at":{at}}}"#);
            let read: Follower = serde_json::from_str(&text).unwrap();
            assert_eq!(read.created_at.is_some(), is_known, "{at}");
        }
    }
}
