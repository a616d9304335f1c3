//! What a search asks for: the picture, and which page of the matches.

use axum::body::Bytes;
use axum::extract::Multipart;
use axum::extract::multipart::MultipartError;
use axum::http::StatusCode;

use super::wire::Trouble;

/// What the matches are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Score,
    Size,
    CrawlDate,
}

/// A search request, from the query and the form alike.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) image_url: Option<String>,
    pub(crate) image_upload: Option<Bytes>,
    pub(crate) offset: usize,
    pub(crate) limit: usize,
    pub(crate) sort: Sort,
    pub(crate) ascending: bool,
}

impl Default for Ask {
    fn default() -> Self {
        Self {
            image_url: None,
            image_upload: None,
            offset: 0,
            limit: 100,
            sort: Sort::Score,
            ascending: false,
        }
    }
}

impl Ask {
    /// Takes what the query says.
    pub(crate) fn read_query(&mut self, query: &str) -> Result<(), Trouble> {
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            self.set(&name, &value)?;
        }
        Ok(())
    }

    /// Takes what the form says, over what the query said.
    pub(crate) async fn read_form(&mut self, mut form: Multipart) -> Result<(), Trouble> {
        while let Some(field) = form.next_field().await.map_err(|e| unreadable(&e))? {
            let name = field.name().unwrap_or_default().to_owned();
            if name == "image_upload" {
                self.image_upload = Some(field.bytes().await.map_err(|e| unreadable(&e))?);
            } else {
                self.set(&name, &field.text().await.map_err(|e| unreadable(&e))?)?;
            }
        }
        Ok(())
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), Trouble> {
        let wrong = || Trouble::parameter(format!("Invalid value for the parameter {name}."));
        match name {
            "image_url" => self.image_url = Some(value.to_owned()),
            "offset" => self.offset = value.parse().map_err(|_| wrong())?,
            "limit" => self.limit = value.parse().map_err(|_| wrong())?,
            "sort" => {
                self.sort = match value {
                    "score" => Sort::Score,
                    "size" => Sort::Size,
                    "crawl_date" => Sort::CrawlDate,
                    _ => return Err(wrong()),
                };
            }
            "order" => {
                self.ascending = match value {
                    "asc" => true,
                    "desc" => false,
                    _ => return Err(wrong()),
                };
            }
            // The real service takes further filters; none changes what is found here.
            _ => {}
        }
        Ok(())
    }
}

fn unreadable(error: &MultipartError) -> Trouble {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Trouble::of(StatusCode::PAYLOAD_TOO_LARGE),
        _ => Trouble::no_picture(),
    }
}
