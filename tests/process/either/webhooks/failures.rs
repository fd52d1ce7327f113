//! Receivers that fail: nothing is lost, nothing changes places, and nobody is reached who should not be.

use std::time::{Duration, Instant, SystemTime};

use parlour::limits;
use sea_orm::{ConnectionTrait, Statement};

use super::{SETTINGS, add, shows, succeeds};
use crate::images::pictures::png;
use crate::images::{new_id, send as send_image};
use crate::support::{Message, Person, Receiver, Reply, Server};

/// A server with two people and a webhook.
async fn begin(receiver: &Receiver) -> (Server, super::Added, Person, Person) {
    let server = Server::start_here(&SETTINGS).await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let added = add(&server, receiver, &["--kinds", "MESSAGE_ADDED"]).await;
    (server, added, ada, bob)
}

async fn send(from: &Person, to: &Person, text: &str) {
    from.send(&Message::new(to.as_recipient(), text)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_is_tried_again_with_the_same_id_and_later_events_wait() {
    let receiver = Receiver::start().await;
    receiver.will([Reply::Status(500), Reply::Status(429), Reply::Raw(String::new()), Reply::Raw("nonsense".into())]);
    let (server, added, ada, bob) = begin(&receiver).await;
    send(&ada, &bob, "1").await;
    send(&ada, &bob, "2").await;

    let first = receiver.next().await;
    shows(&server, &added.id, "times in a row").await;
    for _ in 0..4 {
        let again = receiver.next().await;
        assert_eq!((again.message_text().as_str(), again.id()), ("1", first.id()));
        assert_eq!(again.signatures_with(&added.secret), 1);
    }

    assert_eq!(receiver.next().await.message_text(), "2");
    let shown = shows(&server, &added.id, "active, 0 events behind").await;
    assert!(shown.contains("500") && shown.contains("429"), "{shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_was_away_gets_everything_when_it_is_back() {
    let receiver = Receiver::start().await;
    let address = receiver.address;
    let (server, added, ada, bob) = begin(&receiver).await;
    drop(receiver);
    for number in 1..=3 {
        send(&ada, &bob, &number.to_string()).await;
    }
    shows(&server, &added.id, "no connection").await;

    let receiver = Receiver::at(address).await;

    for number in 1..=3 {
        assert_eq!(receiver.next().await.message_text(), number.to_string());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_gone_is_paused_until_it_is_resumed() {
    let receiver = Receiver::start().await;
    receiver.will([Reply::Status(410)]);
    let (server, added, ada, bob) = begin(&receiver).await;
    send(&ada, &bob, "1").await;
    receiver.next().await;
    shows(&server, &added.id, "paused: the answer was 410").await;
    receiver.stays_silent(Duration::from_secs(3)).await;

    succeeds(&server, &["resume", &added.id]).await;

    assert_eq!(receiver.next().await.message_text(), "1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_hangs_is_left_after_ten_seconds() {
    let receiver = Receiver::start().await;
    receiver.will([Reply::Hang]);
    let (server, added, ada, bob) = begin(&receiver).await;
    send(&ada, &bob, "1").await;
    let first = receiver.next().await;
    let began = Instant::now();

    let again = receiver.next().await;

    let waited = began.elapsed();
    assert!((10..20).contains(&waited.as_secs()), "{waited:?}");
    assert_eq!(again.id(), first.id());
    assert!(shows(&server, &added.id, "active").await.contains("no answer in 10 s"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_status_counts_whatever_the_body_does() {
    let receiver = Receiver::start().await;
    let lies = "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nshort";
    let chunks = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nno chunk";
    receiver.will([Reply::Raw(lies.into()), Reply::Raw(chunks.into()), Reply::Endless]);
    let (server, added, ada, bob) = begin(&receiver).await;
    let began = Instant::now();
    for number in 1..=5 {
        send(&ada, &bob, &number.to_string()).await;
    }

    for number in 1..=5 {
        assert_eq!(receiver.next().await.message_text(), number.to_string());
    }

    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    let shown = shows(&server, &added.id, "active, 0 events behind").await;
    assert!(shown.contains("error     none"), "{shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redirects_and_endless_headers_are_failures() {
    let (receiver, elsewhere) = (Receiver::start().await, Receiver::start().await);
    let redirect = format!("HTTP/1.1 307 Go\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n", elsewhere.url());
    let headers = format!("HTTP/1.1 200 OK\r\n{}", format!("x-long: {}\r\n", "y".repeat(100)).repeat(5_000));
    receiver.will([Reply::Raw(redirect), Reply::Raw(headers)]);
    let (server, added, ada, bob) = begin(&receiver).await;
    send(&ada, &bob, "1").await;

    for _ in 0..3 {
        assert_eq!(receiver.next().await.message_text(), "1");
    }

    elsewhere.stays_silent(Duration::from_millis(300)).await;
    let shown = shows(&server, &added.id, "active, 0 events behind").await;
    assert!(shown.contains("redirects are not followed"), "{shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_is_stuck_keeps_no_other_waiting_and_no_server_from_ending() {
    let (stuck, receiver) = (Receiver::start().await, Receiver::start().await);
    stuck.always(Reply::Hang);
    let (mut server, _, ada, bob) = begin(&stuck).await;
    add(&server, &receiver, &["--kinds", "MESSAGE_ADDED"]).await;

    send(&ada, &bob, "1").await;

    assert_eq!(receiver.next().await.message_text(), "1");
    stuck.next().await;
    let began = Instant::now();
    server.stop().await;
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

/// A paused webhook with an image before it, which can't be resolved any more, and a text behind that.
async fn begin_with_what_always_fails(receiver: &Receiver) -> (Server, super::Added) {
    let (server, added, ada, bob) = begin(receiver).await;
    succeeds(&server, &["pause", &added.id]).await;
    let sent = send_image(&server, &ada, &bob, &new_id(), &png(30, 20)).await.expect("an answer");
    assert!(sent.get("errors").is_none(), "{sent}");
    send(&ada, &bob, "after").await;
    execute(&server, "ALTER TABLE image RENAME TO image_elsewhere").await;
    (server, added)
}

async fn execute(server: &Server, sql: &str) {
    let db = server.database().await;
    db.execute_unprepared(sql).await.expect("it is done");
    db.close().await.expect("the database closes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_always_fails_is_skipped_with_a_reset_and_the_next_one_follows() {
    let receiver = Receiver::start().await;
    let (mut server, added) = begin_with_what_always_fails(&receiver).await;

    succeeds(&server, &["resume", &added.id]).await;

    let reset = receiver.next().await.event();
    assert_eq!((reset["__typename"].as_str(), reset["reason"].as_str()), (Some("FeedReset"), Some("EXPIRED")));
    assert_eq!(receiver.next().await.message_text(), "after");
    receiver.stays_silent(Duration::from_millis(500)).await;
    let shown = shows(&server, &added.id, "active, 0 events behind").await;
    assert!(shown.contains("error     an event could not be resolved: see the server's log"), "{shown}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_fails_is_tried_again_soon_however_often_others_have_failed() {
    let receiver = Receiver::start().await;
    let (mut server, added) = begin_with_what_always_fails(&receiver).await;

    // As after a day without the receiver: the next POST that failed would be followed by an hour.
    execute(&server, "UPDATE webhook SET paused_at = NULL, failures = 40").await;

    shows(&server, &added.id, "failing, 41 times in a row").await;
    let db = server.database().await;
    let next = Statement::from_string(db.get_database_backend(), "SELECT next_try_at FROM webhook");
    let next = db.query_one_raw(next).await.expect("an answer").expect("a row");
    let next: i64 = next.try_get_by_index(0).expect("a time");
    db.close().await.expect("the database closes");
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    let latest = now + limits::WEBHOOK_UNRESOLVED_WAIT;
    assert!(u128::try_from(next).is_ok_and(|next| next <= latest.as_millis()), "{next}, and now it is {now:?}");
    server.stop().await;
}
