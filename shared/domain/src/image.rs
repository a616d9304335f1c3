//! Pictures: states from announced to purged, and the limit of active pictures.

use serde::{Deserialize, Serialize};

use super::{ImageId, Timestamp, UserId};

/// How many pictures one woman may have under protection at a time.
pub const MAX_ACTIVE_IMAGES: u32 = 50;

/// Whether a picture is protected or archived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum ImageStatus {
    /// Searched for.
    Active,
    /// Put away; purged after seven days.
    Archived,
}

/// The state of the intake of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum ImageState {
    /// A ticket was given out; nothing has arrived.
    Expected,
    /// Stored, waiting for its fingerprint.
    Pending,
    /// Stripped, fingerprinted, ready.
    Ready,
    /// What arrived is not a picture we can protect.
    Rejected,
}

/// An image as the user sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub struct Image {
    pub id: ImageId,
    pub user_id: UserId,
    pub storage_url: String,
    pub hash: Option<String>,
    pub uploaded_at: Timestamp,
    pub last_scanned: Option<Timestamp>,
    pub status: ImageStatus,
    pub archived_at: Option<Timestamp>,
    pub scan_count: u64,
    pub match_count: u64,
    pub face_detected: bool,
    pub face_confidence: Option<f64>,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub face_metadata: Option<serde_json::Value>,
    /// The state of the intake.
    pub state: ImageState,
    /// Why it was rejected, in words for her.
    pub rejected_reason: Option<String>,
    /// Whether the file she uploaded carried the place it was taken; it was removed.
    pub location_found: Option<bool>,
}

impl Image {
    /// A picture that is about to arrive.
    #[must_use]
    pub fn expected(id: ImageId, user: UserId, storage_url: String, now: Timestamp) -> Self {
        Self {
            id,
            user_id: user,
            storage_url,
            hash: None,
            uploaded_at: now,
            last_scanned: None,
            status: ImageStatus::Active,
            archived_at: None,
            scan_count: 0,
            match_count: 0,
            face_detected: false,
            face_confidence: None,
            face_metadata: None,
            state: ImageState::Expected,
            rejected_reason: None,
            location_found: None,
        }
    }

    /// Whether a scan searches for it.
    #[must_use]
    pub fn is_searchable(&self) -> bool {
        self.status == ImageStatus::Active && self.state == ImageState::Ready
    }

    /// Whether there are derivatives to show.
    #[must_use]
    pub fn is_viewable(&self) -> bool {
        self.state == ImageState::Ready
    }

    /// Whether an address of it is given out: there are derivatives, or its intake is making them.
    #[must_use]
    pub fn can_be_shown(&self) -> bool {
        matches!(self.state, ImageState::Pending | ImageState::Ready)
    }
}

/// `filter` of the picture list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names are the contract's")]
pub enum ImageFilter {
    #[default]
    All,
    Scanned,
    NotScanned,
    Archived,
}

impl std::str::FromStr for ImageFilter {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "all" => Ok(Self::All),
            "scanned" => Ok(Self::Scanned),
            "not_scanned" => Ok(Self::NotScanned),
            "archived" => Ok(Self::Archived),
            _ => Err(()),
        }
    }
}
