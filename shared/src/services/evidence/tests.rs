mod keys;
mod packs;
mod reveal;
mod stamps;

use super::*;
use crate::clock;
use crate::domain::Role;
use crate::domain::evidence_record::{CaptureFailure, ExportState, PackFormat};
use crate::domain::{ScanOrigin, ScanType};
use crate::engines::{Fetcher, TimeStampAuthority};
use crate::queues::QueueDelivery;
use crate::testing::{self, Cloud, World, killed_after};

/// Her world, with a finding whose page and picture are really served.
struct Desk {
    world: World,
    caller: Caller,
    records: EvidenceRecords,
    worker: CaptureWorker,
    finding: MatchId,
}

impl Desk {
    /// Her records, as they are listed.
    async fn list(&self) -> Listing<EvidenceRecord> {
        let page = Page {
            number: 1,
            limit: 10,
        };
        let listed = self.records.list(self.caller.user, page, clock::now());
        listed.await.unwrap()
    }

    async fn total(&self) -> u64 {
        self.list().await.pagination.total
    }

    async fn new() -> Self {
        Self::at("/site/thread").await
    }

    async fn at(page: &str) -> Self {
        let world = World::new().await;
        let log = EventLog::new(world.store.clone(), Cloud::vault_at(&world.at("/kms")));
        let signer = Cloud::signer_at(&world.at("/kms"));
        let of = (log, world.objects.clone());
        let queue = (
            world.queues.clone(),
            "http://queues/1/vara-capture".to_owned(),
        );
        let records = EvidenceRecords::new(of.clone(), signer.clone(), queue);
        let host = world.at("");
        let fetcher = Fetcher::new(host.strip_prefix("http://")).unwrap();
        let authorities = vara_engines::time_stamp_authorities(&host);
        let authorities = TimeStampAuthority::read(&authorities).unwrap();
        let worker = CaptureWorker::new(of, signer, fetcher, authorities);
        let image = world.picture(7).await;
        let scan = world
            .begun(ScanType::ImageScan, ScanOrigin::System, None)
            .await;
        let page = world.at(page);
        world.plant(7, &page).await;
        let picture = reqwest::get(&page).await.unwrap().text().await.unwrap();
        let picture = picture
            .split("src=\"")
            .nth(1)
            .and_then(|it| it.split('"').next());
        let found = testing::finding(image, scan.id, &page, clock::now());
        let stored = world
            .store
            .store_known(world.user, (&found, picture), None, None);
        stored.await.unwrap();
        let caller = Caller {
            user: world.user,
            email: "ana@example.net".into(),
            session: None,
            role: Role::User,
            confirmed_at: None,
        };
        Self {
            world,
            caller,
            records,
            worker,
            finding: found.id,
        }
    }

    async fn ask(&self, keep: EvidenceKeep) -> EvidenceId {
        let new = NewEvidence {
            finding_id: self.finding,
            keep,
            everybody_is_adult: true,
        };
        let asked = self.records.request(&self.caller, new, clock::now());
        asked.await.unwrap().id
    }

    async fn take(&self, about: EvidenceTask, last: bool) -> Result<()> {
        let message = EvidenceMessage {
            user_id: self.caller.user,
            about,
        };
        let delivery = QueueDelivery {
            id: "m".into(),
            body: serde_json::to_string(&message).unwrap(),
            queue: "capture".into(),
            receipt: "r".into(),
            attempt: 1,
            last,
            trace: None,
            deadline: clock::now().plus_seconds(180),
        };
        self.worker.take(&delivery).await
    }

    async fn get(&self, id: EvidenceId) -> EvidenceRecord {
        let got = self.records.get(self.caller.user, id, clock::now());
        got.await.unwrap()
    }

    async fn row(&self, id: EvidenceId) -> EvidenceRow {
        let row = self.world.store.evidence(self.caller.user, id).await;
        row.unwrap().unwrap()
    }

    /// Changes the row of a record behind everybody's back.
    async fn amend(&self, id: EvidenceId, change: impl FnOnce(&mut EvidenceRow)) {
        let before = self.row(id).await;
        let mut after = before.clone();
        change(&mut after);
        after.revision += 1;
        let store = &self.world.store;
        let changed = store.change_evidence(self.caller.user, &before, &after, None);
        assert!(changed.await.unwrap());
    }

    /// A pack of a record, and what its check says.
    async fn packed(&self, id: EvidenceId, format: PackFormat) -> (Vec<u8>, vara_evidence::Report) {
        let ids = vec![id];
        let new = NewExport { ids, format };
        let export = self.records.export(&self.caller, new, clock::now());
        let export = export.await.unwrap();
        let task = EvidenceTask::ExportId(export.id);
        self.take(task, false).await.unwrap();
        let part = (export.id, 1);
        let part = self
            .records
            .export_part(self.caller.user, part, clock::now());
        let pack = part.await.unwrap();
        let report = vara_evidence::verify_pack(&pack, &vara_evidence::Trusted::default());
        (pack, report.unwrap())
    }

    async fn kinds(&self, id: EvidenceId) -> Vec<String> {
        let chain = self.records.custody(self.caller.user, id, clock::now());
        let chain = chain.await.unwrap();
        chain.iter().map(|it| it.kind.to_string()).collect()
    }

    /// The folders of objects of a record.
    fn attempts(&self, id: EvidenceId) -> usize {
        let prefix = crate::objects::key::evidence(self.caller.user, id);
        let names = self.world.cloud.objects_under(&prefix);
        let attempts = names
            .iter()
            .filter_map(|it| it.strip_prefix(&prefix)?.split('/').next());
        attempts.collect::<std::collections::BTreeSet<_>>().len()
    }
}

#[tokio::test]
async fn a_message_that_comes_twice_or_late_captures_once() {
    let desk = Desk::new().await;
    let id = desk.ask(EvidenceKeep::Full).await;
    let task = EvidenceTask::EvidenceId(id);
    let (one, two) = tokio::join!(desk.take(task, false), desk.take(task, false));
    one.unwrap();
    two.unwrap();
    desk.take(task, false).await.unwrap();
    let record = desk.get(id).await;
    assert_eq!(
        (record.state, record.stamps.len()),
        (EvidenceState::Stamped, 2)
    );
    let roles: Vec<_> = record.items.iter().map(|it| it.role.as_str()).collect();
    assert_eq!(roles, ["PAGE", "HEADERS", "IMAGE", "BLURRED"]);
    assert_eq!(
        desk.attempts(id),
        1,
        "what the other worker stored is removed"
    );
    let kinds = desk.kinds(id).await;
    let captured = kinds.iter().filter(|it| *it == "evidence.captured");
    assert_eq!(captured.count(), 1, "{kinds:?}");
    assert!(
        desk.records
            .rehash(&desk.caller, id, clock::now())
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn a_worker_that_is_killed_anywhere_loses_and_doubles_nothing() {
    let desk = Desk::new().await;
    let mut kills = 0;
    // Fewer than the writes of a minute.
    for polls in (1..).step_by(7).take(18) {
        let id = desk.ask(EvidenceKeep::Blurred).await;
        let task = EvidenceTask::EvidenceId(id);
        let ended = killed_after(polls, desk.take(task, false)).await;
        desk.take(task, false).await.unwrap();
        let record = desk.get(id).await;
        assert_eq!(
            (record.state, record.stamps.len()),
            (EvidenceState::Stamped, 2),
            "{polls}"
        );
        assert_eq!(desk.attempts(id), 1, "{polls}");
        let kinds = desk.kinds(id).await;
        let captured = kinds.iter().filter(|it| *it == "evidence.captured");
        assert_eq!(captured.count(), 1, "{polls}: {kinds:?}");
        kills += usize::from(!ended);
    }
    assert!(kills > 3, "killed {kills} times");
}

#[tokio::test]
async fn a_record_waits_for_time_stamps_and_gets_them_later() {
    let desk = Desk::new().await;
    let id = desk.ask(EvidenceKeep::Hashes).await;
    let task = EvidenceTask::EvidenceId(id);
    desk.world
        .fault(json!({ "engine": "tsa", "mode": "garbage" }))
        .await;
    desk.take(task, false).await.unwrap();
    let record = desk.get(id).await;
    assert_eq!(
        (record.state, record.stamps.len()),
        (EvidenceState::Sealed, 0)
    );
    let row = desk.row(id).await;
    assert!(row.next_at.is_some(), "it is looked after again");
    assert!(
        record
            .items
            .iter()
            .all(|it| it.role != EvidenceRole::Blurred)
    );
    let refused = desk.records.blurred(&desk.caller, id, clock::now()).await;
    assert_eq!(refused.unwrap_err().code, "NO_BLURRED_PICTURE");
    desk.world.repair().await;
    desk.take(task, false).await.unwrap();
    let record = desk.get(id).await;
    assert_eq!(
        (record.state, record.stamps.len()),
        (EvidenceState::Stamped, 2)
    );
    let row = desk.row(id).await;
    let due = row.created_at.plus_seconds(CHAIN_STAMP_SECONDS);
    assert_eq!(row.next_at, Some(due), "its chain is stamped after a day");
}

#[tokio::test]
async fn a_page_that_is_out_of_order_comes_again_and_then_is_given_up() {
    let desk = Desk::new().await;
    // Nothing is at this port.
    let fetcher = Fetcher::new(Some("127.0.0.1:9")).unwrap();
    let worker = CaptureWorker {
        fetcher,
        ..desk.worker.clone()
    };
    let not_allowed = desk.ask(EvidenceKeep::Hashes).await;
    let image = desk.world.picture(8).await;
    let scan = desk
        .world
        .begun(ScanType::BreachCheck, ScanOrigin::System, None)
        .await;
    let found = testing::finding(image, scan.id, "http://127.0.0.1:9/a", clock::now());
    let stored = desk
        .world
        .store
        .store_finding(desk.caller.user, &found, None);
    stored.await.unwrap();
    let desk = Desk {
        worker,
        finding: found.id,
        ..desk
    };
    desk.take(EvidenceTask::EvidenceId(not_allowed), false)
        .await
        .unwrap();
    let record = desk.get(not_allowed).await;
    assert_eq!(record.failure, Some(CaptureFailure::NotAllowed));

    let id = desk.ask(EvidenceKeep::Hashes).await;
    let task = EvidenceTask::EvidenceId(id);
    let err = desk.take(task, false).await.unwrap_err();
    assert_eq!(err.kind, ErrorKind::Unavailable);
    assert_eq!(desk.get(id).await.state, EvidenceState::Capturing);
    desk.take(task, true).await.unwrap();
    let record = desk.get(id).await;
    assert_eq!(record.failure, Some(CaptureFailure::Unreachable));
    assert_eq!(
        desk.kinds(id).await,
        ["evidence.requested", "evidence.failed"]
    );
    assert_eq!(desk.attempts(id), 0);
}

#[tokio::test]
async fn an_unreadable_record_is_left_out_of_the_list() {
    let desk = Desk::new().await;
    let good = desk.ask(EvidenceKeep::Hashes).await;
    let bad = desk.ask(EvidenceKeep::Hashes).await;
    let user = desk.caller.user;
    let before = desk.world.store.evidence(user, bad).await.unwrap().unwrap();
    let after = EvidenceRow {
        sealed: "?".into(),
        revision: 2,
        ..before.clone()
    };
    let spoiled = desk
        .world
        .store
        .change_evidence(user, &before, &after, None);
    assert!(spoiled.await.unwrap());
    let listed = desk.list().await;
    let ids: Vec<_> = listed.items.iter().map(|it| it.id).collect();
    assert_eq!(ids, [good]);
}

#[tokio::test]
async fn minors_and_findings_of_others_are_refused_and_nothing_is_stored() {
    let desk = Desk::new().await;
    let new = |finding_id, everybody_is_adult| NewEvidence {
        finding_id,
        keep: EvidenceKeep::Full,
        everybody_is_adult,
    };
    let refused = desk
        .records
        .request(&desk.caller, new(desk.finding, false), clock::now());
    assert_eq!(refused.await.unwrap_err().code, "NOT_FOR_MINORS");
    let other = MatchId::from(uuid::Uuid::new_v4());
    let refused = desk
        .records
        .request(&desk.caller, new(other, true), clock::now());
    assert_eq!(refused.await.unwrap_err().code, "MATCH_NOT_FOUND");
    assert_eq!(desk.total().await, 0);
}

#[tokio::test]
async fn an_erased_record_leaves_its_chain_and_nothing_else() {
    let desk = Desk::new().await;
    let id = desk.ask(EvidenceKeep::Full).await;
    desk.take(EvidenceTask::EvidenceId(id), false)
        .await
        .unwrap();
    desk.records
        .set_frozen(&desk.caller, id, true, clock::now())
        .await
        .unwrap();
    let refused = desk.records.erase(&desk.caller, id, clock::now()).await;
    assert_eq!(refused.unwrap_err().code, "FROZEN");
    desk.records
        .set_frozen(&desk.caller, id, false, clock::now())
        .await
        .unwrap();
    desk.records
        .erase(&desk.caller, id, clock::now())
        .await
        .unwrap();
    assert_eq!(desk.attempts(id), 0);
    assert!(
        desk.world
            .store
            .due_evidence(desk.caller.user, id)
            .await
            .unwrap()
            .is_none()
    );
    let last = desk.kinds(id).await.pop();
    assert_eq!(last.as_deref(), Some("evidence.erased"));
    assert_eq!(desk.total().await, 0);
}
