//! `/api/v1/onboarding`: the questions at the start.

mod routes;
#[cfg(test)]
mod tests;

use vara::boot;
use vara::domain::BoxError;
use vara::services::people::onboarding::Onboarding;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::api(routes::routes(), async |context, _| {
        Ok(Onboarding::new(context.store.clone()))
    })
    .await
}
