//! Starts the function of `/api/v1/onboarding`.

use vara::boot;
use vara::domain::BoxError;
use vara::services::people::onboarding::Onboarding;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::api(api_onboarding::routes(), async |context, _| {
        Ok(Onboarding::new(context.store.clone()))
    })
    .await
}
