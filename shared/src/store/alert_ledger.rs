//! Ledger of alerts she was given: `TOLD#<alert>` stays when she clears the alert, so that no scan
//! raises it again.

use serde::Serialize;

use super::tx::{Condition, TxOutcome};
use super::{Key, Row, Store, WriteOutcome};
use crate::domain::{Alert, Result, Scan, ScanId, Timestamp};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LedgerEntry {
    scan_id: ScanId,
    at: Timestamp,
}

impl Store {
    /// Raises an alert that a scan found reason for, and counts it on the scan; once for ever.
    pub async fn tell(&self, scan: &Scan, alert: &Alert) -> Result<WriteOutcome> {
        let told = LedgerEntry {
            scan_id: scan.id,
            at: alert.created_at,
        };
        let key = Key::user(scan.user_id, format!("TOLD#{}", alert.id));
        let tx = self
            .tx()
            .create(&Row::new(key, told))
            .named(Condition::IsNew)
            .raise(alert)
            .count_finding(scan.user_id, scan.id);
        Ok(match tx.commit().await? {
            TxOutcome::Done => WriteOutcome::New,
            TxOutcome::Refused(failed) if failed.contains(&Condition::IsNew) => WriteOutcome::Known,
            TxOutcome::Refused(_) => WriteOutcome::Gone,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Breach, ScanOrigin, ScanType, UserId, breach};

    #[tokio::test]
    async fn once_even_after_she_cleared_it_and_never_for_a_scan_that_is_gone() {
        let (store, user) = (crate::testing::store().await, UserId::random());
        let now = Timestamp::from_epoch_seconds(1_800_000_000).unwrap();
        let scan = Scan::pending(ScanId::next(), user, ScanType::BreachCheck, None, now);
        let breach = Breach {
            name: "Shop".into(),
            ..Breach::default()
        };
        let alert = breach::breach_alert(user, "ana@example.org", &breach, now);
        assert_eq!(store.tell(&scan, &alert).await.unwrap(), WriteOutcome::Gone);
        assert!(store.create_scan(&scan, ScanOrigin::User).await.unwrap());
        assert_eq!(store.tell(&scan, &alert).await.unwrap(), WriteOutcome::New);
        assert_eq!(
            store.tell(&scan, &alert).await.unwrap(),
            WriteOutcome::Known
        );
        assert_eq!(store.delete_alerts(user).await.unwrap(), 1);
        assert_eq!(
            store.tell(&scan, &alert).await.unwrap(),
            WriteOutcome::Known
        );
        let row = store.scan(user, scan.id).await.unwrap().unwrap();
        assert_eq!(row.findings, 1);
    }
}
