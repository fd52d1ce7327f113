//! What is POSTed, to whom, and how it is signed.

use std::time::{Duration, SystemTime};

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::{SETTINGS, add, succeeds};
use crate::support::{Message, Receiver, Server};

/// The names of the next events.
async fn kinds(receiver: &Receiver, many: usize) -> Vec<String> {
    let mut kinds = Vec::new();
    for _ in 0..many {
        let event = receiver.next().await.event();
        let name = event["__typename"].as_str().expect("a name").to_owned();
        kinds.push(match event["change"].as_str() {
            Some(change) => format!("{name} {change}"),
            None => name,
        });
    }
    kinds
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_of_a_later_version_is_passed() {
    let mut server = Server::start_here(&SETTINGS).await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let receiver = Receiver::start().await;
    add(&server, &receiver, &[]).await;
    ada.send(&Message::new(bob.as_recipient(), "before")).await;
    assert_eq!(receiver.next_message().await.message_text(), "before");

    let db = server.database().await;
    let unknown = "BEGIN;
        INSERT INTO feed_event (position, nonce, kind, conversation_id, user_id, created_at)
            SELECT position + 1, 7, 9999, conversation_id, user_id, created_at FROM feed_event ORDER BY position DESC LIMIT 1;
        UPDATE feed_head SET position = position + 1;
        COMMIT";
    db.execute_unprepared(unknown).await.expect("it is written");
    db.close().await.expect("the database closes");
    ada.send(&Message::new(bob.as_recipient(), "after")).await;

    assert_eq!(receiver.next_message().await.message_text(), "after");
    receiver.stays_silent(Duration::from_millis(500)).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_on_the_server_is_posted_in_order_and_signed() {
    let server = Server::start_here(&SETTINGS).await;
    let (ada, bob, carl) = (server.user("Ada").await, server.user("Bob").await, server.user("Carl").await);
    let receiver = Receiver::start().await;
    let added = add(&server, &receiver, &[]).await;

    let group = ada.group("Rowing", &[&bob]).await;
    let sent = ada.send(&Message::new(group.clone(), "hello")).await;
    let first = receiver.next().await;

    assert_eq!(first.path, "/hook?from=parlour");
    assert_eq!(first.header("content-type"), "application/json");
    assert!(first.header("user-agent").starts_with("Parlour/"), "{first:?}");
    assert_eq!(first.id(), first.event()["cursor"], "the id is the cursor");
    assert_eq!(first.signatures_with(&added.secret), 1, "{first:?}");
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs();
    let stamped: u64 = first.header("webhook-timestamp").parse().expect("seconds");
    assert!(stamped.abs_diff(now) < 30, "{stamped}");
    let event = first.event();
    assert_eq!((&event["change"], &event["addedCount"]), (&json!("ADDED"), &json!(1)), "{event}");
    assert_eq!(event["conversation"]["title"], "Rowing");
    let second = receiver.next().await.event();
    let mut came = [event["added"][0]["fullName"].clone(), second["added"][0]["fullName"].clone()];
    came.sort_by_key(Value::to_string);
    assert_eq!(came, ["Ada", "Bob"]);
    assert_eq!(kinds(&receiver, 1).await, ["MessageAdded"], "the line that says that the group was created");
    let message = receiver.next_message().await;
    assert_eq!(message.message_text(), "hello");
    assert_eq!(message.event()["message"]["sender"]["fullName"], "Ada");
    assert_eq!(message.signatures_with(&added.secret), 1);

    let edit = "mutation($id: ID!, $text: String!) { editMessage(id: $id, text: $text) { id } }";
    ada.ask(edit, json!({ "id": sent["id"], "text": "hello you" })).await;
    let read = "mutation($id: ID!) { markRead(conversation: { conversationId: $id }, upToSeq: 2) { id } }";
    bob.ask(read, json!({ "id": group["conversationId"] })).await;
    assert_eq!(kinds(&receiver, 2).await, ["MessageChanged", "ReadMarkMoved"]);
    let add = "mutation($id: ID!, $who: ID!) { addMembers(conversationId: $id, userIds: [$who]) { id } }";
    ada.ask(add, json!({ "id": group["conversationId"], "who": carl.id })).await;
    let mut came = kinds(&receiver, 3).await;
    came.sort();
    // And a line in the history, as when somebody leaves.
    assert_eq!(came, ["ConversationChanged ADDED", "ConversationChanged UPDATED", "MessageAdded"]);
    let leave = "mutation($id: ID!, $who: ID!) { removeMember(conversationId: $id, userId: $who) { id } }";
    carl.ask(leave, json!({ "id": group["conversationId"], "who": carl.id })).await;
    let mut left = Vec::new();
    for _ in 0..2 {
        let event = receiver.next().await.event();
        left.push(json!([event["change"], event["removed"][0]["fullName"], event["removedCount"]]));
    }
    left.sort_by_key(Value::to_string);
    assert_eq!(left, [json!(["REMOVED", "Carl", 1]), json!(["UPDATED", "Carl", 1])]);
    assert_eq!(kinds(&receiver, 1).await, ["MessageAdded"]);
    bob.ask("mutation { updateProfile(input: { fullName: \"Bobby\" }) { id } }", json!({})).await;
    let event = receiver.next().await.event();
    assert_eq!((&event["__typename"], &event["user"]["fullName"]), (&json!("UserChanged"), &json!("Bobby")));
    receiver.stays_silent(Duration::from_millis(500)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_bot_it_is_what_the_bot_receives() {
    let server = Server::start_here(&SETTINGS).await;
    let (ada, bob, bot) = (server.user("Ada").await, server.user("Bob").await, server.user("Bot").await);
    let receiver = Receiver::start().await;
    let document = server.folder().join("own.graphql");
    let own =
        "subscription { events { cursor ... on MessageAdded { message { text conversation { unreadCount } } } } }";
    std::fs::write(&document, own).expect("a file");
    let file = document.to_str().expect("text");
    add(&server, &receiver, &["--bot", &bot.id, "--query", file, "--kinds", "MESSAGE_ADDED"]).await;

    ada.send(&Message::new(bob.as_recipient(), "not for bots")).await;
    ada.send(&Message::new(bot.as_recipient(), "for bots")).await;

    let posted = receiver.next().await;
    assert_eq!(posted.message_text(), "for bots");
    assert_eq!(posted.event()["message"]["conversation"]["unreadCount"], 1, "its own side");
    ada.send(&Message::new(bob.as_recipient(), "neither")).await;
    receiver.stays_silent(Duration::from_millis(500)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_one_persons_own_is_posted_for_nobody_else() {
    let server = Server::start_here(&SETTINGS).await;
    let (ada, bob, carl) = (server.user("Ada").await, server.user("Bob").await, server.user("Carl").await);
    let (everybody, of_ada, of_carl) = (Receiver::start().await, Receiver::start().await, Receiver::start().await);
    let picked = ["--kinds", "BLOCK_CHANGED,MEMBERSHIP_CHANGED,MESSAGE_ADDED"];
    add(&server, &everybody, &picked).await;
    add(&server, &of_ada, &[&["--bot", &ada.id], &picked[..]].concat()).await;
    add(&server, &of_carl, &[&["--bot", &carl.id], &picked[..]].concat()).await;

    ada.send(&Message::new(bob.as_recipient(), "hello")).await;
    ada.ask("mutation($who: ID!) { blockUser(userId: $who) { id } }", json!({ "who": carl.id })).await;
    let mute = "mutation($to: ConversationRef!) {
        updateMembership(conversation: $to, input: { notifications: NONE }) { id } }";
    ada.ask(mute, json!({ "to": bob.as_recipient() })).await;
    ada.send(&Message::new(bob.as_recipient(), "and now")).await;

    assert_eq!(kinds(&of_ada, 4).await, ["MessageAdded", "BlockChanged", "MembershipChanged", "MessageAdded"]);
    assert_eq!(kinds(&everybody, 2).await, ["MessageAdded", "MessageAdded"]);
    everybody.stays_silent(Duration::from_millis(300)).await;
    of_carl.stays_silent(Duration::from_millis(0)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kinds_pick_events_and_the_position_passes_the_others() {
    let server = Server::start_here(&SETTINGS).await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let receiver = Receiver::start().await;
    let added = add(&server, &receiver, &["--kinds", "USER_CHANGED"]).await;

    ada.send(&Message::new(bob.as_recipient(), "hello")).await;
    bob.ask("mutation { updateProfile(input: { fullName: \"Bobby\" }) { id } }", json!({})).await;

    assert_eq!(receiver.next().await.event()["user"]["fullName"], "Bobby");
    super::shows(&server, &added.id, "active, 0 events behind").await;
    receiver.stays_silent(Duration::from_millis(300)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_begins_at_a_cursor_and_a_connection_is_used_again() {
    let server = Server::start_here(&SETTINGS).await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    ada.send(&Message::new(bob.as_recipient(), "1")).await;
    let cursor = ada.feed_cursor().await;
    for number in 2..=5 {
        ada.send(&Message::new(bob.as_recipient(), number.to_string())).await;
    }
    let receiver = Receiver::start().await;
    add(&server, &receiver, &["--from", &cursor]).await;

    for number in 2..=5 {
        let posted = receiver.next_message().await;
        assert_eq!((posted.message_text(), posted.connection), (number.to_string(), 0));
    }
    let all = Receiver::start().await;
    let printed = succeeds(&server, &["add", "--url", &all.url(), "--from", "oldest"]).await;
    assert_eq!(printed.lines().count(), 2);
    assert_eq!(all.next_message().await.message_text(), "1");
}
