//! Variables of operations.

use insta::assert_json_snapshot;
use serde_json::json;

use crate::support::{SEND, TestApp, redacted};

#[tokio::test]
async fn a_required_variable_must_be_provided() {
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

    assert_json_snapshot!(redacted(&socket.next().await), @r#"
    {
      "id": "1",
      "payload": [
        {
          "extensions": {
            "code": "GRAPHQL_VALIDATION_FAILED"
          },
          "message": "Variable \"$after\" of required type \"String!\" was not provided."
        }
      ],
      "type": "error"
    }
    "#);
}

#[tokio::test]
async fn a_default_value_decides_about_include() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let query = "query($with: Boolean = true) { me { id @include(if: $with) fullName } }";

    assert_eq!(ada.ask(query, json!({})).await["me"]["id"], json!(ada.id));
    assert_eq!(ada.ask(query, json!({ "with": false })).await["me"].get("id"), None);
}

#[tokio::test]
async fn a_type_error_names_the_argument() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;

    for number in [2_147_483_648_i64, -2_147_483_649] {
        let literal = format!("{{ users(search: \"é\", first : {number}) {{ totalCount }} }}");
        assert_eq!(ada.refused(&literal, json!({})).await, "BAD_USER_INPUT at first");
        let variable = "query($n: Int) {\n  users(\n    first:$n\n  ) { totalCount }\n}";
        assert_eq!(ada.refused(variable, json!({ "n": number })).await, "BAD_USER_INPUT at first");
    }
    let absent = "query($id: ID) { conversation(by: { userId: $id }) { id } }";
    assert_json_snapshot!(redacted(&ada.execute(absent, json!({})).await), @r#"
    {
      "data": null,
      "errors": [
        {
          "extensions": {
            "code": "BAD_USER_INPUT",
            "field": "by"
          },
          "locations": [
            {
              "column": 35,
              "line": 1
            }
          ],
          "message": "\"ConversationRef\" takes exactly one of its fields, and one that is null counts as well: leave out those that you do not use",
          "path": [
            "conversation"
          ]
        }
      ]
    }
    "#);
    let neither = json!({ "input": { "to": {}, "text": "to nobody" } });
    assert_eq!(ada.fails(SEND, neither).await, "GRAPHQL_VALIDATION_FAILED");
}
