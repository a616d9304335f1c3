//! Rows of hers by kind, a page at a time in the order of their names, as her archive is made from them.

use serde::de::DeserializeOwned;

use super::reading::{text, try_read};
use super::{Key, Store, failure};
use crate::domain::{Result, UserId};

/// A kind of rows that belongs into her archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowKind {
    /// Her account and profile.
    Profile,
    /// What she chose.
    Preferences,
    /// What she told at the start.
    Answers,
    /// The plan that follows from it.
    Plan,
    /// Pictures.
    Image,
    /// Findings.
    Match,
    /// Alerts that are listed.
    Alert,
    /// Alerts that she cleared.
    ClearedAlert,
    /// Scans.
    Scan,
    /// Accounts and addresses elsewhere.
    Account,
    /// What she was told outside the app.
    Delivery,
    /// Documents.
    Document,
    /// Versions of documents.
    DocumentVersion,
    /// Records of evidence.
    Evidence,
    /// Requests to remove.
    Takedown,
    /// Attempts to send requests.
    TakedownAttempt,
    /// Mails about requests.
    TakedownMail,
}

impl RowKind {
    /// What the names of such rows begin with.
    fn start(self) -> &'static str {
        match self {
            Self::Profile => "PROFILE",
            Self::Preferences => "PREFERENCES",
            Self::Answers => "ANSWERS",
            Self::Plan => "PLAN",
            Self::Image => "IMAGE#",
            Self::Match => "MATCH#",
            Self::Alert => "ALERT#",
            Self::ClearedAlert => "CLEARED#",
            Self::Scan => "SCAN#",
            Self::Account => "ACCOUNT#",
            Self::Delivery => "DELIVERY#",
            Self::Document => "DOC#",
            Self::DocumentVersion => "DOCV#",
            Self::Evidence => "EVIDENCE#",
            Self::Takedown => "TAKEDOWN#",
            Self::TakedownAttempt => "TDATTEMPT#",
            Self::TakedownMail => "TDMAIL#",
        }
    }

    /// Whether there is one such row at most.
    fn is_single(self) -> bool {
        !self.start().ends_with('#')
    }
}

/// Some rows of a kind.
#[derive(Debug)]
pub(crate) struct RowPage<T> {
    /// Those that can be read, each with the parts of its name behind the kind.
    pub(crate) rows: Vec<(String, T)>,
    /// How many cannot be read.
    pub(crate) unreadable: u64,
    /// Behind which name the next page begins, if there is one.
    pub(crate) next: Option<String>,
}

impl Store {
    /// Up to `most` rows of a kind behind the one of this name, and at most a megabyte of them.
    pub(crate) async fn rows_of_kind<T: DeserializeOwned>(
        &self,
        user: UserId,
        kind: RowKind,
        after: Option<&str>,
        most: i32,
    ) -> Result<RowPage<T>> {
        let start = kind.start();
        let query = self.rows_starting(Key::user(user, start)).limit(most);
        let after = after.map(|it| Key::user(user, it).item());
        let reply = query.set_exclusive_start_key(after).send().await;
        let reply = reply.map_err(|err| failure("reading rows for an archive", err))?;
        let mut page = RowPage {
            rows: Vec::new(),
            unreadable: 0,
            next: None,
        };
        for item in reply.items.unwrap_or_default() {
            let name = text(&item, "sk").unwrap_or_default();
            let Some(name) = name.strip_prefix(start).map(str::to_owned) else {
                continue;
            };
            if kind.is_single() && !name.is_empty() {
                continue;
            }
            match try_read(item) {
                Some(row) => page.rows.push((name, row)),
                None => page.unreadable += 1,
            }
        }
        let last = reply.last_evaluated_key.unwrap_or_default();
        page.next = text(&last, "sk").map(str::to_owned);
        Ok(page)
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::store::Row;
    use crate::testing;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Thing {
        size: u32,
    }

    #[tokio::test]
    async fn all_rows_of_a_kind_are_read_once_page_by_page() {
        let (store, client) = testing::table().await;
        let user = UserId::random();
        for (at, name) in [
            "SCAN#a", "SCAN#b", "SCAN#c", "SCANNER", "PROFILE", "PROFILES",
        ]
        .into_iter()
        .enumerate()
        {
            let size = u32::try_from(at).unwrap();
            let row = Row::new(Key::user(user, name), Thing { size });
            assert!(store.tx().put(&row).commit().await.unwrap().is_done());
        }
        testing::set_text(&client, user, "SCAN#b", "size", "large").await;
        let (mut seen, mut unreadable, mut after) = (Vec::new(), 0, None::<String>);
        loop {
            let page = store.rows_of_kind::<Thing>(user, RowKind::Scan, after.as_deref(), 1);
            let page = page.await.unwrap();
            seen.extend(page.rows.into_iter().map(|it| (it.0, it.1.size)));
            unreadable += page.unreadable;
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, [("a".to_owned(), 0), ("c".to_owned(), 2)]);
        assert_eq!(unreadable, 1);
        let single = store.rows_of_kind::<Thing>(user, RowKind::Profile, None, 100);
        let single = single.await.unwrap();
        assert_eq!(single.rows, [(String::new(), Thing { size: 4 })]);
    }
}
