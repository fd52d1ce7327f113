//! What happens at one node and shows at another: presence, typing, the end of a session.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Closed, Cluster, LEASES, Person, Stop, follow, next, soon, via};

const PRESENCE: &str = "subscription { presenceChanged { online user { id } } }";
const TYPING: &str = "subscription { typingChanged { user { id } typing } }";
const SET_TYPING: &str = "mutation($in: ConversationRef!, $is: Boolean!) { setTyping(conversation: $in, typing: $is) }";
const IS_ONLINE: &str = "query($id: ID!) { user(id: $id) { online } }";

async fn is_online(asker: &Person, at: SocketAddr, of: &Person) -> bool {
    let user = via(asker, at).ask(IS_ONLINE, json!({ "id": of.id })).await;
    user["user"]["online"].as_bool().expect("a boolean")
}

fn change(of: &Person, online: bool) -> Value {
    json!({ "presenceChanged": { "online": online, "user": { "id": of.id } } })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn presence_is_right_at_all_nodes_through_a_crash_of_postgresql_and_the_death_of_a_node() {
    let mut cluster = Cluster::start(2).await;
    let (here, there) = (cluster.nodes[0].server.address, cluster.nodes[1].server.address);
    let mut people = Vec::new();
    for name in ["Ada", "Bob", "Carl", "Dora", "Emil"] {
        people.push(cluster.user(name).await);
    }
    let [ada, bob, carl, dora, emil] = people.as_slice() else { unreachable!("there are five") };
    let mut at_ada = follow(ada, here, PRESENCE, &json!({})).await;
    let _bob = follow(bob, there, PRESENCE, &json!({})).await;
    assert_eq!(soon(next(&mut at_ada)).await, change(bob, true));
    let _carl = (follow(carl, there, PRESENCE, &json!({})).await, follow(carl, here, PRESENCE, &json!({})).await);
    assert_eq!(soon(next(&mut at_ada)).await, change(carl, true));
    let dora_there = follow(dora, there, PRESENCE, &json!({})).await;
    assert_eq!(soon(next(&mut at_ada)).await, change(dora, true));
    assert!(!is_online(ada, there, emil).await);
    for person in [ada, bob, carl, dora] {
        assert!(is_online(ada, here, person).await && is_online(ada, there, person).await, "{}", person.name);
    }

    // The tables of presence are empty after this, and written anew.
    cluster.with_postgres(|postgres| postgres.restart(Stop::Immediate)).await;
    soon(async {
        while cluster.number("SELECT count(*) FROM node_person WHERE (SELECT count(*) FROM node) = 2").await < 5 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
    for person in [ada, bob, carl, dora] {
        assert!(is_online(ada, here, person).await && is_online(ada, there, person).await, "{}", person.name);
    }

    cluster.nodes[1].server.kill().await;
    drop(dora_there);
    let _dora = follow(dora, here, PRESENCE, &json!({})).await;
    // Bob was nowhere else. Nobody else went at any time, and this is the first change since.
    let gone = tokio::time::timeout(LEASES, next(&mut at_ada)).await.expect("his node's lease ends");
    assert_eq!(gone, change(bob, false));
    assert!(!is_online(ada, here, bob).await);
    assert!(is_online(ada, here, carl).await && is_online(ada, here, dora).await);

    cluster.nodes[1].server.start_again().await;
    let _emil = follow(emil, there, PRESENCE, &json!({})).await;
    assert_eq!(soon(next(&mut at_ada)).await, change(emil, true));
    for person in [ada, carl, dora, emil] {
        assert!(is_online(ada, there, person).await, "{}", person.name);
    }
    cluster.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn typing_shows_at_other_nodes_and_a_session_ends_at_all() {
    let mut cluster = Cluster::start(2).await;
    let (here, there) = (cluster.nodes[0].server.address, cluster.nodes[1].server.address);
    let (ada, bob) = (cluster.user("Ada").await, cluster.user("Bob").await);
    let group = ada.group("Tea", &[&bob]).await;
    let mut at_bob = follow(&bob, there, TYPING, &json!({})).await;
    for typing in [true, false, true] {
        via(&ada, here).ask(SET_TYPING, json!({ "in": group, "is": typing })).await;
        let sign = json!({ "typingChanged": { "user": { "id": ada.id }, "typing": typing } });
        assert_eq!(soon(next(&mut at_bob)).await, sign);
    }
    // The last one expires.
    let sign = json!({ "typingChanged": { "user": { "id": ada.id }, "typing": false } });
    assert_eq!(soon(next(&mut at_bob)).await, sign);

    via(&bob, here).ask("mutation { logout }", json!({})).await;
    let closed = async {
        loop {
            if let Err(closed) = at_bob.next().await {
                return closed;
            }
        }
    };
    assert_eq!(soon(closed).await, Closed(4401));
    let refused = via(&bob, there).ask("{ me { id } }", json!({})).await;
    assert_eq!(refused["me"], Value::Null);
    cluster.stop().await;
}
