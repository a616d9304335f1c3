//! Text of a request: what is sent, byte for byte, and the statements of law that she ticks herself.
//!
//! Its hash is what she approves. The words come from the templates of `vara-templates`.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What the hash of a text begins with, so that it is the hash of nothing else.
const HASH_DOMAIN: &str = "vara-takedown-text-v1";

/// A sentence of law that is true because she says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TextStatement {
    /// Its name.
    pub id: String,
    /// The sentence.
    pub text: String,
}

/// A text as it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RequestText {
    /// The subject of a mail.
    pub subject: String,
    /// The whole text.
    pub body: String,
    /// The statements of law in it. Each is ticked by her, none beforehand.
    pub statements: Vec<TextStatement>,
}

impl RequestText {
    /// The hash of all of it, in hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> String {
        let mut hash = Sha256::new();
        let statements = self.statements.iter();
        let said = statements.flat_map(|it| [it.id.as_str(), it.text.as_str()]);
        let parts = [HASH_DOMAIN, &self.subject, &self.body];
        for part in parts.into_iter().chain(said) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hash.finalize()
            .iter()
            .map(|it| format!("{it:02x}"))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_of_every_byte_in_its_place() {
        let one = RequestText {
            subject: "A".to_owned(),
            body: "BC".to_owned(),
            statements: vec![TextStatement {
                id: "i".to_owned(),
                text: "t".to_owned(),
            }],
        };
        assert_eq!(one.sha256(), one.clone().sha256());
        assert_eq!(one.sha256().len(), 64);
        let changes: [fn(&mut RequestText); 4] = [
            |it| {
                it.subject = "AB".to_owned();
                it.body = "C".to_owned();
            },
            |it| it.body.push('\n'),
            |it| it.statements.clear(),
            |it| it.statements[0].text.push('.'),
        ];
        for change in changes {
            let mut other = one.clone();
            change(&mut other);
            assert_ne!(other.sha256(), one.sha256(), "{other:?}");
        }
    }
}
