//! Image analysis with models: faces, vectors, intimacy score; converts to and from stored
//! fingerprints. Pixels in, prints out, and back into something that can be compared.
//!
//! *Invariant:* a model that fails costs its own signal and nothing else; the picture is protected by
//! what is left.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::json;
use vara_imaging::{
    CLEAR_FACE_CONFIDENCE, DetectedFace, Face, Fingerprint, Limits, MetadataFlags, ModelError,
    ModelId, Models, Picture, Subject, Vector,
};

use crate::domain::{Evidence, FacePrint, FileTraces, Intimacy, Prints, VectorPrint};
use crate::store::{ImageRow, ShownFace};

/// The model behind the intimate score, whose name the models do not tell.
const INTIMATE_MODEL: &str =
    "nsfwjs_mobilenet_v2_w8@af4eb4c0296e79cb0e4bae0965a6572e3cb37f22d4fd2625c4ed2a4327b1e95f";

/// Whether faces are compared: hers and a stranger's only if she agrees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaceComparison {
    Compared,
    LeftAlone,
}

impl FaceComparison {
    /// As she said.
    pub(crate) fn by_consent(agrees: bool) -> Self {
        if agrees {
            Self::Compared
        } else {
            Self::LeftAlone
        }
    }

    /// A picture of which nothing is known yet, in which nobody is looked for unless faces are compared.
    pub(crate) fn of(self, picture: Picture) -> Subject {
        let subject = Subject::new(picture);
        match self {
            Self::Compared => subject,
            Self::LeftAlone => subject.with_faces(vec![]),
        }
    }

    /// What was seen: of faces nothing, if they were left alone.
    pub(crate) fn told(self, evidence: Evidence) -> Evidence {
        match self {
            Self::Compared => evidence,
            Self::LeftAlone => Evidence {
                faces: None,
                ..evidence
            },
        }
    }
}

/// A stranger's picture, and what was seen in it.
#[derive(Debug)]
pub(crate) struct CandidateImage {
    pub(crate) subject: Subject,
    pub(crate) faces: Vec<Face>,
    pub(crate) vector: Option<Vector>,
}

/// The models, each loaded when it is first asked and then kept for as long as the function lives.
#[derive(Clone, Debug)]
pub struct ImageAnalyzer(Option<Arc<Models>>);

impl ImageAnalyzer {
    /// With the models that are part of this build. Nothing is loaded yet.
    #[must_use]
    pub fn open() -> Self {
        match Models::embedded() {
            Ok(models) => Self::with(models),
            Err(err) => {
                tracing::error!(error = %err, "there are no models; only fingerprints are made");
                Self(None)
            }
        }
    }

    /// Without models.
    #[cfg(test)]
    pub(crate) fn blind() -> Self {
        Self(None)
    }

    fn with(models: Models) -> Self {
        Self(Some(Arc::new(models)))
    }

    /// The models, for comparisons.
    pub(crate) fn models(&self) -> Option<&Models> {
        self.0.as_deref()
    }

    /// Everything a picture is recognised by beside its fingerprints, and its face as she is shown it.
    /// `display` is the copy that is kept. Whose face it is, is not asked unless faces are compared.
    pub(crate) fn look(
        &self,
        display: &Picture,
        traces: MetadataFlags,
        faces: FaceComparison,
    ) -> (Prints, Option<ShownFace>) {
        let started = Instant::now();
        let seen = self.ask("faces", |it| it.detect_faces(display));
        let faces = match (faces, &seen) {
            (FaceComparison::Compared, Some(seen)) => {
                self.ask("people", |it| it.recognise(display, seen))
            }
            _ => None,
        };
        let millis = started.elapsed().as_millis();
        let shown = seen
            .iter()
            .flatten()
            .find(|it| it.confidence >= CLEAR_FACE_CONFIDENCE);
        let shown = shown.map(|face| shown_face(face, millis));
        let vector = self.ask("vector", |it| it.vector(display));
        let trimmed = vara_imaging::trim_borders(display);
        let borderless = trimmed.and_then(|it| vara_imaging::pdq_dihedral(&it));
        let prints = Prints {
            width: display.width(),
            height: display.height(),
            borderless: borderless.iter().flatten().map(text).collect(),
            borderless_quality: borderless.map(|it| it[0].quality),
            faces: faces.map(|it| it.iter().map(face_print).collect()),
            vector: vector.as_ref().map(vector_print),
            intimate: self.intimacy_of(display),
            traces: FileTraces {
                gps: traces.gps,
                camera: traces.camera,
                serial: traces.serial,
                c2pa: traces.c2pa,
                generator: traces.generator,
            },
        };
        (prints, shown)
    }

    /// How intimate the picture in this file looks. Nothing if the model or the file fails.
    pub(crate) async fn intimacy(&self, file: Bytes) -> Option<Intimacy> {
        let analyzer = self.clone();
        let seen = tokio::task::spawn_blocking(move || {
            let picture = vara_imaging::decode(&file, &Limits::DEFAULT).ok()?;
            analyzer.intimacy_of(&picture)
        });
        seen.await.ok().flatten()
    }

    fn intimacy_of(&self, picture: &Picture) -> Option<Intimacy> {
        let score = self.ask("intimate", |it| it.intimate(picture))?;
        Some(Intimacy {
            model: INTIMATE_MODEL.to_owned(),
            score,
        })
    }

    /// A stranger's picture with what is seen in it at once, ready to be compared with several of hers.
    pub(crate) fn candidate(&self, picture: Picture, faces: FaceComparison) -> CandidateImage {
        let seen = match faces {
            FaceComparison::Compared => self.ask("faces", |it| it.faces(&picture)),
            FaceComparison::LeftAlone => None,
        };
        let vector = self.ask("vector", |it| it.vector(&picture));
        let found = seen.unwrap_or_default();
        let mut subject = Subject::new(picture).with_faces(found.clone());
        if let Some(vector) = &vector {
            subject = subject.with_vector(vector.clone());
        }
        CandidateImage {
            subject,
            faces: found,
            vector,
        }
    }

    /// A picture of hers with what is stored of it, ready to be compared. Without her consent nobody is
    /// looked for in it, whatever is stored.
    pub(crate) fn subject(
        &self,
        display: Picture,
        row: &ImageRow,
        prints: Option<&Prints>,
        faces: FaceComparison,
    ) -> Subject {
        let (width, height) = (display.width(), display.height());
        let mut subject = faces.of(display);
        if let Some(hashes) = hashes(row) {
            subject = subject.with_dihedral(hashes);
        }
        let Some(prints) = prints else { return subject };
        let fits = (prints.width, prints.height) == (width, height);
        if let Some(faces) =
            stored_faces(prints).filter(|_| fits && faces == FaceComparison::Compared)
        {
            subject = subject.with_faces(faces);
        }
        let current = self.models().map(Models::vector_model);
        match prints.vector.as_ref().and_then(vector) {
            // Of another model: it is worked out anew.
            Some(vector) if Some(&vector.model) == current => subject.with_vector(vector),
            _ => subject,
        }
    }

    /// The answer of a model, unless it fails, be it by our mistake.
    fn ask<T>(
        &self,
        signal: &'static str,
        question: impl FnOnce(&Models) -> Result<T, ModelError>,
    ) -> Option<T> {
        let models = self.models()?;
        match catch_unwind(AssertUnwindSafe(|| question(models))) {
            Ok(Ok(answer)) => Some(answer),
            Ok(Err(err)) => {
                tracing::error!(signal, error = %err, "a model failed; the picture goes without its signal");
                None
            }
            Err(_) => {
                tracing::error!(
                    signal,
                    "a model panicked; the picture goes without its signal"
                );
                None
            }
        }
    }
}

/// A fingerprint as it is stored.
pub(crate) fn text(hash: &Fingerprint) -> String {
    hash.pdq.to_string()
}

fn shown_face(face: &DetectedFace, millis: u128) -> ShownFace {
    let [x, y, w, h] = face.area.map(f32::round);
    ShownFace {
        confidence: (f64::from(face.confidence) * 1000.0).round() / 1000.0,
        metadata: json!({
            "facialArea": { "x": x as i64, "y": y as i64, "w": w as i64, "h": h as i64 },
            "processingTimeMs": u64::try_from(millis).unwrap_or(u64::MAX),
        }),
    }
}

fn face_print(face: &Face) -> FacePrint {
    FacePrint {
        area: face.area,
        confidence: face.confidence,
        landmarks: face.landmarks,
        vector: vector_print(&face.vector),
    }
}

fn vector_print(vector: &Vector) -> VectorPrint {
    let bytes: Vec<u8> = vector
        .values
        .iter()
        .flat_map(|it| it.to_le_bytes())
        .collect();
    VectorPrint {
        model: vector.model.to_string(),
        values: STANDARD.encode(bytes),
    }
}

/// The eight stored fingerprints, if there are eight.
fn hashes(row: &ImageRow) -> Option<[Fingerprint; 8]> {
    let quality = row.pdq_quality?;
    let hashes: Option<Vec<Fingerprint>> = row
        .dihedral
        .iter()
        .map(|it| {
            let pdq = it.parse().ok()?;
            Some(Fingerprint { pdq, quality })
        })
        .collect();
    hashes?.try_into().ok()
}

/// The stored faces; nothing if they were not looked for or one of them makes no sense.
pub(crate) fn stored_faces(prints: &Prints) -> Option<Vec<Face>> {
    let face = |it: &FacePrint| {
        Some(Face {
            area: it.area,
            confidence: it.confidence,
            landmarks: it.landmarks,
            vector: vector(&it.vector)?,
        })
    };
    prints.faces.as_ref()?.iter().map(face).collect()
}

/// A stored vector; nothing if it makes no sense.
pub(crate) fn vector(print: &VectorPrint) -> Option<Vector> {
    let model: ModelId = print.model.parse().ok()?;
    let bytes = STANDARD.decode(&print.values).ok()?;
    let (numbers, rest) = bytes.as_chunks::<4>();
    let values: Vec<f32> = numbers.iter().map(|it| f32::from_le_bytes(*it)).collect();
    (rest.is_empty() && values.iter().all(|it| it.is_finite())).then_some(Vector { model, values })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use sha2::{Digest, Sha256};
    use vara_imaging::{Limits, MIN_QUALITY, ModelFile, PixelValues, SquareFit, compare};

    use super::*;
    use crate::domain::{Image, ImageId, Timestamp, UserId};
    use crate::testing::photo;

    fn picture(name: &str) -> Picture {
        vara_imaging::decode(&photo(name), &Limits::DEFAULT).unwrap()
    }

    fn row(dihedral: Vec<String>) -> ImageRow {
        let now = Timestamp::from_epoch_seconds(1_800_000_000).unwrap();
        ImageRow {
            image: Image::expected(ImageId::next(), UserId::random(), "s".into(), now),
            pdq_quality: Some(MIN_QUALITY),
            dihedral,
            awaits_budget: false,
        }
    }

    #[test]
    fn the_named_model_is_the_one_of_this_build() {
        let (name, sum) = INTIMATE_MODEL.split_once('@').unwrap();
        let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("nets/models");
        let weights = std::fs::read(models.join(format!("{name}.onnx"))).unwrap();
        assert_eq!(hex::encode(Sha256::digest(weights)), sum);
    }

    #[test]
    fn a_portrait_is_stored_and_recognised_from_what_is_stored() {
        let analyzer = ImageAnalyzer::open();
        let found = MetadataFlags {
            camera: true,
            ..MetadataFlags::default()
        };
        let (prints, shown) =
            analyzer.look(&picture("obama-2009"), found, FaceComparison::Compared);
        let shown = shown.unwrap();
        assert!((0.8..=1.0).contains(&shown.confidence));
        let area = &shown.metadata["facialArea"];
        assert!(area["w"].as_i64().unwrap() > 60 && area["x"].as_i64().unwrap() >= 0);
        assert!(prints.traces.camera && !prints.traces.gps);
        assert!((0.0..0.5).contains(&prints.intimate.as_ref().unwrap().score));
        assert!(prints.vector.as_ref().unwrap().model.contains('@'));

        // What is compared is what was stored, not what would be seen anew.
        let other = Subject::new(picture("obama-2012"));
        let subject = |prints: &Prints, faces| {
            analyzer.subject(picture("obama-2009"), &row(vec![]), Some(prints), faces)
        };
        let hers = subject(&prints, FaceComparison::Compared);
        let stored = compare(&hers, &other, analyzer.models());
        let anew = compare(
            &Subject::new(picture("obama-2009")),
            &other,
            analyzer.models(),
        );
        assert_eq!(stored, anew);
        let nobody = Prints {
            faces: Some(vec![]),
            ..prints.clone()
        };
        let hers = subject(&nobody, FaceComparison::Compared);
        let blind = compare(&hers, &other, analyzer.models());
        assert_ne!(blind.relation, anew.relation);

        // Without her consent what is stored does not count, and nobody is looked for in either.
        let hers = subject(&prints, FaceComparison::LeftAlone);
        let other = FaceComparison::LeftAlone.of(picture("obama-2012"));
        assert_eq!(
            compare(&hers, &other, analyzer.models()).relation,
            blind.relation
        );
    }

    #[test]
    fn vectors_come_back_to_the_last_bit_and_nonsense_does_not() {
        let model = ModelId::new("m", [7; 32]);
        let kept = Vector {
            model,
            values: vec![0.1, -1.0e-7, 1.0],
        };
        let print = vector_print(&kept);
        assert_eq!(vector(&print), Some(kept));
        for (model, values) in [
            ("no model", print.values.as_str()),
            (&print.model, "not base64!"),
            (&print.model, "AAA="),
            (&print.model, "AADAfw=="),
        ] {
            let print = VectorPrint {
                model: model.into(),
                values: values.into(),
            };
            assert_eq!(vector(&print), None, "{print:?}");
        }
    }

    #[test]
    fn fewer_than_eight_fingerprints_are_none() {
        let hash = "f".repeat(64);
        assert!(hashes(&row(vec![hash.clone(); 8])).is_some());
        assert!(hashes(&row(vec![hash.clone(); 7])).is_none());
        let mut broken = vec![hash; 7];
        broken.push("x".into());
        assert!(hashes(&row(broken)).is_none());
    }

    /// A model that takes bytes and is given fractions: it loads, and fails when it is asked.
    #[test]
    fn a_model_that_fails_costs_only_its_own_signal() {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let file = ModelFile {
            name: "broken".into(),
            path: manifest.join("imaging/tests/models/mean-colour.onnx"),
            side: 8,
            fit: SquareFit::Squash,
            values: PixelValues::Planes {
                mean: [0.0; 3],
                deviation: [255.0; 3],
            },
            output: None,
        };
        let models = Models::embedded()
            .unwrap()
            .with_vector_model(&file)
            .unwrap();
        let analyzer = ImageAnalyzer::with(models);
        let (prints, shown) = analyzer.look(
            &picture("collins"),
            MetadataFlags::default(),
            FaceComparison::LeftAlone,
        );
        assert_eq!((prints.vector, prints.faces), (None, None));
        assert!(shown.is_some() && prints.intimate.is_some());
        assert_eq!(
            analyzer.ask("panic", |_| -> Result<(), _> { panic!("on purpose") }),
            None
        );

        let (prints, shown) = ImageAnalyzer(None).look(
            &picture("collins"),
            MetadataFlags::default(),
            FaceComparison::LeftAlone,
        );
        assert_eq!((prints.faces, prints.intimate, shown), (None, None, None));
        assert!(prints.width > 0);
    }

    #[test]
    fn a_frame_gives_a_second_fingerprint() {
        let inner = picture("collins");
        let (width, height) = (inner.width(), inner.height());
        let (wide, high) = (width + 80, height + 120);
        let mut rgb = vec![255; (wide * high * 3) as usize];
        for y in 0..height {
            let from = (y * width * 3) as usize;
            let to = (((y + 60) * wide + 40) * 3) as usize;
            let row = (width * 3) as usize;
            rgb[to..to + row].copy_from_slice(&inner.rgb()[from..from + row]);
        }
        let framed = Picture::from_rgb(wide, high, rgb).unwrap();
        let (prints, _) =
            ImageAnalyzer(None).look(&framed, MetadataFlags::default(), FaceComparison::LeftAlone);
        assert_eq!(prints.borderless.len(), 8);
        assert!(prints.borderless_quality.is_some());
        let whole = vara_imaging::pdq_dihedral(&inner).unwrap();
        let trimmed: vara_imaging::Pdq = prints.borderless[0].parse().unwrap();
        assert!(trimmed.distance(&whole[0].pdq) <= vara_imaging::MATCH_DISTANCE);
    }
}
