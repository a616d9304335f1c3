//! `/api/v1/users/*`: her own account.

mod preferences;
mod routes;
#[cfg(test)]
mod tests;

use axum::Router;
use vara::auth::Gate;
use vara::boot;
use vara::domain::BoxError;
use vara::http;
use vara::objects::Objects;
use vara::services::notices::mail_question::MailQuestions;
use vara::services::people::preferences::UserPreferences;
use vara::services::people::users::Users;
use vara::store::Store;

pub(crate) type App = http::App<UserServices>;

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct UserServices {
    users: Users,
    preferences: UserPreferences,
    questions: MailQuestions,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::api(routes(), async |context, gate| {
        let objects = context.clients.objects(&context.env);
        let webhook_host = context.env.optional("FETCH_ALLOW");
        Ok(UserServices::new(
            &context.store,
            objects,
            gate,
            webhook_host,
        ))
    })
    .await
}

impl UserServices {
    fn new(store: &Store, objects: Objects, gate: &Gate, webhook_host: Option<String>) -> Self {
        Self {
            users: Users::new(store.clone(), objects, gate.keys().clone()),
            preferences: UserPreferences::new(store.clone()).with_webhook_host(webhook_host),
            questions: MailQuestions::new(store.clone()),
        }
    }
}

/// All routes.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .merge(routes::routes())
        .merge(preferences::routes())
}
