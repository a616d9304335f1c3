//! `/api/v1/evidence`.

use api_evidence::{EvidenceKeys, Rehashed};
use serde_json::json;
use vara::domain::event::Event;
use vara::domain::evidence_record::{EvidenceExport, EvidenceRecord};
use vara::services::evidence::{NewEvidence, NewExport, PackAddresses, RevealRequest};
use vara::services::record::file_addresses::FileAddress;

use crate::operation::Operation;

const ALL: &str = "/api/v1/evidence";
const ONE: &str = "/api/v1/evidence/{id}";
const EXPORTS: &str = "/api/v1/evidence/exports";
const EXPORT: &str = "/api/v1/evidence/exports/{id}";

pub(super) fn operations() -> Vec<Operation> {
    let mut all = vec![list(), capture(), keys(), read(), erase()];
    all.extend(looks());
    all.extend(protection());
    all.extend(exports());
    all.extend(addresses());
    all
}

fn list() -> Operation {
    Operation::new("get", ALL, "listEvidence", "List records of evidence")
        .about("The newest first.")
        .page::<EvidenceRecord>("A page of records.")
}

fn capture() -> Operation {
    has_body(writes(Operation::new("post", ALL, "captureEvidence", "Capture the page of a match")))
        .about(
            "A worker fetches the page and the picture as any visitor, keeps their hashes and what `keep` names, sealed \
             with her data key, signs the manifest and has it stamped by time-stamp authorities (RFC 3161). The record \
             is `CAPTURING`, then `SEALED`, then `STAMPED`; it is `FAILED` with a reason if the page cannot be \
             captured. Nothing is captured unless everybody in the picture is said to be an adult.",
        )
        .takes::<NewEvidence>()
        .data::<EvidenceRecord>(202, "The record; its address is in `Location`.")
        .refuses(404, &["MATCH_NOT_FOUND", "ACCOUNT_NOT_FOUND"])
        .refuses(409, &["NOT_FOR_MINORS", "TOO_MANY_RECORDS"])
}

fn keys() -> Operation {
    let keys = "/api/v1/evidence/keys";
    Operation::new(
        "get",
        keys,
        "listEvidenceKeys",
        "List the public keys that sign evidence",
    )
    .about("The name of a key is the SHA-256 of its `SubjectPublicKeyInfo`, as packs name it.")
    .open()
    .data::<EvidenceKeys>(200, "The keys.")
}

fn read() -> Operation {
    one(Operation::new(
        "get",
        ONE,
        "getEvidence",
        "Get a record of evidence",
    ))
    .data::<EvidenceRecord>(200, "The record.")
    .refuses(404, &["ACCOUNT_NOT_FOUND"])
}

fn erase() -> Operation {
    changes(Operation::new(
        "delete",
        ONE,
        "eraseEvidence",
        "Erase a record of evidence",
    ))
    .about("Removes what is kept. The chain of custody stays, with hashes only.")
    .recent()
    .data::<vara::http::Deleted>(200, "The record is gone.")
    .refuses(409, &["FROZEN"])
}

fn looks() -> [Operation; 3] {
    let custody = "/api/v1/evidence/{id}/custody";
    let blurred = "/api/v1/evidence/{id}/blurred";
    let rehash = "/api/v1/evidence/{id}/rehash";
    [
        one(Operation::new("get", custody, "listCustody", "List the chain of custody of a record"))
            .about("What happened to it, in order, each event linked to the one before. Also of an erased record.")
            .data_list::<Event>("The events."),
        one(Operation::new("get", blurred, "getBlurredEvidence", "Get the blurred picture of a record"))
            .about("That it was shown is in the chain of custody before it is answered.")
            .bytes("image/jpeg", "The picture, blurred beyond recognition.")
            .refuses(404, &["NO_BLURRED_PICTURE", "ACCOUNT_NOT_FOUND"]),
        changes(Operation::new("post", rehash, "rehashEvidence", "Hash what is kept of a record anew"))
            .data::<Rehashed>(200, "Whether it is what was captured."),
    ]
}

fn protection() -> [Operation; 2] {
    let freeze = "/api/v1/evidence/{id}/freeze";
    let release = "/api/v1/evidence/{id}/release";
    [
        changes(Operation::new(
            "post",
            freeze,
            "freezeEvidence",
            "Protect a record from being erased",
        ))
        .data::<EvidenceRecord>(200, "The record."),
        changes(Operation::new(
            "post",
            release,
            "releaseEvidence",
            "End the protection of a record",
        ))
        .recent()
        .data::<EvidenceRecord>(200, "The record."),
    ]
}

fn exports() -> [Operation; 3] {
    let part = "/api/v1/evidence/exports/{id}/parts/{part}";
    let number = json!({ "type": "integer", "minimum": 1, "maximum": 100 });
    [
        has_body(writes(Operation::new("post", EXPORTS, "exportEvidence", "Make a pack of records")))
            .about(
                "A WACZ file with manifests, signatures, time stamps, chains of custody and a report in PDF for each record, \
                 which `vara-verify` checks without network; or the same in a bag (RFC 8493). At most 20 records. It \
                 lies ready for a day.",
            )
            .recent()
            .takes::<NewExport>()
            .data::<EvidenceExport>(202, "The pack, to be followed.")
            .refuses(404, &["EVIDENCE_NOT_FOUND"])
            .refuses(409, &["NOT_CAPTURED"])
            .refuses(413, &["TOO_LARGE"]),
        export(Operation::new("get", EXPORT, "getEvidenceExport", "Get how far a pack is"))
            .data::<EvidenceExport>(200, "The pack."),
        export(Operation::new("get", part, "getEvidenceExportPart", "Get a part of a pack"))
            .about("The parts one behind the other, from 1 to `parts`, are the file.")
            .part("part", "The number of the part.", number)
            .recent()
            .bytes("application/octet-stream", "The bytes of the part.")
            .refuses(404, &["PART_NOT_FOUND", "ACCOUNT_NOT_FOUND"]),
    ]
}

fn addresses() -> [Operation; 3] {
    let reveal = "/api/v1/evidence/{id}/reveal";
    let packs = "/api/v1/evidence/exports/{id}/addresses";
    let files = "/api/v1/evidence/files/{token}";
    let token = json!({ "type": "string", "minLength": 1 });
    [
        has_body(changes(Operation::new("post", reveal, "revealEvidence", "Reveal what is kept of a record")))
            .about(
                "An address under which it can be fetched once, within a minute, without a token. That it was revealed is \
                 in the chain of custody and in the access log before it is answered.",
            )
            .recent()
            .not_repeatable()
            .takes::<RevealRequest>()
            .data::<FileAddress>(201, "The address.")
            .refuses(404, &["NOTHING_KEPT"])
            .refuses(413, &["TOO_LARGE"]),
        writes(export(Operation::new("post", packs, "createPackAddresses", "Create the addresses of a pack")))
            .not_repeatable()
            .about(
                "Under each address one part can be fetched once, within ten minutes, without a token. The parts one behind \
                 the other are the file.",
            )
            .recent()
            .data::<PackAddresses>(201, "The addresses.")
            .refuses(404, &["PART_NOT_FOUND"]),
        Operation::new("get", files, "fetchEvidenceFile", "Fetch a file of evidence")
            .open()
            .about("Uses the address up.")
            .part("token", "The last part of the address.", token)
            .bytes("application/octet-stream", "The file.")
            .bytes("image/jpeg", "The picture.")
            .bytes("image/png", "The picture.")
            .bytes("image/webp", "The picture.")
            .bytes("image/gif", "The picture.")
            .refuses(404, &["FILE_NOT_FOUND", "ACCOUNT_NOT_FOUND", "EXPORT_NOT_FOUND", "PART_NOT_FOUND"]),
    ]
}

fn one(it: Operation) -> Operation {
    it.any_id().refuses(404, &["EVIDENCE_NOT_FOUND"])
}

fn export(it: Operation) -> Operation {
    it.any_id().refuses(404, &["EXPORT_NOT_FOUND"])
}

fn writes(it: Operation) -> Operation {
    it.refuses(429, &["TOO_MANY_WRITES"])
}

fn changes(it: Operation) -> Operation {
    writes(one(it)).refuses(404, &["ACCOUNT_NOT_FOUND"])
}

fn has_body(it: Operation) -> Operation {
    it.refuses(400, &["VALIDATION_ERROR", "INVALID_JSON"])
        .refuses(413, &["FST_ERR_CTP_BODY_TOO_LARGE"])
}
