//! Her account: sign-in, profile, linked accounts, preferences, the quiz and the plan.

pub mod auth;
pub mod linked_accounts;
pub mod onboarding;
pub mod past_erasures;
pub mod plan;
pub mod preferences;
pub mod users;
