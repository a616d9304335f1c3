//! Ordered lists over the local index `list`.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Item, Key, Store, failure, read};
use crate::domain::{Page, Pagination, Result, UserId};

/// The most rows one question asks for.
const CHUNK: usize = 1000;

/// How often a page is read that changes while it is read.
const MOST_READS: u32 = 5;

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Listing<T> {
    /// The things on this page.
    pub items: Vec<T>,
    /// Where the page stands in the list.
    pub pagination: Pagination,
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
}

impl Store {
    /// Her totals.
    pub(crate) async fn counters(&self, user: UserId) -> Result<Counters> {
        Ok(self
            .get(&Key::user(user, "COUNTERS"))
            .await?
            .unwrap_or_default())
    }

    /// A page of the list whose runs, each with its total, her totals tell.
    ///
    /// What moves from one run to another between our reads can be missed in both; a page that is
    /// shorter than the totals say is therefore read again.
    pub(crate) async fn listing<T: DeserializeOwned>(
        &self,
        user: UserId,
        page: Page,
        runs: impl Fn(&Counters) -> Vec<(String, u64)>,
    ) -> Result<Listing<T>> {
        let mut reads = 1;
        loop {
            let mut runs = runs(&self.counters(user).await?);
            runs.retain(|(_, total)| *total > 0);
            let total = runs.iter().map(|(_, total)| total).sum::<u64>();
            let runs: Vec<String> = runs.into_iter().map(|(run, _)| run).collect();
            let listing = self.page(user, &runs, page, total).await?;
            let told = total
                .saturating_sub(page.offset() as u64)
                .min(u64::from(page.limit));
            if listing.items.len() as u64 >= told || reads == MOST_READS {
                return Ok(listing);
            }
            reads += 1;
        }
    }

    /// A page of the list made of these runs, merged by token. `runs` are names without the last `#`.
    pub(crate) async fn page<T: DeserializeOwned>(
        &self,
        user: UserId,
        runs: &[String],
        page: Page,
        total: u64,
    ) -> Result<Listing<T>> {
        let wanted = usize::try_from(total).unwrap_or(usize::MAX).min(page.end());
        let mut items = Vec::new();
        if page.offset() < wanted {
            let heads = futures_util::future::try_join_all(
                runs.iter().map(|run| self.run(user, run, wanted)),
            )
            .await?;
            items = merge(heads, page);
        }
        Ok(Listing {
            items: items.into_iter().map(read).collect::<Result<_>>()?,
            pagination: page.of(total),
        })
    }

    /// The first `wanted` rows of a run.
    pub(crate) async fn run(&self, user: UserId, run: &str, wanted: usize) -> Result<Vec<Item>> {
        let mut items = Vec::new();
        let mut from = None;
        while items.len() < wanted {
            let limit = (wanted - items.len()).min(CHUNK);
            let reply = self
                .client
                .query()
                .table_name(&self.table)
                .index_name("list")
                .consistent_read(true)
                .key_condition_expression("pk = :pk AND begins_with(#list, :run)")
                .expression_attribute_names("#list", "list")
                .expression_attribute_values(":pk", AttributeValue::S(format!("USER#{user}")))
                .expression_attribute_values(":run", AttributeValue::S(format!("{run}#")))
                .limit(i32::try_from(limit).unwrap_or(i32::MAX))
                .set_exclusive_start_key(from.take())
                .send()
                .await
                .map_err(|err| failure("reading a list", err))?;
            items.extend(reply.items.unwrap_or_default());
            from = reply.last_evaluated_key;
            if from.is_none() {
                break;
            }
        }
        Ok(items)
    }
}

/// The page's rows of several ordered runs.
fn merge(runs: Vec<Vec<Item>>, page: Page) -> Vec<Item> {
    let mut all: Vec<Item> = runs.into_iter().flatten().collect();
    all.sort_by(|a, b| token(a).cmp(token(b)));
    all.into_iter()
        .skip(page.offset())
        .take(page.limit as usize)
        .collect()
}

/// What sorts a row in its list: the part of `list` after the last `#`.
fn token(item: &Item) -> &str {
    let list = item
        .get("list")
        .and_then(|it| it.as_s().ok())
        .map_or("", String::as_str);
    list.rsplit('#').next().unwrap_or_default()
}
