//! Who has blocked whom does not see them online or typing, and is not seen.

use serde_json::{Value, json};

use crate::blocks::{BLOCK, UNBLOCK};
use crate::support::{Person, Socket, TestApp};

const ONLINE: &str = "subscription { onlineUsers { fullName online } }";
const CHANGED: &str = "subscription { presenceChanged { online lastSeenAt user { id online } } }";
const TYPING: &str = "subscription { typingChanged { user { id } typing } }";
const SET_TYPING: &str = "mutation($id: ID!) { setTyping(conversation: { conversationId: $id }) }";
const PROFILE: &str = "query($id: ID!) { user(id: $id) { fullName online lastSeenAt } }";

fn names(frame: &Value) -> Vec<&str> {
    let users = frame["onlineUsers"].as_array().expect("a list");
    users.iter().map(|user| user["fullName"].as_str().expect("a name")).collect()
}

/// Subscribes; it has started when this returns.
async fn listen(person: &Person, document: &str) -> Socket {
    let mut socket = person.subscribe(document, json!({})).await;
    socket.say(json!({ "type": "ping" })).await;
    assert_eq!(socket.next().await["type"], "pong");
    socket
}

/// Takes lists until one has these names.
async fn until(socket: &mut Socket, expected: &[&str]) {
    loop {
        let frame = socket.next_data("1").await;
        if names(&frame) == expected {
            return;
        }
    }
}

async fn lists_of(app: &TestApp) {
    let (ada, bob, carl) = (app.user("Ada").await, app.user("Bob").await, app.user("Carl").await);
    ada.group("Tea", &[&bob, &carl]).await;
    let mut sockets = Vec::new();
    for person in [&ada, &bob, &carl] {
        sockets.push(person.subscribe(ONLINE, json!({})).await);
    }
    for socket in &mut sockets {
        until(socket, &["Ada", "Bob", "Carl"]).await;
    }

    ada.ask(BLOCK, json!({ "id": bob.id })).await;
    until(&mut sockets[0], &["Ada", "Carl"]).await;
    until(&mut sockets[1], &["Bob", "Carl"]).await;
    sockets[2].stays_silent().await;
    let mut later = bob.another_device(app).await.subscribe(ONLINE, json!({})).await;
    assert_eq!(names(&later.next_data("1").await), ["Bob", "Carl"]);

    ada.ask(UNBLOCK, json!({ "id": bob.id })).await;
    until(&mut sockets[0], &["Ada", "Bob", "Carl"]).await;
    until(&mut sockets[1], &["Ada", "Bob", "Carl"]).await;
}

#[tokio::test]
async fn lists_of_who_is_online_follow_a_block_at_once() {
    lists_of(&TestApp::start().await).await;
}

#[tokio::test]
async fn lists_of_who_is_online_follow_a_block_in_a_shared_directory() {
    lists_of(&TestApp::start_with(&[("DIRECTORY", "shared")]).await).await;
}

#[tokio::test]
async fn a_block_looks_as_if_the_other_went_offline() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let (mut at_ada, mut at_bob) = (listen(&ada, CHANGED).await, bob.socket().await);
    let online = |person: &Person, is_online: bool| json!({ "id": person.id, "online": is_online });
    let came = at_ada.next_data("1").await["presenceChanged"].take();
    assert_eq!((&came["online"], &came["user"]), (&json!(true), &online(&bob, true)));

    ada.ask(BLOCK, json!({ "id": bob.id })).await;
    let went = at_ada.next_data("1").await["presenceChanged"].take();
    assert_eq!(went, json!({ "online": false, "lastSeenAt": null, "user": online(&bob, false) }));
    for (person, other) in [(&ada, &bob), (&bob, &ada)] {
        let seen = person.ask(PROFILE, json!({ "id": other.id })).await["user"].take();
        assert_eq!(seen, json!({ "fullName": other.name, "online": false, "lastSeenAt": null }));
    }
    let members = "{ conversations { nodes { otherUser { online } members { nodes { user { id online } } } } } }";
    let seen = bob.ask(members, json!({})).await["conversations"]["nodes"][0].take();
    assert_eq!(seen["otherUser"]["online"], false);
    assert_eq!(seen["members"]["nodes"][1]["user"], online(&bob, true));

    at_bob.say(json!({ "type": "ping" })).await;
    at_bob.cut().await;
    let carl = app.user("Carl").await;
    let mut at_carl = carl.socket().await;
    at_carl.say(json!({ "type": "ping" })).await;
    let next = at_ada.next_data("1").await["presenceChanged"].take();
    assert_eq!(next["user"]["id"], carl.id, "nothing of Bob");
}

#[tokio::test]
async fn neither_sees_the_other_typing() {
    let app = TestApp::start().await;
    let (ada, bob, carl) = (app.user("Ada").await, app.user("Bob").await, app.user("Carl").await);
    let group = ada.group("Tea", &[&bob, &carl]).await;
    let (mut at_bob, mut at_carl) = (listen(&bob, TYPING).await, listen(&carl, TYPING).await);
    let sign = |typing: bool| json!({ "typingChanged": { "user": { "id": ada.id }, "typing": typing } });
    ada.ask(SET_TYPING, json!({ "id": group })).await;
    assert_eq!(at_bob.next_data("1").await, sign(true));
    assert_eq!(at_carl.next_data("1").await, sign(true));

    bob.ask(BLOCK, json!({ "id": ada.id })).await;
    assert_eq!(at_bob.next_data("1").await, sign(false), "it ends for Bob");
    ada.send_to(&group, "done").await;
    assert_eq!(at_carl.next_data("1").await, sign(false));
    ada.ask(SET_TYPING, json!({ "id": group })).await;
    assert_eq!(at_carl.next_data("1").await, sign(true));
    let mut later = listen(&bob.another_device(&app).await, TYPING).await;
    later.stays_silent().await;
    at_bob.stays_silent().await;
}
