//! Fingerprints of her picture beside PDQ: borderless fingerprint, faces, vector, intimacy score.
//!
//! A face's numbers are as private as the face: nothing of this is shown, and none of it is logged.
//! Every vector carries the model that made it, because vectors of two models say nothing about each
//! other.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What the intake learnt of a picture.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Prints {
    /// Width of the display copy, in whose pixels places are.
    pub width: u32,
    /// Its height.
    pub height: u32,
    /// The eight fingerprints of what is left without borders; none where there are no borders.
    pub borderless: Vec<String>,
    /// How trustworthy they are, 0 to 100.
    pub borderless_quality: Option<u8>,
    /// The faces, largest first; nothing if they could not be looked for.
    pub faces: Option<Vec<FacePrint>>,
    /// What the picture resembles as a whole.
    pub vector: Option<VectorPrint>,
    /// How intimate it looks. A reason for more protection, never a condition for help.
    pub intimate: Option<Intimacy>,
    /// What the file told of its maker; all of it was removed.
    pub traces: FileTraces,
}

impl Prints {
    /// How intimate the picture looks, 0 to 1, if anybody could say.
    #[must_use]
    pub fn intimacy(&self) -> Option<f32> {
        self.intimate.as_ref().map(|it| it.score)
    }
}

/// A face.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FacePrint {
    /// Left, top, width, height.
    pub area: [f32; 4],
    /// How sure it is that this is a face, 0 to 1.
    pub confidence: f32,
    /// Eyes, nose, corners of the mouth.
    pub landmarks: [[f32; 2]; 5],
    /// Whose it is.
    pub vector: VectorPrint,
}

/// The numbers of a model.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct VectorPrint {
    /// Name of the model, `@`, and the SHA-256 of its weights.
    pub model: String,
    /// The numbers, four bytes each, little end first, in base64.
    pub values: String,
}

/// How intimate a picture looks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intimacy {
    /// The model that says so, as in [`VectorPrint`].
    pub model: String,
    /// 0 to 1.
    pub score: f32,
}

/// What a file told besides its pixels: whether, never what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FileTraces {
    /// The place where it was taken.
    pub gps: bool,
    /// The camera.
    pub camera: bool,
    /// A serial number.
    pub serial: bool,
    /// Content credentials.
    pub c2pa: bool,
    /// The mark of a program that makes pictures from words.
    pub generator: bool,
}

/// Without the numbers.
impl fmt::Debug for VectorPrint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VectorPrint")
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_out_of_logs() {
        let vector = VectorPrint {
            model: "m@00".into(),
            values: "AACAPw==".into(),
        };
        let text = format!("{vector:?}");
        assert!(text.contains("m@00") && !text.contains("AACAPw"), "{text}");
    }

    #[test]
    fn what_was_not_known_when_it_was_stored_reads_as_unknown() {
        let old: Prints = serde_json::from_str(r#"{"width": 4, "traces": {"gps": true}}"#).unwrap();
        assert_eq!((old.width, old.faces, old.traces.gps), (4, None, true));
    }
}
