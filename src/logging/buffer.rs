//! Lines on their way to the log. Who logs puts a line into the buffer and goes on; a thread writes all that has gathered
//! at once.
//!
//! ```text
//! who logs ─▶ bytes ─ after a moment, at once after a warning, or at half the bound ─▶ the thread ─▶ standard output
//!               └─ full, as nobody reads: counted, and reported in a line when there is room
//! ```

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

use crate::limits;

/// The buffer. Clones share it.
#[derive(Clone)]
pub(super) struct LogBuffer(Arc<Shared>);

struct Shared {
    gathered: Mutex<Gathered>,
    /// Notified when the thread should look.
    is_due: Condvar,
    /// Notified when the thread has written.
    is_written: Condvar,
}

#[derive(Default)]
struct Gathered {
    bytes: Vec<u8>,
    /// Whether the bytes are to be written without waiting for more.
    is_urgent: bool,
    /// Whether the thread writes what it has taken.
    is_writing: bool,
    /// Lines that there was no room for, or that could not be written, since that was last reported.
    dropped: u64,
}

/// Puts the lines of one event into the buffer.
pub(super) struct LineWriter<'a> {
    buffer: &'a LogBuffer,
    is_urgent: bool,
}

impl LogBuffer {
    /// A buffer whose lines are written to `out`, until the process ends.
    pub(super) fn start(out: impl Write + Send + 'static) -> io::Result<Self> {
        let buffer = Self::unwritten();
        let of_thread = buffer.clone();
        thread::Builder::new().name("log".into()).spawn(move || of_thread.write_on(out))?;
        Ok(buffer)
    }

    fn unwritten() -> Self {
        let gathered = Mutex::default();
        Self(Arc::new(Shared { gathered, is_due: Condvar::new(), is_written: Condvar::new() }))
    }

    /// Waits until what was put before is written, for this time at most.
    pub(super) fn flush(&self, wait: Duration) {
        let is_unwritten = |gathered: &mut Gathered| gathered.is_writing || !gathered.bytes.is_empty();
        let mut gathered = self.lock();
        if !gathered.bytes.is_empty() {
            gathered.is_urgent = true;
            self.0.is_due.notify_one();
        }
        // On with the process in any case.
        drop(self.0.is_written.wait_timeout_while(gathered, wait, is_unwritten));
    }

    fn put(&self, line: &[u8], is_urgent: bool) {
        let mut gathered = self.lock();
        if gathered.bytes.len() + line.len() > limits::LOG_BYTES {
            gathered.dropped += 1;
            return;
        }
        let is_first = gathered.bytes.is_empty();
        gathered.bytes.extend_from_slice(line);
        let was_due = gathered.is_due();
        gathered.is_urgent |= is_urgent;
        // The thread waits for a first line, and then until the lines are due.
        if is_first || gathered.is_due() && !was_due {
            self.0.is_due.notify_one();
        }
    }

    fn write_on(self, mut out: impl Write) {
        let mut taken = Vec::new();
        loop {
            self.take(&mut taken);
            let written = out.write_all(&taken).and_then(|()| out.flush());
            let dropped = self.written(written.is_ok(), &taken);
            taken.clear();
            taken.shrink_to(limits::LOG_BYTES_KEPT);
            if dropped > 0 {
                // A line like any other, which is written next.
                tracing::warn!(log.dropped = dropped, "{dropped} lines of the log were dropped: nobody has taken them");
            }
        }
    }

    /// Waits for lines, and for those that follow in a moment, and takes them.
    fn take(&self, taken: &mut Vec<u8>) {
        let is_empty = |gathered: &mut Gathered| gathered.bytes.is_empty();
        let gathered = self.0.is_due.wait_while(self.lock(), is_empty).unwrap_or_else(PoisonError::into_inner);
        let is_early = |gathered: &mut Gathered| !gathered.is_due();
        let gathered = self.0.is_due.wait_timeout_while(gathered, limits::LOG_GATHER, is_early);
        let (mut gathered, _) = gathered.unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut gathered.bytes, taken);
        (gathered.is_urgent, gathered.is_writing) = (false, true);
    }

    /// After a write: the number of lines that were dropped, if that can be reported now.
    fn written(&self, is_done: bool, taken: &[u8]) -> u64 {
        let mut gathered = self.lock();
        gathered.is_writing = false;
        self.0.is_written.notify_all();
        if is_done {
            return std::mem::take(&mut gathered.dropped);
        }
        // Reported when a later write succeeds.
        gathered.dropped += taken.iter().filter(|byte| **byte == b'\n').count() as u64;
        0
    }

    fn lock(&self) -> MutexGuard<'_, Gathered> {
        // Each change is one step, so it is consistent after a panic.
        self.0.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gathered {
    fn is_due(&self) -> bool {
        self.is_urgent || self.bytes.len() > limits::LOG_BYTES / 2
    }
}

impl<'a> MakeWriter<'a> for LogBuffer {
    type Writer = LineWriter<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        LineWriter { buffer: self, is_urgent: true }
    }

    fn make_writer_for(&'a self, event: &Metadata<'_>) -> Self::Writer {
        LineWriter { buffer: self, is_urgent: *event.level() <= Level::WARN }
    }
}

impl Write for LineWriter<'_> {
    /// The formatter writes each event at once.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.buffer.put(line, self.is_urgent);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::Instant;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    /// What the thread writes, a message a write. A write fails once this end is gone.
    struct Written(Sender<String>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let text = String::from_utf8_lossy(bytes).into_owned();
            self.0.send(text).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written() -> (LogBuffer, Receiver<String>) {
        let (sender, written) = channel();
        (LogBuffer::start(Written(sender)).expect("a thread"), written)
    }

    #[test]
    fn lines_are_gathered_and_written_in_their_order() {
        let (buffer, written) = written();
        (0..100).for_each(|number| buffer.put(format!("{number}\n").as_bytes(), false));
        let (mut text, mut writes) = (String::new(), 0);
        while text.lines().count() < 100 {
            text += &written.recv_timeout(LONG).expect("it is written");
            writes += 1;
        }
        assert_eq!(text, (0..100).map(|number| format!("{number}\n")).collect::<String>());
        assert!(writes < 50, "{writes}");
    }

    #[test]
    fn a_flush_waits_until_everything_is_written() {
        let (buffer, written) = written();
        for round in 0..100 {
            buffer.put(b"line\n", round % 2 == 0);
            buffer.flush(LONG);
            assert_eq!(written.try_recv().as_deref(), Ok("line\n"));
        }
        buffer.flush(LONG);
    }

    #[test]
    fn a_flush_waits_no_longer_than_it_may() {
        let buffer = LogBuffer::unwritten();
        buffer.put(b"line\n", false);
        let began = Instant::now();
        buffer.flush(Duration::from_millis(20));
        assert!(began.elapsed() < LONG);
        assert_eq!(buffer.lock().bytes, b"line\n");
    }

    #[test]
    fn lines_beyond_the_bound_are_counted() {
        let buffer = LogBuffer::unwritten();
        let line = [b'x'; 1024];
        let room = limits::LOG_BYTES / line.len();
        (0..room + 3).for_each(|_| buffer.put(&line, false));
        assert_eq!(buffer.lock().dropped, 3);
        assert_eq!(buffer.lock().bytes.len(), room * line.len());

        let mut taken = Vec::new();
        buffer.take(&mut taken);

        assert_eq!(buffer.written(true, &taken), 3, "they are reported");
        buffer.put(b"line\n", false);
        buffer.take(&mut taken);
        assert_eq!(buffer.written(true, &taken), 0, "once");
    }

    #[test]
    fn lines_that_could_not_be_written_are_counted_and_reported_later() {
        let buffer = LogBuffer::unwritten();
        let mut taken = Vec::new();
        for _ in 0..2 {
            buffer.put(b"one\ntwo\n", true);
            buffer.take(&mut taken);
            assert_eq!(buffer.written(false, &taken), 0);
            taken.clear();
        }
        buffer.put(b"line\n", true);
        buffer.take(&mut taken);
        assert_eq!(buffer.written(true, &taken), 4);
    }

    #[test]
    fn who_logs_goes_on_where_nobody_reads() {
        let (buffer, written) = written();
        drop(written);
        (0..1_000).for_each(|_| buffer.put(b"line\n", true));
        buffer.flush(LONG);
        assert_eq!(buffer.lock().dropped, 1_000);
    }
}
