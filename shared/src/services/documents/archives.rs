//! Archives: ask for one of everything that is kept of her, or of her documents. They are made by the queue `render`
//! and fetched as other files are.

use super::files::DocumentFiles;
use crate::auth::Caller;
use crate::domain::event::{AccessSubject, AccountArchiveRequested};
use crate::domain::{
    ArchiveScope, DOWNLOAD_LIFE_SECONDS, Download, DownloadId, DownloadState, Error, ErrorKind,
    Result, Timestamp,
};
use crate::services::upkeep::write_rates::count_write_of_day;
use crate::store::{ArchiveProgress, DownloadOf, DownloadRow};

/// How many archives may be made in a day.
const MAX_ARCHIVES_A_DAY: u64 = 12;

/// For how long an archive that is ready counts as what she asks for, in seconds. Later, it is made anew.
const FRESH_SECONDS: i64 = 15 * 60;

/// The name of the file, which says nothing of what is in it.
const NAME: &str = "archive.zip";

impl DocumentFiles {
    /// Asks for an archive. One that is being made, or was asked for minutes ago, is the one. That it was asked for is in
    /// her access log before, and in the stream `account` with it.
    pub async fn ask_archive(
        &self,
        caller: &Caller,
        scope: ArchiveScope,
        now: Timestamp,
    ) -> Result<Download> {
        let user = caller.user;
        let export = AccessSubject::Export;
        self.access.record_own_read(caller, export, now).await?;
        let store = &self.documents.log.store;
        let id = DownloadId::of_archive(user, scope);
        let known = store.download(user, id, now).await?;
        let is_it = |it: &DownloadRow| match it.download.state {
            DownloadState::Waiting => true,
            DownloadState::Ready => now.millis_since(it.download.created_at) < FRESH_SECONDS * 1000,
            DownloadState::Failed => false,
        };
        if let Some(row) = known.filter(is_it) {
            return self.have_made(user, row).await;
        }
        let area = (user, "archives");
        count_write_of_day(store, area, MAX_ARCHIVES_A_DAY, too_many_archives, now).await?;
        let row = DownloadRow {
            download: Download {
                id,
                state: DownloadState::Waiting,
                name: NAME.to_owned(),
                created_at: now,
                gone_at: now.plus_seconds(DOWNLOAD_LIFE_SECONDS),
                bytes: None,
                parts: None,
                failure: None,
            },
            of: DownloadOf::Archive(ArchiveProgress::first(scope)),
        };
        let said = AccountArchiveRequested {
            download_id: id,
            scope,
        };
        let actor = caller.actor();
        let log = &self.documents.log;
        let event = log.tell((user, actor), "account.archive_requested", &said, now);
        if !store.put_download(user, &row, Some(event.await?)).await? {
            let message = "This account does not exist any more.";
            return Err(Error::not_found("ACCOUNT_NOT_FOUND", message));
        }
        self.have_made(user, row).await
    }
}

fn too_many_archives() -> Error {
    Error::new(
        ErrorKind::TooMany,
        "TOO_MANY_WRITES",
        "You have had many archives made today. Please try again tomorrow.",
    )
}
