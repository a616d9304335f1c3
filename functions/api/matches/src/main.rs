//! `/api/v1/matches`: findings that wait for her word.

mod routes;
#[cfg(test)]
mod tests;

use vara::boot;
use vara::domain::BoxError;
use vara::services::notices::matches::Matches;
use vara::services::record::event_log::EventLog;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::api(routes::routes(), async |context, _| {
        let vault = context.clients.record_vault(&context.env);
        let log = EventLog::new(context.store.clone(), vault);
        Ok(Matches::new(context.store.clone(), log))
    })
    .await
}
