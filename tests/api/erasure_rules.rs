//! Deleting an account: who may do it, and what is no longer possible with an erased person.

use serde_json::{Value, json};

use crate::support::{PASSWORD, Person, TestApp, code};

const LEAVE: &str = "mutation($password: String!) { deleteAccount(password: $password) }";

async fn leave(person: &Person) {
    person.ask(LEAVE, json!({ "password": PASSWORD })).await;
}

#[tokio::test]
async fn a_wrong_password_erases_nobody() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;

    for wrong in ["", "a guess", &"x".repeat(1_000)] {
        assert_eq!(ada.fails(LEAVE, json!({ "password": wrong })).await, "INVALID_CREDENTIALS");
    }

    assert_eq!(ada.ask("{ me { fullName email } }", json!({})).await["me"]["email"], ada.email);
}

#[tokio::test]
async fn only_wrong_passwords_count_as_failed_logins() {
    let app = TestApp::limited().await;
    let ada = app.user("Ada").await;
    let login = "mutation($input: LoginInput!) { login(input: $input) { token } }";
    let input = |password: &str| json!({ "input": { "email": ada.email, "password": password } });
    for _ in 0..2 {
        assert_eq!(code(&app.execute(None, login, input("a guess")).await), "INVALID_CREDENTIALS");
    }

    for _ in 0..3 {
        assert_eq!(ada.fails(LEAVE, json!({ "password": "a guess" })).await, "INVALID_CREDENTIALS");
    }

    let refused = ada.execute(LEAVE, json!({ "password": PASSWORD })).await;
    assert_eq!(code(&refused), "RATE_LIMITED");
    assert!(refused["errors"][0]["extensions"]["retryAfterMs"].as_u64() > Some(50_000), "{refused}");
    assert_eq!(code(&app.execute(None, login, input(PASSWORD)).await), "RATE_LIMITED");
    app.clock.advance(std::time::Duration::from_secs(60));
    leave(&ada).await;
}

#[tokio::test]
async fn an_erased_person_cannot_be_messaged() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let carl = app.user("Carl").await;
    let sent = bob.send_input(json!({ "id": uuid::Uuid::now_v7(), "to": { "userId": ada.id }, "text": "bye" })).await;
    leave(&ada).await;
    let send = |to: Value| json!({ "input": { "to": to, "text": "are you there?" } });
    let by_id = json!({ "conversationId": sent["conversationId"] });

    for to in [json!({ "userId": ada.id }), by_id.clone()] {
        assert_eq!(bob.fails(crate::support::SEND, send(to)).await, "NOT_FOUND");
    }
    assert_eq!(carl.fails(crate::support::SEND, send(json!({ "userId": ada.id }))).await, "NOT_FOUND");
    let group = "mutation($ids: [ID!]!) { createConversation(input: { title: \"Tea\", memberIds: $ids }) { id } }";
    assert_eq!(carl.fails(group, json!({ "ids": [bob.id, ada.id] })).await, "NOT_FOUND");
    let id = carl.group("Tea", &[&bob]).await;
    let add = "mutation($id: ID!, $ids: [ID!]!) { addMembers(conversationId: $id, userIds: $ids) { id } }";
    assert_eq!(carl.fails(add, json!({ "id": id, "ids": [ada.id] })).await, "NOT_FOUND");
    // A retry is answered even if the recipient was erased since.
    let retry = bob.send_input(json!({ "id": sent["id"], "to": by_id, "text": "bye" })).await;
    assert_eq!(retry, sent);
    let read =
        "mutation($to: ConversationRef!) { markRead(conversation: $to, upToSeq: 9) { lastReadSeq unreadCount } }";
    assert_eq!(bob.ask(read, json!({ "to": by_id })).await["markRead"]["unreadCount"], 0);
}

#[tokio::test]
async fn a_conversation_with_an_erased_person_stays_readable() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    bob.send(&ada, "hello yourself").await;
    leave(&ada).await;

    let query = "query($ada: ID!) { conversation(by: { userId: $ada }) { kind memberCount lastSeq
        otherUser { fullName } members { nodes { lastReadSeq user { fullName } } } messages { nodes { seq text } } } }";
    let seen = bob.ask(query, json!({ "ada": ada.id })).await["conversation"].take();

    assert_eq!(seen["otherUser"]["fullName"], "Deleted user");
    let mut members = seen["members"]["nodes"].as_array().expect("members").clone();
    members.sort_by_key(|member| member["lastReadSeq"].as_i64());
    assert_eq!(
        json!(members),
        json!([{ "lastReadSeq": 1, "user": { "fullName": "Deleted user" } }, { "lastReadSeq": 2, "user": { "fullName": "Bob" } }])
    );
    assert_eq!(seen["messages"]["nodes"], json!([{ "seq": 1, "text": null }, { "seq": 2, "text": "hello yourself" }]));
}

#[tokio::test]
async fn a_missed_read_mark_of_an_erased_person_is_replayed() {
    let mut app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let before = bob.feed_cursor().await;
    bob.send(&ada, "one").await;
    let read = "mutation($bob: ID!) { markRead(conversation: { userId: $bob }, upToSeq: 2) { id } }";
    ada.ask(read, json!({ "bob": bob.id })).await;
    leave(&ada).await;
    app.restart().await;

    let query = "query($after: String!) { events(after: $after) { events { ... on ReadMarkMoved {
        lastReadSeq user { fullName } } } } }";
    let missed = bob.ask(query, json!({ "after": before })).await["events"]["events"].take();

    assert_eq!(missed[1], json!({ "lastReadSeq": 2, "user": { "fullName": "Deleted user" } }), "{missed}");
}

#[tokio::test]
async fn a_group_passes_to_a_remaining_member() {
    let app = TestApp::start().await;
    let (ada, bob, carl) = (app.user("Ada").await, app.user("Bob").await, app.user("Carl").await);
    let group = ada.group("Tea", &[&bob, &carl]).await;
    let query = "query($id: ID!) { conversation(by: { conversationId: $id }) {
        memberCount members { nodes { role user { fullName } } } } }";
    let seen = async |person: &Person| person.ask(query, json!({ "id": group })).await["conversation"].take();

    // The leaving of an ordinary member does not change the owner.
    leave(&bob).await;
    let member = |role: &str, name: &str| json!({ "role": role, "user": { "fullName": name } });
    let both = json!({ "memberCount": 2, "members": { "nodes": [member("OWNER", "Ada"), member("MEMBER", "Carl")] } });
    assert_eq!(seen(&ada).await, both);

    leave(&ada).await;
    let alone = json!({ "memberCount": 1, "members": { "nodes": [member("OWNER", "Carl")] } });
    assert_eq!(seen(&carl).await, alone);
    leave(&carl).await;
}

#[tokio::test]
async fn two_concurrent_erasures_leave_the_group_to_the_third_member() {
    let app = TestApp::start().await;
    let (ada, bob, carl) = (app.user("Ada").await, app.user("Bob").await, app.user("Carl").await);
    let group = ada.group("Tea", &[&bob, &carl]).await;

    tokio::join!(leave(&ada), leave(&bob));

    let query = "query($id: ID!) { conversation(by: { conversationId: $id }) { members { nodes { role } } } }";
    let seen = carl.ask(query, json!({ "id": group })).await;
    assert_eq!(seen["conversation"]["members"]["nodes"], json!([{ "role": "OWNER" }]));
}

#[tokio::test]
async fn an_erased_person_is_never_online() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let _at_ada = ada.socket().await;
    let online = "query($id: ID!) { user(id: $id) { online } }";
    assert_eq!(bob.ask(online, json!({ "id": ada.id })).await["user"]["online"], true);
    let mut list = bob.subscribe("subscription { onlineUsers { id } }", json!({})).await;
    let both = list.next_data("1").await;
    assert_eq!(both["onlineUsers"].as_array().map(Vec::len), Some(2), "{both}");
    let changes = "subscription { presenceChanged { online lastSeenAt user { fullName } } }";
    let mut changes = bob.subscribe(changes, json!({})).await;
    // Once the query is answered, the subscription before it has started.
    changes.subscribe("2", "{ serverInfo { version } }", json!({})).await;
    changes.next_data("2").await;

    leave(&ada).await;

    assert_eq!(bob.ask(online, json!({ "id": ada.id })).await["user"]["online"], false);
    assert_eq!(list.next_data("1").await["onlineUsers"], json!([{ "id": bob.id }]));
    let mut delivered = changes.next().await;
    if delivered["type"] == "complete" {
        delivered = changes.next().await;
    }
    let gone = json!({ "online": false, "lastSeenAt": null, "user": { "fullName": "Deleted user" } });
    assert_eq!(delivered["payload"]["data"]["presenceChanged"], gone);
}

#[tokio::test]
async fn requests_begun_before_the_erasure_show_nothing_after_it() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let group = ada.group("Tea", &[&bob]).await;
    let send = async |number: usize| {
        let input = json!({ "to": { "conversationId": group }, "text": format!("secret {number}") });
        ada.execute(crate::support::SEND, json!({ "input": input })).await
    };
    let sends = (0..20).map(send);
    // All at once: some are written before the erasure, some after.
    tokio::join!(futures_util::future::join_all(sends), leave(&ada));

    let page = "query($id: ID!) { messages(conversation: { conversationId: $id }) { nodes {
        seq text deletedAt system { kind } } } }";
    let seen = bob.ask(page, json!({ "id": group })).await["messages"]["nodes"].take();
    for (row, seq) in seen.as_array().expect("messages").iter().zip(1..) {
        assert_eq!((&row["seq"], &row["text"]), (&json!(seq), &json!(null)));
        assert_eq!(row["deletedAt"].is_string(), row["system"].is_null(), "{row}");
    }
}

#[tokio::test]
async fn an_interrupted_erasure_is_published_at_the_next_start() {
    let mut app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let group = ada.group("Tea", &[&bob]).await;
    ada.send_to(&group, "a secret").await;
    let before = bob.feed_cursor().await;
    app.stop().await;
    // The state after the first step of an erasure.
    sea_orm::ConnectionTrait::execute_unprepared(
        &app.database().await,
        "UPDATE \"user\" SET full_name = 'Deleted user', email = NULL, password_hash = NULL, deleted_at = 1
          WHERE full_name = 'Ada';
         DELETE FROM session WHERE user_id = (SELECT id FROM \"user\" WHERE deleted_at = 1);
         INSERT INTO erasure (user_id, erased_at) SELECT id, 1 FROM \"user\" WHERE deleted_at = 1",
    )
    .await
    .expect("it can be set");

    app.restart().await;

    let mut at_bob = bob.subscribe(crate::support::EVENTS, json!({ "after": before })).await;
    assert_eq!(at_bob.next_happening().await["user"], json!({ "id": ada.id, "fullName": "Deleted user" }));
    assert_eq!(at_bob.next_happening().await["conversationId"], group.as_str());
    let query = "query($id: ID!) { conversation(by: { conversationId: $id }) { memberCount members { nodes { role } }
        messages(aroundSeq: 2, last: 1) { nodes { text version deletedAt } } } }";
    let seen = bob.ask(query, json!({ "id": group })).await["conversation"].take();
    let tombstone = json!([{ "text": null, "version": 2, "deletedAt": "1970-01-01T00:00:00.001Z" }]);
    assert_eq!((&seen["memberCount"], &seen["messages"]["nodes"]), (&json!(1), &tombstone));
    assert_eq!(seen["members"]["nodes"], json!([{ "role": "OWNER" }]));
}
