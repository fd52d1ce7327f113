//! A group of everybody on a large server: above the thousand members that groups have without a setting.

use serde_json::{Value, json};

use crate::support::{ADD, Ear, TestApp, soon};

const PEOPLE: usize = 1_400;
const LIMIT: usize = PEOPLE + 1;
const EVENTS: &str = "subscription { events { __typename ... on MessageAdded { message { text } } } }";

async fn server() -> TestApp {
    TestApp::start_with(&[("GROUP_MEMBERS", &LIMIT.to_string())]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_announcement_group_for_everybody() {
    let app = server().await;
    let ada = app.user("Ada").await;
    let crowd = app.crowd(PEOPLE).await;
    let group = ada.group("Everybody", &[]).await;
    for some in crowd.chunks(700) {
        ada.ask(ADD, json!({ "id": group, "people": some })).await;
    }
    let posting = "mutation($id: ID!) { updateConversation(id: $id, posting: ADMINS) { memberCount posting } }";
    let set = ada.ask(posting, json!({ "id": group })).await;
    assert_eq!(set["updateConversation"], json!({ "memberCount": PEOPLE + 1, "posting": "ADMINS" }));
    let limits = "{ serverInfo { limits { groupMembers } } }";
    assert_eq!(ada.ask(limits, json!({})).await["serverInfo"]["limits"]["groupMembers"], LIMIT);

    // One more than the setting says, and more than one request takes.
    let one = app.user("One too many").await;
    assert_eq!(ada.fails(ADD, json!({ "id": group, "people": [one.id] })).await, "BAD_USER_INPUT");
    assert_eq!(ada.fails(ADD, json!({ "id": group, "people": crowd[..1_001] })).await, "BAD_USER_INPUT");

    // Its members come by pages.
    let page = "query($id: ID!, $after: String) { conversation(by: { conversationId: $id }) {
        members(first: 100, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } } }";
    let (mut seen, mut after) = (0, Value::Null);
    loop {
        let mut answer = ada.ask(page, json!({ "id": group, "after": after })).await;
        let members = answer["conversation"]["members"].take();
        seen += members["nodes"].as_array().expect("a list").len();
        after = members["pageInfo"]["endCursor"].clone();
        if members["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(seen, PEOPLE + 1);

    // The first and the last to come hear what is announced; they may not write.
    let tokens = app.sign_in(&[crowd[0].clone(), crowd[PEOPLE - 1].clone()]).await;
    let counted = app.counted().await;
    let mut ears = Vec::new();
    for token in &tokens {
        let mut ear = Ear::listen(&counted, token, EVENTS).await;
        assert!(soon(ear.next()).await.contains("CaughtUp"));
        ears.push(ear);
    }
    ada.send_to(&group, "hello everybody").await;
    for ear in &mut ears {
        while !soon(ear.next()).await.contains("hello everybody") {}
    }
    let write = json!({ "input": { "to": { "conversationId": group }, "text": "me too" } });
    let refused = app.execute(Some(&tokens[1]), crate::support::SEND, write).await;
    assert_eq!(crate::support::code(&refused), "FORBIDDEN");
    drop(ears);
    counted.finish().await;
}
