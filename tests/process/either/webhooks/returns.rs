//! Servers that come back: killed, restored from a backup, and after the feed was trimmed.

use sea_orm::ConnectionTrait;

use super::{SETTINGS, add, shows, succeeds};
use crate::support::{Message, Receiver, Reply, Server};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_before_it_wrote_what_came_of_a_post_posts_it_again() {
    let mut server = Server::start_here(&SETTINGS).await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let receiver = Receiver::start().await;
    add(&server, &receiver, &["--kinds", "MESSAGE_ADDED"]).await;
    receiver.always(Reply::Hang);
    ada.send(&Message::new(bob.as_recipient(), "1")).await;
    ada.send(&Message::new(bob.as_recipient(), "2")).await;
    let first = receiver.next().await;

    server.kill().await;
    receiver.always(Reply::Status(204));
    server.start_again().await;

    let again = receiver.next().await;
    assert_eq!((again.message_text().as_str(), again.id()), ("1", first.id()));
    assert_eq!(receiver.next().await.message_text(), "2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restore_it_goes_on_with_one_reset() {
    // Backups in files are SQLite's.
    let mut server = Server::start_with(&SETTINGS).await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let receiver = Receiver::start().await;
    let added = add(&server, &receiver, &["--kinds", "MESSAGE_ADDED"]).await;
    ada.send(&Message::new(bob.as_recipient(), "before")).await;
    receiver.next().await;
    shows(&server, &added.id, "active, 0 events behind").await;
    let taken = server.command("backup").arg("copy.db").output().await.expect("it runs");
    assert!(taken.status.success(), "{taken:?}");
    ada.send(&Message::new(bob.as_recipient(), "lost")).await;
    receiver.next().await;
    server.stop().await;
    let data = server.folder().join("data");
    for name in ["parlour.db", "parlour.db-wal", "parlour.db-shm"] {
        let _ = std::fs::remove_file(data.join(name));
    }
    std::fs::copy(server.folder().join("copy.db"), data.join("parlour.db")).expect("a copy");
    // The same id for each try of it.
    receiver.will([Reply::Status(500)]);

    server.start_again().await;

    let (reset, again) = (receiver.next().await, receiver.next().await);
    let event = reset.event();
    assert_eq!((event["__typename"].as_str(), event["reason"].as_str()), (Some("FeedReset"), Some("FOREIGN")));
    assert_eq!((reset.id(), again.id()), (event["cursor"].as_str().expect("a cursor"), reset.id()));
    ada.send(&Message::new(bob.as_recipient(), "after")).await;
    assert_eq!(receiver.next().await.message_text(), "after", "one reset");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rewind_after_a_restore_goes_on_from_there_after_the_reset() {
    let mut server = Server::start_here(&SETTINGS).await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let receiver = Receiver::start().await;
    let added = add(&server, &receiver, &["--kinds", "MESSAGE_ADDED"]).await;
    for text in ["one", "two"] {
        ada.send(&Message::new(bob.as_recipient(), text)).await;
        receiver.next().await;
    }
    shows(&server, &added.id, "active, 0 events behind").await;
    server.stop().await;
    // As if the database had been restored: what a backup or a failover changes.
    let db = server.database().await;
    db.execute_unprepared("UPDATE webhook SET lineage = 'another'").await.expect("it is changed");
    db.close().await.expect("the database closes");
    // Nothing is sent meanwhile.
    succeeds(&server, &["rewind", &added.id, "--to", "oldest"]).await;
    receiver.will([Reply::Status(500)]);

    server.start_again().await;

    let (reset, again) = (receiver.next().await, receiver.next().await);
    let event = reset.event();
    assert_eq!((event["__typename"].as_str(), event["reason"].as_str()), (Some("FeedReset"), Some("FOREIGN")));
    assert_eq!(again.id(), reset.id());
    for text in ["one", "two"] {
        assert_eq!(receiver.next().await.message_text(), text, "from where it was rewound to");
    }
    ada.send(&Message::new(bob.as_recipient(), "three")).await;
    assert_eq!(receiver.next().await.message_text(), "three", "one reset");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn past_the_life_of_the_feed_there_is_one_reset() {
    let mut server = Server::start_here(&SETTINGS).await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let receiver = Receiver::start().await;
    let added = add(&server, &receiver, &[]).await;
    succeeds(&server, &["pause", &added.id]).await;
    for number in 0..5 {
        ada.send(&Message::new(bob.as_recipient(), number.to_string())).await;
    }
    server.stop().await;
    let db = server.database().await;
    let trim = "DELETE FROM feed_event WHERE position < (SELECT position FROM feed_head) - 1";
    db.execute_unprepared(trim).await.expect("it is trimmed");
    db.close().await.expect("the database closes");
    server.start_again().await;

    succeeds(&server, &["resume", &added.id]).await;

    let event = receiver.next().await.event();
    assert_eq!((event["__typename"].as_str(), event["reason"].as_str()), (Some("FeedReset"), Some("EXPIRED")));
    ada.send(&Message::new(bob.as_recipient(), "after")).await;
    assert_eq!(receiver.next().await.message_text(), "after", "one reset");
}
