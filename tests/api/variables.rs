//! The variables of operations.

use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn a_required_variable_has_to_be_given() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let query = "query($id: ID!) { user(id: $id) { id } }";

    assert_eq!(ada.fails(query, json!({})).await, "GRAPHQL_VALIDATION_FAILED");
    assert_eq!(ada.fails(query, json!({ "id": null })).await, "GRAPHQL_VALIDATION_FAILED");
    assert_eq!(ada.ask(query, json!({ "id": ada.id })).await["user"]["id"], json!(ada.id));
}

#[tokio::test]
async fn a_subscription_does_not_begin_without_the_cursor_that_it_requires() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;

    let query = "subscription($after: String!) { events(after: $after) { cursor } }";
    let mut socket = ada.subscribe(query, json!({})).await;

    let refused = socket.next().await;
    assert_eq!(refused["type"], "error");
    assert_eq!(refused["payload"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
}

#[tokio::test]
async fn a_default_decides_what_is_included() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let query = "query($with: Boolean = true) { me { id @include(if: $with) fullName } }";

    assert_eq!(ada.ask(query, json!({})).await["me"]["id"], json!(ada.id));
    assert_eq!(ada.ask(query, json!({ "with": false })).await["me"].get("id"), None);
}
