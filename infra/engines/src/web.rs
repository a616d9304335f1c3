//! The tiny web: pages with a picture, planted at run time and served as real files.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{Multipart, Path, State};
use axum::http::{StatusCode, header};
use axum::middleware;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use time::Date;
use time::macros::format_description;
use url::Url;

use crate::answer::{EngineRefusal, content_type};
use crate::gate::{Failures, gate};
use crate::look;
use crate::world::{Address, Engine, OutsideWorld, Planted, PlantedPage};

/// Reads the form and adds its page; the picture is looked at once, here.
pub(crate) async fn plant(
    world: &OutsideWorld,
    form: Multipart,
) -> Result<Arc<PlantedPage>, EngineRefusal> {
    let planted = read(form).await?;
    let seen = look::see(planted.image.clone()).await;
    let seen = seen.map_err(|e| EngineRefusal::bad(format!("image cannot be used: {e}")))?;
    let same_format = |now: &Bytes| vara_imaging::sniff(now) == Some(seen.format);
    if !planted.image_now.as_ref().is_none_or(same_format) {
        let why = "image_now must be a picture of the same format as image";
        return Err(EngineRefusal::bad(why));
    }
    Ok(world.web.add(planted, seen))
}

async fn read(mut form: Multipart) -> Result<Planted, EngineRefusal> {
    let (mut image, mut address, mut title, mut crawl_date) = (None, None, None, None);
    let (mut image_now, mut person) = (None, None);
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        match field.name() {
            Some("image") => image = Some(field.bytes().await.map_err(unreadable)?),
            Some("image_now") => image_now = Some(field.bytes().await.map_err(unreadable)?),
            Some("page_url") => address = Some(a_page(text(field).await?)?),
            Some("title") => title = Some(text(field).await?),
            Some("crawl_date") => crawl_date = Some(a_date(text(field).await?)?),
            Some("person") => person = Some(a_person(text(field).await?)?),
            name => {
                let name = name.unwrap_or("(no name)");
                return Err(EngineRefusal::bad(format!(
                    "unknown field {name}; known are image, image_now, page_url, title, crawl_date, person"
                )));
            }
        }
    }
    Ok(Planted {
        image: image.ok_or_else(|| EngineRefusal::bad("the field image is missing"))?,
        address: address.ok_or_else(|| EngineRefusal::bad("the field page_url is missing"))?,
        image_now,
        title,
        crawl_date,
        person,
    })
}

/// The form of a portrait: a picture and who it shows.
pub(crate) async fn portrait(mut form: Multipart) -> Result<(Bytes, String), EngineRefusal> {
    let (mut image, mut person) = (None, None);
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        match field.name() {
            Some("image") => image = Some(field.bytes().await.map_err(unreadable)?),
            Some("person") => person = Some(a_person(text(field).await?)?),
            name => {
                let name = name.unwrap_or("(no name)");
                let why = format!("unknown field {name}; known are image, person");
                return Err(EngineRefusal::bad(why));
            }
        }
    }
    let image = image.ok_or_else(|| EngineRefusal::bad("the field image is missing"))?;
    let person = person.ok_or_else(|| EngineRefusal::bad("the field person is missing"))?;
    Ok((image, person))
}

async fn text(field: Field<'_>) -> Result<String, EngineRefusal> {
    field.text().await.map_err(unreadable)
}

fn unreadable(error: MultipartError) -> EngineRefusal {
    EngineRefusal::new(
        error.status(),
        format!("the form cannot be read: {}", error.body_text()),
    )
}

fn a_page(text: String) -> Result<Address, EngineRefusal> {
    match Url::parse(&text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(Address { text, url }),
        _ => Err(EngineRefusal::bad(
            "page_url must be a whole http or https address",
        )),
    }
}

fn a_person(text: String) -> Result<String, EngineRefusal> {
    match text.trim() {
        "" => Err(EngineRefusal::bad("person must be a name")),
        name => Ok(name.to_owned()),
    }
}

fn a_date(text: String) -> Result<String, EngineRefusal> {
    match Date::parse(&text, format_description!("[year]-[month]-[day]")) {
        Ok(_) => Ok(text),
        Err(_) => Err(EngineRefusal::bad("crawl_date must be a day as YYYY-MM-DD")),
    }
}

const FAILURES: Failures = Failures {
    engine: Engine::Web,
    refuse,
    garbage,
    spent: || refuse(StatusCode::TOO_MANY_REQUESTS),
    counts: |_| true,
};

pub(crate) fn routes(world: &Arc<OutsideWorld>) -> Router<Arc<OutsideWorld>> {
    Router::new()
        .route("/web/{name}", get(show))
        .route("/site/{*path}", get(at_its_address))
        .route("/moved/{*path}", get(moved))
        .route_layer(middleware::from_fn_with_state(
            (Arc::clone(world), FAILURES),
            gate,
        ))
}

async fn show(State(world): State<Arc<OutsideWorld>>, Path(name): Path<String>) -> Response {
    match world.web.find(&name) {
        Some(page) if name == page.id => Html(document(&page, &world.base_url)).into_response(),
        Some(page) => picture(&page),
        None => refuse(StatusCode::NOT_FOUND),
    }
}

/// The page that was planted with just this address, or with the one that leads here.
async fn at_its_address(
    State(world): State<Arc<OutsideWorld>>,
    Path(path): Path<String>,
) -> Response {
    let address = |kind: &str| format!("{}/{kind}/{path}", world.base_url);
    let page = world.web.at_address(&address("site"));
    match page.or_else(|| world.web.at_address(&address("moved"))) {
        Some(page) => Html(document(&page, &world.base_url)).into_response(),
        None => refuse(StatusCode::NOT_FOUND),
    }
}

/// Leads on to the page under `/site/`.
async fn moved(State(world): State<Arc<OutsideWorld>>, Path(path): Path<String>) -> Response {
    let address = format!("{}/site/{path}", world.base_url);
    (StatusCode::FOUND, [(header::LOCATION, address)]).into_response()
}

/// The file that the page shows, byte by byte.
pub(crate) fn picture(page: &PlantedPage) -> Response {
    (content_type(page.format.mime()), page.shown.clone()).into_response()
}

fn document(page: &PlantedPage, base_url: &str) -> String {
    let title = escape(page.title.as_deref().unwrap_or("A page of the tiny web"));
    let (image, url) = (page.image_url(base_url), escape(&page.address.text));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
         <h1>{title}</h1>\n<p>Stands for {url}</p>\n<img src=\"{image}\" alt=\"\">\n</html>\n"
    )
}

fn escape(text: &str) -> String {
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}

/// How web servers commonly say no.
pub(crate) fn refuse(status: StatusCode) -> Response {
    let reason = status.canonical_reason().unwrap_or("Error");
    let code = status.as_u16();
    let page = format!("<!doctype html>\n<title>{code} {reason}</title>\n<h1>{reason}</h1>\n");
    let mut answer = (status, Html(page)).into_response();
    if status == StatusCode::TOO_MANY_REQUESTS {
        answer
            .headers_mut()
            .insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
    }
    answer
}

/// A file that claims to be a picture and is none.
fn garbage() -> Response {
    (content_type("image/jpeg"), "\u{0}this is not a picture").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_cannot_bring_markup() {
        assert_eq!(escape("<b a='\"'>&"), "&lt;b a=&#39;&quot;&#39;&gt;&amp;");
    }

    #[test]
    fn a_day_must_exist() {
        assert!(a_date("2025-11-03".to_owned()).is_ok());
        assert!(a_date("2025-02-30".to_owned()).is_err());
        assert!(a_date("3.11.2025".to_owned()).is_err());
    }
}
