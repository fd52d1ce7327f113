//! A key in the place of a person, and the audit log of what keys and operators do.

use parlour::accounts::KeyScope;
use parlour::audit::{self, AuditFilter, Operator};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::support::{Person, SEND, TestApp, code, refusal};

const PROFILE: &str = "{ me { id fullName email } }";

async fn audited(app: &TestApp) -> Vec<parlour::entity::audit_entry::Model> {
    app.command(async |program| {
        audit::newest(&program.app.db.reader, &AuditFilter::default(), 100).await.expect("the log")
    })
    .await
}

/// What the log says of actions, the oldest first.
async fn actions(app: &TestApp) -> Vec<String> {
    audited(app).await.into_iter().rev().map(|entry| entry.action).collect()
}

#[tokio::test]
async fn a_backend_sends_and_reads_in_a_persons_place() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let backend = app.backend_with(&[KeyScope::ActAs, KeyScope::Users]).await;
    let shop = backend.person("ü|1", "Carl").await;
    let mut feed = bob.follow().await;

    let input = |text: &str| json!({ "input": { "to": { "userId": bob.id }, "text": text } });
    let sent = backend.ask_as(&ada.id, SEND, input("from Ada")).await["sendMessage"].take();
    backend.ask_as("external:ü|1", SEND, input("from Carl")).await;

    let first = feed.next_event().await;
    let first = if first["__typename"] == "MessageAdded" { first } else { feed.next_event().await };
    assert_eq!((&first["message"]["id"], &first["message"]["sender"]["id"]), (&sent["id"], &json!(ada.id)));
    let unread = backend.ask_as(&bob.id, "{ unread { messages conversations } }", json!({})).await;
    assert_eq!(unread["unread"], json!({ "messages": 2, "conversations": 2 }));
    let read = "mutation($id: ID!) { markRead(conversation: { userId: $id }, upToSeq: 1) { unreadCount } }";
    assert_eq!(backend.ask_as(&bob.id, read, json!({ "id": shop })).await["markRead"]["unreadCount"], 0);
    assert_eq!(bob.ask("{ unread { messages } }", json!({})).await["unread"]["messages"], 1);
    let profile = backend.ask_as(&ada.id, PROFILE, json!({})).await["me"].take();
    assert_eq!(profile, json!({ "id": ada.id, "fullName": "Ada", "email": null }), "their address stays theirs");
    let external = backend.ask_as(&ada.id, "{ users(first: 10) { nodes { externalId } } }", json!({})).await;
    assert!(external.to_string().contains("ü|1"), "{external}");
}

#[tokio::test]
async fn nobody_acts_for_those_who_are_not_there_or_may_not_sign_in() {
    let app = TestApp::start().await;
    let backend = app.backend_with(&[KeyScope::ActAs, KeyScope::Users]).await;
    let (erased, suspended) = (backend.person("1", "Ada").await, backend.person("2", "Bob").await);
    backend.erase(&erased).await;
    let id = parlour::id::UserId::parse(&suspended).expect("an id");
    app.command(async |program| {
        program.accounts.disable_for_operator(&Operator::default(), id).await.expect("it is done")
    })
    .await;

    let unknown = uuid::Uuid::now_v7().to_string();
    for who in [&erased, &suspended, "external:1", "external:2", "external:3", "external:", "", "junk", &unknown] {
        let answer = backend.execute_as(who, PROFILE, json!({})).await;
        assert_eq!((code(&answer), answer.get("data")), ("NOT_FOUND", None), "{who}: {answer}");
    }
}

#[tokio::test]
async fn only_a_key_with_the_scope_acts_for_others() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let backend = app.backend_with(&[KeyScope::Users, KeyScope::Conversations, KeyScope::Messages]).await;

    assert_eq!(code(&backend.execute_as(&ada.id, PROFILE, json!({})).await), "FORBIDDEN");
    let post = async |who: &Person, cookie: bool| -> Value {
        let request = app.http().post(app.url("/graphql")).header("parlour-act-as", &bob.id);
        let request = match cookie {
            true => request.header("cookie", format!("jwt={}", who.token)),
            false => request.bearer_auth(&who.token),
        };
        let answer = request.json(&json!({ "query": PROFILE })).send().await.expect("an answer");
        answer.json().await.expect("JSON")
    };
    assert_eq!(code(&post(&ada, false).await), "FORBIDDEN");
    assert_eq!(code(&post(&ada, true).await), "FORBIDDEN");
    let nobody =
        app.http().post(app.url("/graphql")).header("parlour-act-as", &bob.id).json(&json!({ "query": PROFILE }));
    let nobody: Value = nobody.send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(nobody["data"]["me"], Value::Null);
}

#[tokio::test]
async fn a_key_subscribes_for_nobody() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let backend = app.backend_with(&KeyScope::ALL).await;
    let stream = "subscription { events { cursor } }";

    assert_eq!(code(&backend.execute_as(&ada.id, stream, json!({})).await), "FORBIDDEN");
    let request = app.http().post(app.url("/graphql")).bearer_auth(&backend.key).header("parlour-act-as", &ada.id);
    let request = request.header("accept", "text/event-stream").json(&json!({ "query": stream }));
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status(), 403);
    assert!(answer.text().await.expect("a text").contains("FORBIDDEN"));
}

#[tokio::test]
async fn what_keys_and_operators_do_is_in_the_audit_log() {
    let app = TestApp::start().await;
    let bob = app.user("Bob").await;
    let backend = app.backend_with(&KeyScope::ALL).await;
    let ada = backend.person("1", "Ada").await;
    backend.person("1", "Ada").await;
    let sent = backend.ask_as(&ada, SEND, json!({ "input": { "to": { "userId": bob.id }, "text": "hi" } })).await;
    let sent = sent["sendMessage"]["id"].as_str().expect("an id").to_owned();
    backend.ask_as(&ada, PROFILE, json!({})).await;
    bob.send_input(json!({ "to": { "userId": ada }, "text": "hello" })).await;
    let refused = backend
        .execute_as(&bob.id, "mutation($id: ID!) { deleteMessage(id: $id) { id } }", json!({ "id": sent }))
        .await;
    assert_eq!(refusal(&refused), "FORBIDDEN", "it is Ada's");
    backend.ask("mutation($id: ID!) { deleteMessage(id: $id) { id } }", json!({ "id": sent })).await;
    backend.end_sessions(&ada).await;
    backend.erase(&ada).await;
    app.command(async |program| {
        program.accounts.revoke_key_for_operator(&Operator::default(), backend.id).await.expect("it is there")
    })
    .await;

    let expected = [
        "key.created",
        "user.upserted",
        "message.sent",
        "message.deleted",
        "user.signed_out",
        "user.erased",
        "key.revoked",
    ];
    assert_eq!(actions(&app).await, expected, "neither reads, nor what changed nothing, nor what was refused");
    let log = audited(&app).await;
    let of = |action: &str| log.iter().find(|entry| entry.action == action).expect("an entry");
    let sending = of("message.sent");
    assert_eq!((sending.actor.as_str(), sending.key_id), ("key", Some(backend.id)));
    assert_eq!(sending.acting_as_id.map(|id| id.to_string()), Some(ada.clone()));
    assert_eq!((sending.subject_id.to_string(), sending.address.as_deref()), (sent, Some("127.0.0.1")));
    let erasing = of("user.erased");
    assert_eq!((erasing.acting_as_id, erasing.subject_id.to_string()), (None, ada));
    let revoking = of("key.revoked");
    assert_eq!((revoking.actor.as_str(), revoking.key_id, &revoking.address), ("operator", None, &None));
    let change = app.database().await.execute_unprepared("UPDATE audit_entry SET actor = 'nobody'").await;
    assert!(change.is_err_and(|error| error.to_string().contains("the audit log is never changed")));
}

#[tokio::test]
async fn a_failed_transaction_leaves_no_entry() {
    let app = TestApp::start().await;
    let backend = app.backend_with(&[KeyScope::Users]).await;
    let nobody = uuid::Uuid::now_v7().to_string();
    assert_eq!(
        backend.refused("mutation($id: ID!) { endSessions(userId: $id) }", json!({ "id": nobody })).await,
        "NOT_FOUND"
    );
    assert_eq!(actions(&app).await, ["key.created"]);
}

#[tokio::test]
async fn a_backend_sends_an_image_in_a_persons_place() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let backend = app.backend_with(&[KeyScope::ActAs]).await;
    let upload = "mutation { createImageUpload(input: { mimeType: \"image/png\", byteSize: 100 }) { id } }";
    let made = backend.ask_as(&ada.id, upload, json!({})).await["createImageUpload"]["id"].take();
    let input = json!({ "input": { "to": { "userId": bob.id }, "image": { "uploadId": made } } });
    let answer = backend.execute_as(&bob.id, SEND, input).await;
    assert!(["NOT_FOUND", "BAD_USER_INPUT"].contains(&code(&answer)), "the slot is Ada's: {answer}");
}
