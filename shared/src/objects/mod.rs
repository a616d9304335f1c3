//! The bucket: uploads as they came, and the derivatives we show and search with.

mod post;

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use bytes::Bytes;

use crate::domain::{Error, ImageId, Result, UserId};

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
    use super::{ImageId, UserId};

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

    /// Everything of hers.
    #[must_use]
    pub fn all_of(user: UserId) -> [String; 2] {
        [format!("uploads/{user}/"), format!("pictures/{user}/")]
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
