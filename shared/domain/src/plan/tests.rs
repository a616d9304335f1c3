//! The table as the contract has it, and plans from any answers.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::templates::RECIPES;
use super::*;
use crate::{Choices, QUESTIONS, Response, RiskLevel, UserId};

fn at(second: i64) -> Timestamp {
    Timestamp::from_epoch_seconds(1_800_000_000 + second).unwrap()
}

fn choices(answers: &[(&str, &[&str])]) -> Choices {
    let answers: Vec<(&str, Response)> = answers
        .iter()
        .map(|(id, values)| {
            let values = values.iter().map(|it| (*it).to_owned()).collect();
            (*id, Response::List(values))
        })
        .collect();
    Choices::of(answers.iter().map(|(id, it)| (*id, it)))
}

/// The contract's letters.
fn letters(advice: &[Advice]) -> String {
    let letter = |it: &Advice| char::from(b'A' + it.template as u8);
    advice.iter().map(letter).collect()
}

const QUIET: ProtectionState = ProtectionState {
    images: 3,
    open_alerts: 0,
};

/// Letter, category, priority and triggers as the contract tabulates them.
const TABLE: &str = "\
A IMAGE 2 ps=sometimes,frequently tc=image-misuse,deepfakes,impersonation uu=yes-minor,yes-serious,unsure sp=images
B IMAGE 1 tc=deepfakes op=active,public-figure uu=yes-serious
C IMAGE 3 ps=sometimes,frequently tc=image-misuse
D ACCOUNT 2 pc=2-3,4-5,6+ op=moderate,active,public-figure tc=impersonation,stalking
E ACCOUNT 1 he=sometimes,frequently rc=past-concerns,current-mild,current-serious op=active,public-figure
F ACCOUNT 3 pc=4-5,6+ he=sometimes,frequently
G ACCOUNT 2 rc=past-concerns,current-mild,current-serious tc=stalking,doxxing
H PRIVACY 2 sp=privacy,monitoring op=moderate,active,public-figure tc=doxxing
I PRIVACY 2 op=active,public-figure tc=stalking,doxxing sp=privacy
J PRIVACY 3 tc=doxxing,stalking rc=current-mild,current-serious
K PRIVACY 3 op=active,public-figure sp=privacy
L EMERGENCY 1 rc=current-mild,current-serious he=frequently
M EMERGENCY 2 rc=current-mild,current-serious he=sometimes,frequently uu=yes-serious
N EMERGENCY 2 rc=current-serious he=frequently
O MONITORING 2 sp=monitoring he=sometimes,frequently
P MONITORING 3 tc=stalking,harassment op=active,public-figure
Q MONITORING 1 tc=impersonation op=public-figure uu=yes-minor,yes-serious";

fn abbreviated(question: &str) -> String {
    question
        .split('-')
        .filter_map(|word| word.chars().next())
        .collect()
}

#[test]
fn the_templates_are_the_contracts() {
    let rows: Vec<String> = RECIPES
        .iter()
        .enumerate()
        .map(|(at, it)| {
            assert_eq!(
                it.template as usize, at,
                "the table is in the order of the names"
            );
            assert!(std::ptr::eq(it.template.recipe(), it));
            let letter = char::from(b'A' + u8::try_from(at).unwrap());
            let category = it
                .category
                .label()
                .split(' ')
                .next()
                .unwrap()
                .to_uppercase();
            let triggers: Vec<String> = it
                .triggers
                .iter()
                .map(|(question, values)| format!("{}={}", abbreviated(question), values.join(",")))
                .collect();
            format!("{letter} {category} {} {}", it.priority, triggers.join(" "))
        })
        .collect();
    assert_eq!(rows.join("\n"), TABLE);
}

#[test]
fn triggers_name_what_we_ask() {
    for (question, values) in RECIPES.iter().flat_map(|it| it.triggers) {
        let asked = QUESTIONS.iter().find(|it| it.id == *question).unwrap();
        for value in *values {
            assert!(
                asked.options.iter().any(|it| it.value == *value),
                "{question} {value}"
            );
        }
    }
}

#[test]
fn no_advice_alarms() {
    for recipe in &RECIPES {
        let text = format!("{} {}", recipe.title, recipe.description).to_lowercase();
        for word in [
            "victim",
            "danger",
            "attack",
            "urgent",
            "abuse",
            "immediately",
            "warning",
            "!",
        ] {
            assert!(!text.contains(word), "{text}: {word}");
        }
    }
}

/// Reckoned by hand from the contract's rules.
#[test]
fn plans_reckoned_by_hand() {
    for (answers, level, want) in [
        // Nothing is known: the defaults, the fourth in its default place.
        (&[][..], RiskLevel::Low, "EADHO"),
        (
            &[("online-presence", &["minimal"][..])][..],
            RiskLevel::Medium,
            "EADHO",
        ),
        // D and F match once each.
        (
            &[
                ("platform-count", &["4-5"][..]),
                ("online-presence", &["minimal"]),
            ][..],
            RiskLevel::High,
            // D before F by priority; then A, H, O*, E.
            "EDAHFO",
        ),
        // One trigger each of B, D, E, H, I, K, P: best of each category B, E, H, P; then D, I, K.
        (
            &[("online-presence", &["active"][..])][..],
            RiskLevel::Critical,
            "BEHDIPK",
        ),
        // The defaults do not suffice for seven; what comes first fills up.
        (
            &[("safety-priority", &["monitoring"][..])][..],
            RiskLevel::Critical,
            "EBLHOAD",
        ),
        // E and F score 3, L, D, G, M, N and O 1. Best of each category E, L, O; then F, D, and, as
        // there are three of ACCOUNT, not G but M and N.
        (
            &[
                ("platform-count", &["6+"][..]),
                ("harassment-experience", &["frequently"]),
                ("relationship-concerns", &["past-concerns"]),
            ][..],
            RiskLevel::Critical,
            "ELODMNF",
        ),
    ] {
        let choices = choices(answers);
        assert_eq!(choices.risk_level(), level, "{answers:?}");
        assert_eq!(letters(&advice(&choices)), want, "{answers:?}");
    }
}

#[test]
fn a_new_plan_begins_with_the_questions_and_holds_the_defaults() {
    let user = UserId::random();
    let first = Plan::first(user, at(0));
    let view = first.view();
    let letters: String = first.entries[1..]
        .iter()
        .map(|it| char::from(b'A' + it.template as u8))
        .collect();
    assert_eq!((letters.as_str(), view.user_id), ("EADHO", user));
    let item = serde_json::to_value(&view.items[0]).unwrap();
    assert_eq!(item["category"], "Getting Started");
    assert_eq!(
        (&item["priority"], &item["status"]),
        (&1.into(), &"PENDING".into())
    );
    let keys: Vec<_> = item.as_object().unwrap().keys().cloned().collect();
    let mut want: Vec<_> =
        "id planId category categoryCode title description priority status dueDate createdAt"
            .split(' ')
            .collect();
    want.sort_unstable();
    assert_eq!(keys, want);
}

/// The score as the page computes it from the items.
fn score(plan: &Plan) -> u32 {
    let of = |status| plan.entries.iter().filter(|it| it.status == status).count();
    let done = 2 * of(PlanItemStatus::Completed) + of(PlanItemStatus::InProgress);
    let share = u32::try_from(80 * done / (2 * plan.entries.len())).unwrap();
    (20 + share).min(100)
}

#[test]
fn two_clicks_are_not_full_protection() {
    let user = UserId::random();
    // A plan that was stored when the questions were all of it.
    let mut former = Plan::first(user, at(0));
    former.entries.truncate(1);
    assert_eq!(former.entries[0].template, PlanTemplate::GettingStarted);
    for plan in [
        Plan::first(user, at(0)),
        Plan::first(user, at(0)).regenerated(None, QUIET, at(1)),
        former.with_defaults(at(1)).unwrap(),
    ] {
        let id = PlanItemId::of(user, PlanTemplate::GettingStarted);
        let (begun, _) = plan
            .with_status(id, PlanItemStatus::InProgress, at(2))
            .unwrap();
        let (done, _) = begun
            .with_status(id, PlanItemStatus::Completed, at(3))
            .unwrap();
        assert!(score(&done) < 50, "{}", score(&done));
        assert_eq!(plan.with_defaults(at(2)), None, "nothing is added twice");
    }
    let id = PlanItemId::of(user, PlanTemplate::GettingStarted);
    let done = former.with_status(id, PlanItemStatus::Completed, at(1));
    let (done, _) = done.unwrap();
    assert_eq!(score(&done), 100, "the former plan");
    let widened = done.with_defaults(at(2)).unwrap();
    assert_eq!(widened.entries[0], done.entries[0], "what she did stays");
}

#[test]
fn what_she_did_stays_when_she_answers_again() {
    let active = choices(&[("online-presence", &["active"])]);
    let plan = Plan::first(UserId::random(), at(0)).answered(&active, at(1));
    assert!(
        plan.entries
            .iter()
            .all(|it| it.template != PlanTemplate::GettingStarted)
    );
    let id = |plan: &Plan, template| PlanItemId::of(plan.user_id, template);
    let mut done = plan.clone();
    for (template, status) in [
        (PlanTemplate::TwoFactor, PlanItemStatus::Completed),
        (PlanTemplate::DigitalFootprint, PlanItemStatus::Skipped),
        (PlanTemplate::DataBreaches, PlanItemStatus::InProgress),
    ] {
        let (after, item) = done
            .with_status(id(&done, template), status, at(2))
            .unwrap();
        assert_eq!((item.status, after.last_updated), (status, at(2)));
        done = after;
    }
    assert_eq!(
        done.with_status(
            id(&done, PlanTemplate::GettingStarted),
            PlanItemStatus::Skipped,
            at(2)
        ),
        None
    );

    let again = done.answered(&choices(&[("online-presence", &["minimal"])]), at(3));
    let status = |template| {
        again
            .entries
            .iter()
            .find(|it| it.template == template)
            .map(|it| it.status)
    };
    assert_eq!(
        status(PlanTemplate::TwoFactor),
        Some(PlanItemStatus::Completed),
        "it recurs"
    );
    assert_eq!(
        status(PlanTemplate::DataBreaches),
        Some(PlanItemStatus::InProgress)
    );
    assert_eq!(
        status(PlanTemplate::DigitalFootprint),
        None,
        "it does not recur"
    );
    assert_eq!(
        status(PlanTemplate::UploadPhotos),
        Some(PlanItemStatus::Pending)
    );
    assert_eq!(again.entries.len(), 5);

    let regenerated = done.regenerated(
        Some(&choices(&[("online-presence", &["minimal"])])),
        QUIET,
        at(4),
    );
    let kept = regenerated
        .entries
        .iter()
        .find(|it| it.template == PlanTemplate::DigitalFootprint);
    assert_eq!(
        kept.map(|it| it.status),
        Some(PlanItemStatus::Skipped),
        "it stays, called for or not"
    );
    assert_eq!(
        (regenerated.generated_at, regenerated.last_updated),
        (at(1), at(4))
    );
}

#[test]
fn how_things_stand_is_in_the_plan_while_it_is_so() {
    let calm = choices(&[("online-presence", &["minimal"])]);
    let plan = Plan::first(UserId::random(), at(0)).answered(&calm, at(1));
    let alerts = |count| ProtectionState {
        images: 0,
        open_alerts: count,
    };
    let told = plan.regenerated(Some(&calm), alerts(3), at(2));
    let titles = |plan: &Plan| -> Vec<String> {
        plan.view()
            .items
            .iter()
            .map(|it| it.description.clone())
            .collect()
    };
    assert_eq!(
        told.entries[0].template,
        PlanTemplate::UploadPhotos,
        "no pictures: that comes first"
    );
    assert!(titles(&told).iter().any(|it| it.starts_with("3 alerts")));
    let one = told.regenerated(Some(&calm), alerts(1), at(3));
    assert!(titles(&one).iter().any(|it| it.starts_with("1 alert is")));
    let quiet = one.regenerated(Some(&calm), QUIET, at(4));
    assert!(
        quiet
            .entries
            .iter()
            .all(|it| it.template != PlanTemplate::OpenAlerts)
    );

    // Somebody who answered nothing gets what can be said without answers.
    let first = Plan::first(plan.user_id, at(0)).regenerated(None, alerts(2), at(1));
    let templates: Vec<_> = first.entries.iter().map(|it| it.template).collect();
    assert_eq!(
        templates,
        [
            PlanTemplate::UploadPhotos,
            PlanTemplate::GettingStarted,
            PlanTemplate::TwoFactor,
            PlanTemplate::OpenAlerts,
            PlanTemplate::ConnectAccounts,
            PlanTemplate::DataBreaches,
            PlanTemplate::AlertPreferences
        ]
    );
}

/// Any answer: a value of ours, one that is not, several, or a number.
fn any_response() -> impl Strategy<Value = Response> {
    let ours: Vec<&'static str> = QUESTIONS
        .iter()
        .flat_map(|it| it.options)
        .map(|it| it.value)
        .collect();
    let value = prop_oneof![
        6 => proptest::sample::select(ours).prop_map(str::to_owned),
        1 => ".{0,12}",
    ];
    prop_oneof![
        4 => value.clone().prop_map(Response::Text),
        3 => proptest::collection::vec(value, 0..8).prop_map(Response::List),
        1 => any::<i32>().prop_map(|it| Response::Number(it.into())),
        1 => any::<f32>().prop_filter_map("a number of JSON", |it| {
            serde_json::Number::from_f64(it.into()).map(Response::Number)
        }),
    ]
}

fn any_answers() -> impl Strategy<Value = Vec<(String, Response)>> {
    let ids: Vec<&'static str> = QUESTIONS.iter().map(|it| it.id).collect();
    let id = prop_oneof![
        9 => proptest::sample::select(ids).prop_map(str::to_owned),
        1 => ".{1,12}",
    ];
    proptest::collection::vec((id, any_response()), 0..12)
}

fn chosen(answers: &[(String, Response)]) -> Choices {
    Choices::of(answers.iter().map(|(id, it)| (id.as_str(), it)))
}

/// Whatever was asked for, every plan is a plan.
fn is_valid(plan: &Plan) -> Result<(), TestCaseError> {
    let view = plan.view();
    let priorities: Vec<usize> = view.items.iter().map(|it| it.priority).collect();
    prop_assert_eq!(priorities, (1..=view.items.len()).collect::<Vec<_>>());
    let ids: BTreeSet<_> = view.items.iter().map(|it| it.id).collect();
    prop_assert_eq!(ids.len(), view.items.len(), "each advice once");
    for item in &view.items {
        let labels = [
            "Image Protection",
            "Account Security",
            "Privacy Settings",
            "Emergency Planning",
            "Monitoring Setup",
        ];
        let known =
            labels.contains(&item.category) || item.category_code == Category::GettingStarted;
        prop_assert!(known && !item.title.is_empty() && !item.description.is_empty());
        prop_assert_eq!(item.plan_id, view.id);
    }
    prop_assert!(
        plan.focus_areas()
            .iter()
            .all(|it| view.items.iter().any(|item| item.category == *it))
    );
    Ok(())
}

fn any_status() -> impl Strategy<Value = PlanItemStatus> {
    proptest::sample::select(vec![
        PlanItemStatus::Pending,
        PlanItemStatus::InProgress,
        PlanItemStatus::Completed,
        PlanItemStatus::Skipped,
    ])
}

proptest! {
    #[test]
    fn any_answers_give_a_plan_within_its_limits(answers in any_answers()) {
        let choices = chosen(&answers);
        let plan = Plan::first(UserId::random(), at(0)).answered(&choices, at(1));
        is_valid(&plan)?;
        let (least, most) = match choices.risk_level() {
            RiskLevel::Low => (5, 6),
            RiskLevel::Medium => (5, 7),
            RiskLevel::High => (6, 8),
            RiskLevel::Critical => (7, 8),
        };
        prop_assert!((least..=most).contains(&plan.entries.len()), "{}", plan.entries.len());
        let advice = advice(&choices);
        prop_assert!(advice.is_sorted_by_key(|it| it.place));
        // The same answers in another order, and given twice, are the same plan.
        prop_assert_eq!(&plan.answered(&choices, at(1)), &plan);
        let mut last: Vec<_> = Vec::new();
        for (id, response) in answers.iter().rev() {
            if last.iter().all(|(known, _): &(String, Response)| known != id) {
                last.push((id.clone(), response.clone()));
            }
        }
        prop_assert_eq!(super::advice(&chosen(&last)), advice);
    }

    #[test]
    fn making_it_again_keeps_what_she_did(
        before in any_answers(),
        after in any_answers(),
        statuses in proptest::collection::vec(any_status(), 12),
        images in 0..2_u64,
        open_alerts in 0..3_u64,
    ) {
        let standing = ProtectionState { images, open_alerts };
        let mut plan = Plan::first(UserId::random(), at(0)).answered(&chosen(&before), at(1));
        plan = plan.regenerated(Some(&chosen(&before)), standing, at(2));
        for (entry, status) in plan.entries.iter_mut().zip(statuses) {
            entry.status = status;
        }
        let choices = chosen(&after);
        let again = plan.regenerated(Some(&choices), standing, at(3));
        is_valid(&again)?;
        for entry in plan.entries.iter().filter(|it| it.status != PlanItemStatus::Pending) {
            prop_assert!(again.entries.contains(entry), "{:?} was lost", entry);
        }
        for template in advice(&choices).iter().map(|it| it.template) {
            prop_assert!(again.entries.iter().any(|it| it.template == template));
        }
        prop_assert_eq!(&again.regenerated(Some(&choices), standing, at(3)), &again, "again changes nothing");
        let answered = plan.answered(&choices, at(3));
        is_valid(&answered)?;
        for entry in &answered.entries {
            let known = plan.entries.iter().find(|it| it.template == entry.template);
            prop_assert!(known.is_none_or(|it| it == entry));
        }
    }
}
