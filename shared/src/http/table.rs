//! Start of API functions that need only the table.

use axum::Router;
use axum::extract::FromRef;

use super::{HttpGuards, finish};
use crate::auth::Gate;
use crate::domain::BoxError;
use crate::store::Store;

/// What their handlers share.
#[derive(Clone, Debug)]
pub struct App {
    /// Who is calling.
    pub gate: Gate,
    /// The table.
    pub store: Store,
}

impl FromRef<App> for Gate {
    fn from_ref(app: &App) -> Self {
        app.gate.clone()
    }
}

/// Answers with these routes until the environment ends.
pub async fn run(routes: Router<App>) -> Result<(), BoxError> {
    let (env, clients) = crate::runtime::start().await?;
    let store = clients.store(&env);
    let app = App {
        gate: Gate::new(&env, store.clone()),
        store,
    };
    let guards = HttpGuards::read(&env, &app.store, Some(&app.gate));
    env.check()?;
    crate::runtime::serve(finish(routes, app, guards)).await
}
