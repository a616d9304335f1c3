//! Whom a request asks: a recipient of the catalogue or the site itself, and by which route.

use super::sealed::SealedTakedown;
use crate::domain::takedown::catalogue::SITE;
use crate::domain::takedown::{Recipient, RecipientRoute, TakedownFacts, catalogue, guards};
use crate::domain::{CanonicalUrl, Error, Result};
use crate::store::TakedownRow;

/// Whom a request asks, and how.
pub(super) struct Addressee {
    pub(super) recipient: Recipient,
    pub(super) route: RecipientRoute,
}

/// Whom this request asks.
pub(super) fn addressee_of(row: &TakedownRow, sealed: &SealedTakedown) -> Result<Addressee> {
    let host = CanonicalUrl::parse(&sealed.page)
        .map(|it| it.host())
        .unwrap_or_default();
    addressee(&row.recipient_id, row.route, &sealed.facts, &host)
}

/// Whom a request asks: of the catalogue, or the site of the finding by its own address.
pub(super) fn addressee(
    id: &str,
    route: usize,
    facts: &TakedownFacts,
    host: &str,
) -> Result<Addressee> {
    let recipient = match id {
        SITE => {
            let is_its_own = |it: &String| guards::is_of_site(it, host);
            if !facts.site_address.as_ref().is_none_or(is_its_own) {
                let message =
                    "A request goes to an address of the site itself, so that nobody else gets it.";
                return Err(Error::invalid_at("facts.siteAddress", message));
            }
            Recipient::site(host, facts.site_address.clone())
        }
        _ => catalogue()?
            .get(id)
            .cloned()
            .ok_or_else(|| Error::invalid_at("recipientId", "There is no such recipient."))?,
    };
    let route = recipient.routes.get(route).cloned();
    let route =
        route.ok_or_else(|| Error::invalid_at("route", "The recipient has no such way."))?;
    Ok(Addressee { recipient, route })
}
