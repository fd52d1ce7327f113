//! Which uploads were decoded, and what was made of them. An upload that is named a second time, because the change that
//! was to have its image failed, is not decoded again.

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use crate::clock::Timestamp;
use crate::entity::image;
use crate::id::UploadId;
use crate::limits;

/// The uploads that were decoded since the program started, for as long as they can be used.
pub(super) struct DecodedUploads(Cache<UploadId, DecodedUpload>);

/// What has become of an upload.
#[derive(Clone)]
pub(super) enum DecodedUpload {
    /// Nothing was made of it yet, or what was made is gone.
    Begun,
    /// What was made of it is stored, and on the list of deletions: nothing points to it yet.
    Kept { row: image::Model, until: Timestamp },
    /// Something points to what was made of it.
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
    /// Notes that an upload is decoded; whether it is the first time.
    pub(super) fn begin(&self, upload: UploadId) -> bool {
        self.0.entry(upload).or_insert(DecodedUpload::Begun).is_fresh()
    }

    /// Keeps what was made of an upload until it is deleted. `false` where another image was made of it meanwhile: one is
    /// enough.
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

    /// What has become of an upload that was not used when it was last looked up.
    pub(super) fn find(&self, upload: UploadId, now: Timestamp) -> DecodedUpload {
        match self.0.get(&upload) {
            Some(DecodedUpload::Kept { until, .. }) if until <= now => DecodedUpload::Begun,
            Some(known) => known,
            None => DecodedUpload::Begun,
        }
    }

    /// Something points to an image that was made of an upload.
    pub(super) fn attached(&self, upload: UploadId) {
        self.0.insert(upload, DecodedUpload::Attached);
    }
}
