//! Types and rules of the product.
//!
//! Nothing here does I/O, asks the time, or knows AWS or HTTP. Types that are shown to her
//! serialise exactly as the contract has them; what is stored beside them belongs to the store.

mod account;
mod address_change;
mod alert;
pub mod behaviour;
pub mod breach;
mod consent;
pub mod credentials;
mod device;
pub mod document;
mod download;
pub mod engine;
mod error;
pub mod event;
mod evidence;
pub mod evidence_record;
pub mod feed;
pub mod finding;
mod ids;
mod image;
pub mod impersonation;
mod law;
pub mod likeness;
mod link;
pub mod linked;
mod mail_feedback;
mod matching;
mod named_values;
pub mod notice;
pub mod onboarding;
mod page;
mod picture_name;
pub mod plan;
mod preferences;
mod prints;
mod profile;
pub mod review;
mod role;
pub mod scan;
mod scan_result;
mod scan_type;
pub mod search_pace;
mod seen_place;
pub mod sensitive_sites;
pub mod socket;
mod switch;
pub mod takedown;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod throttle;
mod tier;
mod time;
pub mod url;
pub mod user;
mod verdict;

pub use account::{
    Account, AccountOrigin, RECENT_SECONDS, Session, Shown, SignInMethod, Superseded, session_name,
};
pub use address_change::{
    ADDRESS_CODE_SECONDS, ADDRESS_CODE_TRIES, ADDRESS_UNDO_SECONDS, AddressChange, EarlierAddress,
};
pub use alert::{Alert, AlertAction, AlertStatus, AlertType, Severity};
pub use breach::Breach;
pub use consent::{EngineConsent, INTIMATE, Sending, Vendor};
pub use credentials::Weakness;
pub use device::device_words;
pub use download::{
    ArchiveScope, DOWNLOAD_LIFE_SECONDS, Download, DownloadFailure, DownloadState,
    FILE_ADDRESS_LIFE_SECONDS,
};
pub use engine::{Allowance, Breaker, Ending, EngineStanding, Hold, Permit};
pub use error::{BoxError, Error, ErrorKind, Result};
pub use evidence::{
    ChangeEvidence, ColourEvidence, Edit, Evidence, FaceEvidence, HashEvidence, OverlayEvidence,
    Person, Relation, Signal,
};
pub use ids::{
    AccountId, AlertId, AnswerId, DocumentId, DownloadId, EvidenceId, ExportId, ImageId, MatchId,
    PlanId, PlanItemId, ScanId, SessionId, TakedownId, UserId,
};
pub use image::{Image, ImageFilter, ImageState, ImageStatus, MAX_ACTIVE_IMAGES};
pub use impersonation::{ImpersonationKind, Persona, Resemblance};
pub use law::Law;
pub use likeness::HandleLikeness;
pub use link::{Link, LinkKind, WORKING_LINKS};
pub use linked::{CODE_LIFE, Linked, LinkedKind, MAX_LINKED, Platform, ProfileSnapshot, Proof};
pub use mail_feedback::{MailFeedback, MailStop, MailStopReason};
pub use matching::{Match, MatchStatus, MatchType, ReviewStatus};
pub use onboarding::{Answer, Choice, Choices, QUESTIONS, Question, QuestionType, Response};
pub use page::{Page, Pagination};
pub use picture_name::{PictureName, PictureNames};
pub use plan::{
    Advice, Category, Entry, Plan, PlanItem, PlanItemStatus, PlanTemplate, PlanView,
    ProtectionState,
};
pub use preferences::{
    Channel, Channels, ClockTime, Digest, Every, MailAnswer, Preferences, QuietHours,
};
pub use prints::{FacePrint, FileTraces, Intimacy, Prints, VectorPrint};
pub use profile::{Follower, PublicProfile};
pub use review::Judgement;
pub use role::Role;
pub use scan::{Scan, ScanFilter, ScanOrigin};
pub use scan_result::{
    AddressCheck, BreachSummary, ChildScan, EngineSummary, ImageScanDetails, MatchBreakdown,
    PersonDiscovery, ScanResult,
};
pub use scan_type::{ScanStatus, ScanType};
pub use seen_place::{FetchedVersion, SeenPlace};
pub use sensitive_sites::SensitiveSite;
pub use switch::{Switch, SwitchState};
pub use throttle::{Meter, Throttle};
pub use tier::Tier;
pub use time::Timestamp;
pub use url::CanonicalUrl;
pub use user::{Profile, RiskLevel};
pub use verdict::{Comparison, EngineClaim, Verdict};
