//! Starts the function of `/api/v1/proxy`.

use vara::auth::Keys;
use vara::boot;
use vara::domain::BoxError;
use vara::services::pictures::proxy::Proxy;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::api_with_open(
        api_proxy::routes(),
        Some(api_proxy::PICTURES),
        async |context, _| {
            Ok(Proxy {
                store: context.store.clone(),
                objects: context.clients.objects(&context.env),
                keys: Keys::of_proxy(&context.env),
                public_url: context.env.text("PUBLIC_URL"),
            })
        },
    )
    .await
}
