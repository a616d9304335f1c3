//! Where one picture lies in another, whatever was done to it: cropped, turned,
//! mirrored, squashed, framed, put among others.
//!
//! ```text
//! pixels -> grey working copy -> blobs over place and scale   plane.rs detect.rs
//!                                  |-> descriptors             describe.rs
//! two pictures' descriptors -> mutual matches                  matching.rs
//!   -> the transform most of them agree on                     consensus.rs transform.rs
//!   -> do the pixels agree when laid on each other?            agreement.rs squares.rs thumbs.rs
//!   -> does the fine texture agree, too?                       texture/
//!   -> what was done to parts of it alone?                     changes/
//! ```
//!
//! Written here and not taken from `imageproc`: that crate offers upright binary
//! descriptors at one scale only, which lose a picture turned by fifteen degrees
//! or shrunk in a screenshot, and no robust fit of an affine map. The scale
//! invariant features of Lowe survive both, and blur too; their patent has
//! expired. Everything is deterministic: no random draws, so the same two
//! pictures always get the same answer.
//!
//! What may not enter: what the answer means. That is `verdict`.

mod agreement;
mod area;
mod changes;
mod consensus;
mod describe;
mod detect;
mod keypoints;
mod matching;
mod overlay;
mod plane;
mod rectangle;
mod squares;
mod texture;
mod thumbs;
mod transform;

pub(crate) use agreement::PicturedSquares;
pub(crate) use area::{bounds, clip_to_picture};
pub use changes::{ChangeKind, LocalChange};
pub(crate) use changes::{LocalChanges, find_changes};
pub(crate) use keypoints::make_working_copy;
pub use overlay::{Features, Overlay, extract_features, find_overlay};
pub(crate) use overlay::{
    count_pictured_squares, extract_fine_features, features_from_copies, find_overlay_unsqueezed,
    measure_texture, overlay_by_transform,
};
pub(crate) use plane::Plane;
pub(crate) use texture::TextureInput;
pub(crate) use thumbs::Thumbnails;
pub(crate) use transform::{Transform, singular_values};
