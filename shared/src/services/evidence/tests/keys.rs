use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

#[tokio::test]
async fn keys_that_signed_before_stay_published() {
    let desk = Desk::new().await;
    let current = desk.records.signer.public_key().await.unwrap().to_vec();
    let mut earlier = current.clone();
    *earlier.last_mut().unwrap() ^= 1;
    let listed = json!([
        { "spki": STANDARD.encode(&earlier), "nbf": "2025-01-01T00:00:00.000Z", "exp": "2026-01-01T00:00:00.000Z" },
        { "spki": STANDARD.encode(&current), "nbf": "2026-01-01T00:00:00.000Z" },
    ]);
    let listed = ListedKey::read(&listed.to_string()).unwrap();
    let keys = desk
        .records
        .clone()
        .with_listed_keys(listed)
        .keys()
        .await
        .unwrap();
    let told: Vec<_> = keys
        .iter()
        .map(|it| (it.kid.clone(), it.nbf, it.exp))
        .collect();
    let (first, second) = (1_735_689_600, 1_767_225_600);
    assert_eq!(
        told,
        [
            (vara_evidence::key_id(&current), Some(second), None),
            (vara_evidence::key_id(&earlier), Some(first), Some(second)),
        ]
    );
    let alone = desk.records.keys().await.unwrap();
    assert_eq!((alone.len(), alone[0].nbf), (1, None));
    for bad in [
        "{}",
        r#"[{"spki":"AAAA","nbf":"2026-01-01T00:00:00.000Z"}]"#,
        "[{}]",
    ] {
        assert!(ListedKey::read(bad).is_err(), "{bad}");
    }
}
