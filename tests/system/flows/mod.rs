//! The flows of the web app: each one the exact calls of the contract (API.md section 1, AUTH.md
//! section 2), in the order in which the unmodified screens make them.

mod browser;
mod entering;
mod leaving;
mod looking;
mod pictures;

use serde_json::Value;
use vara_tests::Woman;
use vara_tests::world::eventually;

pub(crate) use entering::{
    dashboard, onboarding_quiz, password_recovery, sign_up, wrong_passwords,
};
pub(crate) use leaving::{
    delete_account, expired_token, logged_out_here_only, revoked_token, settings, two_tabs,
};
pub(crate) use looking::{alerts, alerts_told_apart, plan, upload_to_alert};
pub(crate) use pictures::{
    answer_within_a_minute, delete_image, known_copy_is_counted, large_upload_to_alert,
    scan_with_progress, upload,
};

/// The calls of contract/API.md section 1 that the badge and the lists make.
const BADGE: &str = "/api/v1/alerts?status=NEW&limit=1";
const RECENT: &str = "/api/v1/alerts?limit=5&page=1";
const COUNT: &str = "/api/v1/images?limit=1";
const ACTIVE: &str = "/api/v1/scans?status=RUNNING,PENDING&limit=1";
const ENDED: &str = "/api/v1/scans?status=COMPLETED,FAILED&limit=1";
const LAST: &str = "/api/v1/scans?page=1&limit=1&status=COMPLETED";
const WEEK: &str = "/api/v1/scans?status=COMPLETED&limit=100";
const PLAN: &str = "/api/v1/protection-plan";

/// Waits until a picture's first scan, which we began, is over.
pub(crate) async fn first_scan_is_over(her: &Woman<'_>, image: &Value) {
    let path = format!("/api/v1/images/{}", image["id"].as_str().unwrap());
    eventually("the first scan is over", async || {
        let reply = her.get(&path).await;
        reply.data()["lastScanned"].is_string().then_some(())
    })
    .await;
    eventually("no scan of hers is open", async || {
        let scans = her
            .get("/api/v1/scans?type=IMAGE_SCAN&status=RUNNING,PENDING&limit=1")
            .await;
        (scans.total() == 0).then_some(())
    })
    .await;
}
