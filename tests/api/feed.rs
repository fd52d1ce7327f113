//! The feed: live, resumed, and as pages.

use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn a_first_message_is_heard_by_both() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let (mut at_ada, mut at_bob) = (ada.follow().await, bob.follow().await);

    let sent = ada.send(&bob, "hello").await;

    for socket in [&mut at_ada, &mut at_bob] {
        let added = socket.next_event().await;
        assert_eq!((&added["__typename"], &added["change"]), (&json!("ConversationChanged"), &json!("ADDED")));
        let heard = socket.next_event().await;
        assert_eq!(heard["message"]["id"], sent["id"]);
        assert_eq!(heard["cursor"], sent["feedCursor"]);
        socket.stays_silent().await;
    }
}
