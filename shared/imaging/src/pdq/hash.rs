//! `Pdq`, the hash: 32 bytes, their text form, their distance.

use std::fmt;
use std::str::FromStr;

use hex::FromHexError;

/// Two pictures are copies when their hashes differ in at most this many bits.
pub const MATCH_DISTANCE: u32 = 31;

/// A PDQ hash, most significant byte first.
///
/// Its text form is 64 lower-case hexadecimal digits. Pictures that cannot be
/// hashed have no hash: all zero is refused as text, since it would match every
/// other picture without one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pdq(pub [u8; 32]);

impl Pdq {
    /// In how many of the 256 bits two hashes differ.
    pub fn distance(&self, other: &Self) -> u32 {
        let (own, _) = self.0.as_chunks::<8>();
        let (others, _) = other.0.as_chunks::<8>();
        own.iter()
            .zip(others)
            .map(|(a, b)| (u64::from_ne_bytes(*a) ^ u64::from_ne_bytes(*b)).count_ones())
            .sum()
    }
}

impl fmt::Display for Pdq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Pdq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pdq({self})")
    }
}

/// Why a text is not a PDQ hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParsePdqError {
    /// Not 64 characters.
    #[error("a PDQ hash has 64 hexadecimal digits")]
    Length,
    /// A character that is no hexadecimal digit.
    #[error("a PDQ hash has hexadecimal digits only")]
    Digit,
    /// All zero: the mark of a picture that had no hash.
    #[error("an all-zero PDQ hash stands for no hash")]
    Zero,
}

impl FromStr for Pdq {
    type Err = ParsePdqError;

    /// Upper-case digits are taken too; other makers write them.
    fn from_str(text: &str) -> Result<Self, ParsePdqError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|err| match err {
            FromHexError::InvalidHexCharacter { .. } => ParsePdqError::Digit,
            FromHexError::OddLength | FromHexError::InvalidStringLength => ParsePdqError::Length,
        })?;
        if bytes == [0; 32] {
            return Err(ParsePdqError::Zero);
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn bad_texts_are_refused() {
        let parse = str::parse::<Pdq>;
        assert_eq!(parse(""), Err(ParsePdqError::Length));
        assert_eq!(parse(&"a".repeat(63)), Err(ParsePdqError::Length));
        assert_eq!(parse(&"a".repeat(65)), Err(ParsePdqError::Length));
        assert_eq!(parse(&"é".repeat(32)), Err(ParsePdqError::Digit));
        assert_eq!(parse(&"g".repeat(64)), Err(ParsePdqError::Digit));
        assert_eq!(parse(&"+f".repeat(32)), Err(ParsePdqError::Digit));
        assert_eq!(parse(&"0".repeat(64)), Err(ParsePdqError::Zero));
    }

    #[test]
    fn most_significant_bit_first() {
        let text = format!("8{}1", "0".repeat(62));
        let hash: Pdq = text.parse().unwrap();
        assert_eq!((hash.0[0], hash.0[31]), (0x80, 0x01));
        assert_eq!(hash.to_string(), text);
        assert_eq!(hash.distance(&Pdq([0; 32])), 2);
        assert_eq!(Pdq([0xff; 32]).distance(&Pdq([0; 32])), 256);
    }

    #[test]
    fn upper_case_is_read_and_lower_case_written() {
        let hash: Pdq = "AB".repeat(32).parse().unwrap();
        assert_eq!(hash.to_string(), "ab".repeat(32));
    }
}
