//! Who sees whose presence where the directory is not open: people who share a conversation.

use serde_json::{Value, json};

use crate::support::{Person, Socket, TestApp, soon};

const ONLINE: &str = "subscription { onlineUsers { fullName online } }";
const CHANGED: &str = "subscription($of: [ID!]) { presenceChanged(userIds: $of) { online user { fullName online } } }";
const SENT: &str = "subscription { messageAdded { sender { fullName online lastSeenAt } } }";
const USER: &str = "query($id: ID!) { user(id: $id) { fullName online lastSeenAt } }";

fn names(frame: &Value) -> Vec<&str> {
    let users = frame["onlineUsers"].as_array().expect("a list");
    assert!(users.iter().all(|user| user["online"] == true), "{frame}");
    users.iter().map(|user| user["fullName"].as_str().expect("a name")).collect()
}

/// Subscribes to presence changes; the subscription has started when this returns.
async fn watch(person: &Person, of: Value) -> Socket {
    let mut socket = person.subscribe(CHANGED, json!({ "of": of })).await;
    begun(&mut socket).await;
    socket
}

async fn begun(socket: &mut Socket) {
    socket.say(json!({ "type": "ping" })).await;
    assert_eq!(socket.next().await["type"], "pong");
}

/// Ada and Bob have a conversation, and Eve has none.
async fn scene(directory: &str) -> (TestApp, Person, Person, Person) {
    let mut app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let eve = app.user("Eve").await;
    app.restart_with(&[("DIRECTORY", directory)]).await;
    (app, ada, bob, eve)
}

#[tokio::test]
async fn the_list_has_contacts_and_the_viewer_only() {
    for directory in ["shared", "closed"] {
        let (_app, ada, bob, eve) = scene(directory).await;
        let _eve = eve.socket().await;
        let mut at_ada = ada.subscribe(ONLINE, json!({})).await;
        assert_eq!(names(&at_ada.next_data("1").await), ["Ada"], "{directory}");
        let mut at_eve = eve.subscribe(ONLINE, json!({})).await;
        assert_eq!(names(&at_eve.next_data("1").await), ["Eve"], "{directory}");

        let _bob = bob.socket().await;

        assert_eq!(names(&at_ada.next_data("1").await), ["Ada", "Bob"], "{directory}");
        at_eve.stays_silent().await;
    }
}

#[tokio::test]
async fn the_list_changes_when_contacts_are_gained_and_lost() {
    let (_app, ada, bob, eve) = scene("shared").await;
    let (_bob, _eve) = (bob.socket().await, eve.socket().await);
    let mut at_ada = ada.subscribe(ONLINE, json!({})).await;
    assert_eq!(names(&at_ada.next_data("1").await), ["Ada", "Bob"]);

    let group = ada.group("Tea", &[&eve]).await;
    assert_eq!(names(&at_ada.next_data("1").await), ["Ada", "Bob", "Eve"]);
    // Messages and titles cause no update.
    ada.send_to(&group, "tea?").await;
    ada.rename(&group, "Coffee").await;
    at_ada.stays_silent().await;

    eve.remove(&group, &eve).await;
    assert_eq!(names(&at_ada.next_data("1").await), ["Ada", "Bob"]);
}

#[tokio::test]
async fn strangers_presence_is_not_delivered() {
    for directory in ["shared", "closed"] {
        let (_app, ada, bob, eve) = scene(directory).await;
        let (mut of_all, mut of_both) = (watch(&ada, Value::Null).await, watch(&ada, json!([bob.id, eve.id])).await);
        let mut at_eve = watch(&eve, Value::Null).await;

        let _bob = bob.socket().await;

        let came = json!({ "presenceChanged": { "online": true, "user": { "fullName": "Bob", "online": true } } });
        assert_eq!(of_all.next_data("1").await, came, "{directory}");
        assert_eq!(of_both.next_data("1").await, came, "{directory}");
        for socket in [&mut of_all, &mut of_both, &mut at_eve] {
            // Not even that Eve came online, whose socket is the last of the three.
            socket.stays_silent().await;
        }
    }
}

#[tokio::test]
async fn an_open_directory_delivers_strangers_presence() {
    let (_app, ada, _, eve) = scene("open").await;
    let mut at_ada = watch(&ada, Value::Null).await;

    let _eve = eve.socket().await;

    assert_eq!(at_ada.next_data("1").await["presenceChanged"]["user"]["fullName"], "Eve");
}

#[tokio::test]
async fn a_stranger_is_never_shown_online() {
    let (_app, ada, bob, eve) = scene("shared").await;
    let (_bob, _eve) = (bob.socket().await, eve.socket().await);
    // `lastSeenAt` is written in the background.
    soon(async { while bob.ask(USER, json!({ "id": bob.id })).await["user"]["lastSeenAt"].is_null() {} }).await;
    soon(async { while eve.ask(USER, json!({ "id": eve.id })).await["user"]["lastSeenAt"].is_null() {} }).await;

    let of_bob = ada.ask(USER, json!({ "id": bob.id })).await["user"].take();
    let of_eve = ada.ask(USER, json!({ "id": eve.id })).await["user"].take();

    assert_eq!((&of_bob["online"], of_bob["lastSeenAt"].is_string()), (&json!(true), true));
    assert_eq!(of_eve, json!({ "fullName": "Eve", "online": false, "lastSeenAt": null }));
    let found = "query($search: String) { users(search: $search) { nodes { online lastSeenAt } } }";
    let found = ada.ask(found, json!({ "search": eve.email })).await;
    assert_eq!(found["users"]["nodes"], json!([{ "online": false, "lastSeenAt": null }]));
}

#[tokio::test]
async fn an_event_shows_each_viewer_only_the_presence_they_may_see() {
    let (_app, ada, bob, eve) = scene("shared").await;
    let group = ada.group("Tea", &[&bob, &eve]).await;
    let (mut at_ada, mut at_eve) = (ada.subscribe(SENT, json!({})).await, eve.subscribe(SENT, json!({})).await);
    for socket in [&mut at_ada, &mut at_eve] {
        begun(socket).await;
    }
    let _bob = bob.socket().await;
    soon(async { while bob.ask(USER, json!({ "id": bob.id })).await["user"]["lastSeenAt"].is_null() {} }).await;

    // Both see Bob for as long as he is in the group, and then only Ada, by their direct conversation.
    bob.send_to(&group, "tea?").await;
    for socket in [&mut at_ada, &mut at_eve] {
        let sender = socket.next_data("1").await["messageAdded"]["sender"].take();
        assert_eq!((&sender["online"], sender["lastSeenAt"].is_string()), (&json!(true), true));
    }
    bob.remove(&group, &bob).await;
    let history = "query($id: ID!) { messages(conversation: { conversationId: $id }, last: 1) { nodes { sender {
        fullName online lastSeenAt } } } }";
    let seen = async |viewer: &Person| {
        viewer.ask(history, json!({ "id": group })).await["messages"]["nodes"][0]["sender"].take()
    };
    assert_eq!(seen(&ada).await["online"], true);
    assert_eq!(seen(&eve).await, json!({ "fullName": "Bob", "online": false, "lastSeenAt": null }));
}
