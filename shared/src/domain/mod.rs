//! Types and rules of the product.
//!
//! Nothing here does I/O, asks the time, or knows AWS or HTTP. Types that are shown to her
//! serialise exactly as the contract has them; what is stored beside them belongs to the store.

mod account;
mod alert;
mod credentials;
mod error;
mod evidence;
mod finding;
mod ids;
mod image;
mod link;
mod matching;
mod onboarding;
mod page;
mod plan;
mod prints;
mod review;
mod scan;
mod time;
mod url;
mod user;
mod verdict;

pub use account::{Account, Origin, Session, Shown, SignInMethod, Superseded};
pub use alert::{Alert, AlertAction, AlertStatus, AlertType, Severity};
pub use credentials::{Weakness, email, is_too_long, weaknesses};
pub use error::{BoxError, Error, Kind, Result};
pub use evidence::{
    ColourEvidence, Edit, Evidence, FaceEvidence, HashEvidence, OverlayEvidence, Person, Relation,
    Signal,
};
pub use finding::alert_of;
pub use ids::{AlertId, AnswerId, ImageId, MatchId, PlanId, PlanItemId, ScanId, SessionId, UserId};
pub use image::{Image, ImageFilter, ImageState, ImageStatus, MAX_ACTIVE_IMAGES};
pub use link::{Link, LinkKind};
pub use matching::{Match, MatchStatus, MatchType, ReviewStatus};
pub use onboarding::{
    Answer, Choice, Choices, QUESTIONS, Question, QuestionType, Response, answered,
};
pub use page::{Page, Pagination};
pub use plan::{
    Advice, Category, Entry, Plan, PlanItem, PlanItemStatus, PlanView, Standing, Template, advice,
};
pub use prints::{FacePrint, Intimacy, Prints, Traces, VectorPrint};
pub use review::{Judgement, confirmed_alert};
pub use scan::{Scan, ScanFilter, ScanOrigin, ScanStatus, ScanType, progress, rescan_after};
pub use time::Timestamp;
pub use url::{CanonicalUrl, platform_of};
pub use user::{Profile, RiskLevel, display_name};
pub use verdict::{Look, Tier, Verdict};
