//! `/health`, `/api/v1/health`, `/ready`, `/metrics` and the description of the API; also the gateway's
//! default route, so that an unknown address is answered in our envelope.

mod routes;

pub use routes::{Alive, routes};
