//! Cache of the pictures that were compared last, with all that was worked out of them.
//!
//! In a list of pairs the same picture comes up many times. What was worked
//! out about it is kept, up to a number of pixels.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use vara_imaging::{MAX_PIXELS, Picture, Subject};

use crate::files;

/// Pixels that are kept: a few of the largest pictures or hundreds of ordinary ones.
const MAX_KEPT_PIXELS: u64 = 2 * MAX_PIXELS;

/// Pictures that are kept, however small.
const MAX_KEPT_PICTURES: usize = 512;

/// A picture, or why there is none.
pub(crate) type ReadSubject = Result<Subject, String>;

/// A place that is filled by whoever needs it first.
type Slot = Arc<OnceLock<ReadSubject>>;

/// The pictures that were used last, the latest at the end.
#[derive(Default)]
pub(crate) struct Subjects {
    kept: Mutex<VecDeque<(PathBuf, Slot)>>,
}

impl Subjects {
    /// Hands the picture of a file to `work`, read now or remembered.
    pub(crate) fn with<R>(&self, path: &Path, work: impl FnOnce(&ReadSubject) -> R) -> R {
        let slot = self.slot(path);
        let known = slot.get_or_init(|| {
            let picture = files::read_picture(path).map_err(|error| error.to_string())?;
            Ok(Subject::new(picture))
        });
        work(known)
    }

    fn slot(&self, path: &Path) -> Slot {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().rposition(|(known, _)| known == path);
        let entry = at.and_then(|at| kept.remove(at));
        let (path, slot) = entry.unwrap_or_else(|| (path.to_owned(), Slot::default()));
        kept.push_back((path, Arc::clone(&slot)));
        forget_oldest(&mut kept);
        slot
    }
}

/// Those in use live on until their comparison ends. The latest always stays.
fn forget_oldest(kept: &mut VecDeque<(PathBuf, Slot)>) {
    let mut pixels = 0;
    let mut newest = 0;
    for (_, slot) in kept.iter().rev() {
        let known = slot.get().and_then(|known| known.as_ref().ok());
        pixels += known.map_or(0, |subject| size(subject.picture()));
        if newest > 1 && (pixels > MAX_KEPT_PIXELS || newest == MAX_KEPT_PICTURES) {
            break;
        }
        newest += 1;
    }
    kept.drain(..kept.len() - newest);
}

fn size(picture: &Picture) -> u64 {
    u64::from(picture.width()) * u64::from(picture.height())
}
