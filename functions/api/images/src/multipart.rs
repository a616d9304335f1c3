//! The one file of a multipart body.

use std::convert::Infallible;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use futures_util::stream;
use multer::{Constraints, Multipart, SizeLimit};
use vara::domain::Kind;
use vara::services::images::{MAX_DIRECT, too_large};
use vara::{Error, Result};

/// Types a picture may claim to be. What it is, its bytes tell.
const CLAIMS: [&str; 3] = ["image/jpeg", "image/png", "image/webp"];

/// The file she sent.
pub(crate) struct File(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for File {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let claim = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|it| it.to_str().ok())
            .unwrap_or_default();
        let boundary = multer::parse_boundary(claim).map_err(|_| {
            Error::new(
                Kind::NotAcceptable,
                "FST_INVALID_MULTIPART_CONTENT_TYPE",
                "A picture is sent as multipart/form-data, in the field `file`.",
            )
        })?;
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|_| unreadable())?;
        only_file(body, boundary).await.map(Self)
    }
}

async fn only_file(body: Bytes, boundary: String) -> Result<Bytes> {
    let limit = SizeLimit::new().per_field(MAX_DIRECT as u64);
    let whole = stream::iter([Ok::<_, Infallible>(body)]);
    let mut parts =
        Multipart::with_constraints(whole, boundary, Constraints::new().size_limit(limit));
    let mut file = None;
    while let Some(part) = parts.next_field().await.map_err(refuse)? {
        if part.file_name().is_none() {
            continue;
        }
        if file.is_some() {
            return Err(Error::new(
                Kind::TooLarge,
                "FST_FILES_LIMIT",
                "Please send one picture at a time.",
            ));
        }
        if part
            .content_type()
            .is_some_and(|it| !CLAIMS.contains(&it.essence_str()))
        {
            return Err(Error::invalid(
                "INVALID_FILE_TYPE",
                "Please use a JPEG, PNG or WebP picture.",
            ));
        }
        file = Some(part.bytes().await.map_err(refuse)?);
    }
    file.ok_or_else(|| Error::invalid("NO_FILE_PROVIDED", "There is no picture in this request."))
}

fn refuse(err: multer::Error) -> Error {
    match err {
        multer::Error::FieldSizeExceeded { .. } | multer::Error::StreamSizeExceeded { .. } => {
            too_large()
        }
        _ => unreadable(),
    }
}

fn unreadable() -> Error {
    Error::invalid("REQUEST_ERROR", "The request could not be read.")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn body(parts: &[(&str, Option<&str>, &str, &[u8])]) -> Bytes {
        let mut out = Vec::new();
        for (name, file, claim, bytes) in parts {
            let file = file
                .map(|it| format!("; filename=\"{it}\""))
                .unwrap_or_default();
            let head = format!(
                "--x\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\nContent-Type: {claim}\r\n\r\n"
            );
            out.extend_from_slice(head.as_bytes());
            out.extend_from_slice(bytes);
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b"--x--\r\n");
        out.into()
    }

    async fn code(body: Bytes) -> &'static str {
        only_file(body, "x".into()).await.unwrap_err().code
    }

    #[tokio::test]
    async fn the_file_is_found_among_fields() {
        let sent = body(&[
            ("note", None, "text/plain", b"hi"),
            ("file", Some("a.jpg"), "image/jpeg", b"\xff\xd8\r\n--"),
        ]);
        assert_eq!(
            only_file(sent, "x".into()).await.unwrap(),
            Bytes::from_static(b"\xff\xd8\r\n--")
        );
    }

    #[tokio::test]
    async fn refusals() {
        let file = ("file", Some("a.jpg"), "image/jpeg", &b"1"[..]);
        assert_eq!(code(body(&[])).await, "NO_FILE_PROVIDED");
        assert_eq!(
            code(body(&[("note", None, "text/plain", b"hi")])).await,
            "NO_FILE_PROVIDED"
        );
        assert_eq!(code(body(&[file, file])).await, "FST_FILES_LIMIT");
        assert_eq!(
            code(body(&[("file", Some("a.svg"), "image/svg+xml", b"<svg/>")])).await,
            "INVALID_FILE_TYPE"
        );
        let large = vec![0; MAX_DIRECT + 1];
        assert_eq!(
            code(body(&[("file", Some("a.jpg"), "image/jpeg", &large)])).await,
            "FST_REQ_FILE_TOO_LARGE"
        );
        assert_eq!(
            code(Bytes::from_static(b"--x\r\nbroken")).await,
            "REQUEST_ERROR"
        );
    }
}
