//! State machine of a request to remove: a table of transitions, what the screen shows, who acts next.

use super::ReceiptKind;
use crate::named_values::named_values;

named_values! {
    /// Where a request stands.
    TakedownState {
        /// Facts are missing.
        Draft = "DRAFT",
        /// Its text waits for her approval.
        Ready = "READY",
        /// She approved the text.
        Approved = "APPROVED",
        /// It waits for its turn.
        Queued = "QUEUED",
        /// It is being handed to the mail service.
        Sending = "SENDING",
        /// She sends it herself.
        WithHer = "WITH_HER",
        /// It is on its way or was received.
        Sent = "SENT",
        /// The recipient said that it has it.
        Acknowledged = "ACKNOWLEDGED",
        /// The recipient asked something.
        NeedsInfo = "NEEDS_INFO",
        /// The recipient says that it removed it.
        ClaimedGone = "CLAIMED_GONE",
        /// The recipient's time is over.
        Overdue = "OVERDUE",
        /// Two looks found it gone.
        Gone = "GONE",
        /// It was gone and is there again.
        CameBack = "CAME_BACK",
        /// The recipient refused.
        Refused = "REFUSED",
        /// It could not be sent.
        Failed = "FAILED",
        /// A text that takes it back waits for her approval.
        Retracting = "RETRACTING",
        /// She took it back, or it was ended.
        Withdrawn = "WITHDRAWN",
    }
}

named_values! {
    /// What happens to a request.
    TakedownEvent {
        /// No fact is missing any more.
        Complete = "COMPLETE",
        /// She changed facts.
        Edit = "EDIT",
        /// She approved the text.
        Approve = "APPROVE",
        /// It is handed over to her to send.
        HandOver = "HAND_OVER",
        /// It is put into the queue.
        Enqueue = "ENQUEUE",
        /// A worker took it.
        Claim = "CLAIM",
        /// The mail service took it.
        Send = "SEND",
        /// It is to be tried again later.
        Delay = "DELAY",
        /// It cannot be sent, or did not arrive.
        Fail = "FAIL",
        /// She says that she sent it.
        Submit = "SUBMIT",
        /// The recipient's server took it. The state stays; its clock begins.
        Receive = "RECEIVE",
        /// The recipient said that it has it.
        Acknowledge = "ACKNOWLEDGE",
        /// The recipient asked something.
        Ask = "ASK",
        /// The recipient says that it removed it.
        ClaimGone = "CLAIM_GONE",
        /// Two looks found it gone.
        SeeGone = "SEE_GONE",
        /// A look found it there.
        SeeThere = "SEE_THERE",
        /// The recipient's time is over.
        RunOut = "RUN_OUT",
        /// The recipient refused.
        Refuse = "REFUSE",
        /// A text that follows up is drafted.
        FollowUp = "FOLLOW_UP",
        /// She takes it back.
        Withdraw = "WITHDRAW",
        /// The text that takes it back was sent.
        Retract = "RETRACT",
        /// Two reviewers found that the recipient objects rightly.
        Uphold = "UPHOLD",
    }
}

named_values! {
    /// What the text of a request is for.
    TakedownPurpose {
        /// It asks for the first time.
        Request = "REQUEST",
        /// It asks again.
        FollowUp = "FOLLOW_UP",
        /// It takes the request back.
        Retraction = "RETRACTION",
    }
}

named_values! {
    /// Where a request stands, in words for the screen.
    PublicState {
        /// It is being written.
        Preparing = "PREPARING",
        /// She is to do something.
        WaitingForYou = "WAITING_FOR_YOU",
        /// It is being sent.
        OnItsWay = "ON_ITS_WAY",
        /// The recipient has it.
        Received = "RECEIVED",
        /// It is gone.
        Removed = "REMOVED",
        /// It is there again.
        CameBack = "CAME_BACK",
        /// The recipient refused.
        Refused = "REFUSED",
        /// It was taken back or ended.
        Stopped = "STOPPED",
    }
}

named_values! {
    /// Who acts next.
    NextActor {
        /// The woman whose request it is.
        You = "YOU",
        /// Vara.
        Us = "US",
        /// The recipient.
        Them = "THEM",
        /// Nobody: it is over.
        Nobody = "NOBODY",
    }
}

use TakedownEvent as E;
use TakedownState as S;

/// The states in which the recipient has the request and it is not decided.
const LIVE: [S; 5] = [
    S::Sent,
    S::Acknowledged,
    S::NeedsInfo,
    S::ClaimedGone,
    S::Overdue,
];

/// All transitions: from any of these states, by this event, to this state. What is not here is refused.
const TRANSITIONS: &[(&[S], E, S)] = &[
    (&[S::Draft], E::Complete, S::Ready),
    (
        &[S::Draft, S::Ready, S::Approved, S::WithHer, S::Failed],
        E::Edit,
        S::Draft,
    ),
    (&[S::Ready, S::Retracting], E::Approve, S::Approved),
    (&[S::Approved], E::HandOver, S::WithHer),
    (&[S::Approved], E::Enqueue, S::Queued),
    (&[S::Queued], E::Claim, S::Sending),
    (&[S::Sending], E::Send, S::Sent),
    (&[S::Sending], E::Delay, S::Queued),
    (
        &[S::Approved, S::Queued, S::Sending, S::Sent],
        E::Fail,
        S::Failed,
    ),
    (&[S::WithHer], E::Submit, S::Sent),
    (&[S::Sent], E::Receive, S::Sent),
    (&[S::Sent, S::NeedsInfo], E::Acknowledge, S::Acknowledged),
    (
        &[S::Sent, S::Acknowledged, S::Overdue],
        E::Ask,
        S::NeedsInfo,
    ),
    (
        &[S::Sent, S::Acknowledged, S::NeedsInfo, S::Overdue],
        E::ClaimGone,
        S::ClaimedGone,
    ),
    (&LIVE, E::SeeGone, S::Gone),
    (&[S::Refused], E::SeeGone, S::Gone),
    // They say that it is gone, and it is not: their time goes on.
    (&[S::ClaimedGone], E::SeeThere, S::Acknowledged),
    (&[S::Gone], E::SeeThere, S::CameBack),
    (&[S::Sent, S::Acknowledged], E::RunOut, S::Overdue),
    (&LIVE, E::Refuse, S::Refused),
    (
        &[S::Overdue, S::NeedsInfo, S::Refused],
        E::FollowUp,
        S::Draft,
    ),
    (
        &[
            S::Draft,
            S::Ready,
            S::Approved,
            S::Queued,
            S::WithHer,
            S::Failed,
            S::Retracting,
        ],
        E::Withdraw,
        S::Withdrawn,
    ),
    (&LIVE, E::Withdraw, S::Retracting),
    (&[S::Refused], E::Withdraw, S::Withdrawn),
    (&[S::Sending, S::WithHer], E::Retract, S::Withdrawn),
    // All but those that are over.
    (
        &[
            S::Draft,
            S::Ready,
            S::Approved,
            S::Queued,
            S::Sending,
            S::WithHer,
            S::Sent,
            S::Acknowledged,
            S::NeedsInfo,
            S::ClaimedGone,
            S::Overdue,
            S::Gone,
            S::Refused,
            S::Failed,
            S::Retracting,
        ],
        E::Uphold,
        S::Withdrawn,
    ),
];

/// A transition that the table does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongState {
    /// Where the request stands.
    pub state: TakedownState,
    /// What was to happen.
    pub event: TakedownEvent,
}

/// The state after an event.
///
/// # Errors
///
/// If the table has no such transition.
pub fn next(state: TakedownState, event: TakedownEvent) -> Result<TakedownState, WrongState> {
    let mut table = TRANSITIONS.iter();
    let found = table.find(|(from, by, _)| *by == event && from.contains(&state));
    found.map(|it| it.2).ok_or(WrongState { state, event })
}

impl TakedownEvent {
    /// The type of the event in her record.
    #[must_use]
    pub fn record_type(self) -> &'static str {
        match self {
            E::Complete => "takedown.completed",
            E::Edit => "takedown.edited",
            E::Approve => "takedown.approved",
            E::HandOver => "takedown.handed_over",
            E::Enqueue => "takedown.queued",
            E::Claim => "takedown.claimed",
            E::Send => "takedown.sent",
            E::Delay => "takedown.delayed",
            E::Fail => "takedown.failed",
            E::Submit => "takedown.submitted",
            E::Receive => "takedown.received",
            E::Acknowledge => "takedown.acknowledged",
            E::Ask => "takedown.asked",
            E::ClaimGone => "takedown.claimed_gone",
            E::SeeGone => "takedown.gone",
            E::SeeThere => "takedown.seen",
            E::RunOut => "takedown.overdue",
            E::Refuse => "takedown.refused",
            E::FollowUp => "takedown.followed_up",
            E::Withdraw => "takedown.withdrawn",
            E::Retract => "takedown.retracted",
            E::Uphold => "takedown.objection_upheld",
        }
    }
}

impl TakedownState {
    /// Whether the recipient has the request and has not decided.
    #[must_use]
    pub fn is_live(self) -> bool {
        LIVE.contains(&self)
    }

    /// Whether nothing more happens in this round unless she begins another.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, S::Withdrawn | S::CameBack)
    }

    /// Whether it counts among those that are open.
    #[must_use]
    pub fn is_open(self) -> bool {
        !self.is_over() && !matches!(self, S::Gone | S::Refused | S::Failed)
    }

    /// What the screen shows.
    #[must_use]
    pub fn public(self, receipt: Option<ReceiptKind>) -> PublicState {
        match self {
            S::Draft => PublicState::Preparing,
            S::Ready | S::WithHer | S::NeedsInfo | S::Overdue | S::Failed | S::Retracting => {
                PublicState::WaitingForYou
            }
            S::Approved | S::Queued | S::Sending => PublicState::OnItsWay,
            S::Sent if receipt.is_none() => PublicState::OnItsWay,
            S::Sent | S::Acknowledged | S::ClaimedGone => PublicState::Received,
            S::Gone => PublicState::Removed,
            S::CameBack => PublicState::CameBack,
            S::Refused => PublicState::Refused,
            S::Withdrawn => PublicState::Stopped,
        }
    }

    /// Who acts next.
    #[must_use]
    pub fn next_actor(self) -> NextActor {
        match self {
            S::Draft
            | S::Ready
            | S::WithHer
            | S::NeedsInfo
            | S::Overdue
            | S::Failed
            | S::Refused
            | S::CameBack
            | S::Retracting => NextActor::You,
            S::Approved | S::Queued | S::Sending | S::ClaimedGone | S::Gone => NextActor::Us,
            S::Sent | S::Acknowledged => NextActor::Them,
            S::Withdrawn => NextActor::Nobody,
        }
    }
}

impl PublicState {
    /// A sentence for her, to be read behind the name of the recipient.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Preparing => "You are preparing a request to have it removed.",
            Self::WaitingForYou => "Your request to have it removed waits for you.",
            Self::OnItsWay => "Your request to have it removed is on its way.",
            Self::Received => "Your request to have it removed was received.",
            Self::Removed => "It was removed after your request. We keep looking.",
            Self::CameBack => "It was removed and is there again. A new request is prepared.",
            Self::Refused => "Your request was refused. There are next steps you can take.",
            Self::Stopped => "Your request was stopped.",
        }
    }
}

#[cfg(test)]
mod tests;
