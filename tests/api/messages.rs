//! Sending messages.

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::support::{SEND, TestApp, redacted};

/// Dated in the year 10889, the latest time of a UUIDv7.
const FAR_FUTURE: &str = "ffffffff-ffff-7fff-bfff-ffffffffffff";
const NOBODY: &str = "019bfc3e-0000-7000-8000-00000000000a";

#[tokio::test]
async fn a_message_is_numbered_and_read_back() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    bob.send(&ada, "hi").await;

    let query = "query($to: ConversationRef!) { messages(conversation: $to) {
        nodes { seq text sender { fullName } } pageInfo { hasNextPage hasPreviousPage } } }";
    let page = ada.ask(query, json!({ "to": { "userId": bob.id } })).await;

    assert_json_snapshot!(redacted(&page), @r#"
    {
      "messages": {
        "nodes": [
          {
            "sender": {
              "fullName": "Ada"
            },
            "seq": 1,
            "text": "hello"
          },
          {
            "sender": {
              "fullName": "Bob"
            },
            "seq": 2,
            "text": "hi"
          }
        ],
        "pageInfo": {
          "hasNextPage": false,
          "hasPreviousPage": false
        }
      }
    }
    "#);
}

#[tokio::test]
async fn a_sent_message_is_returned_and_found_by_its_id() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);

    let sent = ada.send(&bob, "hello").await;

    let fields =
        "id seq text version conversationId createdAt editedAt deletedAt feedCursor sender { id } replyTo { id }";
    let message =
        format!("query($id: ID!) {{ message(id: $id) {{ {fields} conversation {{ id otherUser {{ id }} }} }} }}");
    let mut found = bob.ask(&message, json!({ "id": sent["id"] })).await["message"].take();
    let conversation = found.as_object_mut().expect("a message").remove("conversation");
    assert_eq!(conversation, Some(json!({ "id": sent["conversationId"], "otherUser": { "id": ada.id } })));
    assert_eq!(found, sent);
    assert_eq!(sent["sender"]["id"], ada.id);
    assert_json_snapshot!(redacted(&sent), @r#"
    {
      "conversationId": "[id 1]",
      "createdAt": "[time]",
      "deletedAt": null,
      "editedAt": null,
      "feedCursor": "[cursor 1]",
      "id": "[id 2]",
      "replyTo": null,
      "sender": {
        "id": "[id 3]"
      },
      "seq": 1,
      "text": "hello",
      "version": 1
    }
    "#);
}

#[tokio::test]
async fn a_time_has_milliseconds_and_is_utc() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);

    let sent = ada.send(&bob, "hello").await["createdAt"].take();

    let shape: String =
        sent.as_str().expect("a time").chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "0000-00-00T00:00:00.000Z");
}

#[tokio::test]
async fn sending_marks_the_conversation_as_read() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let mut at_ada = ada.follow().await;

    bob.send(&ada, "hi").await;

    let read = "query($id: ID!) { conversation(by: { userId: $id }) { lastReadSeq unreadCount } }";
    let read = bob.ask(read, json!({ "id": ada.id })).await;
    assert_eq!(read["conversation"], json!({ "lastReadSeq": 2, "unreadCount": 0 }));
    // The message implies it: a mark that moves by sending has no event of its own.
    assert_eq!(at_ada.next_event().await["__typename"], "MessageAdded");
    at_ada.stays_silent().await;
}

#[tokio::test]
async fn concurrent_first_messages_share_one_conversation() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);

    let (from_ada, from_bob) = tokio::join!(ada.send(&bob, "hi"), bob.send(&ada, "hi"));

    assert_eq!(from_ada["conversationId"], from_bob["conversationId"]);
    let mut seqs = [from_ada["seq"].as_i64(), from_bob["seq"].as_i64()];
    seqs.sort();
    assert_eq!(seqs, [Some(1), Some(2)]);
}

#[tokio::test]
async fn blank_lines_around_a_text_go_and_its_line_ends_are_normalised() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);

    let sent = ada.send(&bob, " \r\n    one\r\n\ttwo\rthree \n\n").await;

    assert_eq!(sent["text"], "    one\n\ttwo\nthree");
}

#[tokio::test]
async fn a_text_comes_back_as_it_was_sent() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let longest = "😀".repeat(4_000);

    for text in ["'; DROP TABLE message; --", r#"\"\\ \u0000 $1 ?1 %s"#, "e\u{301}\u{202E}\u{FFFF}", &longest] {
        assert_eq!(ada.send(&bob, text).await["text"], text);
    }
    let page = ada.ask(
        "query($id: ID!) { messages(conversation: { userId: $id }, last: 1) { nodes { text } } }",
        json!({ "id": bob.id }),
    );
    assert_eq!(page.await["messages"]["nodes"][0]["text"], longest);
}

#[tokio::test]
async fn an_invalid_text_is_rejected() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);

    for text in ["", " \n\t", "\u{200B}", "a\0b", "a\u{1B}[31m", &"😀".repeat(4_001), &"a".repeat(4_001)] {
        let input = json!({ "to": { "userId": bob.id }, "text": text });
        assert_eq!(ada.refused(SEND, json!({ "input": input })).await, "BAD_USER_INPUT at text", "{text:?}");
    }
    for input in [json!({ "to": { "userId": bob.id } }), json!({ "to": { "userId": bob.id }, "text": null })] {
        assert_eq!(ada.refused(SEND, json!({ "input": input })).await, "BAD_USER_INPUT at text");
    }
    assert_eq!(bob.ask("{ unread { messages } }", json!({})).await["unread"]["messages"], 0);
}

#[tokio::test]
async fn a_message_to_oneself_is_rejected() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;

    let input = json!({ "to": { "userId": ada.id }, "text": "hello" });

    assert_eq!(ada.refused(SEND, json!({ "input": input })).await, "BAD_USER_INPUT at to.userId");
}

#[tokio::test]
async fn a_message_to_nobody_is_not_found() {
    let app = TestApp::start().await;
    let (ada, _) = app.direct("Ada", "Bob").await;

    for to in [
        json!({ "userId": NOBODY }),
        json!({ "userId": "bob" }),
        json!({ "conversationId": NOBODY }),
        json!({ "conversationId": "" }),
    ] {
        let input = json!({ "to": to, "text": "hello" });
        assert_eq!(ada.refused(SEND, json!({ "input": input })).await, "NOT_FOUND", "{to}");
    }
}

#[tokio::test]
async fn a_message_has_exactly_one_recipient() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;

    for to in [json!({}), json!({ "userId": bob.id, "conversationId": NOBODY }), json!({ "userId": null })] {
        let input = json!({ "to": to, "text": "hello" });
        assert_eq!(ada.fails(SEND, json!({ "input": input })).await, "GRAPHQL_VALIDATION_FAILED", "{to}");
    }
}

#[tokio::test]
async fn a_reply_shows_what_it_replies_to() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let first = ada.send(&bob, "tea?").await;

    let reply = json!({ "to": { "userId": ada.id }, "text": "yes", "replyToId": first["id"] });
    let reply = bob.send_input(reply).await;

    assert_eq!(reply["replyTo"], json!({ "id": first["id"] }));
}

#[tokio::test]
async fn a_reply_to_a_message_of_another_conversation_is_not_found() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let (carl, eve) = (app.user("Carl").await, app.user("Eve").await);
    let (own_elsewhere, of_strangers) = (ada.send(&carl, "hi").await, carl.send(&eve, "hush").await);

    for id in [&own_elsewhere["id"], &of_strangers["id"], &json!(NOBODY), &json!("1")] {
        for to in [json!({ "userId": bob.id }), json!({ "userId": eve.id })] {
            let input = json!({ "to": to, "text": "yes", "replyToId": id });
            assert_eq!(ada.refused(SEND, json!({ "input": input })).await, "NOT_FOUND", "{id} {to}");
        }
    }
    let begun = ada.ask("query($id: ID!) { conversation(by: { userId: $id }) { id } }", json!({ "id": eve.id })).await;
    assert_eq!(begun["conversation"], Value::Null);
}

#[tokio::test]
async fn a_client_chosen_id_must_be_a_uuid_v7() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);

    for id in [
        "",
        "1",
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "936da01f-9abd-4d9d-80c7-02af85c822a8",
        "019bfc3e000070008000000000000000a",
    ] {
        let input = json!({ "id": id, "to": { "userId": bob.id }, "text": "hello" });
        assert_eq!(ada.refused(SEND, json!({ "input": input })).await, "BAD_USER_INPUT at id", "{id}");
    }
}

#[tokio::test]
async fn messages_are_ordered_by_seq_and_not_by_id() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let to = json!({ "userId": bob.id });

    ada.send_input(json!({ "id": FAR_FUTURE, "to": to, "text": "one" })).await;
    ada.send_input(json!({ "id": NOBODY, "to": to, "text": "two" })).await;
    ada.send(&bob, "three").await;

    let page =
        ada.ask("query($to: ConversationRef!) { messages(conversation: $to) { nodes { text } } }", json!({ "to": to }));
    assert_eq!(page.await["messages"]["nodes"], json!([{ "text": "one" }, { "text": "two" }, { "text": "three" }]));
}
