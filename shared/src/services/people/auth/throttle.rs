//! Throttling of password attempts and mails by account, network and browser.
//!
//! There is no lock, only a delay of a minute at most between two tries. A device that has signed in
//! before has a meter of its own: what others try, from elsewhere or with another browser behind her own
//! address, does not make her wait. All other devices share one more meter for each account, so that
//! guesses from many networks are slowed down together. Addresses without an account are counted alike.

use super::{AuthRefusal, AuthService};
use crate::clock;
use crate::domain::{Account, LinkKind, Result, Throttle, Timestamp, UserId, device_words};

/// Wrong passwords of one device for one account.
const DEVICE_TRIES: Throttle = Throttle::Backoff {
    free: 5,
    forgotten_after: 15 * 60,
};

/// Wrong passwords for one account of all devices that have not signed in on it.
const STRANGERS_TRIES: Throttle = Throttle::Backoff {
    free: 20,
    forgotten_after: 3600,
};

/// The pause between two mails to one address that the same device asked for.
const MAIL_PAUSE: Throttle = Throttle::Bucket {
    burst: 1,
    interval: 60,
};

/// The seconds after which there is one more mail to an address: no longer than a recovery link works. So
/// whoever is refused has one in her mailbox that works, whoever asked for it.
const MAIL_INTERVAL: i64 = LinkKind::Recovery.life();

/// Mails to one address that devices ask for which have signed in on its account.
const DEVICES_MAILS: Throttle = Throttle::Bucket {
    burst: 6,
    interval: MAIL_INTERVAL,
};

/// Mails to one address that all other devices ask for.
const STRANGERS_MAILS: Throttle = Throttle::Bucket {
    burst: 6,
    interval: MAIL_INTERVAL,
};

/// The part of them that one network may ask for, so that no single one can use up all.
const NETWORK_MAILS: Throttle = Throttle::Bucket {
    burst: 3,
    interval: MAIL_INTERVAL,
};

/// The most characters of a browser's name that count.
const AGENT_CHARS: usize = 200;

/// Where a request comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    network: String,
    agent: String,
    device_words: String,
    crowded_for: Option<i64>,
}

impl Client {
    /// A browser of this `User-Agent` behind this network address. Versions do not count: an update of
    /// the browser leaves it the same device.
    #[must_use]
    pub fn new(network: &str, user_agent: &str) -> Self {
        let is_version = |it: char| it.is_ascii_digit() || it == '.' || it == '_';
        let agent = user_agent.chars().filter(|it| !is_version(*it));
        Self {
            network: network.to_owned(),
            agent: agent.take(AGENT_CHARS).collect(),
            device_words: device_words(user_agent),
            crowded_for: None,
        }
    }

    /// Words for its device, like "Firefox on Android".
    #[must_use]
    pub fn device_words(&self) -> &str {
        &self.device_words
    }

    /// The network, as `services::upkeep::rate_limits::network_of` has it.
    #[must_use]
    pub fn network(&self) -> &str {
        &self.network
    }

    /// Whether only a device that is known for the account may still call.
    #[must_use]
    pub fn is_crowded(&self) -> bool {
        self.crowded_for.is_some()
    }

    /// The same, from an address whose share of sign-in calls is used up for so many seconds. Only a
    /// device that is known for the account may still call.
    #[must_use]
    pub fn crowded(self, seconds: i64) -> Self {
        Self {
            crowded_for: Some(seconds),
            ..self
        }
    }

    /// The keyed name of this device for the account of this address.
    fn device(&self, service: &AuthService, address: &str) -> String {
        let (network, agent) = (&self.network, &self.agent);
        service
            .keys()
            .address_name(&format!("device/{address}/{network}/{agent}"))
    }
}

/// A password that is being tried.
pub(super) struct Attempt {
    device: String,
    /// Whether she has signed in on this device before.
    pub(super) is_known_device: bool,
    /// The meters it was counted under.
    meters: Vec<String>,
}

impl Attempt {
    /// Counts a try before the password is checked; refuses one that comes too early.
    pub(super) async fn begin(
        service: &AuthService,
        address: &str,
        account: Option<&Account>,
        client: &Client,
    ) -> Result<Self, AuthRefusal> {
        let device = client.device(service, address);
        // Without an account the same is read, so that the time taken does not tell.
        let user = account.map_or_else(UserId::random, Account::id);
        let is_known = service.store.knows_device(user, &device).await?;
        if let Some(wait) = client.crowded_for.filter(|_| !is_known) {
            return Err(AuthRefusal::TooManyTries { wait });
        }
        let [own, strangers] = service.meters(address, account, &device);
        let mut rules = vec![(own, DEVICE_TRIES)];
        if !is_known {
            rules.push((strangers, STRANGERS_TRIES));
        }
        match service.store.admit(&rules, clock::now()).await? {
            Some(wait) => Err(AuthRefusal::TooManyTries { wait }),
            None => Ok(Self {
                device,
                is_known_device: is_known,
                meters: rules.into_iter().map(|(name, _)| name).collect(),
            }),
        }
    }

    /// The password was right: the tries are forgotten, and the device is known from now on.
    pub(super) async fn succeed(self, service: &AuthService, user: UserId) {
        let now = clock::now();
        let noted = service
            .store
            .remember_device(user, &self.device, &self.meters, now);
        warn_of(noted.await);
    }
}

impl AuthService {
    /// The meters of passwords tried for an account: of this device, and of all devices that are not known.
    /// They are others after the password has changed, so that a reset ends every delay at once.
    fn meters(&self, address: &str, account: Option<&Account>, device: &str) -> [String; 2] {
        let since = account.map(|it| it.password_at.to_string());
        let since = since.unwrap_or_default();
        let named = |who: &str| {
            self.keys()
                .address_name(&format!("password/{address}/{since}/{who}"))
        };
        [named(device), named("strangers")]
    }

    /// Whether she has signed in on this device before.
    pub(super) async fn knows_device(&self, account: &Account, client: &Client) -> Result<bool> {
        let device = client.device(self, &account.email);
        self.store.knows_device(account.id(), &device).await
    }

    /// Notes that she is signed in on this device, by other means than a password she tried, and forgets
    /// the tries that make her wait here.
    pub async fn trust_device(&self, account: &Account, client: &Client) {
        let device = client.device(self, &account.email);
        let meters = self.meters(&account.email, Some(account), &device);
        let noted = self
            .store
            .remember_device(account.id(), &device, &meters, clock::now());
        warn_of(noted.await);
    }

    /// Notes where a session of hers is used, as a phone's network changes between sign-ins.
    pub async fn note_device(&self, account: &Account, client: &Client) {
        let device = client.device(self, &account.email);
        let noted = self
            .store
            .remember_device(account.id(), &device, &[], clock::now());
        warn_of(noted.await);
    }

    /// Takes one mail from what may be sent to this address, whether or not there is an account; refuses if
    /// this client has to wait for it. What others asked for makes a device that is known never wait.
    pub(super) async fn permit_mail(
        &self,
        address: &str,
        client: &Client,
        now: Timestamp,
    ) -> Result<(), AuthRefusal> {
        let device = client.device(self, address);
        let user = self.store.owner_of(address).await?;
        let user = user.unwrap_or_else(UserId::random);
        let is_known = self.store.knows_device(user, &device).await?;
        if let Some(wait) = client.crowded_for.filter(|_| !is_known) {
            return Err(AuthRefusal::TooManyTries { wait });
        }
        let named = |who: &str| self.keys().address_name(&format!("mail/{address}/{who}"));
        let mut rules = vec![(named(&device), MAIL_PAUSE)];
        if is_known {
            rules.push((named("devices"), DEVICES_MAILS));
        } else {
            rules.extend(self.strangers_mails(&format!("mail/{address}"), &client.network));
        }
        match self.store.admit(&rules, now).await? {
            Some(wait) => Err(AuthRefusal::TooManyMails { wait }),
            None => Ok(()),
        }
    }

    /// Takes one mail from what may be sent to this address because somebody signs up with it. `false`: no more
    /// may be sent now.
    ///
    /// Counted apart from links that are asked for: these mails hold no link that signs in, so none of them may
    /// use up the mail of one that does.
    pub(super) async fn admit_sign_up_mail(
        &self,
        address: &str,
        network: &str,
        now: Timestamp,
    ) -> Result<bool> {
        let rules = self.strangers_mails(&format!("sign-up-mail/{address}"), network);
        Ok(self.store.admit(&rules, now).await?.is_none())
    }

    /// What one network and what all of them together may have mailed, under meters of this name.
    fn strangers_mails(&self, name: &str, network: &str) -> [(String, Throttle); 2] {
        let named = |who: &str| self.keys().address_name(&format!("{name}/{who}"));
        [
            (named(&format!("network/{network}")), NETWORK_MAILS),
            (named("strangers"), STRANGERS_MAILS),
        ]
    }

    /// Lets this client ask again at once for a mail that could not be sent.
    pub(super) async fn return_mail(&self, address: &str, client: &Client) -> Result<()> {
        let device = client.device(self, address);
        let pause = self
            .keys()
            .address_name(&format!("mail/{address}/{device}"));
        self.store.forget_tries(&[pause]).await
    }
}

/// She is signed in all the same; at worst she waits once more.
fn warn_of(noted: Result<()>) {
    if let Err(err) = noted {
        tracing::warn!(
            error.chain = err.chain(),
            "a device that is signed in could not be remembered"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Meter;

    #[test]
    fn an_update_of_the_browser_leaves_the_device() {
        let agent = |version: &str| {
            format!("Mozilla/5.0 (iPhone; CPU iPhone OS {version} like Mac OS X) Version/{version}")
        };
        let old = Client::new("192.0.2.7", &agent("17_1"));
        assert_eq!(old, Client::new("192.0.2.7", &agent("18_0_1")));
        assert_ne!(old, Client::new("192.0.2.8", &agent("17_1")));
        assert_ne!(
            old,
            Client::new("192.0.2.7", "Mozilla/5.0 (Linux; Android 14)")
        );
        let long = Client::new("", &"x".repeat(1 << 20));
        assert_eq!(long.agent.len(), AGENT_CHARS);
    }

    #[test]
    fn who_is_refused_a_mail_has_a_link_that_works() {
        for rule in [DEVICES_MAILS, STRANGERS_MAILS, NETWORK_MAILS] {
            let (mut meter, mut mailed_at, mut refusals) = (Meter::default(), 0, 0);
            // Somebody asks every minute for two days.
            for now in (0..2 * 24 * 3600).step_by(60) {
                match rule.admit(meter, now) {
                    Ok(after) => (meter, mailed_at) = (after, now),
                    Err(_) => {
                        refusals += 1;
                        let age = now - mailed_at;
                        assert!(age < LinkKind::Recovery.life(), "{rule:?}: {age}");
                    }
                }
            }
            assert!(refusals > 1000, "{rule:?}");
        }
    }
}
