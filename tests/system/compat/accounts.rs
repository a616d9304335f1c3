//! API.md section 3, accounts elsewhere.

use reqwest::Method;
use serde_json::json;

use super::row::Who::{New, Nobody, Reader};
use super::row::{Row, call, delete, get, post};

const LIST: &str = "/api/v1/accounts";
const OTHER: &str = "/api/v1/accounts/connect/other";

pub(super) fn rows() -> Vec<Row> {
    let told = call(Method::POST, OTHER).json(&json!({ "email": "$fresh" }));
    let of = |tail: &str| format!("{LIST}/$account{tail}");
    let mut rows = vec![
        get("list", New, LIST).after(told.clone()).gives_page("Account", 20, 1),
        get("list_of_nothing", Reader, LIST).gives_page("Account", 20, 0),
        post("an_address", New, OTHER).json(json!({ "email": "$fresh" })).gives_data(201, "Account"),
        post("a_number", New, OTHER).json(json!({ "phone": "+491701234567" })).gives_data(201, "Account"),
        post("a_handle", New, "/api/v1/accounts/connect/instagram")
            .json(json!({ "handle": "@ana.k" }))
            .gives_data(201, "{platform: \"INSTAGRAM\", platformUserId: \"ana.k\", kind: \"HANDLE\", verifiedAt: null, ...}"),
        post("to_be_asked_there", New, "/api/v1/accounts/connect/tiktok").gives_data(200, "{authorizationUrl: url, ...}"),
        post("nothing_to_be_asked_there", Reader, "/api/v1/accounts/connect/linkedin").refused(400, "PLATFORM_NOT_SUPPORTED"),
        post("an_unknown_network", Reader, "/api/v1/accounts/connect/geocities").invalid(),
        post("no_address", Reader, OTHER).json(json!({ "email": "nobody" })).invalid(),
        post("a_wrong_code", New, of("/verify"))
            .after(told.clone())
            .json(json!({ "code": "AAAAAAAA" }))
            .refused(400, "ACCOUNT_CODE_INVALID"),
        post("what_has_no_sync", New, of("/sync")).after(told.clone()).refused(400, "ACCOUNT_SYNC_NOT_SUPPORTED"),
        delete("removed", New, of("")).after(told).gives_data(200, "{deleted: true}"),
        get("back_from_there_with_nothing", Nobody, "/api/v1/accounts/callback/tiktok?error=access_denied")
            .raw()
            .empty(303)
            .answers("location", "http://localhost:3000/settings*"),
        get("back_from_an_unknown_network", Nobody, "/api/v1/accounts/callback/geocities").raw().invalid(),
    ];
    for (name, id) in [("unknown", "$unknown"), ("bad_id", "no-id")] {
        let refused = |row: Row| match name {
            "unknown" => row.refused(404, "ACCOUNT_NOT_FOUND"),
            _ => row.invalid(),
        };
        rows.push(refused(delete(
            format!("remove_{name}"),
            Reader,
            format!("{LIST}/{id}"),
        )));
        rows.push(refused(post(
            format!("verify_{name}"),
            Reader,
            format!("{LIST}/{id}/verify"),
        )));
        rows.push(refused(post(
            format!("sync_{name}"),
            Reader,
            format!("{LIST}/{id}/sync"),
        )));
    }
    rows
}
