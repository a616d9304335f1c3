//! Proposals: which recipients can remove a finding, by which law, how fast, and who will see what of hers.

use serde::Serialize;

use super::catalogue::{Catalogue, Recipient, RecipientKind, RecipientRoute};
use super::commencement::has_commenced;
use super::{FormNeed, Harm, Photographer, TakedownChannel};
use crate::named_values::named_values;
use crate::{Law, Timestamp};

/// How long a recipient may take that says nothing, in hours.
const UNKNOWN_HOURS: i64 = 60 * 24;

/// Countries whose people the General Data Protection Regulation and the Digital Services Act protect.
const EUROPEAN: [&str; 30] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS",
    "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
];

named_values! {
    /// Who sees something of hers because of a request.
    ExposedTo {
        /// Who is asked.
        Recipient = "RECIPIENT",
        /// Who published it.
        Uploader = "UPLOADER",
        /// A public collection of requests.
        PublicDatabase = "PUBLIC_DATABASE",
    }
}

/// What of hers somebody will see, or may see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Exposure {
    /// Who.
    pub to: ExposedTo,
    /// Names of facts.
    pub facts: Vec<&'static str>,
    /// Whether that is sure; otherwise it can happen.
    pub is_certain: bool,
}

/// One way to have a finding removed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TakedownProposal {
    /// The recipient.
    pub recipient_id: String,
    /// What it is called.
    pub recipient_name: String,
    /// What it is.
    pub recipient_kind: RecipientKind,
    /// The law to invoke.
    pub law: Law,
    /// How the request goes there.
    pub channel: TakedownChannel,
    /// The number of the way among the recipient's.
    pub route: usize,
    /// What the way is for.
    pub purpose: String,
    /// In how many hours the recipient has to answer; nothing is known if there are none.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub hours: Option<i64>,
    /// Why it is proposed, in words for her.
    pub reason: &'static str,
    /// Who will see what of hers.
    pub exposure: Vec<Exposure>,
    /// What she should know before.
    pub warnings: Vec<String>,
    /// Whether somebody opened the address lately. If not, she checks it first, and nothing goes there by itself.
    pub is_checked: bool,
    /// Whether it is the one to begin with.
    pub is_preselected: bool,
}

/// What proposals depend on.
#[derive(Clone, Copy, Debug)]
pub struct ProposalFor<'a> {
    /// The host of the finding.
    pub host: &'a str,
    /// What is done to her by it.
    pub harm: Harm,
    /// Her country, if she told it.
    pub country: Option<&'a str>,
    /// Who took the picture.
    pub photographer: Photographer,
}

/// Whether a law that has commenced can be invoked in such a case.
#[must_use]
pub fn fits(law: Law, case: &ProposalFor<'_>, recipient: &Recipient) -> bool {
    let is_european = case
        .country
        .is_none_or(|it| EUROPEAN.contains(&it) || it == "GB");
    match law {
        Law::UsTida => {
            case.harm.is_intimate()
                && matches!(
                    recipient.kind,
                    RecipientKind::Platform | RecipientKind::Site | RecipientKind::Search
                )
        }
        Law::UsDmca => case.photographer == Photographer::Me,
        Law::UkOsa => {
            case.country == Some("GB")
                && case.harm.is_intimate()
                && matches!(
                    recipient.kind,
                    RecipientKind::Platform | RecipientKind::Site | RecipientKind::Search
                )
        }
        Law::EuDsa => {
            recipient.eu_establishment.is_some()
                || case.country.is_none_or(|it| EUROPEAN.contains(&it))
        }
        Law::Gdpr17 => is_european,
        Law::Gdpr21 => is_european && recipient.kind == RecipientKind::Search,
        Law::InIt => case.country == Some("IN"),
        Law::AuEsafety => case.country == Some("AU"),
        Law::Terms => true,
    }
}

/// All ways that fit a finding, the best first.
#[must_use]
pub fn propose(
    catalogue: &Catalogue,
    case: &ProposalFor<'_>,
    now: Timestamp,
) -> Vec<TakedownProposal> {
    let site = Recipient::site(case.host, None);
    let own = catalogue.of_host(case.host).unwrap_or(&site);
    let mut proposals = of_recipient(own, case, now);
    if let Some(first) = proposals.iter_mut().find(|it| it.law.may_be_default()) {
        first.is_preselected = true;
    }
    let others = catalogue.recipients.iter().filter(|it| {
        let helps = match it.kind {
            RecipientKind::Search => true,
            RecipientKind::HashBank => {
                // The other two banks are for who was under 18.
                it.id == "stopncii" && case.harm.is_intimate()
            }
            RecipientKind::Regulator => it.id == "au-esafety" && case.country == Some("AU"),
            _ => false,
        };
        helps && it.id != own.id
    });
    proposals.extend(others.filter_map(|it| of_recipient(it, case, now).into_iter().next()));
    proposals
}

/// The ways of one recipient that fit, each with its fastest law, the best first.
fn of_recipient(
    recipient: &Recipient,
    case: &ProposalFor<'_>,
    now: Timestamp,
) -> Vec<TakedownProposal> {
    let suits = |it: &RecipientRoute| it.harms.is_empty() || it.harms.contains(&case.harm);
    let routes = || recipient.routes.iter().filter(|it| !it.is_follow_up);
    // A recipient that names ways for other harms only is asked by these.
    let has_own = routes().any(|it| suits(it) && !it.is_dmca);
    let routes = recipient.routes.iter().enumerate();
    let routes = routes.filter(|(_, it)| !it.is_follow_up && (suits(it) || !has_own));
    let mut proposals: Vec<_> = routes
        .filter_map(|(at, route)| {
            let laws = route.laws.iter();
            let laws = laws.filter(|it| has_commenced(**it, now) && fits(**it, case, recipient));
            let law = laws.min_by_key(|it| rank(**it, recipient))?;
            Some(proposal(recipient, (at, route), *law, now))
        })
        .collect();
    // A way made for this harm comes before a general one; copyright always last.
    proposals.sort_by_key(|it| {
        let route = recipient.routes.get(it.route);
        let is_general = route.is_none_or(|it| it.harms.is_empty());
        let facts: usize = it.exposure.iter().map(|it| it.facts.len()).sum();
        (
            !it.law.may_be_default(),
            is_general,
            rank(it.law, recipient),
            facts,
        )
    });
    proposals
}

/// The lower, the faster.
fn rank(law: Law, recipient: &Recipient) -> i64 {
    hours(law, recipient).unwrap_or(UNKNOWN_HOURS)
}

/// In how many hours a recipient has to answer.
#[must_use]
pub fn hours(law: Law, recipient: &Recipient) -> Option<i64> {
    let own = recipient.removal_hours.map(i64::from);
    law.clock_seconds().map(|it| it / 3600).or(own)
}

fn proposal(
    recipient: &Recipient,
    (at, route): (usize, &RecipientRoute),
    law: Law,
    now: Timestamp,
) -> TakedownProposal {
    TakedownProposal {
        recipient_id: recipient.id.clone(),
        recipient_name: recipient.name().to_owned(),
        recipient_kind: recipient.kind,
        law,
        channel: route.channel,
        route: at,
        purpose: route.purpose.clone(),
        hours: hours(law, recipient),
        reason: reason(law, recipient.kind),
        exposure: exposure(law, recipient, route),
        warnings: route.warnings.clone(),
        is_checked: recipient.is_checked(now),
        is_preselected: false,
    }
}

fn reason(law: Law, kind: RecipientKind) -> &'static str {
    match (kind, law) {
        (RecipientKind::Search, _) => {
            "The page stays, but it is not found by this search any more."
        }
        (RecipientKind::HashBank, _) => {
            "Services that take part recognise the picture, also where it has not appeared yet."
        }
        (_, Law::UsTida) => "The law gives 48 hours and needs no copyright and no oath.",
        (_, Law::InIt) => "The rules of India give two hours.",
        (_, Law::AuEsafety) => "The regulator asks for you, and the site has 24 hours then.",
        (_, Law::EuDsa) => {
            "The site must confirm, decide and give reasons; you can contest its decision."
        }
        (_, Law::Gdpr17 | Law::Gdpr21) => {
            "Data about you must be erased or left out within a month."
        }
        (_, Law::UsDmca) => {
            "Only for pictures that you took yourself. Your name and address can reach whoever published it."
        }
        (_, Law::UkOsa) => "The law gives 48 hours.",
        (_, Law::Terms) => "It breaks the recipient's own rules.",
    }
}

/// Who will see what of hers.
#[must_use]
pub fn exposure(law: Law, recipient: &Recipient, route: &RecipientRoute) -> Vec<Exposure> {
    let mut facts = vec!["urls"];
    let asks = |need: FormNeed| route.needs.contains(&need);
    let is_signed = !matches!(law, Law::Terms | Law::AuEsafety);
    if is_signed || asks(FormNeed::Name) || asks(FormNeed::Signature) || asks(FormNeed::Reason) {
        facts.push("name");
    }
    if is_signed
        || law == Law::AuEsafety
        || asks(FormNeed::Email)
        || route.channel == TakedownChannel::Mail
    {
        facts.push("email");
    }
    for (need, fact) in [
        (FormNeed::Reason, "reason"),
        (FormNeed::Country, "country"),
        (FormNeed::Work, "work"),
        (FormNeed::IdentityDocument, "identityDocument"),
    ] {
        if asks(need) {
            facts.push(fact);
        }
    }
    let shown = facts.clone();
    let mut all = vec![Exposure {
        to: ExposedTo::Recipient,
        facts,
        is_certain: true,
    }];
    let is_forwarded = matches!(
        recipient.kind,
        RecipientKind::Host | RecipientKind::Cdn | RecipientKind::Registrar | RecipientKind::Site
    );
    if route.is_dmca || law == Law::UsDmca {
        all.push(Exposure {
            to: ExposedTo::Uploader,
            facts: shown.clone(),
            is_certain: true,
        });
        all.push(Exposure {
            to: ExposedTo::PublicDatabase,
            facts: shown,
            is_certain: false,
        });
    } else if is_forwarded {
        all.push(Exposure {
            to: ExposedTo::Uploader,
            facts: shown,
            is_certain: false,
        });
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::catalogue::catalogue;
    use super::*;

    fn proposals(
        host: &str,
        harm: Harm,
        country: Option<&str>,
        photographer: Photographer,
    ) -> Vec<TakedownProposal> {
        let now = Timestamp::parse("2026-12-01T00:00:00Z").expect("a time");
        let case = ProposalFor {
            host,
            harm,
            country,
            photographer,
        };
        propose(catalogue().expect("read"), &case, now)
    }

    #[test]
    fn the_fastest_way_that_fits_is_preselected_and_never_copyright() {
        for host in [
            "www.facebook.com",
            "x.com",
            "onlyfans.com",
            "pornhub.com",
            "blog.example.net",
        ] {
            for photographer in Photographer::ALL {
                let all = proposals(host, Harm::Intimate, Some("DE"), *photographer);
                let chosen: Vec<_> = all.iter().filter(|it| it.is_preselected).collect();
                assert_eq!(chosen.len(), 1, "{host}");
                assert_ne!(chosen[0].law, Law::UsDmca);
                let has_dmca = all.iter().any(|it| it.law == Law::UsDmca);
                assert!(!has_dmca || *photographer == Photographer::Me, "{host}");
                assert!(
                    all.iter().all(|it| !it.is_checked),
                    "nobody has opened an address yet"
                );
            }
        }
        let meta = proposals(
            "www.facebook.com",
            Harm::Intimate,
            Some("DE"),
            Photographer::Other,
        );
        assert_eq!(
            (meta[0].law, meta[0].hours, meta[0].route),
            (Law::UsTida, Some(48), 0)
        );
        let private = proposals(
            "www.facebook.com",
            Harm::Private,
            Some("DE"),
            Photographer::Other,
        );
        assert_eq!((private[0].law, private[0].route), (Law::Gdpr17, 1));
        let fake = proposals(
            "www.facebook.com",
            Harm::Impersonation,
            None,
            Photographer::Unknown,
        );
        assert_eq!((fake[0].law, fake[0].route), (Law::Terms, 2));
        let site = proposals(
            "blog.example.net",
            Harm::Private,
            Some("US"),
            Photographer::Other,
        );
        assert_eq!((&*site[0].recipient_id, site[0].law), ("site", Law::Terms));
        assert!(
            site.iter()
                .any(|it| it.recipient_kind == RecipientKind::Search)
        );
    }

    #[test]
    fn what_others_will_see_is_said_before() {
        let dmca = proposals("onlyfans.com", Harm::Intimate, None, Photographer::Me);
        let dmca = dmca
            .iter()
            .find(|it| it.law == Law::UsDmca)
            .expect("offered");
        let to: Vec<_> = dmca
            .exposure
            .iter()
            .map(|it| (it.to, it.is_certain))
            .collect();
        assert_eq!(
            to,
            [
                (ExposedTo::Recipient, true),
                (ExposedTo::Uploader, true),
                (ExposedTo::PublicDatabase, false)
            ]
        );
        assert!(dmca.exposure[1].facts.contains(&"name"));
        let site = proposals("blog.example.net", Harm::Other, None, Photographer::Unknown);
        assert_eq!(site[0].exposure[1].to, ExposedTo::Uploader);
    }
}
