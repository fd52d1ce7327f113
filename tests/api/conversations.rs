//! The sidebar, and looking up conversations.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Person, TestApp};

const SIDEBAR: &str = "query($first: Int, $after: String) { conversations(first: $first, after: $after) {
    nodes { title } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";
const BY: &str = "query($by: ConversationRef!) { conversation(by: $by) {
    id kind title otherUser { fullName } memberCount lastMessage { text sender { fullName } }
    lastSeq lastReadSeq unreadCount members { nodes { role lastReadSeq user { fullName } } } } }";

/// Groups with these titles, a second apart; their ids.
async fn groups(app: &TestApp, owner: &Person, titles: &[&str]) -> Vec<String> {
    let mut ids = Vec::new();
    for title in titles {
        ids.push(owner.group(title, &[]).await);
        app.clock.advance(Duration::from_secs(1));
    }
    ids
}

/// A page of the sidebar: its titles, `hasPreviousPage`, `hasNextPage` and `endCursor`.
async fn page(person: &Person, first: i32, after: &Value) -> (Vec<String>, bool, bool, Value) {
    let list = person.ask(SIDEBAR, json!({ "first": first, "after": after })).await["conversations"].take();
    let nodes = list["nodes"].as_array().expect("nodes");
    let titles = nodes.iter().map(|node| node["title"].as_str().expect("a title").to_owned()).collect();
    let info = &list["pageInfo"];
    (titles, info["hasPreviousPage"] == true, info["hasNextPage"] == true, info["endCursor"].clone())
}

#[tokio::test]
async fn both_people_see_a_direct_conversation() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let members = json!({ "nodes": [
        { "role": "MEMBER", "lastReadSeq": 1, "user": { "fullName": "Ada" } },
        { "role": "MEMBER", "lastReadSeq": 0, "user": { "fullName": "Bob" } },
    ] });

    let mut at_ada = ada.ask(BY, json!({ "by": { "userId": bob.id } })).await["conversation"].take();
    let mut at_bob = bob.ask(BY, json!({ "by": { "userId": ada.id } })).await["conversation"].take();

    assert_eq!(at_ada["id"].take(), at_bob["id"].take());
    let mut expected = json!({
        "id": null, "kind": "DIRECT", "title": null, "otherUser": { "fullName": "Bob" }, "memberCount": 2,
        "lastMessage": { "text": "hello", "sender": { "fullName": "Ada" } },
        "lastSeq": 1, "lastReadSeq": 1, "unreadCount": 0, "members": members,
    });
    assert_eq!(at_ada, expected);
    expected["otherUser"]["fullName"] = json!("Ada");
    expected["lastReadSeq"] = json!(0);
    expected["unreadCount"] = json!(1);
    assert_eq!(at_bob, expected);
}

#[tokio::test]
async fn a_conversation_is_found_by_its_id_and_by_the_other_person() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;

    let by_person = ada.ask(BY, json!({ "by": { "userId": bob.id } })).await;
    let by_id = ada.ask(BY, json!({ "by": { "conversationId": by_person["conversation"]["id"] } })).await;

    assert_eq!(by_id, by_person);
}

#[tokio::test]
async fn before_the_first_message_there_is_no_conversation() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);

    for by in [json!({ "userId": bob.id }), json!({ "userId": ada.id }), json!({ "userId": "1" })] {
        assert_eq!(ada.ask(BY, json!({ "by": by })).await["conversation"], Value::Null, "{by}");
    }
}

#[tokio::test]
async fn a_conversation_reference_has_exactly_one_field() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;

    for by in [json!({}), json!({ "userId": bob.id, "conversationId": bob.id }), json!({ "userId": null })] {
        assert_eq!(ada.fails(BY, json!({ "by": by })).await, "GRAPHQL_VALIDATION_FAILED", "{by}");
    }
}

#[tokio::test]
async fn the_sidebar_shows_the_most_recent_activity_first() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let ids = groups(&app, &ada, &["one", "two", "three"]).await;
    assert_eq!(page(&ada, 50, &Value::Null).await.0, ["three", "two", "one"]);

    ada.send_to(&ids[0], "hello").await;

    assert_eq!(page(&ada, 50, &Value::Null).await.0, ["one", "three", "two"]);
}

#[tokio::test]
async fn only_messages_change_the_order_of_the_sidebar() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let tea = ada.group("Tea", &[&bob]).await;
    let message = ada.send_to(&tea, "hello").await;
    app.clock.advance(Duration::from_secs(1));
    groups(&app, &ada, &["Cake"]).await;

    let mark = "mutation($id: ID!) { markRead(conversation: { conversationId: $id }, upToSeq: 1) { id } }";
    bob.ask(mark, json!({ "id": tea })).await;
    let edit = "mutation($id: ID!) { editMessage(id: $id, text: \"bye\") { id } }";
    ada.ask(edit, json!({ "id": message["id"] })).await;
    ada.ask("mutation($id: ID!) { deleteMessage(id: $id) { id } }", json!({ "id": message["id"] })).await;

    assert_eq!(page(&ada, 50, &Value::Null).await.0, ["Cake", "Tea"]);
}

#[tokio::test]
async fn the_last_page_of_the_sidebar_has_no_next_page() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    groups(&app, &ada, &["one", "two", "three", "four"]).await;

    let (first, has_previous, has_next, end) = page(&ada, 2, &Value::Null).await;
    assert_eq!((first, has_previous, has_next), (vec!["four".into(), "three".into()], false, true));
    let (second, has_previous, has_next, end) = page(&ada, 2, &end).await;
    assert_eq!((second, has_previous, has_next), (vec!["two".into(), "one".into()], true, false));
    assert_eq!(page(&ada, 2, &end).await, (vec![], true, false, Value::Null));
}

#[tokio::test]
async fn pages_of_the_sidebar_stay_correct_while_messages_arrive() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let ids = groups(&app, &ada, &["one", "two", "three", "four"]).await;
    let (first, _, _, end) = page(&ada, 2, &Value::Null).await;

    // One from the first page, and one from the second.
    ada.send_to(&ids[2], "hello").await;
    app.clock.advance(Duration::from_secs(1));
    ada.send_to(&ids[0], "hello").await;

    assert_eq!(first, ["four", "three"]);
    let (second, has_previous, has_next, _) = page(&ada, 2, &end).await;
    assert_eq!((second, has_previous, has_next), (vec!["two".into()], true, false));
    assert_eq!(page(&ada, 50, &Value::Null).await.0, ["one", "three", "four", "two"]);
}

#[tokio::test]
async fn conversations_active_at_the_same_time_are_listed_once_each() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    for title in ["one", "two", "three"] {
        ada.group(title, &[]).await;
    }
    let (mut after, mut met) = (Value::Null, Vec::new());

    for _ in 0..3 {
        let (titles, _, _, end) = page(&ada, 1, &after).await;
        met.extend(titles);
        after = end;
    }

    met.sort();
    assert_eq!(met, ["one", "three", "two"]);
}

#[tokio::test]
async fn the_badge_counts_unread_messages() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    ada.send(&bob, "again").await;
    let tea = ada.group("Tea", &[&bob]).await;
    ada.group("Empty", &[&bob]).await;
    ada.send_to(&tea, "hello").await;
    let unread = "{ unread { messages conversations } }";

    assert_eq!(bob.ask(unread, json!({})).await, json!({ "unread": { "messages": 3, "conversations": 2 } }));
    assert_eq!(ada.ask(unread, json!({})).await, json!({ "unread": { "messages": 0, "conversations": 0 } }));
}

#[tokio::test]
async fn a_page_of_the_sidebar_names_the_invalid_argument() {
    let app = TestApp::start().await;
    let (ada, _) = app.direct("Ada", "Bob").await;
    let people = ada.ask("{ users { pageInfo { endCursor } } }", json!({})).await;

    for (field, value) in [
        ("first", json!(0)),
        ("first", json!(-1)),
        ("first", json!(101)),
        ("after", json!("")),
        ("after", json!("garbage")),
        ("after", people["users"]["pageInfo"]["endCursor"].clone()),
    ] {
        let refused = ada.refused(SIDEBAR, json!({ field: value })).await;
        assert_eq!(refused, format!("BAD_USER_INPUT at {field}"), "{value}");
    }
}
