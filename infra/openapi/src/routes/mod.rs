//! The operations, a file for each group, in the order in which they are told.

mod accounts;
mod admin;
mod alerts;
mod auth;
mod health;
mod images;
mod onboarding;
mod plan;
mod proxy;
mod scans;
mod users;

use crate::operation::Operation;

/// A group of operations.
pub(crate) struct Group {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) operations: Vec<Operation>,
}

/// All of them.
pub(crate) fn groups() -> Vec<Group> {
    let group = |name, about, operations| Group {
        name,
        about,
        operations,
    };
    vec![
        group(
            "Users",
            "Her account, and how she is told.",
            users::operations(),
        ),
        group(
            "Onboarding",
            "The questions at the start.",
            onboarding::operations(),
        ),
        group(
            "Plan",
            "A few pieces of advice that follow from her answers.",
            plan::operations(),
        ),
        group(
            "Images",
            "Her pictures, and findings that wait for her word.",
            images::operations(),
        ),
        group(
            "Scans",
            "Wanting a scan and seeing how it stands.",
            scans::operations(),
        ),
        group("Alerts", "What she is told.", alerts::operations()),
        group(
            "Accounts",
            "Her accounts and addresses elsewhere.",
            accounts::operations(),
        ),
        group(
            "Proxy",
            "Her pictures, for search engines that fetch them by an address.",
            proxy::operations(),
        ),
        group(
            "Auth",
            "Signing in, in the API's own envelope.",
            auth::own(),
        ),
        group(
            "Sign-in library",
            "What the web app's sign-in library calls. Refusals have the library's form.",
            auth::library(),
        ),
        group("Admin", "For whoever runs it.", admin::operations()),
        group(
            "Health",
            "Whether it works, and this document.",
            health::operations(),
        ),
    ]
}
