//! `/api/v1/scans`: wanting a scan and seeing how it stands.

mod routes;
mod shape;

use vara::auth::Gate;
use vara::domain::BoxError;
use vara::http::HttpGuards;
use vara::services::scans::scan_queues::ScanQueues;
use vara::services::scans::start::Scans;
use vara::services::search::governor::Governor;

use routes::App;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let (env, clients) = vara::runtime::start().await?;
    let store = clients.store(&env);
    let scans = Scans {
        store: store.clone(),
        queues: clients.queues(),
        lanes: ScanQueues {
            images: env.text("QUEUE_IMAGE_SCAN"),
            background: env.text("QUEUE_BACKGROUND_SCAN"),
            profiles: env.text("QUEUE_PROFILE_SCAN"),
            breaches: env.text("QUEUE_BREACH_CHECK"),
        },
        governor: Governor::new(store.clone(), env.optional("ENGINE_ALLOWANCES").as_deref())?,
    };
    let app = App {
        gate: Gate::new(&env, store),
        scans,
    };
    let guards = HttpGuards::read(&env, &app.scans.store, Some(&app.gate));
    env.check()?;
    vara::runtime::serve(vara::http::finish(routes::routes(), app, guards)).await
}

#[cfg(test)]
mod tests;
