//! Turns a panic of a foreign decoder into an error; damaged files cause some, as the fuzzer found.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::DecodeError;

/// Runs a decoder. When it panics the file is at fault: what the decoder held
/// is thrown away, so nothing half done can be seen afterwards.
pub(crate) fn catch_panics<T>(
    decode: impl FnOnce() -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    catch_unwind(AssertUnwindSafe(decode))
        .unwrap_or_else(|_| Err(DecodeError::corrupt("the decoder broke off")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_damaged_file() {
        let broken = catch_panics::<u8>(|| panic!("broken on purpose"));
        assert!(matches!(broken, Err(DecodeError::Corrupt(_))));
        assert_eq!(catch_panics(|| Ok(7)), Ok(7));
        assert_eq!(
            catch_panics::<u8>(|| Err(DecodeError::Truncated)),
            Err(DecodeError::Truncated)
        );
    }
}
