//! The client chooses a message's id, so sending is idempotent.

use futures_util::future::join_all;
use parlour::db::HOT_READS;
use parlour::id::MessageId;
use serde_json::{Value, json};

use crate::support::{Person, SEND, TestApp, is_postgres};

fn new_id() -> String {
    MessageId::new().to_string()
}

/// The texts of the conversation of Ada and Bob, as one of them sees it.
async fn texts(person: &Person, other: &Person) -> Value {
    let query = "query($id: ID!) { messages(conversation: { userId: $id }, first: 100) { nodes { seq text } } }";
    person.ask(query, json!({ "id": other.id })).await["messages"]["nodes"].take()
}

#[tokio::test]
async fn a_retry_returns_the_first_message_and_sends_nothing() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let mut at_bob = bob.follow().await;
    let input = json!({ "id": new_id(), "to": { "userId": bob.id }, "text": "tea?" });

    let first = ada.send_input(input.clone()).await;
    let again = ada.send_input(input).await;

    assert_eq!(again, first);
    assert_eq!(at_bob.next_event().await["message"]["id"], first["id"]);
    at_bob.stays_silent().await;
}

#[tokio::test]
async fn a_retry_of_the_first_message_creates_one_conversation() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let input = json!({ "id": new_id(), "to": { "userId": bob.id }, "text": "tea?" });

    let first = ada.send_input(input.clone()).await;

    assert_eq!(ada.send_input(input).await, first);
    assert_eq!(texts(&ada, &bob).await, json!([{ "seq": 1, "text": "tea?" }]));
}

#[tokio::test]
async fn a_retry_is_found_by_hot_reads_also_by_another_program() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let input = json!({ "id": new_id(), "to": { "userId": bob.id }, "text": "tea?" });
    let first = ada.send_input(input.clone()).await;
    let id = first["id"].as_str().expect("an id");

    let again = format!(
        "mutation {{ sendMessage(input: {{ id: \"{id}\", to: {{ userId: \"{}\" }}, text: \"tea?\" }}) {{ id seq }} }}",
        bob.id
    );
    let (answer, statements) = app.statements(&ada, &again).await;

    assert_eq!(answer["sendMessage"], json!({ "id": first["id"], "seq": first["seq"] }));
    // The message, and whether Ada is in its conversation.
    assert_eq!(statements.len(), 2);
    assert!(is_postgres() || statements.iter().all(|read| HOT_READS.contains(&read.sql.as_str())), "{statements:?}");
    assert_eq!(texts(&bob, &ada).await.as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn fifty_concurrent_sends_with_one_id_give_one_message_one_event_and_equal_answers() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let mut at_bob = bob.follow().await;
    let input = json!({ "id": new_id(), "to": { "userId": bob.id }, "text": "tea?" });

    let answers = join_all((0..50).map(|_| ada.send_input(input.clone()))).await;

    assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:?}");
    assert_eq!(texts(&bob, &ada).await, json!([{ "seq": 1, "text": "tea?" }]));
    assert_eq!(at_bob.next_event().await["change"], "ADDED");
    assert_eq!(at_bob.next_event().await["message"]["id"], input["id"]);
    at_bob.stays_silent().await;
}

#[tokio::test]
async fn retries_among_other_messages_leave_no_hole() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let ids: Vec<String> = (0..40).map(|_| new_id()).collect();
    let send = |id: &String| ada.send_input(json!({ "id": id, "to": { "userId": bob.id }, "text": id }));

    let answers = join_all(ids.iter().flat_map(|id| [send(id), send(id), send(id)])).await;

    let mut seqs: Vec<i64> = answers.iter().filter_map(|answer| answer["seq"].as_i64()).collect();
    seqs.sort();
    seqs.dedup();
    assert_eq!(seqs, (2..=41).collect::<Vec<_>>());
    assert_eq!(texts(&bob, &ada).await.as_array().map(Vec::len), Some(41));
}

#[tokio::test]
async fn a_retry_is_recognised_by_its_id_alone() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let (id, to) = (new_id(), json!({ "userId": bob.id }));
    let first = ada.send_input(json!({ "id": id, "to": to, "text": "tea?" })).await;

    for rest in [
        json!({ "text": "coffee?" }),
        json!({ "text": "" }),
        json!({ "text": "a".repeat(4_001) }),
        json!({}),
        json!({ "text": "tea?", "replyToId": new_id() }),
        json!({ "text": "tea?", "replyToId": "garbage" }),
    ] {
        let mut input = rest.clone();
        input["id"] = json!(id);
        input["to"] = to.clone();
        assert_eq!(ada.send_input(input).await, first, "{rest}");
    }
}

#[tokio::test]
async fn a_retry_may_reference_the_conversation_differently() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let id = new_id();
    let first = ada.send_input(json!({ "id": id, "to": { "userId": bob.id }, "text": "tea?" })).await;

    let by_id = json!({ "id": id, "to": { "conversationId": first["conversationId"] }, "text": "tea?" });

    assert_eq!(ada.send_input(by_id).await, first);
}

#[tokio::test]
async fn a_retry_after_an_edit_returns_the_message_as_it_is_now() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let input = json!({ "id": new_id(), "to": { "userId": bob.id }, "text": "tea?" });
    ada.send_input(input.clone()).await;
    let edit = "mutation($id: ID!) { editMessage(id: $id, text: \"coffee?\") { id } }";
    ada.ask(edit, json!({ "id": input["id"] })).await;

    let again = ada.send_input(input).await;

    assert_eq!((&again["text"], &again["version"]), (&json!("coffee?"), &json!(2)));
    assert_eq!(texts(&bob, &ada).await, json!([{ "seq": 1, "text": "coffee?" }]));
}

#[tokio::test]
async fn a_retry_after_a_deletion_returns_the_tombstone() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let input = json!({ "id": new_id(), "to": { "userId": bob.id }, "text": "tea?" });
    ada.send_input(input.clone()).await;
    ada.ask("mutation($id: ID!) { deleteMessage(id: $id) { id } }", json!({ "id": input["id"] })).await;

    let again = ada.send_input(input).await;

    assert_eq!((&again["text"], &again["version"], &again["seq"]), (&Value::Null, &json!(2), &json!(1)));
    assert!(again["deletedAt"].is_string(), "{again}");
    assert_eq!(texts(&bob, &ada).await, json!([{ "seq": 1, "text": null }]));
}

#[tokio::test]
async fn an_id_used_in_another_conversation_is_rejected() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let carl = app.user("Carl").await;
    let tea = ada.group("Tea", &[&bob]).await;
    let id = new_id();
    ada.send_input(json!({ "id": id, "to": { "userId": bob.id }, "text": "tea?" })).await;

    for to in [
        json!({ "userId": carl.id }),
        json!({ "userId": ada.id }),
        json!({ "userId": new_id() }),
        json!({ "userId": "garbage" }),
        json!({ "conversationId": tea }),
        json!({ "conversationId": new_id() }),
    ] {
        let input = json!({ "id": id, "to": to, "text": "tea?" });
        assert_eq!(ada.refused(SEND, json!({ "input": input })).await, "BAD_USER_INPUT at id", "{to}");
    }
}

#[tokio::test]
async fn an_id_used_by_another_person_is_rejected_without_revealing_the_message() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let eve = app.user("Eve").await;
    let sent = ada.send(&bob, "a secret").await;

    for (sender, to) in [(&bob, &ada), (&eve, &bob), (&eve, &ada)] {
        let input = json!({ "id": sent["id"], "to": { "userId": to.id }, "text": "mine" });
        assert_eq!(sender.refused(SEND, json!({ "input": input })).await, "BAD_USER_INPUT at id");
        let delivered = sender.bytes(SEND, json!({ "input": input })).await;
        assert!(!delivered.contains("secret") && !delivered.contains(&ada.id), "{delivered}");
    }
    assert_eq!(
        ada.ask("query($id: ID!) { message(id: $id) { text version } }", json!({ "id": sent["id"] })).await,
        json!({ "message": { "text": "a secret", "version": 1 } })
    );
}
