use super::*;

#[tokio::test]
async fn a_pack_is_made_once_verifies_and_goes_after_a_day() {
    let desk = Desk::new().await;
    let id = desk.ask(EvidenceKeep::Full).await;
    desk.take(EvidenceTask::EvidenceId(id), false)
        .await
        .unwrap();
    let new = NewExport {
        ids: vec![id, id],
        format: PackFormat::Wacz,
    };
    let export = desk
        .records
        .export(&desk.caller, new, clock::now())
        .await
        .unwrap();
    let task = EvidenceTask::ExportId(export.id);
    let (one, two) = tokio::join!(desk.take(task, false), desk.take(task, false));
    one.unwrap();
    two.unwrap();
    let user = desk.caller.user;
    let ready = desk
        .records
        .exported(user, export.id, clock::now())
        .await
        .unwrap();
    assert_eq!((ready.state, ready.parts), (ExportState::Ready, 1));
    let pack = desk
        .records
        .export_part(user, (export.id, 1), clock::now())
        .await
        .unwrap();
    let report = vara_evidence::verify_pack(&pack, &vara_evidence::Trusted::default()).unwrap();
    assert!(report.ok, "{:?}", report.checks);
    let later = clock::now().plus_seconds(24 * 3600);
    let gone = desk.records.exported(user, export.id, later).await;
    assert_eq!(gone.unwrap_err().code, "EXPORT_NOT_FOUND");
}

#[tokio::test]
async fn a_pack_has_a_report_and_may_be_a_bag() {
    let desk = Desk::new().await;
    let id = desk.ask(EvidenceKeep::Full).await;
    desk.take(EvidenceTask::EvidenceId(id), false)
        .await
        .unwrap();
    let (pack, report) = desk.packed(id, PackFormat::Wacz).await;
    assert!(report.ok, "{:?}", report.checks);
    let entries = vara_evidence::read_container(&pack).unwrap();
    assert!(entries["report/record-0001.pdf"].starts_with(b"%PDF-1.7"));
    let (bag, report) = desk.packed(id, PackFormat::Bag).await;
    assert!(report.ok, "{:?}", report.checks);
    let entries = vara_evidence::read_container(&bag).unwrap();
    assert!(entries.contains_key("record-0001/data/report/record-0001.pdf"));
}

#[tokio::test]
async fn the_address_of_each_part_is_good_once() {
    let desk = Desk::new().await;
    let id = desk.ask(EvidenceKeep::Blurred).await;
    desk.take(EvidenceTask::EvidenceId(id), false)
        .await
        .unwrap();
    let new = NewExport {
        ids: vec![id],
        format: PackFormat::Wacz,
    };
    let export = desk
        .records
        .export(&desk.caller, new, clock::now())
        .await
        .unwrap();
    let early = desk
        .records
        .export_addresses(&desk.caller, export.id, clock::now());
    assert_eq!(early.await.unwrap_err().code, "PART_NOT_FOUND");
    desk.take(EvidenceTask::ExportId(export.id), false)
        .await
        .unwrap();
    let given = desk
        .records
        .export_addresses(&desk.caller, export.id, clock::now());
    let given = given.await.unwrap().parts;
    assert_eq!(given.len(), 1);
    let token = given[0].url.rsplit('/').next().unwrap();
    let file = desk.records.fetch(token, clock::now()).await.unwrap();
    let report = vara_evidence::verify_pack(&file.bytes, &vara_evidence::Trusted::default());
    assert!(report.unwrap().ok);
    let again = desk.records.fetch(token, clock::now()).await;
    assert_eq!(again.unwrap_err().code, "FILE_NOT_FOUND");
}
