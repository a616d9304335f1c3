//! SerpApi's client against a service that answers as it does, and as it should not.

use serde_json::{Value, json};

use super::super::script::{Line, SHORT, Script, StandIns, nonsense, ok};
use super::*;
use crate::testing::photo;

const HERS: &str = "https://api.example.org/p/token?x=1&y=2";

async fn ask(
    provider: SearchProvider,
    lines: impl IntoIterator<Item = Line>,
) -> (Result<SearchResult, EngineError>, Script) {
    let script = Script::new(lines).await;
    let serpapi = SerpApi::patient("secret-key".into(), Some(&script.base), SHORT).unwrap();
    let answer = serpapi.search(provider, HERS).await;
    (answer, script)
}

async fn lens(
    lines: impl IntoIterator<Item = Line>,
) -> (Result<SearchResult, EngineError>, Script) {
    ask(SearchProvider::GoogleLens, lines).await
}

fn success(mut lists: Value) -> Value {
    lists["search_metadata"] =
        json!({ "id": "65a0", "status": "Success", "total_time_taken": 2.1 });
    lists["search_parameters"] =
        json!({ "engine": "google_lens", "url": HERS, "api_key": "secret-key" });
    lists
}

/// The example of the contract, and odd neighbours.
fn good() -> Value {
    success(json!({
        "exact_matches": [{ "position": 1, "title": "Profile", "source": "Example", "link": "https://example.net/u/1",
            "thumbnail": "https://serpapi.com/t.jpeg", "date": "2 years ago", "actual_image_width": 800 }],
        "visual_matches": [
            { "position": 1, "title": "Similar <em>one</em>", "link": "https://example.net/x", "source": "Example",
              "thumbnail": "https://encrypted-tbn0.gstatic.com/x", "image": "https://example.net/x.jpg", "price": { "value": "$9*" } },
            { "position": "two", "title": 7, "link": null, "thumbnail": "https://encrypted-tbn0.gstatic.com/y" },
            "not an item",
        ],
        "related_content": [{ "query": "..", "link": "https://www.google.com/search?q=x", "thumbnail": "https://e.example/t" }],
        "ai_overview": { "page_token": ".." },
    }))
}

#[tokio::test]
async fn each_provider_is_asked_in_its_own_words() {
    let picture = "https%3A%2F%2Fapi.example.org%2Fp%2Ftoken%3Fx%3D1%26y%3D2";
    let lens =
        |kind| format!("engine=google_lens&url={picture}&type={kind}&hl=en&country=us&safe=off");
    for (provider, want) in [
        (SearchProvider::GoogleLens, lens("visual_matches")),
        (SearchProvider::GoogleLensExact, lens("exact_matches")),
        (
            SearchProvider::GoogleReverseImage,
            format!("engine=google_reverse_image&image_url={picture}"),
        ),
        (
            SearchProvider::BingReverseImage,
            format!("engine=bing_reverse_image&image_url={picture}"),
        ),
    ] {
        let (_, script) = ask(provider, [ok(good())]).await;
        assert_eq!(
            script.asked(),
            [format!("GET /search.json?{want}&api_key=secret-key")]
        );
    }
    let script = Script::new([ok(good())]).await;
    let serpapi = SerpApi::new("k".into(), Some(&script.base))
        .unwrap()
        .leaving_no_trace();
    serpapi
        .search(SearchProvider::BingReverseImage, HERS)
        .await
        .unwrap();
    assert!(script.asked()[0].contains("&zero_trace=true&"));
}

#[tokio::test]
async fn what_lens_finds() {
    let answer = lens([ok(good())]).await.0.unwrap();
    let found: Vec<_> = answer
        .candidates
        .iter()
        .map(|it| {
            (
                it.kind,
                it.page.as_deref(),
                it.picture.as_deref(),
                it.title.as_deref(),
                it.seen_on.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            (
                CandidateKind::Full,
                Some("https://example.net/u/1"),
                Some("https://serpapi.com/t.jpeg"),
                Some("Profile"),
                None
            ),
            (
                CandidateKind::Similar,
                Some("https://example.net/x"),
                Some("https://example.net/x.jpg"),
                Some("Similar one"),
                None
            ),
        ]
    );
}

#[tokio::test]
async fn what_the_older_search_finds() {
    let body = success(json!({
        "image_results": [
            { "position": 1, "title": "A", "link": "https://a.example/1", "displayed_link": "a.example", "date": "2025-11-03",
              "source": "A site", "thumbnail": "https://serpapi.com/a.jpeg", "original": "https://a.example/1.jpg" },
            { "position": 2, "title": "B", "link": "https://b.example/1" },
        ],
        "inline_images": [{ "link": "https://www.google.com/search?q=x", "source": "https://c.example/1", "original": "https://c.example/1.jpg" }],
    }));
    let answer = ask(SearchProvider::GoogleReverseImage, [ok(body)])
        .await
        .0
        .unwrap();
    let found: Vec<_> = answer
        .candidates
        .iter()
        .map(|it| {
            (
                it.kind,
                it.page.as_deref(),
                it.picture.as_deref(),
                it.seen_on.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            (
                CandidateKind::Page,
                Some("https://a.example/1"),
                Some("https://a.example/1.jpg"),
                Some("2025-11-03")
            ),
            (CandidateKind::Page, Some("https://b.example/1"), None, None),
            (
                CandidateKind::Similar,
                Some("https://c.example/1"),
                Some("https://c.example/1.jpg"),
                None
            ),
        ]
    );
}

#[tokio::test]
async fn bings_links_lead_to_bing_and_its_sources_to_the_pages() {
    let viewer = "https://www.bing.com/images/search?view=detailV2";
    let body = success(json!({
        "related_content": [
            { "position": 1, "title": "R", "link": viewer, "source": "https://r.example/1", "domain": "r.example",
              "original": "https://i.r.example/1.jpg", "cdn_original": "https://th.bing.com/1", "file_size": "152631 B" },
            { "position": 2, "link": viewer, "cdn_original": "https://th.bing.com/2" },
            { "position": 3, "link": viewer, "thumbnail": "https://th.bing.com/3" },
        ],
        "images_results": [{ "link": "https://s.example/1", "source": "S", "thumbnail": "https://th.bing.com/4" }],
    }));
    let answer = ask(SearchProvider::BingReverseImage, [ok(body)])
        .await
        .0
        .unwrap();
    let found: Vec<_> = answer
        .candidates
        .iter()
        .map(|it| (it.page.as_deref(), it.picture.as_deref()))
        .collect();
    assert_eq!(
        found,
        [
            (Some("https://s.example/1"), Some("https://th.bing.com/4")),
            (
                Some("https://r.example/1"),
                Some("https://i.r.example/1.jpg")
            ),
            (None, Some("https://th.bing.com/2")),
        ]
    );
}

#[tokio::test]
async fn nothing_found_is_a_success_with_an_error_in_it() {
    let words = "Google hasn't returned any results for this query.";
    for body in [
        success(json!({ "error": words })),
        success(json!({ "error": "Some new words for nothing." })),
        success(json!({})),
        json!({ "error": words }),
        json!({ "error": "No results found." }),
    ] {
        let (answer, script) = lens([ok(&body)]).await;
        assert_eq!(
            (answer, script.asked().len()),
            (Ok(SearchResult::default()), 1),
            "{body}"
        );
    }
    // What was found stands, whatever is said beside it.
    let mut body = good();
    body["error"] = json!("Lens was slow.");
    assert_eq!(lens([ok(body)]).await.0.unwrap().candidates.len(), 2);
}

#[tokio::test]
async fn an_error_in_a_success_that_is_one() {
    let state = |state: &str| json!({ "search_metadata": { "status": state }, "error": "We couldn't get valid results." });
    let busy = |status| EngineError::Busy {
        status,
        after: None,
    };
    for (body, want) in [
        (state("Error"), busy(503)),
        (json!({ "error": "Something broke." }), busy(503)),
        (state("Processing"), EngineError::Garbage("not finished")),
        (
            json!({ "error": "Your account has run out of searches." }),
            EngineError::Spent,
        ),
        (
            json!({ "error": "Your searches for the month are exhausted." }),
            EngineError::Spent,
        ),
        (
            json!({ "error": "Invalid API key. Your API key should be here: ..." }),
            EngineError::Refused(401),
        ),
    ] {
        let (answer, script) = lens([ok(&body), ok(&body)]).await;
        assert_eq!(answer, Err(want.clone()), "{body}");
        assert_eq!(
            script.asked().len(),
            1 + usize::from(want.is_brief()),
            "{body}"
        );
    }
}

fn error(status: u16, words: &str) -> Line {
    (
        status,
        "retry-after: 120\r\n",
        json!({ "error": words }).to_string(),
    )
}

#[tokio::test]
async fn too_fast_and_used_up_have_the_same_status_and_are_told_apart() {
    let both = "The number of requests sent using this API key exceeds the hourly throughput limit OR your account has run out of searches.";
    let account = |left: u64| {
        ok(
            json!({ "api_key": "secret-key", "account_email": "a@e.example", "total_searches_left": left, "account_rate_limit_per_hour": 200 }),
        )
    };
    let busy = EngineError::Busy {
        status: 429,
        after: Some(Duration::from_secs(120)),
    };
    for (lines, want, asked) in [
        (
            vec![error(429, "Your account has run out of searches.")],
            EngineError::Spent,
            1,
        ),
        (
            vec![error(429, "Exceeds the hourly throughput limit.")],
            busy.clone(),
            1,
        ),
        (vec![error(429, both), account(0)], EngineError::Spent, 2),
        (vec![error(429, both), account(7)], busy.clone(), 2),
        (vec![error(429, both), error(503, "x")], busy.clone(), 2),
        (
            vec![(429, "retry-after: 120\r\n", "<html>".into()), account(0)],
            EngineError::Spent,
            2,
        ),
    ] {
        let (answer, script) = lens(lines).await;
        assert_eq!((answer, script.asked().len()), (Err(want), asked));
        assert!(
            script.asked()[1..]
                .iter()
                .all(|it| it == "GET /account.json?api_key=secret-key")
        );
    }
}

#[tokio::test]
async fn a_refused_call_says_what_kind_it_is() {
    for (status, want) in [
        (400, EngineError::Rejected(400)),
        (401, EngineError::Refused(401)),
        (402, EngineError::Spent),
        (403, EngineError::Refused(403)),
        (404, EngineError::Rejected(404)),
        (410, EngineError::Rejected(410)),
    ] {
        let (answer, script) = lens([error(status, "words")]).await;
        assert_eq!((answer, script.asked().len()), (Err(want), 1), "{status}");
    }
}

#[tokio::test]
async fn brief_troubles_are_tried_once_more() {
    for line in [
        (503, "retry-after: 0\r\n", "{}".to_owned()),
        (200, "", "{\"search".to_owned()),
        (0, "", String::new()),
    ] {
        let (answer, script) = lens([line, ok(good())]).await;
        assert_eq!(
            (answer.unwrap().candidates.len(), script.asked().len()),
            (2, 2)
        );
    }
}

#[tokio::test]
async fn nonsense_and_silence_are_errors() {
    for (odd, body) in nonsense(asking::MAX_ANSWER) {
        let (answer, _) = lens([ok(&body), ok(&body)]).await;
        assert!(
            matches!(answer, Err(EngineError::Garbage(_))),
            "{odd}: {answer:?}"
        );
    }
    for body in [json!({}), success(json!({ "visual_matches": "many" }))] {
        let (answer, _) = lens([ok(&body), ok(&body)]).await;
        assert!(matches!(answer, Err(EngineError::Garbage(_))), "{body}");
    }
    let silent = [(0, "", String::new()), (0, "", String::new())];
    assert_eq!(lens(silent).await.0, Err(EngineError::Silent));
}

#[tokio::test]
async fn what_is_left_is_told_and_the_key_that_is_echoed_is_not() {
    let account = json!({ "account_id": "1", "api_key": "secret-key", "account_email": "a@e.example",
        "plan_searches_left": 40, "extra_credits": 2, "total_searches_left": 42 });
    let script = Script::new([ok(account), ok("{}"), ok("{}"), error(401, "secret-key")]).await;
    let serpapi = SerpApi::new("secret-key".into(), Some(&script.base)).unwrap();
    assert_eq!(serpapi.remaining().await, Ok(42));
    assert_eq!(
        serpapi.remaining().await,
        Err(EngineError::Garbage("no count"))
    );
    let err = serpapi.remaining().await.unwrap_err();
    assert_eq!(err, EngineError::Refused(401));
    assert!(!format!("{err} {err:?} {serpapi:?}").contains("secret-key"));
    // The echo of a search is not kept either, nor her address in it.
    let answer = lens([ok(good())]).await.0.unwrap();
    let kept = serde_json::to_string(&answer).unwrap();
    assert!(!kept.contains("secret-key") && !kept.contains("api.example.org"));
}

#[test]
fn every_provider_has_a_name_of_its_own() {
    let mut names = SearchProvider::ALL.map(SearchProvider::name).to_vec();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), SearchProvider::ALL.len());
}

#[tokio::test]
async fn the_stand_in_is_understood() {
    let world = StandIns::new().await;
    let picture = world
        .plant(photo("collins"), "https://a.example/1", "eileen")
        .await;
    world
        .plant(photo("obama-2009"), "https://b.example/2", "eileen")
        .await;
    let base = format!("{}/serpapi/", world.base);
    let serpapi = SerpApi::new("local-key".into(), Some(&base)).unwrap();
    for (provider, kinds) in [
        (
            SearchProvider::GoogleLens,
            &[CandidateKind::Similar, CandidateKind::Similar][..],
        ),
        (SearchProvider::GoogleLensExact, &[CandidateKind::Full]),
        (
            SearchProvider::GoogleReverseImage,
            &[CandidateKind::Page, CandidateKind::Similar],
        ),
        (
            SearchProvider::BingReverseImage,
            &[CandidateKind::Similar, CandidateKind::Similar],
        ),
    ] {
        let answer = serpapi.search(provider, &picture).await.unwrap();
        let found: Vec<_> = answer.candidates.iter().map(|it| it.kind).collect();
        assert_eq!(found, kinds, "{provider:?}");
        assert_eq!(
            answer.candidates[0].page.as_deref(),
            Some("https://a.example/1"),
            "{provider:?}"
        );
        assert_eq!(answer.candidates[0].title.as_deref(), Some("A page"));
    }
    let elsewhere = serpapi.search(SearchProvider::GoogleLens, HERS).await;
    assert_eq!(elsewhere, Ok(SearchResult::default()));
    assert_eq!(serpapi.remaining().await, Ok(4995));
    world
        .post("/_bundle", json!({ "engine": "serpapi", "remaining": 0 }))
        .await;
    let spent = serpapi.search(SearchProvider::GoogleLens, &picture).await;
    assert_eq!(spent, Err(EngineError::Spent));
    world
        .post(
            "/_fault",
            json!({ "engine": "serpapi", "mode": "error", "status": 429, "times": 1 }),
        )
        .await;
    let fast = serpapi
        .search(SearchProvider::GoogleLens, &picture)
        .await
        .unwrap_err();
    assert_eq!(
        (fast.is_throttled(), fast.wait()),
        (true, Some(Duration::from_secs(60)))
    );
}
