//! Consumers: positions in the feed that the server keeps.

use serde_json::{Value, json};

use crate::support::{Person, Socket, TestApp, code, sql_id};

const CONSUME: &str = "subscription($name: String!, $after: String) { events(consumer: $name, after: $after) {
    __typename cursor ... on MessageAdded { message { text } } ... on FeedReset { reason } } }";
const ACK: &str = "mutation($name: String!, $cursor: String!) {
    ackEvents(consumer: $name, cursor: $cursor) { name cursor } }";
const PAGE: &str = "query($name: String!, $after: String) { events(consumer: $name, after: $after) { cursor hasMore
    events { __typename ... on MessageAdded { message { text } } ... on FeedReset { reason } } } }";
const LIST: &str = "{ consumers { name cursor } }";
const DELETE: &str = "mutation($name: String!) { deleteConsumer(name: $name) }";

async fn ack(person: &Person, name: &str, cursor: &str) -> Value {
    person.ask(ACK, json!({ "name": name, "cursor": cursor })).await["ackEvents"].take()
}

async fn consume(person: &Person, name: &str, after: Option<&str>) -> Socket {
    person.subscribe(CONSUME, json!({ "name": name, "after": after })).await
}

/// What is replayed: texts with their cursors, or the reason of a reset with its own.
async fn replayed(socket: &mut Socket) -> Vec<(String, String)> {
    let mut texts = Vec::new();
    loop {
        let event = socket.next_event().await;
        let cursor = event["cursor"].as_str().expect("a cursor").to_owned();
        match event["__typename"].as_str() {
            Some("CaughtUp") => return texts,
            Some("FeedReset") => {
                texts.push((event["reason"].as_str().expect("a reason").to_owned(), cursor));
                return texts;
            }
            _ => texts.push((event["message"]["text"].as_str().expect("a text").to_owned(), cursor)),
        }
    }
}

fn texts(replayed: &[(String, String)]) -> Vec<&str> {
    replayed.iter().map(|(text, _)| text.as_str()).collect()
}

/// How a subscription that was taken over ends.
async fn is_taken(socket: &mut Socket) {
    let last = loop {
        let message = socket.next().await;
        if message["type"] != "next" {
            break message;
        }
    };
    assert_eq!(last["type"], "error", "{last}");
    assert_eq!(last["payload"][0]["extensions"]["code"], "CONSUMER_TAKEN");
}

#[tokio::test]
async fn a_consumer_continues_after_what_it_acknowledged() {
    let mut app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    // It begins where its first subscription does.
    let mut socket = consume(&bob, "phone", None).await;
    assert_eq!(replayed(&mut socket).await, []);
    drop(socket);
    for text in ["one", "two", "three"] {
        ada.send(&bob, text).await;
    }

    let missed = replayed(&mut consume(&bob, "phone", None).await).await;
    assert_eq!(texts(&missed), ["one", "two", "three"]);
    // Nothing was acknowledged, so all of it comes again, each under its cursor.
    assert_eq!(replayed(&mut consume(&bob, "phone", None).await).await, missed);
    assert_eq!(ack(&bob, "phone", &missed[1].1).await, json!({ "name": "phone", "cursor": missed[1].1 }));
    // It moves forward only.
    assert_eq!(ack(&bob, "phone", &missed[0].1).await["cursor"], missed[1].1);

    for _ in 0..2 {
        assert_eq!(replayed(&mut consume(&bob, "phone", None).await).await, missed[2..]);
        app.restart().await;
    }
    // Under another name, and of another person, it is another one.
    assert_eq!(replayed(&mut consume(&bob, "tablet", None).await).await, []);
    assert_eq!(replayed(&mut consume(&ada, "phone", None).await).await, []);
}

#[tokio::test]
async fn it_starts_after_the_latest_of_its_position_the_argument_and_resume_from() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let mut cursors = vec![bob.feed_cursor().await];
    for text in ["one", "two", "three"] {
        ada.send(&bob, text).await;
        cursors.push(bob.feed_cursor().await);
    }
    // A new one begins at the argument.
    assert_eq!(texts(&replayed(&mut consume(&bob, "phone", Some(&cursors[0])).await).await), ["one", "two", "three"]);
    ack(&bob, "phone", &cursors[1]).await;
    let start = async |after: Option<&str>, resume: Value| {
        let mut socket = Socket::resuming(bob.address, &bob.token, resume).await;
        socket.subscribe("1", CONSUME, json!({ "name": "phone", "after": after })).await;
        texts(&replayed(&mut socket).await).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(start(Some(&cursors[0]), json!({})).await, ["two", "three"]);
    assert_eq!(start(Some(&cursors[2]), json!({})).await, ["three"]);
    assert_eq!(start(Some(&cursors[0]), json!({ "1": cursors[2] })).await, ["three"]);
    assert_eq!(start(Some(&cursors[3]), json!({ "1": cursors[2] })).await, [""; 0]);
    // What is not valid here does not matter once something was acknowledged.
    assert_eq!(start(Some("junk"), json!({ "1": "foreign" })).await, ["two", "three"]);
}

#[tokio::test]
async fn an_invalid_cursor_resets_a_consumer_that_has_acknowledged_nothing() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    for name in ["new", "old"] {
        let mut socket = consume(&bob, name, if name == "old" { None } else { Some("junk") }).await;
        let begins = replayed(&mut socket).await;
        if name == "new" {
            assert_eq!(texts(&begins), ["FOREIGN"]);
        }
        drop(socket);
        ada.send(&bob, name).await;
        assert_eq!(texts(&replayed(&mut consume(&bob, name, Some("junk")).await).await), ["FOREIGN"]);
        // Without it, it goes on where it began.
        assert_eq!(texts(&replayed(&mut consume(&bob, name, None).await).await), [name]);
    }
}

#[tokio::test]
async fn a_later_subscription_takes_over_and_the_earlier_one_ends() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let mut first = consume(&bob, "phone", None).await;
    replayed(&mut first).await;
    let mut tablet = consume(&bob, "tablet", None).await;
    replayed(&mut tablet).await;

    let mut second = consume(&bob, "phone", None).await;

    replayed(&mut second).await;
    is_taken(&mut first).await;
    ada.send(&bob, "hello").await;
    for socket in [&mut second, &mut tablet] {
        assert_eq!(socket.next_event().await["message"]["text"], "hello");
    }
    // The socket of the earlier one goes on otherwise.
    first.subscribe("q", "{ me { fullName } }", json!({})).await;
    assert_eq!(first.next_data("q").await["me"]["fullName"], "Bob");
    // Two of one socket, in their order.
    second.subscribe("2", CONSUME, json!({ "name": "phone" })).await;
    is_taken(&mut second).await;
}

#[tokio::test]
async fn a_hundred_subscriptions_at_once_leave_the_last_one() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let mut socket = bob.socket().await;
    for number in 0..100 {
        socket.subscribe(&number.to_string(), CONSUME, json!({ "name": "phone" })).await;
    }
    let (mut taken, mut caught_up) = (0, false);
    while taken < 99 || !caught_up {
        let message = socket.next().await;
        match message["type"].as_str() {
            Some("error") => {
                assert_eq!(message["payload"][0]["extensions"]["code"], "CONSUMER_TAKEN", "{message}");
                assert_ne!(message["id"], "99");
                taken += 1;
            }
            _ => caught_up |= message["id"] == "99",
        }
    }

    ada.send(&bob, "hello").await;

    assert_eq!(socket.next_data("99").await["events"]["message"]["text"], "hello");
    socket.stays_silent().await;
}

#[tokio::test]
async fn pages_of_a_consumer_claim_nothing() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let page =
        async |after: Option<&str>| bob.ask(PAGE, json!({ "name": "cron", "after": after })).await["events"].take();
    let first = page(None).await;
    assert_eq!(first["events"], json!([]));
    ada.send(&bob, "one").await;
    let mut live = consume(&bob, "cron", None).await;
    assert_eq!(texts(&replayed(&mut live).await), ["one"]);

    let missed = page(None).await;
    assert_eq!(missed["events"], json!([{ "__typename": "MessageAdded", "message": { "text": "one" } }]));
    ack(&bob, "cron", missed["cursor"].as_str().expect("a cursor")).await;

    assert_eq!(page(None).await["events"], json!([]));
    assert_eq!(page(first["cursor"].as_str()).await["events"], json!([]));
    ada.send(&bob, "two").await;
    assert_eq!(live.next_event().await["message"]["text"], "two");
    let neither = bob.fails("{ events { cursor } }", json!({})).await;
    assert_eq!(neither, "BAD_USER_INPUT");
}

#[tokio::test]
async fn consumers_are_listed_by_name_and_deleted() {
    let app = TestApp::start().await;
    let (_ada, bob) = app.direct("Ada", "Bob").await;
    let now = bob.feed_cursor().await;
    for name in ["b", "a", "B"] {
        ack(&bob, name, &now).await;
    }
    replayed(&mut consume(&bob, "c", None).await).await;
    let listed = bob.ask(LIST, json!({})).await;
    let own = |name: &str, cursor: Value| json!({ "name": name, "cursor": cursor });
    let expected = [own("B", json!(now)), own("a", json!(now)), own("b", json!(now)), own("c", Value::Null)];
    assert_eq!(listed["consumers"], json!(expected));

    assert_eq!(bob.ask(DELETE, json!({ "name": "b" })).await["deleteConsumer"], true);
    assert_eq!(bob.ask(DELETE, json!({ "name": "b" })).await["deleteConsumer"], false);

    assert_eq!(bob.ask(LIST, json!({})).await["consumers"].as_array().map(Vec::len), Some(3));
    // It begins anew.
    assert_eq!(replayed(&mut consume(&bob, "b", None).await).await, []);
}

#[tokio::test]
async fn after_a_restore_a_consumer_starts_with_a_reset_until_it_acknowledges_it() {
    use sea_orm::ConnectionTrait;
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let old = bob.feed_cursor().await;
    ack(&bob, "phone", &old).await;
    ada.send(&bob, "one").await;
    let one = bob.feed_cursor().await;
    // As if the database had been restored: what a backup or a failover changes.
    let gone_back = "UPDATE consumer SET lineage = 'another'";
    app.database().await.execute_unprepared(gone_back).await.expect("it is changed");
    // An acknowledgement that was on its way does not hide it.
    ack(&bob, "phone", &one).await;
    ada.send(&bob, "two").await;

    let mut reset = Vec::new();
    for _ in 0..2 {
        reset = replayed(&mut consume(&bob, "phone", Some(&old)).await).await;
        assert_eq!(texts(&reset), ["FOREIGN"]);
        let page = bob.ask(PAGE, json!({ "name": "phone" })).await;
        assert_eq!(page["events"]["events"], json!([{ "__typename": "FeedReset", "reason": "FOREIGN" }]));
    }
    ada.send(&bob, "three").await;
    // Who comes with the cursor of the reset, or a later one, has had it.
    let mut resumed = consume(&bob, "phone", Some(&reset[0].1)).await;
    assert_eq!(texts(&replayed(&mut resumed).await), ["three"]);
    assert_eq!(texts(&replayed(&mut consume(&bob, "phone", None).await).await), ["FOREIGN"]);
    let page = bob.ask(PAGE, json!({ "name": "phone", "after": reset[0].1 })).await["events"]["events"].take();
    assert_eq!(page, json!([{ "__typename": "MessageAdded", "message": { "text": "three" } }]));
    // That was of the state before the next restore.
    app.database().await.execute_unprepared(gone_back).await.expect("it is changed");
    ack(&bob, "phone", &reset[0].1).await;
    let mut again = consume(&bob, "phone", Some(&reset[0].1)).await;
    let again = replayed(&mut again).await;
    assert_eq!(texts(&again), ["FOREIGN"]);
    ada.send(&bob, "four").await;
    ack(&bob, "phone", &again[0].1).await;

    assert_eq!(texts(&replayed(&mut consume(&bob, "phone", Some(&old)).await).await), ["four"]);
}

#[tokio::test]
async fn of_claims_of_two_nodes_the_later_one_stays_and_a_wrong_clock_keeps_nothing() {
    let app = TestApp::start().await;
    let (_ada, bob) = app.direct("Ada", "Bob").await;
    replayed(&mut consume(&bob, "phone", None).await).await;
    // As if another node had written the claim of a subscription that was read this much later.
    let claimed = async |seconds: u64| {
        let (now, nanos) = uuid::Uuid::now_v7().get_timestamp().expect("a time").to_unix();
        let at = uuid::Timestamp::from_unix(uuid::NoContext, now + seconds, nanos);
        let claim = sql_id(&uuid::Uuid::new_v7(at).to_string());
        app.run_sql(&format!("UPDATE consumer SET claim_id = {claim}")).await;
    };

    let mut socket = bob.socket().await;
    claimed(2).await;
    socket.subscribe("1", CONSUME, json!({ "name": "phone", "after": null })).await;
    is_taken(&mut socket).await;

    claimed(60).await;
    assert_eq!(replayed(&mut consume(&bob, "phone", None).await).await, []);
}

#[tokio::test]
async fn a_stream_of_events_takes_over_from_a_socket() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let mut socket = consume(&bob, "phone", None).await;
    replayed(&mut socket).await;

    let mut stream = bob.stream(&app, CONSUME, json!({ "name": "phone" })).await;

    assert_eq!(stream.next_event().await["__typename"], "CaughtUp");
    is_taken(&mut socket).await;
    ada.send(&bob, "hello").await;
    assert_eq!(stream.next_event().await["message"]["text"], "hello");
    let mut again = consume(&bob, "phone", None).await;
    assert_eq!(texts(&replayed(&mut again).await), ["hello"]);
    assert_eq!(code(&stream.next().await.expect("a result").data), "CONSUMER_TAKEN");
    assert_eq!(stream.next().await.expect("an end").name, "complete");
}
