//! Data breaches that contain an address of hers: which count, their severity, and the alert.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Alert, AlertId, AlertStatus, AlertType, BreachSummary, Severity, Timestamp, UserId};

/// What of a breach makes it matter more, in lower case.
const GRAVE: [&str; 4] = ["passwords", "credit cards", "ssn", "bank accounts"];

/// How many kinds of data a text names.
const NAMED: usize = 3;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A breach, as the service describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the names are the service's")]
pub struct Breach {
    pub name: String,
    pub title: String,
    /// A day, `YYYY-MM-DD`.
    pub date: Option<String>,
    pub data_classes: Vec<String>,
    pub verified: bool,
    pub fabricated: bool,
    pub sensitive: bool,
    pub retired: bool,
    pub spam_list: bool,
}

impl Breach {
    /// Whether she is told: what nobody verified, or what is no breach, would only worry her.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.verified && !self.fabricated && !self.retired && !self.spam_list
    }

    fn severity(&self) -> Severity {
        let grave = |class: &String| GRAVE.iter().any(|it| class.to_lowercase().contains(it));
        if self.data_classes.iter().any(grave) {
            Severity::High
        } else {
            Severity::Medium
        }
    }

    /// What a result tells of it.
    #[must_use]
    pub fn summary(&self) -> BreachSummary {
        BreachSummary {
            name: self.name.clone(),
            date: self.date.clone(),
            data_types: self.data_classes.clone(),
        }
    }
}

/// The alert that a breach raises for one of her addresses.
#[must_use]
pub fn breach_alert(user: UserId, address: &str, breach: &Breach, now: Timestamp) -> Alert {
    Alert {
        id: AlertId::of_breach(user, &breach.name, address),
        user_id: user,
        kind: AlertType::DataBreach,
        severity: breach.severity(),
        title: title(breach),
        description: description(address, breach),
        metadata: Some(metadata(address, breach)),
        status: AlertStatus::New,
        created_at: now,
        viewed_at: None,
        actioned_at: None,
    }
}

/// The name of a site of a certain kind is nothing for a headline.
fn title(breach: &Breach) -> String {
    if breach.sensitive {
        "Your address was part of a data breach".to_owned()
    } else {
        format!("Your address was part of a data breach at {}", breach.title)
    }
}

fn description(address: &str, breach: &Breach) -> String {
    let when = breach.date.as_deref().and_then(month);
    let when = when.map(|it| format!(" in {it}")).unwrap_or_default();
    let what = match classes(&breach.data_classes) {
        Some(what) => format!(" These kinds of data were in it: {what}."),
        None => String::new(),
    };
    format!(
        "{} was in data that was taken{when}.{what} It helps to change the password there, and wherever \
         you use the same one, and to turn on two-factor sign-in.",
        mask(address)
    )
}

/// The first few, and how many more.
fn classes(all: &[String]) -> Option<String> {
    let named = all
        .iter()
        .take(NAMED)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    match all.len() {
        0 => None,
        count if count > NAMED => Some(format!("{named} +{} more", count - NAMED)),
        _ => Some(named),
    }
}

/// "February 2024", from a day.
fn month(day: &str) -> Option<String> {
    let (year, rest) = day.split_once('-')?;
    let number: usize = rest.split('-').next()?.parse().ok()?;
    Some(format!("{} {year}", MONTHS.get(number.checked_sub(1)?)?))
}

/// Both shapes: the screen reads `breaches`, others the flat names (QUIRKS Q4).
fn metadata(address: &str, breach: &Breach) -> Map<String, Value> {
    Map::from_iter([
        ("breachName".to_owned(), json!(breach.name)),
        ("breachDate".to_owned(), json!(breach.date)),
        ("affectedEmail".to_owned(), json!(mask(address))),
        ("dataTypes".to_owned(), json!(breach.data_classes)),
        ("source".to_owned(), json!("haveibeenpwned")),
        (
            "breaches".to_owned(),
            json!([{ "name": breach.title, "breachDate": breach.date, "dataClasses": breach.data_classes }]),
        ),
    ])
}

/// An address she recognises and nobody else reads: `u***@e***.com`.
#[must_use]
pub fn mask(address: &str) -> String {
    let (local, domain) = address.split_once('@').unwrap_or((address, ""));
    let (host, ending) = domain.rsplit_once('.').unwrap_or((domain, ""));
    format!("{}@{}.{ending}", first(local), first(host))
}

/// The same for a result of hers: `u***@example.com`.
#[must_use]
pub fn mask_local(address: &str) -> String {
    let (local, domain) = address.split_once('@').unwrap_or((address, ""));
    format!("{}@{domain}", first(local))
}

fn first(text: &str) -> String {
    let shown: String = text.chars().take(1).collect();
    format!("{shown}***")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breach() -> Breach {
        Breach {
            name: "ExampleShop".into(),
            title: "Example Shop".into(),
            date: Some("2024-02-11".into()),
            data_classes: ["Email addresses", "Passwords", "Names", "Phones", "Dates"]
                .map(str::to_owned)
                .into(),
            verified: true,
            ..Breach::default()
        }
    }

    fn alert(breach: &Breach) -> Alert {
        let user = UserId::parse("6f9619ff-8b86-4d01-b42d-00cf4fc964fe").unwrap();
        breach_alert(
            user,
            "user@example.com",
            breach,
            Timestamp::from_epoch_seconds(1_800_000_000).unwrap(),
        )
    }

    #[test]
    fn only_what_is_verified_and_real_counts() {
        assert!(breach().counts());
        for not in [
            Breach {
                verified: false,
                ..breach()
            },
            Breach {
                fabricated: true,
                ..breach()
            },
            Breach {
                retired: true,
                ..breach()
            },
            Breach {
                spam_list: true,
                ..breach()
            },
        ] {
            assert!(!not.counts(), "{not:?}");
        }
    }

    #[test]
    fn it_is_told_with_a_masked_address_and_in_both_shapes() {
        let alert = alert(&breach());
        assert_eq!(
            (alert.kind, alert.severity),
            (AlertType::DataBreach, Severity::High)
        );
        assert!(alert.title.contains("Example Shop"));
        let text = &alert.description;
        assert!(
            text.contains("u***@e***.com") && text.contains("February 2024"),
            "{text}"
        );
        assert!(
            text.contains("Email addresses, Passwords, Names +2 more"),
            "{text}"
        );
        assert!(
            !serde_json::to_string(&alert)
                .unwrap()
                .contains("user@example")
        );
        let facts = alert.metadata.unwrap();
        assert_eq!(facts["breachName"], "ExampleShop");
        assert_eq!(facts["affectedEmail"], "u***@e***.com");
        assert_eq!(facts["breaches"][0]["name"], "Example Shop");
        assert_eq!(facts["breaches"][0]["dataClasses"], facts["dataTypes"]);
    }

    #[test]
    fn what_is_not_known_is_not_said() {
        let bare = Breach {
            date: None,
            data_classes: vec![],
            ..breach()
        };
        let told = alert(&bare);
        assert_eq!(told.severity, Severity::Medium);
        assert!(
            told.description.contains("taken. It helps"),
            "{}",
            told.description
        );
        let odd = Breach {
            date: Some("2024-13-01".into()),
            ..bare
        };
        assert!(alert(&odd).description.contains("taken. It helps"));
        let hidden = Breach {
            sensitive: true,
            ..breach()
        };
        assert!(!alert(&hidden).title.contains("Shop"));
    }

    #[test]
    fn one_breach_of_one_address_is_one_alert() {
        let user = UserId::random();
        let id = |name, address| AlertId::of_breach(user, name, address);
        assert_eq!(id("A", "x@y.z"), id("A", "x@y.z"));
        assert_ne!(id("A", "x@y.z"), id("B", "x@y.z"));
        assert_ne!(id("A", "x@y.z"), id("A", "w@y.z"));
        assert_ne!(
            id("A", "x@y.z"),
            AlertId::of_breach(UserId::random(), "A", "x@y.z")
        );
    }

    #[test]
    fn masks() {
        assert_eq!(mask("user@mail.example.com"), "u***@m***.com");
        assert_eq!(mask_local("jane@example.com"), "j***@example.com");
        assert_eq!(mask("é@ü.de"), "é***@ü***.de");
        assert_eq!(mask(""), "***@***.");
    }
}
