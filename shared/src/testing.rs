//! What tests share: a fresh table behind a real `DynamoDB` API, in memory.
//!
//! The functions' tests reach it through the feature `testing`, which no deployed binary has.

#![allow(clippy::unwrap_used)]

mod cloud;
#[cfg(test)]
mod meter;
#[cfg(test)]
mod sweeps;
mod test_api;
#[cfg(test)]
mod world;

#[cfg(test)]
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement,
    KeyType, LocalSecondaryIndex, Projection, ProjectionType, ScalarAttributeType,
};
use aws_sdk_dynamodb::{Client, Config};

use crate::auth::OneTime;
use crate::clock;
use crate::domain::{
    Account, ImageId, Match, MatchStatus, MatchType, Preferences, Result, ReviewStatus, ScanId,
    Tier, Timestamp, UserId, finding as domain_finding,
};
use crate::mail::Mailer;
use crate::store::{DirectReads, PreferencesRow, Store, WriteOutcome};

pub use cloud::Cloud;
#[cfg(test)]
pub(crate) use cloud::aws;
#[cfg(test)]
pub(crate) use meter::{MeteredTable, WriteCost};
pub use test_api::{SignedIn, TestApi, settings, signed_in};
pub use vara_domain::testing::finding;
#[cfg(test)]
pub(crate) use world::*;

/// Waits for the next window of the rate limits if this one is about to end, so that a test lies in one.
pub async fn in_one_window() {
    while clock::now().epoch_seconds().rem_euclid(60) > 40 {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}

/// A store over a new, empty table with the template's keys and indexes.
pub async fn store() -> Store {
    table().await.0
}

/// The client of a table in memory, for tests that look at rows or damage them.
pub type TableClient = Client;

/// The same, with a client that sees the table `vara` as it is.
pub async fn table() -> (Store, TableClient) {
    let (endpoint, client) = table_at_endpoint().await;
    // By the way that functions read.
    let direct = DirectReads::new(&cloud::aws(&endpoint), None);
    let store = Store::new(client.clone(), "vara").reading_by(direct);
    (store, client)
}

/// A new, empty table: the address of its API, and a client.
async fn table_at_endpoint() -> (String, Client) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(dynoxide::server::serve_on(
        listener,
        dynoxide::Database::memory().unwrap(),
    ));
    let client = client(&endpoint);
    create_table(&client).await;
    (endpoint, client)
}

/// A new, empty table whose writes are counted.
#[cfg(test)]
pub(crate) async fn metered_table() -> MeteredTable {
    let (endpoint, client) = table_at_endpoint().await;
    MeteredTable::at(&endpoint, client).await
}

/// Puts a date that no version takes into a row of hers, which is made if there is none.
pub async fn spoil(client: &Client, user: UserId, sk: &str, attribute: &str) {
    set_text(client, user, sk, attribute, "-0001-12-31T23:00:00.000Z").await;
}

/// Gives her a role as whoever runs Vara does, or what is none.
pub async fn give_role(client: &Client, user: UserId, role: &str) {
    set_in(client, format!("ROLE#{user}"), "-", "role", role).await;
}

/// Sets an attribute of a row of hers to a text, which the store does not see.
pub async fn set_text(client: &Client, user: UserId, sk: &str, attribute: &str, text: &str) {
    set_in(client, format!("USER#{user}"), sk, attribute, text).await;
}

async fn set_in(client: &Client, pk: String, sk: &str, attribute: &str, text: &str) {
    let change = client.update_item().table_name("vara");
    change
        .key("pk", AttributeValue::S(pk))
        .key("sk", AttributeValue::S(sk.to_owned()))
        .update_expression("SET #a = :a")
        .expression_attribute_names("#a", attribute)
        .expression_attribute_values(":a", AttributeValue::S(text.to_owned()))
        .send()
        .await
        .unwrap();
}

/// A store, and how many calls it has made of its table.
#[cfg(test)]
pub(crate) async fn counted_store() -> (Store, Arc<AtomicUsize>) {
    use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
    use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};

    #[derive(Debug)]
    struct CallCount(Arc<AtomicUsize>);

    impl Intercept for CallCount {
        fn name(&self) -> &'static str {
            "Count"
        }

        fn read_before_transmit(
            &self,
            _: &BeforeTransmitInterceptorContextRef<'_>,
            _: &RuntimeComponents,
            _: &mut ConfigBag,
        ) -> std::result::Result<(), crate::domain::BoxError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }
    }

    let (_, client) = table().await;
    let calls = Arc::new(AtomicUsize::new(0));
    let counting = client.config().to_builder();
    let counting = counting.interceptor(CallCount(Arc::clone(&calls))).build();
    (Store::new(Client::from_conf(counting), "vara"), calls)
}

/// What seals with the key service of this machine, one for all tests.
#[cfg(test)]
pub(crate) fn vault() -> crate::vault::Vault {
    static BASE: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        let (tell, told) = std::sync::mpsc::channel();
        // A thread of its own: the runtime of a test ends with the test.
        std::thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            runtime.enable_all().build().unwrap().block_on(async {
                let base = vara_engines::start().await.unwrap();
                tell.send(format!("{base}/kms")).unwrap();
                std::future::pending::<()>().await;
            });
        });
        told.recv().unwrap()
    });
    Cloud::vault_at(&BASE)
}

/// An event log in this table.
#[cfg(test)]
pub(crate) fn event_log(store: &Store) -> crate::services::record::event_log::EventLog {
    crate::services::record::event_log::EventLog::new(store.clone(), vault())
}

/// What a stream of hers tells: types and data, in order; nothing if there is no such stream.
#[cfg(test)]
pub(crate) async fn told(
    store: &Store,
    user: UserId,
    stream: &crate::domain::event::StreamName,
) -> Vec<(String, serde_json::Value)> {
    use crate::services::record::event_log::Direction;
    let log = event_log(store);
    let page = log.read((user, stream), None, Direction::Forward, 100, clock::now());
    match page.await {
        Ok(page) => {
            let told = page.events.into_iter();
            told.map(|it| (it.kind.to_string(), it.data.into()))
                .collect()
        }
        Err(err) if err.code == "STREAM_NOT_FOUND" => Vec::new(),
        Err(err) => panic!("{err}"),
    }
}

/// Her, as a handler knows her that has let her in; without a sign-in with us.
#[must_use]
pub fn caller(user: UserId) -> crate::auth::Caller {
    crate::auth::Caller {
        user,
        email: format!("{user}@example.org"),
        session: None,
        role: crate::domain::Role::User,
        confirmed_at: None,
    }
}

/// A store whose table does not answer.
#[must_use]
pub fn silent_store() -> Store {
    let config = client("http://127.0.0.1:9")
        .config()
        .to_builder()
        .retry_config(RetryConfig::disabled())
        .build();
    Store::new(Client::from_conf(config), "vara")
}

/// The table `table` behind the local stack's endpoint.
#[must_use]
pub fn store_at(endpoint: &str, table: &str) -> Store {
    Store::new(client(endpoint), table)
}

/// Stores `count` findings of a picture of hers, each with its alert, a second apart, the newest at
/// `newest`.
pub async fn fill(
    store: &Store,
    user: UserId,
    (image, scan): (ImageId, ScanId),
    count: i64,
    newest: Timestamp,
) -> Result<()> {
    for at in 0..count {
        let page = format!("https://forum.example.net/t/{at}");
        let now = newest.plus_seconds(at - count);
        let found = Match {
            confidence: Some(Tier::High),
            match_type: MatchType::Exact,
            status: MatchStatus::New,
            review_status: ReviewStatus::Active,
            ..finding(image, scan, &page, now)
        };
        let alert = domain_finding::alert_of(user, &found, None, now);
        let stored = store.store_finding(user, &found, Some(&alert)).await?;
        assert!(
            stored != WriteOutcome::Gone,
            "the picture and the scan are hers"
        );
    }
    Ok(())
}

/// Has her agree to the recognition of her face, and to nothing else.
pub async fn agree_to_faces(store: &Store, user: UserId) {
    let agreed = |usual| Preferences {
        face_recognition: true,
        ..usual
    };
    choose(store, user, agreed).await;
}

/// Gives her an account, in which she makes her choice.
pub async fn choose(store: &Store, user: UserId, choice: impl FnOnce(Preferences) -> Preferences) {
    let now = clock::now();
    let account = Account::new(user, &format!("{user}@example.org"), now);
    store.provision(&account).await.unwrap();
    let before = store.preferences(user).await.unwrap();
    let edition = before.as_ref().map(|it| it.edition.clone());
    let mut after = before.unwrap_or_else(|| PreferencesRow::first(now));
    after.preferences = choice(after.preferences);
    after.face_consent_at = after.preferences.face_recognition.then_some(now);
    after.edition = OneTime::draw().unwrap().token;
    let edition = edition.as_deref();
    assert!(
        store
            .set_preferences(user, edition, &after, None)
            .await
            .unwrap()
    );
}

/// A sender of mail through the mail service at `endpoint`.
#[must_use]
pub fn mailer(endpoint: &str) -> Mailer {
    let config = aws_sdk_sesv2::Config::builder()
        .behavior_version(aws_sdk_sesv2::config::BehaviorVersion::v2026_01_12())
        .region(aws_sdk_sesv2::config::Region::from_static("eu-central-1"))
        .credentials_provider(aws_sdk_sesv2::config::Credentials::for_tests())
        .retry_config(aws_sdk_sesv2::config::retry::RetryConfig::disabled())
        .endpoint_url(endpoint)
        .build();
    let client = aws_sdk_sesv2::Client::from_conf(config);
    Mailer::new(client, "hello@example.net")
}

fn client(endpoint: &str) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::from_static("eu-central-1"))
        .credentials_provider(Credentials::for_tests())
        .endpoint_url(endpoint)
        .build();
    Client::from_conf(config)
}

async fn create_table(client: &Client) {
    let attribute = |name: &str| {
        let it = AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::S);
        it.build().unwrap()
    };
    let element = |name: &str, kind: KeyType| {
        KeySchemaElement::builder()
            .attribute_name(name)
            .key_type(kind)
            .build()
            .unwrap()
    };
    let keys = |hash: &str, range: &str| {
        Some(vec![
            element(hash, KeyType::Hash),
            element(range, KeyType::Range),
        ])
    };
    let projection = |kind: ProjectionType| Projection::builder().projection_type(kind).build();
    let list = LocalSecondaryIndex::builder()
        .index_name("list")
        .set_key_schema(keys("pk", "list"))
        .projection(projection(ProjectionType::All))
        .build()
        .unwrap();
    let due = GlobalSecondaryIndex::builder()
        .index_name("due")
        .set_key_schema(keys("due_kind", "due_at"))
        .projection(projection(ProjectionType::KeysOnly))
        .build()
        .unwrap();
    client
        .create_table()
        .table_name("vara")
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(
            ["pk", "sk", "list", "due_kind", "due_at"]
                .map(attribute)
                .to_vec(),
        ))
        .set_key_schema(keys("pk", "sk"))
        .local_secondary_indexes(list)
        .global_secondary_indexes(due)
        .send()
        .await
        .unwrap();
}
