//! Her accounts and addresses elsewhere: telling us of them, proving that they are hers, letting us
//! read them, and looking at them.

mod authorise;
mod prove;
mod sync;

use serde::Serialize;

use crate::auth::Keys;
use crate::domain::{
    AccountId, Error, ErrorKind, Linked, LinkedKind, Page, Platform, Result, Timestamp, UserId,
    credentials, linked,
};
use crate::engines::{EngineError, OAuth, Social};
use crate::mail::Mailer;
use crate::store::{LinkedRow, Linking, Listing, Store};
use crate::vault::Vault;

pub use authorise::{Landing, Returned};
pub use prove::Verification;

/// What dealing with her accounts needs.
#[derive(Clone)]
pub struct Accounts {
    /// The table.
    pub store: Store,
    /// For codes that prove an address.
    pub mailer: Mailer,
    /// Proofs, and the secrets of authorisations.
    pub keys: Keys,
    /// Seals what lets us in.
    pub vault: Vault,
    /// The directory of public profiles, if there is one.
    pub social: Option<Social>,
    /// The networks that she can let us read.
    pub oauth: OAuth,
    /// Where the API is reached.
    pub public_url: String,
    /// The web app.
    pub site: String,
}

/// What she tells us of an account. At most one of the first three, or both of the last two; nothing
/// begins an authorisation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ConnectionRequest {
    pub email: Option<String>,
    pub phone: Option<String>,
    pub handle: Option<String>,
    pub code: Option<String>,
    pub state: Option<String>,
}

/// The result of linking an account.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum Connected {
    /// The account is known to us now.
    Account {
        /// The account.
        #[serde(flatten)]
        account: Box<Linked>,
        /// How she proves that it is hers, if she can and has not yet.
        verification: Option<Verification>,
    },
    /// She is asked for her leave at the network.
    #[serde(rename_all = "camelCase")]
    Authorisation {
        /// Where.
        authorization_url: String,
        /// Until when.
        expires_at: Timestamp,
    },
}

impl Accounts {
    /// A page of her accounts.
    pub async fn list(&self, user: UserId, page: Page) -> Result<Listing<Linked>> {
        self.store.linked_page(user, page).await
    }

    /// Takes in what she tells us of an account.
    pub async fn connect(
        &self,
        user: UserId,
        platform: Platform,
        told: ConnectionRequest,
        now: Timestamp,
    ) -> Result<Connected> {
        let network = platform != Platform::Other;
        let (kind, name) = match (told.email, told.phone, told.handle, told.code, told.state) {
            (Some(text), None, None, None, None) if !network => {
                (LinkedKind::Email, credentials::email(&text))
            }
            (None, Some(text), None, None, None) if !network => {
                (LinkedKind::Phone, linked::phone(&text))
            }
            (None, None, Some(text), None, None) if network => {
                (LinkedKind::Handle, linked::handle(&text))
            }
            (None, None, None, Some(code), Some(state)) if network => {
                return self.finish(user, platform, &code, &state, now).await;
            }
            (None, None, None, None, None) if network => {
                return self.begin(user, platform, now).await;
            }
            _ => {
                return Err(Error::invalid_at(
                    if network { "handle" } else { "email" },
                    "Please name one address, number or handle of yours.",
                ));
            }
        };
        let field = match kind {
            LinkedKind::Email => "email",
            LinkedKind::Phone => "phone",
            LinkedKind::Handle | LinkedKind::OAuth => "handle",
        };
        let unlike = || Error::invalid_at(field, "This does not look like one.");
        let name = name.ok_or_else(unlike)?;
        let row = self
            .known(&Linked::new(user, platform, kind, &name, now).into())
            .await?;
        let verification = self.ask_for_proof(&row, now).await?;
        Ok(Connected::Account {
            account: Box::new(row.account),
            verification,
        })
    }

    /// The account as it is stored; stored now, if it was not before.
    async fn known(&self, new: &LinkedRow) -> Result<LinkedRow> {
        match self.store.link_up(new).await? {
            Linking::Done => Ok(new.clone()),
            Linking::Known => self.find(new.account.user_id, new.account.id).await,
            Linking::Full => Err(Error::conflict(
                "ACCOUNT_LIMIT_REACHED",
                "You have as many accounts here as we can look after. You can remove one first.",
            )),
        }
    }

    /// Forgets an account and everything that let us read it.
    pub async fn disconnect(&self, user: UserId, id: AccountId) -> Result<()> {
        if self.store.unlink(user, id).await? {
            tracing::info!(user.id = %user, account.id = %id, "an account was removed");
            Ok(())
        } else {
            Err(no_account())
        }
    }

    async fn find(&self, user: UserId, id: AccountId) -> Result<LinkedRow> {
        let found = self.store.linked(user, id).await?;
        found.ok_or_else(no_account)
    }
}

fn no_account() -> Error {
    Error::not_found("ACCOUNT_NOT_FOUND", "This account does not exist.")
}

fn changed() -> Error {
    Error::conflict(
        "ACCOUNT_CHANGED",
        "This account changed just now. Please try again.",
    )
}

fn too_often() -> Error {
    Error::new(
        ErrorKind::TooMany,
        "REQUEST_ERROR",
        "A code was sent a moment ago. Please wait a little before asking for another.",
    )
}

/// A network that does not answer is nobody's mistake.
fn out_of_reach(err: EngineError) -> Error {
    Error::unavailable("asking a network", err)
}

#[cfg(test)]
mod tests;
