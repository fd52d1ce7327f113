//! A member is removed at one node while others send at another.

use serde_json::{Value, json};

use crate::support::{Cluster, Line, Message, Person, SEND, code, position_of, soon, via};

const EVENTS: &str = "subscription($after: String) { events(after: $after) { __typename cursor
    ... on MessageAdded { message { text seq } } ... on ConversationChanged { change } } }";
const REMOVE: &str = "mutation($in: ID!, $who: ID!) { removeMember(conversationId: $in, userId: $who) { id } }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removed_member_receives_and_sends_what_comes_before_the_removal_and_nothing_after() {
    let mut cluster = Cluster::start(2).await;
    let (ada, bob, eve) = (cluster.user("Ada").await, cluster.user("Bob").await, cluster.user("Eve").await);
    let (here, there) = (cluster.nodes[0].server.address, cluster.nodes[1].server.address);
    for round in 0..4 {
        let group = ada.group("Tea", &[&bob, &eve]).await;
        let start = eve.feed_cursor().await;
        let mut lines = Vec::new();
        for address in [here, there] {
            let mut line = Line::open(address, &eve.token, json!({})).await.expect("a line");
            line.subscribe("1", EVENTS, &json!({ "after": start })).await.expect("it is open");
            lines.push(line);
        }
        let sending = |person: &Person| tokio::spawn(send_until_refused(via(person, here), group.clone()));
        let (by_bob, by_eve) = (sending(&bob), sending(&eve));
        while bob
            .ask("query($in: ConversationRef!) { conversation(by: $in) { lastSeq } }", json!({ "in": group }))
            .await["conversation"]["lastSeq"]
            .as_i64()
            .expect("a number")
            < 20
        {}
        let remove = |who: &Person| json!({ "in": group["conversationId"], "who": who.id });
        via(&ada, there).ask(REMOVE, remove(&eve)).await;
        let sent_by_eve = soon(by_eve).await.expect("no panic");
        via(&ada, there).ask(REMOVE, remove(&bob)).await;
        soon(by_bob).await.expect("no panic");
        // What comes last to her, so that nothing can still be on its way.
        let last = format!("the last of {round}");
        ada.send(&Message::new(eve.as_recipient(), last.as_str())).await;
        for line in &mut lines {
            let (before, after) = received(line, &last).await;
            let seqs: Vec<i64> = before.iter().map(|message| message["seq"].as_i64().expect("a seq")).collect();
            assert!(seqs.windows(2).all(|pair| pair[1] == pair[0] + 1), "{seqs:?}");
            assert!(before.len() >= 15, "only {} messages came before the removal", before.len());
            assert_eq!(after, Vec::<Value>::new(), "messages after the removal");
            // Her last message was accepted before it, and so was everything up to it.
            assert!(seqs.last() >= Some(&sent_by_eve), "{sent_by_eve} of her own is missing in {seqs:?}");
        }
    }
    cluster.stop().await;
}

/// Sends to a group until the sender is no member any more; the seq of the last message.
async fn send_until_refused(sender: Person, group: Value) -> i64 {
    let mut last = 0;
    for number in 0.. {
        let message = Message::new(group.clone(), format!("{number}"));
        let answer = sender.execute(SEND, message.variables()).await;
        match answer["data"]["sendMessage"]["seq"].as_i64() {
            Some(seq) => last = seq,
            None => {
                assert_eq!(code(&answer), "NOT_FOUND", "{answer}");
                break;
            }
        }
    }
    last
}

/// The messages before a member's removal and those after it, up to the last one.
async fn received(line: &mut Line, last: &str) -> (Vec<Value>, Vec<Value>) {
    let (mut before, mut after, mut is_removed, mut position) = (Vec::new(), Vec::new(), false, 0);
    loop {
        let frame = soon(line.next()).await.expect("it stays open");
        let event = &frame["payload"]["data"]["events"];
        let Some(kind) = event["__typename"].as_str() else { continue };
        let at = position_of(event["cursor"].as_str().expect("a cursor"));
        assert!(at > position || kind == "CaughtUp", "{event} comes after {position}");
        position = at;
        match kind {
            "MessageAdded" if event["message"]["text"] == last => {
                assert!(is_removed, "she was never told");
                return (before, after);
            }
            "MessageAdded" if is_removed => after.push(event["message"].clone()),
            "MessageAdded" => before.push(event["message"].clone()),
            "ConversationChanged" if event["change"] == "REMOVED" => is_removed = true,
            _ => {}
        }
    }
}
