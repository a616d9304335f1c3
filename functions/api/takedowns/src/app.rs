//! What the handlers share.

use vara::http;
use vara::services::takedowns::Takedowns;

/// Guards and services.
pub type App = http::App<Takedowns>;
