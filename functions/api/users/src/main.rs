//! Starts the function of `/api/v1/users`.

use api_users::UserServices;
use vara::boot;
use vara::domain::BoxError;
use vara::services::people::users::{AccountRest, RestMails};
use vara::services::record::event_log::EventLog;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::api(api_users::routes(), async |context, gate| {
        let (env, clients) = (&context.env, &context.clients);
        let hours = env.number("ACCOUNT_REST_HOURS");
        let log = EventLog::new(context.store.clone(), clients.record_vault(env));
        let rest = AccountRest {
            log: log.clone(),
            seconds: i64::from(hours) * 3600,
            mails: RestMails {
                queues: clients.queues(),
                queue: env.queue("sign-in-mail"),
            },
        };
        let webhook_host = env.optional("FETCH_ALLOW");
        let services = UserServices::new(
            (&context.store, log),
            clients.objects(env),
            gate,
            webhook_host,
        );
        Ok(services.resting((hours > 0).then_some(rest)))
    })
    .await
}
