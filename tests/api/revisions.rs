//! Editing and deleting messages.

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::support::{TestApp, redacted};

const EDIT: &str = "mutation($id: ID!, $text: String! = \"bye\") { editMessage(id: $id, text: $text) {
    id seq text version createdAt editedAt deletedAt feedCursor sender { id } replyTo { id } } }";
const DELETE: &str = "mutation($id: ID!) { deleteMessage(id: $id) {
    id seq text version createdAt editedAt deletedAt feedCursor sender { id } replyTo { id } } }";
const MESSAGE: &str = "query($id: ID!) { message(id: $id) {
    id seq text version createdAt editedAt deletedAt feedCursor sender { id } replyTo { id } } }";
const NOBODY: &str = "019bfc3e-0000-7000-8000-00000000000a";

#[tokio::test]
async fn an_edit_makes_a_new_version_and_leaves_the_rest() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let sent = ada.send(&bob, "hello").await;

    let edited = ada.ask(EDIT, json!({ "id": sent["id"], "text": " goodbye " })).await["editMessage"].take();

    assert_json_snapshot!(redacted(&edited), @r#"
    {
      "createdAt": "[time]",
      "deletedAt": null,
      "editedAt": "[time]",
      "feedCursor": "[cursor 1]",
      "id": "[id 1]",
      "replyTo": null,
      "sender": {
        "id": "[id 2]"
      },
      "seq": 1,
      "text": " goodbye",
      "version": 2
    }
    "#);
    for field in ["id", "seq", "createdAt", "feedCursor", "sender", "replyTo"] {
        assert_eq!(edited[field], sent[field], "{field}");
    }
    assert_eq!(bob.ask(MESSAGE, json!({ "id": sent["id"] })).await["message"], edited);
}

#[tokio::test]
async fn the_same_text_makes_no_new_version_and_no_event() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let sent = ada.send(&bob, "hello").await;
    let mut at_bob = bob.follow().await;

    let edited = ada.ask(EDIT, json!({ "id": sent["id"], "text": "hello\n" })).await["editMessage"].take();

    assert_eq!((&edited["version"], &edited["editedAt"]), (&json!(1), &Value::Null));
    at_bob.stays_silent().await;
}

#[tokio::test]
async fn concurrent_edits_make_one_version_each() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let sent = ada.send(&bob, "0").await;
    let mut at_bob = bob.follow().await;
    let edit = async |number: usize| ada.ask(EDIT, json!({ "id": sent["id"], "text": number.to_string() })).await;

    futures_util::future::join_all((1..=20).map(edit)).await;

    let mut received = Vec::new();
    for _ in 0..20 {
        received.push(at_bob.next_event().await["message"].take());
    }
    at_bob.stays_silent().await;
    assert_eq!(
        received.iter().map(|message| message["version"].as_i64()).collect::<Vec<_>>(),
        (2..=21).map(Some).collect::<Vec<_>>()
    );
    let now = bob.ask(MESSAGE, json!({ "id": sent["id"] })).await["message"].take();
    assert_eq!((&now["version"], &now["text"]), (&json!(21), &received[19]["text"]));
}

#[tokio::test]
async fn a_deletion_leaves_a_tombstone() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let sent = ada.send(&bob, "hello").await;

    let deleted = ada.ask(DELETE, json!({ "id": sent["id"] })).await["deleteMessage"].take();

    assert_json_snapshot!(redacted(&deleted), @r#"
    {
      "createdAt": "[time]",
      "deletedAt": "[time]",
      "editedAt": null,
      "feedCursor": "[cursor 1]",
      "id": "[id 1]",
      "replyTo": null,
      "sender": {
        "id": "[id 2]"
      },
      "seq": 1,
      "text": null,
      "version": 2
    }
    "#);
    for field in ["id", "seq", "createdAt", "feedCursor", "sender", "editedAt"] {
        assert_eq!(deleted[field], sent[field], "{field}");
    }
    assert_eq!(bob.ask(MESSAGE, json!({ "id": sent["id"] })).await["message"], deleted);
}

#[tokio::test]
async fn deletion_is_idempotent() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let sent = ada.send(&bob, "hello").await;
    let deleted = ada.ask(DELETE, json!({ "id": sent["id"] })).await;
    let mut at_bob = bob.follow().await;

    assert_eq!(ada.ask(DELETE, json!({ "id": sent["id"] })).await, deleted);

    at_bob.stays_silent().await;
}

#[tokio::test]
async fn both_people_receive_edits_and_deletions() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let sent = ada.send(&bob, "hello").await;
    let (mut at_ada, mut at_bob) = (ada.follow().await, bob.follow().await);

    ada.ask(EDIT, json!({ "id": sent["id"] })).await;
    ada.ask(DELETE, json!({ "id": sent["id"] })).await;

    for socket in [&mut at_ada, &mut at_bob] {
        let (edited, deleted) = (socket.next_event().await, socket.next_event().await);
        assert_eq!(
            (&edited["__typename"], &deleted["__typename"]),
            (&json!("MessageChanged"), &json!("MessageChanged"))
        );
        let (edited, deleted) = (&edited["message"], &deleted["message"]);
        assert_eq!((&edited["id"], &edited["text"], &edited["version"]), (&sent["id"], &json!("bye"), &json!(2)));
        assert_eq!((&deleted["id"], &deleted["text"], &deleted["version"]), (&sent["id"], &Value::Null, &json!(3)));
        socket.stays_silent().await;
    }
}

#[tokio::test]
async fn a_deleted_message_cannot_be_edited() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let sent = ada.send(&bob, "hello").await;
    ada.ask(DELETE, json!({ "id": sent["id"] })).await;

    assert_eq!(ada.refused(EDIT, json!({ "id": sent["id"] })).await, "BAD_USER_INPUT at id");
}

#[tokio::test]
async fn a_reply_outlives_the_original_message() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let sent = ada.send(&bob, "tea?").await;
    let reply = bob.send_input(json!({ "to": { "userId": ada.id }, "text": "yes", "replyToId": sent["id"] })).await;

    ada.ask(DELETE, json!({ "id": sent["id"] })).await;

    let query = "query($id: ID!) { message(id: $id) { text replyTo { id text deletedAt } } }";
    let mut now = bob.ask(query, json!({ "id": reply["id"] })).await["message"].take();
    assert!(now["replyTo"]["deletedAt"].take().is_string());
    assert_eq!(now, json!({ "text": "yes", "replyTo": { "id": sent["id"], "text": null, "deletedAt": null } }));
}

#[tokio::test]
async fn an_edit_has_to_leave_a_text() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let sent = ada.send(&bob, "hello").await;

    for text in ["", " \n", "\u{200B}", "a\0b", &"a".repeat(4_001)] {
        let refused = ada.refused(EDIT, json!({ "id": sent["id"], "text": text })).await;
        assert_eq!(refused, "BAD_USER_INPUT at text", "{text:?}");
    }
    let longest = "😀".repeat(4_000);
    let edited = ada.ask(EDIT, json!({ "id": sent["id"], "text": longest })).await;
    assert_eq!(edited["editMessage"]["text"], longest);
}

#[tokio::test]
async fn only_the_sender_may_change_a_message() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let sent = ada.send(&bob, "hello").await;

    assert_eq!(bob.refused(EDIT, json!({ "id": sent["id"] })).await, "FORBIDDEN");
    assert_eq!(bob.refused(DELETE, json!({ "id": sent["id"] })).await, "FORBIDDEN");

    ada.ask(DELETE, json!({ "id": sent["id"] })).await;
    assert_eq!(bob.refused(EDIT, json!({ "id": sent["id"] })).await, "FORBIDDEN");
    assert_eq!(bob.refused(DELETE, json!({ "id": sent["id"] })).await, "FORBIDDEN");
}

#[tokio::test]
async fn an_unknown_message_is_not_found() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;

    for id in [NOBODY, "", "1"] {
        assert_eq!(ada.refused(EDIT, json!({ "id": id })).await, "NOT_FOUND", "{id}");
        assert_eq!(ada.refused(DELETE, json!({ "id": id })).await, "NOT_FOUND", "{id}");
        assert_eq!(ada.ask(MESSAGE, json!({ "id": id })).await["message"], Value::Null, "{id}");
    }
}
