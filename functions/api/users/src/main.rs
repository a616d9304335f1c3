//! `/api/v1/users/*`: her own account.

mod preferences;
mod routes;
#[cfg(test)]
mod tests;

use axum::Router;
use axum::extract::FromRef;
use vara::auth::Gate;
use vara::domain::BoxError;
use vara::http::HttpGuards;
use vara::objects::Objects;
use vara::store::Store;

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct App {
    gate: Gate,
    store: Store,
    objects: Objects,
    /// The one `host:port` a webhook may have although it is not public.
    fetch_allow: Option<String>,
}

impl FromRef<App> for Gate {
    fn from_ref(app: &App) -> Self {
        app.gate.clone()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let (env, clients) = vara::runtime::start().await?;
    let store = clients.store(&env);
    let app = App {
        gate: Gate::new(&env, store.clone()),
        store,
        objects: clients.objects(&env),
        fetch_allow: env.optional("FETCH_ALLOW"),
    };
    let guards = HttpGuards::read(&env, &app.store, Some(&app.gate));
    env.check()?;
    vara::runtime::serve(vara::http::finish(routes(), app, guards)).await
}

/// All routes.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .merge(routes::routes())
        .merge(preferences::routes())
}
