//! Facts of a request and the fields that each law asks for.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Law;
use crate::named_values::named_values;

/// The most addresses that one request names.
pub const MAX_URLS: usize = 20;

/// The most characters of a text of hers.
pub const MAX_REASON_CHARS: usize = 1500;

/// The most characters of an address.
const MAX_URL_CHARS: usize = 2000;

named_values! {
    /// What is done to her by what is to be removed.
    Harm {
        /// An intimate picture without her consent.
        Intimate = "INTIMATE",
        /// A made or altered intimate picture.
        Deepfake = "DEEPFAKE",
        /// Somebody passes themselves off as her.
        Impersonation = "IMPERSONATION",
        /// A private picture or private facts.
        Private = "PRIVATE",
        /// Something else.
        Other = "OTHER",
    }
}

named_values! {
    /// Who took the picture.
    Photographer {
        /// She herself.
        Me = "ME",
        /// Somebody else.
        Other = "OTHER",
        /// Not known.
        Unknown = "UNKNOWN",
    }
}

/// What she tells for a request. What is not told yet is missing as far as the law asks for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct TakedownFacts {
    /// What is done to her by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub harm: Option<Harm>,
    /// The name under which she asks; it is also her signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where answers go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Her country (ISO 3166-1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The exact addresses of what is to be removed. The finding's own address is always among them.
    pub urls: Vec<String>,
    /// The addresses of search results that show it.
    pub result_urls: Vec<String>,
    /// Her name as it was searched for, for search engines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub searched_name: Option<String>,
    /// Why it is to be removed, in her words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The language of the text (BCP 47); English if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Who took the picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub photographer: Option<Photographer>,
    /// The work whose copyright is hers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub work: Option<String>,
    /// The number of an earlier report to the same recipient.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub earlier_reference: Option<String>,
    /// Whether she was of age in the picture. If not, there are better ways than a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was_adult: Option<bool>,
    /// What she kept as evidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence_id: Option<Uuid>,
    /// She decided to ask without keeping evidence.
    pub evidence_skipped: bool,
    /// For a site that is in no catalogue: its own address for such mails, as she found it there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site_address: Option<String>,
}

/// Something that a law asks for and that is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MissingFact {
    /// The name of the fact.
    pub field: &'static str,
    /// What it is, in words for her.
    pub message: &'static str,
}

fn of(field: &'static str, message: &'static str) -> MissingFact {
    MissingFact { field, message }
}

const NAME: (&str, &str) = ("name", "Your name; it is also your signature.");
const EMAIL: (&str, &str) = ("email", "An e-mail address for the answer.");
const REASON: (&str, &str) = ("reason", "Why it should be removed, in your own words.");

/// What this law asks for and the facts do not have yet.
#[must_use]
pub fn missing(law: Law, facts: &TakedownFacts) -> Vec<MissingFact> {
    let mut missing = Vec::new();
    let mut need = |is_there: bool, (field, message): (&'static str, &'static str)| {
        if !is_there {
            missing.push(of(field, message));
        }
    };
    need(
        !facts.urls.is_empty(),
        ("urls", "The exact address of what should be removed."),
    );
    need(facts.harm.is_some(), ("harm", "What is done to you by it."));
    need(
        facts.was_adult == Some(true),
        ("wasAdult", "Whether you were 18 or older in it."),
    );
    let has_evidence = facts.evidence_id.is_some() || facts.evidence_skipped;
    need(
        has_evidence,
        (
            "evidenceSkipped",
            "Evidence of it, or your word that you go on without: it may be gone soon.",
        ),
    );
    let has = |it: &Option<String>| it.as_ref().is_some_and(|it| !it.trim().is_empty());
    // Every text is signed and says where answers go.
    need(has(&facts.name), NAME);
    need(has(&facts.email), EMAIL);
    let has_reason = matches!(law, Law::EuDsa | Law::Gdpr17 | Law::Gdpr21 | Law::Terms);
    need(!has_reason || has(&facts.reason), REASON);
    match law {
        Law::UsTida | Law::UkOsa => need(
            facts.harm.is_none_or(Harm::is_intimate),
            (
                "harm",
                "This law is for intimate pictures only, real or made. Please choose another way.",
            ),
        ),
        Law::UsDmca => {
            need(
                has(&facts.work),
                ("work", "The picture whose copyright is yours."),
            );
            need(
                facts.photographer == Some(Photographer::Me),
                (
                    "photographer",
                    "Copyright belongs to who took the picture. Please choose another way if you did not.",
                ),
            );
        }
        Law::Gdpr21 => need(
            has(&facts.searched_name),
            ("searchedName", "The name that was searched for."),
        ),
        _ => {}
    }
    missing
}

impl Harm {
    /// Whether it is about an intimate picture, real or made.
    #[must_use]
    pub fn is_intimate(self) -> bool {
        matches!(self, Self::Intimate | Self::Deepfake)
    }
}

/// A fact that cannot be taken, in words for her.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FactFault {
    /// The name of the fact.
    pub field: &'static str,
    /// What is wrong with it.
    pub message: &'static str,
}

impl TakedownFacts {
    /// The facts as they are kept: trimmed, each address once.
    ///
    /// # Errors
    ///
    /// The first fact that cannot be taken.
    pub fn checked(mut self) -> Result<Self, FactFault> {
        let fault = |field, message| Err(FactFault { field, message });
        for (field, it) in [
            ("name", &mut self.name),
            ("email", &mut self.email),
            ("country", &mut self.country),
            ("language", &mut self.language),
            ("searchedName", &mut self.searched_name),
            ("work", &mut self.work),
            ("earlierReference", &mut self.earlier_reference),
            ("siteAddress", &mut self.site_address),
        ] {
            *it = it
                .take()
                .map(|it| it.trim().to_owned())
                .filter(|it| !it.is_empty());
            if it
                .as_ref()
                .is_some_and(|it| it.chars().count() > 200 || it.contains(char::is_control))
            {
                return fault(field, "This is one line of at most 200 characters.");
            }
        }
        for (field, it) in [("email", &self.email), ("siteAddress", &self.site_address)] {
            if it.as_ref().is_some_and(|it| !is_mailbox(it)) {
                return fault(field, "This is not an e-mail address.");
            }
        }
        let is_country =
            |it: &String| it.len() == 2 && it.bytes().all(|it| it.is_ascii_uppercase());
        if !self.country.as_ref().is_none_or(is_country) {
            return fault(
                "country",
                "Please name the country by its two letters, like DE.",
            );
        }
        self.reason = self
            .reason
            .map(|it| it.replace("\r\n", "\n").trim().to_owned())
            .filter(|it| !it.is_empty());
        let is_text = |it: &String| {
            it.chars().count() <= MAX_REASON_CHARS
                && !it.contains(|it: char| it.is_control() && it != '\n')
        };
        if !self.reason.as_ref().is_none_or(is_text) {
            return fault("reason", "This is a plain text of at most 1500 characters.");
        }
        for (field, urls) in [
            ("urls", &mut self.urls),
            ("resultUrls", &mut self.result_urls),
        ] {
            let parsed: Option<Vec<String>> = urls.iter().map(|it| web_address(it)).collect();
            let Some(mut parsed) = parsed else {
                return fault(field, "One of these is not an address of the web.");
            };
            let mut seen = std::collections::HashSet::new();
            parsed.retain(|it| seen.insert(it.clone()));
            if parsed.len() > MAX_URLS {
                return fault(field, "One request names at most 20 addresses.");
            }
            *urls = parsed;
        }
        Ok(self)
    }
}

fn web_address(text: &str) -> Option<String> {
    let url = crate::CanonicalUrl::parse(text)?;
    (url.as_str().len() <= MAX_URL_CHARS).then(|| url.to_string())
}

/// Whether this can be the address of a mailbox, as far as its form goes.
#[must_use]
pub fn is_mailbox(text: &str) -> bool {
    let is_part = |it: &str| {
        !it.is_empty()
            && it.is_ascii()
            && !it.contains(|it: char| {
                it.is_whitespace() || it.is_control() || "<>,;:\"()[]\\".contains(it)
            })
    };
    match text.split_once('@') {
        Some((local, domain)) => {
            is_part(local)
                && is_part(domain)
                && domain.contains('.')
                && !domain.contains('@')
                && !domain.starts_with('.')
                && !domain.ends_with('.')
        }
        None => false,
    }
}

#[cfg(test)]
mod tests;
