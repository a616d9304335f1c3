//! Scans: transitions, progress, retry, which origins a list shows.

use serde::{Deserialize, Serialize};

use super::ids::named;
use super::{ImageId, RiskLevel, ScanId, ScanResult, ScanStatus, ScanType, Timestamp, UserId};

/// Progress when a scan has begun and when all its pictures are done.
const PROGRESS_BEGUN: u8 = 10;
const PROGRESS_SEARCHED: u8 = 90;

impl ScanId {
    /// The scan of this type that is part of the scan `parent`.
    #[must_use]
    pub fn part_of(parent: Self, kind: ScanType) -> Self {
        Self::from(named(&format!("part/{parent}/{}", kind.as_str())))
    }
}

/// Who wanted a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ScanOrigin {
    /// She did.
    User,
    /// We did: a picture arrived, or time passed.
    System,
}

impl ScanOrigin {
    /// Both.
    pub const ALL: [Self; 2] = [Self::User, Self::System];

    /// The stored spelling.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "USER",
            Self::System => "SYSTEM",
        }
    }
}

/// A scan as the user sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are the contract's")]
pub struct Scan {
    pub id: ScanId,
    pub user_id: UserId,
    pub protected_image_id: Option<ImageId>,
    #[serde(rename = "type")]
    pub kind: ScanType,
    pub status: ScanStatus,
    pub priority: u8,
    pub progress: u8,
    pub retry_count: u32,
    pub worker_id: Option<String>,
    pub started_at: Option<Timestamp>,
    pub completed_at: Option<Timestamp>,
    pub result: Option<ScanResult>,
    pub error_message: Option<String>,
    pub created_at: Timestamp,
}

impl Scan {
    /// A scan that waits to be worked on.
    #[must_use]
    pub fn pending(
        id: ScanId,
        user: UserId,
        kind: ScanType,
        target: Option<ImageId>,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            user_id: user,
            protected_image_id: target,
            kind,
            status: ScanStatus::Pending,
            priority: 0,
            progress: 0,
            retry_count: 0,
            worker_id: None,
            started_at: None,
            completed_at: None,
            result: target.map(ScanResult::of_target),
            error_message: None,
            created_at: now,
        }
    }

    /// The scan that follows the arrival of a picture.
    #[must_use]
    pub fn first_of(user: UserId, image: ImageId, now: Timestamp) -> Self {
        Self::pending(
            ScanId::first_of(image),
            user,
            ScanType::ImageScan,
            Some(image),
            now,
        )
    }

    /// The scan after delivery `attempt` of its message has reached a worker.
    #[must_use]
    pub fn taken(mut self, worker: &str, attempt: u32, now: Timestamp) -> Self {
        self.status = ScanStatus::Running;
        self.progress = self.progress.max(PROGRESS_BEGUN);
        self.retry_count = self.retry_count.max(attempt.saturating_sub(1));
        self.worker_id = Some(worker.to_owned());
        self.started_at = self.started_at.or(Some(now));
        self.completed_at = None;
        self.error_message = None;
        self
    }

    /// The scan when its work is done.
    #[must_use]
    pub fn completed(mut self, result: ScanResult, now: Timestamp) -> Self {
        self.status = ScanStatus::Completed;
        self.progress = 100;
        self.completed_at = Some(now);
        self.result = Some(result);
        self.error_message = None;
        self
    }

    /// The scan when she stops it; what it found stays found.
    #[must_use]
    pub fn cancelled(self, result: ScanResult, now: Timestamp) -> Self {
        let message = "You stopped this scan. You can start it again at any time.";
        self.failed(message, Some(result), now)
    }

    /// Whether she stopped it. A message that comes late does not begin it again; she may.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.result_says(|it| it.cancelled)
    }

    /// Whether something was left undone.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.result_says(|it| it.partial)
    }

    /// Whether another scan goes on with what was left undone.
    #[must_use]
    pub fn is_continued(&self) -> bool {
        self.result_says(|it| it.continues)
    }

    /// Whether it has ended with something left to be done, which nobody does.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        let is_undone = match self.status {
            ScanStatus::Failed => true,
            ScanStatus::Completed => self.is_partial(),
            ScanStatus::Pending | ScanStatus::Running => false,
        };
        is_undone && !self.is_continued()
    }

    fn result_says(&self, fact: fn(&ScanResult) -> Option<bool>) -> bool {
        self.result.as_ref().and_then(fact) == Some(true)
    }

    /// The scan when it waits to be worked on once more.
    #[must_use]
    pub fn again(mut self) -> Self {
        let target = self.result.and_then(|it| it.target_id);
        self.result = target.map(ScanResult::of_target);
        self.status = ScanStatus::Pending;
        self.progress = 0;
        self.retry_count += 1;
        self.worker_id = None;
        self.started_at = None;
        self.completed_at = None;
        self.error_message = None;
        self
    }

    /// The scan when its work is given up.
    #[must_use]
    pub fn failed(mut self, message: &str, result: Option<ScanResult>, now: Timestamp) -> Self {
        self.status = ScanStatus::Failed;
        self.completed_at = Some(now);
        self.result = result.or(self.result);
        self.error_message = Some(message.to_owned());
        self
    }
}

/// Progress when `done` of `all` pictures are done.
#[must_use]
pub fn progress(done: usize, all: usize) -> u8 {
    let span = usize::from(PROGRESS_SEARCHED - PROGRESS_BEGUN);
    // Rounded half up, as the screens' own arithmetic does.
    let part = (2 * done.min(all) * span + all)
        .checked_div(2 * all)
        .unwrap_or(span);
    u8::try_from(part).map_or(PROGRESS_SEARCHED, |it| PROGRESS_BEGUN + it)
}

/// How long after a scan of all her pictures the next is due, in seconds.
#[must_use]
pub fn rescan_after(risk: RiskLevel) -> i64 {
    const HOUR: i64 = 3600;
    match risk {
        RiskLevel::Low => 7 * 24 * HOUR,
        RiskLevel::Medium => 3 * 24 * HOUR,
        RiskLevel::High => 24 * HOUR,
        RiskLevel::Critical => 12 * HOUR,
    }
}

/// Which scans a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScanFilter {
    /// Only these states; none means all.
    pub statuses: Option<Vec<ScanStatus>>,
    /// Only this type.
    pub kind: Option<ScanType>,
}

impl ScanFilter {
    /// The types shown. A list by status alone is the screens' "is my scan running": it shows what
    /// the Scan button starts (QUIRKS Q17d).
    #[must_use]
    pub fn kinds(&self) -> Vec<ScanType> {
        match (self.kind, &self.statuses) {
            (Some(kind), _) => vec![kind],
            (None, Some(_)) => ScanType::FOLLOWED.to_vec(),
            (None, None) => ScanType::ALL.to_vec(),
        }
    }

    /// Whose scans are shown, one group after the other. Where a type is named, and where nothing is,
    /// all are shown together. By status alone (QUIRKS Q40):
    /// - ended well, which is the dashboard's question: all together;
    /// - ended, which is the question of the toast after her scan: hers, then ours;
    /// - under way, which locks the Scan button: hers.
    #[must_use]
    pub fn origins(&self) -> Vec<Vec<ScanOrigin>> {
        let by_status = self.statuses.as_ref().filter(|_| self.kind.is_none());
        let only_completed = self.states() == [ScanStatus::Completed];
        match by_status {
            Some(_) if !only_completed && self.is_over() => {
                vec![vec![ScanOrigin::User], vec![ScanOrigin::System]]
            }
            Some(_) if !only_completed => vec![vec![ScanOrigin::User]],
            _ => vec![ScanOrigin::ALL.to_vec()],
        }
    }

    /// The states shown, each once.
    #[must_use]
    pub fn states(&self) -> Vec<ScanStatus> {
        let wanted = self.statuses.as_deref().unwrap_or(&ScanStatus::ALL);
        ScanStatus::ALL
            .into_iter()
            .filter(|it| wanted.contains(it))
            .collect()
    }

    /// Whether only ended scans are shown; those are ordered by their end.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.statuses
            .as_ref()
            .is_some_and(|all| !all.is_empty() && all.iter().all(|it| it.is_over()))
    }
}

#[cfg(test)]
mod tests;
