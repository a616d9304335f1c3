//! S3: the file system server of s3s, with the template's buckets, their CORS
//! rules, and the notifications it lacks.

use std::{
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{
    Extensions, HeaderMap, Method, Request, Response, Uri,
    header::{HeaderValue, ORIGIN},
};
use hyper::body::Incoming;
use s3s::{
    Body, S3, S3Error, S3Request, S3Response, S3Result,
    auth::SimpleAuth,
    dto, s3_error,
    service::{S3Service, S3ServiceBuilder},
};
use s3s_fs::FileSystem;
use tokio::net::TcpListener;

use super::{
    ACCESS_KEY, SECRET_KEY, s3_cors,
    s3_events::{Created, Notifier},
};
use crate::{
    error::{Error, Result},
    shutdown::Shutdown,
    template::{Bucket, Notification},
};

/// An object to be stored.
#[derive(Debug)]
pub(crate) struct NewObject {
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) content_type: String,
    pub(crate) body: Bytes,
}

/// Stores objects for parts of AWS that have a role of their own instead of a signature.
pub(crate) type StoreObject =
    Arc<dyn Fn(NewObject) -> BoxFuture<'static, std::result::Result<(), String>> + Send + Sync>;

/// Creates the buckets that are not there yet and makes the service.
pub(crate) async fn open(
    root: PathBuf,
    buckets: &[Bucket],
    notifier: Notifier,
) -> Result<(S3Service, StoreObject)> {
    let files =
        FileSystem::new(&root).map_err(|error| Error::server("S3", format!("{error:?}")))?;
    for bucket in buckets {
        let path = root.join(&bucket.name);
        if path.is_dir() {
            continue;
        }
        tokio::fs::create_dir(&path)
            .await
            .map_err(Error::io(format!("creating {}", path.display())))?;
        notifier
            .test(&bucket.name)
            .await
            .map_err(|error| Error::server("S3", error))?;
    }
    let storage = Storage {
        files: Arc::new(files),
        root,
        notifier: Arc::new(notifier),
    };
    let mut builder = S3ServiceBuilder::new(storage.clone());
    builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
    Ok((builder.build(), storage.store_object()))
}

/// Serves until `shutdown`.
pub(crate) async fn serve(
    listener: TcpListener,
    service: S3Service,
    buckets: Vec<Bucket>,
    shutdown: Shutdown,
) {
    let buckets: Arc<[Bucket]> = buckets.into();
    let front = |_| {
        let (service, buckets) = (service.clone(), Arc::clone(&buckets));
        hyper::service::service_fn(move |request: Request<Incoming>| {
            answer(service.clone(), Arc::clone(&buckets), request)
        })
    };
    super::serve(listener, front, shutdown).await;
}

async fn answer(
    service: S3Service,
    buckets: Arc<[Bucket]>,
    request: Request<Incoming>,
) -> std::result::Result<Response<Body>, s3s::HttpError> {
    let path = request.uri().path().to_owned();
    let method = request.method().clone();
    if let Some((status, headers)) = s3_cors::preflight(&buckets, &method, &path, request.headers())
    {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        return Ok(response);
    }
    let origin: Option<HeaderValue> = request.headers().get(ORIGIN).cloned();
    let mut response = service.call(request.map(Body::from)).await?;
    let cors = s3_cors::actual(&buckets, &method, &path, origin.as_ref());
    response.headers_mut().extend(cors);
    Ok(response)
}

/// The files, and who is told of new ones.
#[derive(Debug, Clone)]
struct Storage {
    files: Arc<FileSystem>,
    root: PathBuf,
    notifier: Arc<Notifier>,
}

impl Storage {
    fn store_object(self) -> StoreObject {
        Arc::new(move |object| {
            let storage = self.clone();
            Box::pin(async move {
                let stored = storage.put(unsigned_put(object), "Put").await;
                stored.map(drop).map_err(|error| format!("{error:?}"))
            })
        })
    }

    async fn created(
        &self,
        bucket: &str,
        key: &str,
        e_tag: Option<&dto::ETag>,
        how: &'static str,
    ) -> S3Result<()> {
        let size = tokio::fs::metadata(self.root.join(bucket).join(key))
            .await
            .map_or(0, |file| file.len());
        let object = Created {
            bucket,
            key,
            size,
            e_tag: e_tag.map_or("", dto::ETag::value),
            how,
        };
        // Not told is not stored: the client tries again.
        self.notifier.created(&object).await.map_err(|error| {
            tracing::error!(error, "a notification could not be sent");
            s3_error!(InternalError, "the notification could not be sent")
        })
    }

    async fn put(
        &self,
        request: S3Request<dto::PutObjectInput>,
        how: &'static str,
    ) -> S3Result<S3Response<dto::PutObjectOutput>> {
        let (bucket, key) = (request.input.bucket.clone(), request.input.key.clone());
        let response = self.files.put_object(request).await?;
        self.created(&bucket, &key, response.output.e_tag.as_ref(), how)
            .await?;
        Ok(response)
    }

    /// The file server leaves what it knew about a deleted object behind; deleted
    /// is deleted here.
    async fn forget(&self, bucket: &str, key: &str) {
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let name = format!(".bucket-{}.object-{}", encode(bucket), encode(key));
        for kind in ["metadata", "internal"] {
            remove(&self.root.join(format!("{name}.{kind}.json"))).await;
        }
    }
}

fn unsigned_put(object: NewObject) -> S3Request<dto::PutObjectInput> {
    let input = dto::PutObjectInput {
        bucket: object.bucket,
        key: object.key,
        content_type: Some(object.content_type),
        body: Some(Body::from(object.body).into()),
        ..dto::PutObjectInput::default()
    };
    S3Request {
        input,
        method: Method::PUT,
        uri: Uri::default(),
        headers: HeaderMap::default(),
        extensions: Extensions::default(),
        credentials: None,
        region: None,
        service: None,
        trailing_headers: None,
    }
}

async fn remove(path: &Path) {
    match tokio::fs::remove_file(path).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            tracing::warn!(%error, "what was known of a deleted object is left behind");
        }
        _ => {}
    }
}

/// What an operation of [`S3`] returns, written out: the trait's own macro cannot
/// see through [`forward`].
type S3Answer<'a, T> = Pin<Box<dyn Future<Output = S3Result<S3Response<T>>> + Send + 'a>>;

/// Operations the file server does by itself.
macro_rules! forward {
    ($($name:ident: $input:ident => $output:ident;)*) => {
        $(
            fn $name<'a, 'b>(&'a self, request: S3Request<dto::$input>) -> S3Answer<'b, dto::$output>
            where
                'a: 'b,
                Self: 'b,
            {
                self.files.$name(request)
            }
        )*
    };
}

impl S3 for Storage {
    forward! {
        abort_multipart_upload: AbortMultipartUploadInput => AbortMultipartUploadOutput;
        create_bucket: CreateBucketInput => CreateBucketOutput;
        create_multipart_upload: CreateMultipartUploadInput => CreateMultipartUploadOutput;
        delete_bucket: DeleteBucketInput => DeleteBucketOutput;
        get_bucket_location: GetBucketLocationInput => GetBucketLocationOutput;
        get_object: GetObjectInput => GetObjectOutput;
        head_bucket: HeadBucketInput => HeadBucketOutput;
        head_object: HeadObjectInput => HeadObjectOutput;
        list_buckets: ListBucketsInput => ListBucketsOutput;
        list_objects: ListObjectsInput => ListObjectsOutput;
        list_objects_v2: ListObjectsV2Input => ListObjectsV2Output;
        list_parts: ListPartsInput => ListPartsOutput;
        upload_part: UploadPartInput => UploadPartOutput;
        upload_part_copy: UploadPartCopyInput => UploadPartCopyOutput;
    }

    fn put_object<'a, 'b>(
        &'a self,
        request: S3Request<dto::PutObjectInput>,
    ) -> S3Answer<'b, dto::PutObjectOutput>
    where
        'a: 'b,
        Self: 'b,
    {
        // Forms posted by browsers come here too, by the trait's own `post_object`.
        let how = if request.method == Method::POST {
            "Post"
        } else {
            "Put"
        };
        Box::pin(self.put(request, how))
    }

    fn copy_object<'a, 'b>(
        &'a self,
        request: S3Request<dto::CopyObjectInput>,
    ) -> S3Answer<'b, dto::CopyObjectOutput>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(async move {
            let (bucket, key) = (request.input.bucket.clone(), request.input.key.clone());
            let response = self.files.copy_object(request).await?;
            let result = response.output.copy_object_result.as_ref();
            let e_tag = result.and_then(|result| result.e_tag.as_ref());
            self.created(&bucket, &key, e_tag, "Copy").await?;
            Ok(response)
        })
    }

    fn complete_multipart_upload<'a, 'b>(
        &'a self,
        request: S3Request<dto::CompleteMultipartUploadInput>,
    ) -> S3Answer<'b, dto::CompleteMultipartUploadOutput>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(async move {
            let (bucket, key) = (request.input.bucket.clone(), request.input.key.clone());
            let response = self.files.complete_multipart_upload(request).await?;
            let e_tag = response.output.e_tag.as_ref();
            self.created(&bucket, &key, e_tag, "CompleteMultipartUpload")
                .await?;
            Ok(response)
        })
    }

    fn delete_object<'a, 'b>(
        &'a self,
        request: S3Request<dto::DeleteObjectInput>,
    ) -> S3Answer<'b, dto::DeleteObjectOutput>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(async move {
            let (bucket, key) = (request.input.bucket.clone(), request.input.key.clone());
            let response = self.files.delete_object(request).await?;
            self.forget(&bucket, &key).await;
            Ok(response)
        })
    }

    fn delete_objects<'a, 'b>(
        &'a self,
        request: S3Request<dto::DeleteObjectsInput>,
    ) -> S3Answer<'b, dto::DeleteObjectsOutput>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(async move {
            let bucket = request.input.bucket.clone();
            let response = self.files.delete_objects(request).await?;
            let deleted = response.output.deleted.iter().flatten();
            for key in deleted.filter_map(|object| object.key.as_deref()) {
                self.forget(&bucket, key).await;
            }
            Ok(response)
        })
    }

    fn put_bucket_notification_configuration<'a, 'b>(
        &'a self,
        request: S3Request<dto::PutBucketNotificationConfigurationInput>,
    ) -> S3Answer<'b, dto::PutBucketNotificationConfigurationOutput>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(async move {
            let bucket = &request.input.bucket;
            let rules = rules(&request.input.notification_configuration)?;
            self.notifier
                .configure(bucket, rules)
                .await
                .map_err(|error| S3Error::with_message(s3s::S3ErrorCode::InvalidArgument, error))?;
            Ok(S3Response::new(
                dto::PutBucketNotificationConfigurationOutput::default(),
            ))
        })
    }
}

/// Queues only; this machine has no topics.
fn rules(configuration: &dto::NotificationConfiguration) -> S3Result<Vec<Notification>> {
    if configuration.topic_configurations.is_some()
        || configuration.lambda_function_configurations.is_some()
        || configuration.event_bridge_configuration.is_some()
    {
        return Err(s3_error!(
            NotImplemented,
            "the local stack notifies queues only"
        ));
    }
    let queues = configuration.queue_configurations.iter().flatten();
    Ok(queues.flat_map(notifications).collect())
}

fn notifications(queue: &dto::QueueConfiguration) -> Vec<Notification> {
    let mut notification = Notification {
        event: String::new(),
        queue_arn: queue.queue_arn.clone(),
        prefix: String::new(),
        suffix: String::new(),
    };
    let filter = queue.filter.as_ref();
    let filter = filter.and_then(|filter| filter.key.as_ref());
    let filter = filter.and_then(|filter| filter.filter_rules.as_ref());
    for rule in filter.into_iter().flatten() {
        let value = rule.value.clone().unwrap_or_default();
        match rule.name.as_ref().map(dto::FilterRuleName::as_str) {
            Some(name) if name.eq_ignore_ascii_case("prefix") => notification.prefix = value,
            Some(name) if name.eq_ignore_ascii_case("suffix") => notification.suffix = value,
            _ => {}
        }
    }
    let events = queue.events.iter();
    events
        .map(|event| Notification {
            event: event.as_ref().to_owned(),
            ..notification.clone()
        })
        .collect()
}

#[cfg(test)]
mod tests;
