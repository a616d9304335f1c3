//! How many edited pictures are found again, and how many strangers are taken
//! for them: `cargo run --release -p vara-imaging --example accuracy -- FOLDER`.

mod edits;
mod fit;
mod frames;
mod hard;
mod judge;
mod options;
mod parts;
mod people;
mod report;
mod run;
mod screens;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use lexopt::Parser;
use vara_imaging::Models;

use edits::{BenchEdit, EditCase, EditError};
use options::{BenchOptions, USAGE};

fn main() -> ExitCode {
    let options = match BenchOptions::read(Parser::from_env()) {
        Ok(options) => options,
        Err(wrong) => {
            eprintln!("accuracy: {wrong}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match measure(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("accuracy: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(options: &BenchOptions) -> Result<(), EditError> {
    if options.people {
        return measure_people(options);
    }
    let originals = run::originals(&options.folder)?;
    let models = options.models.then(Models::embedded).transpose()?;
    let cases = if options.pairs {
        EditCase::pairs()
    } else if options.hard {
        EditCase::each(&BenchEdit::HARD)
    } else if options.parts {
        EditCase::each(&BenchEdit::PARTS)
    } else if options.screens {
        EditCase::each(&BenchEdit::SCREENS)
    } else {
        EditCase::each(&BenchEdit::ALL)
    };
    let outcomes = run::run(&originals, &cases, options, models.as_ref())?;
    let threshold = report::threshold(&outcomes, 0);
    let mut out = io::stdout().lock();
    writeln!(out, "{} pictures", originals.len())?;
    for (half, name) in ["calibration half", "reported half"]
        .into_iter()
        .enumerate()
    {
        writeln!(out, "\n== {name}")?;
        report::print(&mut out, &outcomes, &cases, half, threshold)?;
    }
    if options.calibrate {
        match fit::geometry(&outcomes, 0) {
            Some(weights) => writeln!(
                out,
                "\ngeometry weights of the calibration half: {weights:.3?}"
            )?,
            None => writeln!(out, "\ngeometry weights cannot be fitted")?,
        }
    }
    if let Some(path) = &options.failures {
        let mut file = BufWriter::new(File::create(path)?);
        report::failures(&mut file, &outcomes, &cases, &originals, threshold)?;
        file.flush()?;
    }
    Ok(())
}

/// All portraits of the folder with each other.
fn measure_people(options: &BenchOptions) -> Result<(), EditError> {
    let models = Models::embedded()?;
    let portraits = people::portraits(&options.folder, &models)?;
    let asked = options.models.then_some(&models);
    let meetings = people::compare_portraits(&portraits, options.every, asked);
    people::print(&mut io::stdout().lock(), &portraits, &meetings)?;
    if let Some(path) = &options.failures {
        let mut file = BufWriter::new(File::create(path)?);
        for wrong in meetings.iter().filter(|it| it.is_wrong()) {
            let [one, other] = wrong.places.map(|place| &portraits[place].name);
            writeln!(
                file,
                "{:?}\t{one}\t{other}\t{}\t{:.4}\t{}",
                wrong.kind, wrong.half, wrong.answer.score, wrong.answer.words
            )?;
        }
        file.flush()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::path::Path;

    use vara_imaging::{Limits, Subject, compare, decode};

    use super::*;
    use run::PairKind;

    /// A guard for every build; the figures come from the whole folder.
    #[test]
    fn a_few_pictures_are_found_after_every_edit_and_strangers_are_not() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench-pictures");
        let mut options = BenchOptions::read(Parser::from_args([folder])).unwrap();
        options.every = 55;
        options.negatives = 3;
        let originals = run::originals(&options.folder).unwrap();
        assert!(originals.len() > 200, "{} pictures", originals.len());
        let cases = EditCase::each(&BenchEdit::ALL);
        let outcomes = run::run(&originals, &cases, &options, None).unwrap();
        assert_eq!(
            outcomes
                .iter()
                .filter(|it| it.kind == PairKind::Same)
                .count(),
            4 * cases.len()
        );
        for outcome in outcomes
            .iter()
            .filter(|outcome| outcome.kind != PairKind::Framed)
        {
            assert_eq!(
                outcome.answer.edits.is_some(),
                outcome.kind == PairKind::Same,
                "{} of {} against {}: {}",
                cases[outcome.case].name(),
                originals[outcome.edited].name,
                originals[outcome.original].name,
                outcome.answer.words,
            );
        }
    }

    /// They share a caption or a screen and nothing else, and in that much agrees.
    #[test]
    fn two_pictures_in_one_frame_stay_two_and_one_stays_one() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench-pictures");
        let models = Models::embedded().unwrap();
        let cases = [
            EditCase::each(&BenchEdit::ALL),
            EditCase::each(&BenchEdit::SCREENS),
        ]
        .concat();
        let case = |name: &str| *cases.iter().find(|it| it.name() == name).unwrap();
        for (frame, one, other) in [
            (
                "caption",
                "4th-of-july-spectacular",
                "selfie-hikers-on-cobblestone-hill",
            ),
            ("caption", "air-balloon", "car"),
            ("caption", "acanthus-mollis", "the-spices-of-life"),
            ("screenshot", "bicycle-bell", "nyc-skyline-over-the-hudson"),
            ("screenshot", "bushes", "mountainous-view"),
            ("screenshot", "lake-sherburne", "aitzgorri"),
            // Taken for copies until the texture was asked.
            ("screenshot", "aitzgorri", "tyre-swing"),
            ("screenshot", "dog-will-langenberg", "green-tea"),
            ("screenshot", "sundown-beach", "boats"),
            ("screenshot", "untitled-dagat", "trakking"),
            ("caption", "brick", "crescent-moon"),
            ("caption", "locomotion-house-cat", "brick"),
            // Taken for copies until what is pictured was looked at apart.
            ("chat", "4th-of-july-spectacular", "abstract-lights"),
            ("chat", "architecture-infrastructures", "high-trestle-trail"),
            ("desktop", "bulb", "perched-shrike"),
            ("desktop", "camera", "gravel"),
        ] {
            let framed = |name: &str| {
                let file = std::fs::read(folder.join(format!("{name}.jpg"))).unwrap();
                let picture = decode(&file, &Limits::DEFAULT).unwrap();
                case(frame).apply(&picture).unwrap()
            };
            let (one, other) = (framed(one), framed(other));
            let turned = case("rotate15").apply(&one).unwrap();
            let [one, other, turned] = [one, other, turned].map(Subject::new);
            let verdict = compare(&one, &other, Some(&models));
            assert!(!verdict.relation.is_copy(), "{frame}: {verdict:?}");
            let verdict = compare(&one, &turned, Some(&models));
            assert!(verdict.relation.is_copy(), "{frame}: {verdict:?}");
        }
    }

    /// Both were missed: of an avatar too few blobs were found, and of a picture an
    /// eighth as wide as the page next to none.
    #[test]
    fn small_pictures_are_found() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench-pictures");
        let models = Models::embedded().unwrap();
        for (edit, name) in [
            (BenchEdit::Avatar, "cute-puppy"),
            (BenchEdit::Avatar, "people-walk-on-bright-beach"),
            (BenchEdit::Inset, "alley-antique"),
            (BenchEdit::Inset, "casa-mila"),
        ] {
            let file = std::fs::read(folder.join(format!("{name}.jpg"))).unwrap();
            let picture = decode(&file, &Limits::DEFAULT).unwrap();
            let small = EditCase::each(&[edit])[0].apply(&picture).unwrap();
            let file = std::fs::read(folder.join("city.jpg")).unwrap();
            let other = Subject::new(decode(&file, &Limits::DEFAULT).unwrap());
            let (own, small) = (Subject::new(picture), Subject::new(small));
            let verdict = compare(&own, &small, Some(&models));
            assert!(verdict.relation.is_copy(), "{edit:?} {name}: {verdict:?}");
            let verdict = compare(&other, &small, Some(&models));
            assert!(!verdict.relation.is_copy(), "{edit:?} {name}: {verdict:?}");
        }
    }
}
