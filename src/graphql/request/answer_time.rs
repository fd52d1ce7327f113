//! The time limit of an operation. An operation with an image waits for the image to be decoded. That is known only
//! during the execution, which therefore extends the limit itself.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::timeout_at;

use crate::clock;
use crate::error::{Error, Result};
use crate::limits;

/// The time limit of one operation, in the request's data. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct AnswerTime(Arc<AtomicBool>);

impl AnswerTime {
    /// Extends the limit to that of uploads, for an operation with an image.
    pub(in crate::graphql) fn extend(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Runs the work; an error if it exceeds the limit.
    pub async fn limit<T>(&self, work: impl Future<Output = T>) -> Result<T> {
        self.limit_to(limits::REQUEST, limits::UPLOAD_ANSWER, work).await
    }

    async fn limit_to<T>(&self, usual: Duration, extended: Duration, work: impl Future<Output = T>) -> Result<T> {
        let (began, mut work) = (clock::instant(), pin!(work));
        if let Ok(done) = timeout_at(began + usual, &mut work).await {
            return Ok(done);
        }
        if !self.0.load(Ordering::Relaxed) {
            return Err(Error::unavailable());
        }
        timeout_at(began + extended, work).await.map_err(|_| Error::unavailable())
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::time::sleep;

    use super::*;

    const SHORT: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(3600);

    #[tokio::test]
    async fn an_operation_is_cut_off_after_the_usual_time() {
        let cut = AnswerTime::default().limit_to(SHORT, LONG, pending::<()>()).await;
        assert!(matches!(cut, Err(Error::Unavailable { .. })), "{cut:?}");
    }

    #[tokio::test]
    async fn an_operation_that_says_so_while_it_runs_has_more_time() {
        let time = AnswerTime::default();
        let work = async {
            time.extend();
            sleep(SHORT * 2).await;
            7
        };
        assert_eq!(time.limit_to(SHORT, LONG, work).await.expect("in time"), 7);
    }

    #[tokio::test]
    async fn the_extended_time_ends_too() {
        let time = AnswerTime::default();
        time.extend();
        let cut = time.limit_to(SHORT, SHORT * 2, pending::<()>()).await;
        assert!(matches!(cut, Err(Error::Unavailable { .. })), "{cut:?}");
    }
}
