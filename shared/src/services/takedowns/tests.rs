mod misuse;
mod objections;

use super::*;
use crate::auth::Caller;
use crate::clock;
use crate::domain::takedown::objection::reference_of;
use crate::domain::takedown::{TakedownFacts, TakedownPurpose};
use crate::domain::{
    Account, ErrorKind, Image, ImageId, ImageState, Law, MatchStatus, ReviewStatus, Role, Scan,
    ScanId, ScanOrigin, ScanType, Tier,
};
use crate::testing::{self, Cloud};

/// A woman with one finding that is hers.
pub(super) struct World {
    pub(super) takedowns: Takedowns,
    pub(super) caller: Caller,
    pub(super) found: Match,
    pub(super) now: Timestamp,
    pub(super) client: testing::TableClient,
    image: ImageId,
    scan: ScanId,
    pub(super) cloud: Cloud,
}

pub(super) fn page_of(view: &Takedown) -> &str {
    &view.page
}

impl World {
    pub(super) async fn new(page: &str) -> Self {
        let (store, client) = testing::table().await;
        let cloud = Cloud::start().await;
        let now = clock::now();
        let account = Account::new(UserId::random(), "ana@example.net", now);
        assert!(store.create_account(&account, "hash", None).await.unwrap());
        let caller = Caller {
            user: account.id(),
            email: "ana@example.net".into(),
            session: None,
            role: Role::User,
            confirmed_at: None,
        };
        let image = Image {
            state: ImageState::Ready,
            ..Image::expected(ImageId::next(), account.id(), "s".into(), now)
        };
        assert!(store.announce_image(&image, None).await.unwrap());
        let scan = Scan::pending(ScanId::next(), account.id(), ScanType::ImageScan, None, now);
        assert!(store.create_scan(&scan, ScanOrigin::User).await.unwrap());
        let queues = TakedownQueues {
            queues: cloud.queues(),
            urgent: "https://sqs/takedown-urgent".into(),
            other: "https://sqs/takedown".into(),
        };
        let log = EventLog::new(store, testing::vault());
        let mut world = Self {
            takedowns: Takedowns::new(log, queues).with_objections_at("https://vara.example/"),
            caller,
            found: testing::finding(ImageId::next(), ScanId::next(), page, now),
            now,
            client,
            image: image.id,
            scan: scan.id,
            cloud,
        };
        world.found = world.find(page, |_| ()).await;
        world
    }

    pub(super) fn user(&self) -> UserId {
        self.caller.user
    }

    /// A finding of hers on this page.
    pub(super) async fn find(&self, page: &str, change: impl FnOnce(&mut Match)) -> Match {
        let store = self.takedowns.store();
        let mut found = Match {
            confidence: Some(Tier::High),
            status: MatchStatus::New,
            review_status: ReviewStatus::Active,
            ..testing::finding(self.image, self.scan, page, self.now)
        };
        change(&mut found);
        store
            .store_finding(self.user(), &found, None)
            .await
            .unwrap();
        found
    }

    pub(super) fn facts() -> TakedownFacts {
        TakedownFacts {
            harm: Some(Harm::Intimate),
            name: Some("Ana Kovač".to_owned()),
            email: Some("ana@example.net".to_owned()),
            reason: Some("He published it after we parted.".to_owned()),
            was_adult: Some(true),
            evidence_skipped: true,
            ..TakedownFacts::default()
        }
    }

    pub(super) fn request(&self, recipient: &str, route: usize) -> NewTakedown {
        NewTakedown {
            finding_id: self.found.id,
            recipient_id: recipient.to_owned(),
            law: Law::EuDsa,
            route,
            facts: Self::facts(),
        }
    }

    pub(super) async fn create(&self, new: NewTakedown) -> Result<Takedown> {
        let made = self.takedowns.create(&self.caller, new, self.now).await;
        made.map(|it| it.takedown)
    }

    /// Her approval of the text as it stands.
    pub(super) async fn approval(&self, id: TakedownId) -> TakedownApproval {
        let text = self
            .takedowns
            .text(self.user(), id, self.now)
            .await
            .unwrap();
        let view = self
            .takedowns
            .get(self.user(), id, self.now)
            .await
            .unwrap()
            .takedown;
        TakedownApproval {
            text_hash: text.sha256,
            signed_name: Some("Ana Kovač".to_owned()),
            statements: text.text.statements.into_iter().map(|it| it.id).collect(),
            checked_address: view.target,
            send_after: None,
        }
    }

    pub(super) async fn approve(
        &self,
        id: TakedownId,
        approval: TakedownApproval,
    ) -> Result<Takedown> {
        let approved = self
            .takedowns
            .approve(&self.caller, id, approval, self.now)
            .await;
        approved.map(|it| it.takedown)
    }

    pub(super) async fn approved(&self, recipient: &str, route: usize) -> TakedownId {
        let made = self.create(self.request(recipient, route)).await.unwrap();
        let approval = self.approval(made.id).await;
        self.approve(made.id, approval).await.unwrap().id
    }

    pub(super) async fn approved_of(
        &self,
        page: &str,
        recipient: &str,
        route: usize,
    ) -> TakedownId {
        let found = self.find(page, |_| ()).await;
        let new = NewTakedown {
            finding_id: found.id,
            ..self.request(recipient, route)
        };
        let made = self.create(new).await.unwrap();
        let approval = self.approval(made.id).await;
        self.approve(made.id, approval).await.unwrap().id
    }
}

async fn world() -> World {
    World::new("https://forum.example.net/t/1").await
}

#[tokio::test]
async fn nothing_is_approved_that_she_has_not_read_signed_ticked_and_checked() {
    let world = world().await;
    let made = world.create(world.request("fastly", 0)).await.unwrap();
    assert_eq!(
        (made.state, &made.missing[..]),
        (TakedownState::Ready, &[][..])
    );
    assert!(!made.is_checked, "nobody has opened the address yet");
    let good = world.approval(made.id).await;
    let text = world
        .takedowns
        .text(world.user(), made.id, world.now)
        .await
        .unwrap()
        .text;
    let objections = format!(
        "https://vara.example/api/v1/objections?reference={}",
        reference_of(made.id)
    );
    for named in ["https://forum.example.net/t/1", &objections] {
        assert!(text.body.contains(named), "{named}: {}", text.body);
    }
    for unfilled in ["[[", "\\_"] {
        assert!(!text.body.contains(unfilled), "{}", text.body);
    }
    for (approval, code) in [
        (
            TakedownApproval {
                text_hash: "0".repeat(64),
                ..good.clone()
            },
            "TEXT_CHANGED",
        ),
        (
            TakedownApproval {
                statements: Vec::new(),
                ..good.clone()
            },
            "MISSING_FIELDS",
        ),
        (
            TakedownApproval {
                signed_name: Some("Ana".into()),
                ..good.clone()
            },
            "VALIDATION_ERROR",
        ),
        (
            TakedownApproval {
                checked_address: None,
                ..good.clone()
            },
            "CHECK_ADDRESS_FIRST",
        ),
    ] {
        let err = world.approve(made.id, approval).await.unwrap_err();
        assert_eq!(err.code, code);
    }
    for _ in 0..2 {
        let approved = world.approve(made.id, good.clone()).await.unwrap();
        assert_eq!(approved.state, TakedownState::Queued);
    }
    // A change voids the approval.
    let patch = TakedownPatch::default();
    let revision = world
        .takedowns
        .get(world.user(), made.id, world.now)
        .await
        .unwrap()
        .takedown
        .revision;
    let queued = world
        .takedowns
        .patch(&world.caller, made.id, Some(revision), patch, world.now)
        .await;
    assert_eq!(
        queued.unwrap_err().code,
        "WRONG_STATE",
        "it may be on its way"
    );
}

#[tokio::test]
async fn an_edit_voids_the_approval_and_every_change_is_in_her_record() {
    let world = world().await;
    let made = world
        .create(world.request("google-search", 0))
        .await
        .unwrap();
    let approval = world.approval(made.id).await;
    let with_her = world.approve(made.id, approval.clone()).await.unwrap();
    assert_eq!(with_her.state, TakedownState::WithHer);
    assert!(
        with_her.answers.iter().any(|it| it.value.is_some()),
        "the form's answers are there"
    );
    let patch = TakedownPatch {
        facts: Some(TakedownFacts {
            reason: None,
            ..World::facts()
        }),
        ..TakedownPatch::default()
    };
    let change = |revision, patch| {
        world
            .takedowns
            .patch(&world.caller, made.id, revision, patch, world.now)
    };
    assert_eq!(
        change(None, patch.clone()).await.unwrap_err().code,
        "PRECONDITION_REQUIRED"
    );
    assert_eq!(
        change(Some(1), patch.clone()).await.unwrap_err().code,
        "VERSION_CONFLICT"
    );
    let edited = change(Some(with_her.revision), patch)
        .await
        .unwrap()
        .takedown;
    assert_eq!(
        (edited.state, edited.approved_sha256.as_ref()),
        (TakedownState::Draft, None)
    );
    assert_eq!(edited.missing[0].field, "reason");
    assert_eq!(
        world.approve(made.id, approval).await.unwrap_err().code,
        "WRONG_STATE"
    );
    let whole = TakedownPatch {
        facts: Some(World::facts()),
        ..TakedownPatch::default()
    };
    change(Some(edited.revision), whole).await.unwrap();
    let approval = world.approval(made.id).await;
    world.approve(made.id, approval).await.unwrap();
    let submission = Submission {
        reference: Some("1-234".into()),
    };
    let sent = world
        .takedowns
        .submit(&world.caller, made.id, submission, world.now)
        .await
        .unwrap();
    assert_eq!(sent.takedown.reference.as_deref(), Some("1-234"));
    assert!(sent.takedown.due_at.is_some(), "her word begins the clock");
    let told: Vec<&str> = sent.timeline.iter().map(|it| it.kind.as_str()).collect();
    assert_eq!(
        told,
        [
            "takedown.created",
            "takedown.completed",
            "takedown.approved",
            "takedown.handed_over",
            "takedown.edited",
            "takedown.edited",
            "takedown.completed",
            "takedown.approved",
            "takedown.handed_over",
            "takedown.submitted",
        ]
    );
    assert!(world.takedowns.log.verify(world.user()).await.unwrap().ok);
    // Nothing of it stands in clear.
    let rows = world.client.scan().table_name("vara").send().await.unwrap();
    let text = format!(
        "{:?}",
        rows.items
            .unwrap_or_default()
            .iter()
            .filter(|it| {
                it["sk"].as_s().is_ok_and(|it| {
                    it.starts_with("TAKEDOWN#") || it.starts_with("EVENT#") || it.starts_with("TD")
                })
            })
            .collect::<Vec<_>>()
    );
    for private in ["Kova", "forum.example", "parted", "1-234"] {
        assert!(!text.contains(private), "{private}");
    }
}

#[tokio::test]
async fn taking_back_is_instant_before_and_an_approved_text_after() {
    let world = world().await;
    let id = world.approved("google-search", 0).await;
    let take_back = || world.takedowns.withdraw(&world.caller, id, world.now);
    world
        .takedowns
        .submit(&world.caller, id, Submission::default(), world.now)
        .await
        .unwrap();
    let retracting = take_back().await.unwrap().takedown;
    assert_eq!(
        (retracting.state, retracting.purpose),
        (TakedownState::Retracting, TakedownPurpose::Retraction)
    );
    let text = world
        .takedowns
        .text(world.user(), id, world.now)
        .await
        .unwrap()
        .text;
    assert!(text.subject.contains("Withdrawal") && text.statements.is_empty());
    let approval = world.approval(id).await;
    world.approve(id, approval).await.unwrap();
    let done = world
        .takedowns
        .submit(&world.caller, id, Submission::default(), world.now)
        .await
        .unwrap();
    assert_eq!(done.takedown.state, TakedownState::Withdrawn);
    assert_eq!(
        take_back().await.unwrap().takedown.state,
        TakedownState::Withdrawn
    );
}

#[tokio::test]
async fn a_refusal_has_next_steps_and_words_never_make_it_gone() {
    let world = world().await;
    let id = world.approved("google-search", 0).await;
    world
        .takedowns
        .submit(&world.caller, id, Submission::default(), world.now)
        .await
        .unwrap();
    let answer = async |kind| {
        let answer = RecipientAnswer {
            kind,
            reference: None,
            note: Some("n".into()),
        };
        let told = world
            .takedowns
            .answer(&world.caller, id, answer, world.now)
            .await;
        told.map(|it| it.takedown)
    };
    let claimed = answer(AnswerKind::Removed).await.unwrap();
    assert_eq!(claimed.state, TakedownState::ClaimedGone);
    let refused = answer(AnswerKind::Refused).await.unwrap();
    assert_eq!(refused.state, TakedownState::Refused);
    assert!(answer(AnswerKind::Asked).await.is_err());
    let steps: Vec<_> = refused
        .steps
        .iter()
        .map(|it| (it.step, it.recipient_id.as_deref()))
        .collect();
    assert!(
        steps.contains(&("FOLLOW_UP", None)) && steps.contains(&("RECIPIENT", Some("eu-dsc-list"))),
        "{steps:?}"
    );
    let step = |step: &str, recipient: Option<&str>| Escalation {
        step: step.into(),
        recipient_id: recipient.map(str::to_owned),
    };
    let bing = world
        .takedowns
        .escalate(
            &world.caller,
            id,
            step("RECIPIENT", Some("bing")),
            world.now,
        )
        .await;
    let bing = bing.unwrap().takedown;
    assert_eq!(
        (&*bing.recipient_id, bing.facts.name.as_deref()),
        ("bing", Some("Ana Kovač"))
    );
    let again = world
        .takedowns
        .escalate(&world.caller, id, step("FOLLOW_UP", None), world.now)
        .await;
    let again = again.unwrap().takedown;
    assert_eq!(
        (again.state, again.purpose),
        (TakedownState::Ready, TakedownPurpose::FollowUp)
    );
    let wrong = world
        .takedowns
        .escalate(&world.caller, id, step("DUEL", None), world.now)
        .await;
    assert_eq!(wrong.unwrap_err().code, "VALIDATION_ERROR");
}

#[tokio::test]
async fn an_unreadable_request_hides_no_other() {
    let world = world().await;
    let one = world.create(world.request("fastly", 0)).await.unwrap();
    let two = world
        .create(world.request("google-search", 0))
        .await
        .unwrap();
    let page = Page {
        number: 1,
        limit: 20,
    };
    let list = async || {
        let listed = world
            .takedowns
            .list(world.user(), None, page, world.now)
            .await;
        listed
            .unwrap()
            .items
            .into_iter()
            .map(|it| it.id)
            .collect::<Vec<_>>()
    };
    assert_eq!(list().await.len(), 2);
    let sk = format!("TAKEDOWN#{}", one.id);
    testing::set_text(&world.client, world.user(), &sk, "sealed", "damaged").await;
    assert_eq!(list().await, [two.id]);
    let damaged = world.takedowns.get(world.user(), one.id, world.now).await;
    assert_eq!(damaged.unwrap_err().kind, ErrorKind::Bug);
}
