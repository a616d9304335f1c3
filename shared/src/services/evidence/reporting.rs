//! The report on a record in a pack: its facts, and the blurred picture in few colours.

use vara_evidence::report::{Reported, report};
use vara_evidence::{Manifest, PackedChain};
use vara_imaging::{Limits, decode, shrink};

use super::files::SignedManifest;
use crate::domain::document::PageSize;
use crate::domain::evidence_record::EvidenceRole;
use crate::domain::{Error, Result, Timestamp, UserId};
use crate::store::EvidenceRow;

/// The tiles along the longer side of the picture in a report. The blurred copy has no finer colours.
const TILES: u32 = 16;

/// The report on a record as a PDF.
pub(super) fn report_of(
    (owner, row): (UserId, &EvidenceRow),
    (signed, manifest): (&SignedManifest, &Manifest),
    kept: &[(EvidenceRole, Vec<u8>)],
    chain: &PackedChain,
    at: Timestamp,
) -> Result<Vec<u8>> {
    let blurred = kept.iter().find(|it| it.0 == EvidenceRole::Blurred);
    let thumbnail = blurred.map(|it| tiles(&it.1)).unwrap_or_default();
    let reported = Reported {
        number: row.number,
        manifest,
        manifest_bytes: signed.manifest.as_bytes(),
        signature: &signed.signature,
        stamps: &row.stamps,
        chain,
        owner,
        at,
        thumbnail: &thumbnail,
    };
    report(&reported, PageSize::A4).map_err(|err| Error::bug("printing a report of evidence", err))
}

/// The colours of a blurred picture, row by row; none if it cannot be read.
fn tiles(blurred: &[u8]) -> Vec<Vec<[u8; 3]>> {
    let Ok(picture) = decode(blurred, &Limits::DEFAULT) else {
        return Vec::new();
    };
    let small = shrink(&picture, TILES);
    let width = usize::try_from(small.width()).unwrap_or(1).max(1);
    let colours: Vec<[u8; 3]> = small.rgb().as_chunks().0.to_vec();
    colours.chunks(width).map(<[_]>::to_vec).collect()
}
