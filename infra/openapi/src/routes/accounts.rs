//! `/api/v1/accounts`.

use api_accounts::{Connect, ProofCode};
use serde_json::{Value, json};
use vara::domain::{Linked, Platform};
use vara::http::Deleted;
use vara::services::people::linked_accounts::Connected;

use crate::operation::Operation;

const MISSING: &[&str] = &["ACCOUNT_NOT_FOUND"];

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::new("get", "/api/v1/accounts", "listAccounts", "List linked accounts").page::<Linked>("The newest first."),
        Operation::new("post", "/api/v1/accounts/connect/{platform}", "connectAccount", "Link an account or an address")
            .about("A network takes a `handle`, `other` an `email` or `phone`. Without any of them the answer is the address of the network's authorisation page; the network sends the browser back to the web app with `code` and `state`, which are sent here to finish.")
            .part("platform", "The network, in upper or lower case.", platform())
            .takes::<Connect>()
            .data::<Connected>(201, "The linked account, with the way to prove that it is the user's.")
            .data::<Connected>(200, "The address of the network's authorisation page.")
            .refuses(400, &["PLATFORM_NOT_SUPPORTED", "ACCOUNT_STATE_INVALID", "ACCOUNT_AUTHORIZATION_FAILED"])
            .refuses(404, MISSING)
            .refuses(409, &["ACCOUNT_LIMIT_REACHED", "ACCOUNT_CHANGED"]),
        Operation::new("get", "/api/v1/accounts/callback/{platform}", "returnFromNetwork", "Receive the redirect of a network")
            .about("Stores nothing; the web app finishes with the user's token.")
            .open()
            .part("platform", "The network, in upper or lower case.", platform())
            .query("code", "The authorisation code.", json!({ "type": "string" }))
            .query("state", "The state of the authorisation request.", json!({ "type": "string" }))
            .query("error", "The error of the network, instead of a code.", json!({ "type": "string" }))
            .leads("A redirect to the web app.")
            .refuses(400, &["VALIDATION_ERROR"]),
        Operation::new("delete", "/api/v1/accounts/{id}", "disconnectAccount", "Remove a linked account")
            .id()
            .data::<Deleted>(200, "The account and its tokens are deleted.")
            .refuses(404, MISSING),
        Operation::new("post", "/api/v1/accounts/{id}/verify", "verifyAccount", "Verify a linked account")
            .id()
            .takes::<ProofCode>()
            .data::<Linked>(200, "The verified account.")
            .refuses(400, &["ACCOUNT_CODE_INVALID", "ACCOUNT_NOT_VERIFIABLE"])
            .refuses(404, MISSING)
            .refuses(409, &["ACCOUNT_CHANGED", "ACCOUNT_CODE_EXPIRED", "ACCOUNT_PROFILE_NOT_FOUND"]),
        Operation::new("post", "/api/v1/accounts/{id}/sync", "syncAccount", "Synchronise a linked account")
            .id()
            .data::<Linked>(200, "The account after the synchronisation.")
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
