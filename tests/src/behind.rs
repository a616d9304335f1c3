//! What only time does: tokens, links and sign-ins that have ended.
//!
//! Nobody can wait an hour for them, so they are made with the system's own secret and table, by the
//! system's own code. Everything else is done through the gateway.

use std::collections::HashMap;

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::{Client, Config};
use vara::auth::{Access, Keys, OneTime};
use vara::clock;
use vara::domain::{Account, Link, LinkKind, Role, Session, Timestamp, UserId};
use vara::store::{DUE_AWAY, Store};
use vara_local::Stack;

/// The function whose settings are taken.
const FUNCTION: &str = "api-auth";

/// More than an access token or a link lives, and less than a sign-in.
const HOURS: i64 = 2 * 3600;

/// Behind the gateway of a local stack.
pub struct Behind {
    client: Client,
    table: String,
    store: Store,
    access: Access,
    public_url: String,
}

impl Behind {
    /// Of this stack.
    #[must_use]
    pub fn of(stack: &Stack) -> Self {
        let setting = |name| stack.setting(FUNCTION, name).unwrap();
        let config = Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::from_static("eu-central-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "tests"))
            .endpoint_url(stack.endpoint("dynamodb").unwrap())
            .build();
        let keys = Keys::of(&[setting("SECRET")], &[setting("SIGNING_SECRET")]).unwrap();
        let public_url = setting("PUBLIC_URL").to_owned();
        let client = Client::from_conf(config);
        Self {
            store: Store::new(client.clone(), stack.table()),
            client,
            table: stack.table().to_owned(),
            access: Access::new(keys, &public_url),
            public_url,
        }
    }

    /// How many pictures the schedule will remove from engines.
    pub async fn left_at_engines(&self) -> usize {
        let late = clock::now().plus_seconds(HOURS);
        let due = self.store.due(DUE_AWAY, late, usize::MAX).await;
        due.unwrap().len()
    }

    /// A token of hers that was good until an hour ago, and until when that was.
    pub async fn late_token(&self, user: &str) -> (String, String) {
        let (account, session) = self.signed_in(user).await;
        let then = clock::now().minus_seconds(HOURS);
        let (token, end) = self
            .access
            .issue(&account, Role::User, &session, then)
            .unwrap();
        // A token knows its end to the second.
        let end = Timestamp::from_epoch_seconds(end.epoch_seconds()).unwrap();
        let end = serde_json::to_value(end).unwrap();
        (token, end.as_str().unwrap().to_owned())
    }

    /// A token of hers as it is from the next one on after she was given a role.
    pub async fn token_as(&self, user: &str, role: Role) -> String {
        let (account, session) = self.signed_in(user).await;
        let token = self.access.issue(&account, role, &session, clock::now());
        token.unwrap().0
    }

    /// Tokens that say they are hers: signed with another secret, and of another issuer.
    pub async fn false_tokens(&self, user: &str) -> [String; 2] {
        let (account, session) = self.signed_in(user).await;
        let other = Keys::derive(&"another-secret".repeat(5), None).unwrap();
        let forged = Access::new(other, &self.public_url);
        let foreign = Access::new(self.access.keys().clone(), "https://elsewhere.example");
        [forged, foreign].map(|it| {
            it.issue(&account, Role::User, &session, clock::now())
                .unwrap()
                .0
        })
    }

    /// The token of a mailed link by which she could choose a new password an hour ago.
    pub async fn late_link(&self, user: &str) -> String {
        let (account, _) = self.signed_in(user).await;
        let OneTime { token, hash } = OneTime::draw().unwrap();
        let now = clock::now();
        let link = Link {
            kind: LinkKind::Recovery,
            user_id: account.id(),
            hash,
            expires_at: now.minus_seconds(HOURS),
        };
        assert!(
            self.store
                .add_link(&account, &link, None, now)
                .await
                .unwrap()
        );
        token
    }

    /// Her sign-in, as it is when its older refresh tokens were superseded long ago.
    pub async fn without_tolerance(&self, user: &str) {
        let change = |session| Session {
            superseded: Vec::new(),
            refreshed_at: clock::now().minus_seconds(HOURS),
            ..session
        };
        self.change(user, change).await;
    }

    /// Has all that happened to a request to remove have happened so many hours earlier.
    pub async fn takedown_ages(&self, user: &str, id: &str, hours: i64) {
        let key = |name: &str, value: String| (name.to_owned(), AttributeValue::S(value));
        let place = HashMap::from([
            key("pk", format!("USER#{user}")),
            key("sk", format!("TAKEDOWN#{id}")),
        ]);
        let row = self.client.get_item().table_name(&self.table);
        let row = row.set_key(Some(place)).consistent_read(true).send().await;
        let row = row.unwrap().item.unwrap().into_iter();
        let aged = row.map(|(name, it)| (name, earlier(it, hours))).collect();
        let put = self.client.put_item().table_name(&self.table);
        put.set_item(Some(aged)).send().await.unwrap();
    }

    /// Her sign-in, as it is when it was not used for years.
    pub async fn unused(&self, user: &str) {
        let refreshed_at = Timestamp::from_epoch_seconds(1_700_000_000).unwrap();
        let change = |session| Session {
            refreshed_at,
            ..session
        };
        self.change(user, change).await;
    }

    /// Her sign-in, as it is when her password was entered a day ago.
    pub async fn signed_in_long_ago(&self, user: &str) {
        let (_, session) = self.signed_in(user).await;
        let created_at = clock::now().minus_seconds(24 * HOURS);
        let change = self.client.update_item().table_name(&self.table);
        change
            .key("pk", AttributeValue::S(format!("SIGN-IN#{user}")))
            .key("sk", AttributeValue::S(format!("SESSION#{}", session.id)))
            .update_expression("SET createdAt = :then")
            .condition_expression("attribute_exists(createdAt)")
            .expression_attribute_values(":then", AttributeValue::S(created_at.to_string()))
            .send()
            .await
            .unwrap();
    }

    /// The schedule has come to the hour of her next scan of profiles.
    pub async fn profiles_are_due(&self, user: &str) {
        let change = self.client.update_item().table_name(&self.table);
        change
            .key("pk", AttributeValue::S(format!("USER#{user}")))
            .key("sk", AttributeValue::S("PROFILES".to_owned()))
            .update_expression("SET due_at = :past")
            .condition_expression("attribute_exists(due_at)")
            .expression_attribute_values(
                ":past",
                AttributeValue::S("2026-01-01T00:00:00.000Z".to_owned()),
            )
            .send()
            .await
            .unwrap();
    }

    async fn change(&self, user: &str, change: impl FnOnce(Session) -> Session) {
        let (_, before) = self.signed_in(user).await;
        let after = change(before.clone());
        assert!(self.store.rotate(&before, &after).await.unwrap());
    }

    /// Her account and the first of her sign-ins.
    async fn signed_in(&self, user: &str) -> (Account, Session) {
        let user = UserId::parse(user).unwrap();
        let account = self.store.account(user).await.unwrap().unwrap();
        let id = self.store.sessions(user).await.unwrap()[0];
        let session = self.store.session(user, id).await.unwrap().unwrap();
        (account, session)
    }
}

/// A value in which every moment is so many hours earlier.
fn earlier(value: AttributeValue, hours: i64) -> AttributeValue {
    match value {
        AttributeValue::S(text) => AttributeValue::S(match Timestamp::parse(&text) {
            Some(at) => at.minus_seconds(hours * 3600).to_string(),
            None => text,
        }),
        AttributeValue::M(map) => {
            let all = map.into_iter();
            AttributeValue::M(all.map(|(name, it)| (name, earlier(it, hours))).collect())
        }
        other => other,
    }
}
