//! Starts the function of `/api/v1/realtime`.

use api_realtime::Realtime;
use vara::boot;
use vara::domain::BoxError;
use vara::services::live::feed::LiveFeed;
use vara::services::live::tickets::SocketTickets;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::api(api_realtime::routes(), async |context, gate| {
        let url = context.env.text("SOCKET_URL");
        Ok(Realtime {
            feed: LiveFeed::new(context.store.clone(), gate.clone()),
            tickets: SocketTickets::new(context.store.clone(), url),
        })
    })
    .await
}
