//! Files that are due: those that are waited for are asked for again, those that are gone are removed.

use crate::domain::{DownloadState, Result, Timestamp};
use crate::objects::{Objects, key};
use crate::queues::{Queues, RenderMessage};
use crate::store::{Due, Store};

/// What looking after files needs.
pub(super) struct DueDownloads<'a> {
    pub(super) store: &'a Store,
    pub(super) objects: &'a Objects,
    pub(super) queues: &'a Queues,
    pub(super) render: &'a str,
}

impl DueDownloads<'_> {
    /// Whether there was something to do. A row that cannot be read leads nobody to its file: both are removed.
    pub(super) async fn look_after(&self, due: &Due, now: Timestamp) -> Result<bool> {
        let (Some(user_id), Some(download_id)) = (due.user(), due.download()) else {
            return Ok(false);
        };
        let row = self.store.due_download(user_id, download_id).await?;
        let download = row.map(|it| it.download);
        let read = download.as_ref();
        if read.is_none_or(|it| it.gone_at <= now) {
            let place = key::download(user_id, download_id);
            self.objects.delete_prefix(&place).await?;
            let removed = self.store.remove_download(user_id, download_id, read);
            return removed.await.map(|()| true);
        }
        let is_waited = read.is_some_and(|it| it.state == DownloadState::Waiting);
        if is_waited {
            let message = RenderMessage {
                user_id,
                download_id,
            };
            self.queues.send(self.render, &message).await?;
        }
        Ok(is_waited)
    }
}

#[cfg(test)]
mod tests;
