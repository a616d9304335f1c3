//! The access log: who saw what of hers and what was given to whom, as data and as sentences for her.

use serde::{Deserialize, Serialize};
use time::macros::format_description;
use uuid::Uuid;

use super::actor::{Actor, ActorKind};
use crate::ids::named;
use crate::named_values::named_values;
use crate::{ScanId, Timestamp, Vendor};

named_values! {
    /// What was looked at.
    AccessSubject {
        /// Findings.
        Findings = "FINDINGS",
        /// A picture.
        Image = "IMAGE",
        /// Evidence.
        Evidence = "EVIDENCE",
        /// A document.
        Document = "DOCUMENT",
        /// The account and its settings.
        Profile = "PROFILE",
        /// An export of everything.
        Export = "EXPORT",
        /// A request to remove.
        Request = "REQUEST",
        /// This log.
        AccessLog = "ACCESS_LOG",
    }
}

named_values! {
    /// What something was looked at for.
    Purpose {
        /// She asked for help.
        HelpRequest = "HELP_REQUEST",
        /// She asked for a review.
        Review = "REVIEW",
        /// The law asks for it.
        Legal = "LEGAL",
        /// To keep her account safe.
        Security = "SECURITY",
        /// It is her own.
        Own = "OWN",
        /// She allowed somebody to act for her.
        Delegate = "DELEGATE",
        /// The recipient of a request objected to it.
        Objection = "OBJECTION",
        /// A search that she started or that follows from her settings.
        Search = "SEARCH",
    }
}

named_values! {
    /// What kind of service was given something.
    Recipient {
        /// A search engine.
        Engine = "ENGINE",
    }
}

named_values! {
    /// What was given.
    SharedItem {
        /// Copies of pictures, without metadata.
        Pictures = "PICTURES",
        /// Addresses at which copies of pictures can be fetched for a short time.
        Links = "LINKS",
    }
}

named_values! {
    /// Why a search gave something away.
    SearchBasis {
        /// She started the search.
        Started = "STARTED",
        /// She added the picture.
        Added = "ADDED",
        /// Vara searches for her regularly.
        Regular = "REGULAR",
    }
}

/// The data of `access.read`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessRead {
    /// What was looked at.
    pub what: AccessSubject,
    /// Which of them, by its id.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub subject: Option<String>,
    /// What for.
    pub purpose: Purpose,
    /// The ticket that asked for it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ticket: Option<String>,
}

impl AccessRead {
    /// The id of the event that says it: the same for all such reads by one session in one hour.
    #[must_use]
    pub fn id_of_hour(&self, actor: &Actor, now: Timestamp) -> Uuid {
        let hour = now.epoch_seconds().div_euclid(3600);
        let (who, via) = (&actor.id, actor.via.as_deref().unwrap_or_default());
        named(&format!("access/{who}/{via}/{}/{hour}", self.what.as_str()))
    }
}

/// The data of `access.shared`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessShared {
    /// What kind of service it was given to.
    pub recipient_kind: Recipient,
    /// The company.
    pub recipient: Vendor,
    /// What was given.
    pub what: SharedItem,
    /// The scan it was given for.
    pub scan_id: ScanId,
    /// Whether the scan is of one picture only.
    pub one_picture: bool,
    /// Why it was given.
    pub basis: SearchBasis,
}

impl AccessShared {
    /// The id of the event that says it: the same for one scan and one company.
    #[must_use]
    pub fn id(&self) -> Uuid {
        named(&format!(
            "shared/{}/{}",
            self.scan_id,
            self.recipient.name()
        ))
    }

    /// What a scan gives this company.
    #[must_use]
    pub fn of(vendor: Vendor, scan_id: ScanId, one_picture: bool, basis: SearchBasis) -> Self {
        let what = match vendor {
            Vendor::Tineye | Vendor::GoogleVision | Vendor::Facecheck => SharedItem::Pictures,
            Vendor::Serpapi => SharedItem::Links,
        };
        Self {
            recipient_kind: Recipient::Engine,
            recipient: vendor,
            what,
            scan_id,
            one_picture,
            basis,
        }
    }
}

/// An entry of the access log that this version can say in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessEntry {
    /// `access.read`
    Read(AccessRead),
    /// `access.shared`
    Shared(AccessShared),
}

/// What an entry says to her. Times are in UTC and say so.
#[must_use]
pub fn sentence(access: &AccessEntry, actor: &Actor, at: Timestamp) -> String {
    let when = moment(at);
    match access {
        AccessEntry::Read(read) => {
            let what = words_of_subject(read.what, actor.kind);
            match because(read.purpose) {
                Some(why) => format!("On {when} {} looked at {what}, {why}.", words_of(actor)),
                None => format!("On {when} {} looked at {what}.", words_of(actor)),
            }
        }
        AccessEntry::Shared(shared) => {
            let company = words_of_vendor(shared.recipient);
            let what = words_of_item(shared.what, shared.one_picture);
            let why = match shared.basis {
                SearchBasis::Started => "a search you started",
                SearchBasis::Added => "the search for a picture you added",
                SearchBasis::Regular => "a search that Vara does for you regularly",
            };
            format!("On {when} Vara sent {what} to {company} for {why}.")
        }
    }
}

/// `3 March 2026 at 14:02 (UTC)`
fn moment(at: Timestamp) -> String {
    let format =
        format_description!("[day padding:none] [month repr:long] [year] at [hour]:[minute] (UTC)");
    at.formatted(format).unwrap_or_else(|| at.to_string())
}

fn words_of(actor: &Actor) -> String {
    match actor.kind {
        ActorKind::User => "you".to_owned(),
        ActorKind::Delegate => "somebody you allowed to act for you".to_owned(),
        ActorKind::Staff => format!("a reviewer ({})", actor.id),
        ActorKind::System => "Vara".to_owned(),
        ActorKind::Engine => "a search engine".to_owned(),
    }
}

fn words_of_subject(what: AccessSubject, by: ActorKind) -> &'static str {
    match what {
        AccessSubject::Findings => "your findings",
        AccessSubject::Image => "one of your pictures",
        AccessSubject::Evidence => "evidence in your record",
        AccessSubject::Document => "one of your documents",
        AccessSubject::Profile => "your account and its settings",
        AccessSubject::Export => "an export of everything Vara keeps for you",
        AccessSubject::Request => "one of your requests to remove something",
        AccessSubject::AccessLog if by == ActorKind::User => "this list",
        AccessSubject::AccessLog => "the list of who has seen your data",
    }
}

fn because(purpose: Purpose) -> Option<&'static str> {
    match purpose {
        Purpose::HelpRequest => Some("because you asked for help"),
        Purpose::Review => Some("because you asked for a review"),
        Purpose::Legal => Some("because the law asks for it"),
        Purpose::Security => Some("to keep your account safe"),
        Purpose::Delegate => Some("because you allowed it"),
        Purpose::Search => Some("for a search"),
        Purpose::Objection => Some("because its recipient objected to it"),
        Purpose::Own => None,
    }
}

fn words_of_item(what: SharedItem, one: bool) -> &'static str {
    match (what, one) {
        (SharedItem::Pictures, true) => "a copy of one of your pictures",
        (SharedItem::Pictures, false) => "copies of your pictures",
        (SharedItem::Links, true) => "a short-lived link to a copy of one of your pictures",
        (SharedItem::Links, false) => "short-lived links to copies of your pictures",
    }
}

fn words_of_vendor(vendor: Vendor) -> &'static str {
    match vendor {
        Vendor::Tineye => "TinEye",
        Vendor::GoogleVision => "Google Cloud Vision",
        Vendor::Serpapi => "SerpApi, which asks Google and Bing,",
        Vendor::Facecheck => "FaceCheck.ID, which looks for faces,",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(access: &AccessEntry, actor: &Actor) -> String {
        let at = Timestamp::parse("2026-03-03T14:02:59.000Z").unwrap();
        sentence(access, actor, at)
    }

    #[test]
    fn a_name_is_the_same_wherever_it_is_written() {
        fn check<T: Serialize + Copy>(all: &[T], name: impl Fn(T) -> &'static str) {
            for it in all {
                assert_eq!(serde_json::to_value(it).unwrap(), name(*it));
            }
        }
        check(Purpose::ALL, Purpose::as_str);
        check(AccessSubject::ALL, AccessSubject::as_str);
        check(Recipient::ALL, Recipient::as_str);
        check(SharedItem::ALL, SharedItem::as_str);
        check(SearchBasis::ALL, SearchBasis::as_str);
    }

    #[test]
    fn an_access_is_said_in_words() {
        let scan = ScanId::next();
        let shared = |vendor, one, basis| {
            let shared = AccessEntry::Shared(AccessShared::of(vendor, scan, one, basis));
            said(&shared, &Actor::system())
        };
        assert_eq!(
            shared(Vendor::Tineye, true, SearchBasis::Started),
            "On 3 March 2026 at 14:02 (UTC) Vara sent a copy of one of your pictures to TinEye for a search you started."
        );
        assert_eq!(
            shared(Vendor::Serpapi, false, SearchBasis::Regular),
            "On 3 March 2026 at 14:02 (UTC) Vara sent short-lived links to copies of your pictures to SerpApi, which \
             asks Google and Bing, for a search that Vara does for you regularly."
        );
        let read = |what, purpose, actor: &Actor| {
            let read = AccessRead {
                what,
                subject: None,
                purpose,
                ticket: None,
            };
            said(&AccessEntry::Read(read), actor)
        };
        let staff = Actor {
            kind: ActorKind::Staff,
            id: "R-7F3K".into(),
            org: None,
            via: None,
        };
        assert_eq!(
            read(AccessSubject::Findings, Purpose::Review, &staff),
            "On 3 March 2026 at 14:02 (UTC) a reviewer (R-7F3K) looked at your findings, because you asked for a review."
        );
        let staff = Actor::staff("R-7F3K".into());
        let text = read(AccessSubject::Request, Purpose::Objection, &staff);
        let end = "looked at one of your requests to remove something, because its recipient objected to it.";
        assert!(
            text.contains("a reviewer (R-") && text.ends_with(end),
            "{text}"
        );
        let her = Actor::user(crate::UserId::random(), None);
        assert_eq!(
            read(AccessSubject::AccessLog, Purpose::Own, &her),
            "On 3 March 2026 at 14:02 (UTC) you looked at this list."
        );
    }
}
