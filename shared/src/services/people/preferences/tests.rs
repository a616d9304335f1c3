//! What her record says of her choices.

use serde_json::json;

use super::*;
use crate::clock;
use crate::domain::Account;
use crate::domain::event::StreamName;
use crate::services::notices::mail_links::MailLinks;
use crate::testing;

async fn woman(store: &Store) -> UserId {
    let account = Account::new(UserId::random(), "ana@example.net", clock::now());
    store.provision(&account).await.unwrap();
    account.id()
}

fn preferences(store: &Store) -> UserPreferences {
    UserPreferences::new(store.clone(), testing::event_log(store))
}

async fn choose(store: &Store, user: UserId, chosen: Value) -> Result<PreferencesView> {
    let before = preferences(store).get(user).await?;
    let chosen = serde_json::from_value(chosen).unwrap();
    let caller = testing::caller(user);
    preferences(store)
        .set(&caller, &before, chosen, clock::now())
        .await
}

async fn told(store: &Store, user: UserId) -> Vec<(String, Value)> {
    testing::told(store, user, &StreamName::account()).await
}

#[tokio::test]
async fn a_choice_is_told_by_what_changed_and_a_consent_by_itself() {
    let store = testing::store().await;
    let user = woman(&store).await;
    choose(&store, user, json!({})).await.unwrap();
    assert!(told(&store, user).await.is_empty(), "all is as it was");
    let all = json!({
        "channels": { "email": true }, "utcOffsetMinutes": 60, "faceRecognition": true,
        "engines": { "tineye": "NEVER" },
    });
    for _ in 0..2 {
        choose(&store, user, all.clone()).await.unwrap();
    }
    choose(&store, user, json!({ "engines": { "tineye": "NEVER" } }))
        .await
        .unwrap();
    let told = told(&store, user).await;
    let names: Vec<&str> = told.iter().map(|it| it.0.as_str()).collect();
    assert_eq!(
        names,
        [
            "account.preferences_changed",
            "account.consent_given",
            "account.engines_chosen",
            "account.preferences_changed",
            "account.consent_withdrawn",
        ]
    );
    let changed = json!({ "changed": ["channels", "utcOffsetMinutes"], "byLink": false });
    assert_eq!(told[0].1, changed);
    assert_eq!(told[1].1, json!({ "consent": "FACE_RECOGNITION" }));
    assert_eq!(told[2].1["engines"]["tineye"], "NEVER");
}

#[tokio::test]
async fn an_address_for_calls_is_in_no_event() {
    let store = testing::store().await;
    let user = woman(&store).await;
    let chosen = json!({ "channels": { "webhook": "https://hooks.example.com/hers" } });
    choose(&store, user, chosen).await.unwrap();
    let told = told(&store, user).await;
    assert_eq!(told.len(), 1);
    assert!(!told[0].1.to_string().contains("example"));
}

#[tokio::test]
async fn a_link_that_stops_messages_is_told_once_and_as_a_link() {
    let store = testing::store().await;
    let user = woman(&store).await;
    choose(&store, user, json!({ "channels": { "email": true } }))
        .await
        .unwrap();
    let now = clock::now();
    let links = MailLinks::new(store.clone());
    let token = links
        .create(user, MailLinkPurpose::Stop, now)
        .await
        .unwrap();
    assert!(preferences(&store).stop(&token, now).await.unwrap());
    assert!(!preferences(&store).stop(&token, now).await.unwrap());
    let told = told(&store, user).await;
    assert_eq!(told.len(), 2);
    assert_eq!(
        told[1].1,
        json!({ "changed": ["channels"], "byLink": true })
    );
}

#[tokio::test]
async fn a_choice_that_cannot_be_recorded_is_not_stored() {
    let store = testing::store().await;
    let user = woman(&store).await;
    let silent = testing::Cloud::vault_at("http://127.0.0.1:9");
    let silent = UserPreferences::new(store.clone(), EventLog::new(store.clone(), silent));
    let before = silent.get(user).await.unwrap();
    let mut chosen = before.preferences.clone();
    chosen.face_recognition = true;
    let caller = testing::caller(user);
    let refused = silent.set(&caller, &before, chosen, clock::now()).await;
    assert_eq!(
        refused.unwrap_err().kind,
        crate::domain::ErrorKind::Unavailable
    );
    assert!(!store.may_recognise(user).await.unwrap());
    assert!(told(&store, user).await.is_empty());
}
