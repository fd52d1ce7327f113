//! Who is online.

use std::time::Duration;

use parlour::limits;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{Person, Socket, TestApp, soon};

const SECOND: Duration = Duration::from_secs(1);
const ONLINE: &str = "subscription { onlineUsers { fullName online } }";
const CHANGED: &str = "subscription($of: [ID!]) { presenceChanged(userIds: $of) { online user { id online } } }";

fn names(frame: &Value) -> Vec<&str> {
    let users = frame["onlineUsers"].as_array().expect("a list");
    assert!(users.iter().all(|user| user["online"] == true), "{frame}");
    users.iter().map(|user| user["fullName"].as_str().expect("a name")).collect()
}

fn came(person: &Person) -> Value {
    json!({ "presenceChanged": { "online": true, "user": { "id": person.id, "online": true } } })
}

fn went(person: &Person) -> Value {
    json!({ "presenceChanged": { "online": false, "user": { "id": person.id, "online": false } } })
}

/// Subscribes to presence changes; the subscription has started when this returns.
async fn watch(person: &Person, of: Value) -> Socket {
    let mut socket = person.subscribe(CHANGED, json!({ "of": of })).await;
    socket.say(json!({ "type": "ping" })).await;
    assert_eq!(socket.next().await["type"], "pong");
    socket
}

async fn is_online(asker: &Person, of: &Person) -> bool {
    let user = asker.ask("query($id: ID!) { user(id: $id) { online } }", json!({ "id": of.id })).await;
    user["user"]["online"].as_bool().expect("a boolean")
}

#[tokio::test]
async fn a_viewer_with_a_socket_is_online() {
    let app = TestApp::start().await;
    let (ada, _bob) = (app.user("Ada").await, app.user("Bob").await);

    let mut at_ada = ada.subscribe(ONLINE, json!({})).await;

    assert_eq!(names(&at_ada.next_data("1").await), ["Ada"]);
    at_ada.stays_silent().await;
}

#[tokio::test]
async fn the_list_is_sorted_by_name_and_emitted_at_most_once_a_second() {
    let app = TestApp::start().await;
    let (ada, bob, carol) = (app.user("Ada").await, app.user("Bob").await, app.user("Carol").await);
    let mut at_bob = bob.subscribe(ONLINE, json!({})).await;
    assert_eq!(names(&at_bob.next_data("1").await), ["Bob"]);
    let shown = Instant::now();

    let _sockets = (carol.socket().await, ada.socket().await, ada.socket().await);

    assert_eq!(names(&at_bob.next_data("1").await), ["Ada", "Bob", "Carol"]);
    // The first list may have been delayed for a moment.
    assert!(shown.elapsed() > Duration::from_millis(900), "{:?}", shown.elapsed());
    at_bob.stays_silent().await;
}

#[tokio::test]
async fn the_list_shows_current_names() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let _online = ada.socket().await;
    let mut at_bob = bob.subscribe(ONLINE, json!({})).await;
    assert_eq!(names(&at_bob.next_data("1").await), ["Ada", "Bob"]);
    ada.ask("mutation { updateProfile(input: { fullName: \"Zoe\" }) { id } }", json!({})).await;

    // The list is shared for a second, and each new subscription starts with it.
    let renamed = async {
        for id in 2.. {
            at_bob.subscribe(&id.to_string(), ONLINE, json!({})).await;
            let list = at_bob.next_data(&id.to_string()).await;
            if names(&list) == ["Bob", "Zoe"] {
                return;
            }
            assert_eq!(names(&list), ["Ada", "Bob"]);
            at_bob.say(json!({ "type": "complete", "id": id.to_string() })).await;
        }
    };
    soon(renamed).await;
}

#[tokio::test]
async fn coming_online_is_emitted_once_for_all_devices() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let mut at_ada = watch(&ada, Value::Null).await;
    assert!(!is_online(&ada, &bob).await);

    let _devices = (bob.socket().await, bob.socket().await);

    assert_eq!(at_ada.next_data("1").await, came(&bob));
    assert!(is_online(&ada, &bob).await);
    at_ada.stays_silent().await;
}

/// A client that keeps one copy of each user keeps whichever `lastSeenAt` came last.
#[tokio::test]
async fn every_answer_has_the_same_last_seen_at() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let query = "subscription($of: [ID!]) { presenceChanged(userIds: $of) { lastSeenAt user { lastSeenAt } } }";
    let mut changes = ada.subscribe(query, json!({ "of": [bob.id] })).await;
    changes.say(json!({ "type": "ping" })).await;
    assert_eq!(changes.next().await["type"], "pong");
    let mut lists = ada.subscribe("subscription { onlineUsers { id lastSeenAt } }", json!({})).await;
    let row = async || {
        let query = "query($id: ID!) { user(id: $id) { lastSeenAt } users { nodes { id lastSeenAt } } }";
        let answer = ada.ask(query, json!({ "id": bob.id })).await;
        let listed = in_list(&answer["users"]["nodes"], &bob).expect("everybody but Ada");
        assert_eq!(listed, answer["user"]["lastSeenAt"]);
        listed
    };
    let mut seen = vec![Value::Null];

    for _ in 0..2 {
        // The row is asked for before the list: it may not have been written yet.
        let device = bob.socket().await;
        let came = changes.next_data("1").await["presenceChanged"].take();
        assert_eq!(row().await, came["lastSeenAt"]);
        let listed = loop {
            if let Some(at) = in_list(&lists.next_data("1").await["onlineUsers"], &bob) {
                break at;
            }
        };
        device.cut().await;
        let went = changes.next_data("1").await["presenceChanged"].take();
        assert_eq!(row().await, went["lastSeenAt"]);

        assert_eq!(came["user"], json!({ "lastSeenAt": came["lastSeenAt"] }));
        assert_eq!(listed, came["lastSeenAt"]);
        assert_eq!(went["user"], json!({ "lastSeenAt": went["lastSeenAt"] }));
        for at in [&came["lastSeenAt"], &went["lastSeenAt"]] {
            assert!(at.as_str() > seen.last().expect("one").as_str(), "{at} after {seen:?}");
            seen.push(at.clone());
        }
    }
}

fn in_list(users: &Value, person: &Person) -> Option<Value> {
    let users = users.as_array().expect("a list");
    users.iter().find(|user| user["id"] == json!(person.id)).map(|user| user["lastSeenAt"].clone())
}

#[tokio::test]
async fn an_unacknowledged_socket_makes_nobody_online() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let mut at_ada = watch(&ada, Value::Null).await;

    let bearer = format!("Bearer {}", bob.token);
    let _socket = Socket::open_with(app.address, &[("authorization", &bearer)]).await.expect("an upgrade");

    at_ada.stays_silent().await;
    assert!(!is_online(&ada, &bob).await);
}

#[tokio::test]
async fn a_filter_delivers_only_the_named_people() {
    let app = TestApp::start().await;
    let (ada, bob, carol) = (app.user("Ada").await, app.user("Bob").await, app.user("Carol").await);
    let mut of_carol = watch(&ada, json!([carol.id, "no id"])).await;
    let mut of_nobody = watch(&ada, json!([])).await;

    let _sockets = (bob.socket().await, carol.socket().await);

    assert_eq!(of_carol.next_data("1").await, came(&carol));
    of_carol.stays_silent().await;
    of_nobody.stays_silent().await;
}

#[tokio::test]
async fn a_filter_has_two_hundred_people_at_most() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let people = |count: usize| -> Vec<String> { vec![bob.id.clone(); count] };
    let mut two_hundred = watch(&ada, json!(people(200))).await;
    let _online = bob.socket().await;
    assert_eq!(two_hundred.next_data("1").await, came(&bob));

    let mut one_more = ada.subscribe(CHANGED, json!({ "of": people(201) })).await;

    assert_eq!(one_more.next_error("1").await, "BAD_USER_INPUT");
}

#[tokio::test]
async fn closing_the_last_device_means_offline_after_ten_seconds() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let mut at_ada = watch(&ada, json!([bob.id])).await;
    let mut list = ada.subscribe(ONLINE, json!({})).await;
    let (phone, laptop) = (bob.socket().await, bob.socket().await);
    assert_eq!(at_ada.next_data("1").await, came(&bob));

    phone.cut().await;
    at_ada.stays_silent().await;
    let gone = app.clock.uptime();
    laptop.cut().await;
    app.clock.advance(9 * SECOND);
    at_ada.stays_silent().await;
    assert!(is_online(&ada, &bob).await);

    app.clock.advance(SECOND);
    assert_eq!(at_ada.next_data("1").await, went(&bob));
    let grace = app.clock.uptime() - gone;
    assert!(grace >= limits::PRESENCE_GRACE, "{grace:?}");
    assert!(!is_online(&ada, &bob).await);
    while names(&list.next_data("1").await) != ["Ada"] {}
    let user = ada.ask("query($id: ID!) { user(id: $id) { lastSeenAt } }", json!({ "id": bob.id })).await;
    assert!(user["user"]["lastSeenAt"].is_string(), "{user}");
}

#[tokio::test]
async fn reconnecting_within_ten_seconds_emits_nothing() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let first = bob.socket().await;
    let mut at_ada = watch(&ada, json!([bob.id])).await;

    first.cut().await;
    at_ada.stays_silent().await;
    app.clock.advance(9 * SECOND);
    let _again = bob.socket().await;
    assert!(is_online(&ada, &bob).await);

    app.clock.advance(20 * SECOND);
    at_ada.stays_silent().await;
    assert!(is_online(&ada, &bob).await);
}
