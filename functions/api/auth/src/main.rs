//! Starts the function of `/auth/v1` and `/api/v1/auth`.

use vara::boot;
use vara::domain::BoxError;
use vara::services::people::auth::AuthService;
use vara::services::record::event_log::EventLog;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::api(api_auth::routes(), async |context, gate| {
        let (env, clients) = (&context.env, &context.clients);
        let (mailer, queues) = (clients.mailer(env), clients.queues());
        let store = context.store.clone();
        let log = EventLog::new(store.clone(), clients.record_vault(env));
        let service = AuthService::read(env, store, gate, log, mailer, queues);
        // Without it nobody could be signed in.
        env.text("SIGNING_SECRET");
        env.check()?;
        let service = service.ok_or("the settings of signing in cannot be used")?;
        service.publication.try_at_start().await;
        Ok(service)
    })
    .await
}
