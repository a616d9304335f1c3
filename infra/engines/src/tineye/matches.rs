//! Searching the tiny web, and how TinEye writes what it found.

use std::cmp::Ordering;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Number, Value};
use vara_imaging::Format;

use super::ask::{Ask, Sort};
use super::domain::domains;
use crate::look::{Likeness, Seen};
use crate::world::{OutsideWorld, PlantedPage};

/// One picture on one domain, and the pages there that show it.
#[derive(Debug, Serialize)]
pub(crate) struct TineyeMatch {
    image_url: String,
    domain: String,
    top_level_domain: String,
    score: Number,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
    size: u64,
    filesize: usize,
    format: &'static str,
    tags: [&'static str; 0],
    contributor: bool,
    query_hash: String,
    overlay: String,
    backlinks: Vec<Backlink>,
    #[serde(skip)]
    page: Arc<PlantedPage>,
}

#[derive(Debug, Serialize)]
struct Backlink {
    url: String,
    backlink: String,
    /// `YYYY-MM-DD`, or `""` or null where the day is not known.
    crawl_date: Value,
}

impl TineyeMatch {
    fn newest(&self) -> &str {
        self.backlinks
            .iter()
            .filter_map(|it| it.crawl_date.as_str())
            .max()
            .unwrap_or_default()
    }

    fn is_of(&self, page: &PlantedPage) -> bool {
        self.page.bytes == page.bytes && self.domain == domains(&page.address.url).0
    }
}

/// All matches in the tiny web, in order of planting.
pub(crate) fn find(world: &OutsideWorld, query: &Seen) -> Vec<TineyeMatch> {
    let mut found: Vec<TineyeMatch> = Vec::new();
    let Some(look) = &query.look else {
        return found;
    };
    let name = look.name();
    for page in world.web.all() {
        let likeness = page
            .look
            .as_ref()
            .and_then(|planted| look.likeness(planted));
        let Some(likeness) = likeness else { continue };
        let backlink = backlink(&page, &world.base_url);
        match found.iter_mut().find(|it| it.is_of(&page)) {
            Some(known) => known.backlinks.push(backlink),
            None => found.push(matched(world, query, &name, page, &likeness, backlink)),
        }
    }
    found
}

/// How many pages show a picture that was found.
pub(crate) fn backlinks(found: &[TineyeMatch]) -> usize {
    found.iter().map(|it| it.backlinks.len()).sum()
}

/// The page of matches that was asked for.
pub(crate) fn page(mut found: Vec<TineyeMatch>, ask: &Ask) -> Vec<TineyeMatch> {
    found.sort_by(|a, b| {
        let order = compare(a, b, ask.sort);
        let order = if ask.ascending {
            order
        } else {
            order.reverse()
        };
        order.then(a.page.number.cmp(&b.page.number))
    });
    found.into_iter().skip(ask.offset).take(ask.limit).collect()
}

fn compare(a: &TineyeMatch, b: &TineyeMatch, sort: Sort) -> Ordering {
    match sort {
        Sort::Score => {
            let score = |it: &TineyeMatch| it.score.as_f64().unwrap_or_default();
            score(a).total_cmp(&score(b))
        }
        Sort::Size => a.size.cmp(&b.size),
        Sort::CrawlDate => a.newest().cmp(b.newest()),
    }
}

fn matched(
    world: &OutsideWorld,
    query: &Seen,
    name: &str,
    page: Arc<PlantedPage>,
    likeness: &Likeness,
    backlink: Backlink,
) -> TineyeMatch {
    let (domain, top_level_domain) = domains(&page.address.url);
    // The real service does not always know the sides, and writes some scores as whole
    // numbers: a client that counts on either must fail here, not there.
    let knows_sides = page.number % 4 != 3;
    let whole_score = page.number % 4 == 1;
    let query_hash = name.get(..16).unwrap_or(name).to_owned();
    TineyeMatch {
        image_url: format!("{}/tineye/result/{}", world.base_url, page.id),
        domain,
        top_level_domain,
        score: score(likeness.score(), whole_score),
        width: knows_sides.then_some(page.width),
        height: knows_sides.then_some(page.height),
        size: u64::from(page.width) * u64::from(page.height),
        filesize: page.bytes.len(),
        format: format_name(page.format),
        tags: [],
        contributor: false,
        overlay: overlay(&query_hash, query, &page, likeness),
        query_hash,
        backlinks: vec![backlink],
        page,
    }
}

fn score(score: f32, whole: bool) -> Number {
    // Through text, because 61.3_f32 is not 61.3 as a double.
    let text = if whole {
        format!("{score:.0}")
    } else {
        format!("{score:.1}")
    };
    text.parse().unwrap_or_else(|_| Number::from(0))
}

fn backlink(page: &PlantedPage, base_url: &str) -> Backlink {
    let crawl_date = match &page.crawl_date {
        Some(day) => Value::from(day.as_str()),
        None if page.number.is_multiple_of(2) => Value::from(""),
        None => Value::Null,
    };
    Backlink {
        url: page.image_url(base_url),
        backlink: page.address.text.clone(),
        crawl_date,
    }
}

/// A path with the affine matrix that lays the match over the query.
fn overlay(query_hash: &str, query: &Seen, page: &PlantedPage, likeness: &Likeness) -> String {
    let (ours, theirs) = (likeness.query, likeness.planted);
    let scale = |share: f32, side: u32, of: f32, other: u32| {
        (share * side as f32) / (of * other as f32).max(1.0)
    };
    let m11 = scale(ours.width, query.width, theirs.width, page.width);
    let m22 = scale(ours.height, query.height, theirs.height, page.height);
    let m13 = ours.left * query.width as f32 - m11 * theirs.left * page.width as f32;
    let m23 = ours.top * query.height as f32 - m22 * theirs.top * page.height as f32;
    let id = &page.id;
    format!(
        "overlay/{query_hash}/{id}?m11={m11:.4}&m12=0.0&m13={m13:.4}&m21=0.0&m22={m22:.4}&m23={m23:.4}"
    )
}

fn format_name(format: Format) -> &'static str {
    match format {
        Format::Jpeg => "JPEG",
        Format::Png => "PNG",
        Format::WebP => "WEBP",
        Format::Gif => "GIF",
    }
}
