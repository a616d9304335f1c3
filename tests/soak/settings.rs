//! How long and how hard.

use std::fmt;
use std::time::Duration;

use lexopt::prelude::*;
use lexopt::{Error, Parser};

/// The engines that are broken.
pub(crate) const BROKEN: [&str; 6] = ["tineye", "vision", "serpapi", "facecheck", "web", "hibp"];

/// How they are broken; `off` means slow.
pub(crate) const MODES: [&str; 5] = ["error", "garbage", "quota", "timeout", "off"];

/// What the command line wants.
pub(crate) enum Wish {
    Run(Settings),
    /// The name of the one test there is.
    List,
    /// Other tests only.
    Nothing,
}

/// How long and how hard.
pub(crate) struct Settings {
    /// Scans that are started by women, at least.
    pub(crate) scans: u32,
    /// Processes that are killed, at least.
    pub(crate) kills: u32,
    pub(crate) users: u32,
    /// Of each woman.
    pub(crate) pictures: u32,
    /// That show a copy of each picture.
    pub(crate) pages: u32,
    pub(crate) seed: u64,
}

impl Settings {
    /// Reads the arguments after the program's name.
    pub(crate) fn read(mut args: Parser) -> Result<Wish, Error> {
        let mut it = Self {
            scans: 20,
            kills: 10,
            users: 6,
            pictures: 2,
            pages: 2,
            seed: 1,
        };
        while let Some(arg) = args.next()? {
            match arg {
                Long("scans") => it.scans = args.value()?.parse()?,
                Long("kills") => it.kills = args.value()?.parse()?,
                Long("users") => it.users = args.value()?.parse::<u32>()?.max(1),
                Long("pictures") => it.pictures = args.value()?.parse::<u32>()?.max(1),
                Long("pages") => it.pages = args.value()?.parse::<u32>()?.max(1),
                Long("seed") => it.seed = args.value()?.parse()?,
                Long("list") => return Ok(Wish::List),
                // Options of the test runner mean nothing here; these bring a value.
                Long("test-threads" | "skip" | "format" | "color") | Short('Z') => {
                    args.value()?;
                }
                Long(_) | Short(_) => drop(args.optional_value()),
                Value(filter) if filter.to_str().is_some_and(|it| "soak".contains(it)) => {}
                Value(_) => return Ok(Wish::Nothing),
            }
        }
        Ok(Wish::Run(it))
    }

    /// Whether it is about more than having tried.
    pub(crate) fn is_long(&self) -> bool {
        self.scans >= 200
    }

    /// How many kinds of fault there must have been.
    pub(crate) fn faults(&self) -> usize {
        let engines = if self.is_long() { BROKEN.len() } else { 1 };
        engines * MODES.len()
    }

    /// How many processes may have been killed when so many scans were started: nobody comes to an end
    /// who is killed all the time.
    pub(crate) fn kills_by(&self, scans: u32) -> u32 {
        if self.is_long() {
            let share =
                u64::from(self.kills) * u64::from(scans + self.users) / u64::from(self.scans);
            u32::try_from(share).unwrap_or(u32::MAX).min(self.kills)
        } else {
            self.kills
        }
    }

    /// How often everything that can go wrong does.
    pub(crate) fn rounds(&self) -> usize {
        if self.is_long() { usize::MAX / 8 } else { 1 }
    }

    /// Between two kills.
    pub(crate) fn between_kills(&self) -> [Duration; 2] {
        let millis = if self.is_long() {
            [500, 6000]
        } else {
            [300, 1800]
        };
        millis.map(Duration::from_millis)
    }

    /// How long engines are broken; in between they are whole for twice as long, as a scan that met a
    /// fault waits for seconds before it goes on.
    pub(crate) fn faults_last(&self) -> [Duration; 2] {
        let millis = if self.is_long() {
            [1500, 5000]
        } else {
            [1200, 2200]
        };
        millis.map(Duration::from_millis)
    }

    /// How long the AWS services are held. A call of theirs may take five seconds and is made again
    /// after that.
    pub(crate) fn holds_last(&self) -> [Duration; 2] {
        let millis = if self.is_long() {
            [500, 6000]
        } else {
            [500, 2500]
        };
        millis.map(Duration::from_millis)
    }

    /// Until everything must have come to rest after the last trouble.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(if self.is_long() { 900 } else { 300 })
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "--seed {} --scans {} --kills {} --users {} --pictures {} --pages {}",
            self.seed, self.scans, self.kills, self.users, self.pictures, self.pages
        )
    }
}
