//! When a request is to be looked after: sent, resolved, looked at, told to be overdue.

use crate::domain::Timestamp;
use crate::domain::takedown::{TakedownState, recheck};
use crate::store::TakedownRow;

/// How soon a request is taken again whose message was lost, in seconds.
const RESEND_MESSAGE_AFTER: i64 = 5 * 60;

/// How long after an attempt whose outcome nobody knows the mail service has told of it, in seconds.
pub(super) const OUTCOME_KNOWN_AFTER: i64 = 3600;

/// The most times that sending one text is put off.
pub(super) const MAX_DELAYS: u32 = 8;

/// When to look after a request that just changed so.
pub(super) fn work_at(row: &TakedownRow, now: Timestamp) -> Option<Timestamp> {
    use TakedownState as S;
    let retry = now.plus_seconds(RESEND_MESSAGE_AFTER);
    match row.state {
        // It waits for reviewers.
        S::Approved | S::Queued if row.is_paused() => None,
        S::Approved => Some(row.send_after.map_or(retry, |it| it.max(now))),
        S::Queued => Some(row.send_after.map_or(retry, |it| it.max(now))),
        S::Sending => Some(
            row.claimed_at
                .unwrap_or(now)
                .plus_seconds(OUTCOME_KNOWN_AFTER),
        ),
        S::ClaimedGone if row.looks.last.is_none_or(|it| it.at < row.updated_at) => Some(now),
        S::Sent | S::Acknowledged => {
            let look = next_look(row, now);
            let end = row.due_at;
            [look, end].into_iter().flatten().min()
        }
        S::NeedsInfo | S::ClaimedGone | S::Overdue | S::Refused => next_look(row, now),
        S::Gone => recheck::next_after_gone(row.gone_at.unwrap_or(now), now),
        _ => None,
    }
}

fn next_look(row: &TakedownRow, now: Timestamp) -> Option<Timestamp> {
    let sent = row.sent_at.unwrap_or(row.created_at);
    row.looks.next_while_there(sent, now)
}

/// How long to wait before sending is tried again, in seconds: doubling from a minute to six hours, at random between
/// nothing and that.
pub(super) fn delay_seconds(delays: u32, random: u32) -> i64 {
    let most = 60_i64.saturating_mul(1 << delays.min(10)).min(6 * 3600);
    (most * i64::from(random % 1000) / 1000).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_and_ends_at_six_hours() {
        let most = |delays| delay_seconds(delays, 999);
        assert!((55..60).contains(&most(0)) && (110..120).contains(&most(1)));
        assert!((21_500..21_600).contains(&most(9)) && most(20) == most(9));
        assert_eq!(delay_seconds(5, 0), 1);
    }
}
