//! Signing up, in and out; people and profiles.

use serde_json::json;

use crate::support::{TestApp, code};

#[tokio::test]
async fn who_has_signed_up_is_signed_in() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;

    let me = ada.ask("{ me { id fullName email online } }", json!({})).await;

    assert_eq!(me["me"], json!({ "id": ada.id, "fullName": "Ada", "email": "ada@example.com", "online": false }));
}

#[tokio::test]
async fn a_visitor_is_nobody() {
    let app = TestApp::start().await;

    assert_eq!(app.execute(None, "{ me { id } }", json!({})).await, json!({ "data": { "me": null } }));
    assert_eq!(code(&app.execute(None, "{ users { nodes { id } } }", json!({})).await), "UNAUTHENTICATED");
}

#[tokio::test]
async fn an_address_has_one_account() {
    let app = TestApp::start().await;
    app.user("Ada").await;
    let input = json!({ "fullName": "Eve", "email": "ADA@Example.com", "password": "correct horse" });

    let answer =
        app.execute(None, "mutation($i: SignupInput!) { signup(input: $i) { token } }", json!({ "i": input })).await;

    assert_eq!(code(&answer), "EMAIL_TAKEN");
}
