//! Validation of e-mail addresses and passwords: lengths and form.

#[cfg(feature = "openapi")]
pub mod schema;

use serde::Serialize;

/// The most characters of a password.
const PASSWORD_MOST: usize = 128;

/// The fewest.
const PASSWORD_LEAST: usize = 8;

/// The most bytes of an address.
const EMAIL_MOST: usize = 255;

/// What a password lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Weakness {
    /// Characters.
    Length,
    /// An upper-case letter, a lower-case letter or a digit.
    Characters,
}

/// What a new password lacks; nothing if it is fine.
#[must_use]
pub fn weaknesses(password: &str) -> Vec<Weakness> {
    let mut found = Vec::new();
    if password.chars().count() < PASSWORD_LEAST {
        found.push(Weakness::Length);
    }
    let has = |kind: fn(char) -> bool| password.chars().any(kind);
    if !(has(char::is_uppercase) && has(char::is_lowercase) && has(|it| it.is_ascii_digit())) {
        found.push(Weakness::Characters);
    }
    found
}

/// Whether a password is longer than we hash.
#[must_use]
pub fn is_too_long(password: &str) -> bool {
    // Bytes first: counting characters of a megabyte is work somebody else chose for us.
    password.len() > PASSWORD_MOST * 4 || password.chars().count() > PASSWORD_MOST
}

/// An address in the one spelling we keep: trimmed and in lower case. `None` if it cannot be one.
#[must_use]
pub fn email(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let (local, domain) = text.rsplit_once('@')?;
    let fits = text.len() <= EMAIL_MOST && is_local(local) && is_domain(domain);
    fits.then_some(text)
}

fn is_local(local: &str) -> bool {
    let allowed = |it: u8| it.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&it);
    (1..=64).contains(&local.len())
        && local.bytes().all(allowed)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
}

fn is_domain(domain: &str) -> bool {
    let label = |it: &str| {
        (1..=63).contains(&it.len())
            && it
                .bytes()
                .all(|it| it.is_ascii_alphanumeric() || it == b'-')
            && !it.starts_with('-')
            && !it.ends_with('-')
    };
    domain.contains('.')
        && domain.split('.').all(label)
        && !domain.ends_with(|it: char| it.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords() {
        for fine in ["Abcdefg1", "Übergroß7", "Correct1 horse battery"] {
            assert!(weaknesses(fine).is_empty(), "{fine}");
        }
        assert_eq!(weaknesses("Abcdef1"), [Weakness::Length]);
        for weak in ["abcdefg1", "ABCDEFG1", "Abcdefgh", "12345678"] {
            assert_eq!(weaknesses(weak), [Weakness::Characters], "{weak}");
        }
        assert_eq!(weaknesses(""), [Weakness::Length, Weakness::Characters]);
        assert!(!is_too_long(&"ß".repeat(128)));
        assert!(is_too_long(&"x".repeat(129)));
        assert!(is_too_long(&"x".repeat(1_000_000)));
    }

    #[test]
    fn addresses() {
        assert_eq!(
            email(" Ana.Maria+vara@Example.NET ").as_deref(),
            Some("ana.maria+vara@example.net")
        );
        let long = format!("a@{}.example", ["x".repeat(60).as_str(); 4].join("."));
        assert!(long.len() <= 255 && email(&long).is_some());
        let too_long = format!(
            "{}@{}.example",
            "a".repeat(20),
            ["x".repeat(60).as_str(); 4].join(".")
        );
        for bad in [
            "",
            "ana",
            "@example.net",
            "ana@",
            "ana@example",
            "a b@example.net",
            "ana@exa mple.net",
            "a..b@example.net",
            ".a@example.net",
            "ana@-x.net",
            "ana@127.0.0.1",
            "ana@example.net\r\nBcc: x@y.z",
            "<ana>@example.net",
            "a@b@\"example.net",
            "ána@example.net",
            &too_long,
        ] {
            assert_eq!(email(bad), None, "{bad}");
        }
    }
}
