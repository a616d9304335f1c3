//! Whether the account lets as many functions run at once as the stage wants.

use std::collections::BTreeMap;
use std::process::Command;

use crate::stage::Stage;
use crate::template::Parameter;

/// What is left for the functions that answer requests, beside sign-in.
const FOR_REQUESTS: u64 = 50;

/// What the schedules' two functions reserve together.
const FOR_TICKS: u64 = 4;

/// How many functions may run at once if all that the stage allows happens: its workers, what is reserved,
/// and something for requests.
pub(crate) fn wanted(
    parameters: &BTreeMap<String, Parameter>,
    passed: &BTreeMap<String, String>,
) -> u64 {
    let number = |name: &str| -> u64 {
        let default = parameters.get(name).and_then(|it| it.default.as_ref());
        let default = default.and_then(|it| it.as_str());
        let value = passed.get(name).map(String::as_str).or(default);
        value.and_then(|it| it.parse().ok()).unwrap_or_default()
    };
    let workers = parameters.keys().filter(|it| it.ends_with("Workers"));
    let reserved = number("AuthConcurrency");
    let ticks = if reserved > 0 { FOR_TICKS } else { 0 };
    workers.map(|it| number(it)).sum::<u64>() + reserved + ticks + FOR_REQUESTS
}

/// What is wrong with what the account allows.
pub(crate) fn fault(wanted: u64, allowed: u64) -> Option<String> {
    (allowed < wanted).then(|| {
        format!(
            "the account runs at most {allowed} functions at once, and the stage wants {wanted}: ask AWS for more \
             (Service Quotas, Lambda, Concurrent executions), or lower AuthConcurrency and the …Workers in the stage's \
             file"
        )
    })
}

/// How many functions the account lets run at once; an error if nobody says.
pub(crate) fn allowed(stage: &Stage) -> Result<u64, String> {
    let arguments = ["lambda", "get-account-settings", "--region", &stage.region];
    let query = [
        "--query",
        "AccountLimit.ConcurrentExecutions",
        "--output",
        "text",
    ];
    let said = Command::new("aws").args(arguments).args(query).output();
    let said = said.map_err(|err| format!("aws cannot be run: {err}"))?;
    let text = String::from_utf8_lossy(&said.stdout);
    text.trim().parse().map_err(|_| {
        let why = String::from_utf8_lossy(&said.stderr);
        format!(
            "aws does not say how many functions may run at once: {}",
            why.trim()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template;

    #[test]
    fn a_new_account_is_too_small_and_what_is_reserved_counts() {
        let parameters = template::parameters(include_str!("../../../template.yaml")).unwrap();
        let passed = |auth: &str| BTreeMap::from([("AuthConcurrency".into(), auth.into())]);
        let usual = wanted(&parameters, &BTreeMap::new());
        assert_eq!(wanted(&parameters, &passed("100")), usual);
        let least = wanted(&parameters, &passed(""));
        assert_eq!(usual, least + 100 + FOR_TICKS);
        // Nine queues of at least two workers.
        assert!(least >= FOR_REQUESTS + 18, "{least}");
        assert!(fault(usual, 10).unwrap().contains("Concurrent executions"));
        assert_eq!(fault(usual, 1000), None);
        assert_eq!(fault(usual, usual), None);
    }
}
