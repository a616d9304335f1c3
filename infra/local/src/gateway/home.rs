//! Pages of the local stack about itself: `/`, `/_local/tour`, `/_local/logs/<function>`.
//!
//! No deployed gateway has them. Only a path that no route of the template takes is looked up here, so
//! the API is never hidden by them.

use std::{
    collections::BTreeMap,
    fmt::Write,
    io::SeekFrom,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use http::{
    HeaderValue, Method, Response,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
};
use tokio::{
    fs::{self, File},
    io::{AsyncReadExt, AsyncSeekExt},
};

const TOUR: &str = "/_local/tour";
const LOGS: &str = "/_local/logs/";

/// The last bytes of a log that are shown.
const LOG_BYTES: u64 = 256 * 1024;

/// The heading of the tour in the project's README, and the addresses its commands use.
const TOUR_HEADING: &str = "## A quick tour";
const TOUR_GATEWAY: &str = "http://localhost:4000";
const TOUR_ENGINES: &str = "http://localhost:4010";

/// Pages of the API that a browser can show.
const API_PAGES: [(&str, &str); 5] = [
    ("/api/v1/docs", "description of every route"),
    ("/api/v1/openapi.json", "the same for programs"),
    ("/health", "liveness"),
    ("/ready", "readiness of what is behind the functions"),
    ("/metrics", "queues and engines in OpenMetrics"),
];

/// Control routes of the stand-ins that a browser can show.
const ENGINE_PAGES: [(&str, &str); 11] = [
    ("/", "all stand-ins and control routes"),
    ("/_web", "planted pictures and pages"),
    ("/_web/persons", "who is seen in pictures"),
    ("/_web/profiles", "planted profiles"),
    ("/_web/breaches", "planted breaches"),
    ("/_mail", "mail that was sent"),
    ("/_hooks", "calls of webhooks"),
    ("/_uploads", "pictures that lie at FaceCheck"),
    ("/_calls", "how often each engine was asked"),
    ("/_fault", "engines broken on purpose"),
    ("/_traces", "traces, with --traces"),
];

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}\
code{font:14px ui-monospace,monospace}td{padding:.1rem 1rem .1rem 0;vertical-align:top}\
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}a{color:#9cf}}";

/// What the pages tell.
#[derive(Debug)]
pub(crate) struct Home {
    /// Where the API is, without a trailing slash.
    pub(crate) gateway: String,
    /// Where the stand-ins are, without a trailing slash.
    pub(crate) engines: String,
    /// The AWS services: name, address, and what is in it.
    pub(crate) services: Vec<(&'static str, String, String)>,
    /// The project's README.
    pub(crate) readme: PathBuf,
    /// The log of each function, by package.
    pub(crate) logs: BTreeMap<String, PathBuf>,
}

impl Home {
    /// The page at a path; `None` if there is none.
    pub(crate) async fn page(&self, method: &Method, path: &str) -> Option<Response<Bytes>> {
        if ![Method::GET, Method::HEAD].contains(method) {
            return None;
        }
        match path {
            "/" => Some(page("text/html; charset=utf-8", self.index())),
            TOUR => {
                let readme = fs::read_to_string(&self.readme).await.ok()?;
                Some(text(self.tour(&readme)))
            }
            _ => {
                let log = self.logs.get(path.strip_prefix(LOGS)?)?;
                Some(text(tail(log).await.ok()?))
            }
        }
    }

    fn index(&self) -> String {
        let mut rows = [String::new(), String::new(), String::new(), String::new()];
        let [api, engines, services, logs] = &mut rows;
        for (path, about) in API_PAGES {
            row(api, &link(path, path), about);
        }
        for (path, about) in ENGINE_PAGES {
            row(
                engines,
                &link(&format!("{}{path}", self.engines), path),
                about,
            );
        }
        for (name, address, content) in &self.services {
            row(services, name, &format!("{address} {content}"));
        }
        for package in self.logs.keys() {
            row(logs, &link(&format!("{LOGS}{package}"), package), "");
        }
        let [api, engines, services, logs] = rows;
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
             <title>Vara, local</title><style>{STYLE}</style></head><body>\n<h1>Vara on this machine</h1>\n\
             <p>The whole system is running. The API is at <code>{gateway}</code>; point the web app at it with \
             <code>VITE_API_URL</code> and <code>VITE_SUPABASE_URL</code>. {tour}: sign up, plant a copy, upload, be told.</p>\n\
             <h2>API</h2>\n<table>{api}</table>\n<h2>Stand-ins for the outside world</h2>\n<table>{engines}</table>\n\
             <h2>AWS services</h2>\n<p>Region <code>us-east-1</code>, access key <code>test</code>, secret key <code>test</code>.</p>\n\
             <table>{services}</table>\n<h2>Functions and their logs</h2>\n<table>{logs}</table>\n</body></html>\n",
            gateway = escape(&self.gateway),
            tour = link(TOUR, "A quick tour"),
        )
    }

    /// The tour, with the addresses of this stack.
    fn tour(&self, readme: &str) -> String {
        let found = readme.find(TOUR_HEADING).unwrap_or(0);
        let tour = &readme[found..];
        // The next heading of the same level ends it.
        let end = tour[1..].find("\n## ").map_or(tour.len(), |it| it + 1);
        tour[..end]
            .replace(TOUR_GATEWAY, &self.gateway)
            .replace(TOUR_ENGINES, &self.engines)
    }
}

fn row(table: &mut String, name: &str, about: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(
        table,
        "<tr><td>{name}</td><td>{about}</td></tr>",
        about = escape(about)
    );
}

fn link(address: &str, text: &str) -> String {
    format!("<a href=\"{}\">{}</a>", escape(address), escape(text))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// The end of a log, from the beginning of a line.
async fn tail(log: &Path) -> std::io::Result<String> {
    let mut file = File::open(log).await?;
    let length = file.metadata().await?.len();
    let start = length.saturating_sub(LOG_BYTES);
    file.seek(SeekFrom::Start(start)).await?;
    let mut bytes = Vec::new();
    file.take(LOG_BYTES).read_to_end(&mut bytes).await?;
    let text = String::from_utf8_lossy(&bytes);
    let whole = match text.split_once('\n') {
        Some((_, rest)) if start > 0 => rest,
        _ => text.as_ref(),
    };
    Ok(whole.to_owned())
}

fn text(body: String) -> Response<Bytes> {
    page("text/plain; charset=utf-8", body)
}

fn page(kind: &'static str, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    let headers = [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        ),
    ];
    for (name, value) in headers {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {

    use super::*;

    async fn home() -> (Home, PathBuf) {
        let directory = std::env::temp_dir().join(format!("vara-home-{}", uuid::Uuid::new_v4()));
        fs::create_dir_all(&directory).await.unwrap();
        let readme = directory.join("README.md");
        let said = "# Vara\n\nWhy.\n\n## A quick tour\n\n```sh\napi=http://localhost:4000; world=http://localhost:4010\n# Sign up.\n```\n\n## The map\n";
        fs::write(&readme, said).await.unwrap();
        let log = directory.join("api-images.log");
        fs::write(&log, "one\ntwo <b>\n").await.unwrap();
        let home = Home {
            gateway: "http://localhost:5000".to_owned(),
            engines: "http://127.0.0.1:5010".to_owned(),
            services: vec![(
                "DynamoDB",
                "http://127.0.0.1:1".to_owned(),
                "table <vara>".to_owned(),
            )],
            readme,
            logs: [("api-images".to_owned(), log)].into(),
        };
        (home, directory)
    }

    async fn read(home: &Home, path: &str) -> Option<(String, String)> {
        let page = home.page(&Method::GET, path).await?;
        let kind = page.headers()[CONTENT_TYPE].to_str().unwrap().to_owned();
        Some((kind, String::from_utf8(page.body().to_vec()).unwrap()))
    }

    #[tokio::test]
    async fn the_first_page_links_to_all_there_is() {
        let (home, directory) = home().await;
        let (kind, body) = read(&home, "/").await.unwrap();
        assert!(kind.starts_with("text/html"));
        for linked in [
            "href=\"/api/v1/docs\"",
            "href=\"/_local/tour\"",
            "href=\"/_local/logs/api-images\"",
            "href=\"http://127.0.0.1:5010/_mail\"",
            "table &lt;vara&gt;",
            "http://localhost:5000",
        ] {
            assert!(body.contains(linked), "{linked}: {body}");
        }
        assert!(!body.contains("<script"), "{body}");
        fs::remove_dir_all(directory).await.unwrap();
    }

    #[tokio::test]
    async fn the_tour_has_the_addresses_of_this_stack_and_ends_where_it_ends() {
        let (home, directory) = home().await;
        let (kind, body) = read(&home, TOUR).await.unwrap();
        assert!(kind.starts_with("text/plain"));
        assert!(body.starts_with("## A quick tour"), "{body}");
        assert!(
            body.contains("api=http://localhost:5000; world=http://127.0.0.1:5010\n# Sign up."),
            "{body}"
        );
        assert!(!body.contains("The map"), "{body}");
        fs::remove_dir_all(directory).await.unwrap();
    }

    #[tokio::test]
    async fn logs_are_text_and_only_those_of_functions() {
        let (home, directory) = home().await;
        let log = read(&home, "/_local/logs/api-images").await.unwrap();
        assert_eq!(log.1, "one\ntwo <b>\n");
        assert!(log.0.starts_with("text/plain"));
        for none in [
            "/_local/logs/../README.md",
            "/_local/logs/",
            "/_local",
            "/x",
        ] {
            assert!(read(&home, none).await.is_none(), "{none}");
        }
        assert!(home.page(&Method::POST, "/").await.is_none());
        fs::remove_dir_all(directory).await.unwrap();
    }

    #[tokio::test]
    async fn of_a_long_log_the_last_whole_lines() {
        let (home, directory) = home().await;
        let long = "a line of a log\n".repeat(40_000);
        fs::write(&home.logs["api-images"], long).await.unwrap();
        let (_, shown) = read(&home, "/_local/logs/api-images").await.unwrap();
        assert!(shown.len() < 256 * 1024 && shown.len() > 200 * 1024);
        assert!(shown.lines().all(|line| line == "a line of a log"));
        fs::remove_dir_all(directory).await.unwrap();
    }
}
