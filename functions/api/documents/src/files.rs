//! Routes of files: export a document, how far a file is, its address, the file.

use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use vara::clock;
use vara::domain::document::{ExportedAs, PageSize};
use vara::domain::{ArchiveScope, Download, DownloadId, Error};
use vara::http::{Caller, Params, Recent, Result, accepted, attachment, created, data};
use vara::services::documents::ExportFormat;

use crate::app::App;
use crate::query;

/// In which form a document is asked for.
enum Form {
    /// At once.
    Now(ExportFormat),
    /// Made in the background.
    Later(ExportedAs),
}

impl Form {
    fn read(params: &Params) -> Result<Self> {
        let paper = query::word::<PageSize>(params, "paper", "A4 or LETTER")?;
        let paper = paper.unwrap_or(PageSize::A4);
        match params.get("format") {
            Some("pdf") => Ok(Self::Later(ExportedAs::Pdf(paper))),
            Some("docx") => Ok(Self::Later(ExportedAs::Docx(paper))),
            _ => {
                let format = query::word(params, "format", "md, txt, pdf or docx")?;
                Ok(Self::Now(format.unwrap_or(ExportFormat::Markdown)))
            }
        }
    }
}

pub(crate) async fn export(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    params: Params,
) -> Result<Response> {
    let (id, now) = (query::document(&id)?, clock::now());
    match Form::read(&params)? {
        Form::Now(format) => {
            let documents = &app.service.documents;
            attachment(documents.export(caller.user, id, format, now).await?)
        }
        Form::Later(form) => asked_for(app.service.files.ask(caller.user, id, form, now).await?),
    }
}

/// Has an archive made of everything that is kept of her, or of her documents.
pub(crate) async fn archive(
    State(app): State<App>,
    Recent(caller): Recent,
    params: Params,
) -> Result<Response> {
    let scope = query::word(&params, "scope", "EVERYTHING or DOCUMENTS")?;
    let scope = scope.unwrap_or(ArchiveScope::Everything);
    let files = &app.service.files;
    asked_for(files.ask_archive(&caller, scope, clock::now()).await?)
}

/// The same for her documents, beside the exports of single ones.
pub(crate) async fn export_all(State(app): State<App>, Recent(caller): Recent) -> Result<Response> {
    let (files, scope) = (&app.service.files, ArchiveScope::Documents);
    asked_for(files.ask_archive(&caller, scope, clock::now()).await?)
}

/// 202 with a file that is being made or is there, and where it is followed.
fn asked_for(file: Download) -> Result<Response> {
    let place = format!("/api/v1/documents/downloads/{}", file.id);
    let place = HeaderValue::try_from(place)
        .map_err(|err| Error::bug("writing the place of a file", err))?;
    let mut reply = accepted(file);
    reply.headers_mut().insert(header::LOCATION, place);
    Ok(reply)
}

pub(crate) async fn read(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response> {
    let files = &app.service.files;
    Ok(data(
        files.get(caller.user, download(&id)?, clock::now()).await?,
    ))
}

pub(crate) async fn address(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    params: Params,
) -> Result<Response> {
    let files = &app.service.files;
    let part = query::word(&params, "part", "the number of a part")?;
    let address = files.address(&caller, (download(&id)?, part), clock::now());
    Ok(created(address.await?))
}

/// Open to whoever has the address: it is drawn at random, good for minutes, and used up by this.
pub(crate) async fn fetch(State(app): State<App>, Path(token): Path<String>) -> Result<Response> {
    attachment(app.service.files.fetch(&token, clock::now()).await?)
}

fn download(text: &str) -> Result<DownloadId> {
    Ok(DownloadId::parse(text)
        .ok_or_else(|| Error::not_found("FILE_NOT_FOUND", "This file does not exist."))?)
}
