//! `/auth/v1/*`, the sign-in library's interface, and `/api/v1/auth/*`, the API's own.

mod api;
mod gotrue;
#[cfg(test)]
mod tests;
mod verify;

use axum::Router;
use axum::extract::FromRef;
use vara::auth::Gate;
use vara::domain::BoxError;
use vara::http::HttpGuards;
use vara::services::people::auth::AuthService;

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct App {
    gate: Gate,
    service: AuthService,
}

impl FromRef<App> for Gate {
    fn from_ref(app: &App) -> Self {
        app.gate.clone()
    }
}

impl FromRef<App> for AuthService {
    fn from_ref(app: &App) -> Self {
        app.service.clone()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let (env, clients) = vara::runtime::start().await?;
    let store = clients.store(&env);
    let gate = Gate::new(&env, store.clone());
    let guards = HttpGuards::read(&env, &store, Some(&gate));
    let service = AuthService::read(&env, store, &gate, clients.mailer(&env), clients.queues());
    // Without it nobody could be signed in.
    env.text("SIGNING_SECRET");
    env.check()?;
    let Some(service) = service else {
        return env.check();
    };
    service.publication.try_at_start().await;
    vara::runtime::serve(vara::http::finish(routes(), App { gate, service }, guards)).await
}

/// Both surfaces.
pub(crate) fn routes() -> Router<App> {
    Router::new().merge(gotrue::routes()).merge(api::routes())
}
