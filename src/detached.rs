//! Runs work on a task of its own, for callers that may stop polling.
//!
//! A socket's task polls its operations only while the client reads. If an operation held a connection to the database, a
//! lock or a turn, it would hold it until the client reads on, and everybody else would wait. So whatever an operation of
//! a socket does, except for waiting for events, is done here: it makes progress by itself, and only its result waits.

use std::future::pending;
use std::panic::resume_unwind;

use tokio_util::task::AbortOnDropHandle;

/// Runs a future on a task of its own, which is aborted when the caller is dropped. A panic is propagated to the caller.
#[expect(clippy::disallowed_methods, reason = "this module is its home: the task ends with its caller")]
pub(crate) fn detached<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> impl Future<Output = T> {
    // Spawned here and not in the future, or every caller would have room for the work for as long as it waits.
    let task = AbortOnDropHandle::new(tokio::spawn(work));
    async move {
        match task.await {
            Ok(result) => result,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                // The task was aborted because the runtime ends, and the caller's task ends with it.
                Err(_) => pending().await,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::task::{Context, Waker};

    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn work_that_is_not_polled_makes_progress_and_releases_what_it_holds() {
        let (place, go_on) = (Arc::new(Semaphore::new(1)), Arc::new(Semaphore::new(0)));
        let (held, awaited) = (Arc::clone(&place), Arc::clone(&go_on));
        let mut work = Box::pin(detached(async move {
            let _held = held.acquire().await;
            awaited.acquire().await.map(drop)
        }));
        // Polled once, and not again before the end.
        assert!(work.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        while place.available_permits() > 0 {
            tokio::task::yield_now().await;
        }

        go_on.add_permits(1);

        drop(place.acquire().await.expect("it is never closed"));
        work.await.expect("it is never closed");
    }

    #[tokio::test]
    async fn work_is_aborted_when_its_caller_is_dropped() {
        let place = Arc::new(Semaphore::new(1));
        let held = Arc::clone(&place);
        let mut work = Box::pin(detached(async move {
            let _held = held.acquire().await;
            pending::<()>().await;
        }));
        assert!(work.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        while place.available_permits() > 0 {
            tokio::task::yield_now().await;
        }

        drop(work);

        drop(place.acquire().await.expect("it is never closed"));
    }

    #[tokio::test]
    #[should_panic = "as the test wants it"]
    async fn a_panic_is_propagated_to_the_caller() {
        detached(async { panic!("as the test wants it") }).await
    }
}
