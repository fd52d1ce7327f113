//! A few low-priority threads with a bounded queue, for work that occupies a core for long.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

/// The threads and their queue. Each thread keeps a `Memory` from job to job. Dropping it ends the threads.
pub(crate) struct Pool<Memory = ()> {
    queue: SyncSender<Job<Memory>>,
    threads: Vec<JoinHandle<()>>,
}

type Job<Memory> = Box<dyn FnOnce(&mut Memory) + Send>;

/// Why a job has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Undone {
    /// The queue is full.
    Full,
    /// It panicked. The thread continues with a new `Memory`.
    Panicked,
}

impl<Memory: Default + 'static> Pool<Memory> {
    /// Starts `threads` threads with this name, behind a queue for `queue` jobs.
    pub(crate) fn start(name: &str, threads: usize, queue: usize) -> std::io::Result<Self> {
        let (queue, jobs) = sync_channel(queue);
        let jobs = Arc::new(Mutex::new(jobs));
        let threads = (0..threads)
            .map(|_| {
                let jobs = Arc::clone(&jobs);
                thread::Builder::new().name(name.into()).spawn(move || serve(&jobs))
            })
            .collect::<std::io::Result<_>>()?;
        Ok(Self { queue, threads })
    }

    /// Runs a job on one of the threads. A job whose caller has been dropped in the meantime is skipped.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T, Undone> {
        let (answer, answered) = oneshot::channel();
        let job = Box::new(move |memory: &mut Memory| {
            if !answer.is_closed() {
                // If the caller was dropped during the work, the result is dropped too.
                let _ = answer.send(work(memory));
            }
        });
        // The threads live as long as the pool, so the queue is never disconnected: the only error is that it is full.
        self.queue.try_send(job).map_err(|_| Undone::Full)?;
        answered.await.map_err(|_| Undone::Panicked)
    }
}

impl<Memory> Drop for Pool<Memory> {
    /// Waits for each thread's current job. Jobs in the queue are skipped, as their callers are gone.
    fn drop(&mut self) {
        let (closed, _) = sync_channel(0);
        self.queue = closed;
        for thread in self.threads.drain(..) {
            // A thread catches the panics of its jobs, and does not panic otherwise.
            let _ = thread.join();
        }
    }
}

/// Runs jobs until the queue is closed.
fn serve<Memory: Default>(jobs: &Mutex<Receiver<Job<Memory>>>) {
    lower_priority();
    let mut memory = Memory::default();
    loop {
        // One thread waits on the queue and the others for the lock, which is released before the job begins.
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        // The caller notices a panic because the sender of the answer is dropped.
        if catch_unwind(AssertUnwindSafe(|| job(&mut memory))).is_err() {
            memory = Memory::default();
        }
    }
}

/// Gives this thread the lowest priority, so that requests are served meanwhile.
fn lower_priority() {
    // Only on Linux does this set the priority of one thread; elsewhere it would slow the whole process.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, 19) {
        let thread = thread::current();
        let name = thread.name().unwrap_or_default();
        tracing::warn!(%error, "the thread `{name}` works at normal priority");
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::cell::RefCell;
    use std::sync::mpsc;

    use super::*;

    /// Keeps a thread busy until what it returns is dropped.
    pub(crate) fn occupy<Memory: Default + 'static>(pool: &Pool<Memory>) -> mpsc::Sender<()> {
        let (begin, begun) = mpsc::channel();
        let (release, released) = mpsc::channel();
        let job = move |_: &mut Memory| {
            let _ = begin.send(());
            let _ = released.recv();
        };
        pool.queue.send(Box::new(job)).expect("threads");
        begun.recv().expect("a thread takes it");
        release
    }

    fn pool(threads: usize, queue: usize) -> Pool<u32> {
        Pool::start("tester", threads, queue).expect("threads")
    }

    /// Begins a job and lets it wait.
    macro_rules! begin {
        ($job:expr) => {
            tokio::select! {
                biased;
                _ = &mut $job => panic!("the thread is busy"),
                () = std::future::ready(()) => {}
            }
        };
    }

    #[tokio::test]
    async fn a_thread_keeps_its_memory_from_job_to_job() {
        let pool = pool(1, 1);
        for before in 0..3 {
            let counted = pool.run(|memory| std::mem::replace(memory, *memory + 1)).await;
            assert_eq!(counted, Ok(before));
        }
    }

    #[tokio::test]
    async fn a_job_beyond_a_full_queue_is_refused() {
        let pool = pool(1, 2);
        let release = occupy(&pool);
        let (mut first, mut second) = (Box::pin(pool.run(|_| 1)), Box::pin(pool.run(|_| 2)));
        begin!(first);
        begin!(second);
        assert_eq!(pool.run(|_| 3).await, Err(Undone::Full));
        drop(release);
        assert_eq!((first.await, second.await), (Ok(1), Ok(2)));
    }

    #[tokio::test]
    async fn a_job_whose_caller_was_dropped_is_skipped() {
        let pool = pool(1, 2);
        let release = occupy(&pool);
        {
            let mut gone = Box::pin(pool.run(|memory| *memory += 1));
            begin!(gone);
        }
        drop(release);
        assert_eq!(pool.run(|memory| *memory).await, Ok(0));
    }

    #[tokio::test]
    async fn a_panic_is_reported_and_the_thread_continues_with_a_new_memory() {
        let pool = pool(1, 1);
        for _ in 0..3 {
            let panicked = pool.run::<()>(|memory| {
                *memory += 1;
                panic!("as the test wants it")
            });
            assert_eq!(panicked.await, Err(Undone::Panicked));
        }
        assert_eq!(pool.run(|memory| *memory).await, Ok(0));
    }

    #[tokio::test]
    async fn the_threads_are_named_and_have_low_priority() {
        let pool = pool(1, 1);
        let name = pool.run(|_| thread::current().name().map(str::to_owned)).await;
        assert_eq!(name, Ok(Some("tester".to_owned())));
        #[cfg(target_os = "linux")]
        {
            let own = rustix::process::getpriority_process(None).ok();
            let theirs = pool.run(|_| rustix::process::getpriority_process(None).ok()).await;
            assert_eq!(theirs, Ok(Some(19)));
            assert_eq!(rustix::process::getpriority_process(None).ok(), own);
        }
    }

    #[tokio::test]
    async fn the_threads_end_with_the_pool() {
        // What a thread keeps for itself is dropped when it ends.
        thread_local! { static KEPT: RefCell<Option<Arc<()>>> = const { RefCell::new(None) } }
        let pool = pool(4, 4);
        let alive = Arc::new(());
        let kept = Arc::clone(&alive);
        pool.run(|_| KEPT.set(Some(kept))).await.expect("an answer");
        assert_eq!(Arc::strong_count(&alive), 2);
        drop(pool);
        assert_eq!(Arc::strong_count(&alive), 1);
    }
}
