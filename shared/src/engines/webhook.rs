//! Webhook signatures: Standard Webhooks, signature `v1`.

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::domain::{Error, Result, Timestamp};

const PREFIX: &str = "whsec_";

/// The bytes of a new secret.
const BYTES: usize = 32;

/// A secret as its owner is shown it once.
pub fn new_secret() -> Result<String> {
    let mut bytes = [0; BYTES];
    rand::fill(&mut bytes).map_err(|err| Error::unavailable("drawing a secret", err))?;
    Ok(format!("{PREFIX}{}", STANDARD.encode(bytes)))
}

/// The headers of a call with this body. `id` names the message, however often it is sent.
pub fn signed(
    secret: &str,
    id: &str,
    now: Timestamp,
    body: &str,
) -> Result<[(&'static str, String); 4]> {
    let key = secret.strip_prefix(PREFIX).unwrap_or(secret);
    let key = STANDARD
        .decode(key)
        .map_err(|err| Error::bug("signing a call", err))?;
    let seconds = now.epoch_seconds().to_string();
    let text = format!("{id}.{seconds}.{body}");
    let mac = hmac::sign(&hmac::Key::new(HMAC_SHA256, &key), text.as_bytes());
    Ok([
        ("content-type", "application/json".to_owned()),
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", seconds),
        ("webhook-signature", format!("v1,{}", STANDARD.encode(mac))),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_standard_comes_out() {
        let now = Timestamp::from_epoch_seconds(1_614_265_330).unwrap();
        let headers = signed(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            now,
            "{\"test\": 2432232314}",
        );
        let headers = headers.unwrap();
        assert_eq!(headers[1].1, "msg_p5jXN8AQM9LWM0D4loKWxJek");
        assert_eq!(headers[2].1, "1614265330");
        assert_eq!(
            headers[3].1,
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    #[test]
    fn secrets_differ_and_sign() {
        let (one, two) = (new_secret().unwrap(), new_secret().unwrap());
        assert_ne!(one, two);
        let now = Timestamp::from_epoch_seconds(1_800_000_000).unwrap();
        let by = |secret| signed(secret, "m", now, "{}").unwrap()[3].1.clone();
        assert_ne!(by(&one), by(&two));
        assert!(signed("whsec_!", "m", now, "{}").is_err());
    }
}
