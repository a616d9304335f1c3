//! Checks her addresses: which known breaches hold them.

use lambda_runtime::{LambdaEvent, service_fn};
use vara::domain::BoxError;
use vara::engines::Hibp;
use vara::runtime::take_scans;
use vara::services::scans::breach::BreachChecker;
use vara::services::search::governor::Governor;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let (env, clients) = vara::runtime::start().await?;
    let hibp = env.engine("HIBP", Hibp::new)?;
    let (store, allowances) = (clients.store(&env), env.optional("ENGINE_ALLOWANCES"));
    let checker = &BreachChecker {
        governor: Governor::new(store.clone(), allowances.as_deref())?,
        store,
        queues: clients.queues(),
        hibp,
        queue: env.text("QUEUE_BREACH_CHECK"),
    };
    let governor = &checker.governor;
    governor.require_budget(&env, Hibp::NAME, checker.hibp.is_some());
    env.check()?;
    lambda_runtime::run(service_fn(async |event: LambdaEvent<_>| {
        take_scans(event, async |it| checker.take(&it).await).await
    }))
    .await
}
