//! `parlour audit`: finding entries, and what commands record beside what they do.

use serde_json::{Value, json};

use super::{run, succeeds};
use crate::support::{Server, is_sound, soon};

/// The entries that `parlour audit` prints with these words.
async fn found(server: &Server, words: &[&str]) -> Vec<Value> {
    let printed = succeeds(server, &[["audit"].as_slice(), words].concat()).await;
    printed.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn actions(entries: &[Value]) -> Vec<&str> {
    entries.iter().filter_map(|entry| entry["action"].as_str()).collect()
}

#[tokio::test]
async fn entries_are_found_by_whom_and_what_they_are_about_and_by_pages() {
    let server = Server::start().await;
    let (ada, bob, cleo) = (server.user("Ada").await, server.user("Bob").await, server.user("Cleo").await);
    for (who, what) in [(&ada, "disable"), (&bob, "disable"), (&ada, "enable")] {
        succeeds(&server, &["user", what, &who.email]).await;
    }
    cleo.ask("mutation { exportMyData { url } }", json!({})).await;

    let of_ada = found(&server, &["--subject", &ada.id]).await;
    assert_eq!(actions(&of_ada), ["user.enabled", "user.disabled"]);
    let newest = of_ada[0]["id"].as_str().expect("an id");
    assert_eq!(found(&server, &["--subject", &ada.id, "--last", "1", "--before", newest]).await, of_ada[1..]);
    let disabled = found(&server, &["--action", "user.disabled"]).await;
    assert_eq!(disabled.iter().map(|entry| &entry["subject"]).collect::<Vec<_>>(), [&json!(bob.id), &json!(ada.id)]);
    assert_eq!(actions(&found(&server, &["--actor", &cleo.id]).await), ["user.exported"]);
    assert!(found(&server, &["--since", "2999-01-01T00:00:00Z"]).await.is_empty());
    assert_eq!(found(&server, &["--since", "2020-01-01T00:00:00Z"]).await, found(&server, &[]).await);
    for wrong in [["--before", "junk"], ["--subject", "junk"], ["--since", "today"], ["--last", "10001"]] {
        assert_eq!(
            run(&server, &[["audit"].as_slice(), wrong.as_slice()].concat()).await.status.code(),
            Some(2),
            "{wrong:?}"
        );
    }
}

#[tokio::test]
async fn what_commands_do_is_recorded_with_a_reason() {
    let mut server = Server::start().await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let group = ada.group("Club", &[&bob]).await["conversationId"].as_str().expect("an id").to_owned();
    let why = ["--reason", "the audit of May"];
    let with_reason = |words: &[&'static str]| [words, why.as_slice()].concat();
    succeeds(&server, &with_reason(&["user", "add", "--email", "cleo@example.com", "--name", "Cleo", "--generate"]))
        .await;
    succeeds(&server, &with_reason(&["bot", "add", "--name", "Helper"])).await;
    succeeds(&server, &with_reason(&["key", "create", "--name", "The shop", "--scope", "users"])).await;
    succeeds(&server, &[["conversation", "export", &group].as_slice(), why.as_slice()].concat()).await;
    let added = webhook(&server, &["add", "--url", "https://hooks.example.org/in", why[0], why[1]]).await;
    let id = added.lines().next().expect("an id").to_owned();
    for what in ["pause", "pause", "resume", "rotate", "remove"] {
        webhook(&server, &[what, &id, why[0], why[1]]).await;
    }

    let entries = found(&server, &[]).await;
    assert!(entries.iter().all(|entry| entry["actor"] == "operator" && entry["reason"] == why[1]), "{entries:#?}");
    let mut done = actions(&entries);
    // Those of one transaction are in any order.
    done.sort_unstable();
    assert_eq!(
        done,
        [
            "bot.added",
            "conversation.exported",
            "key.created",
            "key.created",
            "user.added",
            "webhook.added",
            "webhook.paused",
            "webhook.removed",
            "webhook.resumed",
            "webhook.rotated",
        ],
        "a second pause changes nothing"
    );

    succeeds(&server, &["backup", "copy.db"]).await;
    server.stop().await;
    succeeds(&server, &with_reason(&["restore", "copy.db"])).await;
    server.start_again().await;
    let newest = &found(&server, &["--last", "1"]).await[0];
    assert_eq!((&newest["action"], &newest["reason"]), (&json!("database.restored"), &json!(why[1])));
    server.stop().await;
    is_sound(&server).await;
}

/// Runs `parlour webhook …`; its standard output.
async fn webhook(server: &Server, words: &[&str]) -> String {
    let ended = soon(server.command("webhook").args(words).output()).await.expect("the program runs");
    assert!(ended.status.success(), "{words:?}: {ended:?}");
    String::from_utf8(ended.stdout).expect("text")
}
