//! All tests in this folder also search the log for secrets (see `support/secrets.rs`); this one shows that they would
//! be found.

use serde_json::json;
use tracing::Level;

use crate::support::{PASSWORD, TestApp, secrets};

#[tokio::test]
async fn the_log_is_captured_and_searched_for_secrets() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    ada.send(&bob, "the treasure is buried under the old oak").await;
    let mut socket = bob.socket().await;
    let variables = json!({ "input": { "to": { "userId": ada.id }, "text": "no, under the elm" } });
    socket.subscribe("1", crate::support::SEND, variables).await;
    socket.next_data("1").await;

    assert!(tracing::enabled!(Level::TRACE));
    for secret in ["the treasure is buried under the old oak", "no, under the elm", PASSWORD, &ada.email, &ada.token] {
        assert!(secrets::found_in(&format!("2026-01-01 INFO sent text={secret:?}")).is_some(), "{secret}");
    }
    assert_eq!(secrets::found_in("2026-01-01 INFO the treasure is buried under the old elm"), None);
}
