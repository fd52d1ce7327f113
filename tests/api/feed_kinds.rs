//! `events(kinds:)`: some kinds of events, and CaughtUp past the others.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Person, RENAME, TestApp, soon};

const OF_KINDS: &str = "subscription($kinds: [FeedEventKind!], $after: String) { events(kinds: $kinds, after: $after) {
    __typename cursor ... on MessageAdded { message { text } } } }";
const PAGE: &str = "query($kinds: [FeedEventKind!], $after: String!, $first: Int) {
    events(kinds: $kinds, after: $after, first: $first) { hasMore cursor events { __typename cursor } } }";

async fn read(person: &Person, other: &Person, up_to: i64) {
    let mark = "mutation($who: ID!, $seq: Int!) { markRead(conversation: { userId: $who }, upToSeq: $seq) { id } }";
    person.ask(mark, json!({ "who": other.id, "seq": up_to })).await;
}

#[tokio::test]
async fn only_these_kinds_come_live_and_in_a_replay() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let group = ada.group("Tea", &[&bob]).await;
    let start = bob.feed_cursor().await;
    let variables = json!({ "kinds": ["MESSAGE_ADDED", "USER_CHANGED", "REACTIONS_CHANGED"], "after": start });
    let mut live = bob.subscribe(OF_KINDS, variables.clone()).await;
    assert_eq!(live.next_event().await["__typename"], "CaughtUp");

    ada.send(&bob, "one").await;
    ada.ask(RENAME, json!({ "id": group, "title": "Coffee" })).await;
    read(&bob, &ada, 2).await;
    ada.ask("mutation { updateProfile(input: { fullName: \"Ada L\" }) { id } }", json!({})).await;
    ada.send(&bob, "two").await;

    let mut replay = bob.subscribe(OF_KINDS, variables).await;
    for socket in [&mut live, &mut replay] {
        assert_eq!(socket.next_event().await["message"]["text"], "one");
        socket.next_line().await;
        assert_eq!(socket.next_event().await["__typename"], "UserChanged");
        assert_eq!(socket.next_event().await["message"]["text"], "two");
    }
    assert_eq!(replay.next_event().await["__typename"], "CaughtUp");
    live.stays_silent().await;
}

#[tokio::test]
async fn a_page_has_only_these_kinds_and_its_cursor_passes_the_others() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let group = ada.group("Tea", &[&bob]).await;
    let start = bob.feed_cursor().await;
    for title in ["a", "b", "c"] {
        ada.send(&bob, title).await;
        ada.ask(RENAME, json!({ "id": group, "title": title })).await;
    }
    let page = async |kinds: Value, after: &str| {
        bob.ask(PAGE, json!({ "kinds": kinds, "after": after, "first": 2 })).await["events"].take()
    };
    let types = |page: &Value| -> Vec<String> {
        let events = page["events"].as_array().expect("events");
        events.iter().map(|event| event["__typename"].as_str().expect("a type").to_owned()).collect()
    };
    let first = page(json!(["CONVERSATION_CHANGED"]), &start).await;
    assert_eq!((types(&first), &first["hasMore"]), (vec!["ConversationChanged".to_owned(); 2], &json!(true)));
    let rest = page(json!(["CONVERSATION_CHANGED"]), first["cursor"].as_str().expect("a cursor")).await;
    assert_eq!((types(&rest), &rest["hasMore"]), (vec!["ConversationChanged".to_owned()], &json!(false)));
    assert_eq!(rest["cursor"], bob.feed_cursor().await);
    let none = page(json!(["PINS_CHANGED"]), &start).await;
    assert_eq!((types(&none), &none["cursor"]), (vec![], &rest["cursor"]));
    for document in
        ["{ events(after: \"x\", kinds: []) { cursor } }", "{ events(consumer: \"x\", kinds: []) { cursor } }"]
    {
        assert_eq!(bob.fails(document, json!({})).await, "BAD_USER_INPUT");
    }
}

#[tokio::test]
async fn a_cursor_comes_after_a_thousand_other_events() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let mut socket = bob.subscribe(OF_KINDS, json!({ "kinds": ["USER_CHANGED"] })).await;
    assert_eq!(socket.next_event().await["__typename"], "CaughtUp");
    let mut sent = Vec::new();
    for _ in 0..10 {
        let some = (0..100).map(|number| {
            let (ada, bob) = (ada.clone(), bob.clone());
            async move { ada.send(&bob, &number.to_string()).await["feedCursor"].clone() }
        });
        sent.extend(soon(futures_util::future::join_all(some)).await);
    }

    let caught_up = socket.next_event().await;

    assert_eq!(caught_up["__typename"], "CaughtUp");
    // That of the thousandth.
    assert_eq!(caught_up["cursor"], bob.feed_cursor().await);
    assert!(sent.contains(&caught_up["cursor"]));
    socket.stays_silent().await;
}

#[tokio::test]
async fn a_cursor_comes_a_minute_after_the_first_other_event() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let variables = json!({ "kinds": ["USER_CHANGED"] });
    let mut socket = bob.subscribe(OF_KINDS, variables.clone()).await;
    let mut stream = bob.stream(&app, OF_KINDS, variables).await;
    assert_eq!(socket.next_event().await["__typename"], "CaughtUp");
    assert_eq!(stream.next_event().await["__typename"], "CaughtUp");
    ada.send(&bob, "one").await;
    ada.send(&bob, "two").await;
    let cursor = bob.feed_cursor().await;
    app.clock.advance(Duration::from_secs(30));
    socket.stays_silent().await;

    app.clock.advance(Duration::from_secs(31));

    let caught_up = json!({ "__typename": "CaughtUp", "cursor": cursor });
    assert_eq!(socket.next_event().await, caught_up);
    assert_eq!(stream.next_event().await, caught_up);
    // Only if there was something to pass.
    app.clock.advance(Duration::from_secs(120));
    socket.stays_silent().await;
    ada.ask("mutation { updateProfile(input: { fullName: \"Ada L\" }) { id } }", json!({})).await;
    assert_eq!(socket.next_event().await["__typename"], "UserChanged");
}

#[tokio::test]
async fn a_consumer_and_its_kinds_are_no_part_of_a_shared_shape() {
    let app = TestApp::start().await;
    let (ada, bob, eve) = (app.user("Ada").await, app.user("Bob").await, app.user("Eve").await);
    let group = ada.group("Tea", &[&bob, &eve]).await;
    let counted = app.counted().await.with_its_feed().await;
    let selection = "{ __typename cursor ... on MessageAdded { message { text sender { fullName } } } }";
    let mut ears = Vec::new();
    for (person, arguments) in
        [(&ada, ""), (&bob, "(kinds: [MESSAGE_ADDED])"), (&eve, "(kinds: [MESSAGE_ADDED, USER_CHANGED])")]
    {
        let document = format!("subscription {{ events{arguments} {selection} }}");
        let mut ear = crate::support::Ear::listen(&counted, &person.token, &document).await;
        soon(ear.next()).await;
        ears.push(ear);
    }
    counted.take();
    ada.send_to(&group, "hello").await;
    let mut payloads = Vec::new();
    for ear in &mut ears {
        payloads.push(soon(ear.next()).await);
    }

    // The same bytes: made once, and shared.
    assert!(payloads.iter().all(|payload| std::sync::Arc::ptr_eq(payload, &payloads[0])), "{payloads:?}");
    drop(ears);
    counted.finish().await;
}
