use proptest::prelude::*;

use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::parse("2026-11-20T12:00:00Z")
        .unwrap()
        .plus_seconds(seconds)
}

const FEW: Allowance = Allowance {
    per_minute: 2,
    per_month: Some(3),
    per_user_per_day: None,
    new_account_per_day: None,
    reserved_for_scheduled: None,
};

#[test]
fn no_faster_than_it_bears() {
    let mut it = EngineStanding::default();
    let any = Allowance {
        per_month: None,
        ..FEW
    };
    assert_eq!(it.ask(any, true, at(0)), Permit::Granted);
    assert_eq!(it.ask(any, true, at(0)), Permit::Granted);
    let held = it.ask(any, true, at(0));
    assert_eq!(held, Permit::Held(Hold::Throttled, at(30)));
    assert_eq!(
        it.ask(any, true, at(29)),
        Permit::Held(Hold::Throttled, at(30))
    );
    assert_eq!(it.ask(any, true, at(30)), Permit::Granted);
    assert_eq!(it.spent(at(30)), 3);
}

#[test]
fn no_more_than_the_month_has_and_all_of_it_again_in_the_next() {
    let mut it = EngineStanding::default();
    for minute in 0..3 {
        assert_eq!(it.ask(FEW, true, at(60 * minute)), Permit::Granted);
    }
    let first = Timestamp::parse("2026-12-01T00:00:00Z").unwrap();
    assert_eq!(it.ask(FEW, true, at(600)), Permit::Held(Hold::Spent, first));
    assert_eq!(it.left(FEW, at(600)), Some(0));
    assert_eq!(it.ask(FEW, true, first), Permit::Granted);
    // Each month has a count of its own.
    assert_eq!((it.left(FEW, first), it.spent(at(600))), (Some(2), 3));
    assert_eq!(it.left(Allowance::default(), first), None);
}

#[test]
fn a_share_of_the_month_is_kept_for_scheduled_scans() {
    let month = |per_month, reserved| Allowance {
        per_minute: 1000,
        per_month: Some(per_month),
        reserved_for_scheduled: reserved,
        ..Allowance::default()
    };
    for (reserved, open) in [
        (None, 7),
        (Some(0), 10),
        (Some(55), 4),
        (Some(100), 0),
        (Some(255), 0),
    ] {
        let mut it = EngineStanding::default();
        let allowance = month(10, reserved);
        let granted = |it: &mut EngineStanding, is_scheduled| {
            let asks = (0..20).map(|_| it.ask(allowance, is_scheduled, at(0)));
            asks.filter(|leave| *leave == Permit::Granted).count()
        };
        assert_eq!(granted(&mut it, false), open, "{reserved:?}");
        assert_eq!(granted(&mut it, true), 10 - open, "{reserved:?}");
    }
    assert_eq!(
        month(u32::MAX, None).month_limit(false),
        Some(3_006_477_106)
    );
    assert_eq!(Allowance::default().month_limit(false), None);
}

#[test]
fn one_account_has_a_share_of_a_day_and_a_new_one_a_smaller() {
    let of = |per_month, user, new| Allowance {
        per_month,
        per_user_per_day: user,
        new_account_per_day: new,
        ..Allowance::default()
    };
    for (allowance, day, new) in [
        (of(None, None, None), None, None),
        (of(Some(5000), None, None), Some(50), Some(25)),
        (of(Some(100), None, None), Some(10), Some(5)),
        (of(Some(5000), Some(7), None), Some(7), Some(5)),
        (of(Some(5000), Some(3), None), Some(3), Some(3)),
        (of(Some(5000), Some(0), None), Some(0), Some(0)),
        (of(None, None, Some(2)), None, Some(2)),
        (of(Some(5000), Some(80), Some(0)), Some(80), Some(0)),
    ] {
        let limits = (allowance.day_limit(false), allowance.day_limit(true));
        assert_eq!(limits, (day, new), "{allowance:?}");
    }
    assert!(is_new_account(at(0), at(7 * 24 * 3600 - 1)));
    assert!(!is_new_account(at(0), at(7 * 24 * 3600)));
}

#[test]
fn what_was_not_answered_is_not_paid_for() {
    let mut it = EngineStanding::default();
    for ending in [Ending::TurnedAway(None), Ending::Refused] {
        let mut it = it.clone();
        it.ask(FEW, true, at(0));
        it.learn(ending, at(1));
        assert_eq!(it.spent(at(1)), 0, "{ending:?}");
    }
    it.ask(FEW, true, at(0));
    it.learn(Ending::Silent, at(1));
    assert_eq!(it.spent(at(1)), 1);
}

#[test]
fn a_silent_engine_is_left_alone_and_then_tried_by_one() {
    let mut it = EngineStanding::default();
    let any = Allowance::default();
    it.ask(any, true, at(0));
    it.learn(Ending::Silent, at(0));
    assert_eq!(it.state(at(1)), "open");
    assert_eq!(it.ask(any, true, at(4)), Permit::Held(Hold::Resting, at(5)));
    assert_eq!(it.state(at(5)), "half-open");
    assert_eq!(it.ask(any, true, at(5)), Permit::Granted);
    // Nobody else while that one waits.
    assert_eq!(
        it.ask(any, true, at(6)),
        Permit::Held(Hold::Resting, at(50))
    );
    it.learn(Ending::Silent, at(20));
    assert_eq!(
        it.ask(any, true, at(21)),
        Permit::Held(Hold::Resting, at(30))
    );
    assert_eq!(it.ask(any, true, at(30)), Permit::Granted);
    it.learn(Ending::Answered, at(31));
    assert_eq!(
        (it.state(at(31)), it.ask(any, true, at(31))),
        ("closed", Permit::Granted)
    );
}

#[test]
fn one_that_died_while_it_tried_keeps_nobody_waiting_for_ever() {
    let mut it = EngineStanding::default();
    it.learn(Ending::Silent, at(0));
    assert_eq!(it.ask(Allowance::default(), true, at(5)), Permit::Granted);
    assert_eq!(it.ask(Allowance::default(), true, at(50)), Permit::Granted);
}

#[test]
fn single_failures_are_borne_and_five_in_a_row_are_not() {
    let mut it = EngineStanding::default();
    for _ in 0..4 {
        it.learn(Ending::TurnedAway(None), at(0));
    }
    assert_eq!(it.ask(Allowance::default(), true, at(0)), Permit::Granted);
    it.learn(Ending::Answered, at(0));
    for _ in 0..5 {
        assert_eq!(it.state(at(0)), "closed");
        it.learn(Ending::TurnedAway(None), at(0));
    }
    assert_eq!(it.rests_until(at(0)), Some(at(5)));
}

#[test]
fn it_is_left_alone_as_long_as_it_asks_within_reason() {
    let mut it = EngineStanding::default();
    it.learn(Ending::TurnedAway(Some(90)), at(0));
    assert_eq!(it.rests_until(at(89)), Some(at(90)));
    // A later and shorter wish does not cut it short.
    it.learn(Ending::TurnedAway(Some(1)), at(10));
    assert_eq!(it.rests_until(at(89)), Some(at(90)));
    let mut it = EngineStanding::default();
    it.learn(Ending::TurnedAway(Some(u64::MAX)), at(0));
    assert_eq!(it.rests_until(at(0)), Some(at(3600)));
}

proptest! {
    /// Whatever happens in whatever order, no more is asked in any minute and month than allowed, and
    /// no hold is without end.
    #[test]
    fn allowances_hold(steps in prop::collection::vec((0_i64..40, 0_u8..5), 1..200)) {
        let allowance = Allowance { per_minute: 6, per_month: Some(40), ..Allowance::default() };
        let mut it = EngineStanding::default();
        let mut now = at(0);
        let mut granted = Vec::new();
        let mut answered = 0;
        for (pause, ending) in steps {
            now = now.plus_seconds(pause);
            match it.ask(allowance, true, now) {
                Permit::Held(_, until) => prop_assert!(until > now && until <= now.next_month().plus_seconds(3600)),
                Permit::Granted => {
                    granted.push(now);
                    let ending = match ending {
                        0 => Ending::TurnedAway(None),
                        1 => Ending::TurnedAway(Some(7)),
                        2 => Ending::Silent,
                        _ => { answered += 1; Ending::Answered }
                    };
                    it.learn(ending, now);
                }
            }
        }
        prop_assert!(answered <= 40);
        for (index, first) in granted.iter().enumerate() {
            let within = granted[index..].iter().filter(|it| it.millis_since(*first) < 60_000);
            // A full bucket and what drips into it in the minute.
            prop_assert!(within.count() <= 12);
        }
    }

    /// Permits that are taken in advance and used late never come on top of a full bucket: in no stretch of time
    /// is more asked than a minute's and what drips into it.
    #[test]
    fn leases_used_late_keep_the_pace(steps in prop::collection::vec((0_i64..3, 1_u32..9, 0..LEASE_SECONDS), 1..200)) {
        let allowance = Allowance { per_minute: 600, ..Allowance::default() };
        prop_assert!(allowance.max_lease() >= 8);
        let (mut it, mut now, mut used) = (EngineStanding::default(), at(0), Vec::new());
        for (pause, count, late) in steps {
            now = now.plus_seconds(pause);
            for _ in 0..20 {
                if it.ask_for(count, allowance, true, now) == Permit::Granted {
                    used.extend(std::iter::repeat_n(now.plus_seconds(late), count as usize));
                }
            }
        }
        used.sort();
        for (index, first) in used.iter().enumerate().step_by(50) {
            for window in [1, 10, 60] {
                let within = used[index..].iter().filter(|it| it.millis_since(*first) < window * 1000);
                let most = 600 + 10 * window;
                prop_assert!(i64::try_from(within.count()).unwrap() <= most, "{window}");
            }
        }
    }
}
