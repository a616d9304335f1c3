//! API.md section 3, images and the proxy: what the web app does not call, and what is refused.

use reqwest::Method;
use serde_json::json;

use super::row::Who::{New, Nobody, Owner, Reader, Told};
use super::row::{Row, call, delete, get, post, row};

const UPLOAD: &str = "/api/v1/images/upload";
const BOUNDARY: &str = "----WebKitFormBoundary7MA4YWxkTrZu0gW";
const TOKENS: &str = "/api/v1/proxy/tokens";

/// A part of a form: its name, the name and type of its file, its bytes.
type Part<'a> = (&'a str, Option<(&'a str, &'a str)>, Vec<u8>);

/// A row that sends a form as a browser's `XMLHttpRequest` writes it.
pub(super) fn form(row: Row, parts: &[Part<'_>]) -> Row {
    let mut body = Vec::new();
    for (name, file, bytes) in parts {
        body.extend_from_slice(
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"").as_bytes(),
        );
        if let Some((file, kind)) = file {
            body.extend_from_slice(
                format!("; filename=\"{file}\"\r\nContent-Type: {kind}").as_bytes(),
            );
        }
        body.extend_from_slice(b"\r\n\r\n");
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    row.with("content-type", &kind).body(body)
}

fn small() -> Vec<u8> {
    let picture = vara_tests::pictures::picture(2, 64, 48);
    vara_tests::pictures::jpeg(&picture, 80)
}

pub(super) fn rows() -> Vec<Row> {
    let mut rows = uploads();
    rows.extend(one());
    rows.extend(lists());
    rows.extend(bytes());
    rows.extend(proxy());
    rows
}

fn uploads() -> Vec<Row> {
    let upload = |name: &str| post(name, Reader, UPLOAD);
    let jpeg = Some(("me.jpg", "image/jpeg"));
    let file = |claim, bytes: &[u8]| ("file", Some(("me.jpg", claim)), bytes.to_vec());
    let none = ("note", None, b"no file".to_vec());
    let mut rows = vec![
        form(
            post("upload_under_another_name", New, UPLOAD),
            &[("picture", jpeg, small())],
        )
        .gives_data(201, "ShownImage"),
        form(
            post("upload_among_fields", New, UPLOAD),
            &[none.clone(), ("file", jpeg, small())],
        )
        .gives_data(201, "ShownImage"),
        form(upload("upload_without_a_file"), &[none]).refused(400, "NO_FILE_PROVIDED"),
        form(upload("upload_of_no_parts"), &[]).refused(400, "NO_FILE_PROVIDED"),
        form(
            upload("upload_of_two"),
            &[("file", jpeg, small()), ("more", jpeg, small())],
        )
        .refused(413, "FST_FILES_LIMIT"),
        form(
            upload("upload_of_another_type"),
            &[file("image/gif", &small())],
        )
        .refused(400, "INVALID_FILE_TYPE"),
        form(
            upload("upload_of_a_document"),
            &[file("application/pdf", b"%PDF-1.7")],
        )
        .refused(400, "INVALID_FILE_TYPE"),
        // By its bytes, whatever it is said to be (Q10).
        form(
            upload("upload_of_a_false_claim"),
            &[file("image/png", b"<svg xmlns='x'/>")],
        )
        .refused(400, "INVALID_FILE_TYPE"),
        form(upload("upload_of_nothing"), &[file("image/jpeg", b"")])
            .refused(400, "INVALID_FILE_TYPE"),
        // Stored as it was sent, and looked at afterwards (Q39).
        form(
            post("upload_larger_than_a_function_takes", New, UPLOAD),
            &[file("image/jpeg", &vec![0xff; 4_450_000])],
        )
        .gives_data(201, "ShownImage")
        .by_gateway()
        .answers("access-control-allow-origin", "http://localhost:3000"),
        form(
            upload("upload_too_large_for_the_gateway"),
            &[file("image/jpeg", &vec![0xff; 10_600_000])],
        )
        .refused(413, "FST_REQ_FILE_TOO_LARGE")
        .by_gateway()
        .answers("access-control-allow-origin", "http://localhost:3000"),
    ];
    for (name, kind) in [
        ("json", "application/json"),
        ("no_type", ""),
        ("no_boundary", "multipart/form-data"),
    ] {
        let row = upload(&format!("upload_of_{name}"))
            .with("content-type", kind)
            .body("{}");
        rows.push(row.refused(406, "FST_INVALID_MULTIPART_CONTENT_TYPE"));
    }
    rows
}

fn one() -> Vec<Row> {
    let image = "/api/v1/images/$image";
    vec![
        get("one", Told, image).gives_data(200, "ShownImage"),
        get("one_bad_id", Reader, "/api/v1/images/no-id").invalid(),
        get("one_unknown", Reader, "/api/v1/images/$unknown").refused(404, "IMAGE_NOT_FOUND"),
        get("one_put_away", Owner, image)
            .after(call(Method::DELETE, image))
            .gives_data(200, "{status: \"ARCHIVED\", archivedAt: date, ...}"),
        delete("delete_bad_id", Reader, "/api/v1/images/no-id").invalid(),
        delete("delete_unknown", Reader, "/api/v1/images/$unknown").refused(404, "IMAGE_NOT_FOUND"),
        // Once puts away, twice purges (Q9).
        delete("delete_again", Owner, image)
            .after(call(Method::DELETE, image))
            .empty(204),
        delete("delete_a_third_time", Owner, image)
            .after(call(Method::DELETE, image))
            .after(call(Method::DELETE, image))
            .refused(404, "IMAGE_NOT_FOUND"),
        post("ticket", New, "/api/v1/images/tickets").gives_data(
            201,
            "{image: Image, upload: {url: url, fields: object, maxBytes: int, ...}}",
        ),
    ]
}

fn lists() -> Vec<Row> {
    let matches = "/api/v1/images/$image/matches";
    vec![
        get("filter_all", Told, "/api/v1/images?filter=all").gives_page("ShownImage", 20, 1),
        get("filter_unknown", Reader, "/api/v1/images?filter=mine").invalid(),
        get("status_is_ignored", Told, "/api/v1/images?status=ARCHIVED").gives_page(
            "ShownImage",
            20,
            1,
        ),
        get("archived", Owner, "/api/v1/images?filter=archived")
            .after(call(Method::DELETE, "/api/v1/images/$image"))
            .gives_page("ShownImage", 20, 1),
        get("matches", Told, matches).gives_page("Match", 20, 1),
        get("matches_of_nothing", Owner, matches).gives_page("Match", 20, 0),
        get("matches_bad_id", Reader, "/api/v1/images/no-id/matches").invalid(),
        get("matches_unknown", Reader, "/api/v1/images/$unknown/matches")
            .refused(404, "IMAGE_NOT_FOUND"),
    ]
}

/// For an `<img>` on the page of the web app.
fn bytes() -> Vec<Row> {
    let shown = get("bytes", Owner, "$file")
        .raw()
        .after(call(Method::GET, "/api/v1/images/$image"));
    let at = "/api/v1/images/$unknown/file";
    let query = "user=$unknown&size=display&expires=9999999999&signature=AAAA";
    vec![
        shown
            .gives(200, "bytes")
            .answers("content-type", "image/jpeg")
            .answers("cross-origin-resource-policy", "cross-origin"),
        get("bytes_of_a_false_address", Nobody, format!("{at}?{query}"))
            .raw()
            .refused(403, "URL_EXPIRED"),
        get("bytes_of_a_bare_address", Nobody, at).raw().invalid(),
        get(
            "bytes_of_another_size",
            Nobody,
            format!("{at}?{}", query.replace("display", "huge")),
        )
        .raw()
        .invalid(),
    ]
}

fn proxy() -> Vec<Row> {
    let token = call(Method::POST, TOKENS).json(&json!({ "imageId": "$image" }));
    let open = |row: Row| {
        row.answers("access-control-allow-origin", "*")
            .answers("access-control-allow-methods", "GET,OPTIONS")
            .answers("access-control-allow-credentials", "")
    };
    let kept_nowhere = |row: Row| {
        row.answers("cache-control", "no-store, no-cache, must-revalidate")
            .answers("pragma", "no-cache")
            .answers("expires", "0")
            .answers("cross-origin-resource-policy", "cross-origin")
    };
    let unknown =
        "/api/v1/proxy/images/0000000000000000000000000000000000000000000000000000000000000000";
    vec![
        post("proxy_token", Owner, TOKENS)
            .json(json!({ "imageId": "$image", "ttlSeconds": 120 }))
            .gives_data(201, "{url: url, expiresAt: date, ...}"),
        post("proxy_token_of_no_id", Reader, TOKENS)
            .json(json!({ "imageId": "x" }))
            .invalid(),
        post("proxy_token_unknown", Reader, TOKENS)
            .json(json!({ "imageId": "$unknown" }))
            .refused(404, "IMAGE_NOT_FOUND"),
        open(kept_nowhere(
            get("proxy_picture", Owner, "$file")
                .after(token.clone())
                .gives(200, "bytes")
                .answers("content-type", "image/jpeg"),
        )),
        // Refused with a plain sentence, not in the envelope.
        open(kept_nowhere(
            get("proxy_unknown", Nobody, unknown).gives(404, "{error: text}"),
        )),
        open(kept_nowhere(
            get("proxy_put_away", Owner, "$file")
                .after(token)
                .after(call(Method::DELETE, "/api/v1/images/$image"))
                .gives(404, "{error: text}"),
        )),
        open(
            row("proxy_options", Nobody, Method::OPTIONS, unknown)
                .raw()
                .empty(204),
        ),
        get("proxy_health", Nobody, "/api/v1/proxy/health")
            .gives(200, "{status: \"ok\", activeTokens: int, timestamp: date}"),
    ]
}
