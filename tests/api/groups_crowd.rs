//! A group of a thousand subscribers: each event is executed once per document.

use futures_util::future::join_all;
use parlour::graphql::Json;
use serde_json::{Value, json};

use crate::support::{Ear, TestApp, soon};

const DOCUMENTS: [&str; 2] = [
    "subscription { events { __typename ... on MessageAdded { message { text sender { fullName } } } } }",
    "subscription { events { __typename ... on MessageAdded { message { seq sender { fullName } } } } }",
];

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
        listeners.push(Ear::listen(&counted, token, DOCUMENTS[number % 2]).await);
    }
    for listener in &mut listeners {
        assert!(soon(listener.next()).await.contains("CaughtUp"));
    }
    drop(counted.take());

    ada.send_to(group, "hello").await;
    let received: Vec<Json> = soon(join_all(listeners.iter_mut().map(Ear::next))).await;

    // The sender. The message comes with its event, also if another program has sent it.
    assert_eq!(counted.take().len(), DOCUMENTS.len());
    assert_eq!(received.len(), 1_000);
    for (number, message) in [json!({ "text": "hello" }), json!({ "seq": 2 })].into_iter().enumerate() {
        let mut expected = message;
        expected["sender"] = json!({ "fullName": "Ada" });
        let first: Value = serde_json::from_str(&received[number]).expect("JSON");
        assert_eq!(first["data"]["events"]["message"], expected);
        assert!(received.iter().skip(number).step_by(2).all(|payload| Json::ptr_eq(payload, &received[number])));
    }
    drop(listeners);
    counted.finish().await;
}
