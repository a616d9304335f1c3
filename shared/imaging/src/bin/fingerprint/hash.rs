//! `hash`: everything that is stored of a picture, one object a file.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use vara_imaging::{Limits, MetadataFlags, Models, decode, pdq_dihedral, read_metadata};

use crate::arguments::ToolOptions;
use crate::files::{self, Failure};
use crate::lines::JsonLines;
use crate::parallel::run_in_order;

/// One line of output. All names are always there; what is not known is null.
#[derive(Default, Serialize)]
struct HashLine {
    file: String,
    width: Option<u32>,
    height: Option<u32>,
    pdq: Option<String>,
    pdq_quality: Option<u8>,
    /// In the order of `Turn::ALL`.
    dihedral: Option<Vec<String>>,
    /// Largest first; null when models were not run.
    faces: Option<Vec<FaceFields>>,
    intimate: Option<f32>,
    metadata: Option<MetadataFields>,
    error: Option<String>,
}

#[derive(Serialize)]
struct FaceFields {
    /// Left, top, width, height, in pixels of the upright picture.
    r#box: [f32; 4],
    confidence: f32,
    vector: Vec<f32>,
}

/// What the file tells besides its pixels.
#[derive(Serialize)]
pub(crate) struct MetadataFields {
    gps: bool,
    camera: bool,
    serial: bool,
    c2pa: bool,
    generator: bool,
}

impl From<MetadataFlags> for MetadataFields {
    fn from(found: MetadataFlags) -> Self {
        Self {
            gps: found.gps,
            camera: found.camera,
            serial: found.serial,
            c2pa: found.c2pa,
            generator: found.generator,
        }
    }
}

/// Prints one object for each file.
pub(crate) fn run<W: Write>(
    files: &[PathBuf],
    options: &ToolOptions,
    lines: &mut JsonLines<W>,
) -> io::Result<()> {
    let models = load_models(options)?;
    let models = models.as_ref();
    run_in_order(
        files.iter(),
        options.jobs,
        |file| {
            let mut line = HashLine::default();
            let failed = fill(&mut line, file, models).err();
            line.error = failed.map(|it| it.to_string());
            line
        },
        |file, line| {
            let mut line = line.unwrap_or_else(|| HashLine {
                error: Some(Failure::Bug.to_string()),
                ..HashLine::default()
            });
            line.file = file.display().to_string();
            lines.object(&line, line.error.is_some())
        },
    )
}

/// The models, when they are wanted.
pub(crate) fn load_models(options: &ToolOptions) -> io::Result<Option<Models>> {
    let models = options.models.then(Models::embedded);
    models.transpose().map_err(io::Error::other)
}

/// Fills in as much as can be known; what was known before a failure stays.
fn fill(line: &mut HashLine, file: &Path, models: Option<&Models>) -> Result<(), Failure> {
    let bytes = files::read_bytes(file)?;
    let picture = decode(&bytes, &Limits::DEFAULT)?;
    line.metadata = Some(read_metadata(&bytes).into());
    line.width = Some(picture.width());
    line.height = Some(picture.height());
    if let Some(eight) = pdq_dihedral(&picture) {
        line.pdq = Some(eight[0].pdq.to_string());
        line.pdq_quality = Some(eight[0].quality);
        line.dihedral = Some(eight.iter().map(|it| it.pdq.to_string()).collect());
    }
    if let Some(models) = models {
        let faces = models.faces(&picture)?;
        let faces = faces.into_iter().map(|face| FaceFields {
            r#box: face.area,
            confidence: face.confidence,
            vector: face.vector.values,
        });
        line.faces = Some(faces.collect());
        line.intimate = Some(models.intimate(&picture)?);
    }
    Ok(())
}
