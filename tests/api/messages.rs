//! Sending, changing and reading messages.

use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn a_message_is_numbered_and_read_back() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    bob.send(&ada, "hi").await;

    let query = "query($to: ConversationRef!) { messages(conversation: $to) {
        nodes { seq text sender { fullName } } pageInfo { hasNextPage hasPreviousPage } } }";
    let page = ada.ask(query, json!({ "to": { "userId": bob.id } })).await;

    assert_eq!(
        page["messages"],
        json!({
            "nodes": [
                { "seq": 1, "text": "hello", "sender": { "fullName": "Ada" } },
                { "seq": 2, "text": "hi", "sender": { "fullName": "Bob" } },
            ],
            "pageInfo": { "hasNextPage": false, "hasPreviousPage": false },
        })
    );
}
