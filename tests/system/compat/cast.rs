//! Those who call: each is there when a row first wants her.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::{Mutex, OnceCell};
use uuid::Uuid;
use vara_tests::pictures::{mine, mine_and_found};
use vara_tests::world::eventually;
use vara_tests::{Woman, World};

use super::row::Who;

/// How many alerts and findings there are to be taken, at least one for each row that takes one.
const ALERTS: usize = 14;
const FINDINGS: usize = 6;

/// A user, and what is hers by the name that rows call it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Person {
    pub(crate) authorization: Option<String>,
    things: BTreeMap<&'static str, String>,
}

impl Person {
    fn of(woman: &Woman<'_>) -> Self {
        Self {
            authorization: Some(format!("Bearer {}", woman.token)),
            things: BTreeMap::from([
                ("id", woman.id.clone()),
                ("email", woman.email.clone()),
                ("token", woman.token.clone()),
                ("refresh", woman.refresh.clone()),
            ]),
        }
    }

    fn with(mut self, name: &'static str, value: &Value) -> Self {
        self.things.insert(name, value.as_str().unwrap().to_owned());
        self
    }

    fn bearing(self, token: &str) -> Self {
        Self {
            authorization: Some(format!("Bearer {token}")),
            ..self
        }
    }

    /// What is hers by this name.
    pub(crate) fn thing(&self, name: &str) -> Option<&str> {
        self.things.get(name).map(String::as_str)
    }

    /// Keeps what an answer gave her, for later calls.
    pub(crate) fn learn(&mut self, answer: &Value, gateway: &str) {
        let data = &answer["data"];
        let learnt = [
            ("next", &answer["refresh_token"]),
            ("next", &data["refreshToken"]),
            ("item", &data["items"][0]["id"]),
            ("account", &data["id"]),
            ("file", &data["signedUrl"]),
            ("file", &data["url"]),
        ];
        for (name, value) in learnt {
            if let Some(text) = value.as_str() {
                // Addresses of ours are called as all others are.
                let text = text.strip_prefix(gateway).unwrap_or(text);
                self.things.insert(name, text.to_owned());
            }
        }
    }
}

/// Everybody.
#[derive(Default)]
pub(crate) struct Cast {
    reader: OnceCell<Person>,
    told: OnceCell<Option<Person>>,
    busy: OnceCell<Option<Mutex<Vec<Person>>>>,
    doubtful: OnceCell<Option<Mutex<Vec<Person>>>>,
    signed_out: OnceCell<Person>,
    gone: OnceCell<Person>,
    late: OnceCell<Person>,
    forged: OnceCell<[Person; 2]>,
}

impl Cast {
    /// The one a row wants.
    pub(crate) async fn call(&self, world: &World, who: Who) -> Person {
        match who {
            Who::Nobody => Person::default(),
            Who::Header(text) => Person {
                authorization: Some(text.to_owned()),
                ..Person::default()
            },
            Who::New => new(world).await,
            Who::Owner => owner(world).await,
            Who::Reader => self.reader.get_or_init(|| new(world)).await.clone(),
            Who::Told => known(self.told.get_or_init(|| tried(told(world))).await).clone(),
            Who::Busy => taken(known(self.busy.get_or_init(|| tried(busy(world))).await)).await,
            Who::Doubtful => {
                taken(known(
                    self.doubtful.get_or_init(|| tried(doubtful(world))).await,
                ))
                .await
            }
            Who::Late => self.late.get_or_init(|| late(world)).await.clone(),
            Who::Forged => self.forged.get_or_init(|| forged(world)).await[0].clone(),
            Who::Foreign => self.forged.get_or_init(|| forged(world)).await[1].clone(),
            Who::SignedOut => self
                .signed_out
                .get_or_init(|| signed_out(world))
                .await
                .clone(),
            Who::Gone => self.gone.get_or_init(|| gone(world)).await.clone(),
        }
    }
}

/// What anybody can name.
pub(crate) fn common(world: &World, name: &str) -> Option<String> {
    match name {
        "unknown" => Some("0e7d5c2f-7a51-4b0b-9f1c-3a865a1f6d02".to_owned()),
        "fresh" => Some(format!("w{}@example.org", Uuid::new_v4().simple())),
        "gateway" => Some(world.gateway.clone()),
        _ => None,
    }
}

/// Those who take long are made once, also if that fails: every row that wants her fails then at once.
async fn tried<T>(making: impl Future<Output = T>) -> Option<T> {
    AssertUnwindSafe(making).catch_unwind().await.ok()
}

fn known<T>(made: &Option<T>) -> &T {
    made.as_ref()
        .expect("whom this row wants could not be made; the first case that wanted her says why")
}

async fn taken(people: &Mutex<Vec<Person>>) -> Person {
    people
        .lock()
        .await
        .pop()
        .expect("there are too few for all rows")
}

async fn new(world: &World) -> Person {
    Person::of(&world.woman().await)
}

async fn owner(world: &World) -> Person {
    let her = world.woman().await;
    let image = her.upload(mine()).await;
    Person::of(&her).with("image", &image["id"])
}

async fn told(world: &World) -> Person {
    let _whole = world.whole().await;
    let (mine, found) = mine_and_found();
    world.plant(found).await;
    let her = world.woman().await;
    let image = her.upload(mine).await;
    let alert = her.alerts(1).await.remove(0);
    crate::flows::first_scan_is_over(&her, &image).await;
    let scan = her.scan().await;
    let path = format!("/api/v1/images/{}/matches", image["id"].as_str().unwrap());
    let matches = her.get(&path).await;
    Person::of(&her)
        .with("image", &image["id"])
        .with("alert", &alert["id"])
        .with("scan", &scan["id"])
        .with("match", &matches.expect(200).data()[0]["id"])
}

async fn busy(world: &World) -> Mutex<Vec<Person>> {
    let _whole = world.whole().await;
    let (mine, found) = mine_and_found();
    for _ in 0..ALERTS {
        world.plant(found.clone()).await;
    }
    let her = world.woman().await;
    her.upload(mine).await;
    let alerts = her.alerts(ALERTS).await;
    each(&her, "alert", &alerts)
}

async fn doubtful(world: &World) -> Mutex<Vec<Person>> {
    let _whole = world.whole().await;
    let mine = world.plant_doubtful(FINDINGS).await;
    let her = world.woman().await;
    her.upload(mine).await;
    let flagged = eventually("they wait for her word", async || {
        let flagged = her.get("/api/v1/matches/flagged?limit=100").await;
        let flagged = flagged.expect(200).data().as_array().unwrap().clone();
        (flagged.len() == FINDINGS).then_some(flagged)
    });
    each(&her, "match", &flagged.await)
}

fn each(her: &Woman<'_>, name: &'static str, things: &[Value]) -> Mutex<Vec<Person>> {
    let people = things
        .iter()
        .map(|it| Person::of(her).with(name, &it["id"]));
    Mutex::new(people.collect())
}

async fn signed_out(world: &World) -> Person {
    let her = world.woman().await;
    let out = her.call(Method::POST, "/auth/v1/logout?scope=global", None);
    out.await.expect(204);
    Person::of(&her)
}

async fn gone(world: &World) -> Person {
    let her = world.woman().await;
    her.delete("/api/v1/users/me").await.expect(200);
    Person::of(&her)
}

async fn late(world: &World) -> Person {
    let her = world.woman().await;
    let behind = world.behind();
    let (token, end) = behind.late_token(&her.id).await;
    let link = behind.late_link(&her.id).await;
    Person::of(&her)
        .bearing(&token)
        .with("end", &json!(end))
        .with("link", &json!(link))
}

async fn forged(world: &World) -> [Person; 2] {
    let her = world.woman().await;
    let tokens = world.behind().false_tokens(&her.id).await;
    tokens.map(|it| Person::of(&her).bearing(&it))
}
