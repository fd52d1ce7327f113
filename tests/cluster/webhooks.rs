//! Webhooks between nodes: one node works at a webhook, and another goes on when it dies.

use std::time::Duration;

use crate::support::{Cluster, LEASES, Message, Receiver, soon, via};

/// Adds a webhook by the command, with the settings of a node.
async fn add(cluster: &Cluster, receiver: &Receiver) {
    let mut command = cluster.nodes[0].server.command("webhook");
    command.args(["add", "--url", &receiver.url(), "--kinds", "MESSAGE_ADDED"]);
    let ended = soon(command.output()).await.expect("the program runs");
    assert!(ended.status.success(), "{ended:?}");
}

async fn start() -> Cluster {
    let mut cluster = Cluster::prepare(2).await;
    for node in &mut cluster.nodes {
        node.server.set("WEBHOOK_ALLOW_NETS", "127.0.0.1");
        node.server.start_again().await;
    }
    cluster
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_all_nodes_are_posted_once_and_another_node_goes_on_when_one_is_killed() {
    let mut cluster = start().await;
    let (ada, bob) = (cluster.user("Ada").await, cluster.user("Bob").await);
    let (here, there) = (cluster.nodes[0].server.address, cluster.nodes[1].server.address);
    let receiver = Receiver::start().await;
    add(&cluster, &receiver).await;
    for number in 0..20 {
        let at = if number % 2 == 0 { here } else { there };
        via(&ada, at).send(&Message::new(bob.as_recipient(), number.to_string())).await;
    }
    for number in 0..20 {
        assert_eq!(receiver.next().await.message_text(), number.to_string(), "once, in order");
    }
    receiver.stays_silent(Duration::from_secs(1)).await;

    // The oldest node leads.
    cluster.nodes[0].server.kill().await;
    for number in 20..30 {
        via(&ada, there).send_until_answered(&Message::new(bob.as_recipient(), number.to_string())).await;
    }

    let mut heard = Vec::new();
    tokio::time::timeout(LEASES, async {
        while heard.last().map(String::as_str) != Some("29") {
            heard.push(receiver.next_within(LEASES).await.message_text());
        }
    })
    .await
    .expect("the other node goes on when the lease is over");
    // What was not written before it was killed comes again, in order.
    heard.dedup();
    let from = heard.iter().position(|text| text == "20").expect("the first one after");
    assert_eq!(heard[from..], (20..30).map(|number| number.to_string()).collect::<Vec<_>>());
    cluster.nodes[0].server.start_again().await;
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_failover_there_is_a_reset() {
    let mut cluster = start().await;
    let (ada, bob) = (cluster.user("Ada").await, cluster.user("Bob").await);
    let receiver = Receiver::start().await;
    add(&cluster, &receiver).await;
    ada.send(&Message::new(bob.as_recipient(), "before")).await;
    assert_eq!(receiver.next().await.message_text(), "before");

    cluster.with_postgres(|postgres| postgres.fail_over()).await;

    let event = receiver.next_within(LEASES).await.event();
    assert_eq!((event["__typename"].as_str(), event["reason"].as_str()), (Some("FeedReset"), Some("FOREIGN")));
    // The reset may come from the other node, while Ada's still reconnects.
    ada.send_until_answered(&Message::new(bob.as_recipient(), "after")).await;
    loop {
        let posted = receiver.next().await;
        match posted.event()["__typename"].as_str() {
            // Again, if its record was lost meanwhile.
            Some("FeedReset") => {}
            _ => break assert_eq!(posted.message_text(), "after"),
        }
    }
    cluster.stop().await;
}
