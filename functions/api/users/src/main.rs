//! `/api/v1/users/*`: her own account.

mod routes;
#[cfg(test)]
mod tests;

use axum::extract::FromRef;
use vara::auth::Gate;
use vara::domain::BoxError;
use vara::objects::Objects;
use vara::runtime::{Clients, Env};
use vara::store::Store;

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct App {
    gate: Gate,
    store: Store,
    objects: Objects,
}

impl FromRef<App> for Gate {
    fn from_ref(app: &App) -> Self {
        app.gate.clone()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    vara::runtime::logs();
    let (env, clients) = (Env::process(), Clients::load().await);
    let store = clients.store(&env);
    let app = App {
        gate: Gate::new(&env, store.clone()),
        store,
        objects: clients.objects(&env),
    };
    let cors = vara::runtime::cors(&env);
    env.check()?;
    vara::runtime::serve(vara::http::finish(routes::routes(), app, cors)).await
}
