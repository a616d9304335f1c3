use super::*;

const RATES: Rates = Rates {
    all: 300,
    auth: 20,
    user: 300,
};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_epoch_seconds(1_800_000_000 + seconds).unwrap()
}

async fn calls(
    limits: &RateLimiter,
    count: u32,
    address: &str,
    user: Option<UserId>,
    lane: RateClass,
) -> RateStatus {
    let mut last = None;
    for _ in 0..count {
        last = limits.standing(address, user, lane, at(10)).await;
    }
    last.unwrap()
}

#[tokio::test]
async fn three_hundred_a_minute_and_not_one_more() {
    let store = crate::testing::store().await;
    // Two environments, one count.
    let (one, two) = (
        RateLimiter::new(RATES, store.clone()),
        RateLimiter::new(RATES, store),
    );
    let first = calls(&one, 1, "192.0.2.7", None, RateClass::Plain).await;
    let wanted = RateStatus {
        limit: 300,
        remaining: 299,
        reset: 50,
        is_over: false,
    };
    assert_eq!(first, wanted);
    calls(&one, 199, "192.0.2.7", None, RateClass::Plain).await;
    let mut through = 200;
    while !calls(&two, 1, "192.0.2.7", None, RateClass::Plain)
        .await
        .is_over
    {
        through += 1;
    }
    // What the first took and did not spend is refused.
    assert!((296..=300).contains(&through), "{through}");
    calls(&one, 4, "192.0.2.7", None, RateClass::Plain).await;
    for limits in [&one, &two] {
        assert!(
            calls(limits, 2, "192.0.2.7", None, RateClass::Plain)
                .await
                .is_over
        );
    }
    assert!(
        calls(&one, 1, "192.0.2.7", None, RateClass::Auth)
            .await
            .is_over
    );
    assert!(
        !calls(&one, 1, "192.0.2.8", None, RateClass::Plain)
            .await
            .is_over
    );
    let next = one
        .standing("192.0.2.7", None, RateClass::Plain, at(60))
        .await;
    assert_eq!(next.unwrap().remaining, 299);
}

#[tokio::test]
async fn side_by_side_they_let_no_more_through_and_write_seldom() {
    let (store, client) = crate::testing::table().await;
    let rates = Rates { all: 2000, ..RATES };
    let environments: Vec<_> = (0..8)
        .map(|_| RateLimiter::new(rates, store.clone()))
        .collect();
    let calling = environments.iter().map(async |limits| {
        let mut through = 0;
        for _ in 0..300 {
            let standing = limits.standing("192.0.2.7", None, RateClass::Plain, at(10));
            through += u32::from(!standing.await.unwrap().is_over);
        }
        through
    });
    let through: u32 = futures_util::future::join_all(calling).await.iter().sum();
    assert!((1900..=2000).contains(&through), "{through}");
    let rows = client.scan().table_name("vara").send().await.unwrap();
    let counted: u64 = rows.items()[0]["all"].as_n().unwrap().parse().unwrap();
    assert!((2000..2600).contains(&counted), "{counted}");
}

#[tokio::test]
async fn sign_in_routes_have_less_and_count_in_both() {
    let limits = RateLimiter::new(RATES, crate::testing::store().await);
    let last = calls(&limits, 20, "192.0.2.7", None, RateClass::Auth).await;
    assert_eq!((last.limit, last.remaining, last.is_over), (20, 0, false));
    let over = calls(&limits, 1, "192.0.2.7", None, RateClass::Auth).await;
    assert_eq!((over.limit, over.is_over), (20, true));
    let plain = calls(&limits, 1, "192.0.2.7", None, RateClass::Plain).await;
    assert_eq!((plain.limit, plain.remaining), (300, 278));
}

#[tokio::test]
async fn tries_of_passwords_use_up_no_calls_of_mailed_links() {
    let limits = RateLimiter::new(RATES, crate::testing::store().await);
    assert!(
        calls(&limits, 21, "192.0.2.7", None, RateClass::Auth)
            .await
            .is_over
    );
    let last = calls(&limits, 20, "192.0.2.7", None, RateClass::Link).await;
    assert_eq!((last.limit, last.remaining, last.is_over), (20, 0, false));
    let over = calls(&limits, 1, "192.0.2.7", None, RateClass::Link).await;
    assert_eq!((over.limit, over.is_over), (20, true));
}

#[tokio::test]
async fn a_user_has_one_count_wherever_she_calls_from() {
    let rates = Rates { user: 5, ..RATES };
    let limits = RateLimiter::new(rates, crate::testing::store().await);
    let her = Some(UserId::random());
    for from in 0..5 {
        let address = format!("192.0.2.{from}");
        assert!(
            !calls(&limits, 1, &address, her, RateClass::Plain)
                .await
                .is_over
        );
    }
    let over = calls(&limits, 1, "192.0.2.99", her, RateClass::Plain).await;
    assert_eq!((over.limit, over.remaining, over.is_over), (5, 0, true));
    let other = Some(UserId::random());
    assert!(
        !calls(&limits, 1, "192.0.2.99", other, RateClass::Plain)
            .await
            .is_over
    );
}

#[tokio::test]
async fn pictures_are_counted_apart_and_what_is_spared_is_not_counted() {
    let rates = Rates { all: 2, ..RATES };
    let limits = RateLimiter::new(rates, crate::testing::store().await);
    let files = calls(&limits, 20, "192.0.2.7", None, RateClass::Files).await;
    assert_eq!(
        (files.limit, files.remaining, files.is_over),
        (20, 0, false)
    );
    assert!(
        calls(&limits, 1, "192.0.2.7", None, RateClass::Files)
            .await
            .is_over
    );
    let spared = calls(&limits, 9, "192.0.2.7", None, RateClass::Spared).await;
    assert_eq!((spared.remaining, spared.is_over), (2, false));
    assert!(
        calls(&limits, 3, "192.0.2.7", None, RateClass::Plain)
            .await
            .is_over
    );
    let spared = calls(&limits, 1, "192.0.2.7", None, RateClass::Spared).await;
    assert_eq!((spared.remaining, spared.is_over), (0, false));
}

#[tokio::test]
async fn a_table_that_is_down_lets_everybody_through() {
    let limits = RateLimiter::new(RATES, crate::testing::silent_store());
    for _ in 0..400 {
        let standing = limits
            .standing("192.0.2.7", None, RateClass::Plain, at(0))
            .await;
        assert_eq!(standing, None);
    }
}

#[tokio::test]
async fn while_nothing_is_counted_whoever_was_over_stays_over() {
    let rates = Rates { all: 1, ..RATES };
    let limits = RateLimiter::new(rates, crate::testing::store().await);
    assert!(
        calls(&limits, 2, "192.0.2.7", None, RateClass::Plain)
            .await
            .is_over
    );
    assert_eq!(limits.rest(at(10).epoch_seconds(), "on purpose"), None);
    assert!(
        calls(&limits, 1, "192.0.2.7", None, RateClass::Plain)
            .await
            .is_over
    );
    let other = |second| limits.standing("192.0.2.8", None, RateClass::Plain, at(second));
    assert_eq!(other(10).await, None);
    assert!(other(10 + PAUSE_AFTER_FAILURE_SECONDS).await.is_some());
}

#[tokio::test]
async fn addresses_of_one_line_share_a_count() {
    let rates = Rates { all: 2, ..RATES };
    let limits = RateLimiter::new(rates, crate::testing::store().await);
    for address in ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9"] {
        assert!(
            !calls(&limits, 1, address, None, RateClass::Plain)
                .await
                .is_over
        );
    }
    let third = calls(&limits, 1, "2001:db8:1:2::3", None, RateClass::Plain);
    assert!(third.await.is_over);
    let other = calls(&limits, 1, "2001:db8:1:3::1", None, RateClass::Plain);
    assert!(!other.await.is_over);
    assert!(!name("address", "192.0.2.7", 1).contains("192"));
}

#[test]
fn addresses_of_one_line_are_one_network() {
    assert_eq!(network_of("192.0.2.7"), "192.0.2.7");
    assert_eq!(network_of("::ffff:192.0.2.7"), "192.0.2.7");
    assert_eq!(network_of("2001:db8:1:2::1"), "2001:db8:1:2::/64");
    assert_eq!(network_of("2001:db8:1:2:ffff::9"), "2001:db8:1:2::/64");
    assert_ne!(network_of("2001:db8:1:3::1"), "2001:db8:1:2::/64");
    assert_eq!(network_of("::1"), "::/64");
    for same in ["2001:db8:1:2::/64", "", "nobody"] {
        assert_eq!(network_of(same), same);
    }
}
