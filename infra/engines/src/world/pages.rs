//! The pages of the tiny web that were planted, each with a picture.

use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use serde::Serialize;
use url::Url;
use uuid::Uuid;
use vara_imaging::Format;

use crate::lock::lock;
use crate::look::{PictureFeatures, Seen};

/// A page of the tiny web and the picture on it.
pub(crate) struct PlantedPage {
    pub(crate) id: String,
    /// Its place in the order of planting, from 0.
    pub(crate) number: usize,
    pub(crate) format: Format,
    /// The file that was indexed.
    pub(crate) bytes: Bytes,
    /// The file that is served: the same, unless the page has changed since.
    pub(crate) shown: Bytes,
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Absent when the picture is too small or too plain to be recognised.
    pub(crate) look: Option<Arc<PictureFeatures>>,
    pub(crate) address: Address,
    pub(crate) title: Option<String>,
    pub(crate) crawl_date: Option<String>,
    /// Who is seen in it, as whoever planted it says.
    pub(crate) person: Option<String>,
}

/// The address of a page, as it was planted and as it is understood.
pub(crate) struct Address {
    pub(crate) text: String,
    pub(crate) url: Url,
}

impl std::fmt::Debug for PlantedPage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Page")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// A page as the control routes show it.
#[derive(Serialize)]
pub(crate) struct PageView {
    id: String,
    image_url: String,
    page_url: String,
    title: Option<String>,
    crawl_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<String>,
    width: u32,
    height: u32,
}

impl PlantedPage {
    /// Where the picture is served.
    pub(crate) fn image_url(&self, base_url: &str) -> String {
        format!("{base_url}/web/{}.{}", self.id, extension(self.format))
    }

    pub(crate) fn view(&self, base_url: &str) -> PageView {
        PageView {
            id: self.id.clone(),
            image_url: self.image_url(base_url),
            page_url: self.address.text.clone(),
            title: self.title.clone(),
            crawl_date: self.crawl_date.clone(),
            person: self.person.clone(),
            width: self.width,
            height: self.height,
        }
    }
}

/// Every planted page, in order of planting.
#[derive(Default)]
pub(crate) struct Web {
    pages: Mutex<Vec<Arc<PlantedPage>>>,
}

impl Web {
    pub(crate) fn all(&self) -> Vec<Arc<PlantedPage>> {
        lock(&self.pages).clone()
    }

    pub(crate) fn clear(&self) -> usize {
        std::mem::take(&mut *lock(&self.pages)).len()
    }

    /// The page whose picture or page is served under `name`: `<id>` or `<id>.<ext>`.
    pub(crate) fn find(&self, name: &str) -> Option<Arc<PlantedPage>> {
        let id = name.split_once('.').map_or(name, |(id, _)| id);
        let page = lock(&self.pages)
            .iter()
            .find(|page| page.id == id)
            .cloned()?;
        let file = format!("{id}.{}", extension(page.format));
        (name == id || name == file).then_some(page)
    }

    /// The page that was planted last with this address.
    pub(crate) fn at_address(&self, address: &str) -> Option<Arc<PlantedPage>> {
        let pages = lock(&self.pages);
        pages
            .iter()
            .rev()
            .find(|it| it.address.text == address)
            .cloned()
    }

    /// The file that is shown under a name, to an engine that fetches it.
    pub(crate) fn shown(&self, name: &str) -> Option<Bytes> {
        let page = self.find(name).filter(|page| name != page.id)?;
        Some(page.shown.clone())
    }

    pub(crate) fn add(&self, planted: Planted, seen: Seen) -> Arc<PlantedPage> {
        let mut pages = lock(&self.pages);
        let page = Arc::new(PlantedPage {
            id: Uuid::new_v4().simple().to_string(),
            number: pages.len(),
            format: seen.format,
            shown: planted.image_now.unwrap_or_else(|| planted.image.clone()),
            bytes: planted.image,
            width: seen.width,
            height: seen.height,
            look: seen.look,
            address: planted.address,
            title: planted.title,
            crawl_date: planted.crawl_date,
            person: planted.person,
        });
        pages.push(Arc::clone(&page));
        page
    }
}

/// What `POST /_web` brings.
pub(crate) struct Planted {
    pub(crate) image: Bytes,
    /// What the page shows by now.
    pub(crate) image_now: Option<Bytes>,
    pub(crate) address: Address,
    pub(crate) title: Option<String>,
    pub(crate) crawl_date: Option<String>,
    pub(crate) person: Option<String>,
}

fn extension(format: Format) -> &'static str {
    match format {
        Format::Jpeg => "jpg",
        Format::Png => "png",
        Format::WebP => "webp",
        Format::Gif => "gif",
    }
}
