//! A group of a thousand subscribers: each event is executed once per document.

use std::sync::Arc;

use async_graphql::Request;
use futures_util::StreamExt;
use futures_util::future::join_all;
use parlour::graphql::{Frame, FrameSink, Json, Resume};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::support::{TestApp, soon};

const DOCUMENTS: [&str; 2] = [
    "subscription { events { __typename ... on MessageAdded { message { text sender { fullName } } } } }",
    "subscription { events { __typename ... on MessageAdded { message { seq sender { fullName } } } } }",
];

/// An edge that accepts every event without waking the operation's task.
struct Ear(UnboundedSender<Json>);

impl FrameSink for Ear {
    fn put(&self, next: &mut dyn FnMut() -> Option<Json>) -> bool {
        while let Some(payload) = next() {
            self.0.send(payload).expect("somebody listens");
        }
        true
    }
}

fn payload(frame: Option<Frame>) -> Json {
    match frame {
        Some(Frame::Next(payload)) => payload,
        other => panic!("no event: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_for_a_thousand_is_executed_and_serialised_once_per_document() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let crowd = app.crowd(999).await;
    let create = "mutation($members: [ID!]!) {
        createConversation(input: { title: \"Crowd\", memberIds: $members }) { id } }";
    let made = ada.ask(create, json!({ "members": crowd })).await;
    let group = made["createConversation"]["id"].as_str().expect("an id");
    let counted = app.counted().await;
    let mut listeners = Vec::new();
    for (number, token) in app.sign_in(&crowd).await.iter().chain([&ada.token]).enumerate() {
        let request = Request::new(DOCUMENTS[number % 2]);
        let (ear, received) = unbounded_channel();
        let run = counted.api.run(request, counted.caller(token).await, Resume::default(), Arc::new(Ear(ear)));
        listeners.push((run.frames, received));
    }
    for (frames, _) in &mut listeners {
        assert!(payload(soon(frames.next()).await).contains("CaughtUp"));
    }
    drop(counted.take());

    ada.send_to(group, "hello").await;
    let hearing = listeners.iter_mut().map(async |(frames, received)| {
        tokio::select! {
            frame = frames.next() => payload(frame),
            payload = received.recv() => payload.expect("an event"),
        }
    });
    let received: Vec<Json> = soon(join_all(hearing)).await;

    // The message, which another process has sent, and its sender.
    assert_eq!(counted.take().len(), 2 * DOCUMENTS.len());
    assert_eq!(received.len(), 1_000);
    for (number, message) in [json!({ "text": "hello" }), json!({ "seq": 1 })].into_iter().enumerate() {
        let mut expected = message;
        expected["sender"] = json!({ "fullName": "Ada" });
        let first: Value = serde_json::from_str(&received[number]).expect("JSON");
        assert_eq!(first["data"]["events"]["message"], expected);
        assert!(received.iter().skip(number).step_by(2).all(|payload| Json::ptr_eq(payload, &received[number])));
    }
    drop(listeners);
    counted.finish().await;
}
