//! The operations, a file for each group, in the order in which they are told.

mod accounts;
mod admin;
mod alerts;
mod auth;
mod documents;
mod events;
mod evidence;
mod health;
mod images;
mod onboarding;
mod plan;
mod proxy;
mod realtime;
mod scans;
mod takedowns;
mod users;

use crate::operation::Operation;

/// A group of operations.
pub(crate) struct OperationGroup {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) operations: Vec<Operation>,
}

/// All of them.
pub(crate) fn groups() -> Vec<OperationGroup> {
    let group = |name, about, operations| OperationGroup {
        name,
        about,
        operations,
    };
    vec![
        group(
            "Users",
            "The account, preferences and notifications.",
            users::operations(),
        ),
        group(
            "Onboarding",
            "The onboarding questions.",
            onboarding::operations(),
        ),
        group(
            "Plan",
            "The protection plan: advice that follows from the answers.",
            plan::operations(),
        ),
        group(
            "Images",
            "Protected images, and matches to review.",
            images::operations(),
        ),
        group(
            "Scans",
            "Starting and following scans.",
            scans::operations(),
        ),
        group(
            "Alerts",
            "Alerts about matches, breaches and impersonation.",
            alerts::operations(),
        ),
        group(
            "Accounts",
            "Linked accounts and addresses.",
            accounts::operations(),
        ),
        group(
            "Events",
            "Her record: events of her own and of Vara, and who saw what.",
            events::operations(),
        ),
        group(
            "Documents",
            "Letters, notices, statements and notes, with their versions.",
            documents::operations(),
        ),
        group(
            "Evidence",
            "What she keeps of a finding before it is removed: records, custody, packs.",
            evidence::operations(),
        ),
        group(
            "Takedowns",
            "Requests to have something removed: proposals, texts, approval, what became of them.",
            takedowns::operations(),
        ),
        group(
            "Realtime",
            "The live feed: which things changed. A frame never says what they hold.",
            realtime::operations(),
        ),
        group(
            "Proxy",
            "Public addresses of images, for search engines that fetch them.",
            proxy::operations(),
        ),
        group(
            "Auth",
            "Sign-up and sign-in, in the API's envelope.",
            auth::own(),
        ),
        group(
            "Sign-in library",
            "The interface of the web app's sign-in library. Errors have the library's form.",
            auth::library(),
        ),
        group("Admin", "For administrators.", admin::operations()),
        group(
            "Health",
            "Health checks, metrics and this document.",
            health::operations(),
        ),
    ]
}
