use serde::Serialize;

use super::*;
use crate::store::Row;
use crate::testing;

/// What a list shows here: its place in the whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Thing {
    number: usize,
    /// So that a question does not hold a whole run: the table answers with a megabyte at the most.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    filling: String,
}

/// Stores things with these tokens in these runs.
async fn stored(store: &Store, user: UserId, tokens: &[(&str, String)], filling: usize) {
    for (number, (run, token)) in tokens.iter().enumerate() {
        let thing = Thing {
            number,
            filling: "x".repeat(filling),
        };
        let row = Row::new(Key::user(user, format!("THING#{number}")), thing);
        let row = row.listed(format!("{run}#{token}"));
        let done = store.tx().create(&row).commit().await.unwrap();
        assert!(done.is_done());
    }
}

fn numbers(listing: Listing<Thing>) -> Vec<usize> {
    listing.items.into_iter().map(|it| it.number).collect()
}

/// Every page of every size must hold what a list in memory would.
async fn check(store: &Store, user: UserId, groups: &[ListGroup], total: usize) {
    for limit in [1, 3, 7, 100] {
        for number in 1..=(total as u32 / limit + 2) {
            let page = Page { number, limit };
            let listing = store.raw_page((user, 0), groups, page).await.unwrap();
            let listing = listing.readable();
            assert_eq!(listing.pagination.total, total as u64);
            let wanted = page.offset().min(total)..page.end().min(total);
            assert_eq!(numbers(listing), wanted.collect::<Vec<_>>(), "{page:?}");
        }
    }
}

#[tokio::test]
async fn every_page_of_a_run_from_either_end() {
    let (store, user) = (testing::store().await, UserId::random());
    let tokens: Vec<_> = (0..23).map(|it| ("A", format!("{it:03}"))).collect();
    stored(&store, user, &tokens, 0).await;
    // Of another run, whose name begins the same.
    let beside = Row::new(Key::user(user, "OTHER"), ()).listed("AA#000");
    assert!(store.tx().create(&beside).commit().await.unwrap().is_done());
    check(&store, user, &[vec![("A".into(), 23)]], 23).await;
}

#[tokio::test]
async fn every_page_of_runs_one_after_the_other() {
    let (store, user) = (testing::store().await, UserId::random());
    let of = |run: &'static str, from: usize, to: usize| {
        (from..to).map(move |it| (run, format!("{it:03}")))
    };
    let tokens: Vec<_> = of("C", 0, 5)
        .chain(of("A", 5, 6))
        .chain(of("B", 6, 20))
        .collect();
    stored(&store, user, &tokens, 0).await;
    let runs = [("C".into(), 5), ("A".into(), 1), ("B".into(), 14)];
    check(&store, user, &runs.map(|it| vec![it]), 20).await;
}

#[tokio::test]
async fn every_page_of_runs_that_are_merged() {
    let (store, user) = (testing::store().await, UserId::random());
    let run = |it: usize| ["A", "B", "C"][it * it % 3 + usize::from(it > 12)];
    let tokens: Vec<_> = (0..20).map(|it| (run(it), format!("{it:03}"))).collect();
    stored(&store, user, &tokens, 0).await;
    let count = |name: &str| tokens.iter().filter(|it| it.0 == name).count() as u64;
    let runs = ["A", "B", "C"].map(|it| (it.to_owned(), count(it)));
    assert!(runs.iter().all(|it| it.1 > 1), "{runs:?}");
    check(&store, user, &[runs.to_vec()], 20).await;
}

#[tokio::test]
async fn every_page_of_groups_of_merged_runs() {
    let (store, user) = (testing::store().await, UserId::random());
    // Within a group by token; the tokens of the second come before those of the first.
    let run = |it: usize| ["B", "A"][it % 2];
    let first = (0..9).map(|it| (run(it), format!("9{it:02}")));
    let second = (9..22).map(|it| (["D", "C"][it % 3 % 2], format!("{it:03}")));
    let tokens: Vec<_> = first.chain(second).collect();
    stored(&store, user, &tokens, 0).await;
    let counted = |name: &str| {
        let count = tokens.iter().filter(|it| it.0 == name).count();
        (name.to_owned(), count as u64)
    };
    let groups = [["A", "B"], ["C", "D"]].map(|it| it.map(counted).to_vec());
    assert!(groups.iter().flatten().all(|it| it.1 > 1), "{groups:?}");
    check(&store, user, &groups, 22).await;
}

/// Forty rows of 60 KB are more than two answers of the table hold, to count or to read.
#[tokio::test]
async fn what_the_table_does_not_answer_at_once() {
    let (store, user) = (testing::store().await, UserId::random());
    let tokens: Vec<_> = (0..40).map(|it| ("A", format!("{it:03}"))).collect();
    stored(&store, user, &tokens, 60_000).await;
    let page =
        |number, limit| store.page::<Thing>((user, 0), "A".into(), Page { number, limit }, 40);
    for (number, limit, wanted) in [(1, 40, 0..40), (6, 4, 20..24), (2, 19, 19..38)] {
        let listing = page(number, limit).await.unwrap();
        assert_eq!(numbers(listing), wanted.collect::<Vec<_>>());
    }
}

/// What was deep in the list before is not where it was.
#[tokio::test]
async fn a_list_that_has_changed_is_counted_anew() {
    let (store, user) = (testing::store().await, UserId::random());
    let tokens: Vec<_> = (10..40).map(|it| ("A", format!("{it:03}"))).collect();
    stored(&store, user, &tokens, 0).await;
    let page = |state, number| {
        let page = Page { number, limit: 5 };
        store.page::<Thing>((user, state), "A".into(), page, 30)
    };
    assert_eq!(numbers(page(1, 3).await.unwrap()), [10, 11, 12, 13, 14]);
    let first = Row::new(
        Key::user(user, "THING#99"),
        Thing {
            number: 99,
            filling: String::new(),
        },
    );
    let first = first.listed("A#000");
    assert!(store.tx().create(&first).commit().await.unwrap().is_done());
    assert_eq!(numbers(page(2, 3).await.unwrap()), [9, 10, 11, 12, 13]);
    assert_eq!(numbers(page(2, 2).await.unwrap()), [4, 5, 6, 7, 8]);
}

/// A total that is ahead of the rows, as between two reads: the page is short, and nothing fails.
#[tokio::test]
async fn rows_that_are_not_there() {
    let (store, user) = (testing::store().await, UserId::random());
    let tokens: Vec<_> = (0..4).map(|it| ("A", format!("{it:03}"))).collect();
    stored(&store, user, &tokens, 0).await;
    let page = |number| store.page::<Thing>((user, 0), "A".into(), Page { number, limit: 3 }, 20);
    assert_eq!(numbers(page(2).await.unwrap()), [3]);
    assert_eq!(numbers(page(3).await.unwrap()), [] as [usize; 0]);
}
