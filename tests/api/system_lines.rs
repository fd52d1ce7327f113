//! System lines: what happened in a group, in its history and in the feed.

use parlour::accounts::KeyScope;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};

use crate::support::{ADD, EVENTS, PASSWORD, Person, TestApp, soon};

const HISTORY: &str = "query($id: ID!) { conversation(by: { conversationId: $id }) { lastSeq lastMessage { seq }
    messages(last: 100) { nodes { id seq text version deletedAt sender { fullName }
        system { kind users { fullName } userCount title role } replyTo { text } } } } }";
const SET_ROLE: &str = "mutation($id: ID!, $person: ID!) {
    setMemberRole(conversationId: $id, userId: $person, role: ADMIN) { role } }";
const PIN: &str = "mutation($id: ID!) { pinMessage(messageId: $id) { id } }";

async fn history(person: &Person, group: &str) -> Vec<Value> {
    let seen = person.ask(HISTORY, json!({ "id": group })).await;
    let messages = seen["conversation"]["messages"]["nodes"].as_array().expect("messages").clone();
    assert_eq!(seen["conversation"]["lastSeq"], messages.len());
    assert_eq!(seen["conversation"]["lastMessage"]["seq"], messages.len());
    messages
}

/// What the lines of a history say: who, what, about whom, and the title.
fn said(history: &[Value]) -> Vec<Value> {
    let lines = history.iter().filter(|message| !message["system"].is_null());
    lines
        .map(|line| {
            assert_eq!(line["text"], Value::Null);
            let system = &line["system"];
            let users: Vec<&Value> =
                system["users"].as_array().expect("users").iter().map(|it| &it["fullName"]).collect();
            json!([line["sender"]["fullName"], system["kind"], users, system["title"]])
        })
        .collect()
}

#[tokio::test]
async fn the_history_says_what_happened() {
    let app = TestApp::start().await;
    let (ada, bob, carl) = (app.user("Ada").await, app.user("Bob").await, app.user("Carl").await);
    let dora = app.user("Dora").await;
    let tea = ada.group("Tea", &[&bob]).await;
    let sent = bob.send_to(&tea, "hello").await;

    bob.add(&tea, &[&carl, &dora]).await;
    ada.rename(&tea, "Cake").await;
    ada.ask(SET_ROLE, json!({ "id": tea, "person": bob.id })).await;
    bob.ask(PIN, json!({ "id": sent["id"] })).await;
    bob.remove(&tea, &carl).await;
    dora.remove(&tea, &dora).await;

    let lines = history(&ada, &tea).await;
    assert_eq!(
        said(&lines),
        [
            json!(["Ada", "GROUP_CREATED", ["Bob"], "Tea"]),
            json!(["Bob", "MEMBERS_ADDED", ["Carl", "Dora"], null]),
            json!(["Ada", "TITLE_CHANGED", [], "Cake"]),
            json!(["Ada", "ROLE_CHANGED", ["Bob"], null]),
            json!(["Bob", "MESSAGE_PINNED", [], null]),
            json!(["Bob", "MEMBERS_REMOVED", ["Carl"], null]),
            json!(["Dora", "MEMBER_LEFT", ["Dora"], null]),
        ]
    );
    assert_eq!(lines.iter().map(|line| &line["seq"]).collect::<Vec<_>>(), (1..=8).collect::<Vec<i32>>());
    let find = |kind: &str| lines.iter().find(|line| line["system"]["kind"] == kind).expect("a line");
    assert_eq!(find("ROLE_CHANGED")["system"]["role"], "ADMIN");
    assert_eq!(find("MESSAGE_PINNED")["replyTo"]["text"], "hello");
    assert_eq!(find("MEMBERS_ADDED")["system"]["userCount"], 2);
}

#[tokio::test]
async fn a_line_is_delivered_behind_the_change_that_it_is_about() {
    let app = TestApp::start().await;
    let (ada, bob, carl) = (app.user("Ada").await, app.user("Bob").await, app.user("Carl").await);
    let before = json!({ "after": carl.feed_cursor().await });
    let (mut at_bob, mut at_carl) = (bob.follow().await, carl.follow().await);

    let tea = ada.group("Tea", &[&bob]).await;
    assert_eq!(at_bob.next_event().await["change"], "ADDED");
    assert_eq!(at_bob.next_event().await["message"]["seq"], 1);
    ada.add(&tea, &[&carl]).await;
    assert_eq!(at_bob.next_event().await["change"], "UPDATED");
    assert_eq!(at_bob.next_event().await["message"]["seq"], 2);
    // Who was added receives the line that says so, and nothing from before.
    assert_eq!(at_carl.next_event().await["change"], "ADDED");
    assert_eq!(at_carl.next_event().await["message"]["seq"], 2);
    ada.remove(&tea, &bob).await;
    // Who was removed does not.
    assert_eq!(at_bob.next_event().await["change"], "REMOVED");
    assert_eq!(at_carl.next_event().await["change"], "UPDATED");
    assert_eq!(at_carl.next_event().await["message"]["seq"], 3);
    for socket in [&mut at_bob, &mut at_carl] {
        socket.stays_silent().await;
    }

    let (replayed, _) = carl.subscribe(EVENTS, before).await.replay().await;
    let kinds: Vec<&Value> = replayed.iter().map(|event| &event["__typename"]).collect();
    assert_eq!(kinds, ["ConversationChanged", "MessageAdded", "ConversationChanged", "MessageAdded"]);
}

#[tokio::test]
async fn a_line_names_ten_people_and_counts_all() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let crowd = app.crowd(30).await;
    let create =
        "mutation($members: [ID!]!) { createConversation(input: { title: \"Tea\", memberIds: $members }) { id } }";
    let tea = ada.ask(create, json!({ "members": crowd })).await["createConversation"]["id"].take();

    let lines = history(&ada, tea.as_str().expect("an id")).await;

    assert_eq!(lines[0]["system"]["users"].as_array().map(Vec::len), Some(10));
    assert_eq!(lines[0]["system"]["userCount"], 30);
    assert_eq!(lines[0]["system"]["users"][0]["fullName"], "Guest 0001");
}

#[tokio::test]
async fn nobody_edits_deletes_or_pins_a_line() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let tea = ada.group("Tea", &[&bob]).await;
    let line = history(&ada, &tea).await.remove(0);
    let id = json!({ "id": line["id"] });
    let mut at_bob = bob.follow().await;

    assert_eq!(
        ada.refused("mutation($id: ID!) { editMessage(id: $id, text: \"mine\") { id } }", id.clone()).await,
        "BAD_USER_INPUT at id"
    );
    let delete = "mutation($id: ID!) { deleteMessage(id: $id) { id } }";
    assert_eq!(ada.refused(delete, id.clone()).await, "BAD_USER_INPUT at id");
    assert_eq!(bob.refused(delete, id.clone()).await, "FORBIDDEN");
    assert_eq!(ada.refused(PIN, id.clone()).await, "BAD_USER_INPUT at messageId");
    let unpin = "mutation($id: ID!) { unpinMessage(messageId: $id) { id } }";
    assert_eq!(ada.refused(unpin, id).await, "BAD_USER_INPUT at messageId");

    at_bob.stays_silent().await;
    assert_eq!(history(&ada, &tea).await, [line]);
}

#[tokio::test]
async fn a_search_finds_no_line() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let tea = ada.group("Tea", &[&bob]).await;
    ada.rename(&tea, "Cake").await;
    ada.send_to(&tea, "Tea and cake").await;

    for word in ["tea", "cake", "group_created", "title"] {
        let query = "query($word: String!) { searchMessages(query: $word) { nodes { text } } }";
        let found = ada.ask(query, json!({ "word": word })).await;
        assert!(found["searchMessages"]["nodes"].as_array().is_some_and(|nodes| nodes.len() < 2), "{found}");
        assert!(!found.to_string().contains("null"), "{found}");
    }
}

#[tokio::test]
async fn lines_of_an_erased_person_stay_without_their_titles() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let tea = ada.group("Secret", &[&bob]).await;
    ada.rename(&tea, "Secret too").await;
    ada.send_to(&tea, "a secret").await;

    ada.ask("mutation($password: String!) { deleteAccount(password: $password) }", json!({ "password": PASSWORD }))
        .await;

    let gone = "Deleted user";
    let expected = [
        json!([gone, "GROUP_CREATED", ["Bob"], null]),
        json!([gone, "TITLE_CHANGED", [], null]),
        json!([gone, "MEMBER_LEFT", [gone], null]),
    ];
    let lines = history(&bob, &tea).await;
    assert_eq!(said(&lines), expected);
    for line in lines.iter().filter(|message| !message["system"].is_null()) {
        assert_eq!(line["deletedAt"], Value::Null);
    }
    let database = app.database().await;
    let left = "SELECT 1 FROM message WHERE system_line LIKE '%ecret%'";
    let left = || database.query_one_raw(Statement::from_string(database.get_database_backend(), left));
    soon(async { while left().await.expect("a count").is_some() {} }).await;
    // After the sweep they are the same.
    assert_eq!(history(&bob, &tea).await, lines);
}

#[tokio::test]
async fn what_an_apps_backend_does_bears_the_owners_name() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let backend = app.backend_with(&[KeyScope::Conversations]).await;
    let create = "mutation($owner: ID!) {
        createConversation(input: { title: \"Tea\", memberIds: [], ownerId: $owner }) { id } }";
    let made = backend.ask(create, json!({ "owner": ada.id })).await;
    let tea = made["createConversation"]["id"].as_str().expect("an id").to_owned();
    backend.ask(ADD, json!({ "id": tea, "people": [bob.id] })).await;

    let lines = history(&bob, &tea).await;

    assert_eq!(
        said(&lines),
        [json!(["Ada", "GROUP_CREATED", [], "Tea"]), json!(["Ada", "MEMBERS_ADDED", ["Bob"], null])]
    );
}
