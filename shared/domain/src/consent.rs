//! Consent to send her pictures to each search engine, and the gate for intimate pictures.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

/// From this score on a picture counts as intimate. What it decides is reversible and only ever
/// protects more, so it is low.
pub const INTIMATE: f32 = 0.7;

/// A company that can search for pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Vendor {
    /// Copies of a picture.
    Tineye,
    /// Copies of a picture, and pictures like it.
    GoogleVision,
    /// Google Lens and the reverse image searches of Google and Bing.
    Serpapi,
    /// Pictures of a face.
    Facecheck,
}

impl Vendor {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Tineye,
        Self::GoogleVision,
        Self::Serpapi,
        Self::Facecheck,
    ];

    /// Its name in stored things and results.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tineye => "tineye",
            Self::GoogleVision => "google-vision",
            Self::Serpapi => "serpapi",
            Self::Facecheck => "facecheck",
        }
    }

    /// What holds until she says otherwise. A search for a face needs her word.
    fn usual(self) -> Sending {
        match self {
            Self::Facecheck => Sending::Never,
            Self::Tineye | Self::GoogleVision | Self::Serpapi => Sending::Ordinary,
        }
    }
}

/// Which pictures may be sent to a company.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Sending {
    /// None.
    Never,
    /// All that were looked at and do not look intimate.
    Ordinary,
    /// All, intimate ones too.
    AlsoIntimate,
}

/// Which pictures may be sent to which engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct EngineConsent(BTreeMap<Vendor, Sending>);

impl Default for EngineConsent {
    fn default() -> Self {
        Self::with(BTreeMap::new())
    }
}

impl EngineConsent {
    /// What holds where nobody can tell what she said: nothing is sent anywhere.
    #[must_use]
    pub fn none() -> Self {
        Self(Vendor::ALL.map(|it| (it, Sending::Never)).into())
    }

    /// What she said, and the usual of what she did not speak of.
    fn with(said: BTreeMap<Vendor, Sending>) -> Self {
        let usual = Vendor::ALL.map(|it| (it, it.usual()));
        Self(usual.into_iter().chain(said).collect())
    }

    /// Whether a picture may be sent. A picture without a score counts as intimate: its model failed, or
    /// nobody has looked at it yet.
    #[must_use]
    pub fn allow(&self, vendor: Vendor, intimate: Option<f32>) -> bool {
        match self.0.get(&vendor) {
            Some(Sending::AlsoIntimate) => true,
            Some(Sending::Ordinary) => intimate.is_some_and(|score| score < INTIMATE),
            Some(Sending::Never) | None => false,
        }
    }
}

impl<'de> Deserialize<'de> for EngineConsent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::with(BTreeMap::deserialize(deserializer)?))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn intimate_pictures_and_faces_go_nowhere_until_she_says_so() {
        let usual = EngineConsent::default();
        for vendor in Vendor::ALL {
            assert!(!usual.allow(vendor, Some(0.7)), "{vendor:?}");
            let ordinary = usual.allow(vendor, Some(0.69));
            assert_eq!(ordinary, vendor != Vendor::Facecheck, "{vendor:?}");
            for unknown in [None, Some(f32::NAN)] {
                assert!(!usual.allow(vendor, unknown), "{vendor:?}");
            }
        }
    }

    #[test]
    fn her_word_counts_engine_by_engine() {
        let said = json!({ "tineye": "ALSO_INTIMATE", "google-vision": "NEVER" });
        let said: EngineConsent = serde_json::from_value(said).unwrap();
        assert!(said.allow(Vendor::Tineye, Some(1.0)));
        assert!(said.allow(Vendor::Tineye, None));
        assert!(!said.allow(Vendor::GoogleVision, Some(0.0)));
        assert!(said.allow(Vendor::Serpapi, Some(0.0)));
        let told = serde_json::to_value(&said).unwrap();
        let all = json!({
            "tineye": "ALSO_INTIMATE", "google-vision": "NEVER", "serpapi": "ORDINARY", "facecheck": "NEVER",
        });
        assert_eq!(told, all);
        for bad in [
            json!({ "bing": "NEVER" }),
            json!({ "tineye": "SOMETIMES" }),
            json!(1),
        ] {
            assert!(serde_json::from_value::<EngineConsent>(bad).is_err());
        }
    }
}
