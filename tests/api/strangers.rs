//! What belongs to others does not exist for a stranger: the answer has the same bytes as for an unknown id.

use serde_json::{Value, json};

use crate::support::{Person, TestApp};

const NOTHING: &str = "019bfc3e-0000-7000-8000-00000000000a";
const FIELDS: &str = "id title otherUser { id } lastMessage { text } lastSeq unreadCount memberCount
    members { nodes { user { id } } } messages { nodes { text } }";

/// Ada and Bob's conversation and a message in it, and Eve, who is in neither.
struct Scene {
    ada: Person,
    eve: Person,
    conversation: String,
    message: String,
}

impl Scene {
    async fn set(app: &TestApp) -> Self {
        let (ada, bob, eve) = (app.user("Ada").await, app.user("Bob").await, app.user("Eve").await);
        let sent = ada.send(&bob, "a secret").await;
        let text = |value: &Value| value.as_str().expect("an id").to_owned();
        Self { ada, eve, conversation: text(&sent["conversationId"]), message: text(&sent["id"]) }
    }

    /// Eve's answer for an id of theirs, which has to be the same as for an id of nothing.
    async fn answer(&self, query: &str, variables: impl Fn(&str) -> Value, id: &str) -> Value {
        let theirs = self.eve.bytes(query, variables(id)).await;
        assert_eq!(theirs, self.eve.bytes(query, variables(NOTHING)).await, "{query}");
        serde_json::from_str(&theirs).expect("JSON")
    }
}

#[tokio::test]
async fn a_strangers_conversation_is_null() {
    let app = TestApp::start().await;
    let scene = Scene::set(&app).await;
    let query = format!("query($id: ID!) {{ conversation(by: {{ conversationId: $id }}) {{ {FIELDS} }} }}");

    let answer = scene.answer(&query, |id| json!({ "id": id }), &scene.conversation).await;

    assert_eq!(answer, json!({ "data": { "conversation": null } }));
}

#[tokio::test]
async fn a_strangers_history_is_empty_by_every_window() {
    let app = TestApp::start().await;
    let scene = Scene::set(&app).await;
    let query = "query($id: ID!, $first: Int, $after: String, $last: Int, $before: String, $aroundSeq: Int) {
        messages(conversation: { conversationId: $id }, first: $first, after: $after, last: $last, before: $before,
            aroundSeq: $aroundSeq) {
            nodes { text } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";
    let own = scene.ada.ask(query, json!({ "id": scene.conversation })).await;
    let cursor = &own["messages"]["pageInfo"]["endCursor"];
    let info = json!({ "hasNextPage": false, "hasPreviousPage": false, "startCursor": null, "endCursor": null });

    for arguments in [
        json!({}),
        json!({ "first": 1 }),
        json!({ "last": 1, "before": cursor }),
        json!({ "first": 1, "after": cursor }),
        json!({ "aroundSeq": 1 }),
    ] {
        let with = |id: &str| {
            let mut arguments = arguments.clone();
            arguments["id"] = json!(id);
            arguments
        };
        let answer = scene.answer(query, with, &scene.conversation).await;
        assert_eq!(answer, json!({ "data": { "messages": { "nodes": [], "pageInfo": info } } }), "{arguments}");
    }
}

#[tokio::test]
async fn a_strangers_message_is_null() {
    let app = TestApp::start().await;
    let scene = Scene::set(&app).await;
    let query =
        format!("query($id: ID!) {{ message(id: $id) {{ text replyTo {{ text }} conversation {{ {FIELDS} }} }} }}");

    let answer = scene.answer(&query, |id| json!({ "id": id }), &scene.message).await;

    assert_eq!(answer, json!({ "data": { "message": null } }));
}

#[tokio::test]
async fn a_strangers_mutations_are_not_found() {
    let app = TestApp::start().await;
    let scene = Scene::set(&app).await;
    let bob = "{ conversationId: $id }";

    for (mutation, id) in [
        (format!("markRead(conversation: {bob}, upToSeq: 1) {{ lastSeq }}"), &scene.conversation),
        (format!("sendMessage(input: {{ to: {bob}, text: \"hi\" }}) {{ id }}"), &scene.conversation),
        ("editMessage(id: $id, text: \"mine\") { id }".to_owned(), &scene.message),
        ("deleteMessage(id: $id) { id }".to_owned(), &scene.message),
    ] {
        let query = format!("mutation($id: ID!) {{ {mutation} }}");
        let answer = scene.answer(&query, |id| json!({ "id": id }), id).await;
        assert_eq!(answer["errors"][0]["extensions"], json!({ "code": "NOT_FOUND" }), "{mutation}");
    }
}

#[tokio::test]
async fn every_change_of_a_strangers_group_is_not_found() {
    let app = TestApp::start().await;
    let scene = Scene::set(&app).await;
    let (ada, eve) = (&scene.ada, &scene.eve);
    let group = ada.group("Secrets", &[]).await;

    for mutation in [
        "updateConversation(id: $id, title: \"Mine\") { title }".to_owned(),
        "updateConversation(id: $id, title: \"Secrets\") { title }".to_owned(),
        "updateConversation(id: $id, title: \"\") { title }".to_owned(),
        format!("addMembers(conversationId: $id, userIds: [\"{}\"]) {{ memberCount }}", eve.id),
        format!("addMembers(conversationId: $id, userIds: [\"{}\"]) {{ memberCount }}", ada.id),
        "addMembers(conversationId: $id, userIds: []) { memberCount }".to_owned(),
        format!("removeMember(conversationId: $id, userId: \"{}\") {{ memberCount }}", ada.id),
        format!("removeMember(conversationId: $id, userId: \"{}\") {{ memberCount }}", eve.id),
    ] {
        let query = format!("mutation($id: ID!) {{ {mutation} }}");
        let answer = scene.answer(&query, |id| json!({ "id": id }), &group).await;
        let expected = if mutation.contains("\"\"") { "BAD_USER_INPUT" } else { "NOT_FOUND" };
        assert_eq!(answer["errors"][0]["extensions"]["code"], expected, "{mutation}");
    }

    assert_eq!(ada.members(&group).await, ["Ada*"]);
}

#[tokio::test]
async fn a_reply_to_a_strangers_message_is_not_found() {
    let app = TestApp::start().await;
    let scene = Scene::set(&app).await;
    let query = "mutation($to: ID!, $id: ID!) {
        sendMessage(input: { to: { userId: $to }, text: \"hi\", replyToId: $id }) { replyTo { text } } }";

    let answer = scene.answer(query, |id| json!({ "to": scene.ada.id, "id": id }), &scene.message).await;

    assert_eq!(answer["errors"][0]["extensions"]["code"], "NOT_FOUND");
}

#[tokio::test]
async fn nothing_of_a_strangers_conversation_is_in_lists_or_the_feed() {
    let app = TestApp::start().await;
    let scene = Scene::set(&app).await;
    let (before, mut at_eve) = (scene.eve.feed_cursor().await, scene.eve.follow().await);

    scene.ada.send_to(&scene.conversation, "more").await;
    let edit = "mutation($id: ID!) { editMessage(id: $id, text: \"other\") { id } }";
    scene.ada.ask(edit, json!({ "id": scene.message })).await;

    at_eve.stays_silent().await;
    let lists = "query($after: String!) { conversations { nodes { id } } unread { messages conversations }
        events(after: $after) { events { __typename } } }";
    assert_eq!(
        scene.eve.ask(lists, json!({ "after": before })).await,
        json!({
            "conversations": { "nodes": [] },
            "unread": { "messages": 0, "conversations": 0 },
            "events": { "events": [] },
        })
    );
}
