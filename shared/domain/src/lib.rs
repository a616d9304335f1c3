//! Types and rules of the product.
//!
//! Nothing here does I/O, asks the time, or knows AWS or HTTP. Types that are shown to her
//! serialise exactly as the contract has them; what is stored beside them belongs to the store.

mod account;
mod alert;
pub mod behaviour;
pub mod breach;
mod consent;
pub mod credentials;
mod device;
pub mod document;
pub mod engine;
mod error;
pub mod event;
mod evidence;
pub mod feed;
pub mod finding;
mod ids;
mod image;
pub mod impersonation;
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
mod seen_place;
pub mod sensitive_sites;
mod switch;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod throttle;
mod tier;
mod time;
pub mod url;
pub mod user;
mod verdict;

pub use account::{
    Account, Origin, RECENT_SECONDS, Session, Shown, SignInMethod, Superseded, session_name,
};
pub use alert::{Alert, AlertAction, AlertStatus, AlertType, Severity};
pub use breach::Breach;
pub use consent::{EngineConsent, INTIMATE, Sending, Vendor};
pub use credentials::Weakness;
pub use device::device_words;
pub use engine::{Allowance, Breaker, Ending, EngineStanding, Hold, Permit};
pub use error::{BoxError, Error, ErrorKind, Result};
pub use evidence::{
    ChangeEvidence, ColourEvidence, Edit, Evidence, FaceEvidence, HashEvidence, OverlayEvidence,
    Person, Relation, Signal,
};
pub use ids::{
    AccountId, AlertId, AnswerId, DocumentId, ImageId, MatchId, PlanId, PlanItemId, ScanId,
    SessionId, UserId,
};
pub use image::{Image, ImageFilter, ImageState, ImageStatus, MAX_ACTIVE_IMAGES};
pub use impersonation::{ImpersonationKind, Persona, Resemblance};
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
