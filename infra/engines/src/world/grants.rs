//! What the authorisation servers have granted: codes, access tokens, refresh tokens.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Instant;

/// What was granted and is still good.
#[derive(Default)]
pub(crate) struct Grants {
    pub(crate) codes: Mutex<HashMap<String, Code>>,
    pub(crate) access: Mutex<HashMap<String, Owner>>,
    pub(crate) refresh: Mutex<HashMap<String, Owner>>,
}

/// Whose profile a grant is for.
#[derive(Clone)]
pub(crate) struct Owner {
    pub(crate) platform: String,
    pub(crate) handle: String,
}

/// A code that was not exchanged yet.
pub(crate) struct Code {
    pub(crate) owner: Owner,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: String,
    pub(crate) at: Instant,
}
