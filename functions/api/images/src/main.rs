//! `/api/v1/images`: her pictures.

mod routes;
#[cfg(test)]
mod tests;

use vara::boot;
use vara::domain::BoxError;
use vara::services::pictures::image_files::ImageAddresses;
use vara::services::pictures::images::Images;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::api(routes::routes(), async |context, gate| {
        Ok(Images {
            store: context.store.clone(),
            objects: context.clients.objects(&context.env),
            addresses: ImageAddresses {
                keys: gate.keys().clone(),
                public_url: context.env.text("PUBLIC_URL"),
            },
        })
    })
    .await
}
