//! What the server says of itself.

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::support::TestApp;

#[tokio::test]
async fn server_info_has_the_features_limits_and_error_codes() {
    let app = TestApp::start().await;
    let query =
        "{ serverInfo { version features errorCodes limits { messageLength imageBytes imagePixels imageSide pageSize
        groupMembers queryBytes queryDepth queryComplexity queryAliases operationsPerSocket socketsPerUser
        feedRetentionDays feedReplayEvents typingSeconds } } }";

    let mut info = app.execute(None, query, json!({})).await;

    assert_eq!(info["data"]["serverInfo"]["version"].take(), Value::from(env!("CARGO_PKG_VERSION")));
    assert_json_snapshot!(info, @r#"
    {
      "data": {
        "serverInfo": {
          "errorCodes": [
            "BAD_USER_INPUT",
            "UNAUTHENTICATED",
            "INVALID_CREDENTIALS",
            "EMAIL_TAKEN",
            "FORBIDDEN",
            "NOT_FOUND",
            "RATE_LIMITED",
            "QUERY_TOO_COMPLEX",
            "PAYLOAD_TOO_LARGE",
            "UNSUPPORTED_IMAGE",
            "CURSOR_EXPIRED",
            "CONSUMER_TAKEN",
            "SERVICE_UNAVAILABLE",
            "INTERNAL_SERVER_ERROR"
          ],
          "features": [
            "groups",
            "images",
            "presence",
            "resume",
            "search",
            "typing",
            "signup",
            "login",
            "directory",
            "lookup"
          ],
          "limits": {
            "feedReplayEvents": 10000,
            "feedRetentionDays": 30,
            "groupMembers": 1000,
            "imageBytes": 10485760,
            "imagePixels": 32000000,
            "imageSide": 10000,
            "messageLength": 4000,
            "operationsPerSocket": 100,
            "pageSize": 100,
            "queryAliases": 30,
            "queryBytes": 15000,
            "queryComplexity": 10000,
            "queryDepth": 10,
            "socketsPerUser": 20,
            "typingSeconds": 5
          },
          "version": null
        }
      }
    }
    "#);
}

#[tokio::test]
async fn the_operator_names_the_server_and_gives_it_a_picture() {
    let query = "{ serverInfo { name logoUrl } }";
    let plain = TestApp::start().await.execute(None, query, json!({})).await;
    assert_eq!(plain["data"]["serverInfo"], json!({ "name": "Parlour", "logoUrl": null }));

    let settings = [
        ("SERVER_NAME", "Analytical Society"),
        ("SERVER_LOGO", "logo.svg"),
        ("PUBLIC_URL", "https://chat.example.org/"),
    ];
    let named = TestApp::start_with(&settings).await.execute(None, query, json!({})).await;
    let expected = json!({ "name": "Analytical Society", "logoUrl": "https://chat.example.org/server-logo" });
    assert_eq!(named["data"]["serverInfo"], expected);
}
