//! Comparison of profile pictures with hers.
//!
//! Hers are up to fifty, and large: what is stored of all of them says which few are worth a real look.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use vara_imaging::{Face, Limits, Pdq, Picture, Subject, Vector, compare_faces};

use super::analyzer::{CandidateImage, FaceComparison, ImageAnalyzer, stored_faces, vector};
use super::candidate;
use super::evidence::evidence;
use super::reference::MAX_COPY;
use crate::domain::{Evidence, ImageId, Prints, Relation, Result, UserId};
use crate::engines::Fetcher;
use crate::objects::{Objects, key};
use crate::store::{ImageRow, Store};

/// How many of her pictures each signal sends to a real look.
const BEST_PER_SIGNAL: usize = 2;

/// How many of her pictures are kept open for the next profile.
const MAX_OPEN_PICTURES: usize = 8;

/// One of her pictures with its pixels.
type OpenedReference = (ImageId, Arc<Subject>);

/// One of her pictures: what is stored of it.
#[derive(Debug)]
struct StoredImage {
    row: ImageRow,
    prints: Option<Prints>,
    /// Turned and mirrored in all ways, with and without borders.
    hashes: Vec<Pdq>,
    faces: Vec<Face>,
    vector: Option<Vector>,
}

impl StoredImage {
    fn of(row: ImageRow, prints: Option<Prints>) -> Self {
        let borderless = prints.iter().flat_map(|it| &it.borderless);
        let hashes = row.dihedral.iter().chain(borderless);
        Self {
            hashes: hashes.filter_map(|it| it.parse().ok()).collect(),
            faces: prints.as_ref().and_then(stored_faces).unwrap_or_default(),
            vector: prints.as_ref().and_then(|it| vector(it.vector.as_ref()?)),
            row,
            prints,
        }
    }

    /// How near a stranger's picture is by each signal, larger being nearer.
    fn nearness(&self, theirs: &CandidateImage) -> [Option<f32>; 3] {
        let upright = theirs.subject.dihedral().map(|it| it[0].pdq);
        let apart = upright.and_then(|it| self.hashes.iter().map(|own| own.distance(&it)).min());
        let resembled = self.vector.as_ref().zip(theirs.vector.as_ref());
        [
            apart.map(|it| -(it as f32)),
            compare_faces(&self.faces, &theirs.faces).similarity,
            resembled.and_then(|(own, other)| own.cosine(other)),
        ]
    }
}

/// Her pictures. Cheap to clone.
#[derive(Clone)]
pub(crate) struct ReferenceImages {
    objects: Objects,
    analyzer: ImageAnalyzer,
    faces: FaceComparison,
    all: Arc<Vec<StoredImage>>,
    /// Those that were compared last.
    open: Arc<Mutex<Vec<OpenedReference>>>,
}

impl ReferenceImages {
    /// All her pictures that a scan looks for.
    pub(crate) async fn of(
        store: &Store,
        objects: &Objects,
        analyzer: &ImageAnalyzer,
        user: UserId,
    ) -> Result<Self> {
        let faces = FaceComparison::by_consent(store.may_recognise(user).await?);
        let mut all = Vec::new();
        for row in store.searchable_images(user).await? {
            let prints = store.prints(user, row.image.id).await?;
            all.push(StoredImage::of(row, prints));
        }
        Ok(Self {
            objects: objects.clone(),
            analyzer: analyzer.clone(),
            faces,
            all: Arc::new(all),
            open: Arc::default(),
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// What the picture at `link` is to the nearest of hers. `None`: it could not be seen.
    pub(crate) async fn nearest(
        &self,
        fetcher: &Fetcher,
        link: &str,
    ) -> Result<Option<(ImageId, Evidence)>> {
        let bytes = match fetcher.picture(link).await {
            Ok(bytes) => bytes,
            Err(refusal) => {
                tracing::info!(refusal = %refusal, "the picture of a profile could not be seen");
                return Ok(None);
            }
        };
        let this = self.clone();
        let Some(theirs) = aside(move || this.open_theirs(&bytes)).await else {
            return Ok(None);
        };
        let theirs = Arc::new(theirs);
        let mut best = None;
        for at in worth_a_look(&self.all, &theirs) {
            let Some(mine) = self.subject(at).await? else {
                continue;
            };
            let (this, other) = (self.clone(), Arc::clone(&theirs));
            let seen = aside(move || Some(this.compare(&mine, &other.subject))).await;
            let seen = seen.map(|it| (self.all[at].row.image.id, it));
            best = nearer(best, seen);
        }
        Ok(best)
    }

    fn open_theirs(&self, bytes: &[u8]) -> Option<CandidateImage> {
        let picture = candidate::read(bytes)?;
        Some(self.analyzer.candidate(picture, self.faces))
    }

    /// One of hers with what is stored of it; nothing if its copy is gone by now.
    async fn subject(&self, at: usize) -> Result<Option<Arc<Subject>>> {
        let image = &self.all[at].row.image;
        if let Some(found) = self.take_open(image.id) {
            return Ok(Some(found));
        }
        let copy = key::display(image.user_id, image.id);
        let copy = self.objects.get(&copy, MAX_COPY).await?;
        let this = self.clone();
        let opened = aside(move || this.open_mine(at, &copy?))
            .await
            .map(Arc::new);
        if let Some(subject) = &opened {
            self.keep_open(image.id, Arc::clone(subject));
        }
        Ok(opened)
    }

    fn open_mine(&self, at: usize, copy: &Bytes) -> Option<Subject> {
        let picture = vara_imaging::decode(copy, &Limits::DEFAULT).ok()?;
        let mine = &self.all[at];
        let prints = mine.prints.as_ref();
        Some(
            self.analyzer
                .subject(picture, &mine.row, prints, self.faces),
        )
    }

    fn compare(&self, mine: &Subject, theirs: &Subject) -> Evidence {
        let verdict = vara_imaging::compare(mine, theirs, self.analyzer.models());
        let size = |it: &Picture| [it.width(), it.height()];
        let seen = evidence(&verdict, size(mine.picture()), size(theirs.picture()));
        self.faces.told(seen)
    }

    fn take_open(&self, id: ImageId) -> Option<Arc<Subject>> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let found = open.iter().find(|it| it.0 == id);
        found.map(|it| Arc::clone(&it.1))
    }

    fn keep_open(&self, id: ImageId, subject: Arc<Subject>) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.insert(0, (id, subject));
        open.truncate(MAX_OPEN_PICTURES);
    }
}

/// Works with pixels off the reactor. A panic in there is our mistake, but about this picture only.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> Option<T> + Send + 'static) -> Option<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|err| {
        tracing::error!(error = %err, "looking at the picture of a profile failed by our mistake");
        None
    })
}

/// The nearest of hers by each signal; each once.
fn worth_a_look(all: &[StoredImage], theirs: &CandidateImage) -> Vec<usize> {
    let near: Vec<_> = all.iter().map(|it| it.nearness(theirs)).collect();
    let mut chosen = Vec::new();
    for signal in 0..3 {
        let said = near.iter().enumerate();
        let mut said: Vec<(usize, f32)> = said
            .filter_map(|(at, it)| it[signal].map(|near| (at, near)))
            .collect();
        said.sort_by(|a, b| b.1.total_cmp(&a.1));
        for (at, _) in said.into_iter().take(BEST_PER_SIGNAL) {
            if !chosen.contains(&at) {
                chosen.push(at);
            }
        }
    }
    chosen
}

/// Which of two says more: a copy before her face, her face before a likeness.
fn nearer(
    one: Option<(ImageId, Evidence)>,
    other: Option<(ImageId, Evidence)>,
) -> Option<(ImageId, Evidence)> {
    let weight = |it: &Evidence| {
        let kind = match it.relation {
            Relation::Exact | Relation::Edited => 3,
            Relation::SamePerson => 2,
            Relation::Similar => 1,
            Relation::Different => 0,
        };
        let face = it.faces.and_then(|it| it.similarity).unwrap_or_default();
        (kind, it.score, face)
    };
    match (one, other) {
        (Some(one), Some(other)) if weight(&one.1) < weight(&other.1) => Some(other),
        (Some(one), _) => Some(one),
        (None, other) => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use crate::domain::Image;
    use crate::testing::{World, photo, scene};

    fn picture(jpeg: &[u8]) -> Picture {
        candidate::read(jpeg).unwrap()
    }

    /// A picture of hers as the intake stores it.
    fn mine(analyzer: &ImageAnalyzer, jpeg: &[u8]) -> StoredImage {
        let image = Image::expected(ImageId::next(), UserId::random(), "s".into(), clock::now());
        let hashes = vara_imaging::pdq_dihedral(&picture(jpeg)).unwrap();
        let row = ImageRow {
            image,
            pdq_quality: Some(hashes[0].quality),
            dihedral: hashes.iter().map(|it| it.pdq.to_string()).collect(),
            awaits_budget: false,
        };
        let (prints, _) = analyzer.look(
            &picture(jpeg),
            vara_imaging::MetadataFlags::default(),
            FaceComparison::Compared,
        );
        StoredImage::of(row, Some(prints))
    }

    #[test]
    fn each_signal_sends_its_nearest_to_a_look() {
        let analyzer = ImageAnalyzer::open();
        let mut all: Vec<StoredImage> = (1..7).map(|seed| mine(&analyzer, &scene(seed))).collect();
        all.push(mine(&analyzer, &photo("obama-2009")));
        let look =
            |jpeg: &[u8], faces| worth_a_look(&all, &analyzer.candidate(picture(jpeg), faces));
        // The same picture is first by its fingerprint; nobody is in it.
        let same = look(&scene(3), FaceComparison::Compared);
        assert_eq!(same[0], 2);
        assert!(same.len() <= 2 * BEST_PER_SIGNAL, "{same:?}");
        // Another photograph of her is found by her face.
        assert!(look(&photo("obama-2012"), FaceComparison::Compared).contains(&6));
        assert!(
            worth_a_look(
                &[],
                &analyzer.candidate(picture(&scene(1)), FaceComparison::Compared)
            )
            .is_empty()
        );
        let blind = analyzer.candidate(picture(&photo("obama-2012")), FaceComparison::LeftAlone);
        assert_eq!(all[6].nearness(&blind)[1], None, "nobody is looked for");
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_nobodys_and_few_pictures_stay_open() {
        let world = World::new().await;
        let mut ids = Vec::new();
        for seed in 1..=(MAX_OPEN_PICTURES as u32 + 2) {
            ids.push(world.picture(seed).await);
        }
        let analyzer = ImageAnalyzer::open();
        let hers = ReferenceImages::of(&world.store, &world.objects, &analyzer, world.user);
        let hers = hers.await.unwrap();
        assert!(!hers.is_empty());
        assert!(hers.open_theirs(b"GIF89a nonsense").is_none());
        for at in 0..ids.len() {
            assert!(hers.subject(at).await.unwrap().is_some());
        }
        assert_eq!(hers.open.lock().unwrap().len(), MAX_OPEN_PICTURES);
        let last = hers.all[ids.len() - 1].row.image.id;
        assert!(hers.take_open(last).is_some());
        assert!(hers.take_open(hers.all[0].row.image.id).is_none());
        let gone = key::display(world.user, hers.all[0].row.image.id);
        world.objects.delete(&gone).await.unwrap();
        assert!(hers.subject(0).await.unwrap().is_none());
    }
}
