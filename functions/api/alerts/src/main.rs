//! Starts the function of `/api/v1/alerts`.

use api_alerts::AlertServices;
use vara::boot;
use vara::domain::BoxError;
use vara::services::record::event_log::EventLog;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::api(api_alerts::routes(), async |context, _| {
        let store = context.store.clone();
        let log = EventLog::new(store.clone(), context.clients.record_vault(&context.env));
        Ok(AlertServices::new(store, log))
    })
    .await
}
