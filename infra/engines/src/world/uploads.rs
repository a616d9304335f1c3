//! The pictures that lie at the face search: uploaded and not removed.

use std::collections::BTreeMap;
use std::sync::Mutex;

use axum::body::Bytes;
use serde::Serialize;
use uuid::Uuid;

use crate::lock::lock;

/// A picture that was uploaded and not removed.
struct Upload {
    picture: Bytes,
    id_pic: String,
    /// How often it was asked for.
    polls: u32,
}

/// An upload as the control route shows it.
#[derive(Serialize)]
pub(crate) struct UploadView {
    id_search: String,
    searched: bool,
}

/// Everything that was uploaded and not removed.
#[derive(Default)]
pub(crate) struct Uploads(Mutex<BTreeMap<String, Upload>>);

impl Uploads {
    pub(crate) fn all(&self) -> Vec<UploadView> {
        let all = lock(&self.0);
        let view = |(id, upload): (&String, &Upload)| UploadView {
            id_search: id.clone(),
            searched: upload.polls > 0,
        };
        all.iter().map(view).collect()
    }

    pub(crate) fn clear(&self) -> usize {
        std::mem::take(&mut *lock(&self.0)).len()
    }

    pub(crate) fn add(&self, picture: Bytes) -> (String, String) {
        let (id, id_pic) = (name(), name());
        let upload = Upload {
            picture,
            id_pic: id_pic.clone(),
            polls: 0,
        };
        lock(&self.0).insert(id.clone(), upload);
        (id, id_pic)
    }

    /// Whether there was one of these names, which is gone now.
    pub(crate) fn remove(&self, id: &str, id_pic: Option<&str>) -> bool {
        let mut all = lock(&self.0);
        let known = |it: &Upload| id_pic.is_none_or(|pic| pic == it.id_pic);
        all.get(id).is_some_and(known) && all.remove(id).is_some()
    }

    /// The picture, and how often it was asked for before.
    pub(crate) fn poll(&self, id: &str) -> Option<(Bytes, u32)> {
        let mut all = lock(&self.0);
        let upload = all.get_mut(id)?;
        upload.polls += 1;
        Some((upload.picture.clone(), upload.polls - 1))
    }

    pub(crate) fn is_begun(&self, id: &str) -> Option<bool> {
        lock(&self.0).get(id).map(|it| it.polls > 0)
    }
}

fn name() -> String {
    Uuid::new_v4().simple().to_string()
}
