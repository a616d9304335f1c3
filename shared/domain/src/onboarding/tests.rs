//! The questions as the contract has them, and the reckoning of the level with its odd details.

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// `id: value weight …` of the contract.
const TABLE: [(&str, &str); 8] = [
    (
        "online-presence",
        "minimal 1 moderate 2 active 3 public-figure 4",
    ),
    (
        "harassment-experience",
        "never 1 rarely 2 sometimes 3 frequently 4",
    ),
    (
        "threat-concerns",
        "harassment 1 stalking 2 impersonation 2 image-misuse 3 deepfakes 4 doxxing 3",
    ),
    ("photo-sharing", "never 1 rarely 2 sometimes 3 frequently 4"),
    (
        "relationship-concerns",
        "no-concerns 1 past-concerns 2 current-mild 3 current-serious 4",
    ),
    ("platform-count", "1 1 2-3 2 4-5 3 6+ 4"),
    (
        "unauthorized-use",
        "no 1 unsure 2 yes-minor 3 yes-serious 4",
    ),
    (
        "safety-priority",
        "privacy 1 images 2 harassment 3 monitoring 4",
    ),
];

fn now() -> Timestamp {
    Timestamp::from_epoch_seconds(1_800_000_000).unwrap()
}

fn response(value: serde_json::Value) -> Response {
    serde_json::from_value(value).unwrap()
}

fn risk(answers: &[(&str, serde_json::Value)]) -> RiskLevel {
    let answers: Vec<(&str, Response)> = answers
        .iter()
        .map(|(id, value)| (*id, response(value.clone())))
        .collect();
    Choices::of(answers.iter().map(|(id, it)| (*id, it))).risk_level()
}

#[test]
fn the_questions_are_the_contracts() {
    for (at, (question, (id, options))) in QUESTIONS.iter().zip(TABLE).enumerate() {
        let have: Vec<String> = question
            .options
            .iter()
            .map(|it| format!("{} {}", it.value, it.risk_weight))
            .collect();
        assert_eq!((question.id, have.join(" ").as_str()), (id, options));
        assert_eq!(question.order as usize, at + 1);
        assert_eq!(
            question.kind == QuestionType::MultipleChoice,
            id == "threat-concerns"
        );
        assert!(!question.question.is_empty() && !question.description.is_empty());
    }
    let wire = serde_json::to_value(&QUESTIONS[0]).unwrap();
    assert_eq!(
        (&wire["type"], &wire["conditionalOn"], &wire["options"][1]),
        (
            &json!("SINGLE_CHOICE"),
            &json!(null),
            &json!({ "value": "moderate", "label": QUESTIONS[0].options[1].label, "riskWeight": 2 })
        )
    );
    assert!(wire.as_object().unwrap().contains_key("conditionalOn"));
}

#[test]
fn no_question_alarms() {
    for question in &QUESTIONS {
        let mut text = format!("{} {}", question.question, question.description);
        for option in question.options {
            text.push_str(option.label);
        }
        for word in ["victim", "danger", "attack", "urgent", "abuse", "!"] {
            assert!(!text.to_lowercase().contains(word), "{text}: {word}");
        }
    }
}

#[test]
fn the_level_is_the_sum_over_the_most() {
    assert_eq!(risk(&[]), RiskLevel::Low);
    assert_eq!(
        risk(&[("online-presence", json!("minimal"))]),
        RiskLevel::Medium,
        "1 of 4"
    );
    assert_eq!(
        risk(&[("online-presence", json!("moderate"))]),
        RiskLevel::High
    );
    assert_eq!(
        risk(&[("online-presence", json!("active"))]),
        RiskLevel::Critical
    );
    // All worries together are 15 of 24.
    let worries = json!([
        "harassment",
        "stalking",
        "impersonation",
        "image-misuse",
        "deepfakes",
        "doxxing"
    ]);
    assert_eq!(
        risk(&[("threat-concerns", worries.clone())]),
        RiskLevel::High
    );
    let mut all: Vec<_> = QUESTIONS
        .iter()
        .map(|it| (it.id, json!(it.options[it.options.len() - 1].value)))
        .collect();
    all[2].1 = worries;
    assert_eq!(risk(&all), RiskLevel::Critical, "43 of 52");
}

#[test]
fn leaving_out_the_worries_raises_the_level() {
    let mut answers = vec![
        ("online-presence", json!("active")),
        ("photo-sharing", json!("sometimes")),
        ("threat-concerns", json!(["harassment"])),
    ];
    assert_eq!(risk(&answers), RiskLevel::Low, "7 of 32");
    answers.pop();
    assert_eq!(risk(&answers), RiskLevel::Critical, "6 of 8");
}

#[test]
fn what_is_unknown_weighs_nothing_but_its_question_counts() {
    let known = ("online-presence", json!("public-figure"));
    assert_eq!(
        risk(&[known.clone(), ("shoe-size", json!(43))]),
        RiskLevel::Critical
    );
    for odd in [json!("loads"), json!(-3.5), json!([]), json!(["x", "y"])] {
        assert_eq!(
            risk(&[known.clone(), ("photo-sharing", odd.clone())]),
            RiskLevel::High,
            "4 of 8 with {odd}"
        );
        assert_eq!(risk(&[("photo-sharing", odd)]), RiskLevel::Low);
    }
}

#[test]
fn numbers_and_lists_name_values_too() {
    assert_eq!(risk(&[("platform-count", json!(1))]), RiskLevel::Medium);
    assert_eq!(
        risk(&[("photo-sharing", json!(["rarely"]))]),
        RiskLevel::High
    );
    // The gravest of several, and a repeated value once.
    assert_eq!(
        risk(&[("photo-sharing", json!(["never", "rarely"]))]),
        RiskLevel::High
    );
    assert_eq!(
        risk(&[(
            "threat-concerns",
            json!(["stalking", "stalking", "stalking"])
        )]),
        RiskLevel::Low
    );
    assert_eq!(
        risk(&[
            ("photo-sharing", json!("frequently")),
            ("photo-sharing", json!("never"))
        ]),
        RiskLevel::Medium,
        "the last answer counts"
    );
}

#[test]
fn answers_stand_until_she_changes_them() {
    let user = UserId::random();
    let text = |it: &str| Response::Text(it.into());
    let first = answered(
        user,
        &[],
        &[
            ("photo-sharing".into(), text("never")),
            ("shoe-size".into(), text("43")),
            ("online-presence".into(), text("minimal")),
        ],
        now(),
    );
    let ids: Vec<_> = first.iter().map(|it| it.question_id.as_str()).collect();
    assert_eq!(ids, ["online-presence", "photo-sharing"]);
    let later = now().plus_seconds(60);
    let second = answered(
        user,
        &first,
        &[
            ("photo-sharing".into(), text("rarely")),
            ("photo-sharing".into(), text("sometimes")),
            ("unauthorized-use".into(), text("no")),
        ],
        later,
    );
    assert_eq!(second[0], first[0]);
    assert_eq!(
        (&second[1].response, second[1].id, second[1].created_at),
        (&text("sometimes"), first[1].id, now())
    );
    assert_eq!(second[2].created_at, later);
}

#[test]
fn sizes() {
    for sound in [
        json!(""),
        json!("x".repeat(100)),
        json!([]),
        json!(0),
        json!(-7.25),
        json!(1e9),
    ] {
        assert!(response(sound.clone()).is_sound(), "{sound}");
    }
    for bad in [
        json!("x".repeat(101)),
        json!(vec!["x"; 51]),
        json!(["é".repeat(101)]),
        json!(1e300),
        json!(1e-200),
    ] {
        assert!(!response(bad.clone()).is_sound(), "{bad}");
    }
}

proptest! {
    #[test]
    fn a_graver_answer_never_lowers_the_level(question in 0..8_usize, at in 0..3_usize, rest in any::<[Option<u8>; 8]>()) {
        let pick = |it: &Question, at: usize| json!(it.options[at % it.options.len()].value);
        let mut answers: Vec<_> = QUESTIONS
            .iter()
            .zip(rest)
            .filter_map(|(it, at)| Some((it.id, pick(it, usize::from(at?)))))
            .collect();
        let asked = &QUESTIONS[question];
        prop_assume!(asked.kind == QuestionType::SingleChoice);
        answers.push((asked.id, pick(asked, at)));
        let milder = risk(&answers);
        answers.push((asked.id, pick(asked, at + 1)));
        prop_assert!(risk(&answers) as u8 >= milder as u8);
    }
}
