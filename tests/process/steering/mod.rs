//! The commands that steer a server: over its local socket, and without a server.

mod audit;
mod backups;
mod content;
mod machine;
mod people;
mod postgres;
mod socket;

use std::process::{Output, Stdio};

use serde_json::Value;
use tokio::process::Command;

use crate::support::{Server, soon};

/// The program in the server's folder, with none of its settings: as an operator has it in a shell.
fn bare(server: &Server) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlour"));
    command.env_clear().current_dir(server.folder()).stdin(Stdio::null()).kill_on_drop(true);
    command
}

async fn run(server: &Server, words: &[&str]) -> Output {
    soon(bare(server).args(words).output()).await.expect("the program runs")
}

/// Runs it; its standard output.
async fn succeeds(server: &Server, words: &[&str]) -> String {
    let ended = run(server, words).await;
    assert!(ended.status.success(), "{words:?}: {ended:?}");
    String::from_utf8(ended.stdout).expect("text")
}

/// Runs it with `--json`; the objects that it prints.
async fn objects(server: &Server, words: &[&str]) -> Vec<Value> {
    let printed = succeeds(server, &[words, &["--json"]].concat()).await;
    printed.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// Runs it; its error message of one line.
async fn fails(server: &Server, words: &[&str]) -> String {
    let ended = run(server, words).await;
    assert_eq!(ended.status.code(), Some(1), "{words:?}: {ended:?}");
    assert!(ended.stdout.is_empty(), "{ended:?}");
    let reported = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(reported.lines().count(), 1, "{reported}");
    reported
}

/// The newest entries of the audit log, the newest first: what was done, and why.
async fn audit(server: &Server, last: &str) -> Vec<(String, Value)> {
    let printed = succeeds(server, &["audit", "--last", last]).await;
    let entries = printed.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    entries.map(|entry| (entry["action"].as_str().expect("an action").to_owned(), entry["reason"].clone())).collect()
}
