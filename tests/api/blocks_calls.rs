//! Blocks and what calls everybody: neither side calls the other.

use async_graphql::Request;
use parlour::graphql::to_json;
use serde_json::{Value, json};

use crate::blocks::{BLOCK, UNBLOCK};
use crate::support::{Person, TestApp};

/// All places that show what calls somebody.
const CALLED: &str = "{ conversations { nodes { unreadMentionCount own { archived } } } unread { mentions badge }
    mentions { nodes { text } } }";
const ARCHIVE: &str = "mutation($id: ID!) {
    updateMembership(conversation: { conversationId: $id }, input: { archived: true }) { own { archived } } }";
const LIVE: &str = "subscription { events(kinds: [MESSAGE_ADDED]) { __typename
    ... on MessageAdded { unread { messages mentions badge } message { conversation { unreadMentionCount } } } } }";

/// Ada's group with Bob and Carl. They have read the line of its beginning, as it calls nobody.
async fn scene() -> (TestApp, Person, Person, Person, String) {
    let app = TestApp::start().await;
    let (ada, bob, carl) = (app.user("Ada").await, app.user("Bob").await, app.user("Carl").await);
    let group = ada.group("Tea", &[&bob, &carl]).await;
    (app, ada, bob, carl, group)
}

async fn block(person: &Person, other: &Person) {
    person.ask(BLOCK, json!({ "id": other.id })).await;
}

async fn call_all(person: &Person, group: &str, text: &str) -> Value {
    person.send_input(json!({ "to": { "conversationId": group }, "text": text, "mentionEveryone": true })).await
}

/// The texts that call somebody, the newest first, and how many of them are unread: the hot and the ordinary way agree, and
/// all places.
async fn called(app: &TestApp, person: &Person) -> (Vec<String>, i64) {
    let counted = app.counted().await;
    let caller = counted.caller(&person.token).await;
    let answer = async |api: &parlour::graphql::Api| {
        let response = api.execute(Request::new(CALLED), caller.clone()).await.response;
        let answer: Value = serde_json::from_slice(&to_json(&response)).expect("JSON");
        answer["data"].clone()
    };
    let seen = answer(&counted.api).await;
    assert_eq!(answer(&counted.without_hot_reads()).await, seen, "the ordinary way");
    counted.finish().await;
    let unread = seen["conversations"]["nodes"][0]["unreadMentionCount"].as_i64().expect("a number");
    assert_eq!(seen["unread"], json!({ "mentions": unread, "badge": unread }), "{seen}");
    let texts = seen["mentions"]["nodes"].as_array().expect("a list").iter();
    (texts.map(|node| node["text"].as_str().expect("a text").to_owned()).collect(), unread)
}

fn texts(all: &[&str], unread: i64) -> (Vec<String>, i64) {
    (all.iter().map(|text| (*text).to_owned()).collect(), unread)
}

#[tokio::test]
async fn neither_calls_the_other_with_everybody() {
    let (app, ada, bob, carl, group) = scene().await;
    block(&ada, &bob).await;

    call_all(&bob, &group, "bob calls").await;
    call_all(&ada, &group, "ada calls").await;
    call_all(&carl, &group, "carl calls").await;

    // What somebody sends is read up to there.
    assert_eq!(called(&app, &ada).await, texts(&["carl calls"], 1));
    assert_eq!(called(&app, &bob).await, texts(&["carl calls"], 1));
    assert_eq!(called(&app, &carl).await, texts(&["ada calls", "bob calls"], 0));
    let dora = app.user("Dora").await;
    carl.add(&group, &[&dora]).await;
    call_all(&bob, &group, "bob again").await;
    assert_eq!(called(&app, &dora).await, texts(&["bob again"], 1));
    assert_eq!(called(&app, &ada).await, texts(&["carl calls"], 1));
}

#[tokio::test]
async fn what_counts_is_the_block_of_the_moment_as_with_names() {
    let (app, ada, bob, carl, group) = scene().await;
    let call = |text: &str| json!({ "to": { "conversationId": group }, "text": text, "mentionIds": [ada.id] });
    bob.send_input(call("before, by name")).await;
    call_all(&bob, &group, "before, with all").await;

    block(&ada, &bob).await;
    let before = texts(&["before, with all", "before, by name"], 2);
    assert_eq!(called(&app, &ada).await, before);
    bob.send_input(call("during, by name")).await;
    let during = call_all(&bob, &group, "during, with all").await;
    ada.ask(UNBLOCK, json!({ "id": bob.id })).await;
    assert_eq!(called(&app, &ada).await, before);

    // An edit calls by the blocks of its moment.
    let edit = "mutation($id: ID!) { editMessage(id: $id, text: \"edited\") { id } }";
    bob.ask(edit, json!({ "id": during["id"] })).await;
    assert_eq!(called(&app, &ada).await, texts(&["edited", "before, with all", "before, by name"], 3));
    block(&bob, &ada).await;
    bob.ask(&edit.replace("edited", "again"), json!({ "id": during["id"] })).await;
    assert_eq!(called(&app, &ada).await, before);
    assert_eq!(called(&app, &carl).await, texts(&["again", "before, with all"], 2));
}

#[tokio::test]
async fn a_call_of_somebody_blocked_brings_nothing_back_from_the_archive_and_is_not_counted_live() {
    let (_app, ada, bob, carl, group) = scene().await;
    block(&ada, &bob).await;
    ada.ask(ARCHIVE, json!({ "id": group })).await;
    let mut at_ada = ada.subscribe(LIVE, json!({})).await;
    assert_eq!(at_ada.next_event().await["__typename"], "CaughtUp");
    let archived = async || ada.ask(CALLED, json!({})).await["conversations"]["nodes"][0]["own"]["archived"].take();
    let live = |messages: usize, calls: usize| {
        json!({ "__typename": "MessageAdded", "message": { "conversation": { "unreadMentionCount": calls } },
            "unread": { "messages": messages, "mentions": calls, "badge": calls } })
    };

    call_all(&bob, &group, "all!").await;
    assert_eq!(at_ada.next_event().await, live(1, 0));
    assert_eq!(archived().await, true);
    call_all(&carl, &group, "all!").await;
    assert_eq!(at_ada.next_event().await, live(2, 1));
    assert_eq!(archived().await, false);
}
