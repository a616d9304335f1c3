//! Captures pages as evidence, has them stamped, makes packs of them, and removes what is erased.

use vara::boot;
use vara::domain::BoxError;
use vara::engines::{Fetcher, TimeStampAuthority};
use vara::services::evidence::CaptureWorker;
use vara::services::record::event_log::EventLog;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::queue(
        |context| {
            let env = &context.env;
            let authorities = env.optional("TIME_STAMP_AUTHORITIES");
            let authorities = TimeStampAuthority::read(authorities.as_deref().unwrap_or("[]"))?;
            let vault = context.clients.record_vault(env);
            let log = EventLog::new(context.store.clone(), vault);
            let fetcher = Fetcher::new(env.optional("FETCH_ALLOW").as_deref())?;
            Ok(CaptureWorker::new(
                (log, context.clients.objects(env)),
                context.clients.signer(env),
                fetcher,
                authorities,
            ))
        },
        async |worker, delivery| worker.take(&delivery).await,
    )
    .await
}
