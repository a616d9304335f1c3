//! Links of a document: well formed, and to things of hers only.

use futures_util::future::try_join_all;

use crate::domain::document::{DocumentLink, DocumentLinkType, MAX_LINKS};
use crate::domain::{DocumentId, Error, EvidenceId, MatchId, Result, TakedownId, UserId};
use crate::store::Store;

pub(super) fn links(links: Vec<DocumentLink>) -> Result<Vec<DocumentLink>> {
    let is_hash = |it: &String| it.len() == 64 && it.bytes().all(|it| it.is_ascii_hexdigit());
    if links.len() > MAX_LINKS
        || !links
            .iter()
            .all(|it| it.sha256.as_ref().is_none_or(is_hash))
    {
        let message =
            format!("A document has at most {MAX_LINKS} links, each with a SHA-256 or none.");
        return Err(Error::invalid_at("links", message));
    }
    Ok(links)
}

/// Refuses links to what is not hers, or not there.
pub(super) async fn must_be_hers(
    store: &Store,
    user: UserId,
    links: &[DocumentLink],
) -> Result<()> {
    let known: Vec<_> = links.iter().map(|it| is_hers(store, user, it)).collect();
    let known = try_join_all(known).await?;
    match known.into_iter().all(|it| it) {
        true => Ok(()),
        false => Err(Error::invalid_at(
            "links",
            "A link leads to something that is not in your account, or not any more.",
        )),
    }
}

async fn is_hers(store: &Store, user: UserId, link: &DocumentLink) -> Result<bool> {
    Ok(match link.kind {
        DocumentLinkType::Finding => {
            let found = store.finding_by_id(user, MatchId::from(link.id)).await?;
            found.is_some()
        }
        DocumentLinkType::Evidence => {
            let record = store.evidence(user, EvidenceId::from(link.id)).await?;
            record.is_some()
        }
        DocumentLinkType::Takedown => {
            let request = store.takedown(user, TakedownId::from(link.id)).await?;
            request.is_some()
        }
        DocumentLinkType::Document => {
            let document = store.document(user, DocumentId::from(link.id)).await?;
            document.is_some()
        }
    })
}
