//! Demo data: seeding is idempotent, and works beside a running server.

use std::time::Duration;

use crate::support::{Feed, Listener, Log, Message, Person, Server, dump, is_sound};

#[tokio::test]
async fn seeding_is_idempotent() {
    let server = Server::prepare(&[]);
    let first = server.run("seed").await;
    assert!(first.status.success(), "{first:?}");
    let seeded = dump(&server).await;
    assert!(seeded.iter().any(|row| row.starts_with("message: ")));

    let second = server.run("seed").await;

    assert!(second.status.success(), "{second:?}");
    assert_eq!(dump(&server).await, seeded);
}

#[tokio::test]
async fn connected_clients_receive_data_seeded_by_another_process() {
    let mut server = Server::start_here(&[]).await;
    // Seeding reuses existing people.
    let ada = Person::sign_up_as(&server, "Ada", "ada@example.com").await;
    let start = ada.feed_cursor().await;
    let listener = Listener::start(server.address, &ada, Feed::Events, &start);

    let seeded = server.run("seed").await;
    assert!(seeded.status.success(), "{seeded:?}");
    let log = Log::read(&server).await;
    // The server looks for changes of other processes once a second.
    let received = tokio::time::timeout(Duration::from_secs(5), listener.received_up_to(log.last_of(&ada.id)));
    let record = received.await.expect("it is received within seconds");

    record.is_complete(&log, 0);
    assert!(record.len() > 14, "{} events", record.len());
    // Both continue to write to one log.
    let seeded = log.messages.len();
    let group = ada.group("After", &[]).await;
    ada.send(&Message::new(group, "the server goes on")).await;
    let log = Log::read(&server).await;
    log.has_no_gap();
    assert_eq!(log.messages.len(), seeded + 1);
    server.stop().await;
    is_sound(&server).await;
}

#[tokio::test]
async fn seeding_during_writes_loses_nothing() {
    let mut server = Server::start_here(&[("RATE_LIMITS", "off")]).await;
    let (eve, bob) = (server.user("Eve").await, server.user("Bob").await);
    let start = bob.feed_cursor().await;
    let listener = Listener::start(server.address, &bob, Feed::Events, &start);
    let seeding = server.command("seed").output();
    let writing = async {
        for number in 0..100 {
            eve.send(&Message::new(bob.as_recipient(), format!("{number}"))).await;
        }
    };

    let (seeded, ()) = tokio::join!(seeding, writing);

    assert!(seeded.as_ref().is_ok_and(|seeded| seeded.status.success()), "{seeded:?}");
    let log = Log::read(&server).await;
    log.has_no_gap();
    listener.received_up_to(log.last_of(&bob.id)).await.is_complete(&log, 0);
    server.stop().await;
    is_sound(&server).await;
}
