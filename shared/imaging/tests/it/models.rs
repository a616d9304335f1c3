//! Tests of the likeness vector, and of models read from a file.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use serde_json::Value;
use vara_imaging::{
    Limits, ModelError, ModelFile, Models, Picture, PixelValues, SquareFit, Turn, Vector, decode,
    shrink,
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn picture(name: &str) -> Picture {
    let path = root().join(format!("tests/pictures/{name}.jpg"));
    decode(&std::fs::read(path).unwrap(), &Limits::DEFAULT).unwrap()
}

fn models() -> Models {
    Models::embedded().unwrap()
}

/// The embedded model of likeness as if it were somebody's file.
fn lite0() -> ModelFile {
    ModelFile {
        name: "lite0".to_owned(),
        path: root().join("../nets/models/efficientnet_lite0_w8.onnx"),
        side: 224,
        fit: SquareFit::Squash,
        values: PixelValues::Planes {
            mean: [127.0; 3],
            deviation: [128.0; 3],
        },
        output: Some("embedding".to_owned()),
    }
}

/// A model that answers with the mean of each colour, for bytes.
fn mean_colour() -> ModelFile {
    ModelFile {
        name: "mean colour".to_owned(),
        path: root().join("tests/models/mean-colour.onnx"),
        side: 8,
        fit: SquareFit::Middle,
        values: PixelValues::Bytes,
        output: None,
    }
}

/// The reference ran the same weights in onnxruntime on the same squashed
/// picture.
#[test]
fn vectors_and_scores_are_those_of_the_reference() {
    let reference = include_str!("../pictures/reference.json");
    let reference: Vec<Value> = serde_json::from_str(reference).unwrap();
    let models = models();
    for expected in &reference {
        let name = expected["picture"].as_str().unwrap();
        let picture = picture(name);
        let number = |value: &Value| value.as_f64().unwrap() as f32;
        let vector = models.vector(&picture).unwrap();
        assert_eq!(vector.values.len(), 1280);
        let head = expected["looks"].as_array().unwrap();
        let squares = head
            .iter()
            .zip(&vector.values)
            .map(|(theirs, ours)| (number(theirs) - ours).powi(2));
        let error = squares.sum::<f32>().sqrt();
        assert!(error < 0.03, "{name}: {error}");
        let rest: f32 = vector.values[64..].iter().map(|it| it * it).sum();
        let difference = rest.sqrt() - number(&expected["looks_rest"]);
        assert!(difference.abs() < 0.01, "{name}: {difference}");
        let classes = expected["classes"].as_array().unwrap();
        let intimate = number(&classes[1]) + number(&classes[3]);
        let ours = models.intimate(&picture).unwrap();
        assert!((ours - intimate).abs() < 0.01, "{name}: {ours} {intimate}");
    }
}

#[test]
fn a_copy_looks_more_alike_than_another_picture() {
    let models = models();
    let vector = |picture: &Picture| models.vector(picture).unwrap();
    let collins = picture("collins");
    let copy = vector(&shrink(&collins, 200).turned(Turn::FlipY));
    let (original, other) = (vector(&collins), vector(&picture("solvay-1927")));
    let near = original.cosine(&copy).unwrap();
    let far = original.cosine(&other).unwrap();
    assert!(near > 0.8 && far < 0.6, "{near} {far}");
}

#[test]
fn a_file_gives_the_same_vector_under_its_own_name() {
    let picture = picture("collins");
    let embedded = models();
    let brought = models().with_vector_model(&lite0()).unwrap();
    let (ours, theirs) = (
        embedded.vector(&picture).unwrap(),
        brought.vector(&picture).unwrap(),
    );
    assert_eq!(theirs.model.name(), "lite0");
    assert_eq!(theirs.model.sha256(), ours.model.sha256());
    assert_eq!(brought.vector_model(), &theirs.model);
    assert_eq!(ours.cosine(&theirs), None);
    let renamed = Vector {
        model: ours.model.clone(),
        ..theirs
    };
    assert!(ours.cosine(&renamed).unwrap() > 0.999_9);
}

#[test]
fn bytes_of_the_middle_reach_the_model() {
    // Red, a blue square in the middle, red again.
    let line = [
        [200, 0, 0].repeat(20),
        [0, 0, 100].repeat(20),
        [200, 0, 0].repeat(20),
    ]
    .concat();
    let picture = Picture::from_rgb(60, 20, line.repeat(20)).unwrap();
    let middle = models().with_vector_model(&mean_colour()).unwrap();
    let values = middle.vector(&picture).unwrap().values;
    // Shrinking smooths over the edge of the square, which is a little red.
    assert!(values[0] < 0.07 && values[2] > 0.99, "{values:?}");
    let squash = ModelFile {
        fit: SquareFit::Squash,
        ..mean_colour()
    };
    let all = models().with_vector_model(&squash).unwrap();
    let values = all.vector(&picture).unwrap().values;
    assert!((values[0] / values[2] - 4.0).abs() < 0.05, "{values:?}");
}

#[test]
fn a_vector_without_direction_is_an_error() {
    let black = Picture::from_rgb(8, 8, vec![0; 192]).unwrap();
    let models = models().with_vector_model(&mean_colour()).unwrap();
    let model = "mean colour".to_owned();
    assert_eq!(models.vector(&black), Err(ModelError::Answer { model }));
}

#[test]
fn files_that_are_no_models() {
    let failed = |file: &ModelFile| models().with_vector_model(file).map(|_| ()).unwrap_err();
    let at = |path: PathBuf| ModelFile { path, ..lite0() };
    let missing = failed(&at(root().join("none.onnx")));
    assert!(
        matches!(missing, ModelError::Unreadable { .. }),
        "{missing}"
    );
    let text = failed(&at(root().join("Cargo.toml")));
    assert!(matches!(text, ModelError::Load { .. }), "{text}");
    let output = ModelFile {
        output: Some("nothing".to_owned()),
        ..lite0()
    };
    let no_output = failed(&output);
    assert!(matches!(no_output, ModelError::Load { .. }), "{no_output}");
    assert!(no_output.to_string().starts_with("model lite0"));
}

/// The input is not what the model takes: an error of the run, no panic.
#[test]
fn a_file_described_wrongly() {
    for wrong in [
        ModelFile {
            side: 100,
            ..lite0()
        },
        ModelFile {
            values: PixelValues::Bytes,
            ..lite0()
        },
        ModelFile { side: 0, ..lite0() },
    ] {
        let models = models().with_vector_model(&wrong).unwrap();
        let error = models.vector(&picture("collins")).unwrap_err();
        assert!(
            matches!(error, ModelError::Run { .. } | ModelError::Answer { .. }),
            "{error}"
        );
    }
}

#[test]
fn one_value_serves_all_threads() {
    let (models, picture) = (Arc::new(models()), Arc::new(picture("collins")));
    let runs = [0, 1, 2].map(|_| {
        let (models, picture) = (Arc::clone(&models), Arc::clone(&picture));
        thread::spawn(move || models.vector(&picture))
    });
    let [a, b, c] = runs.map(|run| run.join().unwrap().unwrap());
    assert!(a == b && b == c);
}
