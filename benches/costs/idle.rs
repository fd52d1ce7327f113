//! The cost of an idle subscribed socket.

use std::time::Duration;

use super::client::Person;
use super::print;
use super::server::Server;

const SOCKETS: usize = 2_000;
const PEOPLE: usize = 20;
const DOCUMENT: &str = "subscription { messageAdded { id seq text createdAt sender { id fullName } } }";

pub async fn measure(server: Server) {
    let people = Person::sign_up_all(server.address, PEOPLE).await;
    // What the first few make stays, and is no socket's.
    let mut sockets = Vec::new();
    for number in 0..SOCKETS / 10 {
        sockets.push(people[number % PEOPLE].subscribe(DOCUMENT).await);
    }
    settle().await;
    let before = server.resident_kb();
    for number in 0..SOCKETS {
        sockets.push(people[number % PEOPLE].subscribe(DOCUMENT).await);
    }
    settle().await;
    print("resident memory a socket", (server.resident_kb() - before) / SOCKETS as f64, "kB");
    let used = server.used();
    tokio::time::sleep(Duration::from_secs(5)).await;
    let (wall, cpu) = server.used().since(used);
    print("CPU of all of them", cpu * 1e3 / wall, "ms/s");
}

/// Gives the server time to start the subscriptions.
async fn settle() {
    tokio::time::sleep(Duration::from_secs(1)).await;
}
