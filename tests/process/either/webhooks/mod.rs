//! Webhooks: the operator's commands, what is POSTed, and receivers that fail in every way.

mod batches;
mod commands;
mod failures;
mod posted;
mod returns;

use std::process::Output;

use crate::support::{Receiver, Server, soon};

/// The settings with which webhooks reach receivers of these tests.
const SETTINGS: [(&str, &str); 3] = [("RATE_LIMITS", "off"), ("RUST_LOG", "warn"), ("WEBHOOK_ALLOW_NETS", "127.0.0.1")];

/// A webhook that was added.
struct Added {
    id: String,
    secret: String,
}

/// Runs `parlour webhook …`.
async fn webhook(server: &Server, arguments: &[&str]) -> Output {
    soon(server.command("webhook").args(arguments).output()).await.expect("the program runs")
}

/// Runs it; its standard output.
async fn succeeds(server: &Server, arguments: &[&str]) -> String {
    let ended = webhook(server, arguments).await;
    assert!(ended.status.success(), "{arguments:?}: {ended:?}");
    String::from_utf8(ended.stdout).expect("text")
}

/// Runs it; its error message.
async fn fails(server: &Server, arguments: &[&str]) -> String {
    let ended = webhook(server, arguments).await;
    assert!(!ended.status.success(), "{arguments:?}: {ended:?}");
    assert!(ended.stdout.is_empty(), "{ended:?}");
    String::from_utf8_lossy(&ended.stderr).into_owned()
}

/// Adds a webhook for a receiver, with more arguments.
async fn add(server: &Server, receiver: &Receiver, arguments: &[&str]) -> Added {
    let url = receiver.url();
    let printed = succeeds(server, &[&["add", "--url", url.as_str()][..], arguments].concat()).await;
    let mut lines = printed.lines().map(str::to_owned);
    let (id, secret) = (lines.next().expect("an id"), lines.next().expect("a secret"));
    assert!(secret.starts_with("whsec_") && lines.next().is_none(), "{printed}");
    Added { id, secret }
}

/// Waits until `show` prints this of a webhook; everything that it prints then.
async fn shows(server: &Server, id: &str, text: &str) -> String {
    soon(async {
        loop {
            let shown = succeeds(server, &["show", id]).await;
            if shown.contains(text) {
                return shown;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    })
    .await
}
