//! Decodes and encodes on threads of its own at the lowest priority, so that texts keep their pace while images are at
//! work.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use anyhow::anyhow;
use tokio::sync::oneshot;

use crate::error::{Error, Result};
use crate::limits;

type Job = Box<dyn FnOnce() + Send>;

/// The threads, and a bounded queue before them. Dropping it ends the threads.
pub(super) struct Workers {
    queue: SyncSender<Job>,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    pub(super) fn start() -> std::io::Result<Self> {
        let (queue, jobs) = sync_channel(limits::IMAGE_QUEUE);
        let jobs = Arc::new(Mutex::new(jobs));
        let threads = (0..limits::IMAGES_AT_ONCE)
            .map(|_| {
                let jobs = Arc::clone(&jobs);
                thread::Builder::new().name("images".into()).spawn(move || serve(&jobs))
            })
            .collect::<std::io::Result<_>>()?;
        Ok(Self { queue, threads })
    }

    /// Runs on one of the threads. Whoever does not wait for it any more when its turn comes is passed over.
    pub(super) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let job = Box::new(move || {
            if !answer.is_closed() {
                // Too late is the same as closed.
                let _ = answer.send(work());
            }
        });
        self.queue.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => Error::unavailable(),
            TrySendError::Disconnected(_) => Error::Internal(anyhow!("the threads for images have ended")),
        })?;
        // Decoders have had their panics. What makes one panic is no image.
        answered.await.unwrap_or(Err(Error::UnsupportedImage("this image cannot be read")))
    }
}

impl Drop for Workers {
    /// Waits for the image that each thread is at. What still stands in the queue is skipped.
    fn drop(&mut self) {
        let (closed, _) = sync_channel(0);
        self.queue = closed;
        for thread in self.threads.drain(..) {
            // It catches its jobs' panics and has none of its own.
            let _ = thread.join();
        }
    }
}

fn serve(jobs: &Mutex<Receiver<Job>>) {
    // Only Linux has a priority for each thread; elsewhere this would slow the process.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, 19) {
        tracing::warn!(%error, "images are decoded at normal priority");
    }
    loop {
        // One thread waits in the queue and the other for the lock, which is free again before the job begins.
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        if catch_unwind(AssertUnwindSafe(job)).is_err() {
            tracing::warn!("an image made its decoder panic");
        }
    }
}
