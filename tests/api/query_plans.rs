//! How the database finds things: by an index, however long the history is.

use serde_json::json;

use crate::support::{Person, TestApp};

/// What the pages of a chat ask all the time, with a person's id for `PERSON` and their conversation's for `HERE`.
const HOT: [&str; 9] = [
    "{ conversations { nodes { unreadCount memberCount otherUser { fullName } lastMessage { text sender { fullName } }
        members(first: 5) { nodes { user { fullName } } } } pageInfo { hasNextPage } } }",
    "{ unread { messages conversations } feedCursor }",
    "{ messages(conversation: { userId: \"PERSON\" }) { nodes { text sender { fullName } replyTo { text } } } }",
    "{ messages(conversation: { conversationId: \"HERE\" }, last: 5, aroundSeq: 3) { nodes { text } } }",
    "{ conversation(by: { conversationId: \"HERE\" }) { members { nodes { user { fullName } } } messages { nodes { text } } } }",
    "{ message(id: \"MESSAGE\") { text } }",
    "{ users { nodes { fullName } } }",
    "{ user(id: \"PERSON\") { fullName } }",
    "{ me { fullName } }",
];

/// Steps that read a whole table, where the plan says so. What is read of a list of conversations, of a subquery or of
/// one row is as long as that.
fn reads_all(step: &str) -> bool {
    let small = ["SCAN mine", "SCAN missed", "SCAN ranked", "SCAN e", "SCAN CONSTANT ROW", "SCAN (subquery"];
    step.contains("SCAN ") && !step.contains(" INDEX ") && !small.iter().any(|known| step.starts_with(known))
}

async fn set(app: &TestApp) -> (Person, impl Fn(&str) -> String) {
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let cursor = ada.feed_cursor().await;
    let sent = bob.send(&ada, "tea?").await;
    ada.send_input(json!({ "to": { "userId": bob.id }, "text": "yes", "replyToId": sent["id"] })).await;
    let text = |name: &str| sent[name].as_str().expect("an id").to_owned();
    let (here, message) = (text("conversationId"), text("id"));
    let named = move |document: &str| {
        document
            .replace("PERSON", &bob.id)
            .replace("HERE", &here)
            .replace("MESSAGE", &message)
            .replace("CURSOR", &cursor)
    };
    (ada, named)
}

#[tokio::test]
async fn no_hot_query_reads_a_whole_table() {
    let app = TestApp::start().await;
    let (ada, named) = set(&app).await;

    for document in HOT {
        let statements = app.statements(&ada, &named(document)).await;
        assert!(!statements.is_empty(), "{document} asks nothing");
        for statement in statements {
            let sql = statement.sql.clone();
            let plan = app.plan(statement).await;
            assert!(!plan.iter().any(|step| reads_all(step)), "{document}\n{sql}\n{plan:#?}");
        }
    }
}
