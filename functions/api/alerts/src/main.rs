//! `/api/v1/alerts`: what she is told.

mod routes;

use vara::auth::Gate;
use vara::domain::BoxError;
use vara::http::Door;
use vara::runtime::{Clients, Env};

use routes::App;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    vara::runtime::logs();
    let (env, clients) = (Env::process(), Clients::load().await);
    let store = clients.store(&env);
    let app = App {
        gate: Gate::new(&env, store.clone()),
        store,
    };
    let door = Door::read(&env, &app.store, Some(&app.gate));
    env.check()?;
    vara::runtime::serve(vara::http::finish(routes::routes(), app, door)).await
}
