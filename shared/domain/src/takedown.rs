//! Requests to remove (takedowns): recipients, laws and their fields, states, texts, clock, rechecks, guards.
//!
//! A request asks one recipient (a platform, a search engine, a host) to remove one finding. It is one state
//! machine ([`state`]); whatever is sent is a text that she approved byte for byte ([`text`]).

pub mod catalogue;
pub mod commencement;
pub mod facts;
pub mod guards;
pub mod objection;
pub mod priority;
pub mod proposal;
pub mod recheck;
pub mod reply;
pub mod reply_tag;
pub mod state;
pub mod text;

pub use catalogue::{Catalogue, FormNeed, Recipient, RecipientKind, RecipientRoute, catalogue};
pub use commencement::has_commenced;
pub use facts::{Harm, MissingFact, Photographer, TakedownFacts, missing};
pub use guards::NotYours;
pub use objection::{ObjectionMark, ObjectionState, ObjectionVerdict, ObjectionVote};
pub use proposal::{ExposedTo, Exposure, TakedownProposal};
pub use recheck::{Look, LookOutcome};
pub use reply::{ReplyKind, SortedReply};
pub use reply_tag::ReplyTag;
pub use state::{
    NextActor, PublicState, TakedownEvent, TakedownPurpose, TakedownState, WrongState, next,
};
pub use text::{RequestText, TextStatement};

use crate::named_values::named_values;

named_values! {
    /// How a request reaches its recipient.
    TakedownChannel {
        /// A form of the recipient's, which she fills in with the answers that are shown to her.
        Form = "FORM",
        /// A mail that Vara sends when she has approved it.
        Mail = "MAIL",
    }
}

named_values! {
    /// What shows that the recipient has a request.
    ReceiptKind {
        /// The recipient's mail server took the mail.
        Smtp = "SMTP",
        /// The recipient answered.
        Reply = "REPLY",
        /// She says that she sent it.
        HerWord = "HER_WORD",
    }
}
