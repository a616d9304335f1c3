//! Starts the function of `/api/v1/events`.

use api_events::EventServices;
use vara::boot;
use vara::domain::BoxError;
use vara::services::record::event_log::EventLog;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::api(api_events::routes(), async |context, _| {
        let vault = context.clients.record_vault(&context.env);
        let log = EventLog::new(context.store.clone(), vault);
        Ok(EventServices::new(log))
    })
    .await
}
