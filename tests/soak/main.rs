//! The soak: women use the system while everything around it fails, and then nothing is lost, nothing
//! is doubled, and everything has ended.
//!
//! Functions are killed, engines fail in every way the stand-ins know, the AWS services stop answering
//! for seconds, and messages come twice, late and out of order. What was planted is then compared with
//! what the API reports. The choices follow from a seed; when exactly each of them hits does not.
//!
//! Without arguments it takes little more than a minute. The long form:
//! `cargo test --release -p vara-tests --test soak -- --scans 1000 --kills 200 --users 40 --seed 7`.

#![allow(
    clippy::unwrap_used,
    reason = "a soak that cannot go on fails where it stands"
)]

mod calls;
mod chaos;
mod check;
mod life;
mod report;
mod reported;
mod settings;
mod settle;
mod soak;
mod tally;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use vara_local::Options;
use vara_tests::World;

use crate::life::Life;
use crate::settings::{Settings, Wish};
use crate::soak::Soak;
use crate::tally::Tally;

/// How long a message stays hidden that a killed worker had, in seconds: longer than its hold on the
/// scan, so that the message finds the scan free.
const HIDDEN: u32 = 48;

fn main() -> ExitCode {
    let settings = match Settings::read(lexopt::Parser::from_env()) {
        Ok(Wish::Run(settings)) => settings,
        Ok(Wish::List) => {
            println!("soak: test");
            return ExitCode::SUCCESS;
        }
        Ok(Wish::Nothing) => return ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            return ExitCode::from(2);
        }
    };
    let breaches = Runtime::new().unwrap().block_on(run(settings));
    let is_well = breaches.is_empty();
    println!(
        "\ntest result: {}. {} passed; {} failed",
        ["FAILED", "ok"][usize::from(is_well)],
        u8::from(is_well),
        u8::from(!is_well)
    );
    ExitCode::from(u8::from(!is_well))
}

/// All of it; what is not as it must be.
async fn run(settings: Settings) -> Vec<String> {
    println!("The soak: {settings}");
    let options = Options {
        can_be_held: true,
        hidden: Some(HIDDEN),
        ..Options::for_tests()
    };
    let soak = Arc::new(Soak {
        world: World::raise(options).await,
        settings,
        tally: Tally::default(),
    });
    let began = Instant::now();
    let women = life::arrive(&soak).await;
    calls::plenty(&soak.world).await;
    chaos::poison(&soak).await;
    let mut ticks = JoinSet::new();
    ticks.spawn(chaos::ticks(Arc::clone(&soak)));
    let mut breaches = Vec::new();
    let lives = all_lives(&soak, women, &mut breaches).await;
    let rested = settle::settle(&soak, &lives).await;
    breaches.extend(rested.breaches.iter().cloned());
    let checked = check::check(&soak, &lives, &rested).await;
    breaches.extend(checked.breaches.iter().cloned());
    ticks.shutdown().await;
    println!("{}", report::report(&soak, &lives, &checked, began));
    for breach in &breaches {
        println!("BREACH: {breach}");
    }
    if !breaches.is_empty() {
        report::keep_logs(&soak.world);
    }
    if let Some(soak) = Arc::into_inner(soak) {
        soak.world.stop().await;
    }
    breaches
}

/// Everybody's life, with everything going wrong around it; whole again afterwards.
async fn all_lives(
    soak: &Arc<Soak>,
    women: Vec<life::Her>,
    breaches: &mut Vec<String>,
) -> Vec<Life> {
    let mut trouble = JoinSet::new();
    trouble.spawn(chaos::kills(Arc::clone(soak)));
    trouble.spawn(chaos::faults(Arc::clone(soak)));
    trouble.spawn(chaos::holds(Arc::clone(soak)));
    let mut running = JoinSet::new();
    for her in women {
        running.spawn(life::live(Arc::clone(soak), her));
    }
    let mut lives = Vec::new();
    while let Some(life) = running.join_next().await {
        match life {
            Ok(life) => lives.push(life),
            Err(err) => breaches.push(format!("a woman could not go on: {err}")),
        }
    }
    while let Some(ended) = trouble.try_join_next() {
        if let Err(err) = ended {
            breaches.push(format!("what breaks things broke itself: {err}"));
        }
    }
    trouble.shutdown().await;
    soak.world.stack().hold(false);
    soak.world.repair().await;
    lives
}
