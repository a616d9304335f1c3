use super::*;
use crate::domain::event::StreamName;
use crate::domain::{Account, ImageId};

fn at(second: i64) -> Timestamp {
    Timestamp::from_epoch_seconds(1_800_000_000 + second).unwrap()
}

pub(crate) fn row(user: UserId, recipient: &str) -> TakedownRow {
    let url = crate::domain::CanonicalUrl::parse("https://a.example/1").unwrap();
    let finding_id = MatchId::of(ImageId::from(uuid::Uuid::from_u128(1)), &url);
    TakedownRow {
        id: TakedownId::of(user, finding_id, recipient, 1),
        finding_id,
        recipient_id: recipient.to_owned(),
        law: Law::Terms,
        route: 0,
        channel: TakedownChannel::Mail,
        purpose: TakedownPurpose::Request,
        state: TakedownState::Draft,
        round: 1,
        revision: 1,
        priority: 100,
        is_urgent: false,
        created_at: at(0),
        updated_at: at(0),
        approved_sha256: None,
        approved_at: None,
        send_after: None,
        attempts: 0,
        delays: 0,
        claimed_at: None,
        sent_at: None,
        received_at: None,
        receipt: None,
        due_at: None,
        follow_ups: 0,
        looks: LookMemory::default(),
        gone_at: None,
        failure: None,
        before: None,
        is_of_public_interest: false,
        objection: None,
        look_asked_at: None,
        mails: 0,
        unverified_mails: 0,
        work_at: None,
        sealed: "x".to_owned(),
    }
}

pub(crate) async fn woman(store: &Store) -> UserId {
    let account = Account::new(UserId::random(), "ana@example.net", at(0));
    assert!(store.create_account(&account, "hash", None).await.unwrap());
    account.id()
}

pub(crate) fn events(user: UserId, it: &TakedownRow) -> Append {
    Append {
        user,
        stream: StreamName::takedown(it.id),
        expected: crate::domain::event::ExpectedVersion::Any,
        at: at(0),
        events: Vec::new(),
        room: None,
        ids_known_for: None,
    }
}

fn page() -> Page {
    Page {
        number: 1,
        limit: 20,
    }
}

#[tokio::test]
async fn a_request_is_made_once_listed_by_state_and_shown_with_its_finding() {
    let store = crate::testing::store().await;
    let user = woman(&store).await;
    let first = row(user, "a");
    let made = store
        .create_takedown(user, &first, events(user, &first))
        .await;
    assert!(made.unwrap().is_done());
    let again = store
        .create_takedown(user, &first, events(user, &first))
        .await;
    assert!(!again.unwrap().is_done());
    let sent = TakedownRow {
        state: TakedownState::Sent,
        revision: 2,
        due_at: Some(at(100)),
        work_at: Some(at(50)),
        ..first.clone()
    };
    let change =
        || store.change_takedown(user, (&first, &sent, None), BesideTakedown::default(), None);
    assert!(change().await.unwrap());
    assert!(!change().await.unwrap(), "the revision is another one");
    let in_state = async |state| {
        let listed = store.takedowns(user, &[state], page()).await.unwrap();
        listed.items.len()
    };
    assert_eq!(in_state(TakedownState::Draft).await, 0);
    assert_eq!(in_state(TakedownState::Sent).await, 1);
    let alert = AlertId::of_match(first.finding_id);
    let shown = store.takedowns_of_alerts(user, &[alert]).await.unwrap();
    assert_eq!(
        shown[&alert],
        TakedownOfFinding {
            id: first.id,
            state: PublicState::OnItsWay,
            next_actor: NextActor::Them,
            next_action_at: Some(at(100)),
        }
    );
    let due = store.due(DUE_TAKEDOWN, at(50), 10).await.unwrap();
    assert_eq!(due.len(), 1);
    assert_eq!(due[0].takedown(), Some(first.id));
    assert!(store.put_off_takedown(user, &sent, at(80)).await.unwrap());
    assert!(
        store
            .due(DUE_TAKEDOWN, at(79), 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(!store.put_off_takedown(user, &first, at(90)).await.unwrap());
}

#[tokio::test]
async fn there_is_room_for_a_hundred_open_ones() {
    let store = crate::testing::store().await;
    let user = woman(&store).await;
    let make = async |name: String| {
        let it = row(user, &name);
        let made = store
            .create_takedown(user, &it, events(user, &it))
            .await
            .unwrap();
        (it, made)
    };
    let (first, _) = make("0".to_owned()).await;
    for number in 1..guards::MAX_OPEN {
        assert!(make(number.to_string()).await.1.is_done(), "{number}");
    }
    let full = make("one more".to_owned()).await.1;
    assert_eq!(full, TxOutcome::Refused(vec![Condition::HasRoom]));
    let over = TakedownRow {
        state: TakedownState::Withdrawn,
        revision: 2,
        ..first.clone()
    };
    let ended = store
        .change_takedown(user, (&first, &over, None), BesideTakedown::default(), None)
        .await;
    assert!(ended.unwrap());
    assert!(make("one more".to_owned()).await.1.is_done());
}
