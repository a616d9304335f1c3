//! The state that the handlers share.

use vara::auth::Gate;
use vara::http;
use vara::objects::Objects;
use vara::services::notices::mail_question::MailQuestions;
use vara::services::people::past_erasures::PastErasures;
use vara::services::people::preferences::UserPreferences;
use vara::services::people::users::{AccountRest, Users};
use vara::services::record::event_log::EventLog;
use vara::store::Store;

/// Guards and services.
pub type App = http::App<UserServices>;

/// The services of the handlers.
#[derive(Clone)]
pub struct UserServices {
    pub(crate) users: Users,
    pub(crate) preferences: UserPreferences,
    pub(crate) questions: MailQuestions,
    pub(crate) past_erasures: PastErasures,
}

impl UserServices {
    /// The services; `webhook_host` is the one `host:port` a webhook may have although it is not public.
    #[must_use]
    pub fn new(
        (store, log): (&Store, EventLog),
        objects: Objects,
        gate: &Gate,
        webhook_host: Option<String>,
    ) -> Self {
        let preferences = UserPreferences::new(store.clone(), log.clone());
        Self {
            past_erasures: PastErasures::new(store.clone(), objects.clone(), gate.keys().clone()),
            users: Users::new(store.clone(), objects, gate.keys().clone()),
            preferences: preferences.with_webhook_host(webhook_host),
            questions: MailQuestions::new(store.clone(), log),
        }
    }

    /// The same, whose deleted accounts rest so before they are erased.
    #[must_use]
    pub fn resting(self, rest: Option<AccountRest>) -> Self {
        Self {
            users: self.users.resting(rest),
            ..self
        }
    }
}
