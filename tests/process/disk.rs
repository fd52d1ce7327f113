//! A full disk: writes fail with an error, reads go on, and everything recovers once there is room.

use serde_json::{Value, json};

use crate::support::{Disk, Feed, Line, Listener, Log, Message, Person, SEND, code, is_sound, position_of, soon};

/// Room for a few hundred messages, and less than SQLite's log holds before it is checkpointed.
const ROOM_KIB: usize = 2_048;
/// Messages of 4,000 characters fit into no gap between rows.
fn long(to: &Person, number: usize) -> Message {
    Message::new(to.as_recipient(), format!("{number:04}").repeat(1_000))
}

#[tokio::test]
async fn a_full_disk_fails_writes_only_until_there_is_room() {
    let (mut server, disk) = Disk::under(&[("RATE_LIMITS", "off")], ROOM_KIB).await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let start = bob.feed_cursor().await;
    let before = position_of(&start);
    let listener = Listener::start(server.address, &bob, Feed::Events, &start);
    let mut line = soon(Line::open(server.address, &bob.token, json!({}))).await.expect("a socket");
    let mut acknowledged: Vec<Value> = Vec::new();
    for number in 0..10 {
        acknowledged.push(ada.send(&long(&bob, number)).await);
    }

    disk.fill();
    let mut refused = Vec::new();
    for number in 10..20 {
        let message = long(&bob, number);
        let answer = ada.execute(SEND, message.variables()).await;
        match answer.get("errors") {
            None => acknowledged.push(answer["data"]["sendMessage"].clone()),
            Some(_) => {
                assert_eq!(code(&answer), "SERVICE_UNAVAILABLE", "{answer}");
                assert_eq!(answer["errors"][0]["extensions"]["retryAfterMs"], 1_000);
                refused.push(message);
            }
        }
    }
    assert!(refused.len() > 5, "the disk is full, and {} messages were refused", refused.len());

    assert!(!server.is_ready().await, "it can't write");
    let alive = server.http().get(server.url("/healthz")).send().await.expect("an answer");
    assert!(alive.status().is_success());
    let count = "{ conversations { nodes { lastSeq } } }";
    let read = ada.ask(count, json!({})).await;
    assert_eq!(read["conversations"]["nodes"][0]["lastSeq"], acknowledged.len());
    line.subscribe("1", count, &json!({})).await.expect("the socket takes it");
    let over_socket = soon(line.next()).await.expect("the socket lives");
    assert_eq!(over_socket["payload"]["data"], read);
    let errors: Vec<String> = server.log().lines().filter(|line| line.contains("ERROR")).map(str::to_owned).collect();
    assert_eq!(errors.len(), 1, "{errors:#?}");
    assert!(errors[0].contains("database or disk is full"), "{errors:#?}");

    disk.make_room();
    server.gets_ready().await;
    server.says("the database accepts changes again").await;
    for message in &refused {
        acknowledged.push(ada.send(message).await);
    }
    acknowledged.push(ada.send(&long(&bob, 20)).await);

    server.stop().await;
    disk.copy_out();
    is_sound(&server).await;
    let log = Log::read(&server).await;
    log.has_no_gap();
    assert_eq!(log.messages.len(), acknowledged.len());
    for answer in &acknowledged {
        let kept = log.messages.get(answer["id"].as_str().expect("an id")).expect("it was acknowledged");
        assert_eq!(answer["seq"], kept.0);
    }
    // On the same disk, which was full before.
    server.start_again().await;
    let record = listener.received_up_to(log.last_of(&bob.id)).await;
    record.is_complete(&log, before);
    assert_eq!(ada.ask(count, json!({})).await["conversations"]["nodes"][0]["lastSeq"], acknowledged.len());
    server.stop().await;
}
