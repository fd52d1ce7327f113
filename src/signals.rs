//! The signals that stop the server.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::clock;
use crate::limits;

/// `SIGTERM`, `SIGINT` and `SIGHUP`, which mean the same.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
    /// `None` if whoever started the process wants it to go on after a hangup, as `nohup` does.
    hangup: Option<Signal>,
}

/// Begins a graceful shutdown at the first signal, and returns at a later one that asks to exit at once.
///
/// Signals within [`limits::SIGNALS_TOGETHER`] of the first ask for nothing more: a terminal signals the whole group of
/// processes, wrappers pass their signals on, and systemd can send `SIGHUP` right behind `SIGTERM`.
pub(crate) async fn stop(shutdown: CancellationToken) -> anyhow::Result<()> {
    let mut signals = StopSignals::listen()?;
    signals.next().await;
    let (began, together) = (clock::instant(), limits::SIGNALS_TOGETHER);
    tracing::info!("going down, for {:?} at most; a signal after {together:?} or more ends it at once", limits::DRAIN);
    shutdown.cancel();
    loop {
        signals.next().await;
        if began.elapsed() >= together {
            return Ok(());
        }
        tracing::info!("going down already: a signal ends it at once {together:?} after the first");
    }
}

impl StopSignals {
    fn listen() -> anyhow::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: (!is_hangup_ignored()).then(|| signal(SignalKind::hangup())).transpose()?,
        })
    }

    async fn next(&mut self) {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = hangup => {}
        }
    }
}

/// Whether the process was started with `SIGHUP` ignored. Where the system does not say (no `/proc`), it was not.
fn is_hangup_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // A mask in hexadecimal; its lowest bit is of signal 1, which is SIGHUP.
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}
