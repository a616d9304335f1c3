//! Budgets, shares and breakers over a real table API.

use std::cell::Cell;

use super::*;

fn asker() -> Asker {
    Asker {
        user: UserId::random(),
        is_new: false,
        is_scheduled: true,
    }
}

async fn governor(allowances: Option<&str>) -> Governor {
    Governor::new(crate::testing::store().await, allowances).unwrap()
}

#[tokio::test]
async fn a_dead_engine_costs_one_patience_and_then_nothing() {
    let governor = governor(None).await;
    let asked = Cell::new(0);
    let ask = || {
        governor.ask(asker(), "tineye", async {
            asked.set(asked.get() + 1);
            Err::<(), _>(EngineError::Silent)
        })
    };
    assert!(matches!(ask().await, Err(Unanswered::Failed(_))));
    for _ in 0..20 {
        let held = ask().await;
        assert!(matches!(held, Err(Unanswered::Held(Hold::Resting, _))));
    }
    assert_eq!(asked.get(), 1);
    // Another engine is asked all the same.
    let answer = governor.ask(asker(), "vision", async { Ok(7) }).await;
    assert_eq!(answer.unwrap(), 7);
}

#[tokio::test]
async fn what_is_bought_is_all_that_is_asked() {
    let governor = governor(Some(r#"{"tineye":{"perMonth":2}}"#)).await;
    for _ in 0..2 {
        assert!(
            governor
                .ask(asker(), "tineye", async { Ok(()) })
                .await
                .is_ok()
        );
    }
    let held = governor.ask(asker(), "tineye", async { Ok(()) }).await;
    assert!(matches!(held, Err(Unanswered::Held(Hold::Spent, _))));
    let health = governor.health(true, clock::now()).await.unwrap();
    let of = |it: &EngineHealth| (it.asked_this_month, it.left_this_month);
    assert_eq!(of(&health[0]), (Some(2), Some(Some(0))));
    assert_eq!(of(&health[1]), (Some(0), Some(None)));
    assert_eq!(health[1].breaker, "closed");
    let shown = serde_json::to_value(&health[1]).unwrap();
    assert_eq!(shown["leftThisMonth"], serde_json::Value::Null);
    assert!(Governor::new(governor.store, Some(r#"{"tineye":{"perHour":2}}"#)).is_err());
}

/// Fifty questions of one account leave the month to the others.
#[tokio::test]
async fn one_account_cannot_spend_the_month_of_all() {
    let governor = governor(Some(
        r#"{"tineye":{"perMonth":60,"perUserPerDay":20,"newAccountPerDay":4}}"#,
    ))
    .await;
    let answered = async |asker: Asker| {
        let mut answered = 0;
        for _ in 0..50 {
            match governor.ask(asker, "tineye", async { Ok(()) }).await {
                Ok(()) => answered += 1,
                Err(why) => assert!(
                    matches!(why, Unanswered::Held(Hold::ShareSpent, until) if until > clock::now()),
                    "{why:?}"
                ),
            }
        }
        answered
    };
    let new = Asker {
        is_new: true,
        ..asker()
    };
    assert_eq!((answered(asker()).await, answered(new).await), (20, 4));
    assert_eq!(answered(asker()).await, 20);
}

#[tokio::test]
async fn what_is_not_charged_for_does_not_count_for_her() {
    let governor = governor(Some(r#"{"tineye":{"perMonth":90,"perUserPerDay":1}}"#)).await;
    let asker = asker();
    for _ in 0..3 {
        let refused = async { Err::<(), _>(EngineError::Garbage("nonsense")) };
        let failed = governor.ask(asker, "tineye", refused).await;
        assert!(matches!(failed, Err(Unanswered::Failed(_))), "{failed:?}");
    }
    assert!(
        governor
            .ask(asker, "tineye", async { Ok(()) })
            .await
            .is_ok()
    );
    let held = governor.ask(asker, "tineye", async { Ok(()) }).await;
    assert!(matches!(held, Err(Unanswered::Held(Hold::ShareSpent, _))));
}

/// An engine that is left alone costs her nothing of her day.
#[tokio::test]
async fn what_is_not_asked_does_not_count_for_her() {
    let governor = governor(Some(r#"{"tineye":{"perMonth":90,"perUserPerDay":2}}"#)).await;
    let asker = asker();
    let silent = async { Err::<(), _>(EngineError::Silent) };
    assert!(governor.ask(asker, "tineye", silent).await.is_err());
    for _ in 0..3 {
        let held = governor.ask(asker, "tineye", async { Ok(()) }).await;
        assert!(
            matches!(held, Err(Unanswered::Held(Hold::Resting, _))),
            "{held:?}"
        );
    }
    let up = |it: &mut crate::domain::Breaker| it.learn(Ending::Answered, clock::now());
    governor.store.change_breaker("tineye", up).await.unwrap();
    assert!(
        governor
            .ask(asker, "tineye", async { Ok(()) })
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn an_engine_with_a_key_has_a_budget() {
    let governor = governor(Some(r#"{"tineye":{"perMonth":90},"hibp":{"perMinute":9}}"#)).await;
    let env = Env::of([]);
    governor.require_budget(&env, "tineye", true);
    governor.require_budget(&env, "serpapi", false);
    env.check().unwrap();
    governor.require_budget(&env, "hibp", true);
    let problem = env.check().unwrap_err().to_string();
    assert!(
        problem.contains("ENGINE_ALLOWANCES has no perMonth for hibp"),
        "{problem}"
    );
}

#[tokio::test]
async fn every_engine_has_a_switch_and_is_not_asked_while_it_is_off() {
    let governor = governor(None).await;
    for engine in ENGINES {
        Switches::new(governor.store.clone()).off(engine).await;
        let fresh = Governor::new(governor.store.clone(), None).unwrap();
        let asked = Cell::new(false);
        let held = fresh.ask(asker(), engine, async {
            asked.set(true);
            Ok(())
        });
        let held = held.await;
        assert!(
            matches!(held, Err(Unanswered::Held(Hold::Off, _))) && !asked.get(),
            "{engine}"
        );
        assert_eq!(
            governor
                .store
                .engine(engine)
                .await
                .unwrap()
                .spent(clock::now()),
            0
        );
    }
}

#[tokio::test]
async fn a_turn_that_comes_too_late_is_not_waited_for_and_costs_nothing() {
    let allowances = r#"{"tineye":{"perMonth":90,"perMinute":20,"perUserPerDay":30}}"#;
    let governor = governor(Some(allowances)).await;
    let (asker, mut answered) = (asker(), 0);
    let held = loop {
        let last = Some(clock::now());
        let ask = governor.ask_until(asker, "tineye", last, async { Ok(()) });
        match ask.await {
            Ok(()) => answered += 1,
            Err(why) => break why,
        }
    };
    assert!(matches!(held, Unanswered::Held(Hold::Throttled, _)));
    let standing = governor.store.engine("tineye").await.unwrap();
    assert_eq!(standing.spent(clock::now()), answered);
}

#[tokio::test]
async fn a_picture_it_does_not_take_is_no_failure_of_the_engine() {
    let governor = governor(None).await;
    for _ in 0..20 {
        let answer = governor.ask(asker(), "tineye", async {
            Err::<(), _>(EngineError::Rejected(400))
        });
        assert!(matches!(answer.await, Err(Unanswered::Failed(_))));
    }
    assert!(
        governor
            .ask(asker(), "tineye", async { Ok(()) })
            .await
            .is_ok()
    );
}

/// Many workers at once, each with leases of its own: the month is never exceeded, and the table is asked far
/// less often than the engine.
#[tokio::test]
async fn many_workers_ask_often_and_never_one_too_many() {
    const WORKERS: usize = 8;
    let allowances = r#"{"tineye":{"perMinute":120000,"perMonth":64000,"perUserPerDay":100000}}"#;
    let table = crate::testing::metered_table().await;
    let store = &table.store;
    let asked = Cell::new(0_u32);
    let started = Instant::now();
    let workers = (0..WORKERS).map(async |_| {
        let governor = Governor::new(store.clone(), Some(allowances)).unwrap();
        let mut answered = 0;
        for _ in 0..400 {
            let now = clock::now();
            // Her share of the day is a row of hers and no part of what is measured.
            let permit = governor.take_permits("tineye", true, now).await.unwrap();
            if permit.is_ok() {
                asked.set(asked.get() + 1);
                answered += 1;
            }
        }
        answered
    });
    let answered: Vec<u32> = futures_util::future::join_all(workers).await;
    let seconds = started.elapsed().as_secs_f64();
    let cost = table.meter.take();
    let standing = store.engine("tineye").await.unwrap();
    println!(
        "{} questions in {seconds:.2} s, {} writes, {} units",
        asked.get(),
        cost.calls,
        cost.units
    );
    assert_eq!(answered.iter().sum::<u32>(), asked.get());
    assert_eq!(asked.get(), 3200);
    assert!(standing.spent(clock::now()) >= asked.get());
    assert!(cost.calls < asked.get() / 5, "{}", cost.calls);
}

#[tokio::test]
async fn the_last_of_the_month_is_asked_once_whoever_asks() {
    let allowances = r#"{"tineye":{"perMinute":120000,"perMonth":5000,"perUserPerDay":100000}}"#;
    let store = crate::testing::store().await;
    let now = clock::now();
    let taken = PermitRequest {
        engine: "tineye",
        allowance: Governor::new(store.clone(), Some(allowances))
            .unwrap()
            .allowance("tineye"),
        is_scheduled: true,
        count: 4900,
        now,
    };
    assert_eq!(store.take_permits(taken).await.unwrap().0, Permit::Granted);
    let workers = (0..6).map(async |_| {
        let governor = Governor::new(store.clone(), Some(allowances)).unwrap();
        let mut answered = 0;
        while governor
            .take_permits("tineye", true, now)
            .await
            .unwrap()
            .is_ok()
        {
            answered += 1;
        }
        answered
    });
    let answered: Vec<u32> = futures_util::future::join_all(workers).await;
    assert_eq!(answered.iter().sum::<u32>(), 100, "{answered:?}");
}

#[tokio::test]
async fn what_was_taken_in_advance_of_an_engine_that_fails_is_given_back() {
    let allowances = r#"{"tineye":{"perMinute":60000,"perMonth":64000,"perUserPerDay":100000}}"#;
    let governor = governor(Some(allowances)).await;
    for _ in 0..20 {
        let answer = governor.ask(asker(), "tineye", async { Ok(()) });
        answer.await.unwrap();
    }
    let silent = async { Err::<(), _>(EngineError::Silent) };
    assert!(governor.ask(asker(), "tineye", silent).await.is_err());
    let standing = governor.store.engine("tineye").await.unwrap();
    assert_eq!(standing.spent(clock::now()), 21);
    assert_eq!(standing.state(clock::now()), "open");
    let held = governor.ask(asker(), "tineye", async { Ok(()) }).await;
    assert!(matches!(held, Err(Unanswered::Held(Hold::Resting, _))));
}
