//! Who did what an event says.

use serde::{Deserialize, Serialize};

use crate::{SessionId, UserId};

/// The kind of an actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ActorKind {
    /// The woman herself.
    User,
    /// Somebody she has allowed to act for her.
    Delegate,
    /// Somebody who works at Vara, shown by role and pseudonym.
    Staff,
    /// Vara, without a person.
    System,
    /// A search engine or another service outside.
    Engine,
}

impl ActorKind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::User,
        Self::Delegate,
        Self::Staff,
        Self::System,
        Self::Engine,
    ];

    /// Its name in stored things and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "USER",
            Self::Delegate => "DELEGATE",
            Self::Staff => "STAFF",
            Self::System => "SYSTEM",
            Self::Engine => "ENGINE",
        }
    }
}

impl std::str::FromStr for ActorKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let named = Self::ALL.into_iter().find(|it| it.as_str() == text);
        named.ok_or(())
    }
}

/// Who did what an event says. Stored in clear: it holds ids and pseudonyms, never a name or an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Actor {
    /// What kind of actor.
    pub kind: ActorKind,
    /// Her id, the pseudonym of staff (`R-7F3K`), or the name of a service.
    pub id: String,
    /// The organisation, if there is another than Vara.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub org: Option<String>,
    /// The session or the key it was done with.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub via: Option<String>,
}

impl Actor {
    /// The woman herself, in this session.
    #[must_use]
    pub fn user(user: UserId, session: Option<SessionId>) -> Self {
        Self {
            kind: ActorKind::User,
            id: user.to_string(),
            org: None,
            via: session.map(|it| it.to_string()),
        }
    }

    /// Somebody who works at Vara, by a pseudonym (`R-7F3K`).
    #[must_use]
    pub fn staff(pseudonym: String) -> Self {
        Self {
            kind: ActorKind::Staff,
            id: pseudonym,
            org: None,
            via: None,
        }
    }

    /// Vara itself.
    #[must_use]
    pub fn system() -> Self {
        Self {
            kind: ActorKind::System,
            id: "vara".to_owned(),
            org: None,
            via: None,
        }
    }
}
