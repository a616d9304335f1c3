//! What lets us into accounts of hers elsewhere, sealed before it is stored.
//!
//! Each thing is sealed with a key of its own, and that key with ours (an envelope): what is sealed for
//! one account does not open as another's, and a thing is gone with its row. Our key is derived from the
//! root secret, which KMS keeps; after a change of the secret what the last one sealed still opens.

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand;

use super::seal::Seal;
use crate::domain::{Error, Result};

/// The way this module seals, so that there can be another.
const WAY: &str = "v1";

/// Seals and opens. The first key seals, all of them open.
#[derive(Default)]
pub(super) struct Vault(Vec<Seal>);

impl Vault {
    pub(super) fn new(keys: impl IntoIterator<Item = [u8; 32]>) -> Result<Self, Unspecified> {
        let seals = keys.into_iter().map(|it| Seal::new(&it));
        seals.collect::<Result<_, _>>().map(Self)
    }

    /// `text`, sealed as a thing of `owner`.
    pub(super) fn close(&self, owner: &str, text: &str) -> Result<String> {
        let refused = || Error::bug("sealing", "it cannot be sealed");
        let mut key = [0; 32];
        rand::fill(&mut key).map_err(|err| Error::unavailable("drawing a key", err))?;
        let ours = self.0.first().ok_or_else(refused)?;
        let wrapped = ours.close(owner, key.to_vec()).ok_or_else(refused)?;
        let seal = Seal::new(&key).map_err(|_| refused())?;
        let sealed = seal.close(owner, text.into()).ok_or_else(refused)?;
        Ok(format!("{WAY}.{wrapped}.{sealed}"))
    }

    /// What was sealed as a thing of `owner`.
    pub(super) fn open(&self, owner: &str, sealed: &str) -> Result<String> {
        let opened = || {
            let (wrapped, sealed) = sealed
                .strip_prefix(WAY)?
                .strip_prefix('.')?
                .split_once('.')?;
            let key = self.0.iter().find_map(|it| it.open(owner, wrapped))?;
            let seal = Seal::new(key.as_slice().try_into().ok()?).ok()?;
            String::from_utf8(seal.open(owner, sealed)?).ok()
        };
        opened().ok_or_else(|| Error::bug("opening what is sealed", "it was not sealed by us"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_sealed_opens_for_its_owner_only_and_after_a_change_of_keys() {
        let old = Vault::new([[1; 32]]).unwrap();
        let sealed = old.close("ana", "secret").unwrap();
        assert!(!sealed.contains("secret"));
        assert_ne!(sealed, old.close("ana", "secret").unwrap());
        assert_eq!(old.open("ana", &sealed).unwrap(), "secret");
        assert!(old.open("eve", &sealed).is_err());
        let both = Vault::new([[2; 32], [1; 32]]).unwrap();
        assert_eq!(both.open("ana", &sealed).unwrap(), "secret");
        assert!(Vault::new([[2; 32]]).unwrap().open("ana", &sealed).is_err());
        for broken in [
            "",
            "v1",
            "v1.",
            "v1.a.b",
            "v2.a.b",
            &sealed[..sealed.len() - 2],
        ] {
            assert!(both.open("ana", broken).is_err(), "{broken}");
        }
        assert!(Vault::new([]).unwrap().close("ana", "x").is_err());
    }
}
