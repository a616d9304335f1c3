//! Routes of templates: list, read, fill in the fields of a document, check a document.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use vara::clock;
use vara::domain::document::DocumentKind;
use vara::domain::{Error, Law};
use vara::http::{Body, Caller, Params, Result, data, expected_revision};
use vara::services::documents::FieldsRequest;
use vara::templates::{self, Template};

use crate::app::{App, whole};
use crate::query;

/// What is told of a template in a list.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TemplateSummary {
    /// Its id, the same in every language.
    pub id: &'static str,
    /// Counts its changes.
    pub version: u32,
    /// What its texts are for.
    pub kind: DocumentKind,
    /// What a notice rests on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub law: Option<Law>,
    /// The language of the text (BCP 47).
    pub language: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// When the text was last held against its sources (ISO 8601).
    pub checked_at: &'static str,
    /// The lawyer who confirmed it. `null`: to be confirmed by a lawyer.
    pub checked_by: Option<&'static str>,
}

impl TemplateSummary {
    fn of(it: &'static Template) -> Self {
        Self {
            id: &it.id,
            version: it.version,
            kind: it.kind,
            law: it.law,
            language: &it.language,
            title: &it.title,
            checked_at: &it.checked_at,
            checked_by: it.checked_by.as_deref(),
        }
    }
}

pub(crate) async fn list(_: Caller, params: Params) -> Result<Response> {
    let kinds: Option<Vec<DocumentKind>> = params.list("kind")?;
    let language = params.get("language");
    let primary = language.map(|it| it.split('-').next().unwrap_or_default());
    let is_asked = |it: &&Template| {
        primary.is_none_or(|language| it.language == language)
            && kinds.as_ref().is_none_or(|kinds| kinds.contains(&it.kind))
    };
    let all = templates::all().iter().filter(is_asked);
    Ok(data(all.map(TemplateSummary::of).collect::<Vec<_>>()))
}

pub(crate) async fn read(_: Caller, Path(id): Path<String>, params: Params) -> Result<Response> {
    let language = params.get("language").unwrap_or("en");
    let template = templates::template(&id, language);
    let missing = || Error::not_found("TEMPLATE_NOT_FOUND", "This template does not exist.");
    Ok(data(template.ok_or_else(missing)?))
}

pub(crate) async fn fill(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(request): Body<FieldsRequest>,
) -> Result<Response> {
    let (id, revision) = (query::document(&id)?, expected_revision(&headers)?);
    let filled = app
        .service
        .documents
        .fill(&caller, id, revision, &request, clock::now());
    Ok(whole(filled.await?))
}

pub(crate) async fn check(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response> {
    let id = query::document(&id)?;
    Ok(data(
        app.service
            .documents
            .check(caller.user, id, clock::now())
            .await?,
    ))
}
