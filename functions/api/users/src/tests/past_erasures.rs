//! A table that is restored from a backup brings nobody back who has left since.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use vara::domain::{Role, UserId};

use super::Harness;
use super::leaving::Row;

const REAPPLY: &str = "/api/v1/admin/erasures/reapply";

impl Harness {
    /// Puts the table back to these rows.
    async fn restore_table(&self, backup: Vec<Row>) {
        for row in self.rows().await {
            let removed = self.table.delete_item().table_name("vara");
            let removed = removed.key("pk", row["pk"].clone());
            removed.key("sk", row["sk"].clone()).send().await.unwrap();
        }
        for row in backup {
            let put = self.table.put_item().table_name("vara");
            put.set_item(Some(row)).send().await.unwrap();
        }
    }

    /// Erased, as far as the schedule takes it.
    async fn leave_for_good(&self, user: UserId, token: &str) {
        let (status, _) = self.send(Method::DELETE, token, "").await;
        assert_eq!(status, StatusCode::OK);
        self.eraser()
            .finish(user, vara::clock::now())
            .await
            .unwrap();
    }

    async fn reapply(&self, admin: &str, after: Option<&Value>) -> Value {
        let body = json!({ "after": after }).to_string();
        let reply = self.api.send(Method::POST, REAPPLY, admin, &body).await;
        vara::testing::TestApi::data(reply, 200)
    }
}

#[tokio::test]
async fn who_was_erased_does_not_come_back_with_a_backup() {
    let harness = Harness::build().await;
    let (_, admin) = harness.somebody("staff@example.net", Role::Admin).await;
    let (ana, anas) = harness.woman("ana@example.net", 2).await;
    let (eve, eves) = harness.woman("eve@example.net", 1).await;
    harness.fill(ana).await;
    harness.fill(eve).await;
    let backup = harness.rows().await;
    harness.leave_for_good(ana, &anas).await;
    assert_eq!(harness.bucket.erased(), [ana.to_string()]);

    harness.restore_table(backup).await;
    assert!(!harness.traces(ana, "ana@").await.is_empty());
    let done = harness.reapply(&admin, None).await;
    let wanted = json!({ "lookedAt": 1, "erasedAgain": 1, "failed": 0, "next": null });
    assert_eq!(done, wanted);
    // She is out at once, and gone as soon as the schedule has been there.
    assert_eq!(
        harness.send(Method::GET, &anas, "").await.0,
        StatusCode::UNAUTHORIZED
    );
    harness
        .eraser()
        .finish(ana, vara::clock::now())
        .await
        .unwrap();
    assert_eq!(harness.traces(ana, "ana@").await, Vec::<Row>::new());

    let again = harness.reapply(&admin, None).await;
    assert_eq!(again["erasedAgain"], 0);
    assert_eq!(harness.send(Method::GET, &eves, "").await.0, StatusCode::OK);
    assert!(!harness.traces(eve, "eve@").await.is_empty());
}

#[tokio::test]
async fn all_notes_are_looked_at_whatever_one_row_is_like() {
    let harness = Harness::build().await;
    let (_, admin) = harness.somebody("staff@example.net", Role::Admin).await;
    let (ana, anas) = harness.woman("ana@example.net", 1).await;
    let (mia, mias) = harness.woman("mia@example.net", 1).await;
    let backup = harness.rows().await;
    harness.leave_for_good(ana, &anas).await;
    harness.leave_for_good(mia, &mias).await;
    for _ in 0..118 {
        harness.bucket.put(format!("erased/{}", UserId::random()));
    }
    harness.restore_table(backup).await;
    vara::testing::spoil(&harness.table, ana, "PROFILE", "createdAt").await;

    let (mut seen, mut after, mut pages) = (vec![], None, 0);
    loop {
        let done = harness.reapply(&admin, after.as_ref()).await;
        pages += 1;
        after = Some(done["next"].clone()).filter(|it| !it.is_null());
        seen.push(["lookedAt", "erasedAgain", "failed"].map(|it| done[it].as_u64().unwrap()));
        if after.is_none() {
            break;
        }
    }
    let sum = |at: usize| seen.iter().map(|it| it[at]).sum::<u64>();
    assert_eq!((pages, sum(0), sum(1), sum(2)), (3, 120, 1, 1));
    assert!(harness.store.account(mia).await.unwrap().is_none());
}

#[tokio::test]
async fn it_is_for_admins_only() {
    let harness = Harness::build().await;
    let (_, token) = harness.woman("ana@example.net", 1).await;
    let reply = harness.api.send(Method::POST, REAPPLY, &token, "{}").await;
    vara::testing::TestApi::refused(&reply, 403, "FORBIDDEN");
}
