use super::*;

async fn authorities() -> Vec<TimeStampAuthority> {
    let base = vara_engines::start().await.unwrap();
    TimeStampAuthority::read(&vara_engines::time_stamp_authorities(&base)).unwrap()
}

#[tokio::test]
async fn both_authorities_stamp_and_no_mistake_is_taken() {
    let now = clock::now();
    for authority in authorities().await {
        let stamp = authority.stamp(&[7; 32], now).await.unwrap();
        assert!(stamp.verified.at.millis_since(now).abs() < 60_000);
        let early = authority.stamp(&[7; 32], now.plus_seconds(3600)).await;
        assert_eq!(
            early.unwrap_err().to_string(),
            EngineError::Garbage("a time stamp that is not believed").to_string()
        );
        let broken = TimeStampAuthority {
            url: format!("{}/wrong-nonce", authority.url),
            ..authority
        };
        assert!(broken.stamp(&[7; 32], now).await.is_err());
    }
}

#[test]
fn a_setting_that_cannot_be_used_is_refused() {
    for text in [
        "",
        "{}",
        r#"[{"name":"a"}]"#,
        r#"[{"name":"A","url":"http://x","roots":["AA=="],"policies":["1.2"]}]"#,
        r#"[{"name":"a","url":"http://x","roots":["AA=="],"policies":["1.2"]}]"#,
        r#"[{"name":"a","url":"http://x","roots":[],"policies":["1.2"]}]"#,
    ] {
        assert!(TimeStampAuthority::read(text).is_err(), "{text}");
    }
    assert!(TimeStampAuthority::read("[]").unwrap().is_empty());
}
