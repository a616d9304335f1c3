//! `/api/v1/matches`: findings that wait for her word.

mod routes;
#[cfg(test)]
mod tests;

use vara::boot;
use vara::domain::BoxError;
use vara::services::notices::matches::Matches;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::api(routes::routes(), async |context, _| {
        Ok(Matches::new(context.store.clone()))
    })
    .await
}
