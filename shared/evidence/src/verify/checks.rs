//! The checks of a pack, one after the other. Each that fails names the file.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use p384::ecdsa::signature::hazmat::PrehashVerifier;
use p384::ecdsa::{Signature, VerifyingKey};
use p384::pkcs8::DecodePublicKey;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::check::{CheckedRecord, CheckedStamps, Checks};
use crate::chain::is_whole;
use crate::packed::kept_path;
use crate::{
    ChainLine, KeySignature, MANIFEST_PROFILE, Manifest, PackHead, canonical, sha256_hex,
    verify_signature, warc,
};

#[derive(Deserialize)]
struct Package {
    created: String,
    software: String,
    resources: Vec<PackResource>,
}

#[derive(Deserialize)]
struct PackResource {
    path: String,
    hash: String,
    bytes: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DigestFile {
    path: String,
    hash: String,
    signed_data: SignedData,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SignedData {
    hash: String,
    created: String,
    software: String,
    version: String,
    signature: String,
    public_key: String,
}

/// Runs all checks. What the stamps say.
pub(super) fn run(checks: &mut Checks<'_>) -> CheckedStamps {
    let package = checks.package();
    let pack_key = checks.signature(package.as_ref());
    let payloads = checks.archive();
    let head = checks.head(pack_key.as_deref());
    let records = checks.manifests(&payloads);
    let lines = checks.chain_lines();
    match (&head, &lines) {
        (Some(head), Some(lines)) => checks.chains(head, &records, lines),
        (_, None) => checks.note("custody/chain.jsonl", Some("it cannot be read")),
        (None, Some(_)) => {}
    }
    checks.stamps(&records, &lines.unwrap_or_default())
}

impl Checks<'_> {
    /// Every file is as the package says, and there is no other.
    fn package(&mut self) -> Option<Package> {
        let Some(package) = self.json::<Package>("datapackage.json") else {
            self.note("datapackage.json", Some("it is missing or cannot be read"));
            return None;
        };
        let mut named = BTreeSet::from(["datapackage.json", "datapackage-digest.json"]);
        for resource in &package.resources {
            let bytes = self.entries.get(&resource.path);
            let hash = bytes.map(|it| format!("sha256:{}", sha256_hex(it)));
            let is_right = hash.as_deref() == Some(&resource.hash)
                && bytes.map(Vec::len) == Some(resource.bytes)
                && named.insert(&resource.path);
            self.note(&resource.path, (!is_right).then_some("its hash is another"));
        }
        let extra: Vec<String> = self
            .entries
            .keys()
            .filter(|it| !named.contains(it.as_str()))
            .cloned()
            .collect();
        for path in extra {
            self.note(path, Some("it is not in the package"));
        }
        Some(package)
    }

    /// The pack's own signature over its package; the SHA-256 of the key.
    fn signature(&mut self, package: Option<&Package>) -> Option<String> {
        let what = "datapackage-digest.json";
        let file: Option<DigestFile> = self.json(what);
        let (Some(file), Some(package)) = (file, package) else {
            self.note(what, Some("it is missing or cannot be read"));
            return None;
        };
        let signed = &file.signed_data;
        let bytes = self.entries.get("datapackage.json");
        let hash = bytes.map(|it| format!("sha256:{}", sha256_hex(it)));
        let is_consistent = file.path == "datapackage.json"
            && hash.as_ref() == Some(&file.hash)
            && signed.hash == file.hash
            && signed.created == package.created
            && signed.software == package.software
            && signed.version == "0.1.0";
        let key = STANDARD.decode(&signed.public_key).ok();
        let verifies = |key: &[u8]| -> Option<()> {
            let verifier = VerifyingKey::from_public_key_der(key).ok()?;
            let signature =
                Signature::from_slice(&STANDARD.decode(&signed.signature).ok()?).ok()?;
            let prehash = Sha256::digest(signed.hash.as_bytes());
            verifier.verify_prehash(&prehash, &signature).ok()
        };
        let is_signed = is_consistent && key.as_deref().and_then(verifies).is_some();
        self.note(
            "signature of the pack",
            (!is_signed).then_some("it does not verify"),
        );
        key.map(|it| sha256_hex(&it))
    }

    /// Every record of the archive is what its digests say. The hashes of its payloads.
    fn archive(&mut self) -> BTreeSet<String> {
        let records = self.entries.get("archive/data.warc.gz");
        let records = records.and_then(|it| warc::read(it));
        let is_right = records.as_ref().is_some_and(|records| {
            records.iter().all(|it| {
                let digest = format!("sha256:{}", sha256_hex(&it.block));
                it.header("WARC-Block-Digest") == Some(&digest)
            })
        });
        self.note(
            "records of the archive",
            (!is_right).then_some("a digest is another"),
        );
        let payload = |it: &warc::ReadRecord| match it.header("WARC-Type") {
            Some("resource") => Some(sha256_hex(&it.block)),
            _ => {
                let at = it.block.windows(4).position(|it| it == b"\r\n\r\n")?;
                Some(sha256_hex(it.block.get(at + 4..)?))
            }
        };
        records.iter().flatten().filter_map(payload).collect()
    }

    fn is_known(&self, signature: &KeySignature) -> bool {
        let known = self.trusted.keys.as_ref();
        known.is_none_or(|it| it.contains(&signature.key_id))
    }

    /// The signature over the ends of the chains, and that it vouches for the pack's key.
    fn head(&mut self, pack_key: Option<&str>) -> Option<PackHead> {
        let what = "custody/head.json";
        let head: Option<PackHead> = self.json(what);
        let signature: Option<KeySignature> = self.json("custody/head.sig");
        let bytes = self.entries.get(what);
        let is_signed = matches!((&signature, bytes), (Some(signature), Some(bytes))
            if verify_signature(signature, bytes) && self.is_known(signature));
        self.note(
            "signature of custody/head.json",
            (!is_signed).then_some("it does not verify, or its key is not known"),
        );
        let is_vouched = head
            .as_ref()
            .is_some_and(|it| Some(it.pack_key_sha256.as_str()) == pack_key);
        self.note(
            "key of the pack",
            (!is_vouched).then_some("it is not the one that the signed head names"),
        );
        head
    }

    /// The manifests, each with its signature and the files that are kept beside it.
    fn manifests(&mut self, payloads: &BTreeSet<String>) -> Vec<CheckedRecord> {
        let names: Vec<String> = self
            .entries
            .keys()
            .filter(|it| it.starts_with("custody/manifest-") && it.ends_with(".json"))
            .cloned()
            .collect();
        let mut found = Vec::new();
        for name in names {
            let bytes = self.entries.get(&name).cloned().unwrap_or_default();
            let manifest: Option<Manifest> = serde_json::from_slice(&bytes).ok();
            let signature: Option<KeySignature> = self.json(&name.replace(".json", ".sig"));
            let is_canonical = manifest.as_ref().is_some_and(|it| {
                canonical(it).as_ref() == Some(&bytes)
                    && it.profile == MANIFEST_PROFILE
                    && name == format!("custody/manifest-{}.json", it.id)
            });
            let is_signed =
                signature.is_some_and(|it| verify_signature(&it, &bytes) && self.is_known(&it));
            let is_right = is_canonical && is_signed;
            self.note(
                format!("signature of {name}"),
                (!is_right).then_some("it does not verify, or its key is not known"),
            );
            if let Some(manifest) = manifest {
                self.kept(&manifest, payloads);
                let sha256 = sha256_hex(&bytes);
                found.push(CheckedRecord { manifest, sha256 });
            }
        }
        if found.is_empty() {
            self.note("manifests", Some("there are none"));
        }
        found
    }

    /// What is kept beside a manifest is what it says.
    fn kept(&mut self, manifest: &Manifest, payloads: &BTreeSet<String>) {
        for item in manifest.items.iter().filter(|it| it.kept) {
            let is_right = match kept_path(manifest.id, item.role) {
                Some(path) => {
                    let bytes = self.entries.get(&path);
                    bytes.is_some_and(|it| sha256_hex(it) == item.sha256)
                }
                None => payloads.contains(&item.sha256),
            };
            let what = format!("{} of {}", item.path, manifest.id);
            self.note(what, (!is_right).then_some("it is not what was captured"));
        }
    }

    /// The chains of all records, up to the signed head; and that each tells of its manifest and of this pack.
    fn chains(&mut self, head: &PackHead, records: &[CheckedRecord], lines: &[ChainLine]) {
        let mut told = 0;
        for chain in &head.records {
            let stream = vara_domain::event::StreamName::evidence(chain.id);
            let own: Vec<&ChainLine> = lines
                .iter()
                .filter(|it| it.event.stream == stream)
                .collect();
            told += own.len();
            let is_right = is_whole(head.owner, chain, &own);
            self.note(
                format!("chain of custody of {}", chain.id),
                (!is_right).then_some("an event is changed, missing or out of order"),
            );
            let says = |kind: &str, name: &str, value: &str| {
                let mut of_kind = own.iter().filter(|it| it.event.kind.as_str() == kind);
                of_kind.any(|it| {
                    it.data()
                        .is_some_and(|it| it.get(name).and_then(|it| it.as_str()) == Some(value))
                })
            };
            let record = records.iter().find(|it| it.manifest.id == chain.id);
            let is_told = record
                .is_some_and(|it| says("evidence.captured", "manifestSha256", &it.sha256))
                && says("evidence.exported", "packKeySha256", &head.pack_key_sha256);
            self.note(
                format!("what the chain of {} tells of", chain.id),
                (!is_told).then_some("it is another manifest, or another pack"),
            );
        }
        let is_all = told == lines.len() && records.len() == head.records.len();
        self.note(
            "custody/chain.jsonl",
            (!is_all).then_some("it tells of other records"),
        );
    }
}
