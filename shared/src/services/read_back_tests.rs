//! Whatever is accepted can be read back, and a row that cannot be read is lived with.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::clock;
use crate::domain::{
    Account, Alert, AlertAction, AlertId, AlertStatus, AlertType, Channels, ErrorKind, Linked,
    LinkedKind, MailAnswer, Page, PlanItemStatus, Platform, Preferences, Response, Severity,
    Timestamp, UserId, linked, user,
};
use crate::services::notices::alerts::Alerts;
use crate::services::notices::mail_links::MailLinks;
use crate::services::notices::mail_question::MailQuestions;
use crate::services::people::onboarding::{self, Onboarding};
use crate::services::people::plan::ProtectionPlans;
use crate::services::people::preferences::{PreferencesView, UserPreferences};
use crate::store::{Linking, MailLinkPurpose, PreferencesRow, Store};
use crate::testing;

const CASES: u32 = 48;

const PAGE: Page = Page {
    number: 1,
    limit: 100,
};

fn preferences(store: &Store) -> UserPreferences {
    UserPreferences::new(store.clone(), testing::event_log(store))
}

fn mail_links(store: &Store) -> MailLinks {
    MailLinks::new(store.clone())
}

fn mail_questions(store: &Store) -> MailQuestions {
    MailQuestions::new(store.clone(), testing::event_log(store))
}

fn plans(store: &Store) -> ProtectionPlans {
    ProtectionPlans::new(store.clone())
}

fn quiz(store: &Store) -> Onboarding {
    Onboarding::new(store.clone())
}

fn alerts(store: &Store) -> Alerts {
    Alerts::new(store.clone(), testing::event_log(store))
}

/// Runs a test on generated values, each on the same table.
fn for_all<T: std::fmt::Debug>(
    values: impl Strategy<Value = T>,
    test: impl AsyncFn(&Store, T) -> Result<(), TestCaseError>,
) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let store = runtime.block_on(testing::store());
    let mut runner = TestRunner::new(Config::with_cases(CASES));
    let result = runner.run(&values, |it| runtime.block_on(test(&store, it)));
    result.unwrap();
}

/// Text as a hostile client sends it: control characters, other scripts, nothing, much.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-zA-Z0-9@.+ -]{0,40}",
        "[\\x00-\\x1f\u{7f}-\u{9f}\u{202e}\u{feff}\u{1f600}]{0,20}",
        (0..3000_usize).prop_map(|it| "ü".repeat(it)),
    ]
}

fn moment() -> impl Strategy<Value = String> {
    let year = prop_oneof![0..=9999_i32, Just(1970), Just(2200)];
    (year, 1..=12, 1..=31, -23..=23_i32).prop_map(|(year, month, day, hours)| {
        let sign = if hours < 0 { '-' } else { '+' };
        format!(
            "{year:04}-{month:02}-{day:02}T00:00:00{sign}{:02}:00",
            hours.abs()
        )
    })
}

fn said() -> impl Strategy<Value = Value> {
    let offset = prop_oneof![any::<i64>(), -720..=840_i64];
    let sending = prop_oneof![Just("NEVER"), Just("ORDINARY"), Just("ALSO_INTIMATE")];
    let webhook = prop_oneof![
        text(),
        text().prop_map(|it| format!("https://hooks.example/{it}")),
    ];
    let quiet = (0..24_u8, 0..60_u8).prop_map(|(h, m)| format!("{h:02}:{m:02}"));
    (
        moment(),
        offset,
        sending,
        webhook,
        quiet,
        any::<[bool; 5]>(),
    )
        .prop_map(|(until, offset, sending, webhook, quiet, with)| {
            let mut said = json!({ "faceRecognition": with[0] });
            for (field, value, wanted) in [
                ("pausedUntil", json!(until), with[1]),
                ("utcOffsetMinutes", json!(offset), with[2]),
                (
                    "channels",
                    json!({ "email": with[0], "webhook": webhook }),
                    with[3],
                ),
                (
                    "quietHours",
                    json!({ "from": "22:00", "until": quiet }),
                    with[4],
                ),
                ("engines", json!({ "facecheck": sending }), with[1]),
            ] {
                if wanted {
                    said[field] = value;
                }
            }
            said
        })
}

async fn enter(store: &Store) -> UserId {
    let account = Account::new(UserId::random(), "ana@example.net", clock::now());
    assert!(store.provision(&account).await.unwrap());
    account.id()
}

fn alert(user: UserId, now: Timestamp) -> Alert {
    Alert {
        id: AlertId::from(uuid::Uuid::new_v4()),
        user_id: user,
        kind: AlertType::ImageMisuse,
        severity: Severity::High,
        title: "t".into(),
        description: "d".into(),
        metadata: None,
        status: AlertStatus::New,
        created_at: now,
        viewed_at: None,
        actioned_at: None,
    }
}

#[test]
fn preferences_that_are_accepted_can_be_read() {
    for_all(said(), async |store, said| {
        let user = enter(store).await;
        let Ok(chosen) = serde_json::from_value::<Preferences>(said) else {
            return Ok(());
        };
        let before = preferences(store).get(user).await.unwrap();
        let set = preferences(store)
            .set(&testing::caller(user), &before, chosen, clock::now())
            .await;
        let read = preferences(store).get(user).await.unwrap();
        let wanted = set.map_or(before.preferences, |it| it.preferences);
        prop_assert_eq!(&read.preferences, &wanted);
        let now = clock::now();
        prop_assert!(read.preferences.moment(now, now) >= now);
        Ok(())
    });
}

#[test]
fn answers_that_are_accepted_can_be_read() {
    let number = prop_oneof![
        any::<f64>().prop_filter_map("a number of JSON", serde_json::Number::from_f64),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
    ];
    let response = prop_oneof![
        text().prop_map(Response::Text),
        number.prop_map(Response::Number),
        prop::collection::vec(text(), 0..60).prop_map(Response::List),
    ];
    for_all(response, async |store, response| {
        if !response.is_sound() {
            return Ok(());
        }
        let user = enter(store).await;
        let question = onboarding::questions()[0].id.to_owned();
        let given = [(question, response.clone())];
        let now = clock::now();
        quiz(store).submit(user, &given, now).await.unwrap();
        let read = quiz(store).results(user).await.unwrap();
        match (&read.responses[0].response, &response) {
            // A whole number comes back without its decimals, and zero without its sign.
            (Response::Number(read), Response::Number(sent)) => {
                prop_assert_eq!(read.as_f64(), sent.as_f64());
            }
            (read, sent) => prop_assert_eq!(read, sent),
        }
        Ok(())
    });
}

#[test]
fn names_that_are_accepted_can_be_read() {
    for_all((text(), text()), async |store, (name, account)| {
        let user = enter(store).await;
        let now = clock::now();
        if let Ok(name) = user::display_name(Some(&name)) {
            store.rename(user, name.as_deref(), now).await.unwrap();
            let read = store.account(user).await.unwrap().unwrap();
            prop_assert_eq!(read.profile.display_name, name);
        }
        for (kind, platform, name) in [
            (
                LinkedKind::Email,
                Platform::Other,
                crate::domain::credentials::email(&account),
            ),
            (LinkedKind::Phone, Platform::Other, linked::phone(&account)),
            (
                LinkedKind::Handle,
                Platform::TikTok,
                linked::handle(&account),
            ),
        ] {
            let Some(name) = name else { continue };
            let linked = Linked::new(user, platform, kind, &name, now);
            let done = store.link_up(&linked.clone().into()).await.unwrap();
            prop_assert_eq!(done, Linking::Done);
            let read = store.linked(user, linked.id).await.unwrap().unwrap();
            prop_assert_eq!(read.account, linked);
        }
        Ok(())
    });
}

#[test]
fn notes_that_are_accepted_can_be_read() {
    for_all(text(), async |store, notes| {
        let (user, now) = (UserId::random(), clock::now());
        let alert = alert(user, now);
        assert!(store.tx().raise(&alert).commit().await.unwrap().is_done());
        let id = alert.id;
        let done = alerts(store)
            .act(
                &testing::caller(user),
                id,
                AlertAction::Report,
                Some(notes),
                now,
            )
            .await;
        let read = alerts(store)
            .view(&testing::caller(user), id, now)
            .await
            .unwrap();
        prop_assert_eq!(read.alert, done.unwrap_or(alert));
        Ok(())
    });
}

fn shown(chosen: &PreferencesView) -> Value {
    json!(chosen)["engines"]["tineye"].clone()
}

#[tokio::test]
async fn unreadable_preferences_allow_nothing_until_she_chooses_anew() {
    let (store, client) = testing::table().await;
    let (user, now) = (enter(&store).await, clock::now());
    testing::agree_to_faces(&store, user).await;
    let token = mail_links(&store)
        .create(user, MailLinkPurpose::Stop, now)
        .await;
    let token = token.unwrap();
    testing::spoil(&client, user, "PREFERENCES", "preferences").await;

    let seen = preferences(&store).get(user).await.unwrap();
    assert_eq!(seen.preferences, Preferences::closed());
    assert_eq!((seen.updated_at, shown(&seen)), (None, json!("NEVER")));
    assert!(!store.may_recognise(user).await.unwrap());
    // A link in a mail that is out stays good.
    assert!(preferences(&store).can_stop(&token, now).await.unwrap());
    // Reading leaves the row as it is.
    let row = store.preferences(user).await.unwrap().unwrap();
    assert!(row.is_unreadable);

    let stale = preferences(&store).get(UserId::random()).await.unwrap();
    let refused = preferences(&store)
        .set(&testing::caller(user), &stale, Preferences::default(), now)
        .await;
    assert_eq!(refused.unwrap_err().code, "PREFERENCES_CHANGED");
    let set = preferences(&store)
        .set(&testing::caller(user), &seen, Preferences::default(), now)
        .await;
    assert_eq!(shown(&set.unwrap()), json!("ORDINARY"));
    let row = store.preferences(user).await.unwrap().unwrap();
    assert!(!row.is_unreadable && !row.has_faces_left);
    assert_eq!(row.preferences, Preferences::default());
    assert!(preferences(&store).can_stop(&token, now).await.unwrap());
}

/// What she chose in a row that somebody repaired, after a click in a mail while it was unreadable.
async fn clicked(click: impl AsyncFn(&Store, UserId, Timestamp)) -> PreferencesRow {
    let (store, client) = testing::table().await;
    let now = clock::now();
    let account = Account::new(UserId::random(), "ana@example.net", now);
    let created = store.create_account(&account, "hash", None);
    assert!(created.await.unwrap());
    let user = account.id();
    let chosen = json!({ "faceRecognition": true, "engines": { "tineye": "NEVER" },
        "channels": { "webhook": "https://hooks.example/it" } });
    let chosen = serde_json::from_value(chosen).unwrap();
    let before = preferences(&store).get(user).await.unwrap();
    let set = preferences(&store)
        .set(&testing::caller(user), &before, chosen, now)
        .await;
    set.unwrap();
    testing::spoil(&client, user, "PREFERENCES", "updatedAt").await;
    click(&store, user, now).await;
    let row = store.preferences(user).await.unwrap().unwrap();
    assert!(row.is_unreadable);
    let repaired = now.to_string();
    testing::set_text(&client, user, "PREFERENCES", "updatedAt", &repaired).await;
    let row = store.preferences(user).await.unwrap().unwrap();
    assert!(row.face_consent_at.is_some() && row.preferences.face_recognition);
    assert!(!row.is_unreadable && !row.has_faces_left);
    assert_eq!(
        json!(row.preferences.engines)["tineye"],
        json!("NEVER"),
        "what she chose is kept"
    );
    row
}

#[tokio::test]
async fn a_click_in_a_mail_leaves_what_is_unreadable_as_it_is() {
    let stopped = clicked(async |store, user, now| {
        let token = mail_links(store)
            .create(user, MailLinkPurpose::Stop, now)
            .await;
        let token = token.unwrap();
        assert!(preferences(store).stop(&token, now).await.unwrap());
        assert!(!preferences(store).stop(&token, now).await.unwrap());
    })
    .await;
    assert_eq!(stopped.preferences.channels, Channels::default());
    assert_eq!(stopped.webhook_secret, None);
    let answered = clicked(async |store, user, now| {
        let token = mail_links(store)
            .create(user, MailLinkPurpose::Question, now)
            .await;
        let token = token.unwrap();
        let answered = mail_questions(store)
            .answer(&token, MailAnswer::Yes, now)
            .await;
        assert!(answered.unwrap());
    })
    .await;
    assert!(answered.preferences.channels.email);
    assert!(answered.preferences.channels.webhook.is_some() && answered.webhook_secret.is_some());
}

#[tokio::test]
async fn a_link_that_can_change_nothing_in_an_unreadable_row_stays_good() {
    let (store, client) = testing::table().await;
    let (user, now) = (enter(&store).await, clock::now());
    testing::agree_to_faces(&store, user).await;
    testing::spoil(&client, user, "PREFERENCES", "preferences").await;
    let token = mail_links(&store)
        .create(user, MailLinkPurpose::Stop, now)
        .await;
    let token = token.unwrap();
    let refused = preferences(&store).stop(&token, now).await;
    assert_eq!(refused.unwrap_err().kind, ErrorKind::Unavailable);
    assert!(preferences(&store).can_stop(&token, now).await.unwrap());
}

#[tokio::test]
async fn preferences_without_an_edition_can_be_chosen_anew() {
    let (store, client) = testing::table().await;
    let (user, now) = (enter(&store).await, clock::now());
    testing::spoil(&client, user, "PREFERENCES", "digest").await;
    let seen = preferences(&store).get(user).await.unwrap();
    assert_eq!(shown(&seen), json!("NEVER"));
    let chosen = Preferences::default();
    let set = preferences(&store)
        .set(&testing::caller(user), &seen, chosen.clone(), now)
        .await;
    assert_eq!(set.unwrap().preferences, chosen);
    let row = store.preferences(user).await.unwrap().unwrap();
    assert!(!row.is_unreadable);
}

#[tokio::test]
async fn an_unreadable_plan_is_kept_until_she_makes_it_anew() {
    let (store, client) = testing::table().await;
    let (user, now) = (enter(&store).await, clock::now());
    let first = plans(&store).get(user, now).await.unwrap();
    let item = json!(first)["items"][0]["id"].as_str().unwrap().to_owned();
    testing::spoil(&client, user, "PLAN", "generatedAt").await;

    let later = now.plus_seconds(60);
    let shown = plans(&store).get(user, later).await.unwrap();
    assert_eq!(
        json!(shown)["items"].as_array().map(Vec::len),
        json!(first)["items"].as_array().map(Vec::len)
    );
    let done = PlanItemStatus::Completed;
    let refused = plans(&store).set_status(user, &item, done, now).await;
    assert_eq!(refused.unwrap_err().code, "SERVICE_UNAVAILABLE");
    assert!(store.plan(user).await.unwrap().readable().is_none());

    plans(&store).regenerate(user, later).await.unwrap();
    assert!(store.plan(user).await.unwrap().readable().is_some());
}

#[tokio::test]
async fn unreadable_answers_are_replaced_by_new_ones() {
    let (store, client) = testing::table().await;
    let (user, now) = (enter(&store).await, clock::now());
    let given = [("q".to_owned(), Response::Text("x".into()))];
    quiz(&store).submit(user, &given, now).await.unwrap();
    testing::spoil(&client, user, "ANSWERS", "answers").await;
    let read = quiz(&store).results(user).await.unwrap();
    assert_eq!(read.responses, []);
    let question = onboarding::questions()[0].id.to_owned();
    let given = [(question, Response::Text("x".into()))];
    quiz(&store).submit(user, &given, now).await.unwrap();
    let read = quiz(&store).results(user).await.unwrap();
    assert_eq!(read.responses.len(), 1);
}

#[tokio::test]
async fn a_list_leaves_an_unreadable_row_out_and_clearing_removes_it() {
    let (store, client) = testing::table().await;
    let (user, now) = (UserId::random(), clock::now());
    let all: Vec<_> = (0..3).map(|it| alert(user, now.plus_seconds(it))).collect();
    for alert in &all {
        assert!(store.tx().raise(alert).commit().await.unwrap().is_done());
    }
    testing::spoil(&client, user, &format!("ALERT#{}", all[1].id), "createdAt").await;
    let page = alerts(&store).list(user, None, PAGE).await.unwrap();
    let shown: Vec<_> = page.items.into_iter().map(|it| it.alert).collect();
    assert_eq!(shown, [all[2].clone(), all[0].clone()]);
    assert_eq!(store.delete_alerts(user).await.unwrap(), 3);
    let left = store.counters(user).await.unwrap();
    assert_eq!(left.get("alert.NEW"), 0);
    let left = alerts(&store)
        .list(user, Some(vec![AlertStatus::New]), PAGE)
        .await;
    assert_eq!(left.unwrap().items, []);
}
