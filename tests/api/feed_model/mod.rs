//! Who looks at everything once and then follows the feed knows what one knows who looks at everything anew: field by
//! field, whatever people do, and however often the line is cut.

mod client;
mod documents;
mod doings;
mod known;

use std::time::Duration;

use futures_util::future::join_all;
use sea_orm::{ConnectionTrait, Statement};

use crate::support::TestApp;
use client::Client;
use doings::{World, below};

/// The last text of all, from somebody who does nothing else.
const THE_END: &str = "the end";
/// What each of six people does.
const THINGS: usize = 350;
const GROUPS: usize = 9;

/// Follows, with random cuts, until everything has happened. Whoever is `restless` is cut all the time.
async fn follow_to_the_end(mut client: Client, restless: bool) -> Client {
    loop {
        let patience = if restless { below(40) } else { usize::MAX };
        let mut socket = client.follow().await;
        for _ in 0..patience {
            if client.received == THE_END {
                return client;
            }
            let event = socket.next_event().await;
            client.take(&event);
        }
        socket.cut().await;
        // Some come back by a page first, as one does who is woken by a push.
        if below(3) == 0 {
            while client.take_page().await {}
        }
    }
}

async fn erasures_have_ended(app: &TestApp) {
    let db = app.database().await;
    let rest = || Statement::from_string(db.get_database_backend(), "SELECT 1 FROM erasure");
    while db.query_one_raw(rest()).await.expect("a look").is_some() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_following_the_feed_equals_a_fresh_snapshot() {
    let app = TestApp::start_with(&[("RETENTION_DAYS", "20")]).await;
    let names = ["Ada", "Bob", "Carl", "Eve", "Fay", "Gus"];
    let people = join_all(names.iter().map(|name| app.user(name))).await;
    let herald = app.user("Herald").await;
    let guests = join_all(["Hal", "Ida", "Jon"].iter().map(|name| app.user(name))).await;
    let world = World::make(people, guests, GROUPS).await;
    let clients = join_all(world.people.iter().map(Client::new)).await;

    let following = clients.into_iter().enumerate().map(|(number, client)| follow_to_the_end(client, number % 3 != 0));
    let following = join_all(following);
    let living = async {
        tokio::join!(world.live(&app, THINGS), world.age(&app));
        // The reactions of those who were erased go one after another.
        erasures_have_ended(&app).await;
        for person in &world.people {
            herald.send(person, THE_END).await;
        }
    };
    let (clients, ()) = tokio::join!(following, living);

    for client in &clients {
        client.agrees_with_the_server(world.friend(&client.person)).await;
    }
}
