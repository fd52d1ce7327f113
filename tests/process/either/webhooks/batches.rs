//! Several events in one POST.

use std::time::{Duration, Instant};

use super::{SETTINGS, add, shows};
use crate::support::{Message, Receiver, Reply, Server};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batches_keep_up_with_two_hundred_a_second_over_fifty_milliseconds() {
    let server = Server::start_here(&SETTINGS).await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let receiver = Receiver::start().await;
    receiver.always(Reply::After(Duration::from_millis(50)));
    let added = add(&server, &receiver, &["--batch", "100", "--kinds", "MESSAGE_ADDED"]).await;
    let (many, pace) = (600, Duration::from_millis(5));
    let sending = tokio::spawn(async move {
        let began = Instant::now();
        for number in 0..many {
            ada.send(&Message::new(bob.as_recipient(), number.to_string())).await;
            tokio::time::sleep((pace * number).saturating_sub(began.elapsed())).await;
        }
    });

    let (mut heard, mut posts) = (Vec::new(), 0);
    while heard.len() < many as usize {
        let posted = receiver.next().await;
        assert_eq!(posted.signatures_with(&added.secret), 1);
        let events = posted.events();
        assert!((1..=100).contains(&events.len()), "{}", events.len());
        assert_eq!(posted.id(), events.last().expect("an event")["cursor"], "the last one's cursor");
        heard.extend(events.iter().map(|event| event["message"]["text"].as_str().expect("a text").to_owned()));
        posts += 1;
        if sending.is_finished() && heard.len() < many as usize {
            // What is left when the last one was sent: two POSTs at most, however slow the machine is.
            assert!(many as usize - heard.len() <= 200, "{} are left", many as usize - heard.len());
        }
    }

    assert_eq!(heard, (0..many).map(|number| number.to_string()).collect::<Vec<_>>());
    assert!(posts < many, "{posts} POSTs");
    sending.await.expect("no panic");
    shows(&server, &added.id, "active, 0 events behind").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backlog_goes_out_in_full_batches_and_a_batch_that_fails_comes_again_as_it_was() {
    let server = Server::start_here(&SETTINGS).await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let start = ada.feed_cursor().await;
    for number in 0..25 {
        ada.send(&Message::new(bob.as_recipient(), number.to_string())).await;
    }
    let receiver = Receiver::start().await;
    receiver.will([Reply::Status(503)]);
    add(&server, &receiver, &["--batch", "10", "--kinds", "MESSAGE_ADDED", "--from", &start]).await;

    let first = receiver.next().await;
    ada.send(&Message::new(bob.as_recipient(), "meanwhile")).await;
    let again = receiver.next().await;

    assert_eq!((first.id(), &first.text), (again.id(), &again.text));
    let mut sizes = vec![again.events().len()];
    while sizes.iter().sum::<usize>() < 26 {
        sizes.push(receiver.next().await.events().len());
    }
    assert_eq!(sizes, [10, 10, 6]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_has_a_megabyte_at_most() {
    let server = Server::start_here(&SETTINGS).await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let start = ada.feed_cursor().await;
    // Each is 12 kB of UTF-8.
    for _ in 0..120 {
        ada.send(&Message::new(bob.as_recipient(), "語".repeat(4_000))).await;
    }
    let receiver = Receiver::start().await;
    add(&server, &receiver, &["--batch", "500", "--kinds", "MESSAGE_ADDED", "--from", &start]).await;

    let (first, second) = (receiver.next().await, receiver.next().await);

    assert!(first.text.len() > 1_000_000 && first.text.len() < 1_100_000, "{}", first.text.len());
    assert_eq!(first.events().len() + second.events().len(), 120);
}
