//! One's own side of a conversation: what is kept for oneself, on all devices.

use parlour::id::ConversationId;
use serde_json::{Value, json};

use crate::support::{Person, Socket, TestApp};

const UPDATE: &str = "mutation($in: ConversationRef!, $input: UpdateMembershipInput!) {
    updateMembership(conversation: $in, input: $input) {
        own { role notifications mutedUntil archived favorite markedUnread } } }";
const OWN: &str = "query($in: ConversationRef!) { conversation(by: $in) {
    own { role notifications mutedUntil archived favorite markedUnread } } }";
const FEED: &str = "subscription { events { __typename
    ... on MembershipChanged { conversation { id own { archived favorite markedUnread } } } } }";
const READ: &str = "mutation($in: ConversationRef!, $seq: Int!) { markRead(conversation: $in, upToSeq: $seq) {
    lastReadSeq own { markedUnread } } }";

fn untouched() -> Value {
    json!({ "role": "MEMBER", "notifications": "ALL", "mutedUntil": null, "archived": false, "favorite": false,
        "markedUnread": false })
}

async fn update(by: &Person, here: &Value, input: Value) -> Value {
    by.ask(UPDATE, json!({ "in": here, "input": input })).await["updateMembership"]["own"].take()
}

async fn own(by: &Person, here: &Value) -> Value {
    by.ask(OWN, json!({ "in": here })).await["conversation"]["own"].take()
}

async fn follow(person: &Person) -> Socket {
    let mut socket = person.subscribe(FEED, json!({})).await;
    assert_eq!(socket.next_event().await["__typename"], "CaughtUp");
    socket
}

#[tokio::test]
async fn ones_own_side_is_the_same_on_all_devices_and_nobody_elses() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let phone = ada.another_device(&app).await;
    let id = ada.send(&bob, "hello").await["conversationId"].clone();
    let here = json!({ "userId": bob.id });
    assert_eq!(own(&ada, &here).await, untouched());
    let (mut at_phone, mut at_bob) = (follow(&phone).await, follow(&bob).await);

    let input = json!({ "notifications": "MENTIONS", "mutedUntil": "2030-01-01T00:00:00.000Z", "archived": true,
        "favorite": true, "markedUnread": true });
    let changed = update(&ada, &here, input.clone()).await;

    let mut expected = input.clone();
    expected["role"] = json!("MEMBER");
    assert_eq!(changed, expected);
    assert_eq!(own(&phone, &json!({ "conversationId": id })).await, expected);
    let side = json!({ "archived": true, "favorite": true, "markedUnread": true });
    assert_eq!(
        at_phone.next_event().await,
        json!({ "__typename": "MembershipChanged", "conversation": { "id": id, "own": side } })
    );
    assert_eq!(own(&bob, &json!({ "userId": ada.id })).await, untouched());
    // Again is no change, and what is left out stays as it is.
    assert_eq!(update(&ada, &here, input).await, expected);
    assert_eq!(update(&ada, &here, json!({})).await, expected);
    at_phone.stays_silent().await;
    at_bob.stays_silent().await;
    let undone = json!({ "notifications": "ALL", "mutedUntil": null, "archived": false, "favorite": false,
        "markedUnread": false });
    assert_eq!(update(&ada, &here, undone).await, untouched());
    assert_eq!(at_phone.next_event().await["__typename"], "MembershipChanged");
}

#[tokio::test]
async fn a_change_is_replayed() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    ada.send(&bob, "hello").await;
    let before = ada.feed_cursor().await;

    update(&ada, &json!({ "userId": bob.id }), json!({ "favorite": true })).await;

    for person in [&ada, &bob] {
        let query = "subscription($after: String) { events(after: $after) { __typename cursor } }";
        let (events, _) = person.subscribe(query, json!({ "after": before })).await.replay().await;
        let expected = if person.id == ada.id { vec!["MembershipChanged"] } else { Vec::new() };
        assert_eq!(events.iter().map(|event| &event["__typename"]).collect::<Vec<_>>(), expected);
    }
}

#[tokio::test]
async fn a_direct_conversation_comes_back_with_any_message() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    ada.send(&bob, "hello").await;
    let here = json!({ "userId": bob.id });
    update(&ada, &here, json!({ "archived": true })).await;
    let mut at_ada = follow(&ada).await;

    bob.send(&ada, "are you there?").await;

    assert_eq!(own(&ada, &here).await["archived"], false);
    assert_eq!(at_ada.next_event().await["__typename"], "MessageAdded");
    at_ada.stays_silent().await;
    // It can be put back, behind that message.
    assert_eq!(update(&ada, &here, json!({ "archived": true })).await["archived"], true);
    assert_eq!(at_ada.next_event().await["conversation"]["own"]["archived"], true);
}

#[tokio::test]
async fn an_archived_group_stays_where_it_is() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let tea = bob.group("Tea", &[&ada]).await;
    let here = json!({ "conversationId": tea });
    update(&ada, &here, json!({ "archived": true })).await;

    bob.send_to(&tea, "hello").await;

    assert_eq!(own(&ada, &here).await["archived"], true);
}

#[tokio::test]
async fn the_mark_of_what_is_unread_goes_with_the_next_mark_read() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let seq = ada.send(&bob, "hello").await["seq"].clone();
    let here = json!({ "userId": bob.id });
    // The mark is at the newest message, and does not move.
    update(&ada, &here, json!({ "markedUnread": true })).await;
    let mut at_ada = follow(&ada).await;

    let read = ada.ask(READ, json!({ "in": here, "seq": seq })).await["markRead"].take();

    assert_eq!(read, json!({ "lastReadSeq": seq, "own": { "markedUnread": false } }));
    assert_eq!(at_ada.next_event().await["conversation"]["own"]["markedUnread"], false);
    at_ada.stays_silent().await;

    let seq = bob.send(&ada, "hello").await["seq"].clone();
    update(&ada, &here, json!({ "markedUnread": true })).await;
    ada.ask(READ, json!({ "in": here, "seq": seq })).await;
    assert_eq!(own(&ada, &here).await["markedUnread"], false);
    for expected in ["MessageAdded", "MembershipChanged", "ReadMarkMoved", "MembershipChanged"] {
        assert_eq!(at_ada.next_event().await["__typename"], expected);
    }
}

#[tokio::test]
async fn only_members_have_a_side() {
    let app = TestApp::start().await;
    let (ada, bob, eve) = (app.user("Ada").await, app.user("Bob").await, app.user("Eve").await);
    let tea = ada.group("Tea", &[&bob]).await;
    let favorite = json!({ "favorite": true });

    for here in [
        json!({ "conversationId": tea }),
        json!({ "conversationId": ConversationId::new().to_string() }),
        json!({ "userId": ada.id }),
        json!({ "conversationId": "" }),
    ] {
        let refused = eve.refused(UPDATE, json!({ "in": here, "input": favorite })).await;
        assert_eq!(refused, "NOT_FOUND", "{here}");
    }

    // Who comes again begins anew.
    let here = json!({ "conversationId": tea });
    update(&bob, &here, favorite).await;
    bob.remove(&tea, &bob).await;
    ada.add(&tea, &[&bob]).await;
    assert_eq!(own(&bob, &here).await, untouched());
}
