//! `/api/v1/images`: her pictures.

mod routes;
#[cfg(test)]
mod tests;

use vara::auth::{Gate, Keys};
use vara::domain::BoxError;
use vara::http::HttpGuards;
use vara::services::pictures::image_files::ImageAddresses;
use vara::services::pictures::images::Images;

use routes::App;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let (env, clients) = vara::runtime::start().await?;
    let store = clients.store(&env);
    let images = Images {
        store: store.clone(),
        objects: clients.objects(&env),
        addresses: ImageAddresses {
            keys: Keys::read(&env),
            public_url: env.text("PUBLIC_URL"),
        },
    };
    let app = App {
        gate: Gate::new(&env, store),
        images,
    };
    let guards = HttpGuards::read(&env, &app.images.store, Some(&app.gate));
    env.check()?;
    vara::runtime::serve(vara::http::finish(routes::routes(), app, guards)).await
}
