//! Pinned messages.

use parlour::id::MessageId;
use serde_json::{Value, json};

use crate::support::{PASSWORD, Person, TestApp, soon};

const PIN: &str = "mutation($id: ID!) { pinMessage(messageId: $id) { id version pinnedAt } }";
const UNPIN: &str = "mutation($id: ID!) { unpinMessage(messageId: $id) { id version pinnedAt } }";
const PINNED: &str = "query($in: ConversationRef!, $first: Int, $after: String) { conversation(by: $in) {
    pinnedMessages(first: $first, after: $after) { nodes { text pinnedAt }
        edges { cursor } pageInfo { hasNextPage hasPreviousPage endCursor } } } }";
const FEED: &str = "subscription($after: String) { events(after: $after) { __typename cursor
    ... on PinsChanged { conversationId pinned message { text version pinnedAt } }
    ... on MessageAdded { message { system { kind } replyTo { text } } } } }";

async fn pin(by: &Person, message: &Value) -> Value {
    by.ask(PIN, json!({ "id": message["id"] })).await["pinMessage"].take()
}

async fn unpin(by: &Person, message: &Value) -> Value {
    by.ask(UNPIN, json!({ "id": message["id"] })).await["unpinMessage"].take()
}

async fn page(by: &Person, here: &Value, first: Option<i32>, after: &Value) -> Value {
    let variables = json!({ "in": here, "first": first, "after": after });
    by.ask(PINNED, variables).await["conversation"]["pinnedMessages"].take()
}

/// The texts of the pinned messages.
async fn pinned(by: &Person, here: &Value) -> Vec<String> {
    let page = page(by, here, Some(100), &Value::Null).await;
    let nodes = page["nodes"].as_array().expect("nodes");
    assert!(nodes.iter().all(|node| node["pinnedAt"].is_string()), "{page}");
    nodes.iter().map(|node| node["text"].as_str().expect("a text").to_owned()).collect()
}

#[tokio::test]
async fn both_sides_of_a_direct_conversation_pin() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let (one, two) = (ada.send(&bob, "one").await, bob.send(&ada, "two").await);
    let (here, before) = (json!({ "userId": bob.id }), bob.feed_cursor().await);
    let mut at_bob = bob.subscribe(FEED, json!({})).await;
    assert_eq!(at_bob.next_event().await["__typename"], "CaughtUp");

    let first = pin(&ada, &one).await;
    pin(&bob, &two).await;

    assert_eq!((&first["version"], first["pinnedAt"].is_string()), (&json!(1), true));
    assert_eq!(pinned(&ada, &here).await, ["two", "one"]);
    let mut received = Vec::new();
    for text in ["one", "two"] {
        let changed = at_bob.next_event().await;
        assert_eq!((&changed["__typename"], &changed["pinned"]), (&json!("PinsChanged"), &json!(true)));
        assert_eq!((&changed["message"]["text"], &changed["message"]["version"]), (&json!(text), &json!(1)));
        let line = at_bob.next_event().await;
        assert_eq!(line["message"]["system"]["kind"], "MESSAGE_PINNED");
        assert_eq!(line["message"]["replyTo"]["text"], text);
        received.extend([changed, line]);
    }
    // Again is no change.
    assert_eq!(pin(&bob, &one).await, first);
    at_bob.stays_silent().await;
    assert_eq!(unpin(&bob, &one).await["pinnedAt"], Value::Null);
    assert_eq!(unpin(&bob, &one).await["pinnedAt"], Value::Null);
    let changed = at_bob.next_event().await;
    assert_eq!((&changed["pinned"], &changed["message"]["pinnedAt"]), (&json!(false), &json!(null)));
    at_bob.stays_silent().await;
    assert_eq!(pinned(&bob, &json!({ "userId": ada.id })).await, ["two"]);
    // A replay shows the message as it is now, and what happened.
    received.push(changed);
    received[0]["message"]["pinnedAt"].take();
    let (replayed, _) = bob.subscribe(FEED, json!({ "after": before })).await.replay().await;
    assert_eq!(replayed, received);
}

#[tokio::test]
async fn in_a_group_the_owner_and_admins_pin() {
    let app = TestApp::start().await;
    let (ada, bob, eve) = (app.user("Ada").await, app.user("Bob").await, app.user("Eve").await);
    let tea = ada.group("Tea", &[&bob]).await;
    let sent = bob.send_to(&tea, "hello").await;
    let id = json!({ "id": sent["id"] });

    for document in [PIN, UNPIN] {
        assert_eq!(bob.refused(document, id.clone()).await, "FORBIDDEN");
        assert_eq!(eve.refused(document, id.clone()).await, "NOT_FOUND");
        assert_eq!(ada.refused(document, json!({ "id": MessageId::new().to_string() })).await, "NOT_FOUND");
        assert_eq!(ada.refused(document, json!({ "id": "" })).await, "NOT_FOUND");
    }
    pin(&ada, &sent).await;

    assert_eq!(pinned(&bob, &json!({ "conversationId": tea })).await, ["hello"]);
    let role = "mutation($id: ID!, $person: ID!) {
        setMemberRole(conversationId: $id, userId: $person, role: ADMIN) { role } }";
    ada.ask(role, json!({ "id": tea, "person": bob.id })).await;
    unpin(&bob, &sent).await;
}

#[tokio::test]
async fn a_deleted_message_loses_its_pin() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let (one, two) = (ada.send(&bob, "one").await, bob.send(&ada, "two").await);
    let here = json!({ "userId": bob.id });
    for message in [&one, &two] {
        pin(&ada, message).await;
    }

    let deleted =
        ada.ask("mutation($id: ID!) { deleteMessage(id: $id) { pinnedAt version } }", json!({ "id": one["id"] }));
    assert_eq!(deleted.await["deleteMessage"], json!({ "pinnedAt": null, "version": 2 }));
    assert_eq!(pinned(&ada, &here).await, ["two"]);
    for document in [PIN, UNPIN] {
        assert_eq!(ada.refused(document, json!({ "id": one["id"] })).await, "BAD_USER_INPUT at messageId");
    }

    bob.ask("mutation($password: String!) { deleteAccount(password: $password) }", json!({ "password": PASSWORD }))
        .await;
    assert_eq!(pinned(&ada, &here).await, [] as [&str; 0]);
    // Nobody reads there any more.
    let sent = json!({ "id": two["id"] });
    assert_eq!(ada.refused(PIN, sent).await, "FORBIDDEN");
}

#[tokio::test]
async fn an_edit_keeps_the_pin() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let sent = ada.send(&bob, "one").await;
    let pinned_at = pin(&bob, &sent).await["pinnedAt"].take();

    let edit = "mutation($id: ID!) { editMessage(id: $id, text: \"uno\") { version pinnedAt } }";
    let edited = ada.ask(edit, json!({ "id": sent["id"] })).await;

    assert_eq!(edited["editMessage"], json!({ "version": 2, "pinnedAt": pinned_at }));
}

#[tokio::test]
async fn a_conversation_has_50_pins_in_pages() {
    let app = TestApp::start_with(&[("RATE_LIMITS", "off")]).await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let here = json!({ "userId": bob.id });
    let mut sent = Vec::new();
    for number in 0..51 {
        sent.push(ada.send(&bob, &number.to_string()).await);
    }
    for message in &sent[..50] {
        pin(&ada, message).await;
    }

    assert_eq!(bob.refused(PIN, json!({ "id": sent[50]["id"] })).await, "BAD_USER_INPUT at messageId");
    pin(&bob, &sent[49]).await;
    unpin(&bob, &sent[0]).await;
    pin(&bob, &sent[50]).await;
    assert_eq!(bob.refused(PIN, json!({ "id": sent[0]["id"] })).await, "BAD_USER_INPUT at messageId");

    let (mut texts, mut after) = (Vec::new(), Value::Null);
    loop {
        let mut page = page(&bob, &json!({ "userId": ada.id }), Some(20), &after).await;
        assert_eq!(page["pageInfo"]["hasPreviousPage"], !after.is_null());
        texts.extend(page["nodes"].as_array().expect("nodes").iter().map(|node| node["text"].clone()));
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].take();
    }
    let expected: Vec<Value> = (1..=50).rev().map(|number| json!(number.to_string())).collect();
    assert_eq!(texts, expected);
    assert_eq!(page(&ada, &here, None, &Value::Null).await["nodes"].as_array().map(Vec::len), Some(20));
    for (first, field) in [(0, "first"), (101, "first")] {
        let variables = json!({ "in": here, "first": first });
        assert_eq!(ada.refused(PINNED, variables).await, format!("BAD_USER_INPUT at {field}"));
    }
    let elsewhere = ada.group("Tea", &[]).await;
    let variables = json!({ "in": { "conversationId": elsewhere }, "after": after });
    assert_eq!(ada.refused(PINNED, variables).await, "BAD_USER_INPUT at after");
}

#[tokio::test]
async fn pins_at_once_do_not_exceed_the_limit() {
    let app = TestApp::start_with(&[("RATE_LIMITS", "off")]).await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let mut sent = Vec::new();
    for number in 0..60 {
        sent.push(ada.send(&bob, &number.to_string()).await);
    }

    let pins = sent.iter().map(|message| bob.execute(PIN, json!({ "id": message["id"] })));
    // Messages and pins of one batch have seqs of their own.
    let sends = (0..20).map(|number| ada.send(&bob, if number % 2 == 0 { "even" } else { "odd" }));
    let (pins, sends) =
        soon(async { tokio::join!(futures_util::future::join_all(pins), futures_util::future::join_all(sends)) }).await;

    assert_eq!(pins.iter().filter(|answer| answer.get("errors").is_none()).count(), 50);
    assert_eq!(pinned(&ada, &json!({ "userId": bob.id })).await.len(), 50);
    let query =
        "query($id: ID!) { conversation(by: { userId: $id }) { lastSeq messages(last: 100) { nodes { seq } } } }";
    let seen = ada.ask(query, json!({ "id": bob.id })).await["conversation"].take();
    assert_eq!(seen["lastSeq"], 60 + 50 + sends.len());
}
