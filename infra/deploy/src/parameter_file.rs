//! The file of parameters that `sam deploy` reads.
//!
//! Values travel in a file and never on the command line: SAM's grammar for the command line cuts
//! JSON at its first brace and refuses an empty value, and a process list shows secrets. The file is
//! JSON, which is YAML. `infra/checks/check.py` gives `sam_values.json` to SAM's own parser.

use std::collections::BTreeMap;

/// The file of parameters.
pub(crate) fn text(values: &BTreeMap<String, String>) -> Result<String, String> {
    serde_json::to_string_pretty(values).map_err(|err| err.to_string())
}

/// Whether SAM passes a value on as it is. It takes away quotes that are around a value, and a
/// backslash before a space or a quote, once for each file it came through.
pub(crate) fn is_kept(value: &str) -> bool {
    let wrapped = ['"', '\'']
        .iter()
        .any(|it| value.starts_with(*it) && value.ends_with(*it));
    let escaped = ["\\ ", "\\\"", "\\'"].iter().any(|it| value.contains(it));
    !wrapped && !escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The file that `infra/checks/check.py` gives to SAM's parser, which must read what it says.
    const TESTED: &str = include_str!("../sam_values.json");

    #[test]
    fn the_file_is_the_one_that_sams_parser_is_tested_with() {
        let values: BTreeMap<String, String> = serde_json::from_str(TESTED).unwrap();
        assert_eq!(text(&values).unwrap().trim(), TESTED.trim());
        assert!(values.values().all(|it| is_kept(it)));
        for changed in ["\"around\"", "'around'", "a\\ b", r#"{"a":"b\"c"}"#, "'"] {
            assert!(!is_kept(changed), "{changed}");
        }
    }
}
