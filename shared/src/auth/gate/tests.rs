use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::json;

use super::*;
use crate::domain::{Session, SignInMethod};

fn now() -> Timestamp {
    Timestamp::parse("2026-11-20T12:00:00Z").unwrap()
}

async fn gate() -> Gate {
    let keys = Keys::derive("a-secret-of-more-than-thirty-two-characters", None).unwrap();
    let external = External::with_secret("https://abc.supabase.co/auth/v1", "their secret");
    Gate::over(
        Access::new(keys, "http://localhost:4000"),
        Some(external),
        crate::testing::store().await,
    )
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

fn theirs(user: UserId) -> String {
    theirs_as(user, json!({}))
}

fn theirs_as(user: UserId, app_metadata: serde_json::Value) -> String {
    let claims = json!({
        "app_metadata": app_metadata,
        "iss": "https://abc.supabase.co/auth/v1", "sub": user, "aud": "authenticated",
        "exp": now().epoch_seconds() + 3600, "email": "Eve@example.net", "session_id": UserId::random(),
    });
    bearer(
        &jsonwebtoken::encode(
            &Header::new(Algorithm::HS256),
            &claims,
            &EncodingKey::from_secret(b"their secret"),
        )
        .unwrap(),
    )
}

async fn signed_in(gate: &Gate) -> (Account, Session, String) {
    let account = Account::new(UserId::random(), "ana@example.net", now());
    let session = Session::new(account.id(), SignInMethod::Password, now());
    let created = gate
        .store
        .create_account(&account, "hash", Some(&session))
        .await;
    assert!(created.unwrap());
    let token = gate
        .access
        .issue(&account, Role::User, &session, now())
        .unwrap()
        .0;
    (account, session, token)
}

#[tokio::test]
async fn only_a_bearer_spelled_so_is_looked_at() {
    let gate = gate().await;
    let (account, session, token) = signed_in(&gate).await;
    let caller = gate.identify(Some(&bearer(&token)), now()).await.unwrap();
    assert_eq!(
        caller,
        Caller {
            user: account.id(),
            email: "ana@example.net".into(),
            session: Some(session.id),
            role: Role::User,
            confirmed_at: Some(session.created_at),
        }
    );
    for missing in [
        None,
        Some(""),
        Some("Bearer"),
        Some("bearer x"),
        Some("Basic x"),
        Some(token.as_str()),
    ] {
        assert!(
            matches!(gate.identify(missing, now()).await, Err(Denied::Missing)),
            "{missing:?}"
        );
    }
    for invalid in ["Bearer null", "Bearer ", "Bearer undefined", "Bearer  x"] {
        assert!(
            matches!(
                gate.identify(Some(invalid), now()).await,
                Err(Denied::Invalid)
            ),
            "{invalid}"
        );
    }
    let late = gate
        .identify(Some(&bearer(&token)), now().plus_seconds(3600))
        .await
        .unwrap_err();
    assert!(matches!(late, Denied::Expired(Some(at)) if at == now().plus_seconds(3600)));
}

#[tokio::test]
async fn signing_out_and_leaving_hold_at_once() {
    let gate = gate().await;
    let (account, session, token) = signed_in(&gate).await;
    gate.store
        .end_sessions(account.id(), &[session.id])
        .await
        .unwrap();
    assert!(matches!(
        gate.identify(Some(&bearer(&token)), now()).await,
        Err(Denied::SignedOut)
    ));
    assert!(
        gate.store
            .begin_erasure(&account, "x", &[], now())
            .await
            .unwrap()
    );
    assert!(matches!(
        gate.identify(Some(&bearer(&token)), now()).await,
        Err(Denied::Gone)
    ));
}

#[tokio::test]
async fn callers_of_the_other_issuer_are_made_known_once_and_never_again() {
    let gate = gate().await;
    let eve = UserId::random();
    for _ in 0..2 {
        let caller = gate.identify(Some(&theirs(eve)), now()).await.unwrap();
        assert_eq!((caller.user, caller.session), (eve, None));
    }
    let account = gate.store.account(eve).await.unwrap().unwrap();
    assert_eq!(
        (account.email.as_str(), account.origin),
        ("eve@example.net", AccountOrigin::External)
    );
    assert_eq!(
        gate.store.account_of("eve@example.net").await.unwrap(),
        None
    );
    assert!(
        gate.store
            .begin_erasure(&account, "x", &[], now())
            .await
            .unwrap()
    );
    assert!(matches!(
        gate.identify(Some(&theirs(eve)), now()).await,
        Err(Denied::Gone)
    ));
    assert_eq!(gate.store.account(eve).await.unwrap(), None);
}

#[tokio::test]
async fn the_other_issuer_cannot_speak_for_our_own() {
    let gate = gate().await;
    let (account, _, _) = signed_in(&gate).await;
    assert!(matches!(
        gate.identify(Some(&theirs(account.id())), now()).await,
        Err(Denied::Invalid)
    ));
}

#[tokio::test]
async fn a_table_that_does_not_answer_is_trouble_and_not_a_refusal() {
    let known = gate().await;
    let (_, _, token) = signed_in(&known).await;
    let gate = Gate {
        store: crate::testing::silent_store(),
        ..known
    };
    assert!(matches!(
        gate.identify(Some(&bearer(&token)), now()).await,
        Err(Denied::Trouble(_))
    ));
    assert!(matches!(
        gate.identify(Some(&theirs(UserId::random())), now()).await,
        Err(Denied::Trouble(_))
    ));
}

#[tokio::test]
async fn the_role_is_the_one_of_the_token_and_unknown_ones_give_no_rights() {
    let gate = gate().await;
    for (said, role) in [
        (json!({ "role": "admin" }), Role::Admin),
        (
            json!({ "role": "reviewer", "provider": "email" }),
            Role::Reviewer,
        ),
        (json!({ "role": "root" }), Role::User),
        (json!({ "role": ["admin"] }), Role::User),
        (json!({}), Role::User),
    ] {
        let token = theirs_as(UserId::random(), said.clone());
        let caller = gate.identify(Some(&token), now()).await.unwrap();
        assert_eq!(caller.role, role, "{said}");
        for wanted in Role::ALL {
            let let_in = caller.must_be(wanted).is_ok();
            assert_eq!(let_in, role >= wanted, "{said} as {wanted:?}");
        }
    }
    let account = Account::new(UserId::random(), "eve@example.net", now());
    let session = Session::new(account.id(), SignInMethod::Password, now());
    let token = gate.access.issue(&account, Role::Reviewer, &session, now());
    let token = token.unwrap().0;
    let read = gate.access.read(&token, now()).await.unwrap();
    let read = read.unwrap().unwrap();
    assert_eq!(read.app_metadata.role(), Role::Reviewer);
}

#[tokio::test]
async fn a_token_has_a_subject_without_asking_the_table() {
    let known = gate().await;
    let (account, _, token) = signed_in(&known).await;
    let gate = Gate {
        store: crate::testing::silent_store(),
        ..known
    };
    let eve = UserId::random();
    let subject = async |header: &str| gate.subject(Some(header), now()).await;
    assert_eq!(subject(&bearer(&token)).await, Some(account.id()));
    assert_eq!(subject(&theirs(eve)).await, Some(eve));
    for nobody in ["Bearer null", "Bearer", token.as_str(), ""] {
        assert_eq!(subject(nobody).await, None, "{nobody}");
    }
    assert_eq!(gate.subject(None, now()).await, None);
    let header = bearer(&token);
    let late = gate.subject(Some(&header), now().plus_seconds(3600));
    assert_eq!(late.await, None);
}

#[tokio::test]
async fn what_counts_as_recent_is_the_password_and_not_a_refresh_or_a_link() {
    let gate = gate().await;
    let (_, session, token) = signed_in(&gate).await;
    let caller = gate.identify(Some(&bearer(&token)), now()).await.unwrap();
    let refused = |caller: &Caller, seconds| {
        let asked = caller.must_be_recent(now().plus_seconds(seconds));
        asked.err().map(|it| (it.code, it.details))
    };
    assert_eq!(refused(&caller, RECENT_SECONDS - 1), None);
    let (code, details) = refused(&caller, RECENT_SECONDS).unwrap();
    assert_eq!(code, "STEP_UP_REQUIRED");
    let wanted = json!({ "needs": "recent", "maxAgeSeconds": 900, "methods": ["password"] });
    assert_eq!(details, Some(wanted));

    // A refresh writes the row and leaves the moment.
    let later = now().plus_seconds(RECENT_SECONDS);
    let rotated = session.rotated(later);
    assert!(gate.store.rotate(&session, &rotated).await.unwrap());
    let caller = gate.identify(Some(&bearer(&token)), now()).await.unwrap();
    assert!(refused(&caller, RECENT_SECONDS).is_some());

    let account = gate.store.account(session.user_id).await.unwrap().unwrap();
    let mailed = Session::new(account.id(), SignInMethod::Link, now());
    assert!(gate.store.sign_in(&account, &mailed).await.unwrap());
    let token = gate.access.issue(&account, Role::User, &mailed, now());
    let header = bearer(&token.unwrap().0);
    let caller = gate.identify(Some(&header), now()).await.unwrap();
    assert!(refused(&caller, 1).is_some());
}

#[tokio::test]
async fn the_other_issuer_says_when_its_callers_confirmed_themselves() {
    let gate = gate().await;
    let at = now().epoch_seconds();
    for (amr, recent) in [
        (json!([{ "method": "password", "timestamp": at }]), true),
        (
            json!([{ "method": "otp", "timestamp": at }, { "method": "totp", "timestamp": at - 60 }]),
            true,
        ),
        (
            json!([{ "method": "password", "timestamp": at - RECENT_SECONDS }]),
            false,
        ),
        (json!([{ "method": "otp", "timestamp": at }]), false),
        (json!([{ "method": "password" }]), false),
        (json!(["password"]), false),
        (json!("password"), false),
        (json!(null), false),
    ] {
        let claims = json!({
            "iss": "https://abc.supabase.co/auth/v1", "sub": UserId::random(), "aud": "authenticated",
            "exp": at + 3600, "email": "eve@example.net", "amr": amr,
        });
        let key = EncodingKey::from_secret(b"their secret");
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).unwrap();
        let caller = gate.identify(Some(&bearer(&token)), now()).await.unwrap();
        let refused = caller.must_be_recent(now()).err();
        assert_eq!(refused.is_none(), recent, "{amr}");
        if let Some(err) = refused {
            assert_eq!(err.details.unwrap()["methods"], json!([]));
        }
    }
}
