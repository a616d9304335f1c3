//! Starts the function of `/api/v1/realtime`.

use vara::boot;
use vara::domain::BoxError;
use vara::services::live::feed::LiveFeed;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::api(api_realtime::routes(), async |context, gate| {
        Ok(LiveFeed::new(context.store.clone(), gate.clone()))
    })
    .await
}
