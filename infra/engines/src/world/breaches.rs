//! The breaches that were planted, and what the breach service was asked for.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::answer::EngineRefusal;
use crate::lock::lock;

/// How many questions are remembered.
const REMEMBERED: usize = 1000;

/// Every planted breach, by address.
#[derive(Default)]
pub(crate) struct Breaches {
    planted: Mutex<BTreeMap<String, Vec<Map<String, Value>>>>,
    asked: Mutex<Vec<String>>,
}

/// The body of `POST /_web/breaches`: a breach with whatever of its facts matter; the others are made up.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Planting {
    email: String,
    pub(crate) breach: Map<String, Value>,
}

impl Breaches {
    /// Plants a breach; what was planted, whole.
    ///
    /// # Errors
    /// A sentence that says what cannot be.
    pub(crate) fn plant(&self, wish: Planting) -> Result<Planting, EngineRefusal> {
        let email = wish.email.trim().to_lowercase();
        if !is_address(&email) {
            return Err(EngineRefusal::bad("email must be an address"));
        }
        let name = wish.breach.get("Name").and_then(Value::as_str);
        let name = name.filter(|it| !it.is_empty());
        let name = name.ok_or_else(|| EngineRefusal::bad("breach.Name is missing"))?;
        let mut breach = usual(name);
        for (key, value) in &wish.breach {
            if !breach.contains_key(key) {
                return Err(EngineRefusal::bad(format!("a breach has no {key}")));
            }
            breach.insert(key.clone(), value.clone());
        }
        let planted = Planting {
            email: email.clone(),
            breach: breach.clone(),
        };
        let mut all = lock(&self.planted);
        let of_hers = all.entry(email).or_default();
        of_hers.retain(|it| it.get("Name") != breach.get("Name"));
        of_hers.push(breach);
        Ok(planted)
    }

    pub(crate) fn all(&self) -> Vec<Planting> {
        let all = lock(&self.planted);
        let each = |(email, breaches): (&String, &Vec<Map<_, _>>)| {
            let of = |breach: &Map<_, _>| Planting {
                email: email.clone(),
                breach: breach.clone(),
            };
            breaches.iter().map(of).collect::<Vec<_>>()
        };
        all.iter().flat_map(each).collect()
    }

    pub(crate) fn clear(&self) -> usize {
        lock(&self.asked).clear();
        std::mem::take(&mut *lock(&self.planted))
            .values()
            .map(Vec::len)
            .sum()
    }

    /// The paths the service was asked for, oldest first.
    pub(crate) fn asked(&self) -> Vec<String> {
        lock(&self.asked).clone()
    }

    pub(crate) fn ask(&self, path: &str) {
        let mut asked = lock(&self.asked);
        if asked.len() < REMEMBERED {
            asked.push(path.to_owned());
        }
    }

    /// The addresses that a breach was planted for.
    pub(crate) fn addresses(&self) -> Vec<String> {
        lock(&self.planted).keys().cloned().collect()
    }

    /// What the public search tells of an address: everything but what is sensitive.
    pub(crate) fn of(&self, email: &str) -> Vec<Map<String, Value>> {
        let all = lock(&self.planted);
        let of_hers = all.get(email).cloned().unwrap_or_default();
        of_hers
            .into_iter()
            .filter(|it| !is(it, "IsSensitive"))
            .collect()
    }
}

/// A breach with nothing special about it.
fn usual(name: &str) -> Map<String, Value> {
    let breach = json!({
        "Name": name, "Title": name, "Domain": "shop.example", "BreachDate": "2024-02-11",
        "AddedDate": "2024-03-01T08:00:00Z", "ModifiedDate": "2024-03-01T08:00:00Z", "PwnCount": 120_345,
        "Description": "In February 2024 <em>data</em> was taken.",
        "LogoPath": "https://logos.example/x.png", "Attribution": null,
        "DataClasses": ["Email addresses", "Passwords"],
        "IsVerified": true, "IsFabricated": false, "IsSensitive": false, "IsRetired": false,
        "IsSpamList": false, "IsMalware": false, "IsStealerLog": false, "IsSubscriptionFree": false,
    });
    breach.as_object().cloned().unwrap_or_default()
}

pub(crate) fn is(breach: &Map<String, Value>, flag: &str) -> bool {
    breach.get(flag) == Some(&Value::Bool(true))
}

pub(crate) fn is_address(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'))
        && !text.contains(char::is_whitespace)
}
