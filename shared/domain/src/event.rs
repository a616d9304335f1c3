//! Events: envelope, streams, expected versions, hash chain, catalogue of types, sentences of the access log.
//!
//! An event is a fact of her record: who did what, when and why. It is appended to a stream of hers and never
//! changed. Its envelope is stored in clear and holds nothing personal; its payload is sealed with her key.

mod access;
mod account;
mod actor;
mod alert;
mod catalogue;
mod chain;
mod choice;
mod envelope;
mod session;
mod stream;

pub use access::{
    AccessEntry, AccessRead, AccessShared, AccessSubject, Purpose, Recipient, SearchBasis,
    SharedItem, sentence,
};
pub use account::{
    AccountAddressChangeRequested, AccountAddressChanged, AccountAddressRestored,
    AccountArchiveRequested, AccountPasswordChanged, AccountRested,
};
pub use actor::{Actor, ActorKind};
pub use alert::AlertsMoved;
pub use catalogue::{CATALOGUE, EventSpec, EventType, event_spec};
pub use chain::{
    Broken, ChainCheck, FIRST_LINK, SALT_BYTES, ciphertext_sha256, link, link_of_digest,
    open_payload, payload_sha256, write_payload,
};
pub use choice::{
    AccountPreferencesChanged, AlertDecided, Consent, ConsentChanged, EnginesChosen, FindingJudged,
    ScanAsked, changed_preferences,
};
pub use envelope::{Event, EventHeader, EventPayload};
pub use session::{
    SessionConfirmed, SessionDeviceAdded, SessionEndCause, SessionEnded, SessionNamed,
    SessionStarted,
};
pub use stream::{ExpectedVersion, StreamName, StreamState};
