//! The calls that several screens make, and what they wait for.

use serde_json::Value;
use vara_tests::Woman;
use vara_tests::world::eventually;

/// The calls of contract/API.md section 1 that the badge and the lists make.
pub(super) const BADGE: &str = "/api/v1/alerts?status=NEW&limit=1";
pub(super) const RECENT: &str = "/api/v1/alerts?limit=5&page=1";
pub(super) const COUNT: &str = "/api/v1/images?limit=1";
pub(super) const ACTIVE: &str = "/api/v1/scans?status=RUNNING,PENDING&limit=1";
pub(super) const ENDED: &str = "/api/v1/scans?status=COMPLETED,FAILED&limit=1";
pub(super) const LAST: &str = "/api/v1/scans?page=1&limit=1&status=COMPLETED";
pub(super) const WEEK: &str = "/api/v1/scans?status=COMPLETED&limit=100";
pub(super) const PLAN: &str = "/api/v1/protection-plan";

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
