//! The same message sent to two nodes at once.

use futures_util::future::join_all;

use crate::support::{Cluster, Feed, Ledger, Listener, Log, Message, position_of, via};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_is_sent_to_two_nodes_at_once_is_sent_once() {
    let mut cluster = Cluster::start(2).await;
    let (ada, bob) = (cluster.user("Ada").await, cluster.user("Bob").await);
    let start = bob.feed_cursor().await;
    let listeners = cluster.nodes.iter().map(|node| Listener::start(node.server.address, &bob, Feed::Events, &start));
    let listeners: Vec<Listener> = listeners.collect();
    let at = cluster.nodes.iter().map(|node| via(&ada, node.server.address)).collect::<Vec<_>>();
    let ledger = Ledger::default();
    for round in 0..40 {
        // The first of all also makes the conversation, at both nodes.
        let messages: Vec<Message> =
            (0..4).map(|number| Message::new(bob.as_recipient(), format!("{round}/{number}"))).collect();
        messages.iter().for_each(|message| ledger.called(message));
        let tries = messages.iter().flat_map(|message| at.iter().map(move |ada| ada.send(message)));
        let answers = join_all(tries).await;
        for (message, answers) in messages.iter().zip(answers.chunks(at.len())) {
            assert_eq!(answers[0], answers[1]);
            ledger.answered(message, answers[0].clone());
        }
    }
    let log = Log::read(&cluster.nodes[0].server).await;
    log.has_no_gap();
    ledger.is_kept_by(&log);
    for listener in listeners {
        listener.received_up_to(log.last_of(&bob.id)).await.is_complete(&log, position_of(&start));
    }
    cluster.stop().await;
}
