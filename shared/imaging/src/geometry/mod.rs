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
mod consensus;
mod describe;
mod detect;
mod matching;
mod overlay;
mod plane;
mod points;
mod rectangle;
mod squares;
mod texture;
mod thumbs;
mod transform;

pub(crate) use agreement::Pictured;
pub(crate) use area::{bounds, common};
pub use overlay::{Features, Overlay, features, overlay};
pub(crate) use overlay::{
    features_with, fine_features, laid, overlay_unsqueezed, pictured_of, texture_of,
};
pub(crate) use plane::Plane;
pub(crate) use points::working_copy;
pub(crate) use thumbs::Thumbs;
pub(crate) use transform::{Transform, stretches};
