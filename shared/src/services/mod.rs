//! What the product does, one file per noun. Services call the store, the bucket, the queues and the
//! engines; they know nothing of HTTP or Lambda.

pub mod accounts;
pub mod alerts;
pub mod auth;
pub mod breaches;
mod control;
pub mod dead_letters;
mod family;
pub mod gauges;
pub mod governor;
pub mod health;
pub mod image_files;
pub mod images;
pub mod ingest;
pub mod lanes;
pub mod limits;
mod looks;
pub mod mail_feedback;
pub mod mail_links;
pub mod mail_question;
pub mod matches;
pub mod notices;
pub mod notify;
pub mod onboarding;
pub(crate) mod picture_names;
pub mod plan;
pub mod preferences;
pub mod profiles;
pub mod proxy;
pub mod replays;
pub mod rescan;
pub mod scanning;
pub mod scans;
pub mod searching;
pub mod seeing;
pub mod switches;
pub mod time_limit;
pub mod upload_form;
pub mod users;
mod work;

#[cfg(test)]
mod read_back_tests;
#[cfg(test)]
mod support;
