//! `/auth/v1/*`, the sign-in library's interface, and `/api/v1/auth/*`, the API's own.

mod address;
mod api;
mod app;
mod gotrue;
mod sessions;
#[cfg(test)]
mod tests;
mod undo;
mod verify;

use axum::Router;

pub use address::{AddressAskedView, AddressChangedView, AddressCode, NewAddress};
pub use api::{
    Forgotten, MessageView, NewPassword, Refresh, Reset, SignIn, SignUp, SignedInView,
    SignedUpView, TokensView,
};
pub use app::App;
pub use gotrue::{
    AuthGrant, AuthHealth, AuthRecover, AuthSettings, AuthSignUp, AuthUserChange, Nothing,
};
pub use sessions::{ConfirmedView, PasswordAgain, SessionChange};
pub use verify::AuthVerify;

/// Both surfaces.
pub fn routes() -> Router<App> {
    Router::new()
        .merge(gotrue::routes())
        .merge(api::routes())
        .merge(sessions::routes())
        .merge(undo::routes())
        .merge(address::routes())
}
