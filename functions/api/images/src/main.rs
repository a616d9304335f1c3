//! `/api/v1/images`: her pictures.

mod routes;
#[cfg(test)]
mod tests;

use vara::boot;
use vara::domain::BoxError;
use vara::services::pictures::image_addresses::ImageAddresses;
use vara::services::pictures::images::Images;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::api(routes::routes(), async |context, gate| {
        let addresses = ImageAddresses {
            keys: gate.keys().clone(),
            public_url: context.env.text("PUBLIC_URL"),
        };
        let objects = context.clients.objects(&context.env);
        Ok(Images::new(context.store.clone(), objects, addresses))
    })
    .await
}
