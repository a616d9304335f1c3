use proptest::prelude::*;

use super::*;

#[test]
fn the_table_has_one_answer_for_each_state_and_event() {
    for state in TakedownState::ALL {
        for event in TakedownEvent::ALL {
            let rows = TRANSITIONS.iter();
            let rows = rows.filter(|(from, by, _)| by == event && from.contains(state));
            assert!(rows.count() <= 1, "{state:?} {event:?}");
        }
    }
}

#[test]
fn every_state_is_reached_and_only_what_is_over_has_no_way_on() {
    let mut reached = vec![TakedownState::Draft];
    let mut at = 0;
    while let Some(state) = reached.get(at).copied() {
        at += 1;
        for event in TakedownEvent::ALL {
            if let Ok(after) = next(state, *event)
                && !reached.contains(&after)
            {
                reached.push(after);
            }
        }
    }
    assert_eq!(reached.len(), TakedownState::ALL.len());
    for state in TakedownState::ALL {
        let leads_on = TakedownEvent::ALL
            .iter()
            .any(|it| next(*state, *it).is_ok());
        assert_eq!(!leads_on, state.is_over(), "{state:?}");
        let actor = state.next_actor();
        assert_eq!(
            actor == NextActor::Nobody,
            *state == TakedownState::Withdrawn
        );
    }
}

#[test]
fn every_event_is_in_the_catalogue_of_her_record() {
    for event in TakedownEvent::ALL {
        let spec = crate::event::event_spec(event.record_type());
        assert!(spec.is_some_and(|it| it.stream == "takedown"), "{event:?}");
    }
}

proptest! {
    /// Nothing is sent before she approved it after the last change, and nothing twice for one approval unless the
    /// mail service refused it.
    #[test]
    fn whatever_happens_only_what_she_approved_is_sent(
        events in proptest::collection::vec(proptest::sample::select(TakedownEvent::ALL), 0..80)
    ) {
        let (mut state, mut is_approved, mut is_sent) = (TakedownState::Draft, false, false);
        for event in events {
            let Ok(after) = next(state, event) else { continue };
            match event {
                TakedownEvent::Approve => (is_approved, is_sent) = (true, false),
                TakedownEvent::Edit | TakedownEvent::FollowUp => is_approved = false,
                TakedownEvent::Claim => prop_assert!(is_approved && !is_sent),
                TakedownEvent::Send | TakedownEvent::Submit => {
                    prop_assert!(is_approved && !is_sent);
                    is_sent = true;
                }
                TakedownEvent::Withdraw => is_approved = false,
                TakedownEvent::SeeGone => prop_assert!(state.is_live() || state == TakedownState::Refused),
                _ => {}
            }
            state = after;
        }
    }

    /// Words alone never make it gone or refuse it: only two looks, or her, do.
    #[test]
    fn what_a_recipient_says_never_makes_it_gone(
        events in proptest::collection::vec(proptest::sample::select(TakedownEvent::ALL), 0..80)
    ) {
        let mut state = TakedownState::Draft;
        let mut was_seen = false;
        for event in events {
            was_seen |= event == TakedownEvent::SeeGone;
            state = next(state, event).unwrap_or(state);
            prop_assert!(was_seen || !matches!(state, TakedownState::Gone | TakedownState::CameBack));
        }
    }
}
