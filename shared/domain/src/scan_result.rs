//! Result of a scan as the screens read it: counts, how each engine did, what failed in words for her.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{ScanId, ScanStatus, ScanType, Timestamp};

/// What a scan came to. What a type of scan has no word for is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ScanResult {
    /// The picture, address or account that the scan is about, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_id: Option<Uuid>,
    /// When a scan ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scanned_at: Option<Timestamp>,
    /// When a check of addresses ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checked_at: Option<Timestamp>,
    /// Pictures that were searched for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub images_scanned: Option<u64>,
    /// The same, under the name that some screens read (QUIRKS Q16).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub images_processed: Option<u64>,
    /// Pictures that were put away or gone by then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub images_skipped: Option<u32>,
    /// Profiles that were compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profiles_checked: Option<u64>,
    /// Of them those that pretend to be her, or around which something changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profiles_found: Option<u32>,
    /// The first address that was checked, masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What was checked, address by address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub addresses: Option<Vec<AddressCheck>>,
    /// Breaches that hold an address of hers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breaches_found: Option<u64>,
    /// Those breaches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breaches: Option<Vec<BreachSummary>>,
    /// Findings that are open after the scan, new or known before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matches_found: Option<u64>,
    /// Findings that were new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_matches: Option<u32>,
    /// Alerts that were raised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alerts_created: Option<u32>,
    /// How long it took, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<i64>,
    /// What was done with the pictures and what was found of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<ImageScanDetails>,
    /// What failed, in words for her.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<String>>,
    /// Something was left undone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial: Option<bool>,
    /// Another scan goes on with what was left undone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continues: Option<bool>,
    /// She stopped it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancelled: Option<bool>,
    /// How each engine did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engines: Option<Vec<EngineSummary>>,
    /// The parts of a full scan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub children: Option<Vec<ChildScan>>,
}

impl ScanResult {
    /// The result of a scan that has not ended: what it is about.
    #[must_use]
    pub fn of_target(target: impl Into<Uuid>) -> Self {
        Self {
            target_id: Some(target.into()),
            ..Self::default()
        }
    }
}

/// How an engine did in a scan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct EngineSummary {
    /// Its name.
    pub name: String,
    /// Whether it searched, failed, or was not asked, and why.
    pub state: String,
    /// With how many pictures, addresses or networks it was asked and answered.
    pub searched: u64,
    /// With how many it failed.
    pub failed: u64,
    /// With how many it was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_searched: Option<u64>,
}

/// What was done with the pictures of a scan and what was found of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub struct ImageScanDetails {
    pub reverse_image_search: bool,
    pub reverse_image_search_engine: String,
    pub deepfake_analysis: bool,
    pub similarity_check: bool,
    pub embeddings_generated: u32,
    pub hashes_generated: u32,
    pub face_embeddings_generated: u32,
    pub face_verified_matches: u32,
    pub unverified_matches: u32,
    pub match_breakdown: MatchBreakdown,
    pub person_discovery: PersonDiscovery,
}

/// Findings by how sure they are, and what was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub struct MatchBreakdown {
    pub high_confidence: u32,
    pub medium_confidence: u32,
    pub pages_matches: u32,
    pub low_confidence: u32,
    pub skipped_below_threshold: u32,
    pub skipped_face_mismatch: u32,
    pub skipped_clip_mismatch: u32,
}

/// Other pictures of her that a search went on from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub struct PersonDiscovery {
    pub enabled: bool,
    pub candidates_expanded: u32,
    pub expansion_matches: u32,
}

/// What a check of breaches says of one address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AddressCheck {
    /// The address, masked.
    pub email: String,
    /// In how many breaches it is.
    pub breaches_found: u64,
    /// It could not be checked.
    pub not_checked: bool,
    /// Why not, in words for her.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What the result of a check tells of a breach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub struct BreachSummary {
    pub name: String,
    pub date: Option<String>,
    pub data_types: Vec<String>,
}

/// A part of a full scan, as the whole tells of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub struct ChildScan {
    pub id: ScanId,
    #[serde(rename = "type")]
    pub kind: ScanType,
    pub status: ScanStatus,
    #[cfg_attr(feature = "openapi", schema(no_recursion))]
    pub result: Option<ScanResult>,
    pub error_message: Option<String>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_type_of_scan_has_no_word_for_is_absent() {
        let target = ScanResult::of_target(Uuid::nil());
        let shown = serde_json::to_value(&target).unwrap();
        assert_eq!(shown, json!({ "targetId": Uuid::nil() }));
        let whole = ScanResult {
            matches_found: Some(2),
            partial: Some(false),
            children: Some(vec![]),
            ..target
        };
        let shown = serde_json::to_value(&whole).unwrap();
        let told = json!({
            "targetId": Uuid::nil(), "matchesFound": 2, "partial": false, "children": [],
        });
        assert_eq!(shown, told);
        assert_eq!(serde_json::from_value::<ScanResult>(shown).unwrap(), whole);
    }

    #[test]
    fn a_result_stored_before_a_field_was_known_is_read() {
        let old: ScanResult = serde_json::from_value(json!({ "imagesScanned": 1 })).unwrap();
        assert_eq!((old.images_scanned, old.partial), (Some(1), None));
    }
}
