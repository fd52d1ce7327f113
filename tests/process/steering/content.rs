//! Messages, images, conversations and reports.

use serde_json::{Value, json};

use super::{audit, fails, objects, run, succeeds};
use crate::images::pictures::png;
use crate::images::{new_id, send};
use crate::support::{Message, Person, Server, files_in, is_sound, soon};

const SEARCH: &str = "query($text: String!) { searchMessages(query: $text, first: 10) { nodes { id } } }";

async fn text_of(person: &Person, id: &Value) -> Value {
    let query = "query($id: ID!) { message(id: $id) { text deletedAt image { url } } }";
    person.ask(query, json!({ "id": id })).await["message"].take()
}

#[tokio::test]
async fn a_message_is_shown_and_removed() {
    let mut server = Server::start().await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let sent = ada.send(&Message::new(bob.as_recipient(), "over\ntwo lines")).await;
    let id = sent["id"].as_str().expect("an id");

    let shown = &objects(&server, &["message", "show", id]).await[0];
    assert_eq!((&shown["text"], &shown["senderId"]), (&json!("over\ntwo lines"), &json!(ada.id)));
    assert!(succeeds(&server, &["message", "show", id]).await.contains("over\\ntwo lines\n"));
    succeeds(&server, &["message", "remove", id, "--reason", "reported by mail"]).await;

    assert!(text_of(&bob, &sent["id"]).await["deletedAt"].is_string());
    assert_eq!(audit(&server, "1").await, [("message.deleted".to_owned(), json!("reported by mail"))]);
    assert!(objects(&server, &["message", "show", id]).await[0]["text"].is_null());
    assert!(fails(&server, &["message", "remove", &ada.id]).await.contains("there is no message"));
    server.stop().await;
    is_sound(&server).await;
}

#[tokio::test]
async fn a_bot_says_what_the_operator_announces() {
    let mut server = Server::start().await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let group = ada.group("Notices", &[&bob]).await;
    let place = group["conversationId"].as_str().expect("an id").to_owned();
    let made = run(&server, &["bot", "add", "--name", "Notices"]).await;
    let made = String::from_utf8(made.stderr).expect("text");
    let bot = made.split_whitespace().nth(2).expect("the bot's id").to_owned();
    let announce = ["announce", "--conversation", &place, "--as", &bot, "Back at eight", "--reason", "we move"];
    assert!(fails(&server, &announce).await.contains("is in no conversation"));
    let add = "mutation($id: ID!, $bot: ID!) { addMembers(conversationId: $id, userIds: [$bot]) { id }
        updateConversation(id: $id, posting: ADMINS) { id } }";
    ada.ask(add, json!({ "id": place, "bot": bot })).await;
    assert!(fails(&server, &announce).await.contains("may not write in"));
    let role =
        "mutation($id: ID!, $bot: ID!) { setMemberRole(conversationId: $id, userId: $bot, role: ADMIN) { role } }";
    ada.ask(role, json!({ "id": place, "bot": bot })).await;

    let sent = succeeds(&server, &announce).await;

    let query = "query($id: ID!) { message(id: $id) { text sender { id isBot } } }";
    let seen = bob.ask(query, json!({ "id": sent.trim() })).await["message"].take();
    assert_eq!(seen, json!({ "text": "Back at eight", "sender": { "id": bot, "isBot": true } }));
    assert_eq!(audit(&server, "1").await, [("message.sent".to_owned(), json!("we move"))]);
    let as_ada = ["announce", "--conversation", &place, "--as", &ada.email, "I resign"];
    assert!(fails(&server, &as_ada).await.contains("is no bot"));
    server.stop().await;
    is_sound(&server).await;
}

#[tokio::test]
async fn what_somebody_wrote_since_a_moment_is_removed_everywhere() {
    let mut server = Server::start_with(&[("RATE_LIMITS", "off")]).await;
    let (ada, bob, cleo) = (server.user("Ada").await, server.user("Bob").await, server.user("Cleo").await);
    let group = ada.group("Club", &[&bob, &cleo]).await;
    let before = ada.send(&Message::new(group.clone(), "before the flood")).await;
    // Of a later millisecond.
    let of_bob = loop {
        let sent = bob.send(&Message::new(group.clone(), "what a flood")).await;
        if sent["createdAt"] != before["createdAt"] {
            break sent;
        }
        bob.ask("mutation($id: ID!) { deleteMessage(id: $id) { id } }", json!({ "id": sent["id"] })).await;
    };
    let since = of_bob["createdAt"].as_str().expect("a time").to_owned();
    let mut flood = Vec::new();
    for number in 0..30 {
        let to = if number % 2 == 0 { group.clone() } else { bob.as_recipient() };
        flood.push(ada.send(&Message::new(to, format!("flood {number}"))).await["id"].clone());
    }

    let removed = run(&server, &["user", "remove-content", &ada.id, "--since", &since, "--reason", "spam"]).await;

    assert!(String::from_utf8_lossy(&removed.stderr).starts_with("30 messages"), "{removed:?}");
    for id in &flood {
        assert!(text_of(&bob, id).await["deletedAt"].is_string());
    }
    assert_eq!(text_of(&bob, &before["id"]).await["text"], "before the flood");
    assert_eq!(text_of(&bob, &of_bob["id"]).await["text"], "what a flood");
    // The search follows.
    soon(async {
        loop {
            let found = bob.ask(SEARCH, json!({ "text": "flood" })).await;
            let found = found["searchMessages"]["nodes"].as_array().expect("hits").len();
            if found == 2 {
                break;
            }
        }
    })
    .await;
    assert_eq!(audit(&server, "30").await.len(), 30);
    let again = run(&server, &["user", "remove-content", &ada.id, "--since", &since]).await;
    assert!(String::from_utf8_lossy(&again.stderr).starts_with("0 messages"), "{again:?}");
    assert_eq!(run(&server, &["user", "remove-content", &ada.id, "--since", "today"]).await.status.code(), Some(2));
    server.stop().await;
    is_sound(&server).await;
}

#[tokio::test]
async fn conversations_are_listed_shown_exported_and_left() {
    let mut server = Server::start().await;
    let (ada, bob, cleo) = (server.user("Ada").await, server.user("Bob").await, server.user("Cleo").await);
    let group = ada.group("Club", &[&bob, &cleo]).await;
    let id = group["conversationId"].as_str().expect("an id").to_owned();
    for number in 0..3 {
        ada.send(&Message::new(group.clone(), format!("message {number}"))).await;
    }
    ada.send(&Message::new(bob.as_recipient(), "hello")).await;

    let listed = objects(&server, &["conversation", "list"]).await;
    assert_eq!(listed.iter().map(|one| one["kind"].clone()).collect::<Vec<_>>(), [json!("group"), json!("direct")]);
    let shown = &objects(&server, &["conversation", "show", &id]).await[0];
    let members = shown["members"].as_array().expect("members");
    assert_eq!((members.len(), &shown["title"]), (3, &json!("Club")));
    succeeds(&server, &["conversation", "remove-member", &id, &cleo.email, "--reason", "she asked"]).await;
    assert_eq!(audit(&server, "1").await, [("conversation.member_removed".to_owned(), json!("she asked"))]);
    let query = "query($id: ID!) { conversation(by: { conversationId: $id }) { id } }";
    assert!(cleo.ask(query, json!({ "id": id })).await["conversation"].is_null());
    assert!(fails(&server, &["conversation", "remove-member", &id, &cleo.email]).await.contains("is in no group"));

    let exported = succeeds(&server, &["conversation", "export", &id]).await;
    let exported: Vec<Value> = exported.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(exported[0]["conversation"]["title"], "Club");
    assert_eq!(exported.iter().filter(|line| line.get("member").is_some()).count(), 2);
    let texts: Vec<&str> = exported.iter().filter_map(|line| line["message"]["text"].as_str()).collect();
    assert_eq!(texts, ["message 0", "message 1", "message 2"]);
    let lines = exported.iter().filter(|line| line["message"]["systemLine"].is_object()).count();
    assert!(lines >= 2, "the group's own lines are in it: {exported:?}");
    server.stop().await;
    is_sound(&server).await;
}

#[tokio::test]
async fn a_long_history_is_exported_some_at_a_time() {
    let mut server = Server::start_with(&[("RATE_LIMITS", "off")]).await;
    let seeded = server.command("seed").args(["--messages", "5000"]).output().await.expect("the program runs");
    assert!(seeded.status.success(), "{seeded:?}");
    let listed = objects(&server, &["conversation", "list"]).await;
    let longest = listed.iter().max_by_key(|one| one["lastSeq"].as_i64()).expect("a conversation");
    let before = server.memory().most;

    let exported = succeeds(&server, &["conversation", "export", longest["id"].as_str().expect("an id")]).await;

    let seqs: Vec<i64> = exported
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).expect("JSON")["message"]["seq"].as_i64())
        .collect();
    assert!(seqs.len() > 5_000, "{}", seqs.len());
    assert!(seqs.iter().zip(1..).all(|(seq, expected)| *seq == expected), "in their order, without a gap");
    let grown = server.memory().most - before;
    assert!(grown < 32 << 20, "{grown} bytes more, for {} exported", exported.len());
    server.stop().await;
}

#[tokio::test]
async fn an_image_is_removed_from_where_it_is_shown() {
    let mut server = Server::start().await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let sent = send(&server, &ada, &bob, &new_id(), &png(8, 8)).await.expect("an answer");
    let message = sent["data"]["sendMessage"]["id"].clone();
    let shown = &objects(&server, &["message", "show", message.as_str().expect("an id")]).await[0];
    let image = shown["imageId"].as_str().expect("an image").to_owned();
    let shelf = server.folder().join("data/images");
    let stored = files_in(&shelf);

    succeeds(&server, &["image", "remove", &image]).await;

    assert!(text_of(&bob, &message).await["deletedAt"].is_string());
    soon(async {
        while files_in(&shelf) >= stored {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    })
    .await;
    assert!(fails(&server, &["image", "remove", &image]).await.contains("shows the image"));
    server.stop().await;
    is_sound(&server).await;
}

#[tokio::test]
async fn reports_are_listed_and_closed() {
    let mut server = Server::start().await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let sent = ada.send(&Message::new(bob.as_recipient(), "buy this")).await;
    let report = "mutation($input: ReportInput!) { report(input: $input) }";
    bob.ask(report, json!({ "input": { "target": { "messageId": sent["id"] }, "reason": "SPAM" } })).await;
    let open = objects(&server, &["report", "list"]).await;
    assert_eq!((open.len(), &open[0]["text"], &open[0]["reason"]), (1, &json!("buy this"), &json!("spam")));
    let id = open[0]["id"].as_str().expect("an id");

    let resolve = ["report", "resolve", id, "--action", "delete-message", "--note", "seen", "--reason", "spam"];
    succeeds(&server, &resolve).await;

    assert!(text_of(&bob, &sent["id"]).await["deletedAt"].is_string());
    assert!(objects(&server, &["report", "list"]).await.is_empty());
    let closed = &objects(&server, &["report", "list", "--closed"]).await[0];
    assert_eq!((&closed["action"], &closed["note"]), (&json!("delete-message"), &json!("seen")));
    let done = audit(&server, "2").await;
    assert!(done.iter().all(|(_, reason)| reason == "spam"), "{done:?}");
    let other = fails(&server, &["report", "resolve", id, "--action", "dismiss"]).await;
    assert!(other.contains("closed with another action"), "{other}");
    // Moderators see that it is closed, and by nobody of theirs.
    succeeds(&server, &["user", "grant", &bob.id, "moderator"]).await;
    let seen = "{ reports(open: false) { nodes { note resolvedAt resolvedBy { id } } } }";
    let seen = bob.ask(seen, json!({})).await["reports"]["nodes"][0].take();
    assert!(seen["resolvedAt"].is_string() && seen["resolvedBy"].is_null(), "{seen}");
    server.stop().await;
    is_sound(&server).await;
}
