//! `/api/v1/admin`: what whoever runs Vara sees and sets right. Nobody else is let in, and nothing of
//! any woman's is shown but a request whose recipient objected to it, which her access log tells.

mod routes;
#[cfg(test)]
mod tests;

use vara::boot;
use vara::domain::BoxError;
use vara::services::record::event_log::EventLog;
use vara::services::takedowns::{TakedownCounts, TakedownQueues, Takedowns};
use vara::services::upkeep::dead_letters::DeadLetters;
use vara::services::upkeep::switches::Switches;

use routes::AdminServices;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::api(routes::routes(), async |context, _| {
        let dead_letters = DeadLetters {
            store: context.store.clone(),
            queues: context.clients.queues(),
            urls: context.env.all_queues(),
        };
        let vault = context.clients.record_vault(&context.env);
        let log = EventLog::new(context.store.clone(), vault);
        let queues = TakedownQueues::read(&context.env, context.clients.queues());
        Ok(AdminServices {
            dead_letters,
            switches: Switches::new(context.store.clone()),
            takedown_counts: TakedownCounts::new(context.store.clone()),
            takedowns: Takedowns::new(log, queues),
        })
    })
    .await
}
