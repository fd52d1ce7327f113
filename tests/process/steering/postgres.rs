//! The same commands on PostgreSQL.

use serde_json::{Value, json};

use super::{audit, objects, run, succeeds};
use crate::support::{Message, Person, Server, empty_database};

#[tokio::test]
async fn what_commands_do_is_done_on_postgresql_too() {
    let url = empty_database().await;
    let secret = ("JWT_SECRET", "a secret of more than thirty-two bytes");
    let mut server = Server::start_with(&[("DATABASE_URL", &url), secret]).await;
    let (ada, bob, cleo) = (server.user("Ada").await, server.user("Bob").await, server.user("Cleo").await);
    let group = ada.group("Club", &[&bob, &cleo]).await;
    let id = group["conversationId"].as_str().expect("an id").to_owned();
    let first = ada.send(&Message::new(group.clone(), "one")).await;
    ada.send(&Message::new(group.clone(), "two")).await;
    let report = "mutation($input: ReportInput!) { report(input: $input) }";
    bob.ask(report, json!({ "input": { "target": { "messageId": first["id"] }, "reason": "SPAM" } })).await;

    // Without a server, and with one.
    server.stop().await;
    let mut alone = server.command("user");
    let listed = alone.args(["list", "--first", "2", "--json"]).output().await.expect("the program runs");
    assert_eq!(String::from_utf8_lossy(&listed.stdout).lines().count(), 2, "{listed:?}");
    server.start_again().await;
    succeeds(&server, &["user", "update", &ada.id, "--name", "Ada L.", "--email", "l@example.com"]).await;
    assert_eq!(Person::sign_in(&server, "l@example.com").await.name, "Ada L.");
    let open = objects(&server, &["report", "list"]).await;
    let report = open[0]["id"].as_str().expect("an id");
    succeeds(&server, &["report", "resolve", report, "--action", "delete-message", "--reason", "spam"]).await;
    let since = ["user", "remove-content", &ada.id, "--since", "2020-01-01T00:00:00Z"];
    let removed = run(&server, &since).await;
    assert!(String::from_utf8_lossy(&removed.stderr).starts_with("1 messages"), "the other one is gone: {removed:?}");
    succeeds(&server, &["conversation", "remove-member", &id, &cleo.email]).await;
    let exported = succeeds(&server, &["conversation", "export", &id]).await;
    let exported: Vec<Value> = exported.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(exported.iter().filter(|line| line.get("member").is_some()).count(), 2);
    assert!(exported.iter().all(|line| line["message"]["text"].is_null()), "{exported:?}");
    succeeds(&server, &["user", "sign-out", &bob.id]).await;
    assert!(bob.ask("{ me { id } }", json!({})).await["me"].is_null());
    succeeds(&server, &["user", "delete", &bob.id, "--yes"]).await;
    assert_eq!(audit(&server, "1").await[0].0, "user.erased");
    assert_eq!(objects(&server, &["stats"]).await[0]["users"], 2);
    server.stop().await;
}
