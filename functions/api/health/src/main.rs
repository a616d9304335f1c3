//! `/health`, `/api/v1/health`, `/ready`, `/metrics` and the description of the API; also the gateway's
//! default route, so that an unknown address is answered in our envelope.

mod routes;

use vara::domain::BoxError;
use vara::http::HttpGuards;
use vara::services::upkeep::health::Dependencies;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let (env, clients) = vara::runtime::start().await?;
    let app = Dependencies {
        store: clients.store(&env),
        objects: clients.objects(&env),
        queues: clients.queues(),
        queue_urls: vec![
            ("image-ingest", env.text("QUEUE_IMAGE_INGEST")),
            ("image-scan", env.text("QUEUE_IMAGE_SCAN")),
            ("background-scan", env.text("QUEUE_BACKGROUND_SCAN")),
            ("profile-scan", env.text("QUEUE_PROFILE_SCAN")),
            ("breach-check", env.text("QUEUE_BREACH_CHECK")),
            ("notice", env.text("QUEUE_NOTICE")),
            ("mail-feedback", env.text("QUEUE_MAIL_FEEDBACK")),
        ],
    };
    let guards = HttpGuards::read(&env, &app.store, None);
    env.check()?;
    vara::runtime::serve(vara::http::finish(routes::routes(), app, guards)).await
}
