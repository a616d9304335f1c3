//! What is said of it at the end.

use std::fmt::Write;
use std::path::Path;
use std::time::Instant;

use vara_tests::World;

use crate::check::Checked;
use crate::life::Life;
use crate::soak::Soak;

/// A table in Markdown.
pub(crate) fn report(soak: &Soak, lives: &[Life], checked: &Checked, began: Instant) -> String {
    let tally = &soak.tally;
    let kinds = |what| words(tally.all(what));
    let planted: usize = lives.iter().map(|it| it.copies.len()).sum();
    let mut rows = vec![
        (
            "command",
            format!(
                "`cargo test{} -p vara-tests --test soak -- {}`",
                ["", " --release"][usize::from(!cfg!(debug_assertions))],
                soak.settings
            ),
        ),
        ("scans started", kinds("scan")),
        (
            "scans ended, first scans of pictures included",
            words(checked.ended.clone()),
        ),
        ("processes killed", kinds("kill")),
        ("faults of engines", kinds("fault")),
        (
            "times DynamoDB, S3 and SQS stood still",
            tally.sum("hold").to_string(),
        ),
        ("copies of messages sent, early and late", kinds("copy")),
        ("copies planted", planted.to_string()),
        (
            "found, with one finding and one alert",
            checked.found.to_string(),
        ),
        ("found twice", checked.doubled.to_string()),
        ("lost", checked.lost.to_string()),
    ];
    for (engine, paid, needed, _) in &checked.paid {
        let paid = format!("{engine} answered {paid}; at most {needed} needed");
        rows.push(("searches", paid));
    }
    let (left, noted) = checked.left;
    let left = format!("{left}; {noted} are noted, for the schedule to remove");
    rows.push(("pictures that lie at facecheck", left));
    rows.push(("dead letters left", words(checked.dead.clone())));
    rows.push(("seconds", format!("{:.0}", began.elapsed().as_secs_f64())));
    let mut table = "\n| what | figure |\n|---|---|\n".to_owned();
    for (what, figure) in rows {
        // Writing to a string cannot fail.
        let _ = writeln!(table, "| {what} | {figure} |");
    }
    table
}

fn words(all: impl IntoIterator<Item = (String, u32)>) -> String {
    let all: Vec<_> = all.into_iter().collect();
    let sum: u32 = all.iter().map(|it| it.1).sum();
    if all.len() < 2 {
        let kind = all.first().map(|it| format!(": {}", it.0));
        return format!("{sum}{}", kind.unwrap_or_default());
    }
    let each: Vec<_> = all
        .iter()
        .map(|(kind, count)| format!("{kind} {count}"))
        .collect();
    format!("{sum}: {}", each.join(", "))
}

/// Keeps what the functions logged, for whoever looks for the reason.
pub(crate) fn keep_logs(world: &World) {
    let to = Path::new(env!("CARGO_TARGET_TMPDIR")).join("soak-logs");
    let copied = std::fs::create_dir_all(&to).and_then(|()| {
        for log in std::fs::read_dir(world.stack().logs())? {
            let log = log?;
            std::fs::copy(log.path(), to.join(log.file_name()))?;
        }
        Ok(())
    });
    match copied {
        Ok(()) => eprintln!("the logs are in {}", to.display()),
        Err(err) => eprintln!("the logs could not be kept: {err}"),
    }
}
