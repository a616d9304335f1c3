//! Reply addresses of requests: `c-<tag>@<post domain>`, the tag computed from whose request it is and which.

use sha2::{Digest, Sha256};

use crate::{TakedownId, UserId};

/// What the hash of a tag begins with, so that it is the hash of nothing else.
const HASH_DOMAIN: &str = "vara-reply-tag-v1";

/// The letters of base32 (RFC 4648), in lower case.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// The length of a tag: 130 bits.
const TAG_CHARS: usize = 26;

const LOCAL_PREFIX: &str = "c-";

/// The secret part of a reply address. Nobody computes it without her id, which never leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyTag(String);

impl ReplyTag {
    /// The tag of this request.
    #[must_use]
    pub fn of(user: UserId, id: TakedownId) -> Self {
        let mut hash = Sha256::new();
        for part in [HASH_DOMAIN, &user.to_string(), &id.to_string()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let digest = hash.finalize();
        let bits = digest
            .iter()
            .flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1));
        let bits: Vec<u8> = bits.take(TAG_CHARS * 5).collect();
        let letter = |five: &[u8]| {
            let number = five.iter().fold(0, |sum, bit| sum * 2 + usize::from(*bit));
            ALPHABET.get(number).map_or('a', |it| char::from(*it))
        };
        Self(bits.chunks(5).map(letter).collect())
    }

    /// The tag that an address of this domain, or an id of a mail in it, holds.
    #[must_use]
    pub fn parse(address: &str, domain: &str) -> Option<Self> {
        let address = address.trim().to_ascii_lowercase();
        let (local, host) = address.rsplit_once('@')?;
        // What stands behind a plus is the sender's own.
        let local = local.split('+').next().unwrap_or(local);
        let tag = local.strip_prefix(LOCAL_PREFIX)?;
        let is_tag = tag.len() == TAG_CHARS && tag.bytes().all(|it| ALPHABET.contains(&it));
        (is_tag && host.eq_ignore_ascii_case(domain)).then(|| Self(tag.to_owned()))
    }

    /// The address at this domain.
    #[must_use]
    pub fn address(&self, domain: &str) -> String {
        format!("{LOCAL_PREFIX}{}@{domain}", self.0)
    }

    /// The tag alone.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn tag(number: u128) -> ReplyTag {
        let user = UserId::from(Uuid::from_u128(number));
        ReplyTag::of(user, TakedownId::from(Uuid::from_u128(7)))
    }

    #[test]
    fn an_address_leads_back_to_its_tag_and_no_other_address_does() {
        let one = tag(1);
        assert_ne!(one, tag(2));
        assert_eq!(one.as_str().len(), 26);
        let address = one.address("post.example");
        let parse = |it: &str| ReplyTag::parse(it, "post.example");
        assert_eq!(parse(&address), Some(one.clone()));
        assert_eq!(parse(&address.to_uppercase()), Some(one.clone()));
        assert_eq!(parse(&address.replace('@', "+x@")), Some(one));
        for other in [
            "c-short@post.example",
            "c-@post.example",
            "hello@post.example",
            "",
            "c-aaaaaaaaaaaaaaaaaaaaaaaaa1@post.example",
            "c-aaaaaaaaaaaaaaaaaaaaaaaaaa@other.example",
        ] {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
