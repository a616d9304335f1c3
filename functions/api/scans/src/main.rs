//! Starts the function of `/api/v1/scans`.

use vara::boot;
use vara::domain::BoxError;
use vara::services::record::event_log::EventLog;
use vara::services::scans::scan_queues::ScanQueues;
use vara::services::scans::start::Scans;
use vara::services::search::governor::Governor;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::api(api_scans::routes(), async |context, _| {
        let allowances = context.env.optional("ENGINE_ALLOWANCES");
        let vault = context.clients.record_vault(&context.env);
        Ok(Scans {
            log: EventLog::new(context.store.clone(), vault),
            store: context.store.clone(),
            queues: context.clients.queues(),
            lanes: ScanQueues::read(&context.env),
            governor: Governor::new(context.store.clone(), allowances.as_deref())?,
        })
    })
    .await
}
