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
mod errors;
mod faults;
mod flows;
mod kinds;
mod matches;
mod notifications;
mod onboarding;
mod pictures;
mod plan;
mod proxy;
mod shapes;
mod sign_in;
mod tenancy;
mod verdicts;

use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};
use tokio::runtime::Runtime;
use vara_tests::World;

/// Tests mostly wait, so more of them run side by side than there are cores.
const THREADS: usize = 8;

/// What the AWS emulator of `vara-local --on ministack` cannot pass, and why. It says so itself in
/// `VARA_ON`; nothing is left out anywhere else.
const NOT_ON_MINISTACK: [(&str, &str); 1] = [(
    "errors::any_local_page_may_call",
    "a gateway with a CorsConfiguration answers preflights itself, for the configured origins only, as AWS's does",
)];

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
        alerts::bad_requests,
        alerts::clearing,
        alerts::pages_and_filters,
        calls::every_answer_says_where_it_stands,
        calls::repeated_posts_are_done_once,
        calls::what_is_unchanged_is_not_sent_again,
        errors::any_local_page_may_call,
        errors::empty_and_broken_bodies,
        errors::health,
        errors::security_headers,
        errors::unknown_addresses,
        flows::dashboard_of_a_new_user,
        flows::leaving,
        flows::scan_as_the_screens_see_it,
        flows::upload_to_alert,
        kinds::all_of_it_at_once,
        kinds::breaches_are_told_once,
        kinds::changes_around_her_profile,
        kinds::trouble_is_waited_for,
        matches::her_word_is_remembered,
        matches::refusals,
        onboarding::bad_requests,
        onboarding::questions_and_results,
        onboarding::quiz_sent_again,
        pictures::cap_of_fifty,
        pictures::filters_and_pages,
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
        plan::refusals,
        proxy::a_picture_by_its_address,
        shapes::of_section_two,
        shapes::of_the_scan_list,
        sign_in::api_surface,
        sign_in::logout_ends_sessions,
        sign_in::profile,
        sign_in::recovery_by_mail,
        sign_in::refresh_rotates_and_tolerates,
        sign_in::session_and_user,
        sign_in::wrong_passwords_and_tokens,
        tenancy::every_address_is_listed,
        tenancy::nobody,
        tenancy::strangers,
        verdicts::another_picture_is_put_to_her,
        verdicts::edited_copies_are_named,
        verdicts::her_face_elsewhere,
    );
    let behind = cases!(true:
        calls::too_many_are_refused,
        faults::duplicate_and_late_messages,
        faults::engine_fails_and_recovers,
        faults::poison_message_and_redrive,
        faults::stuck_scan_is_ended,
        faults::worker_killed_mid_scan,
        notifications::told_once_and_stopped,
    );
    before.into_iter().chain(behind).collect()
}

fn main() -> ExitCode {
    let mut args = Arguments::from_args();
    args.test_threads = args.test_threads.or(Some(THREADS));
    let runtime = Runtime::new().unwrap();
    if args.list {
        let names = cases()
            .into_iter()
            .map(|case| Trial::test(case.name, || Ok(())))
            .collect();
        return libtest_mimic::run(&args, names).exit_code();
    }
    for (name, why) in NOT_ON_MINISTACK {
        assert!(
            cases().iter().any(|case| case.name == name),
            "no case is called {name} ({why})"
        );
    }
    let world = Arc::new(runtime.block_on(World::start()));
    let trials = cases()
        .into_iter()
        .map(|case| trial(case, &world, &runtime))
        .collect();
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

fn not_on_this_system(name: &str) -> bool {
    std::env::var("VARA_ON").is_ok_and(|system| system == "ministack")
        && NOT_ON_MINISTACK.iter().any(|(case, _)| *case == name)
}
