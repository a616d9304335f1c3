//! Each minute: who wants to be told outside the app, and may be told now, is.

use vara::clock;
use vara::domain::BoxError;
use vara::engines::Fetcher;
use vara::runtime::{Clients, Env, each_tick};
use vara::services::notify::Notifier;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    vara::runtime::logs();
    let (env, clients) = (Env::process(), Clients::load().await);
    let site = env.list("WEB_ORIGINS").into_iter().next();
    let notifier = &Notifier {
        store: clients.store(&env),
        mailer: clients.mailer(&env),
        fetcher: Fetcher::new(env.optional("FETCH_ALLOW").as_deref())?,
        site: site.unwrap_or_default(),
        public_url: env.text("PUBLIC_URL"),
    };
    env.check()?;
    each_tick(async || notifier.run(clock::now()).await.map(drop)).await
}
