//! Ledger of alerts she was given: `TOLD#<alert>` stays when she clears the alert, so that no scan
//! raises it again.

use serde::Serialize;

use super::tx::Outcome;
use super::{Key, Row, Store, Stored};
use crate::domain::{Alert, Result, Scan, ScanId, Timestamp};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    scan_id: ScanId,
    at: Timestamp,
}

impl Store {
    /// Raises an alert that a scan found reason for, and counts it on the scan; once for ever.
    pub async fn tell(&self, scan: &Scan, alert: &Alert) -> Result<Stored> {
        let told = Told {
            scan_id: scan.id,
            at: alert.created_at,
        };
        let key = Key::user(scan.user_id, format!("TOLD#{}", alert.id));
        let tx = self
            .tx()
            .create(&Row::new(key, told))
            .raise(alert)
            .count_finding(scan.user_id, scan.id);
        Ok(match tx.commit().await? {
            Outcome::Done => Stored::New,
            Outcome::Refused(places) if places.contains(&0) => Stored::Known,
            Outcome::Refused(_) => Stored::Gone,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::{Breach, ScanOrigin, ScanType, UserId, breach_alert};

    #[tokio::test]
    async fn once_even_after_she_cleared_it_and_never_for_a_scan_that_is_gone() {
        let (store, user) = (crate::testing::store().await, UserId::random());
        let now = Timestamp::from_epoch_seconds(1_800_000_000).unwrap();
        let scan = Scan::pending(ScanId::next(), user, ScanType::BreachCheck, None, now);
        let breach = Breach {
            name: "Shop".into(),
            ..Breach::default()
        };
        let alert = breach_alert(user, "ana@example.org", &breach, now);
        assert_eq!(store.tell(&scan, &alert).await.unwrap(), Stored::Gone);
        assert!(store.create_scan(&scan, ScanOrigin::User).await.unwrap());
        assert_eq!(store.tell(&scan, &alert).await.unwrap(), Stored::New);
        assert_eq!(store.tell(&scan, &alert).await.unwrap(), Stored::Known);
        assert_eq!(store.delete_alerts(user).await.unwrap(), 1);
        assert_eq!(store.tell(&scan, &alert).await.unwrap(), Stored::Known);
        let row = store.scan(user, scan.id).await.unwrap().unwrap();
        assert_eq!(row.findings, 1);
    }
}
