//! The server's system calls, traced and tampered with from outside.

use std::path::PathBuf;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStderr, Command};

use super::{Server, soon};

/// A running `strace` that has attached to all threads of a server.
pub struct Strace {
    child: Child,
    /// Kept open, because strace ends if it cannot write.
    _stderr: BufReader<ChildStderr>,
    file: PathBuf,
}

impl Strace {
    /// Attaches; the arguments say what to trace or inject.
    pub async fn attach(server: &Server, arguments: &[&str]) -> Self {
        let file = server.folder().join("strace");
        let mut strace = Command::new("strace");
        strace.args(["-f", "-yy", "-s", "64", "-p", &server.id().to_string(), "-o"]).arg(&file).args(arguments);
        let child = strace.stdin(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true).spawn();
        let mut child = child.expect("strace starts");
        let mut reported = BufReader::new(child.stderr.take().expect("its messages"));
        let mut line = String::new();
        while !line.contains(" attached") {
            line.clear();
            let read = soon(reported.read_line(&mut line)).await.expect("its messages");
            assert!(read > 0, "strace may not attach: {:?}", child.try_wait());
        }
        Self { child, _stderr: reported, file }
    }

    /// Detaches; the traced calls in order, one per line.
    pub async fn detach(self) -> Vec<String> {
        let id = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed())).expect("it runs");
        kill_process(id, Signal::INT).expect("it takes a signal");
        self.ended().await
    }

    /// Waits until it ends with the server; the traced calls.
    pub async fn ended(mut self) -> Vec<String> {
        soon(self.child.wait()).await.expect("an end");
        let seen = std::fs::read(&self.file).expect("what it saw");
        String::from_utf8_lossy(&seen).lines().map(str::to_owned).collect()
    }
}
