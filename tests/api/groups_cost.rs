//! What changes of a group of a thousand write: the same as in a small one, but for those who come.

use async_graphql::Request;
use parlour::entity::{feed_event, membership, message};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::json;

use crate::support::TestApp;

/// What a document wrote: statements, rows of the log and messages.
#[derive(Debug, PartialEq, Eq)]
struct Written {
    statements: usize,
    events: u64,
    messages: u64,
}

/// Whether a statement reads every membership of a conversation, in place of those of some people or counting them.
fn reads_all_members(sql: &str) -> bool {
    let Some((columns, filter)) = sql.split_once(" FROM \"membership\" WHERE ") else { return false };
    !columns.contains("COUNT(") && !["\"user_id\"", "\"role\" =", "LIMIT"].iter().any(|bound| filter.contains(bound))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_a_group_of_a_thousand_writes_a_few_rows() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let crowd = app.crowd(999).await;
    let create = "mutation($members: [ID!]!) {
        createConversation(input: { title: \"Crowd\", memberIds: $members }) { id } }";
    let made = ada.ask(create, json!({ "members": crowd })).await;
    let group = made["createConversation"]["id"].as_str().expect("an id").to_owned();
    let sent = ada.send_to(&group, "hello").await["id"].as_str().expect("an id").to_owned();
    let database = app.database().await;
    let rows = || async {
        let events = feed_event::Entity::find().count(&database).await.expect("a count");
        (events, message::Entity::find().count(&database).await.expect("a count"))
    };
    assert_eq!(membership::Entity::find().count(&database).await.expect("a count"), 1_000);
    let counted = app.counted().await.with_its_feed().await;

    for (document, expected) in [
        (format!("mutation {{ updateConversation(id: \"{group}\", title: \"Tea\") {{ id }} }}"), (2, 1)),
        (format!("mutation {{ updateConversation(id: \"{group}\", posting: ADMINS) {{ id }} }}"), (1, 0)),
        (
            format!(
                "mutation {{ setMemberRole(conversationId: \"{group}\", userId: \"{}\", role: ADMIN) {{ role }} }}",
                crowd[0]
            ),
            (2, 1),
        ),
        (format!("mutation {{ pinMessage(messageId: \"{sent}\") {{ id }} }}"), (2, 1)),
        (format!("mutation {{ unpinMessage(messageId: \"{sent}\") {{ id }} }}"), (1, 0)),
        (
            format!(
                "mutation {{ updateMembership(conversation: {{ conversationId: \"{group}\" }},
                    input: {{ archived: true }}) {{ id }} }}"
            ),
            (1, 0),
        ),
        (
            format!("mutation {{ removeMember(conversationId: \"{group}\", userId: \"{}\") {{ id }} }}", crowd[1]),
            (3, 1),
        ),
    ] {
        let (events, messages) = rows().await;
        drop(counted.take());
        let caller = counted.caller(&ada.token).await;
        let answer = counted.api.execute(Request::new(&document), caller).await.response;
        assert!(answer.is_ok(), "{document}: {answer:?}");
        let statements = counted.take();
        for statement in &statements {
            assert!(!reads_all_members(&statement.sql), "{document}: {}", statement.sql);
        }
        let statements = statements.len();
        let (events_now, messages_now) = rows().await;
        let written = Written { statements, events: events_now - events, messages: messages_now - messages };
        assert_eq!((written.events, written.messages), expected, "{document}: {written:?}");
        // However many are in the group: a statement for each table, and those of the transaction.
        assert!(statements <= 30, "{document}: {written:?}");
    }
    counted.finish().await;
}
