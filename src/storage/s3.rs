//! Objects in a bucket of S3 or of a compatible service.

use std::net::Ipv4Addr;
use std::ops::Range;
use std::time::Duration;

use anyhow::{Context, anyhow};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Config, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
    StalledStreamProtectionConfig,
};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns, ResolveDnsError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use secrecy::ExposeSecret;

use super::{Bytestream, Key, PresignedPut};
use crate::config::Bucket;
use crate::limits;

/// A bucket and its client.
pub(super) struct S3 {
    client: Client,
    bucket: String,
    /// The service's URL, or AWS.
    endpoint: String,
}

impl S3 {
    /// Creates a client without a request, because the bucket may be unavailable when the server starts.
    pub(super) fn new(bucket: &Bucket) -> anyhow::Result<Self> {
        let secret = bucket.secret_access_key.expose_secret().to_owned();
        let token = bucket.session_token.as_ref().map(|token| token.expose_secret().to_owned());
        let is_plain = bucket.endpoint.as_ref().is_some_and(|endpoint| endpoint.scheme() == "http");
        // Without TLS no root certificates are needed, and a minimal container may have none.
        let trusted = if is_plain { TrustStore::empty() } else { TrustStore::default() };
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(TlsContext::builder().with_trust_store(trusted).build()?)
            .build_with_resolver(BucketNames);
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(limits::S3_CONNECT)
            .read_timeout(limits::S3_READ)
            .operation_timeout(limits::S3_OPERATION)
            .build();
        let stalled = StalledStreamProtectionConfig::enabled().grace_period(limits::S3_READ).build();
        let mut config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(bucket.region.clone()))
            .credentials_provider(Credentials::new(bucket.access_key_id.clone(), secret, token, None, "settings"))
            .force_path_style(bucket.force_path_style)
            .http_client(http)
            .timeout_config(timeouts)
            .stalled_stream_protection(stalled)
            .retry_config(RetryConfig::standard().with_max_attempts(limits::S3_TRIES))
            // Other servers than AWS's do not support the newer checksums.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        if let Some(endpoint) = &bucket.endpoint {
            config = config.endpoint_url(endpoint.as_str().trim_end_matches('/'));
        }
        let endpoint =
            bucket.endpoint.as_ref().map_or("AWS", |endpoint| endpoint.as_str().trim_end_matches('/')).to_owned();
        Ok(Self { client: Client::from_conf(config.build()), bucket: bucket.name.clone(), endpoint })
    }

    pub(super) async fn put(&self, key: Key, bytes: Bytes) -> anyhow::Result<()> {
        let put = self.client.put_object().bucket(&self.bucket).key(key.to_string()).body(ByteStream::from(bytes));
        put.send().await.map(drop).map_err(sdk_error)
    }

    pub(super) async fn read(&self, key: Key, range: Range<u64>) -> anyhow::Result<Option<Bytestream>> {
        let last = range.end.checked_sub(1).filter(|last| *last >= range.start).context("the range is empty")?;
        let range = format!("bytes={}-{last}", range.start);
        let got = self.client.get_object().bucket(&self.bucket).key(key.to_string()).range(range).send().await;
        let body = match got {
            Ok(object) => object.body,
            Err(error) if matches!(error.as_service_error(), Some(GetObjectError::NoSuchKey(_))) => return Ok(None),
            Err(error) => return Err(sdk_error(error)),
        };
        let pieces = stream::try_unfold(body, |mut body| async move {
            let piece = body.try_next().await.map_err(std::io::Error::other)?;
            Ok(piece.map(|piece| (piece, body)))
        });
        Ok(Some(pieces.boxed()))
    }

    pub(super) async fn size(&self, key: Key) -> anyhow::Result<Option<u64>> {
        match self.client.head_object().bucket(&self.bucket).key(key.to_string()).send().await {
            Ok(object) => Ok(object.content_length().and_then(|length| u64::try_from(length).ok())),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_not_found()) => Ok(None),
            Err(error) => Err(sdk_error(error)),
        }
    }

    pub(super) async fn delete(&self, key: Key) -> anyhow::Result<()> {
        let deleted = self.client.delete_object().bucket(&self.bucket).key(key.to_string()).send().await;
        deleted.map(drop).map_err(sdk_error)
    }

    pub(super) fn place(&self) -> String {
        format!("the bucket {}", self.bucket)
    }

    /// The bucket and its service.
    pub(super) async fn identity(&self) -> anyhow::Result<Option<String>> {
        Ok(Some(format!("the bucket {} of {}", self.bucket, self.endpoint)))
    }

    /// Whether the bucket exists. If the key does not show, it is assumed.
    pub(super) async fn exists(&self) -> anyhow::Result<bool> {
        match self.client.head_bucket().bucket(&self.bucket).send().await {
            Ok(_) => Ok(true),
            Err(error) if status(&error) == Some(403) => Ok(true),
            Err(error) if status(&error) == Some(404) => Ok(false),
            Err(error) => Err(sdk_error(error)),
        }
    }

    pub(super) async fn probe(&self) -> anyhow::Result<()> {
        match self.client.head_bucket().bucket(&self.bucket).send().await {
            Ok(_) => Ok(()),
            // A key that may only read, write and delete objects may not look at the bucket. To delete what never exists
            // is free, and changes nothing.
            Err(error) if status(&error) == Some(403) => {
                let deleted = self.client.delete_object().bucket(&self.bucket).key("probe").send().await;
                deleted.map(drop).map_err(sdk_error)
            }
            Err(error) => Err(sdk_error(error)),
        }
    }

    /// The size and type are signed: the bucket rejects a PUT of anything else.
    pub(super) async fn presign_put(
        &self,
        key: Key,
        size: u64,
        mime: &str,
        valid: Duration,
    ) -> anyhow::Result<Option<PresignedPut>> {
        let put = self.client.put_object().bucket(&self.bucket).key(key.to_string());
        let put = put.content_type(mime).content_length(i64::try_from(size)?);
        let signed = put.presigned(PresigningConfig::expires_in(valid)?).await.map_err(sdk_error)?;
        // Clients send the length by themselves, and browsers do not let scripts set it.
        let headers = signed.headers().filter(|(name, _)| !name.eq_ignore_ascii_case("content-length"));
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ok(Some(PresignedPut { url: signed.uri().to_owned(), headers }))
    }
}

/// Resolves names like the system, except that names below `localhost` are this machine (RFC 6761, 6.3), which few
/// systems implement. A local bucket has such a name: the bucket's name before the host.
#[derive(Clone, Copy, Debug)]
struct BucketNames;

impl ResolveDns for BucketNames {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        DnsFuture::new(async move {
            if name.ends_with(".localhost") {
                return Ok(vec![Ipv4Addr::LOCALHOST.into()]);
            }
            let found = tokio::net::lookup_host((name, 0)).await.map_err(ResolveDnsError::new)?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// The status of the bucket's answer, if there was one.
fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error.raw_response().map(|answer| answer.status().as_u16())
}

/// Converts an SDK error, whose own message is mostly generic. Of a response only the status, code and message are
/// kept: when a token has expired, S3 repeats it in the body.
fn sdk_error<E>(error: SdkError<E, HttpResponse>) -> anyhow::Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match error.raw_response() {
        Some(answer) => anyhow!(
            "the bucket answered {} {}: {}",
            answer.status(),
            error.code().unwrap_or("without a code"),
            error.message().unwrap_or("it gave no reason")
        ),
        None => anyhow::Error::new(error).context("the bucket could not be reached"),
    }
}
