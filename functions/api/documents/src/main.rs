//! Starts the function of `/api/v1/documents`.

use vara::boot;
use vara::domain::BoxError;
use vara::services::documents::Documents;
use vara::services::record::event_log::EventLog;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::api(api_documents::routes(), async |context, _| {
        let vault = context.clients.record_vault(&context.env);
        Ok(Documents::new(EventLog::new(context.store.clone(), vault)))
    })
    .await
}
