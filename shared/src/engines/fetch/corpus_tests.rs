//! The fetcher against the whole corpus: everything in it is refused, and for the reason it names.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use vara_imaging::Limits;

use super::super::corpus::{
    INSIDE, LINKS, REDIRECTS, ServerAnswer, answers, pictures_that_are_none, slow_answers,
};
use super::*;

/// How many cases there are of each sort. Whoever takes one away must say so here.
const COUNTS: [usize; 7] = [249, 27, 150, 168, 10, 19, 623];

const QUICK: Patience = Patience {
    connect: Duration::from_secs(2),
    idle: Duration::from_secs(10),
    total: Duration::from_secs(30),
};

/// How long a slow answer is waited for.
const HASTY: Patience = Patience {
    total: Duration::from_millis(1500),
    idle: Duration::from_millis(400),
    ..QUICK
};

/// A resolver for which every name is one of these, and how often it was asked.
fn names(found: &'static [&'static str]) -> (Lookup, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let lookup: Lookup = Arc::new(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        let of = |it: &&str| SocketAddr::new(it.parse().unwrap(), 0);
        let found = found.iter().map(of).collect();
        Box::pin(async move { Ok(found) })
    });
    (lookup, asked)
}

fn fetcher(allowed: Option<&str>, patience: Patience) -> Fetcher {
    Fetcher::with(allowed, names(&["127.0.0.1"]).0, patience).unwrap()
}

/// A server on this machine that answers every question so; its address.
async fn server<F>(answer: F) -> String
where
    F: Fn(&str) -> (Vec<u8>, Option<Vec<u8>>, Duration) + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let read = socket.read(&mut request).await.unwrap_or_default();
            let (first, more, pause) = answer(&String::from_utf8_lossy(&request[..read]));
            tokio::spawn(async move {
                let mut open = socket.write_all(&first).await.is_ok();
                while let Some(piece) = more.as_ref().filter(|_| open) {
                    tokio::time::sleep(pause).await;
                    open = socket.write_all(piece).await.is_ok();
                }
            });
        }
    });
    address
}

/// What the fetcher makes of each answer, in their order: one server tells them apart by the path.
async fn fetched(all: &[ServerAnswer]) -> Vec<Result<Bytes, FetchRefusal>> {
    let told = all.to_vec();
    let address = server(move |request| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        let which = path.trim_matches(['/', '?']).parse::<usize>().unwrap();
        let answer = &told[which];
        (answer.first.clone(), answer.endless.clone(), Duration::ZERO)
    })
    .await;
    let fetcher = fetcher(Some(&address), QUICK);
    let links = (0..all.len()).map(|which| format!("http://{address}/{which}"));
    let fetches = links.map(|link| {
        let fetcher = fetcher.clone();
        async move { fetcher.picture(&link).await }
    });
    stream::iter(fetches).buffered(8).collect().await
}

/// Prints what was not as it should be, and fails if there was anything.
fn none_of(wrong: &[String]) {
    assert!(
        wrong.is_empty(),
        "{} got through or were refused for another reason:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn differs(what: &str, got: &Result<Bytes, FetchRefusal>, want: FetchRefusal) -> Option<String> {
    let is = got.as_ref().map(Bytes::len);
    (is != Err(&want)).then(|| format!("{what:?}: {is:?}, not {want:?}"))
}

#[test]
fn the_corpus_is_whole() {
    let sizes = [
        LINKS.len(),
        INSIDE.len(),
        REDIRECTS.len() * STATUSES.len(),
        answers().len(),
        slow_answers().len(),
        pictures_that_are_none().len(),
    ];
    let all: usize = sizes.iter().sum();
    println!("corpus of the fetcher: {sizes:?}, {all} cases");
    let mut links: Vec<_> = LINKS.iter().map(|it| it.0).collect();
    links.sort_unstable();
    links.dedup();
    assert_eq!(links.len(), LINKS.len(), "a link is in the list twice");
    assert_eq!((&sizes[..], all), (&COUNTS[..6], COUNTS[6]));
}

#[tokio::test]
async fn no_link_of_the_corpus_is_followed() {
    let fetcher = fetcher(None, QUICK);
    let mut wrong = Vec::new();
    for (link, want) in LINKS {
        wrong.extend(differs(link, &fetcher.picture(link).await, *want));
    }
    none_of(&wrong);
}

#[tokio::test]
async fn no_link_of_the_corpus_is_called_either() {
    let fetcher = fetcher(None, QUICK);
    let mut wrong = Vec::new();
    for (link, want) in LINKS {
        let posted = fetcher.post(link, &[], String::new()).await;
        let got = posted.map(|_| Bytes::new());
        wrong.extend(differs(link, &got, *want));
        let is_a_name = *want == FetchRefusal::NotPublic
            && Url::parse(link).is_ok_and(|it| matches!(it.host(), Some(Host::Domain(_))));
        if !is_a_name && may_be_called(link, None) {
            wrong.push(format!("{link:?} may be called"));
        }
    }
    none_of(&wrong);
}

#[tokio::test]
async fn no_name_that_leads_inside_is_followed() {
    let mut wrong = Vec::new();
    for addresses in INSIDE {
        let (lookup, asked) = names(addresses);
        let fetcher = Fetcher::with(None, lookup, QUICK).unwrap();
        let got = fetcher.picture("http://rebound.example/a.gif").await;
        wrong.extend(differs(&addresses.join(" "), &got, FetchRefusal::NotPublic));
        assert_eq!(
            asked.load(Ordering::SeqCst),
            1,
            "asked once, and that answer is judged"
        );
    }
    none_of(&wrong);
}

/// The resolver hands on what it judged; nobody asks a second time in between.
#[tokio::test]
async fn a_name_that_changes_between_two_looks_is_judged_at_each() {
    let turns = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&turns);
    let lookup: Lookup = Arc::new(move |_| {
        let good = count.fetch_add(1, Ordering::SeqCst).is_multiple_of(2);
        let address = if good { "93.184.215.14" } else { "127.0.0.1" };
        let found = vec![SocketAddr::new(address.parse().unwrap(), 0)];
        Box::pin(async move { Ok(found) })
    });
    let resolver = PublicOnly {
        lookup,
        except: None,
    };
    for turn in 0..6 {
        let found = resolver.resolve("rebound.example".parse().unwrap()).await;
        let found = found.map(|it| it.map(|it| it.ip().to_string()).collect::<Vec<_>>());
        match turn % 2 {
            0 => assert_eq!(found.unwrap(), ["93.184.215.14"]),
            _ => assert!(found.unwrap_err().downcast_ref() == Some(&FetchRefusal::NotPublic)),
        }
        assert_eq!(turns.load(Ordering::SeqCst), turn + 1);
    }
}

const STATUSES: [u16; 6] = [300, 301, 302, 303, 307, 308];

#[tokio::test]
async fn no_redirect_leads_inside() {
    // `/<hops left>/<status>/<which>`: some of the way on this server, then out of it.
    let address = server(|request| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        let mut parts = path.split('/').skip(1).map(|it| it.parse().unwrap_or_default());
        let mut next = || parts.next().unwrap_or_default();
        let (hops, status, which): (usize, usize, usize) = (next(), next(), next());
        let to = match hops {
            0 => REDIRECTS[which].0.to_owned(),
            _ => format!("/{}/{status}/{which}", hops - 1),
        };
        let head = format!("HTTP/1.1 {status} X\r\nlocation: {to}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
        (head.into_bytes(), None, Duration::ZERO)
    })
    .await;
    let fetcher = fetcher(Some(&address), QUICK);
    let mut wrong = Vec::new();
    for (which, (to, want)) in REDIRECTS.iter().enumerate() {
        for (at, status) in STATUSES.iter().enumerate() {
            let hops = (which + at) % MAX_REDIRECTS;
            let link = format!("http://{address}/{hops}/{status}/{which}");
            let got = fetcher.picture(&link).await;
            wrong.extend(differs(&format!("{status} {to}"), &got, *want));
        }
    }
    none_of(&wrong);
}

#[tokio::test]
async fn no_answer_of_the_corpus_is_taken() {
    let all = answers();
    let got = fetched(&all).await;
    let pairs = all.iter().zip(&got);
    let wrong: Vec<_> = pairs
        .filter_map(|(answer, got)| differs(answer.what, got, answer.want))
        .collect();
    none_of(&wrong);
}

#[tokio::test]
async fn no_slow_answer_is_waited_for() {
    let slow = slow_answers()
        .into_iter()
        .map(|(what, first, piece)| async move {
            let more = (!piece.is_empty()).then_some(piece);
            let pause = Duration::from_millis(50);
            let address = server(move |_| {
                // Without a next piece the line stays open all the same.
                let silence = || (Some(vec![]), Duration::from_millis(100));
                let (more, pause) = more.clone().map_or_else(silence, |it| (Some(it), pause));
                (first.clone(), more, pause)
            })
            .await;
            let fetcher = fetcher(Some(&address), HASTY);
            let got = fetcher.picture(&format!("http://{address}/")).await;
            differs(what, &got, FetchRefusal::TooSlow)
        });
    let wrong: Vec<_> = join_all(slow).await.into_iter().flatten().collect();
    none_of(&wrong);
}

#[tokio::test]
async fn what_begins_as_a_picture_and_is_none_is_not_opened() {
    let limits = Limits {
        bytes: MAX_BYTES,
        pixels: 30_000_000,
        memory: 256 * 1024 * 1024,
        ..Limits::DEFAULT
    };
    let head = "HTTP/1.1 200 OK\r\ncontent-type: image/png\r\nconnection: close\r\n\r\n";
    let of = |(what, bytes): (&'static str, Vec<u8>)| ServerAnswer {
        what,
        first: [head.as_bytes(), &bytes].concat(),
        endless: None,
        want: FetchRefusal::NotAPicture,
    };
    let all: Vec<_> = pictures_that_are_none().into_iter().map(of).collect();
    let mut wrong = Vec::new();
    for (answer, got) in all.iter().zip(fetched(&all).await) {
        match got {
            Ok(bytes) => match vara_imaging::decode(&bytes, &limits) {
                Ok(picture) => {
                    let (width, height) = (picture.width(), picture.height());
                    wrong.push(format!("{}: {width}x{height}", answer.what));
                }
                Err(reason) => assert!(!reason.to_string().is_empty()),
            },
            refused => wrong.extend(differs(answer.what, &refused, answer.want)),
        }
    }
    none_of(&wrong);
}

/// A picture with something behind it is the picture; what is behind it goes no further.
#[test]
fn what_hides_behind_a_picture_is_lost_with_its_bytes() {
    let picture = vara_imaging::Picture::from_rgb(64, 64, vec![90; 64 * 64 * 3]).unwrap();
    let jpeg = vara_imaging::encode_jpeg(&picture, 85).unwrap();
    for tail in [
        &b"PK\x03\x04hidden"[..],
        b"<script>hidden</script>",
        b"MZ hidden",
    ] {
        let both = [&jpeg[..], tail].concat();
        let read = vara_imaging::decode(&both, &Limits::DEFAULT).unwrap();
        let again = vara_imaging::encode_jpeg(&read, 85).unwrap();
        assert!(!again.windows(6).any(|it| it == b"hidden"));
    }
}
