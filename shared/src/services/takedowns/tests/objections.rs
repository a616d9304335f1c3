//! Objections: pause, votes of two reviewers, what follows, the access log, who is refused.

use super::super::worker::tests::Approved;
use super::*;
use crate::auth::Staff;
use crate::domain::Page;
use crate::domain::event::{AccessSubject, Actor, ActorKind};
use crate::domain::takedown::objection::reference_of;
use crate::domain::takedown::{ObjectionState, ObjectionVerdict};
use crate::queues::MailNewsKind;
use crate::services::record::access_log::{AccessFilter, AccessLog};

const NETWORK: &str = "192.0.2.1";

fn objection(reference: &str) -> NewObjection {
    NewObjection {
        reference: reference.to_owned(),
        reason: "This is a picture of somebody else.".into(),
        contact: "legal@fastly.example".into(),
    }
}

fn reviewer() -> Staff {
    staff(UserId::random())
}

fn staff(user: UserId) -> Staff {
    Staff {
        user,
        actor: Actor::staff("R-7F3K".into()),
    }
}

impl Approved {
    async fn object(&self, network: &str) {
        let new = objection(&reference_of(self.id));
        let takedowns = &self.world.takedowns;
        let taken = takedowns.object(new, network, self.now()).await.unwrap();
        let nobody = takedowns.object(objection("R-00000000"), network, self.now());
        assert_eq!(taken, nobody.await.unwrap(), "the same for every reference");
    }

    async fn vote(&self, by: &Staff, verdict: ObjectionVerdict) -> Result<ObjectionState> {
        let decision = ObjectionDecision { verdict };
        let takedowns = &self.world.takedowns;
        let voted = takedowns.decide_objection(by, self.id, decision, self.now());
        voted.await.map(|it| it.state)
    }

    async fn queue(&self) -> Vec<ObjectionInQueue> {
        let page = Page {
            number: 1,
            limit: 20,
        };
        let listed = self.world.takedowns.objections(page, self.now()).await;
        listed.unwrap().items
    }

    async fn shown(&self) -> TakedownWithTimeline {
        let got = self
            .world
            .takedowns
            .get(self.world.user(), self.id, self.now());
        got.await.unwrap()
    }
}

#[tokio::test]
async fn while_an_objection_is_open_nothing_is_sent_and_dismissed_it_goes_on() {
    let it = Approved::new().await;
    for _ in 0..2 {
        it.object(NETWORK).await;
    }
    assert!(it.row().await.is_paused());
    for later in [0, 3600, 48 * 3600] {
        it.work(it.now().plus_seconds(later)).await;
    }
    assert_eq!(it.outside.mails().len(), 0, "it waits");
    assert_eq!(it.row().await.work_at, None);
    let shown = it.shown().await;
    assert_eq!(shown.takedown.message, ObjectionState::Open.sentence());
    let told: Vec<&str> = shown.timeline.iter().map(|it| it.kind.as_str()).collect();
    assert_eq!(
        told.iter().filter(|it| **it == "takedown.objected").count(),
        1
    );
    assert_eq!(it.queue().await.len(), 1, "told twice, it is one");

    let (one, two) = (reviewer(), reviewer());
    for _ in 0..2 {
        let state = it.vote(&one, ObjectionVerdict::Dismiss).await.unwrap();
        assert_eq!(state, ObjectionState::Open, "nobody decides alone");
    }
    assert!(it.row().await.is_paused());
    let state = it.vote(&two, ObjectionVerdict::Dismiss).await.unwrap();
    assert_eq!(state, ObjectionState::Dismissed);
    assert!(it.queue().await.is_empty());
    it.work(it.now()).await;
    assert_eq!(it.state().await, TakedownState::Sent);
    assert_eq!(it.outside.mails().len(), 1);
    // A second objection pauses nothing any more.
    it.object("192.0.2.2").await;
    assert!(!it.row().await.is_paused());
    let late = it.vote(&reviewer(), ObjectionVerdict::Uphold).await;
    assert_eq!(late.unwrap_err().code, "OBJECTION_DECIDED");
}

#[tokio::test]
async fn reviewers_who_differ_leave_it_to_a_third_and_upheld_it_ends() {
    let it = Approved::new().await;
    it.work(it.now()).await;
    it.news(MailNewsKind::Delivery, "1", it.now()).await;
    it.object(NETWORK).await;
    let her = it
        .vote(&staff(it.world.caller.user), ObjectionVerdict::Dismiss)
        .await;
    assert_eq!(her.unwrap_err().code, "FORBIDDEN", "not about her own");
    it.vote(&reviewer(), ObjectionVerdict::Uphold)
        .await
        .unwrap();
    it.vote(&reviewer(), ObjectionVerdict::Dismiss)
        .await
        .unwrap();
    let queue = it.queue().await;
    assert!(queue[0].is_disputed && queue[0].votes == 2);
    let state = it
        .vote(&reviewer(), ObjectionVerdict::Uphold)
        .await
        .unwrap();
    assert_eq!(state, ObjectionState::Upheld);
    let shown = it.shown().await;
    assert_eq!(shown.takedown.state, TakedownState::Withdrawn);
    assert_eq!(shown.takedown.message, ObjectionState::Upheld.sentence());
    let last = shown.timeline.last().unwrap();
    assert_eq!(last.kind.as_str(), "takedown.objection_upheld");
    assert_eq!(last.actor.kind, ActorKind::Staff);
    let store = it.world.takedowns.store();
    let upheld = store.upheld_objections(it.world.user()).await.unwrap();
    assert_eq!(upheld, 1);
    let again = it.world.create(it.world.request("fastly", 0)).await;
    assert_eq!(again.unwrap_err().code, "OBJECTION_UPHELD");
}

#[tokio::test]
async fn three_upheld_objections_close_sending_for_the_account() {
    let it = Approved::new().await;
    let world = &it.world;
    let form = NewTakedown {
        law: Law::Terms,
        ..world.request("google-search", 0)
    };
    let waiting = world.create(form).await.unwrap().id;
    assert_eq!(it.state().await, TakedownState::Queued);
    for name in 0..3 {
        let page = format!("https://forum.example.net/u/{name}");
        let id = world.approved_of(&page, "fastly", 0).await;
        let new = objection(&reference_of(id));
        world
            .takedowns
            .object(new, NETWORK, world.now)
            .await
            .unwrap();
        for _ in 0..2 {
            let somebody = reviewer();
            let decision = ObjectionDecision {
                verdict: ObjectionVerdict::Uphold,
            };
            let voted = world
                .takedowns
                .decide_objection(&somebody, id, decision, world.now);
            voted.await.unwrap();
        }
    }
    // One that waited for its turn is not sent any more.
    assert_eq!(it.state().await, TakedownState::Queued);
    for _ in 0..2 {
        it.work(it.now()).await;
    }
    assert_eq!(it.state().await, TakedownState::Withdrawn);
    assert_eq!(it.outside.mails().len(), 0);
    let found = world.find("https://forum.example.net/u/9", |_| ()).await;
    let new = NewTakedown {
        finding_id: found.id,
        ..world.request("fastly", 0)
    };
    assert_eq!(world.create(new).await.unwrap_err().code, "SENDING_CLOSED");
    let approval = world.approval(waiting).await;
    let approved = world.approve(waiting, approval).await;
    assert_eq!(approved.unwrap_err().code, "SENDING_CLOSED");
}

#[tokio::test]
async fn a_look_is_in_her_access_log_or_there_is_no_answer() {
    let it = Approved::new().await;
    it.object(NETWORK).await;
    let (user, takedowns) = (it.world.user(), &it.world.takedowns);
    let seen = takedowns.objection(&reviewer(), it.id, it.now()).await;
    let seen = seen.unwrap();
    assert_eq!(seen.contact, "legal@fastly.example");
    assert_eq!(seen.reason, "This is a picture of somebody else.");
    assert!(seen.request.page.contains("/t/1"));
    let written = serde_json::to_string(&seen).unwrap();
    assert!(!written.contains("Ana") && !written.contains(&user.to_string()));
    let log = AccessLog::new(takedowns.log.clone());
    let filter = AccessFilter::default();
    let page = log.list(user, &filter, None, 10, it.now()).await.unwrap();
    let entry = &page.entries[0];
    assert_eq!(entry.data["what"], AccessSubject::Request.as_str());
    assert_eq!(entry.data["subject"], it.id.to_string());
    assert!(entry.sentence.contains("because its recipient objected"));

    let her = staff(it.world.caller.user);
    let own = takedowns.objection(&her, it.id, it.now());
    assert_eq!(own.await.unwrap_err().code, "FORBIDDEN");
    let somebody = reviewer();
    let none = takedowns.objection(&somebody, TakedownId::from(uuid::Uuid::nil()), it.now());
    assert_eq!(none.await.unwrap_err().code, "OBJECTION_NOT_FOUND");
    // Her log cannot be written: nothing is shown.
    let head = format!("STREAM#{}", StreamName::access());
    testing::set_text(&it.world.client, user, &head, "next", "unreadable").await;
    let refused = takedowns.objection(&reviewer(), it.id, it.now()).await;
    assert!(refused.is_err(), "{refused:?}");
}

#[tokio::test]
async fn what_is_no_objection_is_refused_and_a_network_sends_few() {
    let it = Approved::new().await;
    let good = || objection(&reference_of(it.id));
    let long = "x".repeat(2001);
    for (new, field) in [
        (objection("4711"), "reference"),
        (
            NewObjection {
                reason: "No.".into(),
                ..good()
            },
            "reason",
        ),
        (
            NewObjection {
                reason: long,
                ..good()
            },
            "reason",
        ),
        (
            NewObjection {
                contact: "a\nb".into(),
                ..good()
            },
            "contact",
        ),
    ] {
        let refused = it.world.takedowns.object(new, NETWORK, it.now()).await;
        let details = refused.unwrap_err().details.unwrap();
        assert_eq!(details[0]["path"][0], field);
    }
    let takedowns = &it.world.takedowns;
    let fifth = takedowns.object(objection("R-00000000"), NETWORK, it.now());
    fifth.await.unwrap();
    let sixth = takedowns.object(good(), NETWORK, it.now()).await;
    assert_eq!(sixth.unwrap_err().kind, ErrorKind::TooMany);
    assert!(!it.row().await.is_paused());
    it.object("192.0.2.9").await;
    assert!(it.row().await.is_paused(), "another network has its own");
}
