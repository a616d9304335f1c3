//! Starts the function of `/api/v1/accounts`.

use vara::boot;
use vara::domain::BoxError;
use vara::engines::{OAuth, Social};
use vara::services::people::linked_accounts::Accounts;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::api(api_accounts::routes(), async |context, gate| {
        let env = &context.env;
        let social = env.optional("SOCIAL_URL");
        Ok(Accounts {
            store: context.store.clone(),
            mailer: context.clients.mailer(env),
            keys: gate.keys().clone(),
            vault: context.clients.vault(env),
            social: social.map(|base| Social::new(&base)).transpose()?,
            oauth: OAuth::new(env.optional("OAUTH_PROVIDERS").as_deref())?,
            public_url: env.text("PUBLIC_URL"),
            site: env
                .list("WEB_ORIGINS")
                .into_iter()
                .next()
                .unwrap_or_default(),
        })
    })
    .await
}
