//! Signing in over a real table API, while something else goes on beside it.

use std::sync::atomic::Ordering;

use super::*;
use crate::auth::Caller;
use crate::clock;
use crate::domain::socket::SILENT_AFTER_SECONDS;
use crate::domain::{ErrorKind, SignInMethod};
use crate::store::{SocketRow, SocketTicket};
use crate::testing::Cloud;

pub(super) const HERS: &str = "ana@example.org";

fn settings<'a>(signing_secret: &'a str, release: &'a str) -> Env {
    let settings = [
        ("SECRET", "a-secret-of-more-than-thirty-two-characters"),
        ("SIGNING_SECRET", signing_secret),
        ("RELEASE", release),
        ("PUBLIC_URL", "https://vara.example"),
        ("WEB_ORIGINS", "https://app.example"),
        ("SESSION_MAX_DAYS", "90"),
        ("CONFIRM_FIRST", "false"),
        ("QUEUE_SIGN_IN_MAIL", "http://q/1/sign-in-mail"),
        ("STAGE", "prod"),
    ];
    Env::of(settings.map(|(name, value)| (name.into(), value.into())))
}

/// The sign-in service of a deployment over `store`.
fn deployed(store: &Store, queues: Queues, signing_secret: &str, release: &str) -> AuthService {
    let env = settings(signing_secret, release);
    let gate = Gate::new(&env, store.clone());
    let mailer = Cloud::mailer_at("http://127.0.0.1:9");
    let log = EventLog::new(store.clone(), Cloud::vault_at("http://127.0.0.1:9"));
    AuthService::read(&env, store.clone(), &gate, log, mailer, queues).unwrap()
}

pub(super) fn service(store: &Store, queues: Queues) -> AuthService {
    let secret = "a-signing-secret-of-more-than-thirty-two-characters";
    deployed(store, queues, secret, "0000000001")
}

pub(super) async fn signed_in(store: &Store) -> (Account, Session) {
    let account = Account::new(UserId::random(), HERS, clock::now());
    let session = Session::new(account.id(), SignInMethod::Password, clock::now());
    let created = store.create_account(&account, "hash", Some(&session)).await;
    assert!(created.unwrap());
    (account, session)
}

/// The time taken does not tell who has an account: as much is read for nobody.
#[tokio::test]
async fn a_wrong_password_reads_as_much_of_nobody() {
    let (store, calls) = crate::testing::counted_store().await;
    let service = service(&store, Cloud::silent_queues());
    service.publication.ensure().await.unwrap();
    let account = Account::new(UserId::random(), HERS, clock::now());
    let hash = crate::auth::hash_password("Right1horse".into());
    let hash = hash.await.unwrap();
    assert!(store.create_account(&account, &hash, None).await.unwrap());
    let client = Client::new("192.0.2.7", "a browser");
    let wrong = async |address| {
        let before = calls.load(Ordering::Relaxed);
        let password = Some("Wrong1horse");
        let why = service.sign_in(Some(address), password, &client).await;
        assert!(matches!(why, Err(AuthRefusal::WrongCredentials)));
        calls.load(Ordering::Relaxed) - before
    };
    assert_eq!(wrong(HERS).await, wrong("nobody@example.org").await);
}

#[tokio::test]
async fn a_refresh_is_unavailable_until_the_signing_keys_are_published() {
    let store = crate::testing::store().await;
    let service = service(&store, Cloud::silent_queues());
    let newer = "a-newer-secret-of-more-than-thirty-two-characters";
    let other = deployed(&store, Cloud::silent_queues(), newer, "0000000002");
    other.publication.ensure().await.unwrap();
    // Fails, and the function goes on.
    service.publication.try_at_start().await;
    let (account, session) = signed_in(&store).await;
    let token = RefreshToken::newest(&session).seal(service.keys());
    let why = service.refresh(&token).await.unwrap_err();
    assert!(
        matches!(&why, AuthRefusal::Trouble(err) if err.kind == ErrorKind::Unavailable),
        "{why:?}"
    );
    let kept = store.session(account.id(), session.id).await.unwrap();
    assert_eq!(kept.unwrap().generation, session.generation);

    let keys = service.keys().jwks().to_string();
    assert!(
        store
            .publish_signing_keys(&keys, "0000000003")
            .await
            .unwrap()
    );
    assert!(service.refresh(&token).await.is_ok());
    // Once is enough.
    assert!(
        store
            .publish_signing_keys("{}", "0000000004")
            .await
            .unwrap()
    );
    assert!(service.refresh(&token).await.is_ok());
}

#[tokio::test]
async fn a_session_is_listed_with_its_open_sockets() {
    let store = crate::testing::store().await;
    let service = service(&store, Cloud::silent_queues());
    let (account, session) = signed_in(&store).await;
    let (user, now) = (account.id(), clock::now());
    let long_ago = now.minus_seconds(SILENT_AFTER_SECONDS);
    for (connection, of, seen_at) in [
        ("a=", Some(session.id), now),
        ("b=", Some(session.id), now),
        ("c=", Some(session.id), long_ago),
        ("d=", None, now),
    ] {
        let ticket = SocketTicket {
            session: of,
            origin: None,
            expires_at: now.plus_seconds(30),
        };
        let added = store.add_socket_ticket(user, connection, &ticket).await;
        assert!(added.unwrap());
        let socket = SocketRow {
            connection: connection.to_owned(),
            session: of,
            connected_at: now,
            seen_at,
            topics: None,
            minute: 0,
            messages: 0,
        };
        let opened = store.open_socket(user, connection, &socket).await;
        assert!(opened.unwrap());
    }
    let caller = Caller {
        user,
        email: HERS.into(),
        session: Some(session.id),
        role: Role::User,
        confirmed_at: None,
    };
    let listed = service.sessions(&caller).await.unwrap();
    let sockets: Vec<u32> = listed.iter().map(|it| it.sockets).collect();
    assert_eq!(sockets, [2]);
}
