//! `/api/v1/scans`: wanting a scan and seeing how it stands.

mod routes;
mod shape;

use vara::auth::Gate;
use vara::domain::BoxError;
use vara::runtime::{Clients, Env};
use vara::services::scans::Scans;

use routes::App;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    vara::runtime::logs();
    let (env, clients) = (Env::process(), Clients::load().await);
    let store = clients.store(&env);
    let scans = Scans {
        store: store.clone(),
        queues: clients.queues(),
        queue: env.text("QUEUE_IMAGE_SCAN"),
        background: env.text("QUEUE_BACKGROUND_SCAN"),
    };
    let app = App {
        gate: Gate::new(&env, store),
        scans,
    };
    let cors = vara::runtime::cors(&env);
    env.check()?;
    vara::runtime::serve(vara::http::finish(routes::routes(), app, cors)).await
}

#[cfg(test)]
mod tests;
