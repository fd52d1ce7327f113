//! What consumers refuse, how many there are, how long they are kept, and how acknowledgements are written.

use std::time::Duration;

use parlour::audit::Operator;
use serde_json::{Value, json};

use crate::support::{PASSWORD, Person, Socket, TestApp, code, soon};

const CONSUME: &str = "subscription($name: String!) { events(consumer: $name) { __typename cursor } }";
const ACK: &str = "mutation($name: String!, $cursor: String!) {
    ackEvents(consumer: $name, cursor: $cursor) { name cursor } }";
const PAGE: &str = "query($name: String!) { events(consumer: $name) { cursor } }";
const LIST: &str = "{ consumers { name cursor } }";
const DELETE: &str = "mutation($name: String!) { deleteConsumer(name: $name) }";

async fn ack(person: &Person, name: &str, cursor: &str) -> Value {
    person.ask(ACK, json!({ "name": name, "cursor": cursor })).await["ackEvents"].take()
}

async fn consume(person: &Person, name: &str) -> Socket {
    person.subscribe(CONSUME, json!({ "name": name })).await
}

#[tokio::test]
async fn what_is_wrong_is_refused() {
    let (app, other) = (TestApp::start().await, TestApp::start().await);
    let (_ada, bob) = app.direct("Ada", "Bob").await;
    let now = bob.feed_cursor().await;
    let long = "n".repeat(65);
    for name in ["", "a b", "a/b", &long] {
        assert_eq!(bob.fails(ACK, json!({ "name": name, "cursor": now })).await, "BAD_USER_INPUT", "{name}");
        assert_eq!(bob.fails(PAGE, json!({ "name": name })).await, "BAD_USER_INPUT");
        assert_eq!(bob.fails(DELETE, json!({ "name": name })).await, "BAD_USER_INPUT");
        let refused = consume(&bob, name).await.next().await;
        assert_eq!(refused["payload"][0]["extensions"]["code"], "BAD_USER_INPUT", "{refused}");
    }
    let elsewhere = other.user("Eve").await.feed_cursor().await;
    let future = app.sealed(parlour::feed::Cursor { position: 1_000_000, nonce: 1 });
    for (cursor, expected) in [("junk", "BAD_USER_INPUT"), (&elsewhere, "BAD_USER_INPUT"), (&future, "CURSOR_EXPIRED")]
    {
        assert_eq!(bob.fails(ACK, json!({ "name": "phone", "cursor": cursor })).await, expected, "{cursor}");
    }
    assert_eq!(bob.ask(LIST, json!({})).await["consumers"], json!([]));
}

#[tokio::test]
async fn a_person_has_64_consumers_and_no_more() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let now = ada.feed_cursor().await;
    let acks = (0..64).map(|number| {
        let ada = ada.clone();
        let now = now.clone();
        async move { ack(&ada, &format!("n{number}"), &now).await }
    });
    soon(futures_util::future::join_all(acks)).await;

    let refused = ada.execute(ACK, json!({ "name": "one.more", "cursor": now })).await;
    assert_eq!(code(&refused), "BAD_USER_INPUT");
    let refused = consume(&ada, "one.more").await.next().await;
    assert_eq!(refused["payload"][0]["extensions"]["code"], "BAD_USER_INPUT", "{refused}");
    ada.ask(DELETE, json!({ "name": "n0" })).await;
    ack(&ada, "one.more", &now).await;
}

#[tokio::test]
async fn acknowledgements_of_a_second_are_written_together() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let mut cursors = Vec::new();
    for number in 0..20 {
        ada.send(&bob, &number.to_string()).await;
        cursors.push(bob.feed_cursor().await);
    }
    // The first is written at once.
    ack(&bob, "phone", &cursors[0]).await;

    let all = cursors.iter().map(|cursor| ack(&bob, "phone", cursor));
    let answers = soon(futures_util::future::join_all(all)).await;

    // Each is answered with what was written for all of them.
    assert!(answers.iter().all(|answer| answer["cursor"] == cursors[19]), "{answers:?}");
}

#[tokio::test]
async fn a_consumer_that_is_not_used_is_deleted_after_30_days_and_one_in_use_is_not() {
    let app = TestApp::start().await;
    let (_ada, bob) = app.direct("Ada", "Bob").await;
    let now = bob.feed_cursor().await;
    ack(&bob, "unused", &now).await;
    let day = Duration::from_secs(24 * 3600);
    let names = async |person: &Person| {
        let listed = person.ask(LIST, json!({})).await["consumers"].take();
        let listed = listed.as_array().expect("a list").clone();
        listed.iter().map(|one| one["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    // Sessions last a week, so he signs in again.
    let mut phone = bob;
    for _ in 0..5 {
        app.clock.advance(5 * day);
        phone = phone.another_device(&app).await;
        ack(&phone, "used", &phone.feed_cursor().await).await;
        assert_eq!(names(&phone).await, ["unused", "used"]);
    }

    app.clock.advance(6 * day);

    soon(async {
        while names(&phone).await != ["used"] {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_open_subscription_keeps_its_consumer_without_acknowledging_also_where_another_node_leads() {
    use sea_orm::EntityTrait;
    let app = TestApp::start().await;
    // A bot's socket lasts for 30 days, longer than a session, so that nothing connects again.
    let made = app.command(async |program| {
        let name = parlour::accounts::Name::parse("Helper").expect("a name");
        program.accounts.add_bot_for_operator(&Operator::default(), name).await.expect("a bot").1.text.to_string()
    });
    let key = made.await;
    crate::support::secrets::keep(&json!({ "token": key }));
    let other = app.counted().await;
    let program = other.api.program().clone();
    program.app.leader.set(false);
    let stop = tokio_util::sync::CancellationToken::new();
    let background = tokio::spawn(program.consumers.clone().run_background(stop.clone()));
    let served = other.serve().await;
    let mut socket = Socket::signed_in(served.address, &key, json!({})).await;
    socket.subscribe("1", CONSUME, json!({ "name": "bot" })).await;
    assert_eq!(socket.next_data("1").await["events"]["__typename"], "CaughtUp");
    let db = app.database().await;
    let used_at = async || {
        let row = parlour::entity::consumer::Entity::find().one(&db).await.expect("the table");
        row.expect("it was deleted").used_at
    };

    for days in (5..=25).step_by(5) {
        let before = used_at().await;
        app.clock.advance(Duration::from_secs(5 * 24 * 3600));
        let kept = async {
            while used_at().await == before {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(crate::support::PATIENCE, kept).await.unwrap_or_else(|_| panic!("after {days} days"));
    }

    drop(socket);
    stop.cancel();
    background.await.expect("no panic");
    served.end().await;
    drop(program);
    other.finish().await;
}

#[tokio::test]
async fn the_consumers_of_an_erased_person_are_gone() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let now = ada.feed_cursor().await;
    ack(&ada, "phone", &now).await;
    ada.ask("mutation($p: String!) { deleteAccount(password: $p) }", json!({ "p": PASSWORD })).await;
    use sea_orm::{EntityTrait, PaginatorTrait};
    let left = parlour::entity::consumer::Entity::find().count(&app.database().await).await;
    assert_eq!(left.expect("a count"), 0);
}
