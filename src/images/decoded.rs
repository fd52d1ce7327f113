//! A cache of decoded uploads. If a change that names an upload fails, naming the upload again does not decode it
//! again.

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use crate::clock::Timestamp;
use crate::entity::image;
use crate::id::UploadId;
use crate::limits;

/// The uploads decoded since the program started, for as long as they can be used.
pub(super) struct DecodedUploads(Cache<UploadId, DecodedUpload>);

/// The state of an upload.
#[derive(Clone)]
pub(super) enum DecodedUpload {
    /// Decoding has begun, or its result was deleted.
    Begun,
    /// The result is stored and on the list of deletions: nothing points to it yet.
    Kept { row: image::Model, until: Timestamp },
    /// Something points to the result.
    Attached,
}

impl Default for DecodedUploads {
    fn default() -> Self {
        let cache = Cache::builder()
            .max_capacity(limits::UPLOADS_DECODED)
            .time_to_live(limits::UPLOAD_SLOT + limits::UPLOAD_UNUSED)
            .eviction_policy(EvictionPolicy::lru());
        Self(cache.build())
    }
}

impl DecodedUploads {
    /// Records that an upload is being decoded, and returns whether it is the first time.
    pub(super) fn begin(&self, upload: UploadId) -> bool {
        self.0.entry(upload).or_insert(DecodedUpload::Begun).is_fresh()
    }

    /// Keeps the result of an upload until it is deleted. `false` if a concurrent request has already kept or attached
    /// another one.
    pub(super) fn keep(&self, upload: UploadId, row: image::Model, until: Timestamp, now: Timestamp) -> bool {
        let id = row.id;
        let new = DecodedUpload::Kept { row, until };
        let entry = self.0.entry(upload).and_upsert_with(|before| match before.map(|entry| entry.into_value()) {
            Some(other @ DecodedUpload::Attached) => other,
            Some(other @ DecodedUpload::Kept { until, .. }) if until > now => other,
            Some(DecodedUpload::Begun | DecodedUpload::Kept { .. }) | None => new,
        });
        matches!(entry.into_value(), DecodedUpload::Kept { row, .. } if row.id == id)
    }

    /// The state of an upload that is unused according to its row.
    pub(super) fn find(&self, upload: UploadId, now: Timestamp) -> DecodedUpload {
        match self.0.get(&upload) {
            Some(DecodedUpload::Kept { until, .. }) if until <= now => DecodedUpload::Begun,
            Some(known) => known,
            None => DecodedUpload::Begun,
        }
    }

    /// Records that something points to the result of an upload.
    pub(super) fn attached(&self, upload: UploadId) {
        self.0.insert(upload, DecodedUpload::Attached);
    }
}
