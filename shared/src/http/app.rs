//! State of an API function: who is calling, and its service.

use axum::extract::FromRef;

use crate::auth::Gate;

/// What the handlers of a function share.
#[derive(Clone, Debug)]
pub struct App<S> {
    /// Who is calling.
    pub gate: Gate,
    /// The service they call.
    pub service: S,
}

impl<S> FromRef<App<S>> for Gate {
    fn from_ref(app: &App<S>) -> Self {
        app.gate.clone()
    }
}
