//! The state that the handlers share.

use vara::http;
use vara::services::people::auth::AuthService;

/// Guards and service.
pub type App = http::App<AuthService>;
