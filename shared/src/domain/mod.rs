//! Types and rules of the product.
//!
//! Nothing here does I/O, asks the time, or knows AWS or HTTP. Types that are shown to her
//! serialise exactly as the contract has them; what is stored beside them belongs to the store.

mod account;
mod alert;
mod behaviour;
mod breach;
mod consent;
mod credentials;
mod engine;
mod error;
mod evidence;
mod finding;
mod ids;
mod image;
mod impersonation;
mod likeness;
mod link;
mod linked;
mod mail_feedback;
mod matching;
mod notice;
mod onboarding;
mod page;
mod picture_name;
mod plan;
mod preferences;
mod prints;
mod profile;
mod review;
mod role;
mod scan;
mod sensitive_sites;
mod switch;
mod throttle;
mod time;
mod url;
mod user;
mod verdict;

pub use account::{Account, Origin, Session, Shown, SignInMethod, Superseded};
pub use alert::{Alert, AlertAction, AlertStatus, AlertType, Severity};
pub use behaviour::{follower_alert, surge, surge_alert, suspicious, told_of};
pub use breach::{Breach, breach_alert, mask, mask_local};
pub use consent::{EngineConsent, INTIMATE, Sending, Vendor};
pub use credentials::{Weakness, email, is_too_long, weaknesses};
pub use engine::{Allowance, Ending, EngineStanding, Hold, Permit, is_new_account};
pub use error::{BoxError, Error, ErrorKind, Result};
pub use evidence::{
    ColourEvidence, Edit, Evidence, FaceEvidence, HashEvidence, OverlayEvidence, Person, Relation,
    Signal,
};
pub use finding::{again, alert_of};
pub use ids::{
    AccountId, AlertId, AnswerId, ImageId, MatchId, PlanId, PlanItemId, ScanId, SessionId, UserId,
};
pub use image::{Image, ImageFilter, ImageState, ImageStatus, MAX_ACTIVE_IMAGES};
pub use impersonation::{ImpersonationKind, Persona, Resemblance, profile_alert};
pub use likeness::{HandleLikeness, handle_likeness, name_likeness, text_likeness};
pub use link::{Link, LinkKind, WORKING_LINKS};
pub use linked::{
    CODE_LIFE, Linked, LinkedKind, MAX_LINKED, Platform, ProfileSnapshot, Proof, handle, phone,
    with_look,
};
pub use mail_feedback::{MailFeedback, MailStop, MailStopReason};
pub use matching::{Match, MatchStatus, MatchType, ReviewStatus};
pub use notice::{mail_stop_alert, webhook_alert};
pub use onboarding::{
    Answer, Choice, Choices, QUESTIONS, Question, QuestionType, Response, answered,
};
pub use page::{Page, Pagination};
pub use picture_name::{PictureName, PictureNames};
pub use plan::{
    Advice, Category, Entry, Plan, PlanItem, PlanItemStatus, PlanView, ProtectionState, Template,
    advice,
};
pub use preferences::{
    Channel, Channels, ClockTime, Digest, Every, MailAnswer, Preferences, QuietHours,
};
pub use prints::{FacePrint, FileTraces, Intimacy, Prints, VectorPrint};
pub use profile::{Follower, PublicProfile};
pub use review::{Judgement, confirmed_alert};
pub use role::Role;
pub use scan::{Scan, ScanFilter, ScanOrigin, ScanStatus, ScanType, progress, rescan_after};
pub use sensitive_sites::{SensitiveSite, sensitive_site};
pub use switch::{Switch, SwitchState};
pub use throttle::{Meter, Throttle};
pub use time::Timestamp;
pub use url::{CanonicalUrl, platform_of};
pub use user::{Profile, RiskLevel, display_name};
pub use verdict::{Comparison, EngineClaim, Tier, Verdict};
