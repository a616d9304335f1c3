//! Starts the function of `/api/v1/protection-plan`.

use vara::boot;
use vara::domain::BoxError;
use vara::services::people::plan::ProtectionPlans;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::api(api_protection_plan::routes(), async |context, _| {
        Ok(ProtectionPlans::new(context.store.clone()))
    })
    .await
}
