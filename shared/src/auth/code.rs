//! Short codes that are typed by hand.

use aws_lc_rs::rand;

use crate::domain::{Error, Result};

/// Signs that are not taken for one another. A power of two of them, so that each is as likely.
const SIGNS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// How long a code is: one of a million million, tried five times.
const LENGTH: usize = 8;

/// A new code.
pub fn draw_code() -> Result<String> {
    let mut bytes = [0; LENGTH];
    rand::fill(&mut bytes).map_err(|err| Error::unavailable("drawing a code", err))?;
    let signs = bytes
        .iter()
        .map(|it| char::from(SIGNS[usize::from(it % 32)]));
    Ok(signs.collect())
}

/// What somebody typed, as codes are written. `None`: no code looks like it.
#[must_use]
pub fn typed_code(text: &str) -> Option<String> {
    let code: String = text
        .chars()
        .filter(|it| !it.is_whitespace() && *it != '-')
        .collect::<String>()
        .to_ascii_uppercase();
    let fits = code.len() == LENGTH && code.bytes().all(|it| SIGNS.contains(&it));
    fits.then_some(code)
}

/// How many digits a mailed code of digits has.
const DIGITS: usize = 6;

/// A new code of six digits.
pub fn draw_digits() -> Result<String> {
    let mut code = String::with_capacity(DIGITS);
    while code.len() < DIGITS {
        let mut bytes = [0; DIGITS * 2];
        rand::fill(&mut bytes).map_err(|err| Error::unavailable("drawing a code", err))?;
        // 250 is a multiple of ten, so that every digit is as likely.
        let fair = bytes.iter().filter(|it| **it < 250);
        let digits = fair.map(|it| char::from(b'0' + it % 10));
        code.extend(digits.take(DIGITS - code.len()));
    }
    Ok(code)
}

/// What somebody typed, as codes of digits are written. `None`: no such code looks like it.
#[must_use]
pub fn typed_digits(text: &str) -> Option<String> {
    let kept = |it: &char| !it.is_whitespace() && *it != '-';
    let code: String = text.chars().filter(kept).take(DIGITS + 1).collect();
    let fits = code.len() == DIGITS && code.bytes().all(|it| it.is_ascii_digit());
    fits.then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_of_digits_is_read_as_it_is_typed() {
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..200 {
            let code = draw_digits().unwrap();
            assert_eq!(typed_digits(&code), Some(code.clone()));
            seen.extend(code.chars());
        }
        assert_eq!(seen.len(), 10);
        assert_eq!(typed_digits(" 123-456 "), Some("123456".into()));
        for not in ["", "12345", "1234567", "12345a", "１２３４５６"] {
            assert_eq!(typed_digits(not), None, "{not}");
        }
    }

    #[test]
    fn a_code_is_read_as_it_is_typed() {
        let code = draw_code().unwrap();
        assert_ne!(code, draw_code().unwrap());
        assert_eq!(typed_code(&code), Some(code.clone()));
        let odd = format!(" {}-{} ", &code[..4].to_lowercase(), &code[4..]);
        assert_eq!(typed_code(&odd), Some(code));
        for not in ["", "1234567", "ABCDEFGHI", "ABCDEFG0", "ÄBCDEFGH"] {
            assert_eq!(typed_code(not), None, "{not}");
        }
    }
}
