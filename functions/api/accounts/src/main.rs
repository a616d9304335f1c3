//! `/api/v1/accounts`: her accounts and addresses elsewhere.

mod routes;

use vara::auth::{Gate, Keys};
use vara::domain::BoxError;
use vara::engines::{OAuth, Social};
use vara::http::HttpGuards;
use vara::services::people::linked_accounts::Accounts;

use routes::App;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let (env, clients) = vara::runtime::start().await?;
    let store = clients.store(&env);
    let social = env.optional("SOCIAL_URL");
    let accounts = Accounts {
        store: store.clone(),
        mailer: clients.mailer(&env),
        keys: Keys::read(&env),
        vault: clients.vault(&env),
        social: social.map(|base| Social::new(&base)).transpose()?,
        oauth: OAuth::new(env.optional("OAUTH_PROVIDERS").as_deref())?,
        public_url: env.text("PUBLIC_URL"),
        site: env
            .list("WEB_ORIGINS")
            .into_iter()
            .next()
            .unwrap_or_default(),
    };
    let app = App {
        gate: Gate::new(&env, store),
        accounts,
    };
    let guards = HttpGuards::read(&env, &app.accounts.store, Some(&app.gate));
    env.check()?;
    vara::runtime::serve(vara::http::finish(routes::routes(), app, guards)).await
}

#[cfg(test)]
mod tests;
