//! Starts the function of `/api/v1/evidence`.

use vara::boot;
use vara::domain::BoxError;
use vara::services::evidence::{EvidenceRecords, ListedKey};
use vara::services::record::event_log::EventLog;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::api(api_evidence::routes(), async |context, _| {
        let (env, clients) = (&context.env, &context.clients);
        let log = EventLog::new(context.store.clone(), clients.record_vault(env));
        let listed = env.optional("EVIDENCE_KEYS");
        let listed = ListedKey::read(listed.as_deref().unwrap_or("[]"))?;
        let records = EvidenceRecords::new(
            (log, clients.objects(env)),
            clients.signer(env),
            (clients.queues(), env.queue("capture")),
        );
        Ok(records.with_listed_keys(listed))
    })
    .await
}
