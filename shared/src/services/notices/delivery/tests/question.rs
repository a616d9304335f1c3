//! The mail that asks whether she wants mail: once, answered by its links, given up in time.

use super::*;

impl Case {
    /// A woman who signed up at this second.
    async fn signed_up(&self, address: &str, second: i64) -> UserId {
        let account = Account::new(UserId::random(), address, at(second));
        let created = self.store().create_account(&account, "hash", None);
        assert!(created.await.unwrap());
        account.id()
    }

    /// The links of the mails that ask, oldest mail first.
    async fn questions(&self) -> Vec<Vec<String>> {
        let mails = self.mails().await;
        let asking = mails
            .iter()
            .filter(|it| it["subject"] == "How would you like to hear from us?");
        let links = asking.map(|it| it["text"].as_str().unwrap().lines().map(str::to_owned));
        let links = links.map(|it| it.filter(|it| it.contains("/users/mail/")).collect());
        links.collect()
    }

    async fn wants_mail(&self, user: UserId) -> bool {
        let seen = preferences(self.store()).get(user).await.unwrap();
        seen.preferences.channels.email
    }
}

/// The token of a link, and the answer it gives.
fn parts(link: &str) -> (String, MailAnswer) {
    let (start, name) = link.rsplit_once('/').unwrap();
    let answer = MailAnswer::ALL.into_iter().find(|it| it.1 == name);
    let token = start.rsplit_once('/').unwrap().1;
    (token.to_owned(), answer.unwrap().0)
}

#[tokio::test]
async fn a_new_account_is_asked_once_whether_she_wants_mail() {
    let case = Case::new().await;
    let user = case.signed_up("eve@example.net", 0).await;
    assert_eq!(case.tick(1).await, QUEUED);
    // The message comes twice.
    let twice = case.queue.lock().unwrap().clone();
    case.queue.lock().unwrap().extend(twice);
    case.deliver(2).await;
    for second in [100, 5000, 100_000, 10_000_000] {
        assert_eq!(case.run(second).await, NOTHING);
    }
    let asked = case.questions().await;
    assert_eq!((asked.len(), asked[0].len()), (1, 3));
    assert_eq!(case.mails().await[0]["to"], "eve@example.net");
    assert!(!case.wants_mail(user).await, "silence is no");
}

#[tokio::test]
async fn her_answer_decides_and_its_link_works_once() {
    let case = Case::new().await;
    for (nth, wanted) in [(0, true), (1, false)] {
        let second = i64::try_from(nth).unwrap() * 100;
        let address = format!("{nth}@example.net");
        let user = case.signed_up(&address, second).await;
        case.run(second + 1).await;
        let links = case.questions().await.pop().unwrap();
        let (token, answer) = parts(&links[nth]);
        let now = at(second + 2);
        // Looking changes nothing, however often.
        for _ in 0..2 {
            let can = mail_questions(case.store())
                .can_answer(&token, answer, now)
                .await;
            assert!(can.unwrap());
        }
        assert!(!case.wants_mail(user).await);
        let give = async || {
            mail_questions(case.store())
                .answer(&token, answer, now)
                .await
        };
        assert!(give().await.unwrap());
        assert_eq!(case.wants_mail(user).await, wanted);
        for it in MailAnswer::ALL {
            let again = mail_questions(case.store()).answer(&token, it.0, now).await;
            assert!(!again.unwrap(), "used");
        }
        assert_eq!(case.wants_mail(user).await, wanted);
        case.alert_for(user, AlertType::ImageMisuse, second + 3)
            .await;
        case.run(second + 4).await;
        let told = preferences(case.store()).deliveries(user).await.unwrap();
        assert_eq!(told.len(), usize::from(wanted));
    }
    assert_eq!(case.questions().await.len(), 2);
    for wrong in ["", "x.y", &format!("{}.{}", case.user, "A".repeat(43))] {
        let given = mail_questions(case.store())
            .answer(wrong, MailAnswer::Yes, at(999))
            .await;
        assert!(!given.unwrap(), "{wrong}");
    }
}

#[tokio::test]
async fn later_is_asked_once_more() {
    let case = Case::new().await;
    let user = case.signed_up("eve@example.net", 0).await;
    case.run(1).await;
    let (token, answer) = parts(&case.questions().await[0][2]);
    let later = mail_questions(case.store())
        .answer(&token, answer, at(2))
        .await;
    assert!(later.unwrap());
    let day = |days: i64| days * 24 * 3600;
    assert_eq!(case.run(day(29)).await, NOTHING);
    assert_eq!(case.run(day(31)).await, QUEUED);
    let asked = case.questions().await;
    assert_eq!(
        (asked.len(), asked[1].len()),
        (2, 2),
        "no third mail is offered"
    );
    let (token, _) = parts(&asked[1][0]);
    let now = at(day(31) + 9);
    let third = mail_questions(case.store())
        .answer(&token, MailAnswer::Later, now)
        .await;
    assert!(!third.unwrap());
    for days in [32, 99, 400] {
        assert_eq!(case.run(day(days)).await, NOTHING);
    }
    assert!(!case.wants_mail(user).await);
}

/// A worker died after it had mailed the question, and its message comes again after her answer.
#[tokio::test]
async fn an_answer_that_is_there_before_the_message_comes_again_holds() {
    for (answer, asked_again) in [(MailAnswer::No, 0), (MailAnswer::Later, 1)] {
        let case = Case::new().await;
        let user = case.signed_up("eve@example.net", 0).await;
        assert_eq!(case.tick(1).await, QUEUED);
        let token = mail_links(case.store())
            .create(user, MailLinkPurpose::Question, at(1))
            .await;
        let token = token.unwrap();
        let given = mail_questions(case.store())
            .answer(&token, answer, at(2))
            .await;
        assert!(given.unwrap());
        case.deliver(3).await;
        assert!(case.questions().await.is_empty(), "{answer:?}");
        for days in 1..99 {
            case.run(days * 24 * 3600).await;
        }
        assert_eq!(case.questions().await.len(), asked_again, "{answer:?}");
    }
}

/// She answers before the worker that mailed the question has noted it.
#[tokio::test]
async fn later_stays_due_when_the_mail_is_noted_after_it() {
    let case = Case::new().await;
    let user = case.signed_up("eve@example.net", 0).await;
    let store = case.store();
    let tx = store.tx().answer_question(user, MailAnswer::Later, at(1));
    assert!(tx.commit().await.unwrap().is_done());
    store.close_question(user, 0, at(2)).await.unwrap();
    let question = store.mail_question(user).await.unwrap().unwrap();
    assert_eq!((question.asked, question.is_answered(at(3))), (1, true));
    assert_eq!(case.run(31 * 24 * 3600).await, QUEUED);
    assert_eq!(case.questions().await.len(), 1);
}

/// She chose in the app before the mail went out, or mail is down: nothing is sent twice or for nothing.
#[tokio::test]
async fn nobody_is_asked_who_has_chosen_and_a_mail_service_that_is_down_is_waited_for() {
    let case = Case::new().await;
    let user = case.signed_up("eve@example.net", 0).await;
    case.choose_for(user, json!({ "channels": { "email": true } }))
        .await;
    case.run(1).await;
    assert!(case.questions().await.is_empty());
    case.signed_up("ida@example.net", 10).await;
    case.break_mail(503, 4).await;
    for minute in 1..120 {
        case.run(60 * minute).await;
    }
    assert_eq!(case.questions().await.len(), 1);
    case.signed_up("uma@example.net", 20).await;
    case.break_mail(400, 1).await;
    for minute in 120..240 {
        case.run(60 * minute).await;
    }
    assert_eq!(case.questions().await.len(), 1, "refused is refused");
    // The account may not send for now.
    case.signed_up("mia@example.net", 30).await;
    case.break_mail(403, 4).await;
    for minute in 240..360 {
        case.run(60 * minute).await;
    }
    assert_eq!(case.questions().await.len(), 2);
}

/// An address that is to be confirmed first gets no other mail before that.
#[tokio::test]
async fn an_unconfirmed_address_is_not_asked_until_it_is_confirmed() {
    let case = Case::new().await;
    let mut account = Account::new(UserId::random(), "eve@example.net", at(0));
    account.email_confirmed_at = None;
    let created = case.store().create_account(&account, "hash", None).await;
    assert!(created.unwrap());
    let hour = 3600;
    for second in [1, hour + 2, 2 * hour + 3] {
        assert_eq!(case.run(second).await, QUEUED);
    }
    // A week later it is given up.
    assert_eq!(case.run(8 * 24 * hour).await, QUEUED);
    assert_eq!(case.run(9 * 24 * hour).await, NOTHING);
    assert!(case.mails().await.is_empty());
}
