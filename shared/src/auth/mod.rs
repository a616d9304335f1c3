//! Authentication primitives: keys, access and refresh tokens, passwords, the gate.
//!
//! What a sign-in does for her (mail, policy, sessions ended) is a service; how it is told to a
//! browser is `http`. Nothing here makes a decision of the product.

mod access;
mod code;
mod external;
mod gate;
mod keys;
mod password;
mod published;
mod redirect;
mod seal;
mod settings;
mod staff;
mod tokens;
mod verified;

pub use access::{Access, AppMetadata, Claims, RoleMetadata};
pub use code::{draw_code, draw_digits, typed_code, typed_digits};
pub use external::External;
pub use gate::{Caller, Denied, Gate};
pub use keys::{BadSecret, Jwks, Keys};
pub use password::{hash_password, verify_password};
pub use redirect::Redirects;
pub use seal::DataKey;
pub(crate) use seal::Seal;
pub use staff::Staff;
pub use tokens::{OneTime, RefreshToken, Unreadable};
