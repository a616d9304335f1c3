//! Checks her addresses: which known breaches hold them.

use vara::boot;
use vara::domain::BoxError;
use vara::engines::Hibp;
use vara::services::scans::breach::BreachChecker;
use vara::services::search::governor::Governor;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::queue(
        |context| {
            let env = &context.env;
            let hibp = env.engine("HIBP", Hibp::new)?;
            let allowances = env.optional("ENGINE_ALLOWANCES");
            let governor = Governor::new(context.store.clone(), allowances.as_deref())?;
            governor.require_budget(env, Hibp::NAME, hibp.is_some());
            Ok(BreachChecker {
                governor,
                store: context.store.clone(),
                queues: context.clients.queues(),
                hibp,
                queue: env.queue("breach-check"),
            })
        },
        async |checker, delivery| checker.take(&delivery).await,
    )
    .await
}
