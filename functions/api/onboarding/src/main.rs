//! `/api/v1/onboarding`: the questions at the start.

mod routes;

use vara::auth::Gate;
use vara::domain::BoxError;
use vara::runtime::{Clients, Env};

use routes::App;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    vara::runtime::logs();
    let (env, clients) = (Env::process(), Clients::load().await);
    let store = clients.store(&env);
    let app = App {
        gate: Gate::new(&env, store.clone()),
        store,
    };
    let cors = vara::runtime::cors(&env);
    env.check()?;
    vara::runtime::serve(vara::http::finish(routes::routes(), app, cors)).await
}

#[cfg(test)]
mod tests;
