use super::*;
use crate::domain::evidence_record::RENEW_BEFORE_SECONDS;

const DAY: i64 = 24 * 3600;

#[tokio::test]
async fn a_stamp_whose_certificate_ends_soon_is_renewed_once_and_kept() {
    let desk = Desk::new().await;
    let id = desk.ask(EvidenceKeep::Hashes).await;
    let task = EvidenceTask::EvidenceId(id);
    desk.take(task, false).await.unwrap();
    let ends = clock::now().plus_seconds(RENEW_BEFORE_SECONDS - DAY);
    desk.amend(id, |it| it.stamps[0].certificate_ends = ends)
        .await;
    let (one, two) = tokio::join!(desk.take(task, false), desk.take(task, false));
    one.unwrap();
    two.unwrap();
    desk.take(task, false).await.unwrap();
    let stamps = desk.row(id).await.stamps;
    assert_eq!(stamps.len(), 3, "{stamps:?}");
    assert_eq!(stamps[2].renews.as_ref(), Some(&stamps[0].sha256));
    assert_eq!(stamps[2].authority, stamps[0].authority);
    let (_, report) = desk.packed(id, PackFormat::Wacz).await;
    assert!(report.ok, "{:?}", report.checks);
    let renewed = report
        .checks
        .iter()
        .filter(|it| it.what.starts_with("time stamp") && it.what.ends_with("-2.tsr"));
    assert_eq!(renewed.count(), 1);
}

#[tokio::test]
async fn a_stamp_that_ends_late_is_not_renewed_and_without_authorities_nothing_is_due() {
    let desk = Desk::new().await;
    let id = desk.ask(EvidenceKeep::Hashes).await;
    let task = EvidenceTask::EvidenceId(id);
    desk.take(task, false).await.unwrap();
    desk.take(task, false).await.unwrap();
    assert_eq!(desk.row(id).await.stamps.len(), 2);
    let worker = CaptureWorker {
        authorities: Vec::new(),
        ..desk.worker.clone()
    };
    let desk = Desk { worker, ..desk };
    desk.take(task, false).await.unwrap();
    assert_eq!(desk.row(id).await.next_at, None);
}

#[tokio::test]
async fn a_chain_is_stamped_once_a_day_and_only_if_it_moved() {
    let desk = Desk::new().await;
    let id = desk.ask(EvidenceKeep::Blurred).await;
    let task = EvidenceTask::EvidenceId(id);
    desk.take(task, false).await.unwrap();
    assert!(desk.row(id).await.chain_stamps.is_empty(), "it is young");
    desk.amend(id, |it| {
        it.created_at = it.created_at.minus_seconds(2 * DAY)
    })
    .await;
    let (one, two) = tokio::join!(desk.take(task, false), desk.take(task, false));
    one.unwrap();
    two.unwrap();
    let row = desk.row(id).await;
    assert_eq!(row.chain_stamps.len(), 1);
    assert_eq!(row.chain_stamps[0].events, 4);
    let renewal = row.stamps[0]
        .certificate_ends
        .minus_seconds(RENEW_BEFORE_SECONDS);
    assert_eq!(row.next_at, Some(renewal), "nothing moves by being stamped");
    // She looks at it: it is due within a day, and stamped when a day is over since the last.
    desk.records
        .blurred(&desk.caller, id, clock::now())
        .await
        .unwrap();
    let due = desk.row(id).await.next_at.unwrap();
    assert!(due <= clock::now().plus_seconds(DAY));
    desk.take(task, false).await.unwrap();
    assert_eq!(desk.row(id).await.chain_stamps.len(), 1, "too early");
    desk.amend(id, |it| {
        it.chain_stamps[0].at = it.chain_stamps[0].at.minus_seconds(DAY)
    })
    .await;
    desk.take(task, false).await.unwrap();
    let row = desk.row(id).await;
    assert_eq!(row.chain_stamps.len(), 2);
    assert_eq!(row.chain_stamps[1].events, 5);
    let (_, report) = desk.packed(id, PackFormat::Wacz).await;
    assert!(report.ok, "{:?}", report.checks);
    assert!(
        report
            .proven
            .iter()
            .any(|it| it.starts_with("The first 5 events"))
    );
}

#[tokio::test]
async fn a_worker_killed_while_it_stamps_a_chain_loses_and_doubles_nothing() {
    let desk = Desk::new().await;
    let id = desk.ask(EvidenceKeep::Hashes).await;
    let task = EvidenceTask::EvidenceId(id);
    desk.take(task, false).await.unwrap();
    desk.amend(id, |it| {
        it.created_at = it.created_at.minus_seconds(2 * DAY)
    })
    .await;
    let mut kills = 0;
    for polls in 1..=12 {
        desk.amend(id, |it| {
            for stamp in &mut it.chain_stamps {
                stamp.at = stamp.at.minus_seconds(2 * DAY);
            }
        })
        .await;
        let before = desk.row(id).await.chain_stamps.len();
        desk.records
            .rehash(&desk.caller, id, clock::now())
            .await
            .unwrap();
        let ended = killed_after(polls, desk.take(task, false)).await;
        desk.take(task, false).await.unwrap();
        let row = desk.row(id).await;
        assert_eq!(row.chain_stamps.len(), before + 1, "{polls}");
        kills += usize::from(!ended);
    }
    assert!(kills > 3, "killed {kills} times");
    let (_, report) = desk.packed(id, PackFormat::Wacz).await;
    assert!(report.ok, "{:?}", report.checks);
}
