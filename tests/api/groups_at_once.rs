//! Concurrent changes to a group and messages to it: within a batch they take effect one after the other.

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{ADD, Person, REMOVE, RENAME, SEND, TestApp, code, position, soon};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_sends_while_they_are_removed_precedes_the_removal_or_is_rejected() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);

    for _ in 0..10 {
        let tea = ada.group("Tea", &[&bob]).await;
        let mut at_bob = bob.follow().await;
        let input = json!({ "input": { "to": { "conversationId": tea }, "text": "hello" } });
        // Ten at a time, until one of them is rejected: by then the removal was among them or before them.
        let send_until_rejected = async {
            let (mut sent, mut is_rejected) = (Vec::new(), false);
            while !is_rejected {
                for answer in join_all((0..10).map(|_| bob.execute(SEND, input.clone()))).await {
                    if answer.get("errors").is_some() {
                        assert_eq!(code(&answer), "NOT_FOUND");
                        is_rejected = true;
                    } else {
                        sent.push(position(&answer["data"]["sendMessage"]["feedCursor"]));
                    }
                }
            }
            sent
        };
        let (sent, _) = soon(async { tokio::join!(send_until_rejected, ada.remove(&tea, &bob)) }).await;

        let mut event = at_bob.next_event().await;
        let mut last = 0;
        while event["change"] != "REMOVED" {
            last = position(&event["cursor"]);
            event = at_bob.next_event().await;
        }
        assert!(sent.iter().all(|position| *position <= last), "{sent:?} {last}");
        let query = "query($id: ID!) { conversation(by: { conversationId: $id }) {
            messages(last: 2) { nodes { feedCursor text } } } }";
        // The last of all is the line of the removal.
        let newest = ada.ask(query, json!({ "id": tea })).await["conversation"]["messages"]["nodes"][0].take();
        assert!(newest["text"].is_null() || position(&newest["feedCursor"]) == last, "{newest}");
        at_bob.stays_silent().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_added_amid_messages_has_read_the_earlier_ones_and_receives_the_later_ones() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);

    for _ in 0..10 {
        let tea = ada.group("Tea", &[]).await;
        let mut at_bob = bob.follow().await;
        let send = || join_all((0..10).map(|_| ada.send_to(&tea, "hello")));
        let newcomers = [&bob];
        tokio::join!(send(), ada.add(&tea, &newcomers), send());

        let query = "query($id: ID!) { conversation(by: { conversationId: $id }) { lastReadSeq lastSeq } }";
        let read = bob.ask(query, json!({ "id": tea })).await["conversation"]["lastReadSeq"].as_i64().expect("a seq");
        assert_eq!(at_bob.next_event().await["change"], "ADDED");
        // Twenty messages, and the lines of the group and of Bob.
        for seq in read + 1..=22 {
            assert_eq!(at_bob.next_event().await["message"]["seq"], seq);
        }
        at_bob.stays_silent().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_concurrent_changes_leave_one_owner_and_one_list_of_members() {
    let app = TestApp::start().await;
    let mut people = Vec::new();
    for name in ["Ada", "Bob", "Carl", "Dora", "Eve", "Fay", "Gil", "Hal", "Ida", "Jim"] {
        people.push(app.user(name).await);
    }
    let zoe = app.user("Zoe").await;
    // Half of them, and Zoe, whom nobody removes, so that she can always list the members.
    let tea = people[0].group("Tea", &[&people[1], &people[2], &people[3], &people[4], &zoe]).await;
    let sockets = join_all(people.iter().map(Person::follow)).await;

    let ids: Vec<&str> = people.iter().map(|person| person.id.as_str()).collect();
    let change = async |number: usize| {
        let (by, other) = (number / 5, (number * 7 + 3) % 10);
        let (query, variables) = match number % 5 {
            0 => (REMOVE, json!({ "id": tea, "person": ids[by] })),
            1 => (ADD, json!({ "id": tea, "people": [ids[other], ids[by]] })),
            2 => (RENAME, json!({ "id": tea, "title": format!("Tea {number}") })),
            3 => (ADD, json!({ "id": tea, "people": ids })),
            _ => (REMOVE, json!({ "id": tea, "person": ids[other] })),
        };
        let answer = people[by].execute(query, variables).await;
        let code = answer["errors"][0]["extensions"]["code"].as_str();
        assert!(matches!(code, None | Some("NOT_FOUND" | "FORBIDDEN")), "{answer}");
    };
    join_all((0..50).map(change)).await;

    let names = zoe.members(&tea).await;
    assert_eq!(names.iter().filter(|name| name.ends_with('*')).count(), 1, "{names:?}");
    let members: Vec<&str> = names.iter().map(|name| name.trim_end_matches('*')).collect();
    for ((person, mut socket), mut is_in) in people.iter().zip(sockets).zip((0..10).map(|number| number < 5)) {
        // The events they received say whether they are members; the last one is about another group.
        let other = person.group("Cake", &[]).await;
        loop {
            let event = socket.next_happening().await;
            match event["change"].as_str() {
                Some("ADDED") if event["conversationId"] == json!(other) => break,
                Some("ADDED") => assert!(!std::mem::replace(&mut is_in, true), "{event}"),
                Some("REMOVED") => assert!(std::mem::replace(&mut is_in, false), "{event}"),
                _ => assert!(is_in, "{event}"),
            }
        }
        assert_eq!(members.contains(&person.name.as_str()), is_in, "{} {names:?}", person.name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_person_succeeds_however_many_leave_or_change_roles_with_the_owner() {
    let app = TestApp::start().await;
    let mut people = Vec::new();
    // More than are read as heirs for four changes.
    for name in ["Ada", "Bob", "Carl", "Dora", "Eve", "Fay", "Gil", "Hal", "Ida", "Jim", "Kim", "Lea"] {
        people.push(app.user(name).await);
    }
    let [ada, bob, carl, dora, ..] = &people[..] else { unreachable!("there are twelve") };
    let role = "mutation($id: ID!, $user: ID!, $role: MemberRole!) {
        setMemberRole(conversationId: $id, userId: $user, role: $role) { role } }";
    for _ in 0..10 {
        let tea = ada.group("Tea", &people[1..].iter().collect::<Vec<_>>()).await;
        let set = async |user: &Person, to: &str| {
            ada.execute(role, json!({ "id": tea, "user": user.id, "role": to })).await;
        };
        for admin in [bob, carl, dora] {
            set(admin, "ADMIN").await;
        }
        let leave = async |person: &Person| {
            let left = person.execute(REMOVE, json!({ "id": tea, "person": person.id })).await;
            assert!(left.get("errors").is_none(), "{left}");
        };

        // Whoever is the owner in between, and whether she is an admin by then: Dora is the next of those who stay.
        tokio::join!(leave(bob), set(dora, "MEMBER"), leave(ada), leave(carl));

        let left = people[4].members(&tea).await;
        assert_eq!(left, ["Dora*", "Eve", "Fay", "Gil", "Hal", "Ida", "Jim", "Kim", "Lea"]);
    }
}
