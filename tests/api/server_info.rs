//! What the server says of itself.

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::support::TestApp;

#[tokio::test]
async fn server_info_has_the_features_limits_and_error_codes() {
    let app = TestApp::start().await;
    let query = "{ serverInfo { version features errorCodes limits { messageLength imageBytes imagePixels pageSize
        groupMembers queryBytes queryDepth queryComplexity queryAliases operationsPerSocket socketsPerUser
        feedRetentionDays feedReplayEvents typingSeconds } } }";

    let mut info = app.execute(None, query, json!({})).await;

    assert_eq!(info["data"]["serverInfo"]["version"].take(), Value::from(env!("CARGO_PKG_VERSION")));
    assert_json_snapshot!(info, @"");
}
