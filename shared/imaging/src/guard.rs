//! Decoders of others may panic on damaged files; the fuzzer has seen it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::DecodeError;

/// Runs a decoder. When it panics the file is at fault: what the decoder held
/// is thrown away, so nothing half done can be seen afterwards.
pub(crate) fn guarded<T>(
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
        let broken = guarded::<u8>(|| panic!("broken on purpose"));
        assert!(matches!(broken, Err(DecodeError::Corrupt(_))));
        assert_eq!(guarded(|| Ok(7)), Ok(7));
        assert_eq!(
            guarded::<u8>(|| Err(DecodeError::Truncated)),
            Err(DecodeError::Truncated)
        );
    }
}
