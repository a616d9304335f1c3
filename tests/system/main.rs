//! The whole system, driven through its gateway.
//!
//! One local stack is raised for the run and ended after it; the tests share it and run side by side,
//! each with users of its own. `VARA_GATEWAY` and `VARA_ENGINES` point the run at a system that is up
//! already; tests that reach behind the gateway are then left out.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails where it stands"
)]

mod accounts;
mod alerts;
mod calls;
mod compat;
mod control;
mod documents;
mod evidence;
mod faults;
mod flows;
mod kinds;
mod matches;
mod notifications;
mod objections;
mod onboarding;
mod pictures;
mod plan;
mod proxy;
mod realtime;
mod record;
mod sign_in;
mod sockets;
mod step_up;
mod takedowns;
mod tenancy;
mod traces;
mod verdicts;

use std::collections::BTreeSet;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};
use tokio::runtime::Runtime;
use vara_tests::World;

use crate::compat::{Cast, Row};

/// Tests mostly wait, so more of them run side by side than there are cores.
const THREADS: usize = 8;

/// What the AWS emulator of `vara-local --on ministack` cannot pass, and why. It says so itself in
/// `VARA_ON`; nothing is left out anywhere else. Names may be the beginning of several.
const NOT_ON_MINISTACK: [(&str, &str); 6] = [
    ("sockets::", NO_WEB_SOCKETS),
    ("compat::cors::", OWN_PREFLIGHTS),
    ("compat::images::proxy_", OWN_PREFLIGHTS),
    ("flows::large_upload_to_alert", NO_DISTRIBUTION),
    ("pictures::large_uploads", NO_DISTRIBUTION),
    ("compat::images::upload_larger_than_", NO_DISTRIBUTION),
];
const NO_DISTRIBUTION: &str =
    "it has no distribution and no REST API that stores objects; every upload goes to the function";
const NO_WEB_SOCKETS: &str = "its WebSocket API is left out; apps poll";
const OWN_PREFLIGHTS: &str = "a gateway with a CorsConfiguration answers preflights itself, for the configured origins only, as AWS's does";

struct Case {
    name: &'static str,
    run: for<'a> fn(&'a World) -> Pin<Box<dyn Future<Output = ()> + 'a>>,
    /// Reaches processes and queues, which only the local stack lets it.
    behind: bool,
}

macro_rules! cases {
    ($behind:literal: $($module:ident::$test:ident),* $(,)?) => {
        [$({
            fn run(world: &World) -> Pin<Box<dyn Future<Output = ()> + '_>> {
                Box::pin($module::$test(world))
            }
            Case { name: concat!(stringify!($module), "::", stringify!($test)), run, behind: $behind }
        }),*]
    };
}

fn cases() -> Vec<Case> {
    let before = cases!(false:
        accounts::a_handle_is_proved_by_its_profile,
        accounts::an_account_is_connected_at_its_network,
        accounts::an_address_is_proved_by_mail,
        alerts::actions,
        alerts::clearing,
        alerts::pages_and_filters,
        calls::parameters_are_named_once,
        calls::repeated_posts_are_done_once,
        calls::what_is_unchanged_is_not_sent_again,
        control::stopped_and_begun_again,
        flows::alerts,
        flows::alerts_told_apart,
        flows::dashboard,
        flows::delete_account,
        flows::delete_image,
        flows::known_copy_is_counted,
        flows::logged_out_here_only,
        flows::onboarding_quiz,
        flows::password_recovery,
        flows::large_upload_to_alert,
        flows::plan,
        flows::revoked_token,
        flows::scan_with_progress,
        flows::settings,
        flows::sign_up,
        flows::two_tabs,
        flows::upload,
        flows::upload_to_alert,
        flows::wrong_passwords,
        kinds::all_of_it_at_once,
        kinds::breaches_are_told_once,
        kinds::changes_around_her_profile,
        kinds::trouble_is_waited_for,
        matches::her_word_is_remembered,
        onboarding::questions_and_results,
        realtime::the_client_follows_through_broken_connections,
        realtime::what_changes_is_told,
        sockets::a_sign_out_closes_its_sockets_and_no_others,
        sockets::progress_of_a_scan_is_told,
        sockets::the_client_follows_over_sockets_that_break,
        sockets::tickets_open_one_socket_of_their_page,
        sockets::two_sockets_are_told_the_same_however_often_one_breaks,
        documents::a_letter_from_draft_to_erasure,
        documents::everything_of_hers_is_made_into_one_file,
        evidence::a_pack_is_checked_without_vara,
        evidence::from_capture_to_erasure,
        evidence::a_page_that_cannot_be_captured,
        record::notes_and_shares_are_in_her_record,
        onboarding::quiz_sent_again,
        pictures::an_address_ends_with_its_sign_in,
        pictures::cap_of_fifty,
        pictures::filters_and_pages,
        pictures::large_uploads,
        pictures::location_is_removed_and_told,
        pictures::not_pictures,
        pictures::put_away_and_purged,
        pictures::rejected_by_the_intake,
        pictures::signed_address,
        pictures::tickets,
        pictures::too_large,
        notifications::preferences,
        plan::before_and_after_the_quiz,
        plan::made_again,
        proxy::a_picture_by_its_address,
        sign_in::a_changed_address_is_put_back_by_its_link,
        sign_in::logout_ends_sessions,
        sign_in::tokens_say_whose_they_are,
        tenancy::every_address_is_listed,
        tenancy::nobody,
        tenancy::owner,
        tenancy::strangers,
        verdicts::another_picture_is_put_to_her,
        verdicts::edited_copies_are_named,
        verdicts::her_face_elsewhere,
    );
    let behind = cases!(true:
        step_up::every_operation_with_step_up_asks_for_the_password,
        flows::answer_within_a_minute,
        calls::the_local_page_leads_where_it_says,
        calls::too_many_are_refused,
        control::dead_letters_are_seen_and_sent_back,
        faults::duplicate_and_late_messages,
        faults::engine_fails_and_recovers,
        faults::poison_message_and_redrive,
        faults::stuck_scan_is_ended,
        faults::worker_killed_mid_scan,
        flows::expired_token,
        kinds::profiles_by_the_schedule,
        notifications::asked_at_sign_up,
        notifications::mail_that_is_refused_stops,
        notifications::told_once_and_stopped,
        objections::a_recipient_objects_and_two_reviewers_decide,
        takedowns::a_form_is_hers_to_send_and_a_request_hers_to_take_back,
        takedowns::a_recipient_answers_by_mail,
        takedowns::from_a_finding_to_what_came_back,
        takedowns::staff_see_how_requests_stand_and_nothing_of_hers,
        tenancy::admins,
        traces::a_scan_is_one_trace,
    );
    before.into_iter().chain(behind).collect()
}

fn main() -> ExitCode {
    let mut args = Arguments::from_args();
    args.test_threads = args.test_threads.or(Some(THREADS));
    let runtime = Runtime::new().unwrap();
    let names = names();
    if args.list {
        let names = names.into_iter().map(|name| Trial::test(name, || Ok(())));
        return libtest_mimic::run(&args, names.collect()).exit_code();
    }
    for (start, why) in NOT_ON_MINISTACK {
        let known = names.iter().any(|name| name.starts_with(start));
        assert!(known, "no case is called {start} ({why})");
    }
    let world = Arc::new(runtime.block_on(World::start()));
    let cast = Arc::new(Cast::default());
    // What breaks things on purpose comes last: engines that were down are asked again only after a while.
    let (behind, before): (Vec<_>, Vec<_>) = cases().into_iter().partition(|case| case.behind);
    let trial = |case| trial(case, &world, &runtime);
    let before: Vec<_> = before.into_iter().map(trial).collect();
    let rows = compat::rows().into_iter();
    let rows = rows.map(|row| row_trial(row, &cast, &world, &runtime));
    let trials = before.into_iter().chain(rows);
    let trials = trials.chain(behind.into_iter().map(trial)).collect();
    let conclusion = libtest_mimic::run(&args, trials);
    if let Some(world) = Arc::into_inner(world) {
        runtime.block_on(world.stop());
    }
    conclusion.exit_code()
}

fn trial(case: Case, world: &Arc<World>, runtime: &Runtime) -> Trial {
    let (world, handle) = (Arc::clone(world), runtime.handle().clone());
    let left_out = case.behind && !world.is_local() || not_on_this_system(case.name);
    Trial::test(case.name, move || {
        handle.block_on((case.run)(&world));
        Ok(())
    })
    .with_ignored_flag(left_out)
}

fn row_trial(row: Row, cast: &Arc<Cast>, world: &Arc<World>, runtime: &Runtime) -> Trial {
    let (world, handle) = (Arc::clone(world), runtime.handle().clone());
    let cast = Arc::clone(cast);
    let left_out = row.needs_local() && !world.is_local() || not_on_this_system(&row.name);
    Trial::test(row.name.clone(), move || {
        handle.block_on(compat::run(&world, &cast, &row));
        Ok(())
    })
    .with_ignored_flag(left_out)
}

/// The names of all cases, each of which there is once.
fn names() -> BTreeSet<String> {
    let ways = cases().into_iter().map(|case| case.name.to_owned());
    let rows = compat::rows().into_iter().map(|row| row.name);
    let mut names = BTreeSet::new();
    for name in ways.chain(rows) {
        assert!(names.insert(name.clone()), "two cases are called {name}");
    }
    names
}

fn not_on_this_system(name: &str) -> bool {
    let is_left_out = |(start, _): &(&str, &str)| name.starts_with(start);
    std::env::var("VARA_ON").is_ok_and(|system| system == "ministack")
        && NOT_ON_MINISTACK.iter().any(is_left_out)
}
