//! What she is told: alerts, findings for review, mails and webhooks, and what bounces.

pub mod alert_clearing;
pub mod alerts;
pub mod delivery;
pub mod due;
pub mod mail_feedback;
pub mod mail_links;
pub mod mail_question;
pub mod matches;
