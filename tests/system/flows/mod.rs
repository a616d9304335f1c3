//! The flows of the web app: each one the exact calls of the contract (API.md section 1, AUTH.md
//! section 2), in the order in which the unmodified screens make them.

mod browser;
mod entering;
mod leaving;
mod looking;
mod pictures;
mod screens;

pub(crate) use entering::{
    dashboard, onboarding_quiz, password_recovery, sign_up, wrong_passwords,
};
pub(crate) use leaving::{
    delete_account, expired_token, logged_out_here_only, revoked_token, settings, two_tabs,
};
pub(crate) use looking::{alerts, alerts_told_apart, plan, upload_to_alert};
pub(crate) use pictures::{
    answer_within_a_minute, delete_image, known_copy_is_counted, large_upload_to_alert,
    scan_with_progress, upload,
};
pub(crate) use screens::first_scan_is_over;
