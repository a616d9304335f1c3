//! Checks a pack without network: container, hashes, signatures, archive, chain of custody, time stamps.

mod check;
mod checks;
mod stamps;

use serde::Serialize;
use vara_domain::Timestamp;

use crate::bag::{bag_name, take_out_of_bag};
use crate::container::{ContainerFault, read_container};
use check::Checks;
pub use check::{PackCheck, Trusted};

/// What a check of a pack came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Whether all is in order.
    pub ok: bool,
    /// Each thing that was checked.
    pub checks: Vec<PackCheck>,
    /// The latest of the first stamps of the records: by then all of them existed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub existed_by: Option<Timestamp>,
    /// What a pack that is in order proves.
    pub proven: Vec<String>,
    /// What it does not prove.
    pub not_proven: Vec<String>,
}

/// Checks a pack. `None` if it is not a pack in the form that Vara writes.
#[must_use]
pub fn verify_pack(file: &[u8], trusted: &Trusted) -> Option<Report> {
    let mut entries = match read_container(file) {
        Ok(entries) => entries,
        Err(ContainerFault::Foreign) => return None,
        Err(ContainerFault::Changed(name)) => return Some(changed(name)),
    };
    let mut checks = vec![PackCheck::of("container", None)];
    if let Some(name) = bag_name(&entries).map(str::to_owned) {
        let (payload, wrong) = take_out_of_bag(entries, &name);
        entries = payload;
        let fault = Some("it is not that of this bag");
        checks.extend(wrong.iter().map(|it| PackCheck::of(*it, fault)));
        if wrong.is_empty() {
            checks.push(PackCheck::of("bag", None));
        }
    }
    let stamps = checks::run(&mut Checks {
        entries: &entries,
        trusted,
        done: &mut checks,
    });
    let existed_by = stamps.existed_by;
    let ok = checks.iter().all(|it| it.ok);
    let mut proven = Vec::new();
    if ok {
        proven.push("Vara's key signed these records and their chain of custody.".to_owned());
        if let Some(at) = existed_by {
            proven.push(format!("The manifests existed by {at}."));
        }
        for (id, events, at) in &stamps.chains {
            proven.push(format!(
                "The first {events} events of the chain of custody of {id} existed by {at}."
            ));
        }
    }
    let mut not_proven = vec![
        "Who posted it.".to_owned(),
        "That the site showed the same to others.".to_owned(),
        "Whether what it shows or says is true.".to_owned(),
    ];
    if trusted.keys.is_none() {
        not_proven.push("That the key is Vara's: no list of keys was given.".to_owned());
    }
    if trusted.roots.is_none() {
        not_proven.push(
            "That the time-stamp authorities are who they say: the roots are those of the pack."
                .to_owned(),
        );
    }
    if existed_by.is_none() {
        not_proven.push("When it existed: not every record has a time stamp.".to_owned());
    }
    Some(Report {
        ok,
        checks,
        existed_by,
        proven,
        not_proven,
    })
}

/// What is told of a pack with a file that is not as it was written: nothing in it is believed.
fn changed(what: String) -> Report {
    Report {
        ok: false,
        checks: vec![PackCheck::of(
            what,
            Some("it was changed, or is not as Vara writes it"),
        )],
        existed_by: None,
        proven: Vec::new(),
        not_proven: vec!["Anything: the file is not as it was made.".to_owned()],
    }
}

#[cfg(test)]
mod tests;
