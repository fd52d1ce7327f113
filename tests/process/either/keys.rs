//! The operator's commands for keys, beside a running server.

use std::process::Output;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Server, code, soon};

async fn key(server: &Server, arguments: &[&str]) -> Output {
    soon(server.command("key").args(arguments).output()).await.expect("the program runs")
}

/// Runs it; its standard output.
async fn succeeds(server: &Server, arguments: &[&str]) -> String {
    let ended = key(server, arguments).await;
    assert!(ended.status.success(), "{arguments:?}: {ended:?}");
    String::from_utf8(ended.stdout).expect("text")
}

async fn upsert(server: &Server, key: &str) -> Value {
    let query = r#"mutation { upsertUsers(users: [{ externalId: "1", fullName: "Ada" }]) { externalId } }"#;
    let request = server.http().post(server.url("/graphql")).bearer_auth(key).json(&json!({ "query": query }));
    request.send().await.expect("an answer").json().await.expect("JSON")
}

#[tokio::test]
async fn a_key_is_made_listed_and_revoked_beside_the_server() {
    let server = Server::start_here(&[]).await;
    let made = succeeds(&server, &["create", "--name", "The shop", "--scope", "users"]).await;
    let text = made.trim_end();
    assert!(text.starts_with("parlour_key_") && made.lines().count() == 1, "only the key: {}", made.len());

    let answer = upsert(&server, text).await;
    assert_eq!(answer["data"]["upsertUsers"], json!([{ "externalId": "1" }]), "{answer}");

    // The operator names the app's people by their ids there.
    for (who, is_known) in [("external:1", true), ("external:2", false)] {
        let ended = soon(server.command("user").args(["disable", who]).output()).await.expect("the program runs");
        assert_eq!(ended.status.success(), is_known, "{ended:?}");
    }

    let listed = succeeds(&server, &["list"]).await;
    assert!(listed.contains("users") && listed.trim_end().ends_with("The shop"), "{listed}");
    assert!(!listed.contains("parlour_key_"));
    let id = listed.split_whitespace().next().expect("an id").to_owned();
    succeeds(&server, &["revoke", &id]).await;
    let revoked = Instant::now();
    while upsert(&server, text).await.get("errors").is_none() {
        assert!(revoked.elapsed() < Duration::from_secs(20), "it still counts");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(code(&upsert(&server, text).await), "UNAUTHENTICATED");
    assert_eq!(succeeds(&server, &["list"]).await, "");
}

#[tokio::test]
async fn a_bot_is_made_and_what_the_operator_did_is_listed() {
    let server = Server::start_here(&[]).await;
    let made = soon(server.command("bot").args(["add", "--name", "Helper"]).output()).await.expect("the program runs");
    assert!(made.status.success(), "{made:?}");
    let text = String::from_utf8(made.stdout).expect("text");
    let body = json!({ "query": "{ me { fullName isBot email } }" });
    let request = server.http().post(server.url("/graphql")).bearer_auth(text.trim_end()).json(&body);
    let me: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(me["data"]["me"], json!({ "fullName": "Helper", "isBot": true, "email": null }), "{me}");
    let listed = succeeds(&server, &["list"]).await;
    assert!(listed.contains("  bot 0") && listed.trim_end().ends_with("Helper"), "{listed}");

    let audit = soon(server.command("audit").args(["--last", "5"]).output()).await.expect("the program runs");
    let lines = String::from_utf8(audit.stdout).expect("text");
    let entries: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let mut actions: Vec<&str> = entries.iter().filter_map(|entry| entry["action"].as_str()).collect();
    actions.sort_unstable();
    assert_eq!(actions, ["bot.added", "key.created"], "{lines}");
    assert!(entries.iter().all(|entry| entry["actor"] == "operator" && entry["address"].is_null()), "{lines}");
    assert!(!lines.contains("parlour_key_"));
}

#[tokio::test]
async fn what_is_wrong_is_said_in_a_line() {
    let server = Server::start_here(&[]).await;
    for arguments in [["revoke", "junk"].as_slice(), &["create", "--name", " ", "--scope", "users"]] {
        let ended = key(&server, arguments).await;
        assert_eq!(ended.status.code(), Some(1), "{ended:?}");
        assert!(ended.stdout.is_empty());
        assert_eq!(String::from_utf8_lossy(&ended.stderr).lines().count(), 1, "{ended:?}");
    }
    let ended = key(&server, &["create", "--name", "The shop", "--scope", "everything"]).await;
    assert_eq!(ended.status.code(), Some(2), "{ended:?}");
    assert!(
        String::from_utf8_lossy(&ended.stderr)
            .contains("there is no such scope: expected users, conversations, messages or act-as"),
        "{ended:?}"
    );
}
