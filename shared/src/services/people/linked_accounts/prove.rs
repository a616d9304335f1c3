//! Proving that an account is hers: a code that is mailed to an address, or one that she shows in her
//! public profile.
//!
//! Only a keyed hash of a code is kept; a code is tried a few times, and each try is counted before it
//! is judged.

use serde::Serialize;

use super::{Accounts, changed, out_of_reach, too_often};
use crate::auth::{draw_code, typed_code};
use crate::domain::{
    AccountId, CODE_LIFE, Error, Linked, LinkedKind, Proof, PublicProfile, Result, Timestamp,
    UserId,
};
use crate::mail::Mail;
use crate::store::LinkedRow;

/// How long after one code to an address there is no other, in seconds.
const CODE_PAUSE_SECONDS: i64 = 60;

/// How many codes one woman may have mailed in an hour.
const MAILS: u32 = 10;
const HOUR: i64 = 3600;

/// How to prove that an account is the user's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "method", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verification {
    /// With the code that was mailed.
    #[serde(rename_all = "camelCase")]
    EmailCode {
        /// Until when.
        expires_at: Timestamp,
    },
    /// With this code, shown in her public profile.
    #[serde(rename_all = "camelCase")]
    ProfileCode {
        /// The code.
        code: String,
        /// Until when.
        expires_at: Timestamp,
    },
}

impl Accounts {
    /// Asks for a proof, where there can be one and there is none yet.
    pub(super) async fn ask_for_proof(
        &self,
        row: &LinkedRow,
        now: Timestamp,
    ) -> Result<Option<Verification>> {
        let account = &row.account;
        if account.is_hers() || !matches!(account.kind, LinkedKind::Email | LinkedKind::Handle) {
            return Ok(None);
        }
        let mailed = account.kind == LinkedKind::Email;
        if mailed {
            self.make_room_for_mail(account, now).await?;
        }
        let code = draw_code()?;
        let expires_at = now.plus_seconds(CODE_LIFE);
        let mut after = row.clone();
        after.proof = Some(Proof {
            code: self.keys.code_name(&account.id.to_string(), &code),
            expires_at,
            tries: 0,
        });
        if !self.store.change_linked(row, &after).await? {
            return Err(changed());
        }
        if !mailed {
            return Ok(Some(Verification::ProfileCode { code, expires_at }));
        }
        let address = &account.platform_user_id;
        let sent = self.mailer.send(address, &Mail::Code { code }).await;
        if sent.is_err() {
            // Nothing was mailed, so nothing should make her wait.
            let window = self.keys.address_name(address);
            self.store.close_mail_window(&window).await?;
        }
        sent.map(|()| Some(Verification::EmailCode { expires_at }))
    }

    /// Not too many to one address, whoever asks, and not too many for her.
    async fn make_room_for_mail(&self, account: &Linked, now: Timestamp) -> Result<()> {
        let name = format!("codes/{}", account.user_id);
        let name = self.keys.address_name(&name);
        let window = self.keys.address_name(&account.platform_user_id);
        let fine = self.store.count_try(&name, MAILS, HOUR, now).await?
            && self
                .store
                .open_mail_window(&window, CODE_PAUSE_SECONDS, now)
                .await?;
        if fine { Ok(()) } else { Err(too_often()) }
    }

    /// Judges a proof.
    pub async fn prove(
        &self,
        user: UserId,
        id: AccountId,
        code: Option<&str>,
        now: Timestamp,
    ) -> Result<Linked> {
        let row = self.find(user, id).await?;
        if row.account.is_hers() {
            return Ok(row.account);
        }
        match row.account.kind {
            LinkedKind::Email => self.prove_address(row, code, now).await,
            LinkedKind::Handle => self.prove_profile(row, now).await,
            LinkedKind::Phone | LinkedKind::OAuth => Err(Error::invalid(
                "ACCOUNT_NOT_VERIFIABLE",
                "There is no way yet to prove that this one is yours.",
            )),
        }
    }

    async fn prove_address(
        &self,
        row: LinkedRow,
        code: Option<&str>,
        now: Timestamp,
    ) -> Result<Linked> {
        let code = code.ok_or_else(|| Error::invalid_at("code", "Please enter the code."))?;
        let proof = open_proof(&row, now)?.clone();
        let mut tried = row.clone();
        tried.proof = Some(Proof {
            tries: proof.tries + 1,
            ..proof.clone()
        });
        if !self.store.change_linked(&row, &tried).await? {
            return Err(changed());
        }
        tried.revision += 1;
        let right = typed_code(code).is_some_and(|it| self.is_code(&row, &proof, &it));
        if !right {
            return Err(wrong_code());
        }
        self.proved(&tried, None, now).await
    }

    async fn prove_profile(&self, row: LinkedRow, now: Timestamp) -> Result<Linked> {
        let proof = open_proof(&row, now)?.clone();
        let account = &row.account;
        let Some(social) = &self.social else {
            return Err(Error::unavailable(
                "reading a profile",
                "there is no directory",
            ));
        };
        let profile = social.profile(account.platform, &account.platform_user_id);
        let profile = profile.await.map_err(out_of_reach)?.ok_or_else(|| {
            Error::conflict(
                "ACCOUNT_PROFILE_NOT_FOUND",
                "We could not see a public profile of this name.",
            )
        })?;
        let words = profile.bio.split(|it: char| !it.is_alphanumeric());
        let mut codes = words.filter_map(typed_code);
        if !codes.any(|it| self.is_code(&row, &proof, &it)) {
            return Err(wrong_code());
        }
        self.proved(&row, Some(&profile), now).await
    }

    fn is_code(&self, row: &LinkedRow, proof: &Proof, code: &str) -> bool {
        // Both are keyed hashes: how long comparing them takes tells nothing of the code.
        self.keys.code_name(&row.account.id.to_string(), code) == proof.code
    }

    async fn proved(
        &self,
        row: &LinkedRow,
        profile: Option<&PublicProfile>,
        now: Timestamp,
    ) -> Result<Linked> {
        let mut after = match profile {
            Some(profile) => row.with_profile(profile, now),
            None => row.clone(),
        };
        after.account.verified_at = Some(now);
        after.proof = None;
        if !self.store.change_linked(row, &after).await? {
            return Err(changed());
        }
        let account = after.account;
        tracing::info!(user.id = %account.user_id, account.id = %account.id, "an account was proved");
        Ok(account)
    }
}

fn open_proof(row: &LinkedRow, now: Timestamp) -> Result<&Proof> {
    let open = row.proof.as_ref().filter(|it| it.is_open(now));
    open.ok_or_else(|| {
        Error::conflict(
            "ACCOUNT_CODE_EXPIRED",
            "This code does not work any more. Please ask for a new one.",
        )
    })
}

fn wrong_code() -> Error {
    Error::invalid("ACCOUNT_CODE_INVALID", "This is not the code.")
}
