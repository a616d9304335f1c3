//! Starts the function of `/api/v1/takedowns`.

use vara::boot;
use vara::domain::BoxError;
use vara::services::record::event_log::EventLog;
use vara::services::takedowns::{TakedownQueues, Takedowns};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::api(api_takedowns::routes(), async |context, _| {
        let vault = context.clients.record_vault(&context.env);
        let log = EventLog::new(context.store.clone(), vault);
        let queues = TakedownQueues::read(&context.env, context.clients.queues());
        let public_url = context.env.text("PUBLIC_URL");
        Ok(Takedowns::new(log, queues).with_objections_at(&public_url))
    })
    .await
}
