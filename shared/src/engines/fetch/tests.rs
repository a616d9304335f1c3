//! The fetcher against a corpus of bad links and against servers that misbehave.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

const GIF: &[u8] = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;";

const SHORT: Patience = Patience {
    connect: Duration::from_secs(2),
    idle: Duration::from_millis(300),
    total: Duration::from_secs(2),
};

fn lookup(answer: &'static [&'static str]) -> Lookup {
    Arc::new(move |_| {
        let found = answer
            .iter()
            .map(|it| SocketAddr::new(it.parse().unwrap(), 0))
            .collect();
        Box::pin(async move { Ok(found) })
    })
}

fn fetcher(allowed: Option<&str>, answer: &'static [&'static str]) -> Fetcher {
    Fetcher::with(allowed, lookup(answer), SHORT).unwrap()
}

/// A server that answers every connection with these bytes and says how often it was asked.
async fn server(answer: impl Fn(&str) -> Vec<u8> + Send + 'static) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let read = socket.read(&mut request).await.unwrap_or_default();
            count.fetch_add(1, Ordering::SeqCst);
            let bytes = answer(&String::from_utf8_lossy(&request[..read]));
            // The other side may have had enough; that is what is tested.
            drop(socket.write_all(&bytes).await);
        }
    });
    (address, asked)
}

fn answer(head: &str, body: &[u8]) -> Vec<u8> {
    [
        format!("HTTP/1.1 {head}\r\nconnection: close\r\n\r\n").as_bytes(),
        body,
    ]
    .concat()
}

fn picture() -> Vec<u8> {
    answer(
        &format!(
            "200 OK\r\ncontent-type: image/gif\r\ncontent-length: {}",
            GIF.len()
        ),
        GIF,
    )
}

#[tokio::test]
async fn bad_links_are_refused_before_anything_is_sent() {
    let public = fetcher(None, &["93.184.215.14"]);
    for (link, want) in [
        ("", FetchRefusal::NotWeb),
        ("/a.jpg", FetchRefusal::NotWeb),
        ("ftp://example.net/a.jpg", FetchRefusal::NotWeb),
        ("file:///etc/passwd", FetchRefusal::NotWeb),
        ("data:image/gif;base64,R0lGODlh", FetchRefusal::NotWeb),
        ("gopher://127.0.0.1:80/", FetchRefusal::NotWeb),
        ("http://user@example.net/", FetchRefusal::Credentials),
        ("http://user:pw@example.net/", FetchRefusal::Credentials),
        ("http://example.net@127.0.0.1/", FetchRefusal::Credentials),
        ("http://example.net:22/", FetchRefusal::Port),
        ("https://example.net:8443/", FetchRefusal::Port),
        ("http://example.net:6379/", FetchRefusal::Port),
        ("http://127.0.0.1/", FetchRefusal::NotPublic),
        ("http://127.1/", FetchRefusal::NotPublic),
        ("http://2130706433/", FetchRefusal::NotPublic),
        ("http://0177.0.0.1/", FetchRefusal::NotPublic),
        ("http://0x7f000001/", FetchRefusal::NotPublic),
        ("http://0x7f.1/", FetchRefusal::NotPublic),
        ("http://0/", FetchRefusal::NotPublic),
        (
            "http://169.254.169.254/latest/meta-data/",
            FetchRefusal::NotPublic,
        ),
        ("http://2852039166/", FetchRefusal::NotPublic),
        ("http://１２７.０.０.１/", FetchRefusal::NotPublic),
        ("http://127。0。0。1/", FetchRefusal::NotPublic),
        ("http://[::1]/", FetchRefusal::NotPublic),
        ("http://[::]/", FetchRefusal::NotPublic),
        ("http://[::ffff:127.0.0.1]/", FetchRefusal::NotPublic),
        ("http://[::ffff:a9fe:a9fe]/", FetchRefusal::NotPublic),
        ("http://[64:ff9b::7f00:1]/", FetchRefusal::NotPublic),
        ("http://[2002:7f00:1::]/", FetchRefusal::NotPublic),
        ("http://[fd00:ec2::254]/", FetchRefusal::NotPublic),
        ("http://[fe80::1]/", FetchRefusal::NotPublic),
    ] {
        assert_eq!(public.picture(link).await, Err(want), "{link}");
    }
}

#[tokio::test]
async fn names_that_lead_inside_are_refused() {
    let cases: [&'static [&'static str]; 6] = [
        &["127.0.0.1"],
        &["10.0.0.8"],
        &["::1"],
        &["169.254.170.2"],
        &["::ffff:127.0.0.1"],
        &["93.184.215.14", "127.0.0.1"],
    ];
    for addresses in cases {
        let fetched = fetcher(None, addresses)
            .picture("http://rebound.example/a.jpg")
            .await;
        assert_eq!(fetched, Err(FetchRefusal::NotPublic), "{addresses:?}");
    }
}

#[tokio::test]
async fn the_one_allowed_host_is_reached_and_no_other_port_of_it() {
    let (address, asked) = server(|_| picture()).await;
    let (other, untouched) = server(|_| picture()).await;
    let fetcher = fetcher(Some(&address), &[]);
    assert_eq!(
        fetcher
            .picture(&format!("http://{address}/a.gif"))
            .await
            .unwrap(),
        GIF
    );
    assert_eq!(
        fetcher.picture(&format!("http://{other}/a.gif")).await,
        Err(FetchRefusal::NotPublic)
    );
    assert_eq!(
        fetcher.picture("http://127.0.0.1/a.gif").await,
        Err(FetchRefusal::NotPublic)
    );
    assert_eq!(
        fetcher.picture("http://127.0.0.2/a.gif").await,
        Err(FetchRefusal::NotPublic)
    );
    assert_eq!(
        (
            asked.load(Ordering::SeqCst),
            untouched.load(Ordering::SeqCst)
        ),
        (1, 0)
    );
}

#[tokio::test]
async fn every_redirect_is_checked_like_the_first_link() {
    for (to, want) in [
        ("http://127.0.0.1/", FetchRefusal::NotPublic),
        ("http://169.254.169.254/latest/", FetchRefusal::NotPublic),
        ("http://[::1]/", FetchRefusal::NotPublic),
        ("//10.0.0.1/", FetchRefusal::NotPublic),
        ("http://rebound.example/", FetchRefusal::NotPublic),
        ("http://example.net:25/", FetchRefusal::Port),
        ("file:///etc/passwd", FetchRefusal::NotWeb),
        ("http://a:b@example.net/", FetchRefusal::Credentials),
        ("/again", FetchRefusal::Redirects),
    ] {
        let (address, asked) =
            server(move |_| answer(&format!("302 Found\r\nlocation: {to}"), b"")).await;
        let fetched = fetcher(Some(&address), &["192.168.0.1"])
            .picture(&format!("http://{address}/"))
            .await;
        assert_eq!(fetched, Err(want), "{to}");
        let hops = if want == FetchRefusal::Redirects {
            1 + MAX_REDIRECTS
        } else {
            1
        };
        assert_eq!(asked.load(Ordering::SeqCst), hops, "{to}");
    }
}

#[tokio::test]
async fn redirects_within_bounds_are_followed() {
    let (address, _) = server(|request| match request.split(' ').nth(1) {
        Some("/1") => answer("301 Moved\r\nlocation: /2", b""),
        Some("/2") => answer("307 Temporary\r\nlocation: ./3", b""),
        _ => picture(),
    })
    .await;
    assert_eq!(
        fetcher(Some(&address), &[])
            .picture(&format!("http://{address}/1"))
            .await
            .unwrap(),
        GIF
    );
}

#[tokio::test]
async fn nothing_says_who_is_asking() {
    let (address, _) = server(|request| {
        let request = request.to_ascii_lowercase();
        let told = [
            "cookie:",
            "referer:",
            "authorization:",
            "x-amz",
            "via:",
            "forwarded",
        ]
        .iter()
        .any(|it| request.contains(it));
        if told {
            answer("500 No", b"")
        } else {
            answer("302 Found\r\nset-cookie: a=b\r\nlocation: /", b"")
        }
    })
    .await;
    assert_eq!(
        fetcher(Some(&address), &[])
            .picture(&format!("http://{address}/"))
            .await,
        Err(FetchRefusal::Redirects)
    );
}

#[tokio::test]
async fn what_is_no_picture_is_refused() {
    for (bytes, want) in [
        (
            answer("404 Not Found\r\ncontent-type: image/gif", GIF),
            FetchRefusal::Status(404),
        ),
        (answer("302 Found", b""), FetchRefusal::Status(302)),
        (
            answer("200 OK\r\ncontent-type: text/html", GIF),
            FetchRefusal::NotAPicture,
        ),
        (answer("200 OK", GIF), FetchRefusal::NotAPicture),
        (
            answer("200 OK\r\ncontent-type: image/png", b"<html>"),
            FetchRefusal::NotAPicture,
        ),
        (
            answer(
                "200 OK\r\ncontent-type: image/gif\r\ncontent-length: 999999999",
                GIF,
            ),
            FetchRefusal::TooLarge,
        ),
        (
            answer(
                "200 OK\r\ncontent-type: image/gif\r\ncontent-length: 99",
                GIF,
            ),
            FetchRefusal::Unreachable,
        ),
        (b"SSH-2.0-OpenSSH\r\n".to_vec(), FetchRefusal::Unreachable),
    ] {
        let (address, _) = server(move |_| bytes.clone()).await;
        let fetched = fetcher(Some(&address), &[])
            .picture(&format!("http://{address}/"))
            .await;
        assert_eq!(fetched, Err(want));
    }
}

#[tokio::test]
async fn a_body_without_end_is_cut_off() {
    let (address, _) = server(|_| {
        let body = [GIF, &vec![0; MAX_BYTES + 1]].concat();
        answer("200 OK\r\ncontent-type: image/gif", &body)
    })
    .await;
    let fetched = fetcher(Some(&address), &[])
        .picture(&format!("http://{address}/"))
        .await;
    assert_eq!(fetched, Err(FetchRefusal::TooLarge));
}

#[tokio::test]
async fn a_server_that_says_nothing_is_left() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let fetched = fetcher(Some(&address), &[])
        .picture(&format!("http://{address}/"))
        .await;
    assert_eq!(fetched, Err(FetchRefusal::TooSlow));
}

#[tokio::test]
async fn a_body_in_drops_is_left_after_the_whole_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        assert!(socket.read(&mut [0; 4096]).await.unwrap() > 0);
        let head = answer("200 OK\r\ncontent-type: image/gif", GIF);
        drop(socket.write_all(&head).await);
        while socket.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let fetched = fetcher(Some(&address), &[])
        .picture(&format!("http://{address}/"))
        .await;
    assert_eq!(fetched, Err(FetchRefusal::TooSlow));
}

#[test]
fn the_exception_must_be_a_host_and_a_port() {
    assert_eq!(
        host_and_port("127.0.0.1:4010").unwrap(),
        ("127.0.0.1".to_owned(), 4010)
    );
    for bad in ["", "a b", "host/path", "host:99999", "host?x"] {
        assert!(host_and_port(bad).is_err(), "{bad}");
    }
}

/// A server that knows one version of its picture, and says so.
async fn versioned(head: &'static str) -> (String, Arc<AtomicUsize>) {
    server(move |request| {
        let request = request.to_ascii_lowercase();
        let is_known = request.contains("if-none-match: \"v1\"")
            || request.contains("if-modified-since: mon, 02 nov 2026");
        match is_known {
            true => answer("304 Not Modified", b""),
            false => answer(&format!("200 OK\r\ncontent-type: image/gif\r\n{head}"), GIF),
        }
    })
    .await
}

#[tokio::test]
async fn a_version_that_is_known_is_not_sent_again() {
    for head in [
        "etag: \"v1\"",
        "last-modified: Mon, 02 Nov 2026 10:00:00 GMT",
    ] {
        let (address, asked) = versioned(head).await;
        let fetcher = fetcher(Some(&address), &[]);
        let link = format!("http://{address}/a.gif");
        let first = fetcher.picture_unless(&link, None).await.unwrap();
        assert_eq!(first.bytes.as_deref(), Some(GIF), "{head}");
        let again = fetcher.picture_unless(&link, Some(&first.version)).await;
        let again = again.unwrap();
        assert_eq!(
            (again.bytes, &again.version),
            (None, &first.version),
            "{head}"
        );
        // The whole is there for whoever asks for it.
        assert_eq!(fetcher.picture(&link).await.unwrap(), GIF);
        assert_eq!(asked.load(Ordering::SeqCst), 3);
    }
}

#[tokio::test]
async fn the_same_bytes_are_the_same_version_whatever_their_server_says() {
    let (address, _) = server(|_| picture()).await;
    let fetcher = fetcher(Some(&address), &[]);
    let link = format!("http://{address}/a.gif");
    let first = fetcher.picture_unless(&link, None).await.unwrap().version;
    assert_eq!((&first.etag, &first.modified), (&None, &None));
    let again = fetcher.picture_unless(&link, Some(&first)).await.unwrap();
    assert_eq!(again.version.hash, first.hash);
    assert!(again.bytes.is_some());
}

#[tokio::test]
async fn validators_go_to_the_address_they_came_from_and_to_no_other() {
    let (address, _) = versioned("etag: \"v1\"").await;
    let fetcher = fetcher(Some(&address), &[]);
    let link = |name: &str| format!("http://{address}/{name}");
    let known = fetcher.picture_unless(&link("a.gif"), None).await.unwrap();
    let other = link("b.gif");
    let other = fetcher.picture_unless(&other, Some(&known.version));
    assert!(other.await.unwrap().bytes.is_some());
}

#[tokio::test]
async fn an_unasked_not_modified_and_endless_validators_are_not_taken() {
    let (address, _) = server(|_| answer("304 Not Modified", b"")).await;
    let plain = fetcher(Some(&address), &[]);
    let link = format!("http://{address}/a.gif");
    assert!(plain.picture_unless(&link, None).await.is_err());
    let (address, _) = server(|_| {
        let long = "x".repeat(200);
        let head = format!("200 OK\r\ncontent-type: image/gif\r\netag: \"{long}\"");
        answer(&head, GIF)
    })
    .await;
    let plain = fetcher(Some(&address), &[]);
    let link = format!("http://{address}/a.gif");
    let fetched = plain.picture_unless(&link, None).await.unwrap();
    assert_eq!(fetched.version.etag, None);
}
