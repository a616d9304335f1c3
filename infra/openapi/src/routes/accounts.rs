//! `/api/v1/accounts`.

use api_accounts::{Connect, Proof};
use serde_json::{Value, json};
use vara::domain::{Linked, Platform};
use vara::http::Deleted;
use vara::services::people::linked_accounts::Connected;

use crate::operation::Operation;

const MISSING: &[&str] = &["ACCOUNT_NOT_FOUND"];

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::new("get", "/api/v1/accounts", "listAccounts", "Her accounts and addresses elsewhere").page::<Linked>("The newest first."),
        Operation::new("post", "/api/v1/accounts/connect/{platform}", "connectAccount", "Tell us of one, or let us read one")
            .about("A network takes a `handle`, `other` an `email` or `phone`. Without any of them she is asked at the network, comes back to the web app with `code` and `state`, and those are sent here to end it.")
            .part("platform", "Which network, in any case.", platform())
            .takes::<Connect>()
            .data::<Connected>(201, "It is known to us, with the way to prove that it is hers.")
            .data::<Connected>(200, "Where she is asked for her leave.")
            .refuses(400, &["PLATFORM_NOT_SUPPORTED", "ACCOUNT_STATE_INVALID", "ACCOUNT_AUTHORIZATION_FAILED"])
            .refuses(404, MISSING)
            .refuses(409, &["ACCOUNT_LIMIT_REACHED", "ACCOUNT_CHANGED"]),
        Operation::new("get", "/api/v1/accounts/callback/{platform}", "returnFromNetwork", "Where a network sends her back to")
            .about("Nothing is stored here; the web app goes on as her.")
            .open()
            .part("platform", "Which network, in any case.", platform())
            .query("code", "For finishing.", json!({ "type": "string" }))
            .query("state", "Which authorisation it was.", json!({ "type": "string" }))
            .query("error", "Why there is no code.", json!({ "type": "string" }))
            .leads("On to the web app.")
            .refuses(400, &["VALIDATION_ERROR"]),
        Operation::new("delete", "/api/v1/accounts/{id}", "disconnectAccount", "Forget an account")
            .id()
            .data::<Deleted>(200, "It is gone, and what let us read it.")
            .refuses(404, MISSING),
        Operation::new("post", "/api/v1/accounts/{id}/verify", "verifyAccount", "Prove that it is hers")
            .id()
            .takes::<Proof>()
            .data::<Linked>(200, "The account, proved.")
            .refuses(400, &["ACCOUNT_CODE_INVALID", "ACCOUNT_NOT_VERIFIABLE"])
            .refuses(404, MISSING)
            .refuses(409, &["ACCOUNT_CHANGED", "ACCOUNT_CODE_EXPIRED", "ACCOUNT_PROFILE_NOT_FOUND"]),
        Operation::new("post", "/api/v1/accounts/{id}/sync", "syncAccount", "Look at an account now")
            .id()
            .data::<Linked>(200, "The account as it was seen.")
            .refuses(400, &["ACCOUNT_SYNC_NOT_SUPPORTED"])
            .refuses(404, MISSING)
            .refuses(409, &["ACCOUNT_CHANGED", "ACCOUNT_NOT_VERIFIED", "ACCOUNT_PROFILE_NOT_FOUND", "ACCOUNT_RECONNECT_REQUIRED"]),
    ]
}

/// The networks, in any case.
fn platform() -> Value {
    let any_case = |name: &str| -> String {
        name.chars()
            .map(|it| format!("[{it}{}]", it.to_ascii_lowercase()))
            .collect()
    };
    let all = Platform::NETWORKS.into_iter().chain([Platform::Other]);
    let names: Vec<String> = all.map(|it| any_case(it.as_str())).collect();
    json!({ "type": "string", "pattern": format!("^({})$", names.join("|")), "examples": ["instagram"] })
}
