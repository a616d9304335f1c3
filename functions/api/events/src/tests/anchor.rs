//! What clients of event stores send: headers, media types, numbers for versions.

use super::*;

const EVENTS: (&str, &str) = ("content-type", "application/vnd.eventstore.events+json");

#[tokio::test]
async fn the_expected_version_is_read_from_every_header_there_is_for_it() {
    let api = api().await;
    let (_, token) = api.woman("ana@example.net").await;
    let uri = note();
    let send = async |name: &str, version: &str| {
        let headers = [EVENTS, (name, version)];
        let body = json!([written("a")]);
        call(&api, (Method::POST, &uri, &token), &headers, &body).await
    };
    // The versions of the stream as it grows, and a name of the header for each.
    for (name, version, status, current) in [
        ("es-expectedversion", "-4", 400, Some("-1")),
        ("es-expectedversion", "0", 400, Some("-1")),
        ("es-expectedversion", "-1", 201, None),
        ("kurrent-expectedversion", "-1", 400, Some("0")),
        ("kurrent-expectedversion", "0", 201, None),
        ("expected-version", "0", 400, Some("1")),
        ("expected-version", "exists", 201, None),
        ("es-expectedversion", "-2", 201, None),
    ] {
        let reply = send(name, version).await;
        assert_eq!(reply.status(), status, "{name}: {version}");
        let told = reply.headers().get("kurrent-currentversion");
        assert_eq!(
            told.map(|it| it.to_str().unwrap()),
            current,
            "{name}: {version}"
        );
    }
}

#[tokio::test]
async fn a_wrong_version_is_a_conflict_for_everybody_else() {
    let api = api().await;
    let (_, token) = api.woman("ana@example.net").await;
    let uri = note();
    fill(&api, &uri, &token, 2).await;
    for version in [json!(0), json!("0"), json!("none"), json!(7)] {
        let body = json!({ "events": [written("a")], "expectedVersion": version });
        let reply = api
            .send(Method::POST, &uri, &token, &body.to_string())
            .await;
        TestApi::refused(&reply, 409, "WRONG_EXPECTED_VERSION");
        assert_eq!(reply.1["error"]["details"]["current"], 1);
    }
    let body = json!({ "events": [written("a")], "expectedVersion": 1 });
    let reply = api
        .send(Method::POST, &uri, &token, &body.to_string())
        .await;
    assert_eq!(TestApi::data(reply, 201)["first"], 2);
}
