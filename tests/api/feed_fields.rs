//! What events carry so that a client's cache follows from them alone.

use serde_json::{Value, json};

use crate::support::{Person, Socket, TestApp};

const CHANGES: &str = "subscription($after: String) { events(after: $after) { __typename cursor
    ... on ConversationChanged { change by { fullName } added { fullName } addedCount removed { fullName } removedCount }
    } }";

/// The next change of a conversation: what happened, by whom, who came and who left.
async fn change(socket: &mut Socket) -> Value {
    loop {
        let event = socket.next_event().await;
        if event["__typename"] == "ConversationChanged" {
            let names = |field: &str| -> Vec<Value> {
                event[field].as_array().expect("people").iter().map(|user| user["fullName"].clone()).collect()
            };
            let [added, removed] = [names("added"), names("removed")];
            let counts = [added.len(), removed.len()];
            assert_eq!([&event["addedCount"], &event["removedCount"]], [&json!(counts[0]), &json!(counts[1])]);
            return json!([event["change"], event["by"]["fullName"], added, removed]);
        }
    }
}

async fn changes(person: &Person, after: &str, count: usize) -> Vec<Value> {
    let mut socket = person.subscribe(CHANGES, json!({ "after": after })).await;
    let mut changes = Vec::new();
    for _ in 0..count {
        changes.push(change(&mut socket).await);
    }
    changes
}

/// Dan as he is called after his account was erased, whenever he was looked at.
fn erased(change: Value) -> Value {
    serde_json::from_str(&change.to_string().replace("\"Dan\"", "\"Deleted user\"")).expect("JSON")
}

#[tokio::test]
async fn a_change_says_whose_doing_it_is_and_who_came_and_left_live_and_in_a_replay() {
    let mut app = TestApp::start().await;
    let [ada, bob, carol, dan] =
        [app.user("Ada").await, app.user("Bob").await, app.user("Carol").await, app.user("Dan").await];
    let start = ada.feed_cursor().await;
    let mut at_ada = ada.subscribe(CHANGES, json!({})).await;
    let mut at_bob = bob.subscribe(CHANGES, json!({})).await;
    for socket in [&mut at_ada, &mut at_bob] {
        assert_eq!(socket.next_event().await["__typename"], "CaughtUp");
    }

    let group = ada.group("Tea", &[&bob]).await;
    bob.add(&group, &[&carol, &dan]).await;
    ada.rename(&group, "Coffee").await;
    ada.remove(&group, &dan).await;
    ada.add(&group, &[&dan]).await;
    carol.remove(&group, &carol).await;
    dan.ask("mutation($p: String!) { deleteAccount(password: $p) }", json!({ "p": crate::support::PASSWORD })).await;
    ada.remove(&group, &bob).await;

    let common = [
        json!(["UPDATED", "Bob", ["Carol", "Dan"], []]),
        json!(["UPDATED", "Ada", [], []]),
        json!(["UPDATED", "Ada", [], ["Dan"]]),
        json!(["UPDATED", "Ada", ["Dan"], []]),
        json!(["UPDATED", "Carol", [], ["Carol"]]),
        json!(["UPDATED", "Deleted user", [], ["Deleted user"]]),
    ];
    let between = |first: Value, last: Value| -> Vec<Value> {
        [vec![first], common.to_vec(), vec![last]].concat().into_iter().map(erased).collect()
    };
    let to_ada = between(json!(["ADDED", "Ada", ["Ada"], []]), json!(["UPDATED", "Ada", [], ["Bob"]]));
    let to_bob = between(json!(["ADDED", "Ada", ["Bob"], []]), json!(["REMOVED", "Ada", [], ["Bob"]]));
    for (socket, expected) in [(&mut at_ada, &to_ada), (&mut at_bob, &to_bob)] {
        for expected in expected {
            assert_eq!(erased(change(socket).await), *expected);
        }
    }
    for _ in ["from the ring", "from the database"] {
        let replayed: Vec<Value> = changes(&ada, &start, 8).await.into_iter().map(erased).collect();
        assert_eq!(replayed, to_ada);
        app.restart().await;
    }
}

#[tokio::test]
async fn the_first_twenty_who_came_are_named_and_all_are_counted() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let group = ada.group("Tea", &[]).await;
    let mut crowd = Vec::new();
    for number in 0..25 {
        crowd.push(app.user(&format!("P{number:02}")).await);
    }
    let mut socket = ada.subscribe(CHANGES, json!({})).await;
    assert_eq!(socket.next_event().await["__typename"], "CaughtUp");

    ada.add(&group, &crowd.iter().collect::<Vec<_>>()).await;

    let event = socket.next_event().await;
    let names: Vec<&str> = event["added"]
        .as_array()
        .expect("people")
        .iter()
        .map(|user| user["fullName"].as_str().expect("a name"))
        .collect();
    assert_eq!((names.len(), names[0], names[19]), (20, "P00", "P19"));
    assert_eq!(event["addedCount"], 25);
}

#[tokio::test]
async fn a_first_direct_message_adds_both() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let start = ada.feed_cursor().await;
    ada.send(&bob, "hello").await;
    assert_eq!(changes(&ada, &start, 1).await, [json!(["ADDED", "Ada", ["Ada"], []])]);
    assert_eq!(changes(&bob, &start, 1).await, [json!(["ADDED", "Ada", ["Bob"], []])]);
}

#[tokio::test]
async fn a_new_message_is_an_edge_of_its_history() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let document = "subscription { events { __typename ... on MessageAdded {
        message { id cursor } edge { cursor node { id text conversation { id } } } } } }";
    let mut socket = bob.subscribe(document, json!({})).await;
    assert_eq!(socket.next_event().await["__typename"], "CaughtUp");
    ada.send(&bob, "two").await;
    let event = socket.next_event().await;
    let history =
        "query($who: ID!) { messages(conversation: { userId: $who }) { edges { cursor node { id cursor } } } }";
    let edges = bob.ask(history, json!({ "who": ada.id })).await["messages"]["edges"].take();
    let edge = &edges[1];
    assert_eq!(event["edge"]["node"]["text"], "two");
    for (one, other) in [
        (&event["edge"]["cursor"], &edge["cursor"]),
        (&event["message"]["cursor"], &edge["cursor"]),
        (&edge["node"]["cursor"], &edge["cursor"]),
        (&event["edge"]["node"]["id"], &edge["node"]["id"]),
    ] {
        assert_eq!(one, other);
    }
    let after =
        "query($who: ID!, $after: String) { messages(conversation: { userId: $who }, after: $after) { nodes { id } } }";
    let rest = bob.ask(after, json!({ "who": ada.id, "after": edges[0]["node"]["cursor"] })).await;
    assert_eq!(rest["messages"]["nodes"], json!([{ "id": edge["node"]["id"] }]));
}

#[tokio::test]
async fn unread_on_events_is_the_viewers_own() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let document = "subscription { events { __typename
        ... on MessageAdded { unread { messages conversations } }
        ... on MessageChanged { unread { messages conversations } }
        ... on ReadMarkMoved { unread { messages conversations } lastReadSeq
            conversation { id lastSeq } member { id user { fullName } lastReadSeq } }
        ... on CaughtUp { unread { messages conversations } } } }";
    let (mut at_ada, mut at_bob) = (ada.subscribe(document, json!({})).await, bob.subscribe(document, json!({})).await);
    let own = |messages: i32, conversations: i32| json!({ "messages": messages, "conversations": conversations });
    assert_eq!(at_ada.next_event().await["unread"], own(0, 0));
    assert_eq!(at_bob.next_event().await["unread"], own(1, 1));

    let sent = ada.send(&bob, "two").await;
    assert_eq!(at_ada.next_event().await["unread"], own(0, 0));
    assert_eq!(at_bob.next_event().await["unread"], own(2, 1));

    ada.ask("mutation($id: ID!) { editMessage(id: $id, text: \"zwei\") { id } }", json!({ "id": sent["id"] })).await;
    assert_eq!(at_ada.next_event().await["unread"], own(0, 0));
    assert_eq!(at_bob.next_event().await["unread"], own(2, 1));

    let mark = "mutation($who: ID!) { markRead(conversation: { userId: $who }, upToSeq: 2) { id } }";
    bob.ask(mark, json!({ "who": ada.id })).await;
    for (socket, unread) in [(&mut at_ada, own(0, 0)), (&mut at_bob, own(0, 0))] {
        let event = socket.next_event().await;
        assert_eq!((&event["__typename"], &event["unread"]), (&json!("ReadMarkMoved"), &unread));
        assert_eq!(event["conversation"], json!({ "id": sent["conversationId"], "lastSeq": 2 }));
        let member = &event["member"];
        assert_eq!((&member["user"]["fullName"], &member["lastReadSeq"]), (&json!("Bob"), &json!(2)));
    }
}
