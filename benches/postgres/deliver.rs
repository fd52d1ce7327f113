//! What the delivery of a message to one of many sockets costs a node, on PostgreSQL and on SQLite in turns.

use serde_json::json;
use tokio::task::JoinSet;

use super::Size;
use super::client::Person;
use super::cluster::{Cluster, Node};
use super::figures::{print, print_ratio};

const FIELDS: &str = "id seq text createdAt sender { id fullName }";
/// The group's members; each has as many of the sockets as another.
const PEOPLE: usize = 10;
const ROUNDS: usize = 3;

pub async fn measure(cluster: Cluster, size: Size) {
    let mut nodes = cluster.nodes(1).await;
    let groups = [Group::on(nodes.remove(0), size).await, Group::on(cluster.on_sqlite().await, size).await];
    let mut spent = [0.0; 2];
    for _ in 0..ROUNDS {
        for (group, spent) in groups.iter().zip(&mut spent) {
            *spent += group.deliver(size).await;
        }
    }
    let deliveries = (ROUNDS * size.messages * size.sockets) as f64;
    let [postgres, sqlite] = spent.map(|spent| spent / deliveries);
    println!("  {} sockets", size.sockets);
    print("  CPU of the node a delivery, on PostgreSQL", postgres, "µs");
    print("  on SQLite", sqlite, "µs");
    print_ratio("  of that on SQLite", postgres / sqlite);
}

/// People with a group on a node of their own.
struct Group {
    node: Node,
    people: Vec<Person>,
    conversation: serde_json::Value,
}

impl Group {
    async fn on(node: Node, size: Size) -> Self {
        let people = Person::sign_up_all(node.address, PEOPLE.min(size.sockets)).await;
        let create = "mutation($input: CreateConversationInput!) { createConversation(input: $input) { id } }";
        let members: Vec<&str> = people.iter().skip(1).map(|person| person.id.as_str()).collect();
        let input = json!({ "title": "All", "memberIds": members });
        let made = people[0].ask(create, json!({ "input": input })).await;
        let conversation = json!({ "conversationId": made["createConversation"]["id"] });
        Self { node, people, conversation }
    }

    /// Sends messages, one after the other, to many sockets; the processor time that the node used.
    async fn deliver(&self, size: Size) -> f64 {
        // Nothing is missed by a socket that is later than the first message.
        let after = self.people[0].ask("{ feedCursor }", json!({})).await;
        let document = format!("subscription {{ messageAdded(after: {}) {{ {FIELDS} }} }}", after["feedCursor"]);
        let mut sockets = Vec::new();
        for number in 0..size.sockets {
            sockets.push(self.people[number % self.people.len()].subscribe(&document).await);
        }
        self.people[0].send(&self.conversation).await;
        for socket in &mut sockets {
            socket.next().await;
        }
        let begun = self.node.cpu();
        let mut receiving = JoinSet::new();
        for mut socket in sockets {
            let count = size.messages;
            receiving.spawn(async move {
                for _ in 0..count {
                    socket.next().await;
                }
            });
        }
        for _ in 0..size.messages {
            self.people[0].send(&self.conversation).await;
        }
        receiving.join_all().await;
        self.node.cpu() - begun
    }
}
