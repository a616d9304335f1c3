//! Search for a sequence of bytes in metadata.

/// Whether the haystack has the needle somewhere.
pub(super) fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|part| part == needle)
}
