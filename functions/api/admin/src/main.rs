//! `/api/v1/admin`: what whoever runs Vara sees and sets right. Nobody else is let in, and nothing of
//! any woman's is shown.

mod routes;

use vara::auth::Gate;
use vara::domain::BoxError;
use vara::http::HttpGuards;
use vara::services::upkeep::dead_letters::DeadLetters;

use routes::App;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let (env, clients) = vara::runtime::start().await?;
    let store = clients.store(&env);
    let letters = DeadLetters {
        store: store.clone(),
        queues: clients.queues(),
        urls: vec![
            ("image-ingest", env.text("QUEUE_IMAGE_INGEST")),
            ("image-scan", env.text("QUEUE_IMAGE_SCAN")),
            ("background-scan", env.text("QUEUE_BACKGROUND_SCAN")),
            ("profile-scan", env.text("QUEUE_PROFILE_SCAN")),
            ("breach-check", env.text("QUEUE_BREACH_CHECK")),
            ("notice", env.text("QUEUE_NOTICE")),
            ("mail-feedback", env.text("QUEUE_MAIL_FEEDBACK")),
            ("sign-in-mail", env.text("QUEUE_SIGN_IN_MAIL")),
        ],
    };
    let app = App {
        gate: Gate::new(&env, store),
        letters,
    };
    let guards = HttpGuards::read(&env, &app.letters.store, Some(&app.gate));
    env.check()?;
    vara::runtime::serve(vara::http::finish(routes::routes(), app, guards)).await
}

#[cfg(test)]
mod tests;
