//! `/api/v1/protection-plan`: her plan.

mod routes;
#[cfg(test)]
mod tests;

use vara::boot;
use vara::domain::BoxError;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::api(routes::routes(), async |context, _| {
        Ok(context.store.clone())
    })
    .await
}
