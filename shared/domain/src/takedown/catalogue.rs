//! Recipients of requests and their ways: `shared/catalogue/recipients.yaml`, embedded and read once.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::{Harm, TakedownChannel};
use crate::named_values::named_values;
use crate::{Law, Timestamp};

const TEXT: &str = include_str!("../../../catalogue/recipients.yaml");

/// For how long an address that somebody opened counts as checked, in seconds.
pub const CHECKED_FOR_SECONDS: i64 = 90 * 24 * 3600;

/// The id of a recipient that is in no catalogue: the site of the finding itself, by an address that she found there.
pub const SITE: &str = "site";

named_values! {
    /// What a recipient is.
    RecipientKind {
        /// A service on which people publish.
        Platform = "PLATFORM",
        /// A search engine; it stops showing a page and does not remove it.
        Search = "SEARCH",
        /// Whose machines a site runs on.
        Host = "HOST",
        /// A delivery network in front of a site.
        Cdn = "CDN",
        /// Where a site's name is registered.
        Registrar = "REGISTRAR",
        /// A service that shares fingerprints with platforms.
        HashBank = "HASH_BANK",
        /// An authority that one complains to.
        Regulator = "REGULATOR",
        /// A site that is in no catalogue.
        Site = "SITE",
    }
}

named_values! {
    /// What a form or a mail to a recipient must have.
    FormNeed {
        /// The exact addresses of what is to be removed.
        ItemUrls = "ITEM_URLS",
        /// The addresses of the pages that show it.
        PageUrls = "PAGE_URLS",
        /// The addresses of the search results.
        ResultUrls = "RESULT_URLS",
        /// The address or name of the profile.
        ProfileUrl = "PROFILE_URL",
        /// That it shows her.
        StatementDepicted = "STATEMENT_DEPICTED",
        /// That it is published without her consent.
        StatementNoConsent = "STATEMENT_NO_CONSENT",
        /// That the request is accurate and complete.
        StatementAccurate = "STATEMENT_ACCURATE",
        /// That nobody who owns the copyright has allowed it.
        StatementUnauthorised = "STATEMENT_UNAUTHORISED",
        /// The sentence under penalty of perjury.
        StatementPerjury = "STATEMENT_PERJURY",
        /// An address for the answer.
        Email = "EMAIL",
        /// Her name.
        Name = "NAME",
        /// Her name as a signature.
        Signature = "SIGNATURE",
        /// Why it is to be removed.
        Reason = "REASON",
        /// A choice of the form's own list.
        Category = "CATEGORY",
        /// Her country.
        Country = "COUNTRY",
        /// The work whose copyright is hers.
        Work = "WORK",
        /// The number or the proof of an earlier report.
        EarlierReport = "EARLIER_REPORT",
        /// A picture of an identity document.
        IdentityDocument = "IDENTITY_DOCUMENT",
        /// A day or a moment.
        Date = "DATE",
        /// Whether the picture is real or made.
        RealOrFake = "REAL_OR_FAKE",
        /// The picture, which stays on her device.
        PictureOnHerDevice = "PICTURE_ON_HER_DEVICE",
        /// An account with the recipient.
        OwnAccount = "OWN_ACCOUNT",
        /// What shows that somebody may act for her.
        Authority = "AUTHORITY",
        /// What she kept as evidence.
        Evidence = "EVIDENCE",
    }
}

/// A page of a recipient's rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecipientPolicy {
    /// Its title.
    pub title: String,
    /// Where it is.
    pub url: String,
    /// What it says, in our words.
    pub summary: String,
}

/// One way to a recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecipientRoute {
    /// How a request goes there.
    pub channel: TakedownChannel,
    /// The page of the form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The address of the mailbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What it is for.
    pub purpose: String,
    /// The laws that can be invoked there.
    pub laws: Vec<Law>,
    /// Whether it takes copyright notices only.
    #[serde(default)]
    pub is_dmca: bool,
    /// Whether an account with the recipient is needed.
    #[serde(default)]
    pub login: bool,
    /// Whether it is for what follows an earlier report.
    #[serde(default)]
    pub is_follow_up: bool,
    /// The harms it is for; none means any.
    #[serde(default)]
    pub harms: Vec<Harm>,
    /// What must be in it, in the order of the form.
    pub needs: Vec<FormNeed>,
    /// What she should know before.
    #[serde(default)]
    pub warnings: Vec<String>,
}

/// How a decision is contested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecipientAppeal {
    /// In our words.
    pub summary: String,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// Where an entry comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecipientSource {
    /// Its title.
    pub title: String,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// How many requests a recipient gets at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecipientPace {
    /// The least seconds between two.
    pub gap_seconds: u32,
    /// The most of a day.
    pub per_day: u32,
}

impl RecipientPace {
    /// What holds for a recipient that says nothing.
    pub const DEFAULT: Self = Self {
        gap_seconds: 60,
        per_day: 20,
    };
}

/// Somebody who can remove something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Recipient {
    /// Its name in addresses and rows.
    pub id: String,
    /// What it is.
    pub kind: RecipientKind,
    /// What it is called, the best known name first.
    pub names: Vec<String>,
    /// Its hosts, each with all below it.
    pub domains: Vec<String>,
    /// Its country (ISO 3166-1), or `EU`.
    #[serde(default)]
    pub country: Option<String>,
    /// Its country within the European Union, if it is established there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eu_establishment: Option<String>,
    /// In how many hours it says that it removes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removal_hours: Option<u32>,
    /// Its rules.
    pub policies: Vec<RecipientPolicy>,
    /// Its ways, the first fitting one preferred.
    pub routes: Vec<RecipientRoute>,
    /// How its decisions are contested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appeal: Option<RecipientAppeal>,
    /// How many requests it gets at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pace: Option<RecipientPace>,
    /// The day on which it was last compared with its sources (`YYYY-MM-DD`).
    pub checked_at: String,
    /// The role of who opened every address of it; nobody, if there is none.
    pub checked_by: Option<String>,
    /// Where the entry comes from.
    pub sources: Vec<RecipientSource>,
}

impl Recipient {
    /// The site of a finding that is in no catalogue, by an address that she found there.
    #[must_use]
    pub fn site(host: &str, address: Option<String>) -> Self {
        let laws = [
            Law::EuDsa,
            Law::UsTida,
            Law::UkOsa,
            Law::InIt,
            Law::Gdpr17,
            Law::Terms,
        ];
        let needs = [
            FormNeed::ItemUrls,
            FormNeed::Reason,
            FormNeed::Name,
            FormNeed::Email,
        ];
        Self {
            id: SITE.to_owned(),
            kind: RecipientKind::Site,
            names: vec![host.to_owned()],
            domains: vec![host.to_owned()],
            country: None,
            eu_establishment: None,
            removal_hours: None,
            policies: Vec::new(),
            routes: vec![RecipientRoute {
                channel: TakedownChannel::Mail,
                url: None,
                address,
                purpose: "The operator of the site, by the address that the site names".to_owned(),
                laws: laws.to_vec(),
                is_dmca: false,
                login: false,
                is_follow_up: false,
                harms: Vec::new(),
                needs: needs.to_vec(),
                warnings: vec![
                    "A small site may show your request to whoever published the picture."
                        .to_owned(),
                ],
            }],
            appeal: None,
            pace: None,
            checked_at: String::new(),
            checked_by: None,
            sources: Vec::new(),
        }
    }

    /// Its best known name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.names.first().map_or(&*self.id, String::as_str)
    }

    /// Whether somebody opened its addresses, not too long ago. Otherwise she is asked to check first.
    #[must_use]
    pub fn is_checked(&self, now: Timestamp) -> bool {
        let checked = Timestamp::parse(&format!("{}T00:00:00Z", self.checked_at));
        self.checked_by.is_some()
            && checked.is_some_and(|it| now.millis_since(it) <= CHECKED_FOR_SECONDS * 1000)
    }

    /// How many requests it gets at most.
    #[must_use]
    pub fn pace(&self) -> RecipientPace {
        self.pace.unwrap_or(RecipientPace::DEFAULT)
    }
}

/// What is wrong with a catalogue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{recipient}: {fault}")]
pub struct CatalogueFault {
    /// The id of the entry.
    pub recipient: String,
    /// What is wrong.
    pub fault: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    recipients: Vec<Recipient>,
}

/// All recipients.
#[derive(Debug)]
pub struct Catalogue {
    /// The version of the file.
    pub version: u32,
    /// In the order of the file.
    pub recipients: Vec<Recipient>,
    by_id: HashMap<String, usize>,
    by_domain: HashMap<String, usize>,
}

static CATALOGUE: LazyLock<Result<Catalogue, String>> = LazyLock::new(|| Catalogue::parse(TEXT));

/// The catalogue of this version.
///
/// # Errors
///
/// If the embedded file is no catalogue, which its tests rule out.
pub fn catalogue() -> crate::Result<&'static Catalogue> {
    let read = CATALOGUE.as_ref();
    read.map_err(|err| crate::Error::bug("reading the catalogue of recipients", err.clone()))
}

impl Catalogue {
    /// Reads a catalogue.
    ///
    /// # Errors
    ///
    /// If the text is not of its form.
    pub fn parse(text: &str) -> Result<Self, String> {
        let file: File = serde_saphyr::from_str(text).map_err(|err| err.to_string())?;
        let (mut by_id, mut by_domain) = (HashMap::new(), HashMap::new());
        for (at, recipient) in file.recipients.iter().enumerate() {
            by_id.insert(recipient.id.clone(), at);
            by_domain.extend(recipient.domains.iter().map(|it| (it.clone(), at)));
        }
        Ok(Self {
            version: file.version,
            recipients: file.recipients,
            by_id,
            by_domain,
        })
    }

    /// The recipient with this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Recipient> {
        self.by_id.get(id).and_then(|at| self.recipients.get(*at))
    }

    /// Whose host this is: the longest domain that it is or lies below.
    #[must_use]
    pub fn of_host(&self, host: &str) -> Option<&Recipient> {
        let host = host.strip_suffix('.').unwrap_or(host);
        let mut suffixes = std::iter::successors(Some(host), |it| Some(it.split_once('.')?.1));
        let at = suffixes.find_map(|it| self.by_domain.get(it))?;
        self.recipients.get(*at)
    }

    /// Everything that breaks a rule of the form.
    #[must_use]
    pub fn faults(&self) -> Vec<CatalogueFault> {
        let mut faults = Vec::new();
        let mut domains: HashMap<&str, &str> = HashMap::new();
        for (at, recipient) in self.recipients.iter().enumerate() {
            let mut note = |fault: String| {
                faults.push(CatalogueFault {
                    recipient: recipient.id.clone(),
                    fault,
                });
            };
            if self.by_id.get(&recipient.id) != Some(&at) {
                note("its id is there twice".to_owned());
            }
            for domain in &recipient.domains {
                if let Some(other) = domains.insert(domain, &recipient.id) {
                    note(format!("{domain} is there twice, also for {other}"));
                }
            }
            faults_of(recipient).into_iter().for_each(note);
        }
        faults
    }
}

fn faults_of(recipient: &Recipient) -> Vec<String> {
    let mut faults = Vec::new();
    let mut refuse = |is_wrong: bool, fault: &str| {
        if is_wrong {
            faults.push(fault.to_owned());
        }
    };
    let links = recipient.policies.iter().map(|it| &it.url);
    let links = links.chain(recipient.routes.iter().filter_map(|it| it.url.as_ref()));
    let links = links.chain(recipient.sources.iter().filter_map(|it| it.url.as_ref()));
    let appeal = recipient.appeal.iter().filter_map(|it| it.url.as_ref());
    for link in links.chain(appeal) {
        refuse(!link.starts_with("https://"), "a link is not https");
    }
    let day = Timestamp::parse(&format!("{}T00:00:00Z", recipient.checked_at));
    refuse(day.is_none(), "checkedAt is not a day");
    refuse(recipient.names.is_empty(), "it has no name");
    refuse(recipient.sources.is_empty(), "it has no source");
    refuse(recipient.routes.is_empty(), "it has no route");
    let is_domain = |it: &String| it.contains('.') && *it == it.to_ascii_lowercase();
    let has_domains = recipient.domains.iter().all(is_domain);
    refuse(!has_domains, "a domain is not one in lower case");
    for route in &recipient.routes {
        let target = match route.channel {
            TakedownChannel::Form => &route.url,
            TakedownChannel::Mail => &route.address,
        };
        refuse(target.is_none(), "a route leads nowhere");
        let is_mailbox = |it: &String| it.split('@').count() == 2 && !it.contains(' ');
        let has_mailbox = route.address.as_ref().is_none_or(is_mailbox);
        refuse(!has_mailbox, "an address is none");
        refuse(route.laws.is_empty(), "a route has no law");
        let names_dmca = route.laws.contains(&Law::UsDmca);
        let is_mixed = route.is_dmca && route.laws.len() > 1;
        refuse(
            is_mixed,
            "a route for copyright notices is for something else as well",
        );
        let is_unmarked = names_dmca && !route.is_dmca && route.laws.len() == 1;
        refuse(is_unmarked, "a route for copyright notices is not marked");
    }
    let first = recipient.routes.first();
    refuse(
        first.is_some_and(|it| it.is_dmca),
        "copyright is its default",
    );
    faults
}

#[cfg(test)]
mod tests;
