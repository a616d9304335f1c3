//! The document as a page: no script, nothing from elsewhere.

use std::fmt::Write;

use serde_json::Value;

const STYLE: &str = "\
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}\
code,pre{font:14px/1.45 ui-monospace,monospace}pre{background:#f5f5f7;padding:.75rem;overflow:auto}\
details{border:1px solid #ddd;border-radius:6px;margin:.5rem 0;padding:.25rem .75rem}summary{cursor:pointer}\
b.m{display:inline-block;min-width:4.5rem;text-transform:uppercase}table{border-collapse:collapse;width:100%}\
td,th{border-top:1px solid #ddd;padding:.25rem .5rem;text-align:left;vertical-align:top}small{color:#666}\
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}pre{background:#242428}}";

/// The page of a document.
pub(crate) fn page(document: &Value) -> String {
    let mut out = String::new();
    let info = &document["info"];
    let title = escaped(text(&info["title"]));
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{title}</title><style>{STYLE}</style></head><body>\n<h1>{title} <small>{}</small></h1>\n",
        escaped(text(&info["version"])),
    );
    for paragraph in text(&info["description"]).split("\n\n") {
        let _ = writeln!(out, "<p>{}</p>", prose(paragraph));
    }
    out.push_str("<p>The same for programs: <a href=\"openapi.json\">openapi.json</a></p>\n");
    for tag in list(&document["tags"]) {
        let _ = writeln!(
            out,
            "<h2>{}</h2>\n<p>{}</p>",
            escaped(text(&tag["name"])),
            prose(text(&tag["description"]))
        );
        operations(&mut out, document, &tag["name"]);
    }
    out.push_str("<h2>Schemas</h2>\n");
    for (name, schema) in entries(&document["components"]["schemas"]) {
        let _ = writeln!(
            out,
            "<details id=\"{0}\"><summary><code>{0}</code></summary>\n<pre>{1}</pre></details>",
            escaped(name),
            escaped(&format!("{schema:#}")),
        );
    }
    out.push_str("</body></html>\n");
    out
}

fn operations(out: &mut String, document: &Value, tag: &Value) {
    for (path, here) in entries(&document["paths"]) {
        for (method, operation) in entries(here).filter(|it| it.1["tags"][0] == *tag) {
            let _ = writeln!(
                out,
                "<details id=\"{}\"><summary><b class=\"m\">{method}</b> <code>{}</code> — {}</summary>",
                escaped(text(&operation["operationId"])),
                escaped(path),
                prose(text(&operation["summary"])),
            );
            if let Some(about) = operation["description"].as_str() {
                let _ = writeln!(out, "<p>{}</p>", prose(about));
            }
            if operation.get("security").is_none() {
                out.push_str("<p><small>Needs no token.</small></p>\n");
            }
            parameters(out, document, operation);
            body(out, operation);
            answers(out, document, operation);
            out.push_str("</details>\n");
        }
    }
}

fn parameters(out: &mut String, document: &Value, operation: &Value) {
    let all = list(&operation["parameters"]);
    if all.is_empty() {
        return;
    }
    out.push_str("<table><tr><th>Parameter</th><th>Where</th><th>What</th></tr>\n");
    for it in all.iter().map(|it| resolved(document, it)) {
        let must = if it["required"] == true {
            ", needed"
        } else {
            ""
        };
        let _ = writeln!(
            out,
            "<tr><td><code>{}</code></td><td>{}{must}</td><td>{} <code>{}</code></td></tr>",
            escaped(text(&it["name"])),
            escaped(text(&it["in"])),
            prose(text(&it["description"])),
            escaped(&it["schema"].to_string()),
        );
    }
    out.push_str("</table>\n");
}

fn body(out: &mut String, operation: &Value) {
    for (kind, content) in entries(&operation["requestBody"]["content"]) {
        let _ = writeln!(
            out,
            "<p>Takes <code>{}</code>: {}</p>",
            escaped(kind),
            schema(&content["schema"])
        );
    }
}

fn answers(out: &mut String, document: &Value, operation: &Value) {
    out.push_str("<table><tr><th>Status</th><th>What</th></tr>\n");
    for (status, answer) in entries(&operation["responses"]) {
        let answer = resolved(document, answer);
        let _ = write!(
            out,
            "<tr><td>{status}</td><td>{}",
            prose(text(&answer["description"]))
        );
        for (kind, content) in entries(&answer["content"]) {
            let shown = codes(&content["schema"]).unwrap_or_else(|| schema(&content["schema"]));
            let _ = write!(out, " <small>{}</small> {shown}", escaped(kind));
        }
        out.push_str("</td></tr>\n");
    }
    out.push_str("</table>\n");
}

/// The codes of a refusal.
fn codes(schema: &Value) -> Option<String> {
    let properties = &schema["properties"];
    let codes = [
        &properties["error"]["properties"]["code"],
        &properties["code"],
    ];
    let codes = codes.into_iter().find_map(|it| it["enum"].as_array())?;
    let codes = codes
        .iter()
        .map(|it| format!("<code>{}</code>", escaped(text(it))));
    Some(codes.collect::<Vec<_>>().join(", "))
}

/// A schema on a line, with a link to every named one.
fn schema(it: &Value) -> String {
    let line = escaped(&it.to_string());
    let mut parts = line.split("{&quot;$ref&quot;:&quot;#/components/schemas/");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once("&quot;}").unwrap_or((part, ""));
        let _ = write!(out, "<a href=\"#{name}\">{name}</a>{rest}");
    }
    format!("<code>{out}</code>")
}

fn resolved<'a>(document: &'a Value, it: &'a Value) -> &'a Value {
    let at = it["$ref"].as_str().and_then(|it| it.strip_prefix('#'));
    at.and_then(|it| document.pointer(it)).unwrap_or(it)
}

/// A text with `code` in it.
fn prose(text: &str) -> String {
    let text = escaped(text);
    let parts = text.split('`').enumerate();
    parts
        .map(|(at, it)| {
            if at % 2 == 1 {
                format!("<code>{it}</code>")
            } else {
                it.to_owned()
            }
        })
        .collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn text(it: &Value) -> &str {
    it.as_str().unwrap_or_default()
}

fn list(it: &Value) -> &[Value] {
    it.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn entries(it: &Value) -> impl Iterator<Item = (&str, &Value)> {
    it.as_object()
        .into_iter()
        .flatten()
        .map(|(name, it)| (name.as_str(), it))
}
