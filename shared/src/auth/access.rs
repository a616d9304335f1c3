//! Access tokens (JWT): claims, signing, verification, lifetime.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Keys;
use super::published::PublishedKeys;
use crate::domain::{
    Account, Error, Result, Role, Session, SessionId, SignInMethod, Timestamp, UserId,
};

/// Whom every token of ours is for.
const AUDIENCE: &str = "authenticated";

/// Makes and reads access tokens of one issuer.
#[derive(Clone, Debug)]
pub struct Access {
    keys: Keys,
    /// Where the keys of tokens are found, if they are not ours.
    published: Option<PublishedKeys>,
    issuer: String,
}

/// What we read of a token. Tokens of other issuers have no session of ours.
#[derive(Clone, Debug, Deserialize)]
pub struct Claims {
    /// Who.
    pub sub: UserId,
    /// Her address.
    #[serde(default)]
    pub email: String,
    /// Until when, in seconds since 1970.
    pub exp: i64,
    /// On which device.
    #[serde(default)]
    pub session_id: Option<SessionId>,
    /// What whoever runs the issuer says of her.
    #[serde(default)]
    pub app_metadata: AppMetadata,
    /// How and when she showed who she is, of any shape that an issuer writes.
    #[serde(default)]
    amr: Value,
}

/// The methods that count as a confirmation; a mailed link (`otp`) does not.
const STRONG_METHODS: [&str; 4] = ["password", "totp", "mfa/totp", "mfa/webauthn"];

impl Claims {
    /// When she last entered a password or used a factor, as the token says.
    pub(super) fn confirmed_at(&self) -> Option<Timestamp> {
        let all = self.amr.as_array()?.iter();
        let strong = all.filter(|it| {
            let method = it["method"].as_str();
            method.is_some_and(|it| STRONG_METHODS.contains(&it))
        });
        let newest = strong.filter_map(|it| it["timestamp"].as_i64()).max()?;
        Timestamp::from_epoch_seconds(newest)
    }
}

/// Metadata that the user cannot change.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AppMetadata))]
pub struct RoleMetadata {
    provider: &'static str,
    providers: Vec<&'static str>,
    /// Absent for an ordinary user.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
}

impl RoleMetadata {
    /// What our tokens and answers say of her.
    #[must_use]
    pub fn of(role: Role) -> Self {
        Self {
            provider: "email",
            providers: vec!["email"],
            role: Some(role).filter(|it| *it != Role::User),
        }
    }
}

/// What a token says that its owner cannot write herself.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct AppMetadata {
    #[serde(default)]
    role: Option<Value>,
}

impl AppMetadata {
    /// Her role; without a known one she is a user.
    #[must_use]
    pub fn role(&self) -> Role {
        let name = self.role.as_ref().and_then(Value::as_str);
        name.and_then(Role::named).unwrap_or_default()
    }
}

/// Whose keys verified a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenIssuer {
    Us,
    External,
}

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rejected {
    Expired(i64),
    Invalid,
}

impl Access {
    /// How long an access token is good for, in seconds. The app refreshes five minutes before the end,
    /// so anything near that would make it refresh for ever.
    pub const LIFE_SECONDS: i64 = 3600;

    /// Tokens signed with `keys`, whose issuer is the sign-in surface at `public_url`.
    #[must_use]
    pub fn new(keys: Keys, public_url: &str) -> Self {
        Self::with(keys, public_url, None)
    }

    /// Tokens that another function signs and that are verified with what it published.
    #[must_use]
    pub(super) fn verifying(keys: Keys, public_url: &str, published: PublishedKeys) -> Self {
        Self::with(keys, public_url, Some(published))
    }

    fn with(keys: Keys, public_url: &str, published: Option<PublishedKeys>) -> Self {
        Self {
            keys,
            published,
            issuer: format!("{}/auth/v1", public_url.trim_end_matches('/')),
        }
    }

    /// The keys.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// An access token for this sign-in, and when it ends.
    pub fn issue(
        &self,
        account: &Account,
        role: Role,
        session: &Session,
        now: Timestamp,
    ) -> Result<(String, Timestamp)> {
        let pair = self
            .keys
            .signing()
            .ok_or_else(|| Error::bug("signing a token", "there is no key"))?;
        let end = now.plus_seconds(Self::LIFE_SECONDS);
        let claims = json!({
            "iss": self.issuer,
            "sub": account.id(),
            "aud": AUDIENCE,
            "exp": end.epoch_seconds(),
            "iat": now.epoch_seconds(),
            "email": account.email,
            "phone": "",
            "app_metadata": RoleMetadata::of(role),
            "user_metadata": {},
            "role": AUDIENCE,
            "aal": "aal1",
            "amr": amr(session),
            "session_id": session.id,
            "is_anonymous": false,
        });
        let header = Header {
            kid: Some(pair.kid.clone()),
            ..Header::new(Algorithm::ES256)
        };
        let token = jsonwebtoken::encode(&header, &claims, &pair.encoding)
            .map_err(|err| Error::bug("signing a token", err))?;
        Ok((token, end))
    }

    /// Whether a token names us as its issuer. Nothing of it is verified: this only says whose keys to ask.
    pub(super) fn is_named_by(&self, token: &str) -> bool {
        let body = token.split('.').nth(1);
        let body = body.and_then(|it| URL_SAFE_NO_PAD.decode(it).ok());
        let claims = body.and_then(|it| serde_json::from_slice::<Value>(&it).ok());
        claims.is_some_and(|it| it["iss"] == self.issuer.as_str())
    }

    /// What a token of ours says; `None` if it is not one of ours. The outer error is trouble with
    /// finding its key.
    pub(super) async fn read(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<Option<Result<Claims, Rejected>>> {
        let header = jsonwebtoken::decode_header(token).ok();
        let Some(kid) = header.and_then(|it| it.kid) else {
            return Ok(None);
        };
        let published;
        let key = match (self.keys.verifying(&kid), &self.published) {
            (Some(pair), _) => &pair.decoding,
            (None, Some(keys)) => match keys.find(&kid).await? {
                Some(key) => {
                    published = key;
                    &published
                }
                None => return Ok(None),
            },
            (None, None) => return Ok(None),
        };
        let read = verify(token, key, Algorithm::ES256, &self.issuer, now);
        Ok(Some(read))
    }
}

/// Reads a token signed by `key`. Which algorithm is expected is ours to say, never the token's.
pub(super) fn verify(
    token: &str,
    key: &DecodingKey,
    algorithm: Algorithm,
    issuer: &str,
    now: Timestamp,
) -> Result<Claims, Rejected> {
    let mut rules = Validation::new(algorithm);
    rules.set_audience(&[AUDIENCE]);
    rules.set_issuer(&[issuer]);
    rules.set_required_spec_claims(&["exp", "sub", "aud", "iss"]);
    // Ours to check, against the caller's `now` and without leeway.
    rules.validate_exp = false;
    let claims: Claims = jsonwebtoken::decode(token, key, &rules)
        .map_err(|_| Rejected::Invalid)?
        .claims;
    if claims.exp <= now.epoch_seconds() {
        Err(Rejected::Expired(claims.exp))
    } else {
        Ok(claims)
    }
}

/// How she showed who she is in this session, the newest first.
fn amr(session: &Session) -> Vec<Value> {
    let entry =
        |method: &str, at: Timestamp| json!({ "method": method, "timestamp": at.epoch_seconds() });
    let password = session
        .password_entered_at()
        .map(|at| entry("password", at));
    let link = (session.method == SignInMethod::Link).then(|| entry("otp", session.created_at));
    password.into_iter().chain(link).collect()
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::Value;

    use super::*;

    fn access(secret: &str, url: &str) -> Access {
        Access::new(Keys::derive(secret, None).unwrap(), url)
    }

    fn issue(access: &Access, now: Timestamp) -> (String, Session) {
        let account = Account::new(UserId::random(), "ana@example.net", now);
        let session = Session::new(account.id(), SignInMethod::Password, now);
        (
            access.issue(&account, Role::User, &session, now).unwrap().0,
            session,
        )
    }

    async fn read(
        access: &Access,
        token: &str,
        now: Timestamp,
    ) -> Option<Result<Claims, Rejected>> {
        access.read(token, now).await.unwrap()
    }

    fn now() -> Timestamp {
        Timestamp::parse("2026-11-20T12:00:00Z").unwrap()
    }

    const SECRET: &str = "a-secret-of-more-than-thirty-two-characters";

    #[tokio::test]
    async fn a_token_says_who_and_where_for_an_hour() {
        let access = access(SECRET, "http://localhost:4000/");
        let (token, session) = issue(&access, now());
        let claims = read(&access, &token, now()).await.unwrap().unwrap();
        assert_eq!(claims.session_id, Some(session.id));
        assert_eq!(claims.email, "ana@example.net");
        let end = now().epoch_seconds() + 3600;
        assert!(
            read(&access, &token, now().plus_seconds(3599))
                .await
                .unwrap()
                .is_ok()
        );
        assert_eq!(
            read(&access, &token, now().plus_seconds(3600))
                .await
                .unwrap()
                .unwrap_err(),
            Rejected::Expired(end)
        );

        let payload = token.split('.').nth(1).unwrap();
        let payload: Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
        assert_eq!(payload["iss"], "http://localhost:4000/auth/v1");
        assert_eq!(payload["aud"], "authenticated");
        assert_eq!(payload["amr"][0]["method"], "password");
    }

    #[tokio::test]
    async fn forged_foreign_and_unsigned_tokens_are_not_believed() {
        let ours = access(SECRET, "http://localhost:4000");
        let (token, _) = issue(&ours, now());
        let (head, rest) = token.split_once('.').unwrap();
        let (payload, signature) = rest.split_once('.').unwrap();

        let mut claims: Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
        claims["sub"] = json!(UserId::random());
        let forged = format!(
            "{head}.{}.{signature}",
            URL_SAFE_NO_PAD.encode(claims.to_string())
        );
        assert_eq!(
            read(&ours, &forged, now()).await.unwrap().unwrap_err(),
            Rejected::Invalid
        );

        let mut header: Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(head).unwrap()).unwrap();
        header["alg"] = json!("HS256");
        let confused = format!(
            "{}.{payload}.{signature}",
            URL_SAFE_NO_PAD.encode(header.to_string())
        );
        assert_eq!(
            read(&ours, &confused, now()).await.unwrap().unwrap_err(),
            Rejected::Invalid
        );

        // Another stage with the same secret is another issuer.
        assert_eq!(
            read(&access(SECRET, "https://other"), &token, now())
                .await
                .unwrap()
                .unwrap_err(),
            Rejected::Invalid
        );
        let another = "another-secret-of-more-than-thirty-two";
        let another = access(another, "http://localhost:4000");
        assert!(read(&another, &token, now()).await.is_none());
        for text in ["", "null", "a.b.c", "anon-key"] {
            assert!(read(&ours, text, now()).await.is_none(), "{text}");
        }
    }
}
