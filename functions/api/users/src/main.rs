//! `/api/v1/users/*`: her own account.

mod preferences;
mod routes;
#[cfg(test)]
mod tests;

use axum::Router;
use vara::boot;
use vara::domain::BoxError;
use vara::http;
use vara::objects::Objects;
use vara::store::Store;

pub(crate) type App = http::App<Users>;

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct Users {
    store: Store,
    objects: Objects,
    /// The one `host:port` a webhook may have although it is not public.
    fetch_allow: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::api(routes(), async |context, _| {
        Ok(Users {
            store: context.store.clone(),
            objects: context.clients.objects(&context.env),
            fetch_allow: context.env.optional("FETCH_ALLOW"),
        })
    })
    .await
}

/// All routes.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .merge(routes::routes())
        .merge(preferences::routes())
}
