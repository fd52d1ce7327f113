//! What lists cost: a statement for each field that looks something up, however long the list is. Fields of the same
//! kind may share one, so it can be less.

use serde_json::json;

use crate::support::{Person, TestApp};

/// A direct conversation and a group with each of them, with a message and a reply.
async fn talk(ada: &Person, others: &[Person]) {
    for other in others {
        let sent = other.send(ada, "tea?").await;
        ada.send_input(json!({ "to": { "userId": other.id }, "text": "yes", "replyToId": sent["id"] })).await;
        let group = ada.group("Tea", &[other]).await;
        other.send_to(&group, "hello").await;
    }
}

#[tokio::test]
async fn a_page_of_conversations_costs_a_statement_a_field() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let others = [app.user("Bob").await, app.user("Carl").await, app.user("Eve").await, app.user("Fay").await];
    talk(&ada, &others).await;
    talk(&ada, &others).await;

    let sidebar = "{ conversations { pageInfo { hasNextPage } nodes {
        id title lastSeq otherUser { fullName online } memberCount lastReadSeq unreadCount
        lastMessage { text sender { fullName } replyTo { text sender { fullName } } }
        members(first: 5) { nodes { role lastReadSeq user { fullName } } pageInfo { hasNextPage endCursor } } } } }";
    let cost = app.statements(&ada, sidebar).await.len();

    // The list, otherUser, memberCount, lastReadSeq, unreadCount, lastMessage, sender, replyTo, its sender; members are
    // two: whether the viewer may see them, and they.
    assert!(cost <= 11, "{cost}");
}

#[tokio::test]
async fn a_page_of_messages_costs_a_statement_a_field() {
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
    let cost = app.statements(&ada, &history).await.len();

    // Whether the viewer may see it, the page, sender, replyTo, its sender, conversation, unreadCount, otherUser.
    assert!(cost <= 8, "{cost}");
}

#[tokio::test]
async fn a_list_of_devices_costs_a_statement() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    for _ in 0..5 {
        ada.another_device(&app).await;
    }

    let devices = "{ sessions { id current userAgent createdAt lastUsedAt expiresAt } }";

    assert_eq!(app.statements(&ada, devices).await.len(), 1);
}

#[tokio::test]
async fn a_page_of_hits_costs_a_statement_a_field() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    for _ in 0..8 {
        talk(&ada, std::slice::from_ref(&bob)).await;
    }

    let search = "{ searchMessages(query: \"t\") { pageInfo { hasNextPage } nodes {
        text sender { fullName } replyTo { text sender { fullName } } conversation { unreadCount otherUser { fullName } }
        } } }";
    let cost = app.statements(&ada, search).await.len();

    // The viewer's conversations, the page, sender, replyTo, its sender, conversation, unreadCount, otherUser.
    assert!(cost <= 8, "{cost}");
}

#[tokio::test]
async fn a_page_of_people_costs_a_statement_a_field() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    for name in ["Bob", "Carl", "Eve", "Fay", "Gus"] {
        app.user(name).await;
    }

    let people = "{ users { totalCount pageInfo { hasNextPage } nodes { fullName online lastSeenAt email } } }";
    let cost = app.statements(&ada, people).await.len();

    // The page and the count.
    assert_eq!(cost, 2);
}

#[tokio::test]
async fn a_page_of_events_costs_a_statement_a_field() {
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
    let cost = app.statements(&ada, &events).await.len();

    // sender, replyTo, its sender; conversation, unreadCount, lastMessage. What the feed reads is a page at a time.
    assert!(cost <= 6, "{cost}");
}

#[tokio::test]
async fn a_page_of_members_costs_a_statement_a_field() {
    let app = TestApp::start().await;
    let (ada, bob, carl) = (app.user("Ada").await, app.user("Bob").await, app.user("Carl").await);
    let tea = ada.group("Tea", &[&bob, &carl]).await;

    let members = format!(
        "{{ conversation(by: {{ conversationId: \"{tea}\" }}) {{ members {{ pageInfo {{ endCursor }} nodes {{
            role lastReadSeq user {{ fullName online }} }} }} }} }}"
    );
    let cost = app.statements(&ada, &members).await.len();

    // The conversation, whether the viewer may see its members, and they.
    assert!(cost <= 3, "{cost}");
}
