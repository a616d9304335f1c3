//! `/api/v1/protection-plan`: her plan.

mod routes;
#[cfg(test)]
mod tests;

use vara::boot;
use vara::domain::BoxError;
use vara::services::people::plan::ProtectionPlans;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::api(routes::routes(), async |context, _| {
        Ok(ProtectionPlans::new(context.store.clone()))
    })
    .await
}
