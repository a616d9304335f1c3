//! Change of the account's address: asked for, and confirmed by a code that is mailed to the new one.
//!
//! Asking does the same whether or not somebody has the address; the mailer finds out, and mails a code or that there is
//! an account. So the caller learns nothing of others.

use super::sealed_mail::SealedForMail;
use super::throttle::Client;
use super::{AuthRefusal, AuthService, checked_address};
use crate::auth::{Caller, OneTime, draw_digits, typed_digits};
use crate::clock;
use crate::domain::event::{AccountAddressChangeRequested, AccountAddressChanged, SessionEndCause};
use crate::domain::{
    ADDRESS_CODE_SECONDS, ADDRESS_UNDO_SECONDS, Account, AccountOrigin, AddressChange,
    EarlierAddress, Error, ErrorKind, Result, SessionId, Timestamp, UserId,
};
use crate::queues::{SignInMail, SignInMailKind};
use crate::store::{AddressSwap, ENDED_AT_ONCE, SwapOutcome};

/// How long after one code to an address there is no other, in seconds.
const CODE_PAUSE_SECONDS: i64 = 60;

/// How many codes one woman may have mailed in an hour, those of her other addresses among them.
const MAILS: u32 = 10;
const HOUR: i64 = 3600;

/// An address that was changed.
#[derive(Clone, Debug)]
pub struct ChangedAddress {
    /// The account after it.
    pub account: Account,
    /// Until when the earlier address can be put back.
    pub until: Timestamp,
}

impl AuthService {
    /// Asks for a change of her address: a code is mailed to the new one. Until when it works. A request replaces the one
    /// before.
    pub async fn ask_address_change(
        &self,
        caller: &Caller,
        address: Option<&str>,
        client: &Client,
    ) -> Result<Timestamp, AuthRefusal> {
        let address = checked_address(address)?;
        let account = self.account(caller.user).await?;
        let now = clock::now();
        may_change(&account, now)?;
        if address == account.email {
            return Err(Error::invalid_at("email", "This is your address already.").into());
        }
        self.make_room_for_code(caller.user, &address, client, now)
            .await?;
        let asked = self.mail_code(caller, &address, now).await;
        if asked.is_err() {
            // No mail will come, so nothing should make her wait.
            let window = self.keys().address_name(&address);
            self.store.close_mail_window(&window).await?;
        }
        Ok(asked?)
    }

    /// Not too many to one address, whoever asks, and not too many for her.
    async fn make_room_for_code(
        &self,
        user: UserId,
        address: &str,
        client: &Client,
        now: Timestamp,
    ) -> Result<()> {
        let hers = self.keys().address_name(&format!("codes/{user}"));
        let window = self.keys().address_name(address);
        let fine = self.store.count_try(&hers, MAILS, HOUR, now).await?
            && self
                .store
                .open_mail_window(&window, CODE_PAUSE_SECONDS, now)
                .await?
            && self
                .admit_sign_up_mail(address, client.network(), now)
                .await?;
        if fine { Ok(()) } else { Err(too_often()) }
    }

    /// Stores the change and asks for the mail with its code.
    async fn mail_code(&self, caller: &Caller, address: &str, now: Timestamp) -> Result<Timestamp> {
        let user = caller.user;
        let code = draw_digits()?;
        let mail = SealedForMail::seal(user, &code)?;
        let key = self.log.data_key(user, now).await?;
        let expires_at = now.plus_seconds(ADDRESS_CODE_SECONDS);
        let change = AddressChange {
            asked_at: now,
            expires_at,
            sealed_email: key.close(&purpose(user), address.as_bytes().to_vec())?,
            code: self.code_hash(user, now, &code),
            sealed_code: mail.sealed,
            tries: 0,
        };
        let said = AccountAddressChangeRequested {
            email: address.to_owned(),
        };
        let name = "account.address_change_requested";
        let event = self.event(caller, name, &said).await?;
        let stored = self.store.ask_address_change(user, &change, event);
        if !stored.await? {
            return Err(changed());
        }
        let kind = SignInMailKind::AddressCode;
        self.ask_for_sealed_mail(kind, (user, address), mail.key, now)
            .await?;
        Ok(expires_at)
    }

    /// Asks for a mail whose text lies sealed in a row.
    pub(super) async fn ask_for_sealed_mail(
        &self,
        kind: SignInMailKind,
        (user, address): (UserId, &str),
        key: String,
        now: Timestamp,
    ) -> Result<()> {
        let message = SignInMail {
            kind,
            email: address.to_owned(),
            user_id: Some(user),
            redirect_to: None,
            key: Some(key),
            asked_at: now,
        };
        self.queues.send(&self.mail_queue, &message).await
    }

    /// Changes her address by the code. Her other sign-ins end; this one stays. The earlier address is told, with a link
    /// that puts it back.
    pub async fn confirm_address(
        &self,
        caller: &Caller,
        code: Option<&str>,
        client: &Client,
    ) -> Result<ChangedAddress, AuthRefusal> {
        let (user, now) = (caller.user, clock::now());
        let code = code.ok_or_else(|| Error::invalid_at("code", "Please enter the code."))?;
        let account = self.account(user).await?;
        may_change(&account, now)?;
        let change = self.store.address_change(user).await?;
        let change = change.filter(|it| it.is_open(now)).ok_or_else(no_code)?;
        if !self.store.count_code_try(user, change.asked_at).await? {
            return Err(no_code().into());
        }
        // Both are keyed hashes: how long comparing them takes tells nothing of the code.
        let is_code = |it: String| self.code_hash(user, change.asked_at, &it) == change.code;
        if !typed_digits(code).is_some_and(is_code) {
            return Err(Error::invalid("ADDRESS_CODE_INVALID", "This is not the code.").into());
        }
        let key = self.log.data_key(user, now).await?;
        let email = key.open(&purpose(user), &change.sealed_email);
        let email = email.and_then(|it| String::from_utf8(it).ok());
        let damaged = || Error::bug("opening a new address", "it is not what was sealed");
        let email = email.ok_or_else(damaged)?;
        let until = self
            .replace_address(caller, &account, (&change, &email), now)
            .await?;
        let account = self.account(user).await?;
        self.trust_device(&account, client).await;
        Ok(ChangedAddress { account, until })
    }

    async fn replace_address(
        &self,
        caller: &Caller,
        account: &Account,
        (change, email): (&AddressChange, &str),
        now: Timestamp,
    ) -> Result<Timestamp> {
        let user = account.id();
        let token = format!("{user}.{}", OneTime::draw()?.token);
        let mail = SealedForMail::seal(user, &token)?;
        let earlier = EarlierAddress {
            email: account.email.clone(),
            hash: OneTime::hash(&token),
            sealed_token: mail.sealed,
            until: now.plus_seconds(ADDRESS_UNDO_SECONDS),
        };
        let until = earlier.until;
        let ended = self.first_to_end(caller).await?;
        let said = AccountAddressChanged {
            earlier: account.email.clone(),
            email: email.to_owned(),
            until,
        };
        let mut events = vec![self.event(caller, "account.address_changed", &said).await?];
        if !ended.is_empty() {
            let cause = SessionEndCause::AddressChanged;
            events.push(self.ended(caller, &ended, cause).await?);
        }
        let swap = AddressSwap {
            change,
            email,
            earlier,
            ended: &ended,
            events,
            at: now,
        };
        match self.store.swap_address(account, swap).await? {
            SwapOutcome::Done => {}
            SwapOutcome::Taken => return Err(taken()),
            SwapOutcome::Changed => return Err(changed()),
        }
        let kind = SignInMailKind::AddressChanged;
        let whom = (user, account.email.as_str());
        if let Err(err) = self.ask_for_sealed_mail(kind, whom, mail.key, now).await {
            tracing::warn!(
                error.chain = err.chain(),
                "notice of a changed address was not asked for"
            );
        }
        // Those that one step could not hold, and any that began in between.
        let left = self.others(caller).await?;
        self.store.end_sessions(user, &left).await?;
        Ok(until)
    }

    /// Those of her other sign-ins that end in the step that changes the address, which has more rows than that of a
    /// password.
    pub(super) async fn first_to_end(&self, caller: &Caller) -> Result<Vec<SessionId>> {
        let mut ended = self.others(caller).await?;
        ended.truncate(ENDED_AT_ONCE / 2);
        Ok(ended)
    }

    /// What a code is known by. It belongs to one request.
    fn code_hash(&self, user: UserId, asked_at: Timestamp, code: &str) -> String {
        self.keys()
            .code_name(&format!("address/{user}/{asked_at}"), code)
    }
}

/// What an address that waits for its code is sealed for.
fn purpose(user: UserId) -> String {
    format!("address-change/{user}")
}

/// One change at a time: while one can be undone there is no other, or the link of the first could be made void by a
/// second.
fn may_change(account: &Account, now: Timestamp) -> Result<()> {
    if account.origin == AccountOrigin::External {
        return Err(Error::invalid(
            "ADDRESS_KEPT_ELSEWHERE",
            "Your address is kept where you signed in. Please change it there.",
        ));
    }
    if account.reserved_address(now).is_some() {
        return Err(Error::conflict(
            "ADDRESS_CHANGED_LATELY",
            "Your address was changed within the last day. Please wait a day before changing it again.",
        ));
    }
    Ok(())
}

fn no_code() -> Error {
    Error::conflict(
        "ADDRESS_CODE_EXPIRED",
        "This code does not work any more. Please ask for a new one.",
    )
}

/// Only who reads the address is told so: she had the code.
fn taken() -> Error {
    Error::conflict(
        "ADDRESS_TAKEN",
        "There is already an account with this e-mail address.",
    )
}

fn too_often() -> Error {
    Error::new(
        ErrorKind::TooMany,
        "REQUEST_ERROR",
        "A code was sent a moment ago. Please wait a little before asking for another.",
    )
}

fn changed() -> Error {
    Error::unavailable("changing an address", "the account changed in between")
}
