//! Erasing her: at once for her, whole in the end, and nobody else.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use axum::http::{Method, StatusCode};
use serde_json::json;
use vara::domain::UserId;
use vara::services::people::users::AccountEraser;
use vara::store::DUE_ERASE;

use super::Harness;

pub(super) type Row = HashMap<String, AttributeValue>;

impl Harness {
    pub(super) fn eraser(&self) -> AccountEraser {
        AccountEraser::new(self.store.clone(), self.objects.clone())
    }

    pub(super) async fn rows(&self) -> Vec<Row> {
        let mut pages = self
            .table
            .scan()
            .table_name("vara")
            .into_paginator()
            .items()
            .send();
        let mut rows = vec![];
        while let Some(row) = pages.next().await {
            rows.push(row.unwrap());
        }
        rows
    }

    /// Rows that say anything of her beside the receipt.
    pub(super) async fn traces(&self, user: UserId, email: &str) -> Vec<Row> {
        let receipt = AttributeValue::S("ERASED".into());
        let hers = |row: &Row| {
            format!("{row:?}").contains(&user.to_string()) || format!("{row:?}").contains(email)
        };
        self.rows()
            .await
            .into_iter()
            .filter(|it| hers(it) && it["sk"] != receipt)
            .collect()
    }

    pub(super) async fn fill(&self, user: UserId) {
        self.fill_with(user, 60).await;
    }

    async fn fill_with(&self, user: UserId, rows: usize) {
        for at in 0..rows {
            let text = |it: String| AttributeValue::S(it);
            let put = self
                .table
                .put_item()
                .table_name("vara")
                .item("pk", text(format!("USER#{user}")));
            put.item("sk", text(format!("ALERT#{at}")))
                .item("list", text(format!("ALERT#NEW#{at}")))
                .send()
                .await
                .unwrap();
        }
        self.bucket.put(format!("uploads/{user}/1"));
        self.bucket.put(format!("pictures/{user}/1/display.jpg"));
    }

    async fn erase_due(&self) -> usize {
        self.store
            .due(DUE_ERASE, vara::clock::now().plus_seconds(7200), 10)
            .await
            .unwrap()
            .len()
    }
}

#[tokio::test]
async fn nothing_of_her_stays_and_everything_of_others() {
    let harness = Harness::build().await;
    let (ana, token) = harness.woman("ana@example.net", 2).await;
    let (eve, eves) = harness.woman("eve@example.net", 1).await;
    harness.fill(ana).await;
    harness.fill(eve).await;
    let others = harness.traces(eve, "eve@").await.len();

    let (status, body) = harness.send(Method::DELETE, &token, "").await;
    assert_eq!(
        (status, body),
        (StatusCode::OK, json!({ "data": { "deleted": true } }))
    );
    assert_eq!(harness.traces(ana, "ana@").await, Vec::<Row>::new());
    assert_eq!(
        harness.bucket.names(),
        [
            format!("pictures/{eve}/1/display.jpg"),
            format!("uploads/{eve}/1")
        ]
    );
    assert_eq!(harness.traces(eve, "eve@").await.len(), others);
    assert_eq!(harness.send(Method::GET, &eves, "").await.0, StatusCode::OK);

    let (status, body) = harness.send(Method::GET, &token, "").await;
    assert_eq!(
        (status, &body["error"]["code"]),
        (StatusCode::UNAUTHORIZED, &json!("AUTH_INVALID_TOKEN"))
    );
    let receipts: Vec<Row> = harness
        .rows()
        .await
        .into_iter()
        .filter(|it| it["sk"] == AttributeValue::S("ERASED".into()))
        .collect();
    let mut facts: Vec<&str> = receipts[0].keys().map(String::as_str).collect();
    facts.sort_unstable();
    assert_eq!(
        facts,
        ["due_at", "due_kind", "erasedAt", "pk", "sk", "sweeps", "v"]
    );
}

#[tokio::test]
async fn what_was_interrupted_is_finished_by_the_schedule() {
    let harness = Harness::build().await;
    let (ana, token) = harness.woman("ana@example.net", 1).await;
    harness.fill(ana).await;
    harness.bucket.set_broken(true);
    let (status, _) = harness.send(Method::DELETE, &token, "").await;
    assert_eq!(status, StatusCode::OK);
    // She is out, though her things are still there.
    assert_eq!(
        harness.send(Method::GET, &token, "").await.0,
        StatusCode::UNAUTHORIZED
    );
    assert!(
        harness
            .store
            .account_of("ana@example.net")
            .await
            .unwrap()
            .is_none()
    );
    assert!(!harness.traces(ana, "ana@").await.is_empty());
    assert_eq!(harness.erase_due().await, 1);

    harness.bucket.set_broken(false);
    let eraser = harness.eraser();
    let finish = || eraser.finish(ana, vara::clock::now());
    finish().await.unwrap();
    assert_eq!(harness.traces(ana, "ana@").await, Vec::<Row>::new());
    assert!(harness.bucket.names().is_empty());

    // A message that was under way writes once more; the second sweep takes that too, and is the last.
    harness.fill(ana).await;
    assert_eq!(harness.erase_due().await, 1);
    finish().await.unwrap();
    assert_eq!(harness.traces(ana, "ana@").await, Vec::<Row>::new());
    assert!(harness.bucket.names().is_empty());
    assert_eq!(harness.erase_due().await, 0);
}

#[tokio::test]
async fn what_is_too_much_is_left_to_the_schedule() {
    let harness = Harness::build().await;
    let (ana, token) = harness.woman("ana@example.net", 1).await;
    harness.fill_with(ana, 1100).await;
    let (status, _) = harness.send(Method::DELETE, &token, "").await;
    assert_eq!(status, StatusCode::OK);
    let left = harness.traces(ana, "ana@").await.len();
    assert!((1..700).contains(&left), "{left}");
    assert!(harness.bucket.names().is_empty());
    let again = harness.send(Method::GET, &token, "").await;
    assert_eq!(again.0, StatusCode::UNAUTHORIZED);
    assert_eq!(harness.erase_due().await, 1);
    let eraser = harness.eraser();
    let finish = || eraser.finish(ana, vara::clock::now());
    finish().await.unwrap();
    assert_eq!(harness.traces(ana, "ana@").await, Vec::<Row>::new());
    // Only now does the second sweep wait, for what was under way.
    assert_eq!(harness.erase_due().await, 1);
    finish().await.unwrap();
    assert_eq!(harness.erase_due().await, 0);
}

#[tokio::test]
async fn many_sign_ins_end_too() {
    let harness = Harness::build().await;
    let (ana, token) = harness.woman("ana@example.net", 100).await;
    harness.bucket.set_broken(true);
    assert_eq!(
        harness.send(Method::DELETE, &token, "").await.0,
        StatusCode::OK
    );
    assert!(harness.store.sessions(ana).await.unwrap().is_empty());
}

#[tokio::test]
async fn whoever_did_not_leave_is_left_alone() {
    let harness = Harness::build().await;
    let (ana, token) = harness.woman("ana@example.net", 1).await;
    harness.fill(ana).await;
    harness
        .eraser()
        .finish(ana, vara::clock::now())
        .await
        .unwrap();
    assert_eq!(
        harness.send(Method::GET, &token, "").await.0,
        StatusCode::OK
    );
    assert_eq!(harness.bucket.names().len(), 2);
}
