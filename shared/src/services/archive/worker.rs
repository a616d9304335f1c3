//! The worker of the queue `render`: files of documents, and archives. An archive that takes longer than an invocation
//! is gone on with by a message of its own.

use super::maker::{ArchiveMaker, ArchiveStep};
use crate::clock;
use crate::correlation::Correlation;
use crate::domain::{Error, Result};
use crate::objects::Objects;
use crate::queues::{QueueDelivery, Queues, RenderMessage};
use crate::services::documents::RenderWorker;
use crate::services::record::event_log::EventLog;
use crate::store::DownloadOf;

/// How long before its time is over a worker leaves the rest to the next, in seconds. Longer than a step takes.
const LEAVE_BEFORE_END: i64 = 30;

/// Makes the files that are asked for.
#[derive(Clone)]
pub struct DownloadWorker {
    render: RenderWorker,
    archives: ArchiveMaker,
    queues: Queues,
    queue: String,
}

impl DownloadWorker {
    /// Makes files of this record, in this bucket. `queue` is its own.
    #[must_use]
    pub fn new(log: EventLog, objects: Objects, (queues, queue): (Queues, String)) -> Self {
        Self {
            render: RenderWorker::new(log.clone(), objects.clone()),
            archives: ArchiveMaker::new(log, objects),
            queues,
            queue,
        }
    }

    /// Takes a delivery. An error means it must come again.
    pub async fn take(&self, delivered: &QueueDelivery) -> Result<()> {
        let message: RenderMessage = serde_json::from_str(&delivered.body)
            .map_err(|err| Error::bug("reading the message of a file", err))?;
        let (user, id) = (message.user_id, message.download_id);
        let store = &self.archives.log.store;
        let row = store.download(user, id, clock::now()).await?;
        if !row.is_some_and(|it| matches!(it.of, DownloadOf::Archive(_))) {
            return self.render.take(delivered).await;
        }
        let correlation = Correlation::named(id.to_string());
        let span = tracing::info_span!(
            "archive", user.id = %user, correlation = correlation.id, trace = correlation.root(),
            attempt = delivered.attempt
        );
        let end = delivered.deadline.minus_seconds(LEAVE_BEFORE_END);
        let work = async {
            let made = self.archives.make(user, id, end).await;
            match made {
                Ok(ArchiveStep::Over) => Ok(()),
                Ok(ArchiveStep::More) => self.queues.send(&self.queue, &message).await,
                Err(err) => {
                    if delivered.last {
                        self.archives.give_up(user, id).await?;
                    }
                    Err(err)
                }
            }
        };
        correlation.follow(span, work).await
    }
}
