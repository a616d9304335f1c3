use bytes::Bytes;

use super::super::worker::tests::Approved;
use super::*;
use crate::domain::takedown::ReplyKind;
use crate::queues::MailNewsKind;

const POST: &str = "post.example";

/// A request that was sent by mail, and where answers to it come.
struct Sent {
    it: Approved,
    inbox: TakedownInbox,
    alias: String,
}

/// How a mail came: who wrote, and whether that is proved.
#[derive(Clone, Copy)]
enum By {
    Recipient,
    Forger,
    Stranger,
    MailService,
}

impl Sent {
    async fn new() -> Self {
        let mut it = Approved::new().await;
        it.worker.post_domain = Some(POST.to_owned());
        it.work(it.now()).await;
        let alias = ReplyTag::of(it.world.user(), it.id).address(POST);
        let inbox = TakedownInbox {
            takedowns: it.world.takedowns.clone(),
            objects: it.world.cloud.objects(),
            post_domain: Some(POST.to_owned()),
        };
        Self { it, inbox, alias }
    }

    fn mail(&self, by: By, id: &str, rest: &str) -> String {
        let (from, proved) = match by {
            By::Recipient => ("abuse@fastly.com", "fastly.com"),
            By::Forger => ("abuse@fastly.com", "evil.example"),
            By::Stranger => ("eve@evil.example", "evil.example"),
            By::MailService => ("mailer-daemon@amazonses.com", "amazonses.com"),
        };
        let alias = &self.alias;
        let text = format!(
            "Return-Path: <x@{proved}>\nReceived: from mx by inbound-smtp.eu-central-1.amazonaws.com with SMTP id 1 for {alias}; Mon, 30 Nov 2026 12:00:00 +0000\n\
             X-SES-Spam-Verdict: PASS\nX-SES-Virus-Verdict: PASS\nReceived-SPF: pass\n\
             Authentication-Results: amazonses.com; dkim=pass header.i=@{proved}; dmarc=none\n\
             From: {from}\nTo: {alias}\nMessage-ID: <{id}.{from}>\nSubject: Re: Request\n{rest}"
        );
        text.replace('\n', "\r\n")
    }

    async fn put(&self, name: &str, mail: String) {
        let stored = self
            .inbox
            .objects
            .put(name, "message/rfc822", Bytes::from(mail));
        stored.await.unwrap();
    }

    /// Has a mail come, twice.
    async fn comes(&self, mail: &str) {
        for name in ["mail/a", "mail/b"] {
            self.put(name, mail.to_owned()).await;
            self.inbox.take_mail(name, self.it.now()).await.unwrap();
            assert!(!self.it.world.cloud.has_object(name), "it is removed");
        }
    }

    async fn says(&self, by: By, text: &str) {
        let id = format!("{}", text.len());
        self.comes(&self.mail(by, &id, &format!("\n{text}"))).await;
    }
}

#[tokio::test]
async fn a_mail_goes_out_with_an_address_of_its_own_for_answers() {
    let sent = Sent::new().await;
    let mails = sent.it.outside.mails();
    assert_eq!(mails[0]["ReplyToAddresses"][0], sent.alias.as_str());
    let headers = mails[0]["Content"]["Simple"]["Headers"].as_array().unwrap();
    assert_eq!(headers[0]["Name"], "References");
    assert_eq!(headers[0]["Value"], format!("<{}>", sent.alias));
}

#[tokio::test]
async fn a_recipient_that_answers_moves_its_request_once_and_never_to_the_end() {
    let sent = Sent::new().await;
    sent.says(
        By::Recipient,
        "We have received your report. Ticket #12345.",
    )
    .await;
    let row = sent.it.row().await;
    assert_eq!(
        (row.state, row.receipt, row.mails),
        (TakedownState::Acknowledged, Some(ReceiptKind::Reply), 1)
    );
    assert!(row.due_at.is_some(), "its clock runs");
    sent.says(By::Recipient, "The content does not violate our rules.")
        .await;
    assert_eq!(
        sent.it.state().await,
        TakedownState::Acknowledged,
        "words never refuse"
    );
    sent.says(By::Recipient, "Please provide the exact links.")
        .await;
    assert_eq!(sent.it.state().await, TakedownState::NeedsInfo);
    sent.says(By::Recipient, "The content has been removed.")
        .await;
    let claimed = sent.it.row().await;
    assert_eq!(claimed.state, TakedownState::ClaimedGone);
    assert_eq!(claimed.work_at, Some(sent.it.now()), "it is looked at now");
    let told = sent.it.world.cloud.told("SendMessage");
    assert!(!told.is_empty(), "a worker is told");

    let (user, id, now) = (sent.it.world.user(), sent.it.id, sent.it.now());
    let mails = sent.it.world.takedowns.mails(user, id).await.unwrap();
    let kinds: Vec<_> = mails.iter().map(|it| it.kind).collect();
    assert_eq!(kinds.len(), 4);
    assert!(kinds.contains(&ReplyKind::Unable) && mails.iter().all(|it| it.is_verified));
    let asked = mails
        .iter()
        .find(|it| it.kind == ReplyKind::NeedsInfo)
        .unwrap();
    let text = sent
        .it
        .world
        .takedowns
        .mail(user, (id, &asked.id), now)
        .await
        .unwrap();
    assert_eq!(
        (&*text.from, &*text.text),
        ("abuse@fastly.com", "Please provide the exact links.")
    );
    let shown = sent.it.world.takedowns.get(user, id, now).await.unwrap();
    assert_eq!(shown.takedown.reference.as_deref(), Some("12345"));
    let came = shown
        .timeline
        .iter()
        .filter(|it| it.kind.as_str() == "takedown.mail_received");
    assert_eq!(came.count(), 4);
    for (of, mail, code) in [
        (UserId::random(), &*asked.id, "TAKEDOWN_NOT_FOUND"),
        (user, "../x", "MAIL_NOT_FOUND"),
        (user, "", "MAIL_NOT_FOUND"),
    ] {
        let none = sent.it.world.takedowns.mail(of, (id, mail), now).await;
        assert_eq!(none.unwrap_err().code, code);
    }
}

#[tokio::test]
async fn who_is_not_provably_the_recipient_changes_nothing_and_is_shown() {
    let sent = Sent::new().await;
    for by in [By::Forger, By::Stranger, By::MailService] {
        sent.says(by, "The content has been removed.").await;
    }
    let row = sent.it.row().await;
    assert_eq!(
        (row.state, row.mails, row.unverified_mails),
        (TakedownState::Sent, 0, 3)
    );
    let mails = sent
        .it
        .world
        .takedowns
        .mails(sent.it.world.user(), sent.it.id)
        .await;
    assert!(
        mails
            .unwrap()
            .iter()
            .all(|it| !it.is_verified && it.summary.starts_with("Somebody"))
    );
    for number in 0..MAX_UNVERIFIED_MAILS + 5 {
        let mail = sent.mail(By::Stranger, &format!("more-{number}"), "\nx");
        sent.put("mail/c", mail).await;
        sent.inbox.take_mail("mail/c", sent.it.now()).await.unwrap();
    }
    assert_eq!(sent.it.row().await.unverified_mails, MAX_UNVERIFIED_MAILS);
    // The same Message-ID as the forged one.
    sent.says(By::Recipient, "The content has been removed.")
        .await;
    assert_eq!(
        sent.it.state().await,
        TakedownState::ClaimedGone,
        "others leave it its room"
    );
}

#[tokio::test]
async fn machines_acknowledge_and_mail_servers_tell_what_did_not_arrive() {
    let sent = Sent::new().await;
    let automatic = "Auto-Submitted: auto-replied\n\nYour content has been removed from the queue.";
    sent.comes(&sent.mail(By::Recipient, "auto", automatic))
        .await;
    assert_eq!(sent.it.state().await, TakedownState::Acknowledged);

    let report = |action: &str| {
        format!(
            "Auto-Submitted: auto-replied\nContent-Type: multipart/report; report-type=delivery-status; boundary=q\n\n\
             --q\nContent-Type: text/plain\n\nIt has been removed from the queue.\n\
             --q\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\nAction: {action}\nStatus: 5.1.1\n\n--q--\n"
        )
    };
    let sent = Sent::new().await;
    sent.comes(&sent.mail(By::Stranger, "1", &report("failed")))
        .await;
    assert_eq!(
        sent.it.state().await,
        TakedownState::Sent,
        "anybody could write that"
    );
    sent.comes(&sent.mail(By::MailService, "2", &report("delayed")))
        .await;
    assert_eq!(sent.it.state().await, TakedownState::Sent);
    sent.comes(&sent.mail(By::MailService, "3", &report("failed")))
        .await;
    let failed = sent.it.row().await;
    assert_eq!(
        (failed.state, failed.failure),
        (TakedownState::Failed, Some(TakedownFailure::Bounced))
    );
}

#[tokio::test]
async fn answers_are_found_by_their_thread_and_mails_to_nobody_are_dropped() {
    let sent = Sent::new().await;
    let elsewhere = sent
        .mail(By::Recipient, "1", "\nWe have received your report.")
        .replace(&format!("for {}", sent.alias), "for hello@post.example")
        .replace(
            &format!("To: {}", sent.alias),
            &format!(
                "To: hello@post.example\r\nReferences: <{}> <m-1@email.amazonses.com>",
                sent.alias
            ),
        );
    sent.comes(&elsewhere).await;
    assert_eq!(sent.it.state().await, TakedownState::Acknowledged);
    let nobody = elsewhere.replace(&sent.alias, "c-aaaaaaaaaaaaaaaaaaaaaaaaaa@post.example");
    sent.comes(&nobody.replace("<1.", "<2.")).await;
    assert_eq!(sent.it.row().await.mails, 1);
    for garbage in ["", "\0\0\0", "no mail at all"] {
        sent.comes(garbage).await;
    }
    let gone = sent.inbox.take_mail("mail/none", sent.it.now()).await;
    gone.unwrap();
}

#[tokio::test]
async fn a_worker_killed_before_it_removed_a_mail_takes_it_once() {
    let sent = Sent::new().await;
    let mail = sent.mail(By::Recipient, "1", "\nPlease provide the links.");
    let read = || InboundMail::read(mail.clone().into_bytes()).unwrap();
    sent.inbox.deliver(read(), sent.it.now()).await.unwrap();
    assert_eq!(sent.it.state().await, TakedownState::NeedsInfo);
    let id = sent.it.id;
    let answer = super::super::Escalation {
        step: "FOLLOW_UP".into(),
        recipient_id: None,
    };
    let answered =
        sent.it
            .world
            .takedowns
            .escalate(&sent.it.world.caller, id, answer, sent.it.now());
    answered.await.unwrap();
    let approval = sent.it.world.approval(id).await;
    sent.it.world.approve(id, approval).await.unwrap();
    sent.it.work(sent.it.now().plus_seconds(61)).await;
    assert_eq!(sent.it.state().await, TakedownState::Sent);
    sent.inbox.deliver(read(), sent.it.now()).await.unwrap();
    let row = sent.it.row().await;
    assert_eq!(
        (row.state, row.mails),
        (TakedownState::Sent, 1),
        "told again it changes nothing"
    );
    sent.it
        .news(MailNewsKind::Delivery, "2", sent.it.now().plus_seconds(62))
        .await;
    assert_eq!(sent.it.row().await.receipt, Some(ReceiptKind::Smtp));
}
