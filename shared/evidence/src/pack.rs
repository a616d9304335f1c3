//! Makes a pack: a WACZ file that opens in web archive players, with manifests, signatures, time stamps and the chain
//! of custody beside it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use p384::ecdsa::signature::hazmat::PrehashSigner;
use p384::ecdsa::{Signature, SigningKey};
use p384::pkcs8::EncodePublicKey;
use serde_json::json;
use sha2::{Digest, Sha256};
use vara_domain::Timestamp;
use vara_domain::evidence_record::PackFormat;

use crate::bag::put_in_bag;
use crate::container::{Entries, write_container};
use crate::packed::{PackedRecord, PackedStamp, SOFTWARE, kept_path};
use crate::web_archive::web_archive;
use crate::{ChainLine, KeySignature, PackHead, canonical, sha256_hex};

/// The only version that the public validator takes.
const WACZ_VERSION: &str = "1.1.1";

/// The key of one pack. It signs in the way that players of web archives check, and is vouched for by the signed head.
pub struct PackKey(SigningKey);

impl PackKey {
    /// From 48 random bytes; `None` for the few that are no key.
    #[must_use]
    pub fn from_random(bytes: &[u8; 48]) -> Option<Self> {
        SigningKey::from_slice(bytes).ok().map(Self)
    }

    /// The public key, as `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn spki(&self) -> Option<Vec<u8>> {
        let der = self.0.verifying_key().to_public_key_der().ok()?;
        Some(der.as_bytes().to_vec())
    }

    /// The SHA-256 of the public key.
    #[must_use]
    pub fn sha256(&self) -> Option<String> {
        self.spki().map(|it| sha256_hex(&it))
    }

    fn sign(&self, text: &str) -> Option<String> {
        let signature: Signature = self.0.sign_prehash(&Sha256::digest(text.as_bytes())).ok()?;
        Some(STANDARD.encode(signature.to_bytes()))
    }
}

/// All that goes into a pack.
pub struct Pack<'a> {
    /// The records.
    pub records: &'a [PackedRecord],
    /// Their chains, one event behind the other.
    pub chain: &'a [ChainLine],
    /// The ends of the chains.
    pub head: &'a PackHead,
    /// The signature over the canonical bytes of the head.
    pub head_signature: &'a KeySignature,
}

/// The bytes of a pack. `None` if something in it cannot be written.
#[must_use]
pub fn write_pack(pack: &Pack<'_>, key: &PackKey, format: PackFormat) -> Option<Vec<u8>> {
    let entries = entries(pack, key)?;
    match format {
        PackFormat::Wacz => write_container(&entries),
        PackFormat::Bag => {
            let name = format!("record-{:04}", first_number(pack));
            write_container(&put_in_bag(entries, &name, pack.head.exported_at)?)
        }
    }
}

/// The number that the whole pack is named by.
fn first_number(pack: &Pack<'_>) -> u32 {
    pack.records.first().map_or(0, |it| it.number)
}

fn entries(pack: &Pack<'_>, key: &PackKey) -> Option<Entries> {
    let mut entries = Entries::new();
    let created = pack.head.exported_at;
    web_archive(&mut entries, pack.records, created)?;
    for record in pack.records {
        put_record(&mut entries, record)?;
    }
    let lines = pack
        .chain
        .iter()
        .map(canonical)
        .collect::<Option<Vec<_>>>()?;
    let chain = lines.into_iter().flat_map(|mut it| {
        it.push(b'\n');
        it
    });
    entries.insert("custody/chain.jsonl".into(), chain.collect());
    entries.insert("custody/head.json".into(), canonical(pack.head)?);
    entries.insert("custody/head.sig".into(), canonical(pack.head_signature)?);
    entries.insert("report/check.txt".into(), CHECK.as_bytes().to_vec());
    let title = format!("Record {:04}", first_number(pack));
    let package = datapackage(&entries, &title, created)?;
    let digest = digest(&package, created, key)?;
    entries.insert("datapackage.json".into(), package);
    entries.insert("datapackage-digest.json".into(), digest);
    Some(entries)
}

fn put_record(entries: &mut Entries, record: &PackedRecord) -> Option<()> {
    let id = record.manifest.id;
    let name = format!("custody/manifest-{id}");
    entries.insert(format!("{name}.json"), record.manifest_bytes.clone());
    entries.insert(format!("{name}.sig"), canonical(&record.signature)?);
    for (role, bytes) in &record.kept {
        if let Some(path) = kept_path(id, *role) {
            entries.insert(path, bytes.clone());
        }
    }
    for (at, stamp) in record.stamps.iter().enumerate() {
        let before = record.stamps.iter().take(at);
        let number = before.filter(|it| it.authority == stamp.authority).count() + 1;
        put_stamp(
            entries,
            stamp,
            &format!("{id}-{}-{number}", stamp.authority),
        );
    }
    for it in &record.head_stamps {
        let name = format!("{id}-head-{}-{}", it.events, it.stamp.authority);
        put_stamp(entries, &it.stamp, &name);
    }
    if let Some(report) = &record.report {
        let name = format!("report/record-{:04}.pdf", record.number);
        entries.insert(name, report.clone());
    }
    Some(())
}

fn put_stamp(entries: &mut Entries, stamp: &PackedStamp, name: &str) {
    entries.insert(format!("stamps/{name}.tsq"), stamp.request.clone());
    entries.insert(format!("stamps/{name}.tsr"), stamp.answer.clone());
    for (at, root) in stamp.roots.iter().enumerate() {
        let name = format!("stamps/{}-root-{}.der", stamp.authority, at + 1);
        entries.insert(name, root.clone());
    }
}

pub(crate) fn datapackage(entries: &Entries, title: &str, created: Timestamp) -> Option<Vec<u8>> {
    let resources = entries.iter().map(|(path, bytes)| {
        json!({
            "name": path.replace('/', "-"), "path": path, "bytes": bytes.len(),
            "hash": format!("sha256:{}", sha256_hex(bytes)),
        })
    });
    canonical(&json!({
        "profile": "data-package", "wacz_version": WACZ_VERSION, "title": title, "created": created,
        "software": SOFTWARE, "resources": resources.collect::<Vec<_>>(),
    }))
}

/// The signature in the anonymous form of WACZ signing.
pub(crate) fn digest(package: &[u8], created: Timestamp, key: &PackKey) -> Option<Vec<u8>> {
    let hash = format!("sha256:{}", sha256_hex(package));
    canonical(&json!({
        "path": "datapackage.json", "hash": hash,
        "signedData": {
            "hash": hash, "created": created, "software": SOFTWARE, "version": "0.1.0",
            "signature": key.sign(&hash)?, "publicKey": STANDARD.encode(key.spki()?),
        },
    }))
}

/// How a pack is checked, for whoever finds one.
const CHECK: &str = "\
How to check this pack

With Vara's program, without network:    vara-verify PACK
Each file against datapackage.json:      sha256sum FILE
A time stamp, with OpenSSL:              openssl ts -verify -data custody/manifest-ID.json \\
                                             -in stamps/ID-NAME-1.tsr -CAfile ROOT
                                         (ROOT is stamps/NAME-root-1.der, turned into PEM; compare it with the
                                         certificate that the authority publishes)
A stamp that renews another:             openssl ts -verify -data stamps/ID-NAME-1.tsr \\
                                             -in stamps/ID-NAME-2.tsr -CAfile ROOT
A stamp of the chain of custody:         openssl ts -verify -digest LINK -in stamps/ID-head-N-NAME.tsr -CAfile ROOT
                                         (LINK is the link of the Nth event of the record in custody/chain.jsonl)
The archive:                             any player of WACZ files

What is proven: the manifest existed at the time of its stamps; Vara's key signed it; the hashes in it are those of
what one server of Vara was answered. Its key is the one whose SHA-256 Vara publishes.
What is not proven: who posted it, that the site showed the same to others, whether it is true. A PDQ hash tells that
pictures are alike, not who is in them.
";
