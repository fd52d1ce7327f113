//! Whom messages call; and what apps add to messages.

use std::slice::from_ref;

use parlour::id::MessageId;
use serde_json::{Value, json};

use crate::support::{PASSWORD, Person, TestApp};

const EDIT: &str = "mutation($id: ID!, $text: String!, $people: [ID!], $data: JSON) {
    editMessage(id: $id, text: $text, mentionIds: $people, metadata: $data) {
        version text metadata mentions { fullName } mentionsEveryone } }";

/// Ada's group with the others.
async fn group(app: &TestApp) -> (Person, Person, Person, String) {
    let (ada, bob, carl) = (app.user("Ada").await, app.user("Bob").await, app.user("Carl").await);
    let group = ada.group("Tea", &[&bob, &carl]).await;
    (ada, bob, carl, group)
}

fn calling(group: &str, people: &[&Person]) -> Value {
    let ids: Vec<&str> = people.iter().map(|person| person.id.as_str()).collect();
    json!({ "to": { "conversationId": group }, "text": "tea?", "mentionIds": ids })
}

/// What a person sees that calls them: in the group, in all, on the badge; and the texts of `mentions`.
async fn called(person: &Person, group: &str) -> (i64, i64, i64, usize) {
    let query = "query($id: ID!) { conversation(by: { conversationId: $id }) { unreadMentionCount }
        unread { mentions badge } mentions { nodes { id } } }";
    let seen = person.ask(query, json!({ "id": group })).await;
    let number = |value: &Value| value.as_i64().unwrap_or_else(|| panic!("{seen}"));
    let listed = seen["mentions"]["nodes"].as_array().map_or(0, Vec::len);
    (
        number(&seen["conversation"]["unreadMentionCount"]),
        number(&seen["unread"]["mentions"]),
        number(&seen["unread"]["badge"]),
        listed,
    )
}

async fn read(person: &Person, group: &str) {
    let query = "mutation($id: ID!) { markRead(conversation: { conversationId: $id }, upToSeq: 1000) { id } }";
    person.ask(query, json!({ "id": group })).await;
}

#[tokio::test]
async fn a_message_calls_those_who_are_named() {
    let app = TestApp::start().await;
    let (ada, bob, carl, group) = group(&app).await;

    let sent = ada.send_input(calling(&group, &[&bob, &bob, &ada])).await;

    let query = "query($id: ID!) { message(id: $id) { mentions { fullName } mentionsEveryone } }";
    let seen = carl.ask(query, json!({ "id": sent["id"] })).await["message"].take();
    assert_eq!(seen, json!({ "mentions": [{ "fullName": "Bob" }, { "fullName": "Ada" }], "mentionsEveryone": false }));
    assert_eq!(called(&bob, &group).await, (1, 1, 1, 1));
    assert_eq!(called(&carl, &group).await, (0, 0, 0, 0));
    assert_eq!(called(&ada, &group).await, (0, 0, 0, 0));
    read(&bob, &group).await;
    assert_eq!(called(&bob, &group).await, (0, 0, 0, 1));
}

#[tokio::test]
async fn everybody_is_called_at_once() {
    let app = TestApp::start().await;
    let (ada, bob, carl, group) = group(&app).await;
    let input =
        json!({ "to": { "conversationId": group }, "text": "all!", "mentionEveryone": true, "mentionIds": [bob.id] });

    bob.send_input(input).await;

    for person in [&ada, &carl] {
        assert_eq!(called(person, &group).await, (1, 1, 1, 1), "{}", person.name);
    }
    assert_eq!(called(&bob, &group).await, (0, 0, 0, 0));
    let dora = app.user("Dora").await;
    ada.add(&group, &[&dora]).await;
    assert_eq!(called(&dora, &group).await, (0, 0, 0, 0), "who came later was not called");
}

#[tokio::test]
async fn in_a_group_of_more_than_20_admins_call_everybody() {
    let app = TestApp::start().await;
    let (ada, bob, ..) = group(&app).await;
    let crowd = app.crowd(19).await;
    let create =
        "mutation($members: [ID!]!) { createConversation(input: { title: \"Crowd\", memberIds: $members }) { id } }";
    let mut answers = Vec::new();
    for guests in [&crowd[..18], &crowd[..]] {
        let members: Vec<&String> = guests.iter().chain([&bob.id]).collect();
        let made = ada.ask(create, json!({ "members": members })).await["createConversation"]["id"].take();
        let input = json!({ "to": { "conversationId": made }, "text": "all!", "mentionEveryone": true });
        for person in [&bob, &ada] {
            let answer = person.execute(crate::support::SEND, json!({ "input": input })).await;
            answers.push(answer["errors"][0]["extensions"]["code"].clone());
        }
    }
    assert_eq!(answers, [Value::Null, Value::Null, json!("FORBIDDEN"), Value::Null]);
}

#[tokio::test]
async fn up_to_50_members_are_named() {
    let app = TestApp::start().await;
    let (ada, bob, _, _) = group(&app).await;
    let (crowd, stranger) = (app.crowd(51).await, app.user("Eve").await);
    let create =
        "mutation($members: [ID!]!) { createConversation(input: { title: \"Crowd\", memberIds: $members }) { id } }";
    let made = ada.ask(create, json!({ "members": crowd })).await["createConversation"]["id"].take();
    let group = made.as_str().expect("an id");
    let input = |ids: &[String]| json!({ "to": { "conversationId": group }, "text": "tea?", "mentionIds": ids });

    let sent = ada.send_input(input(&crowd[..50])).await;
    let query = "query($id: ID!) { message(id: $id) { mentions { id } } }";
    let shown = ada.ask(query, json!({ "id": sent["id"] })).await["message"]["mentions"].take();
    assert_eq!(shown.as_array().map(Vec::len), Some(10));
    for wrong in [&crowd[..], from_ref(&stranger.id), from_ref(&bob.id), &["junk".to_owned()]] {
        let refused = ada.refused(crate::support::SEND, json!({ "input": input(wrong) })).await;
        assert_eq!(refused, "BAD_USER_INPUT at mentionIds");
        let refused = ada.refused(EDIT, json!({ "id": sent["id"], "text": "tea", "people": wrong })).await;
        assert_eq!(refused, "BAD_USER_INPUT at mentionIds");
    }
}

#[tokio::test]
async fn the_first_message_of_a_direct_conversation_calls_its_reader() {
    let app = TestApp::start().await;
    let (ada, bob, carl) = (app.user("Ada").await, app.user("Bob").await, app.user("Carl").await);
    let input = |person: &Person| json!({ "to": { "userId": bob.id }, "text": "hi", "mentionIds": [person.id] });

    assert_eq!(
        ada.refused(crate::support::SEND, json!({ "input": input(&carl) })).await,
        "BAD_USER_INPUT at mentionIds"
    );
    let sent = ada.send_input(input(&bob)).await;
    ada.send(&bob, "and tea?").await;

    // All of a direct conversation is on the badge.
    assert_eq!(called(&bob, sent["conversationId"].as_str().expect("an id")).await, (1, 1, 2, 1));
}

#[tokio::test]
async fn an_edit_replaces_the_list_and_calls_who_is_new() {
    let app = TestApp::start().await;
    let (ada, bob, carl, group) = group(&app).await;
    let sent = ada.send_input(calling(&group, &[&bob])).await;
    let edit = async |variables: Value| ada.ask(EDIT, variables).await["editMessage"].take();

    let edited = edit(json!({ "id": sent["id"], "text": "tea?", "people": [carl.id] })).await;
    assert_eq!((&edited["version"], &edited["mentions"]), (&json!(2), &json!([{ "fullName": "Carl" }])));
    assert_eq!((called(&bob, &group).await, called(&carl, &group).await), ((0, 0, 0, 0), (1, 1, 1, 1)));

    read(&carl, &group).await;
    let both = json!({ "id": sent["id"], "text": "tea?", "people": [carl.id, bob.id] });
    edit(both.clone()).await;
    assert_eq!((called(&bob, &group).await, called(&carl, &group).await), ((1, 1, 1, 1), (0, 0, 0, 1)));
    assert_eq!(edit(both).await["version"], 3, "the same again is no new version");

    let left_out = edit(json!({ "id": sent["id"], "text": "milk?" })).await;
    assert_eq!(left_out["mentions"].as_array().map(Vec::len), Some(2));
    ada.remove(&group, &bob).await;
    let kept = edit(json!({ "id": sent["id"], "text": "milk!", "people": [bob.id] })).await;
    assert_eq!(kept["mentions"], json!([{ "fullName": "Bob" }]), "who has left may stay");
    assert_eq!(edit(json!({ "id": sent["id"], "text": "milk!", "people": [] })).await["mentions"], json!([]));
}

#[tokio::test]
async fn a_deleted_message_calls_nobody() {
    let app = TestApp::start().await;
    let (ada, bob, carl, group) = group(&app).await;
    let sent = ada.send_input(calling(&group, &[&bob])).await;
    let mut all = calling(&group, &[]);
    all["mentionEveryone"] = json!(true);
    let everybody = ada.send_input(all).await;
    carl.send_input(calling(&group, &[&bob])).await;
    assert_eq!(called(&bob, &group).await, (3, 3, 3, 3));

    for message in [&sent, &everybody] {
        let query = "mutation($id: ID!) { deleteMessage(id: $id) { mentions { id } mentionsEveryone metadata type } }";
        let tombstone = ada.ask(query, json!({ "id": message["id"] })).await["deleteMessage"].take();
        let nothing = json!({ "mentions": [], "mentionsEveryone": false, "metadata": null, "type": null });
        assert_eq!(tombstone, nothing);
    }
    assert_eq!(called(&bob, &group).await, (1, 1, 1, 1));
    carl.ask("mutation($password: String!) { deleteAccount(password: $password) }", json!({ "password": PASSWORD }))
        .await;
    assert_eq!(called(&bob, &group).await, (0, 0, 0, 0));
}

#[tokio::test]
async fn who_has_left_is_not_called() {
    let app = TestApp::start().await;
    let (ada, bob, _, group) = group(&app).await;
    ada.send_input(calling(&group, &[&bob])).await;
    ada.remove(&group, &bob).await;

    let seen = bob.ask("{ unread { mentions badge } mentions { nodes { id } } }", json!({})).await;
    assert_eq!(seen, json!({ "unread": { "mentions": 0, "badge": 0 }, "mentions": { "nodes": [] } }));
    ada.add(&group, &[&bob]).await;
    assert_eq!(called(&bob, &group).await, (0, 0, 0, 1));
}

#[tokio::test]
async fn mentions_come_in_pages_newest_first() {
    let app = TestApp::start().await;
    let (ada, bob, _, group) = group(&app).await;
    for number in 0..5 {
        let to = if number % 2 == 0 { json!({ "conversationId": group }) } else { json!({ "userId": bob.id }) };
        let everyone = number == 2;
        let ids = if everyone { json!([]) } else { json!([bob.id]) };
        let text = number.to_string();
        ada.send_input(json!({ "to": to, "text": text, "mentionIds": ids, "mentionEveryone": everyone })).await;
        ada.send(&bob, "nobody").await;
    }
    let query = "query($after: String) { mentions(first: 2, after: $after) {
        nodes { text sender { fullName } } pageInfo { endCursor hasNextPage hasPreviousPage } } }";
    let (mut texts, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = bob.ask(query, json!({ "after": after })).await["mentions"].take();
        let nodes = page["nodes"].as_array().expect("a list").clone();
        texts.extend(nodes.iter().map(|node| node["text"].clone()));
        assert_eq!(page["pageInfo"]["hasPreviousPage"], !after.is_null());
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(texts, ["4", "3", "2", "1", "0"]);
    assert_eq!(bob.refused("{ mentions(first: 101) { nodes { id } } }", json!({})).await, "BAD_USER_INPUT at first");
    assert_eq!(
        bob.refused("{ mentions(after: \"junk\") { nodes { id } } }", json!({})).await,
        "BAD_USER_INPUT at after"
    );
}

#[tokio::test]
async fn what_is_muted_is_not_on_the_badge() {
    let app = TestApp::start().await;
    let (ada, bob, _, group) = group(&app).await;
    ada.send_input(calling(&group, &[&bob])).await;
    ada.send(&bob, "hi").await;
    let badge = async || bob.ask("{ unread { mentions badge } }", json!({})).await["unread"].take();
    assert_eq!(badge().await, json!({ "mentions": 1, "badge": 2 }));
    let set = async |what: &str| {
        use sea_orm::ConnectionTrait;
        let sql = format!("UPDATE membership SET {what} WHERE user_id = {}", crate::support::sql_id(&bob.id));
        app.database().await.execute_unprepared(&sql).await.expect("it is set");
    };

    set("muted_until = 32503680000000").await;
    assert_eq!(badge().await, json!({ "mentions": 1, "badge": 0 }));
    set("muted_until = 1").await;
    assert_eq!(badge().await, json!({ "mentions": 1, "badge": 2 }));
    set("notifications = 3").await;
    assert_eq!(badge().await, json!({ "mentions": 1, "badge": 0 }));
}

#[tokio::test]
async fn what_an_app_adds_is_given_back() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let data = json!({ "z": 1, "a": [null, { "é": "\n" }] });
    let input = json!({ "to": { "userId": bob.id }, "text": "your order", "type": "order_card", "metadata": data });
    let sent = ada.send_input(input.clone()).await;
    let query = "query($id: ID!) { message(id: $id) { type metadata } }";
    let seen = async || bob.ask(query, json!({ "id": sent["id"] })).await["message"].take();
    assert_eq!(seen().await, json!({ "type": "order_card", "metadata": data }));
    let page = "query($id: ID!) { messages(conversation: { userId: $id }) { nodes { type metadata } } }";
    let page = bob.ask(page, json!({ "id": ada.id })).await;
    assert_eq!(page["messages"]["nodes"][0], json!({ "type": null, "metadata": null }));
    assert_eq!(page["messages"]["nodes"][1]["metadata"], data);

    let edit = async |data: Value| ada.ask(EDIT, json!({ "id": sent["id"], "text": "your order", "data": data })).await;
    assert_eq!(edit(json!({ "b": 2 })).await["editMessage"]["version"], 2);
    ada.ask("mutation($id: ID!) { editMessage(id: $id, text: \"order\") { id } }", json!({ "id": sent["id"] })).await;
    assert_eq!(seen().await, json!({ "type": "order_card", "metadata": { "b": 2 } }));
    assert_eq!(edit(Value::Null).await["editMessage"]["metadata"], Value::Null);

    for (field, wrong) in [("type", json!("Order")), ("type", json!("")), ("type", json!("x".repeat(65)))] {
        let mut input = input.clone();
        input[field] = wrong;
        let refused = ada.refused(crate::support::SEND, json!({ "input": input })).await;
        assert_eq!(refused, format!("BAD_USER_INPUT at {field}"));
    }
    for wrong in [json!("text"), json!({ "a": "x".repeat(4_096) })] {
        let mut input = input.clone();
        input["metadata"] = wrong;
        assert_eq!(ada.fails(crate::support::SEND, json!({ "input": input })).await, "BAD_USER_INPUT");
    }
}

#[tokio::test]
async fn an_id_that_something_else_has_is_refused() {
    let app = TestApp::start().await;
    let (ada, bob, _, group) = group(&app).await;
    let session = ada.ask("{ sessions { id } }", json!({})).await["sessions"][0]["id"].take();

    for id in [json!(group), json!(bob.id), json!(ada.id), session] {
        let input = json!({ "id": id, "to": { "conversationId": group }, "text": "tea?" });
        assert_eq!(ada.refused(crate::support::SEND, json!({ "input": input })).await, "BAD_USER_INPUT at id", "{id}");
    }
    let own = json!({ "id": MessageId::new().to_string(), "to": { "conversationId": group }, "text": "tea?" });
    assert_eq!(ada.send_input(own.clone()).await, ada.send_input(own).await);
}
