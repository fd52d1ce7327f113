//! How many statements lists cost, however long the list is. Each test also checks the length of the list: an empty one
//! costs less.

use parlour::db::HOT_READS;
use sea_orm::Statement;
use serde_json::{Value, json};

use crate::support::{Person, TestApp, is_postgres};

/// Checks the number of statements. On PostgreSQL that is one for each field that looks something up, or fewer where the
/// answers come in such an order that fields of the same kind share one. On SQLite single rows are found by hot reads, on
/// the spot and each when it is needed; `travel` counts the others.
fn cost(statements: &[Statement], on_sqlite: Sqlite, on_postgres: usize) {
    let hot = statements.iter().filter(|statement| HOT_READS.contains(&statement.sql.as_str())).count();
    let travel = statements.len() - hot;
    if is_postgres() {
        assert!(travel <= on_postgres && hot == 0, "{travel} and {hot}");
    } else {
        assert_eq!(Sqlite { travel, hot }, on_sqlite);
    }
}

/// Numbers of statements.
#[derive(PartialEq, Eq, Debug)]
struct Sqlite {
    travel: usize,
    hot: usize,
}

/// The length of the list at this place of an answer. Fails where an item lacks one of the `fields`: a field that
/// resolves to null may cost nothing.
fn complete(answer: &Value, list: &str, fields: &[&str]) -> usize {
    let items = answer.pointer(list).and_then(Value::as_array).unwrap_or_else(|| panic!("no {list} in {answer}"));
    for field in fields {
        assert!(
            items.iter().any(|item| item.pointer(field).is_some_and(|value| !value.is_null())),
            "no {field}: {answer}"
        );
    }
    items.len()
}

/// A direct conversation and a group with each of the others, with a message and a reply.
async fn talk(ada: &Person, others: &[Person]) {
    for other in others {
        let sent = other.send(ada, "tea?").await;
        ada.send_input(json!({ "to": { "userId": other.id }, "text": "yes", "replyToId": sent["id"] })).await;
        let group = ada.group("Tea", &[other]).await;
        other.send_to(&group, "hello").await;
    }
}

#[tokio::test]
async fn a_page_of_conversations_costs_one_statement_per_field() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let others = [app.user("Bob").await, app.user("Carl").await, app.user("Eve").await, app.user("Fay").await];
    talk(&ada, &others).await;
    talk(&ada, &others).await;

    let sidebar = "{ conversations { pageInfo { hasNextPage } nodes {
        id title lastSeq otherUser { fullName online } memberCount viewerCan lastReadSeq unreadCount
        lastMessage { text sender { fullName } replyTo { text sender { fullName } } }
        members(first: 5) { nodes { role lastReadSeq user { fullName } } pageInfo { hasNextPage endCursor } } } } }";
    let (answer, statements) = app.statements(&ada, sidebar).await;

    let fields = ["/otherUser/fullName", "/lastMessage/sender/fullName", "/lastMessage/replyTo/sender/fullName"];
    assert_eq!(complete(&answer, "/conversations/nodes", &fields), 12);
    assert_eq!(complete(&answer, "/conversations/nodes/0/members/nodes", &["/user/fullName"]), 2);

    // The list, otherUser, memberCount, lastReadSeq, unreadCount (and what of it does not count), lastMessage, sender, replyTo,
    // its sender, blocks; viewerCan and members are two each: who is there and in no block, and whether the viewer may see the
    // members, and the members. Of SQLite's hot reads, one is the list with all of its newest messages and counts, one all of
    // their people, one whom the viewer can reach, and one how many members there are; the others are of what was replied to,
    // and of the blocks with each person who may be online.
    cost(&statements, Sqlite { travel: 1, hot: 17 }, 13);
}

#[tokio::test]
async fn a_page_of_messages_costs_one_statement_per_field() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    for _ in 0..8 {
        talk(&ada, std::slice::from_ref(&bob)).await;
    }

    let history = format!(
        "{{ messages(conversation: {{ userId: \"{}\" }}) {{ pageInfo {{ hasPreviousPage }} nodes {{
            text sender {{ fullName }} replyTo {{ text sender {{ fullName }} }}
            conversation {{ unreadCount otherUser {{ fullName }} }} }} }} }}",
        bob.id
    );
    let (answer, statements) = app.statements(&ada, &history).await;

    let fields = ["/sender/fullName", "/replyTo/sender/fullName", "/conversation/otherUser/fullName"];
    assert_eq!(complete(&answer, "/messages/nodes", &fields), 17);

    // Whether the viewer may see it, the page, sender, replyTo, its sender, conversation, unreadCount, otherUser.
    cost(&statements, Sqlite { travel: 0, hot: 70 }, 8);
}

#[tokio::test]
async fn a_list_of_devices_costs_one_statement() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    for _ in 0..5 {
        ada.another_device(&app).await;
    }

    let devices = "{ sessions { id current userAgent createdAt lastUsedAt expiresAt } }";

    let (answer, statements) = app.statements(&ada, devices).await;

    assert_eq!(complete(&answer, "/sessions", &[]), 6);
    assert_eq!(statements.len(), 1);
}

#[tokio::test]
async fn a_page_of_search_results_costs_one_statement_per_field() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    for _ in 0..8 {
        talk(&ada, std::slice::from_ref(&bob)).await;
    }

    let search = "{ searchMessages(query: \"t\") { pageInfo { hasNextPage } nodes {
        text sender { fullName } replyTo { text sender { fullName } } conversation { unreadCount otherUser { fullName } }
        } } }";
    let (answer, statements) = app.statements(&ada, search).await;

    let fields = ["/sender/fullName", "/conversation/otherUser/fullName"];
    assert_eq!(complete(&answer, "/searchMessages/nodes", &fields), 8);

    // The sender, conversation, unreadCount, and two for otherUser: who it is, and the person. What the search itself reads
    // is not recorded.
    cost(&statements, Sqlite { travel: 0, hot: 25 }, 5);
}

#[tokio::test]
async fn a_page_of_people_costs_one_statement_per_field() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    for name in ["Bob", "Carl", "Eve", "Fay", "Gus"] {
        app.user(name).await;
    }

    let people = "{ users { totalCount pageInfo { hasNextPage } nodes { fullName online lastSeenAt email } } }";
    let (answer, statements) = app.statements(&ada, people).await;

    assert_eq!(complete(&answer, "/users/nodes", &["/fullName"]), 5);
    // The page, the count, and blocks.
    cost(&statements, Sqlite { travel: 2, hot: 5 }, 3);
}

#[tokio::test]
async fn a_page_of_events_costs_one_statement_per_field() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let before = ada.feed_cursor().await;
    for _ in 0..8 {
        talk(&ada, std::slice::from_ref(&bob)).await;
    }

    let events = format!(
        "{{ events(after: \"{before}\") {{ events {{
            ... on MessageAdded {{ message {{ text sender {{ fullName }} replyTo {{ text sender {{ fullName }} }} }} }}
            ... on ConversationChanged {{ conversation {{ title unreadCount lastMessage {{ text }} }} }} }} }} }}"
    );
    let (answer, statements) = app.statements(&ada, &events).await;

    let fields = ["/message/sender/fullName", "/message/replyTo/sender/fullName", "/conversation/lastMessage/text"];
    assert_eq!(complete(&answer, "/events/events", &fields), 40);

    // sender, replyTo, its sender; conversation, unreadCount, lastMessage. The feed itself reads a page at a time.
    cost(&statements, Sqlite { travel: 0, hot: 80 }, 7);
}

#[tokio::test]
async fn a_page_of_members_costs_one_statement_per_field() {
    let app = TestApp::start().await;
    let (ada, bob, carl) = (app.user("Ada").await, app.user("Bob").await, app.user("Carl").await);
    let tea = ada.group("Tea", &[&bob, &carl]).await;

    let members = format!(
        "{{ conversation(by: {{ conversationId: \"{tea}\" }}) {{ members {{ pageInfo {{ endCursor }} nodes {{
            role lastReadSeq user {{ fullName online }} }} }} }} }}"
    );
    let (answer, statements) = app.statements(&ada, &members).await;

    assert_eq!(complete(&answer, "/conversation/members/nodes", &["/user/fullName"]), 3);

    // The conversation, whether the viewer may see its members, the members, and blocks with each.
    cost(&statements, Sqlite { travel: 1, hot: 5 }, 4);
}
