//! Searches by picture URL (Google Lens, Google and Bing through `SerpApi`), in order, until enough is
//! found.

use super::{EngineReply, Engines, Query, SearchError};
use crate::clock;
use crate::domain::Vendor;
use crate::engines::{EngineError, SearchProvider, SerpApi};
use crate::services::search::governor::Unanswered;
use crate::store::Store;

/// The order in which they are asked.
const ORDER: [SearchProvider; 3] = [
    SearchProvider::GoogleLens,
    SearchProvider::GoogleReverseImage,
    SearchProvider::BingReverseImage,
];

/// So many candidates are enough.
const ENOUGH_CANDIDATES: usize = 20;

impl Engines {
    pub(super) async fn by_link(
        &self,
        store: &Store,
        query: &Query,
        engine: &SerpApi,
    ) -> Vec<EngineReply> {
        let mut asked = Vec::new();
        let mut candidates = 0;
        for provider in ORDER {
            let question = self.link_search(query, engine, provider);
            let question = query.recorded(&self.access, Vendor::Serpapi, question);
            let found = self
                .answer(store, query, (provider.name(), Vendor::Serpapi), question)
                .await;
            let over = match &found {
                Ok(found) => {
                    candidates += found.answer.candidates.len();
                    candidates >= ENOUGH_CANDIDATES
                }
                // The next is asked through the same service.
                Err(SearchError::Unanswered(Unanswered::Failed(err))) => err.is_for_all(),
                Err(_) => true,
            };
            asked.push(EngineReply {
                engine: provider.name(),
                vendor: Vendor::Serpapi,
                found,
            });
            if over {
                break;
            }
        }
        asked
    }

    /// The address is made when it is needed, as it is good for minutes only.
    async fn link_search(
        &self,
        query: &Query,
        engine: &SerpApi,
        provider: SearchProvider,
    ) -> Result<crate::engines::SearchResult, EngineError> {
        let link = self
            .proxy
            .link(query.scan.user_id, query.image, None, clock::now());
        let link = link.await.map_err(|err| {
            tracing::warn!(
                error.chain = err.chain(),
                "there is no address for an engine"
            );
            EngineError::Rejected(0)
        })?;
        engine.search(provider, &link.url).await
    }
}
