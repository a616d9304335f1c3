//! Limits of calls, with the contract's numbers.

use super::*;
use crate::testing::in_one_window;

#[tokio::test]
async fn the_three_hundred_and_first_call_of_a_minute_is_refused_and_every_answer_says_where_it_stands()
 {
    in_one_window().await;
    let harness = Harness::build().await;
    let from = "198.51.100.7";
    let first = harness.call(from, "GET", "/api/v1/things", &[], "").await;
    assert_eq!(first.status, 200);
    assert_eq!(first.header("x-ratelimit-limit"), "300");
    assert_eq!(first.header("x-ratelimit-remaining"), "299");
    let reset: u32 = first.header("x-ratelimit-reset").parse().unwrap();
    assert!((1..=60).contains(&reset));
    let lost = harness.call(from, "GET", "/no-such", &[], "").await;
    assert_eq!(
        (lost.status, lost.header("x-ratelimit-remaining")),
        (404, "298")
    );
    let asked = [("origin", SITE), ("access-control-request-method", "GET")];
    let preflight = harness
        .call(from, "OPTIONS", "/api/v1/things", &asked, "")
        .await;
    assert_eq!(
        (preflight.status, preflight.header("x-ratelimit-remaining")),
        (204, "298")
    );
    assert_eq!(preflight.headers.get_all("vary").iter().count(), 1);
    for _ in 0..298 {
        harness
            .call(
                from,
                "GET",
                "/api/v1/things",
                &[("x-forwarded-for", "203.0.113.1")],
                "",
            )
            .await;
    }
    let over = harness
        .call(from, "GET", "/api/v1/things", &[("origin", SITE)], "")
        .await;
    assert_eq!(over.code(), (429, "REQUEST_ERROR"));
    assert_eq!(over.header("retry-after"), over.header("x-ratelimit-reset"));
    assert_eq!(over.header("x-ratelimit-remaining"), "0");
    assert_eq!(over.header("access-control-allow-origin"), SITE);
    let theirs = harness.call(from, "POST", "/auth/v1/signup", &[], "").await;
    assert_eq!(
        (theirs.status, &theirs.body["error_code"]),
        (429, &json!("over_request_rate_limit"))
    );
    assert_eq!(theirs.header("x-supabase-api-version"), "2024-01-01");
    // Her sign-in goes on, and so does everybody else.
    let refresh = harness
        .call(
            from,
            "POST",
            "/auth/v1/token?grant_type=refresh_token",
            &[],
            "",
        )
        .await;
    assert_eq!(
        (refresh.status, refresh.header("x-ratelimit-remaining")),
        (200, "0")
    );
    assert_eq!(
        harness
            .call(from, "OPTIONS", "/api/v1/things", &asked, "")
            .await
            .status,
        204
    );
    let other = harness
        .call("198.51.100.8", "GET", "/api/v1/things", &[], "")
        .await;
    assert_eq!(other.header("x-ratelimit-remaining"), "299");
}

#[tokio::test]
async fn sign_in_routes_are_refused_after_twenty() {
    in_one_window().await;
    let harness = Harness::build().await;
    let call = async || {
        harness
            .call("198.51.100.9", "POST", "/api/v1/auth/logout", &[], "")
            .await
    };
    for left in (0..20).rev() {
        let reply = call().await;
        assert_eq!(
            (reply.status, reply.header("x-ratelimit-limit")),
            (204, "20")
        );
        assert_eq!(reply.header("x-ratelimit-remaining"), left.to_string());
    }
    assert_eq!(call().await.code(), (429, "REQUEST_ERROR"));
    let plain = harness
        .call("198.51.100.9", "GET", "/api/v1/things", &[], "")
        .await;
    assert_eq!(
        (plain.status, plain.header("x-ratelimit-remaining")),
        (200, "278")
    );
}

#[tokio::test]
async fn passwords_and_asked_links_share_the_limit_of_sign_in_and_refreshes_are_spared() {
    in_one_window().await;
    let harness = Harness::build().await;
    let from = "198.51.100.10";
    let call = async |uri: &str| harness.call(from, "POST", uri, &[], "").await;
    let routes = [
        "/auth/v1/token?grant_type=password",
        "/auth/v1/token",
        "/auth/v1/signup",
        "/auth/v1/recover",
        "/api/v1/auth/signup",
        "/auth/v1/otp",
        "/auth/v1/token?grant_type=refresh_token&grant_type=password",
        "/auth/v1/token?grant_type=password&grant_type=refresh_token",
        "/auth/v1/token?Grant_Type=refresh_token&grant_type=password",
        "/api/v1/auth/logout",
    ];
    for round in 0..2 {
        for (at, uri) in routes.iter().enumerate() {
            let reply = call(uri).await;
            assert_ne!(reply.status, 429, "{uri}");
            let left = 19 - (round * routes.len() + at);
            assert_eq!(reply.header("x-ratelimit-remaining"), left.to_string());
        }
    }
    for uri in ["/auth/v1/signup", "/auth/v1/otp"] {
        let reply = call(uri).await;
        let said = &reply.body["error_code"];
        assert_eq!(
            (reply.status, said),
            (429, &json!("over_request_rate_limit")),
            "{uri}"
        );
    }
    // The link in her mailbox has a count of its own.
    let followed = call("/auth/v1/verify").await;
    assert_ne!(followed.status, 429);
    assert_eq!(followed.header("x-ratelimit-remaining"), "19");
    // Where the account is known, its devices are told apart from others: the route hears of it.
    for (uri, crowded) in [
        ("/auth/v1/token?grant_type=password", true),
        (
            "/auth/v1/token?Grant_Type=refresh_token&grant_type=password",
            true,
        ),
        ("/auth/v1/token?grant_type=refresh_token", false),
    ] {
        let reply = call(uri).await;
        assert_eq!(
            (reply.status, &reply.body["data"]),
            (200, &json!(crowded)),
            "{uri}"
        );
        assert_eq!(reply.header("retry-after"), "");
    }
    let twice = call("/auth/v1/token?grant_type=refresh_token&grant_type=password").await;
    assert_eq!(twice.status, 400);
}

#[tokio::test]
async fn a_user_is_limited_from_all_her_addresses_together() {
    in_one_window().await;
    let harness = Harness::build().await;
    let (token, ..) = harness.woman().await;
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    let call = async |at: u32| {
        harness
            .call(
                &format!("10.0.{}.{}", at / 200, at % 200),
                "GET",
                "/api/v1/things",
                &headers,
                "",
            )
            .await
    };
    for at in 0..300 {
        assert_eq!(call(at).await.status, 200);
    }
    assert_eq!(call(301).await.code(), (429, "REQUEST_ERROR"));
}

#[tokio::test]
async fn without_a_table_calls_go_through() {
    let harness = Harness::build().await;
    let rates = Rates {
        all: 1,
        auth: 1,
        user: 1,
    };
    let limits = RateLimiter::new(rates, crate::testing::silent_store());
    let guards = HttpGuards::from(Cors::new(&[], true)).limited(limits, None);
    let app = App {
        gate: harness.gate.clone(),
        made: Arc::default(),
    };
    let routes: Router<App> = Router::new().route("/api/v1/things", get(async || data(7)));
    let harness = Harness {
        routes: finish(routes, app, guards),
        ..harness
    };
    for _ in 0..5 {
        let reply = harness
            .call("192.0.2.7", "GET", "/api/v1/things", &[], "")
            .await;
        assert_eq!((reply.status, reply.header("x-ratelimit-limit")), (200, ""));
    }
}
