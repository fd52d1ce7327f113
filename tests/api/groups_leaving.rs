//! Leaving a group and being removed: a former member receives and finds nothing of what follows.

use futures_util::future::join_all;
use parlour::id::MessageId;
use serde_json::{Value, json};

use crate::support::{ADD, EVENTS, Person, REMOVE, RENAME, SEND, Socket, TestApp, position};

const MESSAGE_ADDED: &str = "subscription($in: ConversationRef, $after: String) {
    messageAdded(conversation: $in, after: $after) { seq text feedCursor } }";

/// A quarter of a megabyte per event, by a message of 4,000 characters of four bytes.
const LARGE: &str = "subscription { events { __typename cursor ... on ConversationChanged { change }
    ... on MessageAdded { message { seq a: text b: text c: text d: text e: text f: text g: text h: text
        i: text j: text k: text l: text m: text n: text o: text p: text replyTo { text }
        conversation { id title lastSeq unreadCount memberCount lastMessage { text }
            members(first: 5) { nodes { user { fullName } } } messages(last: 5) { nodes { text } } } } } } }";

/// Ada's group with Bob and Carl in it.
async fn tea(app: &TestApp) -> (Person, Person, Person, String) {
    let (ada, bob, carl) = (app.user("Ada").await, app.user("Bob").await, app.user("Carl").await);
    let tea = ada.group("Tea", &[&bob, &carl]).await;
    (ada, bob, carl, tea)
}

/// The seqs of the messages received before REMOVED, and the position of REMOVED.
async fn until_removed(socket: &mut Socket) -> (Vec<i64>, i64) {
    let mut seqs = Vec::new();
    loop {
        let event = socket.next_happening().await;
        if event["change"] == "REMOVED" {
            assert_eq!(event["conversation"], Value::Null);
            return (seqs, position(&event["cursor"]));
        }
        seqs.push(event["message"]["seq"].as_i64().unwrap_or_else(|| panic!("{event}")));
    }
}

#[tokio::test]
async fn the_owner_removes_anyone() {
    let app = TestApp::start().await;
    let (ada, bob, carl, tea) = tea(&app).await;
    let (mut at_ada, mut at_bob, mut at_carl) = (ada.follow().await, bob.follow().await, carl.follow().await);

    assert_eq!(ada.remove(&tea, &bob).await, json!({ "id": tea, "memberCount": 2 }));

    let gone = at_bob.next_event().await;
    assert_eq!((&gone["change"], &gone["conversationId"]), (&json!("REMOVED"), &json!(tea)));
    assert_eq!(gone["conversation"], Value::Null);
    for socket in [&mut at_ada, &mut at_carl] {
        let received = socket.next_event().await;
        assert_eq!((&received["change"], &received["conversation"]["title"]), (&json!("UPDATED"), &json!("Tea")));
        socket.next_line().await;
        socket.stays_silent().await;
    }
    at_bob.stays_silent().await;
    assert_eq!(carl.members(&tea).await, ["Ada*", "Carl"]);
}

#[tokio::test]
async fn a_member_can_remove_only_themself() {
    let app = TestApp::start().await;
    let (ada, bob, carl, tea) = tea(&app).await;
    let eve = app.user("Eve").await;

    for other in [&ada, &carl] {
        assert_eq!(bob.refused(REMOVE, json!({ "id": tea, "person": other.id })).await, "FORBIDDEN");
    }
    for person in [&bob, &ada] {
        for nobody in [&eve.id, &MessageId::new().to_string(), &String::new()] {
            let refused = person.refused(REMOVE, json!({ "id": tea, "person": nobody })).await;
            assert_eq!(refused, "NOT_FOUND", "{nobody}");
        }
    }
    assert_eq!(bob.remove(&tea, &bob).await, Value::Null);

    assert_eq!(bob.refused(REMOVE, json!({ "id": tea, "person": bob.id })).await, "NOT_FOUND");
    assert_eq!(ada.members(&tea).await, ["Ada*", "Carl"]);
}

#[tokio::test]
async fn the_longest_member_succeeds_an_owner_who_leaves() {
    let app = TestApp::start().await;
    let (ada, bob, carl, tea) = tea(&app).await;
    let mut at_carl = carl.follow().await;
    bob.remove(&tea, &bob).await;
    carl.add(&tea, &[&bob]).await;

    assert_eq!(ada.remove(&tea, &ada).await, Value::Null);

    for _ in 0..3 {
        assert_eq!(at_carl.next_event().await["change"], "UPDATED");
        at_carl.next_line().await;
    }
    at_carl.stays_silent().await;
    assert_eq!(bob.members(&tea).await, ["Carl*", "Bob"]);
    assert_eq!(carl.rename(&tea, "Cake").await["title"], "Cake");
    carl.remove(&tea, &bob).await;
}

#[tokio::test]
async fn an_owner_who_rejoins_is_an_ordinary_member() {
    let app = TestApp::start().await;
    let (ada, bob, carl, tea) = tea(&app).await;

    ada.remove(&tea, &ada).await;
    bob.add(&tea, &[&ada]).await;

    assert_eq!(carl.members(&tea).await, ["Bob*", "Carl", "Ada"]);
    assert_eq!(ada.refused(RENAME, json!({ "id": tea, "title": "Mine" })).await, "FORBIDDEN");
}

#[tokio::test]
async fn the_last_member_may_leave() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let tea = ada.group("Tea", &[]).await;
    let mut at_ada = ada.follow().await;

    assert_eq!(ada.remove(&tea, &ada).await, Value::Null);

    assert_eq!(at_ada.next_event().await["change"], "REMOVED");
    at_ada.stays_silent().await;
    assert_eq!(ada.refused(ADD, json!({ "id": tea, "people": [ada.id] })).await, "NOT_FOUND");
}

#[tokio::test]
async fn a_former_member_finds_the_group_nowhere() {
    let app = TestApp::start().await;
    let (ada, bob, _, tea) = tea(&app).await;
    let sent = ada.send_to(&tea, "a secret").await;
    let own = bob.send_to(&tea, "mine").await;
    bob.remove(&tea, &bob).await;
    ada.send_to(&tea, "another").await;

    let query = "query($id: ID!, $own: ID!, $message: ID!) {
        conversations { nodes { id } } conversation(by: { conversationId: $id }) { id }
        messages(conversation: { conversationId: $id }) { nodes { id } }
        own: message(id: $own) { id } message(id: $message) { id } unread { messages conversations } }";
    let found = bob.ask(query, json!({ "id": tea, "own": own["id"], "message": sent["id"] })).await;

    let nothing = json!({ "nodes": [] });
    assert_eq!(
        found,
        json!({
            "conversations": nothing, "conversation": null, "messages": nothing, "own": null, "message": null,
            "unread": { "messages": 0, "conversations": 0 },
        })
    );
}

#[tokio::test]
async fn a_former_member_can_do_nothing_in_the_group() {
    let app = TestApp::start().await;
    let (ada, bob, carl, tea) = tea(&app).await;
    let input = json!({ "id": MessageId::new().to_string(), "to": { "conversationId": tea }, "text": "mine" });
    let own = bob.send_input(input.clone()).await;
    ada.remove(&tea, &bob).await;
    let mut at_ada = ada.follow().await;

    let edit = "mutation($id: ID!) { editMessage(id: $id, text: \"other\") { id } }";
    let delete = "mutation($id: ID!) { deleteMessage(id: $id) { id } }";
    let read = "mutation($id: ID!) { markRead(conversation: { conversationId: $id }, upToSeq: 1) { id } }";
    let reply = json!({ "to": { "userId": ada.id }, "text": "as I said", "replyToId": own["id"] });
    for (query, variables) in [
        (SEND, json!({ "input": { "to": { "conversationId": tea }, "text": "hello" } })),
        // The message exists for the others; its sender is a stranger by now.
        (SEND, json!({ "input": input })),
        (SEND, json!({ "input": reply })),
        (edit, json!({ "id": own["id"] })),
        (delete, json!({ "id": own["id"] })),
        (read, json!({ "id": tea })),
        (RENAME, json!({ "id": tea, "title": "Mine" })),
        (ADD, json!({ "id": tea, "people": [bob.id] })),
        (REMOVE, json!({ "id": tea, "person": carl.id })),
    ] {
        assert_eq!(bob.refused(query, variables).await, "NOT_FOUND", "{query}");
    }
    let mut socket = bob.socket().await;
    socket.subscribe("1", MESSAGE_ADDED, json!({ "in": { "conversationId": tea } })).await;
    assert_eq!(socket.next_error("1").await, "NOT_FOUND");

    at_ada.stays_silent().await;
    ada.add(&tea, &[&bob]).await;
    assert_eq!(bob.send_input(input).await, own);
}

#[tokio::test]
async fn message_added_of_a_group_completes_on_leaving() {
    let app = TestApp::start().await;
    let (ada, bob, carl, tea) = tea(&app).await;
    let place = json!({ "in": { "conversationId": tea }, "after": ada.feed_cursor().await });
    let mut phone = bob.subscribe(MESSAGE_ADDED, place.clone()).await;
    let mut tablet = bob.another_device(&app).await.subscribe(MESSAGE_ADDED, place.clone()).await;
    let mut everywhere = bob.subscribe(MESSAGE_ADDED, json!({ "after": place["after"] })).await;
    let mut at_carl = carl.subscribe(MESSAGE_ADDED, place).await;
    ada.send_to(&tea, "one").await;
    for socket in [&mut phone, &mut tablet, &mut everywhere, &mut at_carl] {
        assert_eq!(socket.next_data("1").await["messageAdded"]["text"], "one");
    }

    ada.remove(&tea, &bob).await;
    ada.send_to(&tea, "two").await;

    for socket in [&mut phone, &mut tablet] {
        assert_eq!(socket.next().await, json!({ "id": "1", "type": "complete" }));
    }
    assert_eq!(at_carl.next_data("1").await["messageAdded"]["text"], Value::Null);
    assert_eq!(at_carl.next_data("1").await["messageAdded"]["text"], "two");
    everywhere.stays_silent().await;
    carl.send(&bob, "sorry").await;
    assert_eq!(everywhere.next_data("1").await["messageAdded"]["text"], "sorry");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removed_member_receives_exactly_the_earlier_events_on_any_device() {
    let mut app = TestApp::start().await;
    let (ada, bob, carl, tea) = tea(&app).await;
    let tablet = bob.another_device(&app).await;
    let cursor = bob.feed_cursor().await;
    let (mut at_bob, mut at_tablet, mut at_carl) = (bob.follow().await, tablet.follow().await, carl.follow().await);
    let place = json!({ "in": { "conversationId": tea }, "after": cursor });
    let mut in_tea = bob.subscribe(MESSAGE_ADDED, place).await;

    let send = async |sender: usize| {
        for number in 0..250 {
            ada.send_to(&tea, &format!("{sender} {number}")).await;
        }
    };
    let remove = async {
        // In the middle of the replay.
        while at_carl.next_event().await["message"]["seq"] != 500 {}
        ada.remove(&tea, &bob).await
    };
    tokio::join!(send(0), send(1), send(2), send(3), remove);

    let (seqs, removal) = until_removed(&mut at_bob).await;
    // The first is the line of the group.
    assert_eq!(seqs, (2..seqs.len() + 2).map(|seq| seq as i64).collect::<Vec<_>>());
    assert!((499..1_000).contains(&seqs.len()), "{}", seqs.len());
    // The next event has a higher position, the last one a lower one.
    let around = format!(
        "{{ messages(conversation: {{ conversationId: \"{tea}\" }}, first: 2, after: null, aroundSeq: {}) {{
            nodes {{ feedCursor }} }} }}",
        seqs.len() + 2
    );
    let around = ada.ask(&around, json!({})).await["messages"]["nodes"].take();
    let (before, behind) = (position(&around[0]["feedCursor"]), position(&around[1]["feedCursor"]));
    assert!(before < removal && removal < behind, "{before} {removal} {behind}");
    assert_eq!(until_removed(&mut at_tablet).await, (seqs.clone(), removal));
    for seq in &seqs {
        assert_eq!(in_tea.next_data("1").await["messageAdded"]["seq"], *seq);
    }
    assert_eq!(in_tea.next().await, json!({ "id": "1", "type": "complete" }));
    for socket in [&mut at_bob, &mut at_tablet, &mut in_tea] {
        socket.stays_silent().await;
    }
    for _ in ["from the ring", "from the database"] {
        let (replayed, _) = bob.subscribe(EVENTS, json!({ "after": cursor })).await.replay().await;
        assert_eq!(replayed.len(), 1, "{replayed:?}");
        assert_eq!((&replayed[0]["change"], position(&replayed[0]["cursor"])), (&json!("REMOVED"), removal));
        app.restart().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn late_delivery_to_a_former_member_shows_nothing_from_after_the_removal() {
    let app = TestApp::start().await;
    let (ada, bob, carl, tea) = tea(&app).await;
    let first = ada.send_to(&tea, "a word").await;
    let mut at_bob = Socket::narrow(bob.address, &bob.token).await;
    at_bob.subscribe("1", LARGE, json!({})).await;
    assert_eq!(at_bob.next_event().await["__typename"], "CaughtUp");

    // More than the connection buffers, so that most of it waits.
    let to = json!({ "conversationId": tea });
    let large = json!({ "to": to, "text": "🦜".repeat(4_000), "replyToId": first["id"] });
    join_all((0..60).map(|_| ada.send_input(large.clone()))).await;
    let read = "mutation($to: ConversationRef!) { markRead(conversation: $to, upToSeq: 100) { id } }";
    carl.ask(read, json!({ "to": to })).await;
    ada.remove(&tea, &bob).await;
    let edit = "mutation($id: ID!) { editMessage(id: $id, text: \"a secret\") { id } }";
    ada.ask(edit, json!({ "id": first["id"] })).await;
    ada.rename(&tea, "Secrets").await;
    ada.send_to(&tea, "a secret").await;

    let mut late = 0;
    for seq in 3..=62 {
        let received = at_bob.next_event().await["message"].take();
        assert_eq!(received["seq"], seq);
        assert_eq!(received["a"], large["text"]);
        if received["conversation"]["title"] == "Tea" {
            assert_eq!(received["replyTo"], json!({ "text": "a word" }));
            continue;
        }
        late += 1;
        assert_eq!(received["replyTo"], Value::Null);
        let conversation = json!({ "id": tea, "title": null, "lastSeq": 0, "unreadCount": 0, "memberCount": 0,
            "lastMessage": null, "members": { "nodes": [] }, "messages": { "nodes": [] } });
        assert_eq!(received["conversation"], conversation);
    }
    assert!(late > 0);
    // Not how far Carl has read by now.
    assert_eq!(at_bob.next_event().await["change"], "REMOVED");
}

#[tokio::test]
async fn a_member_who_rejoins_receives_nothing_from_in_between() {
    let mut app = TestApp::start().await;
    let (ada, bob, _, tea) = tea(&app).await;
    let before = bob.feed_cursor().await;
    let mut at_bob = bob.follow().await;
    ada.send_to(&tea, "one").await;
    ada.remove(&tea, &bob).await;
    let between = bob.feed_cursor().await;
    ada.send_to(&tea, "two").await;
    ada.rename(&tea, "Cake").await;
    ada.add(&tea, &[&bob]).await;
    ada.send_to(&tea, "three").await;

    let gist = |event: &Value| event["change"].as_str().or(event["message"]["text"].as_str()).map(str::to_owned);
    for expected in ["one", "REMOVED", "ADDED"] {
        assert_eq!(gist(&at_bob.next_event().await).as_deref(), Some(expected));
    }
    at_bob.next_line().await;
    assert_eq!(gist(&at_bob.next_event().await).as_deref(), Some("three"));
    at_bob.stays_silent().await;
    for _ in ["from the ring", "from the database"] {
        for (cursor, expected) in [(&before, &["REMOVED", "ADDED", "three"][..]), (&between, &["ADDED", "three"])] {
            let (replayed, _) = bob.subscribe(EVENTS, json!({ "after": cursor })).await.replay().await;
            assert_eq!(replayed.iter().filter_map(gist).collect::<Vec<_>>(), expected);
            // They are in the group again, whatever happened before.
            let place = json!({ "in": { "conversationId": tea }, "after": cursor });
            let mut in_tea = bob.subscribe(MESSAGE_ADDED, place).await;
            // The line that says that they were added.
            assert_eq!(in_tea.next_data("1").await["messageAdded"]["text"], Value::Null);
            assert_eq!(in_tea.next_data("1").await["messageAdded"]["text"], "three");
            in_tea.stays_silent().await;
        }
        app.restart().await;
    }
    assert_eq!(
        bob.ask("{ conversations { nodes { title unreadCount lastSeq } } }", json!({})).await["conversations"],
        json!({ "nodes": [{ "title": "Cake", "unreadCount": 1, "lastSeq": 7 }] })
    );
}
