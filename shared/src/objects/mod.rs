//! The bucket: uploads as they came, and the derivatives we show and search with.

mod created;
mod post;

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use bytes::Bytes;

use crate::domain::{DownloadId, Error, EvidenceId, ExportId, ImageId, Result, UserId};

pub use created::created_objects;
pub use post::Ticket;

/// The bucket.
#[derive(Clone, Debug)]
pub struct Objects {
    client: Client,
    bucket: String,
    aws: SdkConfig,
    /// Where the bucket is, if it is not AWS's own.
    endpoint: Option<String>,
}

/// An object that was read.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its bytes.
    pub bytes: Bytes,
    /// Its content type, as whoever stored it said; empty if nobody did.
    pub content_type: String,
}

/// Names of objects.
pub mod key {
    use uuid::Uuid;

    use super::{DownloadId, EvidenceId, ExportId, ImageId, UserId};

    /// What she sent, until the intake is done.
    #[must_use]
    pub fn upload(user: UserId, image: ImageId) -> String {
        format!("uploads/{user}/{image}")
    }

    /// The copy that is shown and searched with: at most 2048 px, no metadata.
    #[must_use]
    pub fn display(user: UserId, image: ImageId) -> String {
        format!("pictures/{user}/{image}/display.jpg")
    }

    /// The small copy, at most 512 px.
    #[must_use]
    pub fn thumbnail(user: UserId, image: ImageId) -> String {
        format!("pictures/{user}/{image}/thumb.jpg")
    }

    /// Whose upload an object is.
    #[must_use]
    pub fn parse_upload(key: &str) -> Option<(UserId, ImageId)> {
        let (user, image) = key.strip_prefix("uploads/")?.split_once('/')?;
        Some((UserId::parse(user)?, ImageId::parse(image)?))
    }

    /// A file that was made for her, sealed.
    #[must_use]
    pub fn download(user: UserId, download: DownloadId) -> String {
        format!("downloads/{user}/{download}")
    }

    /// A piece of a file that is made for her in several steps, sealed.
    #[must_use]
    pub fn download_piece(user: UserId, download: DownloadId, piece: Uuid) -> String {
        format!("downloads/{user}/{download}/{piece}")
    }

    /// What begins the names of mails that came, as the mail service stores them.
    pub const MAILS: &str = "mail/";

    /// What begins the names of everything of a record of evidence.
    #[must_use]
    pub fn evidence(user: UserId, record: EvidenceId) -> String {
        format!("evidence/{user}/{record}/")
    }

    /// What begins the names of the parts of a pack.
    #[must_use]
    pub fn export(user: UserId, pack: ExportId) -> String {
        format!("evidence/{user}/packs/{pack}/")
    }

    /// What begins the names of the notes of whom was erased. They are beside the table, for a backup of it
    /// knows nothing of who left after it.
    pub const ERASED: &str = "erased/";

    /// The note that she was erased.
    #[must_use]
    pub fn erased(user: UserId) -> String {
        format!("{ERASED}{user}")
    }

    /// Whom such a note is about.
    #[must_use]
    pub fn parse_erased(key: &str) -> Option<UserId> {
        UserId::parse(key.strip_prefix(ERASED)?)
    }

    /// Everything of hers.
    #[must_use]
    pub fn all_of(user: UserId) -> [String; 4] {
        [
            format!("uploads/{user}/"),
            format!("pictures/{user}/"),
            format!("evidence/{user}/"),
            format!("downloads/{user}/"),
        ]
    }
}

impl Objects {
    /// The bucket `bucket`, at `endpoint` if it is not AWS's own.
    #[must_use]
    pub fn new(aws: &SdkConfig, bucket: impl Into<String>, endpoint: Option<String>) -> Self {
        let mut config =
            aws_sdk_s3::config::Builder::from(aws).force_path_style(endpoint.is_some());
        config.set_endpoint_url(endpoint.clone());
        Self {
            client: Client::from_conf(config.build()),
            bucket: bucket.into(),
            aws: aws.clone(),
            endpoint,
        }
    }

    /// Whether the bucket answers. For the readiness check.
    pub async fn ping(&self) -> Result<()> {
        self.client
            .head_bucket()
            .bucket(&self.bucket)
            .send()
            .await
            .map_err(|err| failure("asking for the bucket", err))?;
        Ok(())
    }

    /// Stores an object.
    pub async fn put(&self, key: &str, content_type: &str, bytes: Bytes) -> Result<()> {
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type(content_type)
            .body(ByteStream::from(bytes))
            .send()
            .await
            .map_err(|err| failure("storing an object", err))?;
        Ok(())
    }

    /// Stores an object under a name that nothing has yet; there already, it stays as it is.
    pub async fn put_new(&self, key: &str, content_type: &str, bytes: Bytes) -> Result<()> {
        let sent = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type(content_type)
            .if_none_match("*")
            .body(ByteStream::from(bytes))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(()),
            Err(err)
                if err
                    .raw_response()
                    .is_some_and(|it| it.status().as_u16() == 412) =>
            {
                Ok(())
            }
            Err(err) => Err(failure("storing an object", err)),
        }
    }

    /// The names of the first `most` objects below `prefix` that come after `after`, and whether there are more.
    pub async fn list_after(
        &self,
        prefix: &str,
        after: Option<&str>,
        most: i32,
    ) -> Result<(Vec<String>, bool)> {
        let listed = self
            .client
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(prefix)
            .set_start_after(after.map(str::to_owned))
            .max_keys(most)
            .send()
            .await
            .map_err(|err| failure("listing objects", err))?;
        let names = listed.contents().iter();
        let names = names.filter_map(|it| it.key().map(str::to_owned));
        Ok((names.collect(), listed.is_truncated() == Some(true)))
    }

    /// The names of all objects below `prefix`.
    pub async fn list(&self, prefix: &str) -> Result<Vec<String>> {
        let pages = self.client.list_objects_v2().bucket(&self.bucket);
        let mut pages = pages.prefix(prefix).into_paginator().send();
        let mut names = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|err| failure("listing objects", err))?;
            names.extend(
                page.contents()
                    .iter()
                    .filter_map(|it| it.key().map(str::to_owned)),
            );
        }
        Ok(names)
    }

    /// Reads the bytes of an object of at most `limit` bytes; `None` if there is none.
    pub async fn get(&self, key: &str, limit: usize) -> Result<Option<Bytes>> {
        Ok(self.read(key, limit).await?.map(|it| it.bytes))
    }

    /// Reads an object of at most `limit` bytes; `None` if there is none.
    pub async fn read(&self, key: &str, limit: usize) -> Result<Option<Object>> {
        let reply = match self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .send()
            .await
        {
            Ok(reply) => reply,
            Err(err) if err.as_service_error().is_some_and(|it| it.is_no_such_key()) => {
                return Ok(None);
            }
            Err(err) => return Err(failure("reading an object", err)),
        };
        let length = reply.content_length().unwrap_or_default();
        let content_type = reply.content_type().unwrap_or_default().to_owned();
        if usize::try_from(length).is_ok_and(|it| it > limit) {
            return Err(Error::invalid(
                "FILE_TOO_LARGE",
                "This file is larger than we take.",
            ));
        }
        let body = reply
            .body
            .collect()
            .await
            .map_err(|err| Error::unavailable("reading an object's bytes", err))?;
        Ok(Some(Object {
            bytes: body.into_bytes(),
            content_type,
        }))
    }

    /// The first `limit` bytes of an object; `None` if there is none.
    pub async fn read_start(&self, key: &str, limit: usize) -> Result<Option<Bytes>> {
        let last = limit.saturating_sub(1);
        let asked = self.client.get_object().bucket(&self.bucket).key(key);
        let reply = match asked.range(format!("bytes=0-{last}")).send().await {
            Ok(reply) => reply,
            Err(err) if err.as_service_error().is_some_and(|it| it.is_no_such_key()) => {
                return Ok(None);
            }
            // Of an empty object there is no first byte.
            Err(err)
                if err
                    .raw_response()
                    .is_some_and(|it| it.status().as_u16() == 416) =>
            {
                return Ok(Some(Bytes::new()));
            }
            Err(err) => return Err(failure("reading the start of an object", err)),
        };
        let body = reply.body.collect().await;
        let body = body.map_err(|err| Error::unavailable("reading the start of an object", err))?;
        let mut bytes = body.into_bytes();
        bytes.truncate(limit);
        Ok(Some(bytes))
    }

    /// Whether there is such an object.
    pub async fn exists(&self, key: &str) -> Result<bool> {
        match self
            .client
            .head_object()
            .bucket(&self.bucket)
            .key(key)
            .send()
            .await
        {
            Ok(_) => Ok(true),
            Err(err) if err.as_service_error().is_some_and(|it| it.is_not_found()) => Ok(false),
            Err(err) => Err(failure("asking for an object", err)),
        }
    }

    /// Removes an object, there or not.
    pub async fn delete(&self, key: &str) -> Result<()> {
        self.client
            .delete_object()
            .bucket(&self.bucket)
            .key(key)
            .send()
            .await
            .map_err(|err| failure("removing an object", err))?;
        Ok(())
    }

    /// Removes everything below `prefix`; how many objects there were.
    pub async fn delete_prefix(&self, prefix: &str) -> Result<usize> {
        let mut deleted = 0;
        loop {
            let listed = self
                .client
                .list_objects_v2()
                .bucket(&self.bucket)
                .prefix(prefix)
                .send()
                .await
                .map_err(|err| failure("listing objects", err))?;
            let names: Vec<ObjectIdentifier> = listed
                .contents()
                .iter()
                .filter_map(|it| ObjectIdentifier::builder().key(it.key()?).build().ok())
                .collect();
            if names.is_empty() {
                return Ok(deleted);
            }
            deleted += names.len();
            let batch = Delete::builder()
                .set_objects(Some(names))
                .quiet(true)
                .build();
            let batch = batch.map_err(|err| Error::bug("building a delete", err))?;
            let reply = self
                .client
                .delete_objects()
                .bucket(&self.bucket)
                .delete(batch)
                .send()
                .await;
            let reply = reply.map_err(|err| failure("removing objects", err))?;
            if let Some(first) = reply.errors().first() {
                return Err(Error::unavailable(
                    "removing objects",
                    first.code().unwrap_or("unknown").to_owned(),
                ));
            }
        }
    }
}

fn failure<E>(what: &'static str, err: SdkError<E>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let text = DisplayErrorContext(&err).to_string();
    match &err {
        SdkError::ServiceError(it) if it.raw().status().is_client_error() => Error::bug(what, text),
        SdkError::ConstructionFailure(_) => Error::bug(what, text),
        _ => Error::unavailable(what, text),
    }
}
