//! When she is told, what fails on the way, and how she stops it.

use super::*;

#[tokio::test]
async fn what_she_has_seen_is_not_told_and_what_is_new_again_is() {
    let case = Case::new().await;
    case.both().await;
    // The alert about her webhook is for the app.
    assert_eq!(case.run(0).await, NOTHING);
    preferences_seen(&case).await;
    let alert = case.alert(AlertType::ImageMisuse, 0).await;
    let seen = alert.clone().with_status(AlertStatus::Viewed, at(1));
    assert!(
        case.store()
            .change_alert(&alert, &seen, None)
            .await
            .unwrap()
    );
    assert_eq!(case.run(2).await, DROPPED);
    case.alert(AlertType::ImageMisuse, 3).await;
    assert_eq!(case.run(4).await, QUEUED);
    case.alert(AlertType::ImageMisuse, 70).await;
    assert_eq!(case.run(71).await, QUEUED);
    assert_eq!(case.mails().await.len(), 2);
    let names = case.hook.names();
    assert_eq!(names.len(), 2);
    assert_ne!(names[0], names[1]);
}

/// She has looked at the alert about her webhook.
async fn preferences_seen(case: &Case) {
    let filter = crate::domain::Page {
        number: 1,
        limit: 9,
    };
    let alerts = crate::services::notices::alerts::Alerts::new(
        case.store().clone(),
        testing::event_log(case.store()),
    )
    .list(case.user, None, filter)
    .await;
    for view in alerts.unwrap().items {
        let alert = view.alert;
        let seen = alert.clone().with_status(AlertStatus::Viewed, at(0));
        assert!(
            case.store()
                .change_alert(&alert, &seen, None)
                .await
                .unwrap()
        );
    }
}

/// An alert that comes while a message is in the queue is told with another.
#[tokio::test]
async fn what_comes_while_she_is_told_is_told_afterwards() {
    let case = Case::new().await;
    case.choose(json!({ "channels": { "email": true } })).await;
    case.alert(AlertType::ImageMisuse, 0).await;
    assert_eq!(case.tick(1).await, QUEUED);
    case.alert(AlertType::FakeProfile, 2).await;
    case.deliver(3).await;
    assert_eq!(case.run(4).await, QUEUED);
    assert_eq!(case.mails().await.len(), 2);
    assert_eq!(case.store().outbox(case.user).await.unwrap(), None);
}

/// She switched it off while the message was in the queue.
#[tokio::test]
async fn what_she_does_not_want_any_more_is_not_sent() {
    let case = Case::new().await;
    case.both().await;
    case.alert(AlertType::ImageMisuse, 0).await;
    assert_eq!(case.tick(1).await, QUEUED);
    case.choose(json!({ "channels": { "webhook": case.hook_url() } }))
        .await;
    case.deliver(2).await;
    assert_eq!((case.mails().await.len(), case.hook.names().len()), (0, 1));
    case.alert(AlertType::ImageMisuse, 3).await;
    assert_eq!(case.tick(4).await, QUEUED);
    preferences(case.store())
        .clear_webhook(case.user, at(5))
        .await
        .unwrap();
    case.deliver(6).await;
    assert_eq!(case.hook.names().len(), 1);
    assert_eq!(case.store().outbox(case.user).await.unwrap(), None);
}

#[tokio::test]
async fn quiet_hours_and_digests_are_waited_for() {
    let case = Case::new().await;
    // BEGIN is 08:00.
    case.choose(json!({ "channels": { "email": true }, "quietHours": { "from": "07:00", "until": "08:10" } })).await;
    case.alert(AlertType::ImageMisuse, 0).await;
    assert_eq!(case.run(1).await, WAITING);
    assert_eq!(case.run(599).await, NOTHING);
    assert_eq!(case.run(600).await, QUEUED);
    case.choose(
        json!({ "channels": { "email": true }, "digest": { "every": "DAILY", "at": "12:00" } }),
    )
    .await;
    case.alert(AlertType::ImageMisuse, 700).await;
    assert_eq!(case.run(701).await, WAITING);
    // Nobody looks at it until then, unless she changes her mind; that is seen at once.
    assert_eq!(case.run(701 + 3600).await, NOTHING);
    case.choose(json!({ "channels": { "email": true } })).await;
    assert_eq!(case.run(702).await, QUEUED);
    assert_eq!(case.mails().await.len(), 2);
}

/// The queue delivers late, or again: what she chose for the meantime holds.
#[tokio::test]
async fn nothing_goes_out_in_quiet_hours_or_a_pause_that_began_after_queueing() {
    let case = Case::new().await;
    // BEGIN is 08:00.
    case.choose(
        json!({ "channels": { "email": true, "webhook": case.hook_url() },
        "quietHours": { "from": "08:01", "until": "08:10" } }),
    )
    .await;
    case.break_mail(503, 1).await;
    *case.hook.answers.lock().unwrap() = vec![500];
    case.alert(AlertType::ImageMisuse, 0).await;
    assert_eq!(case.run(1).await, QUEUED);
    let sent = async || (case.mails().await.len(), case.hook.names().len());
    assert_eq!(sent().await, (0, 1));
    case.deliver(61).await;
    assert_eq!(sent().await, (0, 1), "quiet hours");
    assert!(case.queue.lock().unwrap().is_empty());
    // The outbox brings both back when the quiet hours end.
    assert_eq!(case.run(599).await, NOTHING);
    assert_eq!(case.run(600).await, QUEUED);
    assert_eq!(sent().await, (1, 2));

    case.alert(AlertType::ImageMisuse, 700).await;
    assert_eq!(case.tick(701).await, QUEUED);
    case.choose(json!({ "channels": { "email": true }, "pausedUntil": at(2000) }))
        .await;
    case.deliver(702).await;
    assert_eq!(sent().await, (1, 2), "a pause");
    assert_eq!(case.run(1999).await, NOTHING);
    assert_eq!(case.run(2000).await, QUEUED);
    assert_eq!(sent().await, (2, 2));
}

#[tokio::test]
async fn what_fails_is_tried_again_under_the_same_name_and_only_that() {
    let case = Case::new().await;
    case.both().await;
    *case.hook.answers.lock().unwrap() = vec![500, 503];
    case.alert(AlertType::ImageMisuse, 0).await;
    assert_eq!(case.run(1).await, QUEUED);
    assert_eq!(case.run(60).await, NOTHING);
    assert_eq!(case.hook.names().len(), 1);
    case.run(61).await;
    assert_eq!(case.hook.names().len(), 2);
    case.run(61 + 120).await;
    assert_eq!(case.mails().await.len(), 1);
    let names = case.hook.names();
    assert_eq!(names.len(), 3);
    assert!(names.iter().all(|it| *it == names[0]), "{names:?}");
    let (failed, sent) = (NoticeOutcome::Failed, NoticeOutcome::Sent);
    let mut outcomes = case.outcomes().await;
    outcomes.retain(|it| it.0 == Channel::Webhook);
    assert_eq!(
        outcomes.iter().map(|it| it.1).collect::<Vec<_>>(),
        [failed, failed, sent]
    );
}

#[tokio::test]
async fn mail_that_is_down_comes_later_and_a_hook_that_is_gone_is_given_up() {
    let case = Case::new().await;
    case.both().await;
    *case.hook.answers.lock().unwrap() = vec![410];
    case.break_mail(503, 1).await;
    case.alert(AlertType::ImageMisuse, 0).await;
    case.run(1).await;
    case.run(61).await;
    assert_eq!((case.mails().await.len(), case.hook.names().len()), (1, 1));
    let outcomes = case.outcomes().await;
    assert!(outcomes.contains(&(Channel::Webhook, NoticeOutcome::GivenUp)));
    assert_eq!(
        outcomes.last(),
        Some(&(Channel::Email, NoticeOutcome::Sent))
    );
}

/// By its visibility at first, then by the outbox; no message ends among the dead.
#[tokio::test]
async fn nobody_is_tried_for_ever() {
    let case = Case::new().await;
    case.choose(json!({ "channels": { "webhook": case.hook_url() } }))
        .await;
    *case.hook.answers.lock().unwrap() = vec![500; 50];
    case.alert(AlertType::ImageMisuse, 0).await;
    let mut tried = vec![];
    for minute in 0..240 {
        case.run(1 + 60 * minute).await;
        let count = case.hook.names().len();
        if tried.last().is_none_or(|it: &(usize, i64)| it.0 < count) {
            tried.push((count, minute));
        }
    }
    assert_eq!(case.hook.names().len(), MAX_TRIES as usize);
    let waits: Vec<i64> = tried.windows(2).map(|it| it[1].1 - it[0].1).collect();
    assert!(waits.is_sorted() && waits[0] == 1, "{waits:?}");
    assert_eq!(case.store().outbox(case.user).await.unwrap(), None);
    assert!(case.queue.lock().unwrap().is_empty());
}

#[tokio::test]
async fn each_mail_has_a_link_of_its_own_that_stops_everything_once() {
    let case = Case::new().await;
    let store = case.store();
    case.both().await;
    for second in [0, 100] {
        case.alert(AlertType::ImageMisuse, second).await;
        case.run(second + 1).await;
    }
    let tokens: Vec<String> = case
        .mails()
        .await
        .iter()
        .map(|it| stop_link(it).rsplit_once('/').unwrap().1.to_owned())
        .collect();
    assert_eq!(tokens.len(), 2);
    assert_ne!(tokens[0], tokens[1]);
    let can_stop = async |token: &str, second| {
        preferences(store)
            .can_stop(token, at(second))
            .await
            .unwrap()
    };
    let stop =
        async |token: &str, second| preferences(store).stop(token, at(second)).await.unwrap();
    let other = format!("{}.{}", case.user, "A".repeat(43));
    for wrong in ["", "x", ".", &other, &tokens[0][..40]] {
        assert!(
            !can_stop(wrong, 200).await && !stop(wrong, 200).await,
            "{wrong}"
        );
    }
    assert!(can_stop(&tokens[0], 200).await && can_stop(&tokens[0], 201).await);
    assert!(stop(&tokens[0], 202).await);
    let channels = preferences(store).get(case.user).await.unwrap();
    assert_eq!(
        channels.preferences.channels,
        crate::domain::Channels::default()
    );
    case.alert(AlertType::ImageMisuse, 300).await;
    assert_eq!(case.run(301).await, DROPPED);
    // She wants them again: the used link stops nothing, the other one still does, until it is old.
    case.choose(json!({ "channels": { "email": true } })).await;
    assert!(!can_stop(&tokens[0], 400).await && !stop(&tokens[0], 400).await);
    let life = crate::services::notices::mail_links::MAIL_LINK_LIFE_SECONDS;
    assert!(can_stop(&tokens[1], 100 + life).await);
    assert!(!can_stop(&tokens[1], 102 + life).await && !stop(&tokens[1], 102 + life).await);
    assert!(stop(&tokens[1], 100 + life).await);
}

/// Mails of an earlier version all have the same link, which the row knows.
#[tokio::test]
async fn the_link_of_mails_that_are_out_stops_everything_once() {
    let case = Case::new().await;
    let store = case.store();
    case.choose(json!({ "channels": { "email": true } })).await;
    let old = format!("{}.{}", case.user, "B".repeat(43));
    let give = async || {
        let row = store.preferences(case.user).await.unwrap().unwrap();
        let former = PreferencesRow {
            stop_token: Some(old.clone()),
            ..row
        };
        let set = store.set_preferences(case.user, Some(&former.edition), &former, None);
        assert!(set.await.unwrap());
    };
    let can_stop = async || preferences(store).can_stop(&old, at(9)).await.unwrap();
    assert!(!can_stop().await);
    give().await;
    let wrong = format!("{}.{}", case.user, "A".repeat(43));
    assert!(!preferences(store).stop(&wrong, at(9)).await.unwrap());
    // What she chooses leaves it good: the mails are still out.
    case.choose(json!({ "channels": { "email": true }, "utcOffsetMinutes": 60 }))
        .await;
    assert!(can_stop().await && can_stop().await);
    assert!(preferences(store).stop(&old, at(10)).await.unwrap());
    let seen = preferences(store).get(case.user).await.unwrap();
    assert!(!seen.preferences.channels.email);
    assert!(!can_stop().await && !preferences(store).stop(&old, at(11)).await.unwrap());

    // The link of a mail of its own ends the other as well.
    give().await;
    let new = mail_links(store)
        .create(case.user, MailLinkPurpose::Stop, at(12))
        .await;
    assert!(
        preferences(store)
            .stop(&new.unwrap(), at(13))
            .await
            .unwrap()
    );
    assert!(!can_stop().await);
}

#[tokio::test]
async fn a_webhook_is_told_in_the_app_when_it_is_set_and_only_then() {
    let case = Case::new().await;
    let count = async || case.store().new_alerts(case.user).await.unwrap();
    case.choose(json!({ "channels": { "email": true } })).await;
    assert_eq!(count().await, 0);
    case.both().await;
    assert_eq!(count().await, 1);
    case.both().await;
    assert_eq!(count().await, 1, "it is the same");
    let other = format!("{}/stuck/x", case.engines);
    case.choose(json!({ "channels": { "webhook": other } }))
        .await;
    assert_eq!(count().await, 2);
    case.choose(json!({})).await;
    assert_eq!(count().await, 2);
    // In the app only: nobody is told of it elsewhere.
    assert_eq!(case.run(1).await, NOTHING);
}
