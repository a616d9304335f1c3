//! A table in memory behind a real DynamoDB API, rows of both shapes, and runs that are stopped.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails where it stands"
)]

mod interrupted;
mod moving;
mod runs;
mod stop;

use std::collections::BTreeMap;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, PutRequest,
    ScalarAttributeType, WriteRequest,
};
use aws_sdk_dynamodb::{Client, Config};

use crate::item::{Item, Key};
use crate::migrations::ALL;
use crate::pace::Pace;
use crate::progress;
use crate::run::MigrationRun;
use crate::table::MigratedTable;

/// The rows of a table, without the one that holds the progress.
type Rows = BTreeMap<(String, String), BTreeMap<String, AttributeValueText>>;

/// An attribute, told by its text: values of the SDK have no order.
type AttributeValueText = String;

/// A new, empty table.
async fn table() -> MigratedTable {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(dynoxide::server::serve_on(
        listener,
        dynoxide::Database::memory().unwrap(),
    ));
    let config = Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::from_static("eu-central-1"))
        .credentials_provider(Credentials::for_tests())
        .retry_config(RetryConfig::disabled())
        // One without TLS: each client would read the machine's certificates anew.
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(endpoint)
        .build();
    create(Client::from_conf(config), "vara".to_owned()).await
}

/// Another empty table behind the same API.
async fn another(table: &MigratedTable, number: usize) -> MigratedTable {
    create(table.client.clone(), format!("vara-{number}")).await
}

async fn create(client: Client, name: String) -> MigratedTable {
    let attribute = |name: &str| {
        AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::S)
            .build()
            .unwrap()
    };
    let element = |name: &str, kind: KeyType| {
        KeySchemaElement::builder()
            .attribute_name(name)
            .key_type(kind)
            .build()
            .unwrap()
    };
    client
        .create_table()
        .table_name(&name)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute("pk"))
        .attribute_definitions(attribute("sk"))
        .key_schema(element("pk", KeyType::Hash))
        .key_schema(element("sk", KeyType::Range))
        .send()
        .await
        .unwrap();
    MigratedTable { client, name }
}

/// A run over the table in pages of three rows.
fn run(table: &MigratedTable) -> MigrationRun<'static> {
    MigrationRun {
        table: table.clone(),
        migrations: &ALL,
        pace: Pace::in_pages(3),
        is_dry: false,
    }
}

/// A row of these texts, with version 1.
fn row(pk: &str, sk: &str, texts: &[(&str, &str)]) -> Item {
    let mut item = Key::new(pk, sk).item();
    item.insert("v".to_owned(), AttributeValue::N("1".to_owned()));
    for (name, value) in texts {
        item.insert((*name).to_owned(), AttributeValue::S((*value).to_owned()));
    }
    item
}

async fn put(table: &MigratedTable, item: Item) {
    let put = table.client.put_item().table_name(&table.name);
    put.set_item(Some(item)).send().await.unwrap();
}

/// A session as it is stored: numbers, texts and a list.
fn session(pk: &str, id: &str) -> Item {
    let mut item = row(pk, &format!("SESSION#{id}"), &[("id", id)]);
    let number = |it: &str| AttributeValue::N(it.to_owned());
    item.insert("generation".to_owned(), number("3"));
    item.insert("ttl".to_owned(), number("1800000000"));
    item.insert(
        "superseded".to_owned(),
        AttributeValue::L(vec![AttributeValue::M(
            [("generation".to_owned(), number("2"))].into(),
        )]),
    );
    item
}

/// Two women, one of them an admin, in the shape of before, and rows that no migration concerns.
async fn fill(table: &MigratedTable) {
    let mut items = vec![
        row("EMAIL#x@example.net", "-", &[("userId", "a")]),
        row("SWITCHES", "-", &[]),
    ];
    for (id, role) in [("a", "user"), ("b", "admin")] {
        let pk = format!("USER#{id}");
        let profile = [("email", "x@example.net"), ("role", role)];
        items.push(row(&pk, "PROFILE", &profile));
        items.push(row(&pk, "CREDENTIALS", &[("passwordHash", id)]));
        items.push(session(&pk, "1"));
        items.push(session(&pk, "2"));
        items.push(row(&pk, "IMAGE#1", &[("role", "of nobody")]));
    }
    let puts = items.into_iter().map(|it| {
        let put = PutRequest::builder().set_item(Some(it)).build().unwrap();
        WriteRequest::builder().put_request(put).build()
    });
    let write = table.client.batch_write_item();
    let write = write.request_items(&table.name, puts.collect());
    write.send().await.unwrap();
}

/// All rows but that of the progress.
async fn rows(table: &MigratedTable) -> Rows {
    let mut rows = Rows::new();
    let mut from = None;
    loop {
        let page = table.page(from.as_ref(), 100).await.unwrap();
        for item in page.items {
            let key = Key::of(&item).unwrap();
            if key != progress::key() {
                let texts = item
                    .iter()
                    .map(|(name, it)| (name.clone(), format!("{it:?}")));
                rows.insert((key.pk, key.sk), texts.collect());
            }
        }
        from = page.next;
        if from.is_none() {
            return rows;
        }
    }
}

/// The rows of [`fill`] before, and after all migrations.
async fn both_shapes(table: &MigratedTable) -> (Rows, Rows) {
    fill(table).await;
    let before = rows(table).await;
    run(table).up(None).await.unwrap();
    (before, rows(table).await)
}
