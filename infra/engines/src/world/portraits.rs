//! The portraits that were planted: pictures that are nowhere on the web, and who they show.

use std::sync::{Arc, Mutex};

use serde::Serialize;

use crate::lock::lock;
use crate::look::PictureFeatures;

/// A picture that is nowhere on the web, and who it shows.
struct Portrait {
    look: Arc<PictureFeatures>,
    person: String,
}

/// A portrait as the control routes show it.
#[derive(Serialize)]
pub(crate) struct PortraitView {
    person: String,
}

/// Every planted portrait.
#[derive(Default)]
pub(crate) struct Portraits(Mutex<Vec<Arc<Portrait>>>);

impl Portraits {
    pub(crate) fn all(&self) -> Vec<PortraitView> {
        let view = |it: &Arc<Portrait>| PortraitView {
            person: it.person.clone(),
        };
        lock(&self.0).iter().map(view).collect()
    }

    pub(crate) fn clear(&self) -> usize {
        std::mem::take(&mut *lock(&self.0)).len()
    }

    /// The person whose portrait looks alike.
    pub(crate) fn of(&self, look: &PictureFeatures) -> Option<String> {
        let all = lock(&self.0).clone();
        let portrait = all.iter().find(|it| look.likeness(&it.look).is_some());
        portrait.map(|it| it.person.clone())
    }

    pub(crate) fn add(&self, look: Arc<PictureFeatures>, person: String) -> PortraitView {
        let portrait = Portrait {
            look,
            person: person.clone(),
        };
        lock(&self.0).push(Arc::new(portrait));
        PortraitView { person }
    }
}
