//! Streams of events share with sockets what their subscriptions cost: executions, budgets and rates.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{EventStream, Socket, TestApp, code, soon};

const NAMES: &str =
    "subscription { events { __typename cursor ... on MessageAdded { message { text sender { fullName } } } } }";
/// Nearly ten thousand objects, a fifth of what a person may have live.
const FIFTH: &str =
    "subscription { events { __typename ... on MessageAdded { message { conversation { messages(last: 99) {
    nodes { conversation { members(first: 98) { nodes { role } } } } } } } } } }";
const LARGEST: &str = "{ conversations(first: 100) { nodes { messages(first: 99) { nodes { id } } } } }";

/// Who listens to the same, in one of three ways.
enum Listener {
    Stream(EventStream),
    Socket(Socket),
}

impl Listener {
    async fn next(&mut self) -> Value {
        match self {
            Self::Stream(stream) => stream.next_event().await,
            Self::Socket(socket) => socket.next_event().await,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_for_many_streams_and_sockets_is_executed_once() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let crowd = app.crowd(30).await;
    let create =
        "mutation($members: [ID!]!) { createConversation(input: { title: \"Crowd\", memberIds: $members }) { id } }";
    let made = ada.ask(create, json!({ "members": crowd })).await;
    let group = made["createConversation"]["id"].as_str().expect("an id");
    let counted = app.counted().await;
    let served = counted.serve().await;
    let (url, query) = (format!("http://{}/graphql", served.address), json!({ "query": NAMES }));
    let mut listeners = Vec::new();
    for (number, token) in app.sign_in(&crowd).await.iter().enumerate() {
        let posted = app.http().post(&url).json(&query).bearer_auth(token);
        let got = app.http().get(&url).query(&[("query", NAMES)]).bearer_auth(token);
        listeners.push(match number % 3 {
            0 => Listener::Stream(EventStream::of(posted).await),
            1 => Listener::Stream(EventStream::of(got).await),
            _ => {
                let mut socket = Socket::signed_in(served.address, token, json!({})).await;
                socket.subscribe("1", NAMES, json!({})).await;
                Listener::Socket(socket)
            }
        });
    }
    for listener in &mut listeners {
        assert_eq!(listener.next().await["__typename"], "CaughtUp");
    }
    drop(counted.take());

    ada.send_to(group, "hello").await;
    let received = join_all(listeners.iter_mut().map(Listener::next)).await;

    assert_eq!(counted.take().len(), 1, "the sender is looked up once");
    for event in &received {
        assert_eq!(event["message"], json!({ "text": "hello", "sender": { "fullName": "Ada" } }));
        assert_eq!(event["cursor"], received[0]["cursor"]);
    }
    drop(listeners);
    served.end().await;
    counted.finish().await;
}

#[tokio::test]
async fn streams_and_sockets_of_a_person_share_the_objects_that_may_be_live() {
    let app = TestApp::limited().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let mut streams = Vec::new();
    for _ in 0..5 {
        let mut stream = ada.stream(&app, FIFTH, json!({})).await;
        assert_eq!(stream.next_data().await.0["events"]["__typename"], "CaughtUp");
        streams.push(stream);
    }

    let mut refused = ada.stream(&app, FIFTH, json!({})).await;
    assert_eq!(code(&refused.next().await.expect("a result").data), "RATE_LIMITED");
    assert_eq!(refused.next().await.expect("an end").name, "complete");
    let mut socket = ada.socket().await;
    socket.subscribe("1", FIFTH, json!({})).await;
    assert_eq!(socket.next_error("1").await, "RATE_LIMITED");
    let mut other = bob.stream(&app, FIFTH, json!({})).await;
    assert_eq!(other.next_data().await.0["events"]["__typename"], "CaughtUp");

    // One that has ended leaves its part to another one.
    streams.pop();
    soon(async {
        loop {
            socket.subscribe("1", FIFTH, json!({})).await;
            match socket.next().await["type"].as_str() {
                Some("next") => return,
                other => assert_eq!(other, Some("error")),
            }
        }
    })
    .await;
}

#[tokio::test]
async fn queries_as_events_take_from_the_rate_of_all_documents() {
    let app = TestApp::limited().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let mut passed = 0;
    let refused = soon(async {
        loop {
            let answer = ada.stream(&app, LARGEST, json!({})).await.next().await.expect("a result").data;
            if answer.get("errors").is_some() {
                return answer;
            }
            passed += 1;
        }
    })
    .await;

    assert!(passed >= 5, "{passed}");
    assert_eq!(code(&refused), "RATE_LIMITED");
    assert!(refused["errors"][0]["extensions"]["retryAfterMs"].as_u64().is_some_and(|wait| wait <= 2_000), "{refused}");
    bob.ask(LARGEST, json!({})).await;
    app.clock.advance(std::time::Duration::from_secs(5));
    ada.ask(LARGEST, json!({})).await;
}
