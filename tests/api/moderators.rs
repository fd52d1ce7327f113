//! What moderators of the server do without a report.

use parlour::accounts::KeyScope;
use parlour::audit::{self, AuditFilter, Operator};
use parlour::entity::server_role::StaffRole;
use parlour::id::UserId;
use serde_json::{Value, json};

use crate::support::{Person, TestApp, code};

const DELETE: &str = "mutation($id: ID!) { deleteMessage(id: $id) { id text deletedAt replyTo { text } } }";

/// Ada and Bob, who share a group, and Mo, who moderates and is not in it.
async fn scene() -> (TestApp, Person, Person, Person, String) {
    let app = TestApp::start().await;
    let (ada, bob, mo) = (app.user("Ada").await, app.user("Bob").await, app.user("Mo").await);
    let id = UserId::parse(&mo.id).expect("an id");
    app.command(async |program| {
        program.accounts.grant_for_operator(&Operator::default(), id, StaffRole::Moderator).await.expect("a role");
    })
    .await;
    let group = bob.group("Tea", &[&ada]).await;
    (app, ada, bob, mo, group)
}

/// Who the audit log says deleted messages, and which, the oldest first.
async fn deletions(app: &TestApp) -> Vec<(String, Option<String>, String)> {
    let log = app
        .command(async |program| {
            audit::newest(&program.app.db.reader, &AuditFilter::default(), 100).await.expect("the log")
        })
        .await;
    let deleted = log.into_iter().rev().filter(|entry| entry.action == "message.deleted");
    let by = |entry: parlour::entity::audit_entry::Model| {
        assert!(entry.address.is_some(), "{entry:?}");
        (entry.actor, entry.user_id.map(|user| user.to_string()), entry.subject_id.to_string())
    };
    deleted.map(by).collect()
}

#[tokio::test]
async fn a_moderator_deletes_others_messages_and_sees_nothing_around_them() {
    let (app, ada, bob, mo, group) = scene().await;
    let quoted = bob.send_to(&group, "between us").await;
    let input = json!({ "to": { "conversationId": group }, "text": "rude", "replyToId": quoted["id"] });
    let rude = bob.send_input(input).await;
    let direct = bob.send(&ada, "rude too").await;
    let stranger = app.user("Eve").await;
    assert_eq!(stranger.fails(DELETE, json!({ "id": rude["id"] })).await, "NOT_FOUND");
    assert_eq!(ada.fails(DELETE, json!({ "id": rude["id"] })).await, "FORBIDDEN");
    let mut at_ada = ada.follow().await;

    let deleted = mo.ask(DELETE, json!({ "id": rude["id"] })).await["deleteMessage"].take();

    assert_eq!((&deleted["id"], &deleted["text"], &deleted["replyTo"]), (&rude["id"], &Value::Null, &Value::Null));
    assert!(deleted["deletedAt"].is_string(), "{deleted}");
    let changed = at_ada.next_data("1").await["events"].take();
    assert_eq!((&changed["message"]["id"], &changed["message"]["text"]), (&rude["id"], &Value::Null));
    let around = "mutation($id: ID!) { deleteMessage(id: $id) { id conversation { title } } }";
    let answer = mo.execute(around, json!({ "id": direct["id"] })).await;
    assert_eq!(code(&answer), "FORBIDDEN");
    assert_eq!(answer["errors"][0]["path"], json!(["deleteMessage", "conversation"]), "{answer}");
    assert_eq!(mo.fails(DELETE, json!({ "id": uuid::Uuid::now_v7().to_string() })).await, "NOT_FOUND");
    let done = |id: &Value| ("moderator".to_owned(), Some(mo.id.clone()), id.as_str().expect("an id").to_owned());
    assert_eq!(deletions(&app).await, [done(&rude["id"]), done(&direct["id"])]);
}

#[tokio::test]
async fn a_moderator_deletes_as_a_member_too_and_a_key_in_their_place_does_not() {
    let (app, _ada, bob, mo, group) = scene().await;
    let here = bob.group("Coffee", &[&mo]).await;
    let (outside, inside) = (bob.send_to(&group, "rude").await, bob.send_to(&here, "rude").await);
    let backend = app.backend_with(&[KeyScope::ActAs]).await;
    for (message, expected) in [(&outside, "NOT_FOUND"), (&inside, "FORBIDDEN")] {
        assert_eq!(code(&backend.execute_as(&mo.id, DELETE, json!({ "id": message["id"] })).await), expected);
    }
    assert!(deletions(&app).await.is_empty());

    let delete = "mutation($id: ID!) { deleteMessage(id: $id) { deletedAt conversation { title } } }";
    let deleted = mo.ask(delete, json!({ "id": inside["id"] })).await;

    assert_eq!(deleted["deleteMessage"]["conversation"]["title"], "Coffee");
    assert!(deleted["deleteMessage"]["deletedAt"].is_string(), "{deleted}");
    assert_eq!(deletions(&app).await.len(), 1);
    // What they delete of their own is nobody's business.
    let own = mo.send_to(&here, "mine").await;
    mo.ask(DELETE, json!({ "id": own["id"] })).await;
    assert_eq!(deletions(&app).await.len(), 1);
}
