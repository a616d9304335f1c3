//! Holds `template.yaml` to the rules that no AWS tool knows, and holds the rules
//! to their word: every one of them sees the faults planted for it.
//!
//! What the tools do know is judged by `infra/checks/check.py`.

// The golden lists are long.
#![recursion_limit = "256"]

mod template_alarms;
mod template_data;
mod template_faults;
mod template_functions;
mod template_gateway;
mod template_loops;
mod template_model;
mod template_queues;
mod template_rights;
mod template_rows;
mod template_secrets;
mod template_uploads;
mod template_yaml;

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::template_model::{Faults, Template, root};

/// A name and what looks for faults under it.
type Rule = (&'static str, fn(&Template, &mut Faults));

const RULES: [Rule; 45] = [
    ("one function per crate", template_functions::one_per_crate),
    ("alike runtime", template_functions::runtime),
    ("sizes", template_functions::sizes),
    ("logs", template_functions::logs),
    ("settings", template_functions::settings),
    ("demands", template_functions::demands),
    ("setting values", template_functions::setting_values),
    ("visibility", template_queues::visibility),
    ("dead letters", template_queues::dead_letters),
    ("queues encrypted", template_queues::encrypted),
    ("batches", template_queues::batches),
    ("arrivals", template_queues::arrivals),
    ("schedules", template_queues::schedules),
    ("table", template_data::table),
    ("bucket", template_data::bucket),
    ("mail bucket", template_data::mail_bucket),
    ("encryption", template_data::encryption),
    ("retained", template_data::retained),
    ("production", template_data::production),
    ("secrets", template_secrets::made),
    ("fetched secrets", template_secrets::fetched),
    ("own role", template_rights::own_role),
    ("no wildcards", template_rights::no_wildcards),
    ("golden rights", template_rights::golden),
    ("rights match settings", template_rights::match_settings),
    ("key by service", template_rights::key_by_service),
    ("mail", template_rights::mail),
    ("kept out", template_rows::kept_out),
    ("routes", template_gateway::routes),
    ("patience", template_gateway::patience),
    ("cors", template_gateway::cors),
    ("stage", template_gateway::stage),
    ("throttling", template_gateway::throttling),
    ("sockets", template_gateway::sockets),
    ("distribution", template_uploads::distribution),
    ("router", template_uploads::router),
    ("large uploads", template_uploads::large_uploads),
    ("upload answers", template_uploads::upload_answers),
    ("deployment", template_uploads::deployment),
    ("dead letter alarms", template_alarms::dead_letters),
    ("age alarms", template_alarms::ages),
    ("function alarms", template_alarms::functions),
    ("measures", template_alarms::measures),
    ("dashboard", template_alarms::dashboard),
    ("runbooks", template_alarms::runbooks),
];

fn template() -> Template {
    let text = fs::read_to_string(root().join("template.yaml")).expect("template.yaml is there");
    Template(template_loops::unfold(template_yaml::read(&text)))
}

fn judge((_, rule): Rule, template: &Template) -> Vec<String> {
    let mut faults = Faults::default();
    rule(template, &mut faults);
    faults.found().to_vec()
}

#[test]
fn the_template_keeps_every_rule() {
    let template = template();
    let faults: Vec<_> = RULES
        .into_iter()
        .flat_map(|rule| judge(rule, &template))
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn every_rule_sees_the_faults_planted_for_it() {
    let sound = template();
    for (name, at, value) in template_faults::planted() {
        let rule = RULES
            .into_iter()
            .find(|(rule, _)| *rule == name)
            .expect("a planted fault names a rule");
        let mut broken = sound.clone();
        plant(&mut broken.0, &at, value);
        assert!(broken.0 != sound.0, "nothing was changed at {at}");
        assert!(
            !judge(rule, &broken).is_empty(),
            "{name:?} does not see the fault at {at}"
        );
    }
}

#[test]
fn no_rule_is_without_a_planted_fault() {
    let planted: BTreeSet<_> = template_faults::planted()
        .into_iter()
        .map(|(name, ..)| name)
        .collect();
    let rules: BTreeSet<_> = RULES.into_iter().map(|(name, _)| name).collect();
    assert_eq!(planted, rules);
}

/// Puts `value` at a JSON pointer, or removes what is there.
fn plant(template: &mut Value, at: &str, value: Option<Value>) {
    let (parent, key) = at.rsplit_once('/').expect("a pointer has a parent");
    let parent = template
        .pointer_mut(parent)
        .unwrap_or_else(|| panic!("no parent of {at}"));
    match (parent, value) {
        (Value::Object(map), Some(value)) => {
            map.insert(key.to_owned(), value);
        }
        (Value::Object(map), None) => {
            map.remove(key);
        }
        (Value::Array(items), value) => {
            let index: usize = key.parse().expect("a list is indexed by number");
            match value {
                Some(value) => items[index] = value,
                None => drop(items.remove(index)),
            }
        }
        (other, _) => panic!("{at} leads into {other}"),
    }
}

#[test]
fn schedules_are_judged_as_eventbridge_does() {
    for good in [
        "rate(1 minute)",
        "rate(5 minutes)",
        "rate(1 day)",
        "cron(0 12 * * ? *)",
        "cron(0/5 8-17 ? * MON-FRI *)",
    ] {
        assert!(template_queues::is_schedule(good), "{good}");
    }
    for bad in [
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(0 minutes)",
        "rate(1 second)",
        "rate(1minute)",
        "cron(0 12 * * *)",
        "cron(0 12 * * * *)",
        "cron(0 12 ? * ? *)",
        "every minute",
        "",
    ] {
        assert!(!template_queues::is_schedule(bad), "{bad}");
    }
}

#[test]
fn short_forms_are_read_as_long_forms() {
    let read = template_yaml::read(
        "a: !Ref B\nc: !GetAtt D.Arn\ne: !If [f, !Sub \"${g}\", 1]\nh: {i: !Not [true]}\n",
    );
    let long = serde_json::json!({
        "a": {"Ref": "B"},
        "c": {"Fn::GetAtt": ["D", "Arn"]},
        "e": {"Fn::If": ["f", {"Fn::Sub": "${g}"}, 1]},
        "h": {"i": {"Fn::Not": [true]}},
    });
    assert_eq!(read, long);
}

#[test]
fn loops_are_unfolded() {
    let unfolded = template_loops::unfold(template_yaml::read(
        "Mappings:\n  Sizes: {A: {Mb: 1}, B: {Mb: 2}}\nResources:\n  Own: {of: !Sub '${A}'}\n  Fn::ForEach::All:\n    - Item\n    - [A, B]\n    - ${Item}Part:\n        name: !Ref Item\n        mb: !FindInMap [Sizes, !Ref Item, Mb]\n        to: !GetAtt [!Sub '${Item}Queue', Arn]\n        path: !Sub ['${AWS::StackName}/${Name}', {Name: !Ref Item}]\n        next: !Sub ['x/${Next}', {Next: {Ref: !Sub '${Item}Part'}}]\n",
    ));
    let part = |item: &str, mb: u64| {
        serde_json::json!({
            "name": item,
            "mb": mb,
            "to": {"Fn::GetAtt": [format!("{item}Queue"), "Arn"]},
            "path": {"Fn::Sub": format!("${{AWS::StackName}}/{item}")},
            "next": {"Fn::Sub": format!("x/${{{item}Part}}")},
        })
    };
    let long = serde_json::json!({
        "Own": {"of": {"Fn::Sub": "${A}"}},
        "APart": part("A", 1),
        "BPart": part("B", 2),
    });
    assert_eq!(unfolded["Resources"], long);
}
