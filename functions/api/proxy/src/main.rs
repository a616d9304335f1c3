//! `/api/v1/proxy`: her pictures, for search engines that fetch them by an address.

mod routes;
#[cfg(test)]
mod tests;

use vara::auth::Keys;
use vara::boot;
use vara::domain::BoxError;
use vara::services::pictures::proxy::Proxy;

use routes::PICTURES;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::api_with_open(routes::routes(), Some(PICTURES), async |context, _| {
        Ok(Proxy {
            store: context.store.clone(),
            objects: context.clients.objects(&context.env),
            keys: Keys::of_proxy(&context.env),
            public_url: context.env.text("PUBLIC_URL"),
        })
    })
    .await
}
