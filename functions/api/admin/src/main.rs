//! `/api/v1/admin`: what whoever runs Vara sees and sets right. Nobody else is let in, and nothing of
//! any woman's is shown.

mod routes;
#[cfg(test)]
mod tests;

use vara::boot;
use vara::domain::BoxError;
use vara::services::upkeep::dead_letters::DeadLetters;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::api(routes::routes(), async |context, _| {
        Ok(DeadLetters {
            store: context.store.clone(),
            queues: context.clients.queues(),
            urls: context.env.queues(&[
                "image-ingest",
                "image-scan",
                "background-scan",
                "profile-scan",
                "breach-check",
                "notice",
                "mail-feedback",
                "sign-in-mail",
            ]),
        })
    })
    .await
}
