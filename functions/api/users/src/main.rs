//! Starts the function of `/api/v1/users`.

use api_users::UserServices;
use vara::boot;
use vara::domain::BoxError;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    boot::api(api_users::routes(), async |context, gate| {
        let objects = context.clients.objects(&context.env);
        let webhook_host = context.env.optional("FETCH_ALLOW");
        Ok(UserServices::new(
            &context.store,
            objects,
            gate,
            webhook_host,
        ))
    })
    .await
}
