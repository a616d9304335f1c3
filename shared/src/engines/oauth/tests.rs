//! The whole dance with the stand-in, and its missteps.

use reqwest::redirect::Policy;
use serde_json::{Value, json};

use super::*;

const BACK: &str = "https://vara.example/back";
const TIKTOK: Platform = Platform::TikTok;

struct Dance {
    oauth: OAuth,
    engines: String,
}

impl Dance {
    async fn new() -> Self {
        let engines = vara_engines::start().await.unwrap();
        let oauth = OAuth::new(Some(&vara_engines::oauth_providers(&engines))).unwrap();
        let dance = Self { oauth, engines };
        let ana = json!({ "platform": "TIKTOK", "handle": "ana", "name": "Ana", "followers": 3 });
        dance.post("/_web/profiles", ana).await;
        dance
    }

    async fn post(&self, path: &str, body: Value) {
        let url = format!("{}{path}", self.engines);
        let sent = Client::new().post(url).body(body.to_string()).send().await;
        assert!(sent.unwrap().status().is_success());
    }

    /// She agrees; where she is sent back to.
    async fn agree(&self, more: &str) -> Url {
        let page = self
            .oauth
            .page(TIKTOK, "the-state", "the-verifier", BACK)
            .unwrap();
        let browser = Client::builder().redirect(Policy::none()).build().unwrap();
        let reply = browser.get(format!("{page}{more}")).send().await.unwrap();
        let back = reply.headers()["location"].to_str().unwrap();
        Url::parse(back).unwrap()
    }

    async fn code(&self) -> String {
        let back = self.agree("").await;
        assert!(back.as_str().starts_with(BACK));
        let said: HashMap<_, _> = back.query_pairs().into_owned().collect();
        assert_eq!(said["state"], "the-state");
        said["code"].clone()
    }
}

#[tokio::test]
async fn her_leave_lets_us_read_her_profile_and_go_on_reading() {
    let dance = Dance::new().await;
    let code = dance.code().await;
    let tokens = dance
        .oauth
        .exchange(TIKTOK, &code, "the-verifier", BACK)
        .await
        .unwrap();
    assert_eq!(tokens.expires_in, 3600);
    let profile = dance.oauth.profile(TIKTOK, &tokens.access).await.unwrap();
    assert_eq!((profile.handle.as_str(), profile.followers), ("ana", 3));
    let old = tokens.refresh.unwrap();
    let next = dance.oauth.refresh(TIKTOK, &old).await.unwrap();
    dance.oauth.profile(TIKTOK, &next.access).await.unwrap();
    assert_eq!(
        dance.oauth.refresh(TIKTOK, &old).await,
        Err(EngineError::Refused(400))
    );
    assert!(!format!("{next:?}").contains(&next.access));
}

#[tokio::test]
async fn a_code_works_once_for_who_began_and_where_she_was_sent() {
    let dance = Dance::new().await;
    let refused = Err(EngineError::Refused(400));
    let other = dance
        .oauth
        .exchange(TIKTOK, &dance.code().await, "a-guess", BACK)
        .await;
    assert_eq!(other, refused);
    let elsewhere = "https://evil.example/back";
    let other = dance
        .oauth
        .exchange(TIKTOK, &dance.code().await, "the-verifier", elsewhere)
        .await;
    assert_eq!(other, refused);
    let code = dance.code().await;
    dance
        .oauth
        .exchange(TIKTOK, &code, "the-verifier", BACK)
        .await
        .unwrap();
    let again = dance
        .oauth
        .exchange(TIKTOK, &code, "the-verifier", BACK)
        .await;
    assert_eq!(again, refused);
    let no = dance.agree("&deny=1").await;
    assert!(no.query().unwrap().contains("error=access_denied"));
    assert_eq!(
        dance.oauth.profile(TIKTOK, "made-up").await,
        Err(EngineError::Refused(401))
    );
}

#[tokio::test]
async fn what_is_not_configured_is_not_asked_and_trouble_is_told() {
    let dance = Dance::new().await;
    assert_eq!(dance.oauth.page(Platform::LinkedIn, "s", "v", BACK), None);
    let asked = dance.oauth.refresh(Platform::LinkedIn, "r").await;
    assert_eq!(asked, Err(EngineError::Refused(404)));
    assert!(
        OAuth::new(None)
            .unwrap()
            .page(TIKTOK, "s", "v", BACK)
            .is_none()
    );
    assert!(OAuth::new(Some("{\"MYSPACE\":{}}")).is_err());
    dance
        .post("/_fault", json!({ "engine": "oauth", "mode": "garbage" }))
        .await;
    let asked = dance.oauth.refresh(TIKTOK, "r").await;
    assert_eq!(asked, Err(EngineError::Garbage("not the format")));
    dance
        .post(
            "/_fault",
            json!({ "engine": "oauth", "mode": "error", "status": 503 }),
        )
        .await;
    let asked = dance.oauth.refresh(TIKTOK, "r").await;
    assert_eq!(
        asked,
        Err(EngineError::Busy {
            status: 503,
            after: None
        })
    );
}
