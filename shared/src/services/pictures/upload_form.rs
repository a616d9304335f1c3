//! Parser of the upload form: the one picture file of a multipart/form-data body.
//!
//! The images function reads it from a request. The ingest function reads it from an object, because a
//! large upload is stored as it was sent.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;
use multer::{Constraints, Multipart, SizeLimit};
use vara_imaging::{Format, Limits};

use crate::domain::{Error, ErrorKind, Result};

/// The most bytes of a picture in one upload request, as the web app promises.
pub const MAX_UPLOAD: usize = 10 * 1024 * 1024;

/// Types a picture may claim to be. Its bytes decide what it is.
const CLAIMED_TYPES: [&str; 3] = ["image/jpeg", "image/png", "image/webp"];

/// Whether an object of this content type is a whole form instead of a picture.
#[must_use]
pub fn is_form(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("multipart/form-data")
}

/// The boundary between the parts of a body of this content type.
pub fn boundary(content_type: &str) -> Result<String> {
    multer::parse_boundary(content_type).map_err(|_| {
        Error::new(
            ErrorKind::NotAcceptable,
            "FST_INVALID_MULTIPART_CONTENT_TYPE",
            "A picture is sent as multipart/form-data, in the field `file`.",
        )
    })
}

/// The file in a body whose parts are divided by `boundary`.
pub async fn only_file(body: Bytes, boundary: String) -> Result<Bytes> {
    let limit = SizeLimit::new().per_field(MAX_UPLOAD as u64);
    let whole = stream::iter([Ok::<_, Infallible>(body)]);
    let mut parts =
        Multipart::with_constraints(whole, boundary, Constraints::new().size_limit(limit));
    let mut file = None;
    while let Some(part) = parts.next_field().await.map_err(refusal)? {
        if part.file_name().is_none() {
            continue;
        }
        if file.is_some() {
            return Err(Error::new(
                ErrorKind::TooLarge,
                "FST_FILES_LIMIT",
                "Please send one picture at a time.",
            ));
        }
        if part
            .content_type()
            .is_some_and(|it| !CLAIMED_TYPES.contains(&it.essence_str()))
        {
            return Err(wrong_type());
        }
        file = Some(part.bytes().await.map_err(refusal)?);
    }
    file.ok_or_else(|| Error::invalid("NO_FILE_PROVIDED", "There is no picture in this request."))
}

/// The format of a file, if an upload takes it. Its bytes decide, whatever its name or claim says.
pub fn picture_format(file: &[u8]) -> Result<Format> {
    if file.len() > MAX_UPLOAD {
        return Err(too_large());
    }
    if vara_imaging::sniff(file) == Some(Format::Gif) {
        return Err(wrong_type());
    }
    vara_imaging::read_dimensions(file, &Limits::DEFAULT)
        .map(|(format, ..)| format)
        .map_err(|err| Error::invalid("INVALID_FILE_TYPE", err.to_string()))
}

/// The refusal of a picture over [`MAX_UPLOAD`].
#[must_use]
pub fn too_large() -> Error {
    Error::new(
        ErrorKind::TooLarge,
        "FST_REQ_FILE_TOO_LARGE",
        "This picture is larger than 10 MB, which is the most we can take. A smaller copy of it protects you just as well.",
    )
}

/// The refusal of a body that ended early or breaks the rules of forms.
#[must_use]
pub fn unreadable() -> Error {
    Error::invalid("REQUEST_ERROR", "The request could not be read.")
}

fn wrong_type() -> Error {
    Error::invalid(
        "INVALID_FILE_TYPE",
        "Please use a JPEG, PNG or WebP picture.",
    )
}

fn refusal(err: multer::Error) -> Error {
    match err {
        multer::Error::FieldSizeExceeded { .. } | multer::Error::StreamSizeExceeded { .. } => {
            too_large()
        }
        _ => unreadable(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A form divided by `x`: for each part its name, its file name, its claimed type and its bytes.
    pub(crate) fn form(parts: &[(&str, Option<&str>, &str, &[u8])]) -> Bytes {
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

    async fn refused(body: Bytes) -> Error {
        only_file(body, "x".into()).await.unwrap_err()
    }

    #[tokio::test]
    async fn the_file_is_found_among_fields() {
        let sent = form(&[
            ("note", None, "text/plain", b"hi"),
            ("file", Some("a.jpg"), "image/jpeg", b"\xff\xd8\r\n--"),
        ]);
        assert_eq!(
            only_file(sent, "x".into()).await.unwrap(),
            Bytes::from_static(b"\xff\xd8\r\n--")
        );
    }

    #[tokio::test]
    async fn a_file_of_all_it_promises_is_taken() {
        let whole = vec![7; MAX_UPLOAD];
        let sent = form(&[("file", Some("a.jpg"), "image/jpeg", &whole)]);
        assert_eq!(
            only_file(sent, "x".into()).await.unwrap().len(),
            whole.len()
        );
    }

    #[tokio::test]
    async fn refusals() {
        let file = ("file", Some("a.jpg"), "image/jpeg", &b"1"[..]);
        assert_eq!(refused(form(&[])).await.code, "NO_FILE_PROVIDED");
        assert_eq!(
            refused(form(&[("note", None, "text/plain", b"hi")]))
                .await
                .code,
            "NO_FILE_PROVIDED"
        );
        assert_eq!(refused(form(&[file, file])).await.code, "FST_FILES_LIMIT");
        assert_eq!(
            refused(form(&[("file", Some("a.svg"), "image/svg+xml", b"<svg/>")]))
                .await
                .code,
            "INVALID_FILE_TYPE"
        );
        let large = vec![0; MAX_UPLOAD + 1];
        assert_eq!(
            refused(form(&[("file", Some("a.jpg"), "image/jpeg", &large)]))
                .await
                .code,
            "FST_REQ_FILE_TOO_LARGE"
        );
        assert_eq!(
            refused(Bytes::from_static(b"--x\r\nbroken")).await.code,
            "REQUEST_ERROR"
        );
        assert_eq!(
            boundary("application/json").unwrap_err().code,
            "FST_INVALID_MULTIPART_CONTENT_TYPE"
        );
    }

    #[test]
    fn only_pictures_that_the_page_names() {
        for (file, code) in [
            (&b"%PDF-1.7 no picture"[..], "INVALID_FILE_TYPE"),
            (b"GIF89a\x40\0\x40\0\0\0\0", "INVALID_FILE_TYPE"),
            (&vec![0; MAX_UPLOAD + 1], "FST_REQ_FILE_TOO_LARGE"),
        ] {
            assert_eq!(picture_format(file).unwrap_err().code, code);
        }
    }

    #[test]
    fn refusals_name_no_route() {
        for said in [too_large(), unreadable(), wrong_type()] {
            assert!(!said.message.contains('/'), "{}", said.message);
        }
    }

    #[test]
    fn forms_are_told_from_pictures() {
        assert!(is_form("multipart/form-data; boundary=x"));
        assert!(is_form("Multipart/Form-Data;boundary=x"));
        assert!(!is_form("image/jpeg"));
        assert!(!is_form(""));
    }
}
