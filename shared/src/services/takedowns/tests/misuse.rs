//! Guards against misuse: what is not hers, what is elsewhere, how many a day.

use super::*;

#[tokio::test]
async fn only_what_is_provably_hers_is_asked_for_and_only_there() {
    let world = world().await;
    let weak = world
        .find("https://forum.example.net/t/2", |it| {
            it.confidence = Some(Tier::Low)
        })
        .await;
    let not_hers = world
        .find("https://forum.example.net/t/3", |it| {
            it.status = MatchStatus::Dismissed;
            it.review_status = ReviewStatus::Dismissed;
        })
        .await;
    for found in [&weak, &not_hers] {
        let new = NewTakedown {
            finding_id: found.id,
            ..world.request("fastly", 0)
        };
        assert_eq!(
            world.create(new).await.unwrap_err().code,
            "NOT_YOURS_TO_ASK"
        );
    }
    let facts = |change: fn(&mut TakedownFacts)| {
        let mut new = world.request("fastly", 0);
        change(&mut new.facts);
        new
    };
    let elsewhere = facts(|it| it.urls = vec!["https://critic.example.com/about-me".into()]);
    assert_eq!(
        world.create(elsewhere).await.unwrap_err().code,
        "NOT_YOURS_TO_ASK"
    );
    let minor = facts(|it| it.was_adult = Some(false));
    assert_eq!(world.create(minor).await.unwrap_err().code, "UNDER_18");
    let mut site = world.request("site", 0);
    site.facts.site_address = Some("eve@example.com".into());
    assert_eq!(
        world.create(site.clone()).await.unwrap_err().code,
        "VALIDATION_ERROR"
    );
    site.facts.site_address = Some("abuse@example.net".into());
    assert_eq!(
        world.create(site).await.unwrap().target.as_deref(),
        Some("abuse@example.net")
    );
    let unknown = world.request("nobody", 0);
    assert_eq!(
        world.create(unknown).await.unwrap_err().code,
        "VALIDATION_ERROR"
    );
    let law = NewTakedown {
        law: Law::UkOsa,
        ..world.request("fastly", 0)
    };
    assert_eq!(
        world.create(law).await.unwrap_err().code,
        "VALIDATION_ERROR"
    );

    let paper = world.find("https://www.nytimes.com/2026/a", |_| ()).await;
    let new = NewTakedown {
        finding_id: paper.id,
        ..world.request("fastly", 0)
    };
    let made = world.create(new).await.unwrap();
    assert!(made.is_of_public_interest);
    let approval = world.approval(made.id).await;
    assert_eq!(
        world.approve(made.id, approval).await.unwrap_err().code,
        "PUBLIC_INTEREST"
    );
}

#[tokio::test]
async fn a_repeated_request_is_the_same_one_and_a_day_has_its_limit() {
    let world = world().await;
    let first = world.create(world.request("fastly", 0)).await.unwrap();
    let again = world.create(world.request("fastly", 0)).await.unwrap();
    assert_eq!((again.id, again.revision), (first.id, first.revision));
    world
        .takedowns
        .withdraw(&world.caller, first.id, world.now)
        .await
        .unwrap();
    let next = world.create(world.request("fastly", 0)).await.unwrap();
    assert_eq!((next.round, next.before), (2, Some(first.id)));
    let mut made = 2;
    for recipient in &catalogue().unwrap().recipients {
        let way = recipient
            .routes
            .iter()
            .position(|it| it.laws.contains(&Law::EuDsa));
        let Some(way) = way.filter(|_| recipient.id != "fastly") else {
            continue;
        };
        match world.create(world.request(&recipient.id, way)).await {
            Ok(_) => made += 1,
            Err(err) => {
                assert_eq!(err.code, "TOO_MANY_TAKEDOWNS");
                break;
            }
        }
    }
    assert_eq!(made, guards::MAX_NEW_A_DAY);
}
