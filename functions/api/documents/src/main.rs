//! Starts the function of `/api/v1/documents`.

use api_documents::DocumentServices;
use vara::boot;
use vara::domain::BoxError;
use vara::services::documents::{DocumentFiles, Documents};
use vara::services::record::event_log::EventLog;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::api(api_documents::routes(), async |context, _| {
        let vault = context.clients.record_vault(&context.env);
        let documents = Documents::new(EventLog::new(context.store.clone(), vault));
        let (objects, queues) = (
            context.clients.objects(&context.env),
            context.clients.queues(),
        );
        let queue = context.env.queue("render");
        let files = DocumentFiles::new(documents.clone(), objects, queues, queue);
        Ok(DocumentServices { documents, files })
    })
    .await
}
