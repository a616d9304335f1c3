//! The profiles that were planted on the tiny social network, and the search among them.

use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use crate::answer::EngineRefusal;
use crate::lock::lock;

const PLATFORMS: [&str; 6] = [
    "INSTAGRAM",
    "TIKTOK",
    "FACEBOOK",
    "TWITTER",
    "LINKEDIN",
    "YOUTUBE",
];

/// The most profiles a search answers.
const MOST: usize = 50;

/// How many neighbouring letters two names must share to be worth showing.
const SHARED: usize = 2;

/// Somebody who follows a profile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlantedFollower {
    handle: String,
    #[serde(default)]
    created_at: Option<String>,
    #[serde(default)]
    posts: u64,
    #[serde(default)]
    followers: u64,
    #[serde(default)]
    following: u64,
    #[serde(default)]
    has_picture: bool,
}

/// A profile, as it is planted and as it is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlantedProfile {
    pub(crate) platform: String,
    pub(crate) handle: String,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) bio: String,
    /// Where its picture is: something planted on the tiny web.
    #[serde(default)]
    pub(crate) picture_url: Option<String>,
    #[serde(default)]
    pub(crate) url: Option<String>,
    #[serde(default)]
    pub(crate) followers: u64,
    /// Who began to follow it last.
    #[serde(default)]
    recent_followers: Vec<PlantedFollower>,
}

/// Every planted profile, in order of planting.
#[derive(Default)]
pub(crate) struct Network(Mutex<Vec<PlantedProfile>>);

impl Network {
    /// Plants a profile in place of the one of this name.
    ///
    /// # Errors
    /// A sentence that says what cannot be.
    pub(crate) fn plant(
        &self,
        mut profile: PlantedProfile,
    ) -> Result<PlantedProfile, EngineRefusal> {
        profile.platform = profile.platform.to_uppercase();
        profile.handle = profile.handle.trim_start_matches('@').to_lowercase();
        if !PLATFORMS.contains(&profile.platform.as_str()) {
            return Err(EngineRefusal::bad(format!(
                "platform must be one of {PLATFORMS:?}"
            )));
        }
        if profile.handle.is_empty() {
            return Err(EngineRefusal::bad("handle is missing"));
        }
        let host = profile.platform.to_lowercase();
        let url = format!("https://www.{host}.com/{}", profile.handle);
        profile.url.get_or_insert(url);
        let mut all = lock(&self.0);
        all.retain(|it| (&it.platform, &it.handle) != (&profile.platform, &profile.handle));
        all.push(profile.clone());
        Ok(profile)
    }

    pub(crate) fn all(&self) -> Vec<PlantedProfile> {
        lock(&self.0).clone()
    }

    pub(crate) fn clear(&self) -> usize {
        std::mem::take(&mut *lock(&self.0)).len()
    }

    pub(crate) fn find(&self, platform: &str, handle: &str) -> Option<PlantedProfile> {
        let same = |it: &&PlantedProfile| {
            it.platform.eq_ignore_ascii_case(platform) && it.handle == handle.to_lowercase()
        };
        lock(&self.0).iter().find(same).cloned()
    }

    /// Profiles whose handle or name has anything of `text`: a search that is told little shows much.
    pub(crate) fn search(&self, platform: &str, text: &str) -> Vec<PlantedProfile> {
        let wanted = pairs(text);
        let shared = |of: &str| pairs(of).iter().filter(|it| wanted.contains(it)).count();
        let of_platform = |it: &&PlantedProfile| it.platform.eq_ignore_ascii_case(platform);
        let all = lock(&self.0);
        let mut found: Vec<(usize, &PlantedProfile)> = all
            .iter()
            .filter(of_platform)
            .map(|it| (shared(&it.handle).max(shared(&it.name)), it))
            .filter(|(shared, _)| *shared >= SHARED)
            .collect();
        found.sort_by_key(|(shared, _)| std::cmp::Reverse(*shared));
        found
            .into_iter()
            .take(MOST)
            .map(|(_, it)| it.clone())
            .collect()
    }
}

/// The neighbouring letters of a text, each pair once; figures that look like letters count as those.
fn pairs(text: &str) -> Vec<(char, char)> {
    let plain = |c: char| match c {
        '0' | 'о' => 'o',
        '1' | 'l' => 'i',
        '3' => 'e',
        '4' | 'а' => 'a',
        '5' => 's',
        _ => c,
    };
    let letters: Vec<char> = text
        .to_lowercase()
        .chars()
        .map(plain)
        .filter(|c| c.is_alphanumeric())
        .collect();
    let mut pairs: Vec<_> = letters.windows(2).map(|it| (it[0], it[1])).collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}
