//! Consumers between nodes: the later subscription wins wherever it is, and a failover is not passed over in silence.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::support::{Cluster, Line, Message, Person, follow, next, soon, via};

const CONSUME: &str = "subscription($name: String!) { events(consumer: $name) { __typename cursor
    ... on MessageAdded { message { text } } ... on FeedReset { reason } } }";
const ACK: &str =
    "mutation($name: String!, $cursor: String!) { ackEvents(consumer: $name, cursor: $cursor) { cursor } }";
const PAGE: &str = "query($name: String!) { events(consumer: $name) { cursor events { __typename
    ... on FeedReset { reason } ... on MessageAdded { message { text } } } } }";

async fn consume(person: &Person, at: SocketAddr) -> Line {
    follow(person, at, CONSUME, &json!({ "name": "phone" })).await
}

/// The next text, past what is not a message.
async fn text(line: &mut Line) -> String {
    loop {
        let event = soon(next(line)).await["events"].take();
        if let Some(text) = event["message"]["text"].as_str() {
            return text.to_owned();
        }
    }
}

/// How a subscription ends that was taken over.
async fn is_taken(line: &mut Line) {
    let end = soon(async {
        loop {
            let frame = line.next().await.expect("the socket stays open");
            match frame["type"].as_str() {
                Some("ping") => line.say(json!({ "type": "pong" })).await.expect("it is open"),
                Some("next" | "pong") => {}
                _ => return frame,
            }
        }
    })
    .await;
    assert_eq!(end["payload"][0]["extensions"]["code"], "CONSUMER_TAKEN", "{end}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_later_subscription_at_another_node_takes_over_also_where_nothing_is_heard_of_it() {
    let mut cluster = Cluster::start(2).await;
    let (ada, bob) = (cluster.user("Ada").await, cluster.user("Bob").await);
    let (here, there) = (cluster.nodes[0].server.address, cluster.nodes[1].server.address);
    let mut holder = consume(&bob, here).await;
    for (round, at) in [there, here, there, here].into_iter().enumerate() {
        let mut later = consume(&bob, at).await;

        is_taken(&mut holder).await;

        let sent = format!("{round}");
        ada.send(&Message::new(bob.as_recipient(), sent.as_str())).await;
        // What was sent before and not acknowledged comes again.
        while text(&mut later).await != sent {}
        holder = later;
    }
    // Acknowledged at one node, it is so at the other.
    let cursor = via(&bob, here).feed_cursor().await;
    via(&bob, here).ask(ACK, json!({ "name": "phone", "cursor": cursor })).await;
    let page = via(&bob, there).ask(PAGE, json!({ "name": "phone" })).await;
    assert_eq!(page["events"]["events"], json!([]));
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_subscriptions_at_both_nodes_one_is_left_and_it_misses_nothing() {
    let mut cluster = Cluster::start(2).await;
    let (ada, bob) = (cluster.user("Ada").await, cluster.user("Bob").await);
    let (here, there) = (cluster.nodes[0].server.address, cluster.nodes[1].server.address);
    let mut opening = Vec::new();
    for number in 0..20 {
        let (bob, at) = (bob.clone(), if number % 2 == 0 { here } else { there });
        opening.push(tokio::spawn(async move {
            let mut line = Line::open(at, &bob.token, json!({})).await.expect("a line");
            line.subscribe("1", CONSUME, &json!({ "name": "phone" })).await.expect("it is open");
            line
        }));
    }
    let mut lines = Vec::new();
    for opened in opening {
        lines.push(soon(opened).await.expect("no panic"));
    }
    // Of each the end, or that it goes on: whoever hears this has the consumer.
    let mut left = Vec::new();
    ada.send(&Message::new(bob.as_recipient(), "last")).await;
    for mut line in lines {
        let mut heard = Vec::new();
        let ended = tokio::time::timeout(std::time::Duration::from_secs(5), async {
            loop {
                let frame: Value = line.next().await.expect("the socket stays open");
                match frame["type"].as_str() {
                    Some("error") => return frame,
                    Some("next") => heard.push(frame["payload"]["data"]["events"]["message"]["text"].clone()),
                    _ => {}
                }
            }
        })
        .await;
        match ended {
            Ok(end) => assert_eq!(end["payload"][0]["extensions"]["code"], "CONSUMER_TAKEN", "{end}"),
            Err(_) => left.push(heard),
        }
    }
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(left[0].contains(&json!("last")), "{left:?}");
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_failover_a_consumer_begins_with_a_reset_until_it_is_acknowledged() {
    let mut cluster = Cluster::start(1).await;
    let (ada, bob) = (cluster.user("Ada").await, cluster.user("Bob").await);
    ada.send(&Message::new(bob.as_recipient(), "before")).await;
    let before = bob.feed_cursor().await;
    bob.ask(ACK, json!({ "name": "phone", "cursor": before })).await;
    assert_eq!(bob.ask(PAGE, json!({ "name": "phone" })).await["events"]["events"], json!([]));

    cluster.with_postgres(|postgres| postgres.fail_over()).await;

    let mut page = Value::Null;
    for _ in 0..2 {
        page = soon(page_of(&bob)).await;
        assert_eq!(page["events"], json!([{ "__typename": "FeedReset", "reason": "FOREIGN" }]));
    }
    bob.ask(ACK, json!({ "name": "phone", "cursor": page["cursor"] })).await;
    ada.send_until_answered(&Message::new(bob.as_recipient(), "after")).await;
    let news = json!([{ "__typename": "MessageAdded", "message": { "text": "after" } }]);
    assert_eq!(page_of(&bob).await["events"], news);
    cluster.stop().await;
}

/// The page, once the database answers again.
async fn page_of(person: &Person) -> Value {
    loop {
        let mut answer = person.execute(PAGE, json!({ "name": "phone" })).await;
        if answer.get("errors").is_none() {
            return answer["data"]["events"].take();
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}
