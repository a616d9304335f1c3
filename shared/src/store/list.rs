//! Ordered, paginated lists over the local index `list`.
//!
//! Pages have numbers, which the table does not know: what comes before a page is counted by the table,
//! from the nearer end of the list, and not sent. Counting reads, so the first page in the middle of a
//! long list costs more than one near an end; those after it begin where it ended (`marks`).

use std::collections::HashMap;
use std::ops::Range;

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Select};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::direct::{ListRows, RUN_CONDITION};
use super::list_cursors::{End, ListSnapshot};
use super::reading::{text, try_read};
use super::{Item, Key, Store, failure};
use crate::domain::{Page, Pagination, Result, UserId};

/// The most rows one question asks for.
const CHUNK: usize = 1000;

/// The total of changes of the others.
pub(super) const CHANGES: &str = "changes";

/// How often a page is read that changes while it is read.
const MOST_READS: u32 = 5;

/// Runs that are merged by token, each with its total. A list is one group after the other.
type ListGroup = Vec<(String, u64)>;

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Listing<T> {
    /// The things on this page.
    pub items: Vec<T>,
    /// Where the page stands in the list.
    pub pagination: Pagination,
}

/// A row of a list: its place there, and it as its type, if it can be read.
struct ListedRow<T> {
    list: String,
    row: Option<T>,
}

impl<T: DeserializeOwned> From<Item> for ListedRow<T> {
    fn from(item: Item) -> Self {
        Self {
            list: text(&item, "list").unwrap_or_default().to_owned(),
            row: try_read(item),
        }
    }
}

impl<T> ListedRow<T> {
    /// What sorts it: the part of its place after the last `#`.
    fn token(&self) -> &str {
        self.list.rsplit('#').next().unwrap_or_default()
    }
}

impl<T> Listing<ListedRow<T>> {
    /// The rows without those that are unreadable.
    fn readable(self) -> Listing<T> {
        Listing {
            items: self.items.into_iter().filter_map(|it| it.row).collect(),
            pagination: self.pagination,
        }
    }
}

/// Her totals. A missing one is 0.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Counters(HashMap<String, serde_json::Value>);

impl Counters {
    pub(crate) fn get(&self, name: &str) -> u64 {
        self.0
            .get(name)
            .and_then(serde_json::Value::as_u64)
            .unwrap_or_default()
    }

    /// Version counter, bumped with every change of a list of hers.
    pub(crate) fn state(&self) -> u64 {
        self.get(CHANGES)
    }
}

impl Store {
    /// Her totals.
    pub(crate) async fn counters(&self, user: UserId) -> Result<Counters> {
        let key = Key::user(user, "COUNTERS");
        Ok(self.get_readable(&key).await?.unwrap_or_default())
    }

    /// A page of the list whose runs, each with its total, her totals tell; merged by token.
    pub(crate) async fn listing<T: DeserializeOwned>(
        &self,
        user: UserId,
        page: Page,
        runs: impl Fn(&Counters) -> ListGroup,
    ) -> Result<Listing<T>> {
        self.grouped_listing(user, page, |counters| vec![runs(counters)])
            .await
    }

    /// The same where each run comes after the one before: those a page has no part in are not read.
    pub(crate) async fn joined_listing<T: DeserializeOwned>(
        &self,
        user: UserId,
        page: Page,
        runs: impl Fn(&Counters) -> ListGroup,
    ) -> Result<Listing<T>> {
        let alone = |run| vec![run];
        self.grouped_listing(user, page, |counters| {
            runs(counters).into_iter().map(alone).collect()
        })
        .await
    }

    /// The same where each group comes after the one before, and the runs of a group are merged by
    /// token.
    ///
    /// What moves from one run to another between our reads can be missed in both; a page that is
    /// shorter than the totals say is therefore read again.
    pub(crate) async fn grouped_listing<T: DeserializeOwned>(
        &self,
        user: UserId,
        page: Page,
        groups: impl Fn(&Counters) -> Vec<ListGroup>,
    ) -> Result<Listing<T>> {
        let mut reads = 1;
        loop {
            let counters = self.counters(user).await?;
            let mut groups = groups(&counters);
            for group in &mut groups {
                group.retain(|(_, total)| *total > 0);
            }
            let state = counters.state();
            let listing = self.raw_page((user, state), &groups, page).await?;
            let told = listing
                .pagination
                .total
                .saturating_sub(page.offset() as u64)
                .min(u64::from(page.limit));
            if listing.items.len() as u64 >= told || reads == MOST_READS {
                return Ok(listing.readable());
            }
            reads += 1;
        }
    }

    /// A page of the list that is this run, by its name without the last `#`. `state` is another with
    /// every change of the list.
    pub(crate) async fn page<T: DeserializeOwned>(
        &self,
        (user, state): (UserId, u64),
        run: String,
        page: Page,
        total: u64,
    ) -> Result<Listing<T>> {
        let groups = [vec![(run, total)]];
        let page = self.raw_page((user, state), &groups, page);
        Ok(page.await?.readable())
    }

    async fn raw_page<T: DeserializeOwned>(
        &self,
        (user, state): (UserId, u64),
        groups: &[ListGroup],
        page: Page,
    ) -> Result<Listing<ListedRow<T>>> {
        let total = groups.iter().flatten().map(|(_, total)| total).sum::<u64>();
        let all = usize::try_from(total).unwrap_or(usize::MAX);
        let wanted = page.offset().min(all)..page.end().min(all);
        let (mut items, mut before) = (Vec::new(), 0);
        for group in groups {
            let total = group.iter().map(|(_, total)| total).sum::<u64>();
            let total = usize::try_from(total).unwrap_or(usize::MAX);
            let inside = |at: usize| at.saturating_sub(before).min(total);
            let part = inside(wanted.start)..inside(wanted.end);
            if !part.is_empty() {
                items.extend(self.read_group((user, state), group, part, total).await?);
            }
            before = before.saturating_add(total);
        }
        Ok(Listing {
            items,
            pagination: page.of(total),
        })
    }

    /// These rows of a group of `total`.
    async fn read_group<T: DeserializeOwned>(
        &self,
        (user, state): (UserId, u64),
        group: &ListGroup,
        wanted: Range<usize>,
        total: usize,
    ) -> Result<Vec<ListedRow<T>>> {
        let [(run, _)] = &group[..] else {
            return self.merge_runs(user, group, wanted, total).await;
        };
        let shelf = |end| ListSnapshot {
            user,
            run: run.clone(),
            end,
            state,
        };
        self.slice(shelf, wanted, total).await
    }

    /// These rows of a run of `total`, counted from its nearer end.
    async fn slice<T: DeserializeOwned>(
        &self,
        shelf: impl Fn(End) -> ListSnapshot,
        wanted: Range<usize>,
        total: usize,
    ) -> Result<Vec<ListedRow<T>>> {
        let (before, after) = (wanted.start, total - wanted.end);
        if before <= after {
            return self
                .rows_after(&shelf(End::First), before, wanted.len())
                .await;
        }
        let mut items = self
            .rows_after(&shelf(End::Last), after, wanted.len())
            .await?;
        items.reverse();
        Ok(items)
    }

    /// These rows of all runs together, read from the nearer end of the whole.
    async fn merge_runs<T: DeserializeOwned>(
        &self,
        user: UserId,
        runs: &[(String, u64)],
        wanted: Range<usize>,
        total: usize,
    ) -> Result<Vec<ListedRow<T>>> {
        let from_last = total - wanted.start;
        let (end, most) = if wanted.end <= from_last {
            (End::First, wanted.end)
        } else {
            (End::Last, from_last)
        };
        let heads = runs
            .iter()
            .map(|(run, _)| self.rows((user, run, end), None, most));
        let heads = futures_util::future::try_join_all(heads).await?;
        let mut all: Vec<ListedRow<T>> = heads.into_iter().flat_map(|(rows, _)| rows).collect();
        all.sort_by(|a, b| a.token().cmp(b.token()));
        let skipped = match end {
            End::First => wanted.start,
            End::Last => all.len().saturating_sub(from_last),
        };
        let items = all.into_iter().skip(skipped);
        Ok(items.take(wanted.len()).collect())
    }

    /// The first `wanted` rows of a run.
    pub(crate) async fn run(&self, user: UserId, run: &str, wanted: usize) -> Result<Vec<Item>> {
        let run = (user, run, End::First);
        let (items, _) = self.items(run, None, wanted).await?;
        Ok(items)
    }

    /// `wanted` rows after `skipped` ones, in the order of reading.
    async fn rows_after<T: DeserializeOwned>(
        &self,
        shelf: &ListSnapshot,
        skipped: usize,
        wanted: usize,
    ) -> Result<Vec<ListedRow<T>>> {
        let run = (shelf.user, shelf.run.as_str(), shelf.end);
        let (mut passed, mut from) = match self.marks.nearest(shelf, skipped) {
            Some((passed, from)) => (passed, Some(from)),
            None => (0, None),
        };
        while passed < skipped {
            // Counted where they are: nothing of what is passed over is sent to us.
            let question = self.question(run, skipped - passed).select(Select::Count);
            let reply = question.set_exclusive_start_key(from.take()).send().await;
            let reply = reply.map_err(|err| failure("counting in a list", err))?;
            passed += usize::try_from(reply.count).unwrap_or_default();
            from = reply.last_evaluated_key;
            let Some(from) = &from else {
                return Ok(vec![]);
            };
            self.marks.set(shelf, passed, from);
        }
        let (items, from) = self.rows(run, from, wanted).await?;
        if let Some(from) = from {
            self.marks.set(shelf, skipped + items.len(), &from);
        }
        Ok(items)
    }

    /// `wanted` rows of a run from a place on, in the order of reading, and where they end.
    async fn rows<T: DeserializeOwned>(
        &self,
        run: (UserId, &str, End),
        from: Option<Item>,
        wanted: usize,
    ) -> Result<(Vec<ListedRow<T>>, Option<Item>)> {
        let (mut rows, mut from) = (Vec::new(), from);
        if from.is_none()
            && wanted > 0
            && let Some((some, next)) = self.first_rows(run, wanted).await
        {
            let listed = |(list, row)| ListedRow {
                list,
                row: Some(row),
            };
            (rows, from) = (some.into_iter().map(listed).collect(), next);
            if from.is_none() {
                return Ok((rows, from));
            }
        }
        let left = wanted.saturating_sub(rows.len());
        if left > 0 {
            let (items, next) = self.items(run, from, left).await?;
            rows.extend(items.into_iter().map(ListedRow::from));
            from = next;
        }
        Ok((rows, from))
    }

    /// The same as the table has them.
    async fn items(
        &self,
        run: (UserId, &str, End),
        mut from: Option<Item>,
        wanted: usize,
    ) -> Result<(Vec<Item>, Option<Item>)> {
        let mut items = Vec::new();
        while items.len() < wanted {
            let question = self.question(run, (wanted - items.len()).min(CHUNK));
            let reply = question.set_exclusive_start_key(from.take()).send().await;
            let reply = reply.map_err(|err| failure("reading a list", err))?;
            items.extend(reply.items.unwrap_or_default());
            from = reply.last_evaluated_key;
            if from.is_none() {
                break;
            }
        }
        Ok((items, from))
    }

    /// The first rows of a run, in one call; `None`: ask in the usual way.
    async fn first_rows<T: DeserializeOwned>(
        &self,
        (user, run, end): (UserId, &str, End),
        wanted: usize,
    ) -> Option<ListRows<T>> {
        let most = i32::try_from(wanted.min(CHUNK)).ok()?;
        let (pk, run) = (format!("USER#{user}"), format!("{run}#"));
        let direct = self.direct.as_ref()?;
        let forward = end == End::First;
        direct.run(&self.table, (&pk, &run), forward, most).await
    }

    fn question(&self, (user, run, end): (UserId, &str, End), most: usize) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.table)
            .index_name("list")
            .consistent_read(true)
            .scan_index_forward(end == End::First)
            .key_condition_expression(RUN_CONDITION)
            .expression_attribute_names("#list", "list")
            .expression_attribute_values(":pk", AttributeValue::S(format!("USER#{user}")))
            .expression_attribute_values(":run", AttributeValue::S(format!("{run}#")))
            .limit(i32::try_from(most).unwrap_or(i32::MAX))
    }
}

#[cfg(test)]
mod tests;
