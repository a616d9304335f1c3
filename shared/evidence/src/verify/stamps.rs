//! The checks of the time stamps of a pack: over manifests, over stamps that they renew, over chains of custody.

use std::collections::{BTreeMap, BTreeSet};

use vara_domain::event::StreamName;
use vara_domain::{EvidenceId, Timestamp};

use super::check::{CheckedRecord, CheckedStamps, Checks};
use crate::timestamp::{Authority, MAX_EARLY_SECONDS, VerifiedStamp, read_request, verify};
use crate::{ChainLine, sha256_hex};

/// What a stamp must be over, and when it may have been made.
struct StampedBytes<'a> {
    /// The hash, in hexadecimal.
    sha256: &'a str,
    /// What that is the hash of.
    what: &'static str,
    from: Timestamp,
    until: Option<Timestamp>,
}

impl Checks<'_> {
    /// The stamps of all records. Every stamp of the pack is one of them.
    pub(super) fn stamps(
        &mut self,
        records: &[CheckedRecord],
        lines: &[ChainLine],
    ) -> CheckedStamps {
        let mut said = CheckedStamps::default();
        let mut is_complete = !records.is_empty();
        let answers = self.entries.keys().filter_map(|it| it.strip_suffix(".tsr"));
        let mut left: BTreeSet<String> = answers.map(str::to_owned).collect();
        for record in records {
            let first = self.stamps_of(record, &mut left);
            is_complete &= first.is_some();
            said.existed_by = said.existed_by.max(first);
            let id = record.manifest.id;
            let chain = self.head_stamps_of(id, lines, &mut left);
            said.chains
                .extend(chain.map(|(events, at)| (id, events, at)));
        }
        said.existed_by = said.existed_by.filter(|_| is_complete);
        for path in left {
            self.note(format!("{path}.tsr"), Some("it is no stamp of a record"));
        }
        said
    }

    /// The stamps of a manifest with those that renew them. The time by which the manifest existed.
    fn stamps_of(
        &mut self,
        record: &CheckedRecord,
        left: &mut BTreeSet<String>,
    ) -> Option<Timestamp> {
        let prefix = format!("stamps/{}-", record.manifest.id);
        let mut by_authority: BTreeMap<String, BTreeMap<u32, String>> = BTreeMap::new();
        for path in left.iter() {
            let parts = path.strip_prefix(&prefix).and_then(|it| it.split_once('-'));
            if let Some((authority, number)) = parts
                && let Ok(number) = number.parse::<u32>()
            {
                let numbered = by_authority.entry(authority.to_owned()).or_default();
                numbered.insert(number, path.clone());
            }
        }
        left.retain(|path| {
            !by_authority
                .values()
                .any(|it| it.values().any(|it| it == path))
        });
        let mut existed_by: Option<Timestamp> = None;
        for (authority, numbered) in by_authority {
            let mut before: Option<(String, VerifiedStamp)> = None;
            for (wanted_number, (number, path)) in (1..).zip(numbered) {
                let wanted = match &before {
                    None => StampedBytes {
                        sha256: &record.sha256,
                        what: "the manifest",
                        from: record.manifest.captured_at,
                        until: None,
                    },
                    Some((sha256, stamp)) => StampedBytes {
                        sha256,
                        what: "the stamp before it",
                        from: stamp.at,
                        until: Some(stamp.certificate_ends),
                    },
                };
                if number != wanted_number {
                    self.note(
                        format!("time stamp {path}.tsr"),
                        Some("one before it is missing"),
                    );
                    break;
                }
                let Some(stamp) = self.stamp(&path, &authority, &wanted) else {
                    break;
                };
                if before.is_none() {
                    existed_by = Some(existed_by.map_or(stamp.at, |it| it.min(stamp.at)));
                }
                let answer = self.entries.get(&format!("{path}.tsr"));
                before = answer.map(|it| (sha256_hex(it), stamp));
            }
        }
        existed_by
    }

    /// The stamps of a chain. The latest event that is stamped, from 1, and when.
    fn head_stamps_of(
        &mut self,
        id: EvidenceId,
        lines: &[ChainLine],
        left: &mut BTreeSet<String>,
    ) -> Option<(u64, Timestamp)> {
        let prefix = format!("stamps/{id}-head-");
        let stream = StreamName::evidence(id);
        let named: Vec<(u64, String, String)> = left
            .iter()
            .filter_map(|path| {
                let (events, authority) = path.strip_prefix(&prefix)?.split_once('-')?;
                Some((events.parse().ok()?, authority.to_owned(), path.clone()))
            })
            .collect();
        let mut latest = None;
        for (events, authority, path) in named {
            left.remove(&path);
            let is_it = |it: &&ChainLine| {
                it.event.stream == stream && Some(it.event.number) == events.checked_sub(1)
            };
            let Some(line) = lines.iter().find(is_it) else {
                let fault = "it is over an event that is not in the chain";
                self.note(format!("time stamp {path}.tsr"), Some(fault));
                continue;
            };
            let wanted = StampedBytes {
                sha256: &line.link,
                what: "the link of that event",
                from: line.event.at,
                until: None,
            };
            let stamp = self.stamp(&path, &authority, &wanted);
            latest = latest.max(stamp.map(|it| (events, it.at)));
        }
        latest
    }

    fn stamp(
        &mut self,
        path: &str,
        authority: &str,
        wanted: &StampedBytes<'_>,
    ) -> Option<VerifiedStamp> {
        let checked = self.check_stamp(path, authority, wanted);
        let fault = checked.as_ref().err().map(String::as_str);
        self.note(format!("time stamp {path}.tsr"), fault);
        checked.ok()
    }

    fn check_stamp(
        &self,
        path: &str,
        authority: &str,
        wanted: &StampedBytes<'_>,
    ) -> Result<VerifiedStamp, String> {
        let file = |ending: &str| self.entries.get(&format!("{path}.{ending}"));
        let request = file("tsq").ok_or("its request is missing")?;
        let answer = file("tsr").ok_or("its answer is missing")?;
        let is_ours = read_request(request).is_some_and(|it| hex::encode(it.0) == wanted.sha256);
        if !is_ours {
            return Err(format!("it is not over {}", wanted.what));
        }
        let stamp = verify(request, answer, &self.authority(authority));
        let stamp = stamp.map_err(|fault| fault.to_string())?;
        if stamp.at < wanted.from.minus_seconds(MAX_EARLY_SECONDS) {
            return Err(format!("it is older than {}", wanted.what));
        }
        if wanted.until.is_some_and(|it| stamp.at > it) {
            return Err("the certificate of the stamp before it had ended".to_owned());
        }
        Ok(stamp)
    }

    fn authority(&self, name: &str) -> Authority {
        let roots = match &self.trusted.roots {
            Some(roots) => roots.clone(),
            None => {
                let prefix = format!("stamps/{name}-root-");
                let own = self.entries.iter().filter(|it| it.0.starts_with(&prefix));
                own.map(|it| it.1.clone()).collect()
            }
        };
        Authority {
            roots,
            intermediates: Vec::new(),
            policies: Vec::new(),
        }
    }
}
