//! `/api/v1/images`: her pictures.

mod routes;
#[cfg(test)]
mod tests;

use vara::boot;
use vara::domain::BoxError;
use vara::services::pictures::image_addresses::ImageAddresses;
use vara::services::pictures::images::Images;
use vara::services::record::event_log::EventLog;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::api(routes::routes(), async |context, gate| {
        let addresses = ImageAddresses {
            keys: gate.keys().clone(),
            public_url: context.env.text("PUBLIC_URL"),
        };
        let objects = context.clients.objects(&context.env);
        let vault = context.clients.record_vault(&context.env);
        let log = EventLog::new(context.store.clone(), vault);
        Ok(Images::new(context.store.clone(), objects, addresses, log))
    })
    .await
}
