//! Whether the store answers, as far as is known.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use crate::error::{Error, Result};

/// The retry delay for clients while the store is unavailable.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Whether the last operation succeeded.
#[derive(Debug, Default)]
pub(super) struct Availability {
    is_unavailable: AtomicBool,
    failure: Notify,
}

impl Availability {
    pub(super) fn is_available(&self) -> bool {
        !self.is_unavailable.load(Ordering::Relaxed)
    }

    /// Fails while the store is unavailable.
    pub(super) fn ensure(&self) -> Result<()> {
        if self.is_available() { Ok(()) } else { Err(Error::Unavailable { retry_after: RETRY_AFTER }) }
    }

    /// Notes the outcome of an operation, and turns an error into `Unavailable`.
    pub(super) fn note<T>(&self, done: &str, outcome: anyhow::Result<T>) -> Result<T> {
        match outcome {
            Ok(value) => {
                self.set_available();
                Ok(value)
            }
            Err(error) => {
                if self.set_unavailable() {
                    tracing::error!(event = "storage.away", "an image could not be {done}: {error:#}");
                    self.failure.notify_one();
                } else {
                    tracing::debug!("an image could not be {done}: {error:#}");
                }
                Err(Error::Unavailable { retry_after: RETRY_AFTER })
            }
        }
    }

    /// Notes the outcome of a probe.
    pub(super) fn note_probe(&self, outcome: anyhow::Result<()>) {
        match outcome {
            Ok(()) => self.set_available(),
            Err(error) if self.set_unavailable() => {
                tracing::error!(event = "storage.away", "the image store cannot be reached: {error:#}");
            }
            Err(error) => tracing::debug!("the image store still cannot be reached: {error:#}"),
        }
    }

    /// Waits for the next operation that fails while the store counted as available.
    pub(super) async fn failure(&self) {
        self.failure.notified().await;
    }

    fn set_available(&self) {
        if self.is_unavailable.swap(false, Ordering::Relaxed) {
            tracing::warn!(event = "storage.back", "the image store is available again");
        }
    }

    /// Returns whether it was available before.
    fn set_unavailable(&self) -> bool {
        !self.is_unavailable.swap(true, Ordering::Relaxed)
    }
}
