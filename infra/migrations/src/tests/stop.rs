//! A client whose run is stopped at one of its writes, before the table sees it or after.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};

use crate::error::BoxError;
use crate::table::MigratedTable;

/// Where a run is stopped at a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// The table has not seen it.
    Before,
    /// The table has stored it, and nobody knows.
    After,
}

#[derive(Debug)]
struct Stop {
    writes: Arc<AtomicUsize>,
    /// The write under way is the last.
    is_last: AtomicBool,
    at: usize,
    when: When,
}

/// The table, and how many writes it was sent; the write `at`, counted from 0, is the last of the run.
pub(super) fn stopped(
    table: &MigratedTable,
    at: usize,
    when: When,
) -> (MigratedTable, Arc<AtomicUsize>) {
    let writes = Arc::new(AtomicUsize::new(0));
    let stop = Stop {
        writes: Arc::clone(&writes),
        is_last: AtomicBool::new(false),
        at,
        when,
    };
    let config = table.client.config().to_builder().interceptor(stop).build();
    let table = MigratedTable {
        client: Client::from_conf(config),
        name: table.name.clone(),
    };
    (table, writes)
}

fn is_write(target: Option<&str>) -> bool {
    let operation = target.and_then(|it| it.split_once('.')).map(|it| it.1);
    matches!(operation, Some("TransactWriteItems" | "PutItem"))
}

impl Intercept for Stop {
    fn name(&self) -> &'static str {
        "Stop"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if !is_write(context.request().headers().get("x-amz-target")) {
            return Ok(());
        }
        let at = self.writes.fetch_add(1, Ordering::Relaxed);
        if at > self.at || at == self.at && self.when == When::Before {
            return Err("stopped before a write".into());
        }
        self.is_last.store(at == self.at, Ordering::Relaxed);
        Ok(())
    }

    fn read_after_transmit(
        &self,
        _: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        match self.is_last.swap(false, Ordering::Relaxed) {
            true => Err("stopped after a write".into()),
            false => Ok(()),
        }
    }
}
