//! Automatic persisted queries, as the clients of Apollo and urql send them.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Person, TestApp, code};

const ME: &str = "query Me { me { fullName } }";

fn hash(document: &str) -> String {
    Sha256::digest(document).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The extensions that name a document.
fn named(document: &str) -> Value {
    json!({ "persistedQuery": { "version": 1, "sha256Hash": hash(document) } })
}

/// Posts these parameters as somebody; the status and the answer.
async fn post(app: &TestApp, person: &Person, parameters: &Value) -> (u16, Value) {
    let request = app.http().post(app.url("/graphql")).bearer_auth(&person.token).json(parameters);
    let answer = request.send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

fn not_found() -> Value {
    let extensions = json!({ "code": "PERSISTED_QUERY_NOT_FOUND" });
    json!({ "errors": [{ "message": "PersistedQueryNotFound", "extensions": extensions }] })
}

fn is_ada() -> Value {
    json!({ "data": { "me": { "fullName": "Ada" } } })
}

#[tokio::test]
async fn a_document_is_sent_once_and_then_named_by_its_hash_by_everybody() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let by_hash = json!({ "extensions": named(ME) });

    assert_eq!(post(&app, &ada, &by_hash).await, (200, not_found()));
    assert_eq!(post(&app, &ada, &json!({ "query": ME, "extensions": named(ME) })).await, (200, is_ada()));
    assert_eq!(post(&app, &ada, &by_hash).await, (200, is_ada()));
    let upper = json!({ "version": 1, "sha256Hash": hash(ME).to_uppercase() });
    let empty = json!({ "query": "", "operationName": "Me", "extensions": { "persistedQuery": upper } });
    assert_eq!(post(&app, &ada, &empty).await, (200, is_ada()));

    assert_eq!(post(&app, &bob, &by_hash).await.1["data"]["me"]["fullName"], "Bob");
}

#[tokio::test]
async fn a_document_that_is_not_known_is_not_found_with_status_200_in_both_media_types() {
    let app = TestApp::start().await;

    for accept in ["application/json", "application/graphql-response+json"] {
        let request = app.http().post(app.url("/graphql")).header("accept", accept);
        let answer = request.json(&json!({ "extensions": named(ME) })).send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 200);
        assert!(answer.headers()["content-type"].to_str().expect("ASCII").starts_with(accept));
        assert_eq!(answer.headers()["cache-control"], "no-store");
        assert_eq!(answer.json::<Value>().await.expect("JSON"), not_found());
    }
}

#[tokio::test]
async fn a_query_by_get_may_name_its_document_and_a_mutation_may_not() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let get = async |document: &str| {
        let request = app.http().get(app.url("/graphql")).bearer_auth(&ada.token);
        let request = request.query(&[("extensions", named(document).to_string())]);
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.json::<Value>().await.expect("JSON"))
    };
    let rename = "mutation { updateProfile(input: {}) { id } }";

    assert_eq!(get(ME).await, (200, not_found()));
    for document in [ME, rename] {
        post(&app, &ada, &json!({ "query": document, "extensions": named(document) })).await;
    }

    assert_eq!(get(ME).await, (200, is_ada()));
    let (status, answer) = get(rename).await;
    assert_eq!((status, code(&answer)), (405, "BAD_USER_INPUT"));
}

#[tokio::test]
async fn an_operation_of_a_socket_may_name_its_document() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let mut socket = bob.socket().await;
    let subscription = "subscription Live { messageAdded { text } }";
    let subscribe = |id: &str, payload: Value| json!({ "id": id, "type": "subscribe", "payload": payload });

    socket.say(subscribe("1", json!({ "query": "", "extensions": named(subscription) }))).await;
    let answer = socket.next().await;
    assert_eq!(answer, json!({ "id": "1", "type": "error", "payload": not_found()["errors"] }));

    socket.say(subscribe("1", json!({ "query": subscription, "extensions": named(subscription) }))).await;
    socket.say(subscribe("2", json!({ "extensions": named(subscription) }))).await;
    // Answered when the subscriptions have begun.
    socket.say(json!({ "type": "ping" })).await;
    assert_eq!(socket.next().await["type"], "pong");
    ada.send(&bob, "hello").await;

    let mut received = [socket.next().await, socket.next().await];
    received.sort_by_key(|message| message["id"].to_string());
    for (message, id) in received.iter().zip(["1", "2"]) {
        let text = &message["payload"]["data"]["messageAdded"]["text"];
        assert_eq!((&message["id"], text), (&json!(id), &json!("hello")));
    }
}

#[tokio::test]
async fn a_document_with_a_string_in_it_is_found_by_its_sender_only() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.user("Ada").await, app.user("Eve").await);
    let document = "{ users(search: \"secret\") { totalCount } }";
    let by_hash = json!({ "extensions": named(document) });

    post(&app, &ada, &json!({ "query": document, "extensions": named(document) })).await;

    assert_eq!(post(&app, &ada, &by_hash).await.1["data"]["users"]["totalCount"], 0);
    assert_eq!(post(&app, &eve, &by_hash).await, (200, not_found()));
    let visitor = app.http().post(app.url("/graphql")).json(&by_hash).send().await.expect("an answer");
    assert_eq!(visitor.json::<Value>().await.expect("JSON"), not_found());
}

#[tokio::test]
async fn a_wrong_hash_is_refused() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;

    for (query, persisted) in [
        (Some(ME), json!({ "version": 1, "sha256Hash": hash("{ me { id } }") })),
        (Some(ME), json!({ "version": 2, "sha256Hash": hash(ME) })),
        (None, json!({ "version": 2, "sha256Hash": hash(ME) })),
        (None, json!({ "version": 1, "sha256Hash": "+f".repeat(32) })),
        (None, json!({ "version": 1, "sha256Hash": "ecf4edb46db40b5132295c0291d62fb6" })),
        (None, json!({ "version": 1 })),
        (None, json!(hash(ME))),
    ] {
        let parameters = json!({ "query": query, "extensions": { "persistedQuery": persisted } });
        assert_eq!(code(&post(&app, &ada, &parameters).await.1), "BAD_USER_INPUT", "{parameters}");
    }
    assert_eq!(post(&app, &ada, &json!({ "extensions": named(ME) })).await, (200, not_found()), "nothing is stored");
    let answer = post(&app, &ada, &json!({ "documentId": "sha256:x", "id": "x", "doc_id": "x" })).await;
    assert_eq!((answer.0, code(&answer.1)), (400, "BAD_USER_INPUT"));
}
