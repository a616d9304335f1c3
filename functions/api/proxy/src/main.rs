//! `/api/v1/proxy`: her pictures, for search engines that fetch them by an address.

mod routes;
#[cfg(test)]
mod tests;

use vara::auth::{Gate, Keys};
use vara::domain::BoxError;
use vara::http::HttpGuards;
use vara::services::pictures::proxy::Proxy;

use routes::{App, PICTURES};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let (env, clients) = vara::runtime::start().await?;
    let store = clients.store(&env);
    let proxy = Proxy {
        store: store.clone(),
        objects: clients.objects(&env),
        keys: Keys::of_proxy(&env),
        public_url: env.text("PUBLIC_URL"),
    };
    let app = App {
        gate: Gate::new(&env, store.clone()),
        proxy,
    };
    let guards = HttpGuards::read(&env, &store, Some(&app.gate)).with_open(PICTURES);
    env.check()?;
    vara::runtime::serve(vara::http::finish(routes::routes(), app, guards)).await
}
