//! Who is seen in a picture. The stand-ins recognise no face: whoever plants a picture says who it
//! shows, and a picture asked for shows whom the planted pictures and portraits it is a copy of show.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::Multipart;
use vara_imaging::{DecodeError, MATCH_DISTANCE};

use crate::answer::EngineRefusal;
use crate::look::{self, Likeness, Seen};
use crate::web;
use crate::world::{OutsideWorld, PlantedPage, PortraitView};

/// Reads the form and adds its portrait.
pub(crate) async fn plant(
    world: &OutsideWorld,
    form: Multipart,
) -> Result<PortraitView, EngineRefusal> {
    let (image, person) = web::portrait(form).await?;
    let seen = look::see(image).await;
    let seen = seen.map_err(|e| EngineRefusal::bad(format!("image cannot be used: {e}")))?;
    let look = seen
        .look
        .ok_or_else(|| EngineRefusal::bad("image is too small or too plain to be recognised"))?;
    Ok(world.portraits.add(look, person))
}

/// A planted page that shows the picture asked for.
pub(crate) struct Copy {
    pub(crate) page: Arc<PlantedPage>,
    likeness: Likeness,
}

impl Copy {
    pub(crate) fn score(&self) -> f32 {
        self.likeness.score()
    }

    /// Whether nearly all of it is there, and nothing much else.
    pub(crate) fn is_whole(&self) -> bool {
        let share = self.likeness.query.area().min(self.likeness.planted.area());
        share > 0.9 && self.likeness.distance <= MATCH_DISTANCE
    }
}

/// What the tiny web has of a picture.
#[derive(Default)]
pub(crate) struct Found {
    /// Copies of it, the best first.
    pub(crate) copies: Vec<Copy>,
    /// Other pictures of the same person, in order of planting.
    pub(crate) others: Vec<Arc<PlantedPage>>,
    /// Whether the picture can be recognised at all.
    pub(crate) is_plain: bool,
}

/// Searches the tiny web, away from the threads that answer.
pub(crate) async fn search(
    world: &Arc<OutsideWorld>,
    picture: Bytes,
) -> Result<Found, DecodeError> {
    let seen = look::see(picture).await?;
    let world = Arc::clone(world);
    let work = tokio::task::spawn_blocking(move || find(&world, &seen));
    let failed = |_| DecodeError::Corrupt("the search gave up".to_owned());
    work.await.map_err(failed)
}

fn find(world: &OutsideWorld, seen: &Seen) -> Found {
    let Some(look) = &seen.look else {
        return Found {
            is_plain: true,
            ..Found::default()
        };
    };
    let mut found = Found::default();
    let mut rest = Vec::new();
    for page in world.web.all() {
        match page.look.as_ref().and_then(|it| look.likeness(it)) {
            Some(likeness) => found.copies.push(Copy { page, likeness }),
            None => rest.push(page),
        }
    }
    found.copies.sort_by(|a, b| b.score().total_cmp(&a.score()));
    let named = found.copies.iter().find_map(|it| it.page.person.clone());
    if let Some(person) = named.or_else(|| world.portraits.of(look)) {
        let same = |it: &Arc<PlantedPage>| it.person.as_ref() == Some(&person);
        found.others = rest.into_iter().filter(same).collect();
    }
    found
}
