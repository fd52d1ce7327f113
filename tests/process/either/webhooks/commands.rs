//! The operator's commands, beside a running server.

use std::time::Duration;

use super::{SETTINGS, add, fails, shows, succeeds};
use crate::support::{Message, Receiver, Server};

const QUIET: Duration = Duration::from_millis(500);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_is_listed_paused_rewound_rotated_and_removed() {
    let server = Server::start_here(&SETTINGS).await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let send = async |text: &str| ada.send(&Message::new(bob.as_recipient(), text)).await;
    send("before").await;
    let receiver = Receiver::start().await;
    let start = ada.feed_cursor().await;
    let added = add(&server, &receiver, &[]).await;
    let id = added.id.as_str();
    send("1").await;
    let first = receiver.next_message().await;
    let shown = shows(&server, id, "active, 0 events behind").await;
    assert!(shown.contains("204") && shown.contains(first.id()) && shown.contains(&receiver.url()), "{shown}");
    assert!(!shown.contains("whsec_"), "{shown}");
    let listed = succeeds(&server, &["list"]).await;
    assert!(listed.starts_with(id) && listed.contains("active, 0 events behind") && !listed.contains("whsec_"));

    succeeds(&server, &["pause", id]).await;
    send("2").await;
    receiver.stays_silent(2 * QUIET).await;
    shows(&server, id, "paused, 1 events behind").await;
    succeeds(&server, &["resume", id]).await;
    assert_eq!(receiver.next_message().await.message_text(), "2");
    shows(&server, id, "active, 0 events behind").await;

    succeeds(&server, &["rewind", id, "--to", &start]).await;
    let again = receiver.next_message().await;
    assert_eq!((again.message_text().as_str(), again.id()), ("1", first.id()), "the same id");
    assert_eq!(receiver.next_message().await.message_text(), "2");
    succeeds(&server, &["rewind", id, "--to", "newest"]).await;

    let rotated = succeeds(&server, &["rotate", id]).await;
    let secret = rotated.trim();
    assert_ne!(secret, added.secret);
    send("3").await;
    let both = receiver.next_message().await;
    assert_eq!((both.message_text().as_str(), both.signatures_with(secret)), ("3", 1));
    assert_eq!(both.signatures_with(&added.secret), 1, "and with the one before");
    assert_eq!(both.header("webhook-signature").split(' ').count(), 2);

    succeeds(&server, &["remove", id]).await;
    send("4").await;
    receiver.stays_silent(2 * QUIET).await;
    assert_eq!(succeeds(&server, &["list"]).await, "");
    for command in ["show", "pause", "resume", "rotate", "remove"] {
        assert!(fails(&server, &[command, id]).await.contains("there is no webhook"), "{command}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_webhook_is_said_when_it_is_added() {
    let server = Server::start_here(&SETTINGS).await;
    let (ada, receiver) = (server.user("Ada").await, Receiver::start().await);
    let url = receiver.url();
    for (document, problem) in [
        ("{ serverInfo { version } }", "not a subscription"),
        ("subscription { onlineUsers { id } }", "has to subscribe to `events`"),
        ("subscription { messageAdded { id } }", "has to subscribe to `events`"),
        ("subscription { events { nothing } }", "nothing"),
        ("subscription { events { ", "syntax error"),
        ("subscription($after: String!) { events(after: $after) { cursor } }", "after"),
        ("subscription { events(after: \"a\") { cursor } }", "leave `after` and `consumer` out"),
        ("subscription { events(consumer: \"a\") { cursor } }", "leave `after` and `consumer` out"),
        ("subscription { events { ... on MessageAdded { unread { messages } } } }", "MessageAdded.unread"),
        ("subscription { events { ... on UserChanged { user { email } } } }", "User.email"),
        (
            "subscription { events { ...E } } fragment E on FeedEvent { ... on ConversationChanged { conversation
                { members { nodes { id } } } } }",
            "Conversation.members",
        ),
    ] {
        let file = server.folder().join("document.graphql");
        std::fs::write(&file, document).expect("a file");
        let said = fails(&server, &["add", "--url", &url, "--query", file.to_str().expect("text")]).await;
        assert!(said.contains(problem), "{document}: {said}");
    }
    let unknown = "0190a0b0-0000-7000-8000-000000000000";
    for (arguments, problem) in [
        (["--url", "http://example.com/", "--batch", "1"], "https"),
        (["--url", "http://127.0.0.2/", "--batch", "1"], "WEBHOOK_ALLOW_NETS"),
        (["--url", "https://169.254.169.254/", "--batch", "1"], "169.254.169.254"),
        (["--url", "https://[::ffff:10.0.0.1]/", "--batch", "1"], "WEBHOOK_ALLOW_NETS"),
        (["--url", "ftp://example.com/", "--batch", "1"], "ftp"),
        (["--url", "https://me:pw@example.com/", "--batch", "1"], "password"),
        (["--url", &url, "--batch", "0"], "batch"),
        (["--url", &url, "--batch", "501"], "batch"),
        (["--url", &url, "--kinds", "MESSAGE_EATEN"], "MESSAGE_EATEN"),
        (["--url", &url, "--bot", "ada"], "not an id"),
        (["--url", &url, "--bot", unknown], "there is no account"),
        (["--url", &url, "--from", "yesterday"], "not a cursor"),
        (["--url", &url, "--query", "missing.graphql"], "missing.graphql"),
    ] {
        let said = fails(&server, &[&["add"][..], arguments.as_slice()].concat()).await;
        assert!(said.contains(problem), "{arguments:?}: {said}");
    }
    assert_eq!(succeeds(&server, &["list"]).await, "");

    // Without the setting, nothing on this machine is reached.
    let mut other = server.command("webhook");
    let ended = other.env_remove("WEBHOOK_ALLOW_NETS").args(["add", "--url", &url]).output().await.expect("it runs");
    assert!(!ended.status.success() && String::from_utf8_lossy(&ended.stderr).contains("127.0.0.1"), "{ended:?}");

    // Whoever is disabled later hears nothing more.
    let added = add(&server, &receiver, &["--bot", &ada.id]).await;
    let disabled = server.command("user").args(["disable", &ada.email]).output().await.expect("it runs");
    assert!(disabled.status.success(), "{disabled:?}");
    shows(&server, &added.id, "paused: there is no account").await;
}
