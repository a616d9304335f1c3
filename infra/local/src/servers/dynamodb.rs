//! DynamoDB: dynoxide, with the template's tables.

use std::{path::PathBuf, time::Duration};

use dynoxide::Database;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    error::{Error, Result},
    shutdown::Shutdown,
    template::Table,
};

/// DynamoDB promises days; a minute shows sooner what a reader must not rely on.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// Opens the database (in memory without a path) and creates the tables it lacks.
pub(crate) fn open(path: Option<PathBuf>, tables: &[Table]) -> Result<Database> {
    let database = match &path {
        None => Database::memory(),
        Some(path) => Database::new(&path.to_string_lossy()),
    }
    .map_err(|error| Error::server("DynamoDB", error))?;
    for table in tables {
        create(&database, table, path.as_ref())?;
    }
    Ok(database)
}

fn create(database: &Database, table: &Table, path: Option<&PathBuf>) -> Result<()> {
    let failed = |error: &dyn std::fmt::Display| Error::server("DynamoDB", error);
    let describe = json!({ "TableName": table.name });
    let describe = serde_json::from_value(describe).map_err(|error| failed(&error))?;
    if let Ok(found) = database.describe_table(describe) {
        let found = serde_json::to_value(found).map_err(|error| failed(&error))?;
        return match difference(&found["Table"], &table.create) {
            None => Ok(()),
            Some(difference) => Err(Error::TableDiffers {
                table: table.name.clone(),
                difference,
                path: path.cloned().unwrap_or_default(),
            }),
        };
    }
    let request = serde_json::from_value(table.create.clone()).map_err(|error| failed(&error))?;
    database
        .create_table(request)
        .map_err(|error| failed(&error))?;
    if let Some(ttl) = &table.ttl {
        let request = json!({
            "TableName": table.name,
            "TimeToLiveSpecification": {"AttributeName": ttl, "Enabled": true},
        });
        let request = serde_json::from_value(request).map_err(|error| failed(&error))?;
        database
            .update_time_to_live(request)
            .map_err(|error| failed(&error))?;
    }
    Ok(())
}

/// What of keys and indexes is not as the template has it.
fn difference(found: &Value, wanted: &Value) -> Option<&'static str> {
    let indexes = |table: &Value, kind: &str| {
        let mut list: Vec<String> = table[kind]
            .as_array()
            .into_iter()
            .flatten()
            .map(|index| {
                format!(
                    "{} {} {}",
                    index["IndexName"], index["KeySchema"], index["Projection"]
                )
            })
            .collect();
        list.sort();
        list
    };
    if found["KeySchema"] != wanted["KeySchema"] {
        return Some("its keys");
    }
    if indexes(found, "LocalSecondaryIndexes") != indexes(wanted, "LocalSecondaryIndexes") {
        return Some("its local indexes");
    }
    (indexes(found, "GlobalSecondaryIndexes") != indexes(wanted, "GlobalSecondaryIndexes"))
        .then_some("its global indexes")
}

/// Serves until `shutdown`, deleting expired items now and then.
pub(crate) async fn serve(listener: TcpListener, database: Database, shutdown: Shutdown) {
    let sweeps = tokio::spawn(sweep(database.clone(), shutdown.clone()));
    let served = dynoxide::server::serve_with_shutdown(listener, database, shutdown.clone().wait());
    // Connections kept open by clients must not hold the end up.
    let patience = async {
        shutdown.clone().wait().await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    tokio::select! {
        result = served => if let Err(error) = result {
            tracing::error!(error, "DynamoDB stopped");
        },
        () = patience => {}
    }
    sweeps.abort();
}

async fn sweep(database: Database, shutdown: Shutdown) {
    while shutdown.or(tokio::time::sleep(SWEEP_EVERY)).await.is_some() {
        let database = database.clone();
        match tokio::task::spawn_blocking(move || database.sweep_ttl()).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "expired items could not be deleted"),
            Err(error) => tracing::warn!(%error, "expired items could not be deleted"),
        }
    }
}

#[cfg(test)]
mod tests {

    use serde_json::json;

    use super::{Error, Table, open};
    use crate::state::State;

    fn table(range: &str) -> Table {
        Table {
            name: "table".to_owned(),
            create: json!({
                "TableName": "table",
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [
                    {"AttributeName": "pk", "AttributeType": "S"},
                    {"AttributeName": "sk", "AttributeType": "S"},
                    {"AttributeName": range, "AttributeType": "S"},
                ],
                "KeySchema": [
                    {"AttributeName": "pk", "KeyType": "HASH"},
                    {"AttributeName": "sk", "KeyType": "RANGE"},
                ],
                "LocalSecondaryIndexes": [{
                    "IndexName": "list",
                    "KeySchema": [
                        {"AttributeName": "pk", "KeyType": "HASH"},
                        {"AttributeName": range, "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "ALL"},
                }],
            }),
            ttl: Some("ttl".to_owned()),
        }
    }

    #[test]
    fn items_survive_and_a_changed_table_is_noticed() {
        let state = State::open(None).unwrap();
        let path = Some(state.path("db.sqlite"));
        let put = json!({"TableName": "table", "Item": {"pk": {"S": "a"}, "sk": {"S": "b"}}});
        let get = json!({"TableName": "table", "Key": {"pk": {"S": "a"}, "sk": {"S": "b"}}});
        open(path.clone(), &[table("list")])
            .unwrap()
            .put_item(serde_json::from_value(put).unwrap())
            .unwrap();
        let again = open(path.clone(), &[table("list")]).unwrap();
        let found = again
            .get_item(serde_json::from_value(get).unwrap())
            .unwrap();
        assert!(found.item.is_some());
        drop(again);
        let error = open(path, &[table("other")]).err().unwrap();
        assert!(
            matches!(
                error,
                Error::TableDiffers {
                    difference: "its local indexes",
                    ..
                }
            ),
            "{error}"
        );
    }
}
