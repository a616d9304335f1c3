//! `/auth/v1/*`, the sign-in library's interface, and `/api/v1/auth/*`, the API's own.

mod api;
mod gotrue;
#[cfg(test)]
mod tests;
mod verify;

use axum::Router;
use vara::boot;
use vara::domain::BoxError;
use vara::http;
use vara::services::people::auth::AuthService;

pub(crate) type App = http::App<AuthService>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::api(routes(), async |context, gate| {
        let (env, clients) = (&context.env, &context.clients);
        let (mailer, queues) = (clients.mailer(env), clients.queues());
        let service = AuthService::read(env, context.store.clone(), gate, mailer, queues);
        // Without it nobody could be signed in.
        env.text("SIGNING_SECRET");
        env.check()?;
        let service = service.ok_or("the settings of signing in cannot be used")?;
        service.publication.try_at_start().await;
        Ok(service)
    })
    .await
}

/// Both surfaces.
pub(crate) fn routes() -> Router<App> {
    Router::new().merge(gotrue::routes()).merge(api::routes())
}
