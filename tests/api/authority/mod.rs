//! Who may do what: each field at the root of the schema, tried by somebody who is not signed in, and by a stranger with
//! ids of others.

pub mod table;

use parlour::id::UserId;
use serde_json::{Value, json};

use crate::support::{Closed, NO_CREDENTIAL, Person, Socket, TestApp, refusal};
use table::{CALLS, Visitor};

/// Ada and Bob's conversation and a message in it, and Eve, who is in neither.
struct Scene {
    app: TestApp,
    ada: Person,
    eve: Person,
    conversation: String,
    message: String,
    session: String,
}

impl Scene {
    async fn set() -> Self {
        let app = TestApp::start().await;
        let (ada, bob, eve) = (app.user("Ada").await, app.user("Bob").await, app.user("Eve").await);
        let sent = ada.send(&bob, "a secret").await;
        let text = |value: &Value| value.as_str().expect("an id").to_owned();
        let session = text(&ada.ask("{ sessions { id } }", json!({})).await["sessions"][0]["id"]);
        Self { conversation: text(&sent["conversationId"]), message: text(&sent["id"]), session, app, ada, eve }
    }

    /// The document with their ids.
    fn with_theirs(&self, document: &str) -> String {
        let document = self.with_people(document).replace("SESSION", &self.session);
        document.replace("CONVERSATION", &self.conversation).replace("MESSAGE", &self.message)
    }

    /// The document with ids of nothing.
    fn with_nothing(&self, document: &str) -> String {
        let id = || UserId::new().to_string();
        let document = self.with_people(document).replace("SESSION", &id());
        document.replace("CONVERSATION", &id()).replace("MESSAGE", &id())
    }

    fn with_people(&self, document: &str) -> String {
        document.replace("PERSON", &self.ada.id)
    }

    /// What Ada sees, which nobody else may have changed.
    async fn of_ada(&self) -> Value {
        let everything = "{ me { fullName updatedAt } conversations { nodes { id lastSeq updatedAt members { nodes {
            lastReadSeq } } messages { nodes { id text version } } } } unread { messages } }";
        self.ada.ask(everything, json!({})).await
    }
}

/// Whether a document names what a stranger may not see.
fn names_what_is_theirs(document: &str) -> bool {
    ["CONVERSATION", "MESSAGE", "SESSION"].iter().any(|id| document.contains(id))
}

#[tokio::test]
async fn a_visitor_gets_only_public_fields() {
    let scene = Scene::set().await;
    let before = scene.of_ada().await;
    let mut visitor = scene.eve.clone();
    visitor.token.clear();

    for (field, expected, document) in CALLS {
        let theirs = visitor.bytes(&scene.with_theirs(document), json!({})).await;
        let answer: Value = serde_json::from_str(&theirs).expect("JSON");
        match expected {
            Visitor::Answered => assert_eq!(answer.get("errors"), None, "{field}: {answer}"),
            Visitor::Refused => {
                let over_http =
                    if field.starts_with("Subscription") { "BAD_USER_INPUT at query" } else { "UNAUTHENTICATED" };
                assert_eq!(refusal(&answer), over_http, "{field}");
                assert_eq!(theirs, visitor.bytes(&scene.with_nothing(document), json!({})).await, "{field}");
            }
        }
    }

    assert_eq!(scene.app.execute(None, "{ me { id } }", json!({})).await, json!({ "data": { "me": null } }));
    assert_eq!(scene.of_ada().await, before);
}

#[tokio::test]
async fn a_visitor_can_execute_nothing_over_a_socket() {
    let scene = Scene::set().await;
    let unauthorized = |reason: &str| Err(Closed { code: 4401, reason: reason.to_owned() });

    for (field, _, document) in CALLS {
        let mut socket = Socket::open(scene.app.address).await;
        socket.subscribe("1", &scene.with_theirs(document), json!({})).await;
        assert_eq!(socket.next_or_closed().await, unauthorized("Unauthorized"), "{field}");
    }
    let mut socket = Socket::open(scene.app.address).await;
    socket.say(json!({ "type": "connection_init" })).await;
    assert_eq!(socket.next_or_closed().await, unauthorized(NO_CREDENTIAL));
}

#[tokio::test]
async fn foreign_ids_are_answered_like_unknown_ids() {
    let scene = Scene::set().await;
    let before = scene.of_ada().await;

    for (field, _, document) in CALLS.iter().filter(|call| names_what_is_theirs(call.2)) {
        let theirs = scene.eve.bytes(&scene.with_theirs(document), json!({})).await;
        let nothing = scene.eve.bytes(&scene.with_nothing(document), json!({})).await;
        assert_eq!(theirs, nothing, "{field}: {document}");
        let answer = serde_json::from_str(&theirs).expect("JSON");
        match field.split_once('.') {
            Some(("Query", _)) => assert_eq!(Value::get(&answer, "errors"), None, "{field}: {answer}"),
            Some(("Mutation", _)) => assert_eq!(refusal(&answer), "NOT_FOUND", "{field}"),
            _ => {}
        }
        for secret in ["a secret", &scene.conversation, &scene.message, &scene.session] {
            assert!(!theirs.contains(secret), "{field}: {theirs}");
        }
    }

    assert_eq!(scene.of_ada().await, before);
}

#[tokio::test]
async fn foreign_ids_are_answered_like_unknown_ids_over_a_socket() {
    let scene = Scene::set().await;
    let before = scene.of_ada().await;
    let mut socket = scene.eve.socket().await;

    for (field, _, document) in CALLS.iter().filter(|call| names_what_is_theirs(call.2)) {
        let mut received = Vec::new();
        for document in [scene.with_theirs(document), scene.with_nothing(document)] {
            socket.subscribe("1", &document, json!({})).await;
            let message = socket.next().await;
            if message["type"] == "next" {
                assert_eq!(socket.next().await, json!({ "id": "1", "type": "complete" }), "{field}");
            }
            received.push(message);
        }
        assert_eq!(received[0], received[1], "{field}: {document}");
        if field.starts_with("Subscription") {
            assert_eq!(received[0]["payload"][0]["extensions"], json!({ "code": "NOT_FOUND" }), "{field}");
        }
    }

    assert_eq!(scene.of_ada().await, before);
}
