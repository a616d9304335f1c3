//! Parses the command line of the accuracy bench.

use std::num::NonZero;
use std::path::PathBuf;

use lexopt::prelude::*;
use lexopt::{Error, Parser};

/// Printed when the command line is not understood.
pub(crate) const USAGE: &str = "\
accuracy FOLDER [options]

PictureEdits every picture of the folder in fourteen ways, compares each edited picture
with the one it was made from and with others, and prints how many were found at
one false alarm in a thousand. Even pictures of the sorted folder are the half
the threshold is taken from, odd ones the half it is reported on.

  --pairs            every two different edits one after the other
  --negatives N      other pictures each edited one is compared with (20)
  --every N          only every Nth picture of each half, or pair of portraits (1)
  --hard             twelve hard edits instead of the fourteen
  --parts            seven edits of a part, after five that change all of it
  --screens          a chat, a desktop and two frames instead, which every two
                     pictures share
  --people           no edits: all portraits of the folder with each other, whole
                     and as faces cut to 150 and 64 pixels
  --models           with faces and the semantic vector
  --calibrate        fit the score's constants on the first half and print them
  --failures FILE    write the pairs that went wrong, one a line";

/// The command line, read.
#[derive(Debug)]
pub(crate) struct BenchOptions {
    pub(crate) folder: PathBuf,
    pub(crate) pairs: bool,
    pub(crate) negatives: usize,
    pub(crate) every: usize,
    pub(crate) hard: bool,
    pub(crate) parts: bool,
    pub(crate) screens: bool,
    pub(crate) people: bool,
    pub(crate) models: bool,
    pub(crate) calibrate: bool,
    pub(crate) failures: Option<PathBuf>,
}

impl BenchOptions {
    /// Reads what follows the name of the program.
    pub(crate) fn read(mut words: Parser) -> Result<Self, Error> {
        let mut options = Self {
            folder: PathBuf::new(),
            pairs: false,
            negatives: 20,
            every: 1,
            hard: false,
            parts: false,
            screens: false,
            people: false,
            models: false,
            calibrate: false,
            failures: None,
        };
        while let Some(word) = words.next()? {
            match word {
                Long("pairs") => options.pairs = true,
                Long("hard") => options.hard = true,
                Long("parts") => options.parts = true,
                Long("screens") => options.screens = true,
                Long("people") => options.people = true,
                Long("models") => options.models = true,
                Long("calibrate") => options.calibrate = true,
                Long("negatives") => options.negatives = words.value()?.parse()?,
                Long("every") => options.every = words.value()?.parse::<NonZero<usize>>()?.get(),
                Long("failures") => options.failures = Some(words.value()?.into()),
                Value(folder) => options.folder = folder.into(),
                other => return Err(other.unexpected()),
            }
        }
        if options.folder == PathBuf::new() {
            return Err("FOLDER is missing".into());
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<BenchOptions> {
        BenchOptions::read(Parser::from_args(line.split_whitespace())).ok()
    }

    #[test]
    fn a_folder_is_needed_and_options_are_known() {
        let options = read("--pairs --every 3 pictures --negatives 5")
            .map(|it| (it.folder, it.pairs, it.every, it.negatives, it.models));
        assert_eq!(
            options,
            Some((PathBuf::from("pictures"), true, 3, 5, false))
        );
        assert!(read("").is_none());
        assert!(read("pictures --every 0").is_none());
        assert!(read("pictures --every").is_none());
        assert!(read("pictures --quick").is_none());
    }
}
