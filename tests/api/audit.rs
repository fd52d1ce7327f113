//! The audit log: what exactly was done to whom, and sign-ins from new places.

use parlour::accounts::KeyScope;
use parlour::audit::{self, AuditFilter, Operator};
use parlour::entity::audit_entry;
use parlour::entity::server_role::StaffRole;
use parlour::id::UserId;
use serde_json::json;

use crate::support::{ADD, PASSWORD, REMOVE, TestApp, secrets};

const LOG_IN: &str = "mutation($input: LoginInput!) { login(input: $input) { user { id } } }";
const LEAVE: &str = "mutation($password: String!) { deleteAccount(password: $password) }";

/// The newest entries, the newest first.
async fn entries(app: &TestApp, action: &str) -> Vec<audit_entry::Model> {
    let filter = AuditFilter { action: Some(action.to_owned()), ..AuditFilter::default() };
    app.command(async |program| audit::newest(&program.app.db.reader, &filter, 100).await.expect("the log")).await
}

/// Signs in from 127.0.0.`last`, as a browser does.
async fn log_in_from(app: &TestApp, last: u8, email: &str) {
    let client = reqwest::Client::builder().local_address(Some([127, 0, 0, last].into())).build().expect("a client");
    let variables = json!({ "input": { "email": email, "password": PASSWORD } });
    secrets::keep(&variables);
    let body = json!({ "query": LOG_IN, "variables": variables });
    let request = client.post(app.url("/graphql")).header("user-agent", "a".repeat(300)).json(&body);
    let answer: serde_json::Value = request.send().await.expect("an answer").json().await.expect("JSON");
    assert!(answer.get("errors").is_none(), "{answer}");
}

#[tokio::test]
async fn a_sign_in_from_a_new_place_is_recorded_once() {
    let app = TestApp::limited().await;
    let ada = app.user("Ada").await;
    for last in [1, 2, 2] {
        log_in_from(&app, last, &ada.email).await;
    }

    let found = entries(&app, "login.new_place").await;

    assert_eq!(found.len(), 1, "neither where she signed up, nor a second time: {found:?}");
    let audit_entry::Model { actor, user_id, subject_id, address, detail, .. } = &found[0];
    assert_eq!((actor.as_str(), address.as_deref()), ("user", Some("127.0.0.2")));
    assert_eq!((user_id.map(|id| id.to_string()), subject_id.to_string()), (Some(ada.id.clone()), ada.id.clone()));
    assert_eq!(detail.as_deref(), Some("a".repeat(120).as_str()));

    ada.ask(LEAVE, json!({ "password": PASSWORD })).await;
    assert_eq!(entries(&app, "login.new_place").await, [], "where somebody was goes with their account");
}

#[tokio::test]
async fn an_entry_names_who_was_added_removed_or_given_a_role() {
    let app = TestApp::start().await;
    let backend = app.backend_with(&KeyScope::ALL).await;
    let (ada, bob) = (backend.person("1", "Ada").await, backend.person("2", "Bob").await);
    let make = "mutation($input: CreateConversationInput!) { createConversation(input: $input) { id } }";
    let input = json!({ "title": "Club", "ownerId": ada, "externalId": "club", "memberIds": [] });
    let made = backend.ask(make, json!({ "input": input })).await;
    let group = made["createConversation"]["id"].clone();
    backend.ask(ADD, json!({ "id": group, "people": [bob] })).await;
    backend.ask(REMOVE, json!({ "id": group, "person": bob })).await;

    for action in ["conversation.members_added", "conversation.member_removed"] {
        let found = entries(&app, action).await;
        assert_eq!(found.len(), 1, "{action}");
        assert_eq!(json!(found[0].subject_id.to_string()), group);
        assert_eq!(found[0].detail, Some(bob.clone()), "{action}");
    }
}

#[tokio::test]
async fn a_role_that_changes_nothing_is_not_recorded() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let user = UserId::parse(&ada.id).expect("an id");
    let outcomes = app
        .command(async |program| {
            let (accounts, by, role) = (&program.accounts, Operator::default(), StaffRole::Moderator);
            [
                accounts.revoke_for_operator(&by, user, role).await.expect("it is done"),
                accounts.grant_for_operator(&by, user, role).await.expect("it is done"),
                accounts.grant_for_operator(&by, user, role).await.expect("it is done"),
                accounts.revoke_for_operator(&by, user, role).await.expect("it is done"),
            ]
        })
        .await;

    assert_eq!(outcomes, [false, true, false, true]);
    for action in ["role.granted", "role.revoked"] {
        let found = entries(&app, action).await;
        let details: Vec<_> = found.iter().map(|entry| entry.detail.as_deref()).collect();
        assert_eq!(details, [Some("moderator")], "{action}");
    }
}

#[tokio::test]
async fn who_deletes_their_account_is_recorded() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    ada.ask(LEAVE, json!({ "password": PASSWORD })).await;

    let found = entries(&app, "user.erased").await;

    assert_eq!(found.len(), 1);
    assert_eq!((found[0].actor.as_str(), found[0].address.as_deref()), ("user", Some("127.0.0.1")));
    assert_eq!(found[0].user_id.map(|id| id.to_string()), Some(ada.id));
}
