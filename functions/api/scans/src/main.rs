//! `/api/v1/scans`: wanting a scan and seeing how it stands.

mod routes;
mod shape;
#[cfg(test)]
mod tests;

use vara::boot;
use vara::domain::BoxError;
use vara::services::scans::scan_queues::ScanQueues;
use vara::services::scans::start::Scans;
use vara::services::search::governor::Governor;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::api(routes::routes(), async |context, _| {
        let allowances = context.env.optional("ENGINE_ALLOWANCES");
        Ok(Scans {
            store: context.store.clone(),
            queues: context.clients.queues(),
            lanes: ScanQueues::read(&context.env),
            governor: Governor::new(context.store.clone(), allowances.as_deref())?,
        })
    })
    .await
}
