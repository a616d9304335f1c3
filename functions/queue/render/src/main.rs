//! Makes PDF and DOCX files of documents, and archives of what is kept of her, sealed with her data key.

use vara::boot;
use vara::domain::BoxError;
use vara::services::archive::DownloadWorker;
use vara::services::record::event_log::EventLog;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::queue(
        |context| {
            let (env, clients) = (&context.env, &context.clients);
            let log = EventLog::new(context.store.clone(), clients.record_vault(env));
            let own = (clients.queues(), env.queue("render"));
            Ok(DownloadWorker::new(log, clients.objects(env), own))
        },
        async |worker, delivery| worker.take(&delivery).await,
    )
    .await
}
