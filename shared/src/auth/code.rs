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

#[cfg(test)]
mod tests {
    use super::*;

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
