//! Presence for many: who is in no block gets the frames that all get.

use serde_json::{Value, json};

use crate::blocks::BLOCK;
use crate::support::pictures::png;
use crate::support::{Counted, Person, Served, Socket, TestApp};

/// The name and the picture are looked up, so that executions can be counted.
const CHANGED: &str = "subscription($of: [ID!]) { presenceChanged(userIds: $of) { online user { fullName online } } }";
const ONLINE: &str = "subscription { onlineUsers { fullName online profilePic { width } } }";
const VIEWERS: usize = 20;

struct Scene {
    counted: Counted,
    served: Served,
    /// Who is in no block with Dora; one of them is in a block with another one.
    viewers: Vec<Socket>,
    /// Eve, who has blocked Dora.
    eve: Socket,
    dora: Person,
    _app: TestApp,
}

impl Scene {
    /// All of them subscribe.
    async fn set(document: &str) -> Self {
        let app = TestApp::start().await;
        let (ada, bob, eve, dora) =
            (app.user("Ada").await, app.user("Bob").await, app.user("Eve").await, app.user("Dora").await);
        dora.try_set_picture(&app, &png(40, 30)).await;
        ada.ask(BLOCK, json!({ "id": bob.id })).await;
        eve.ask(BLOCK, json!({ "id": dora.id })).await;
        let crowd = app.crowd(VIEWERS).await;
        let mut tokens = app.sign_in(&crowd).await;
        tokens.push(ada.token.clone());
        let counted = app.counted().await;
        let served = counted.serve().await;
        let mut viewers = Vec::new();
        for token in &tokens {
            viewers.push(Socket::signed_in(served.address, token, json!({})).await);
        }
        let mut eve = Socket::signed_in(served.address, &eve.token, json!({})).await;
        for socket in viewers.iter_mut().chain([&mut eve]) {
            let variables = if document == CHANGED { json!({ "of": [dora.id] }) } else { json!({}) };
            socket.subscribe("1", document, variables).await;
        }
        Self { counted, served, viewers, eve, dora, _app: app }
    }

    /// How often something was looked up since the last time.
    fn lookups(&self, table: &str) -> usize {
        let names = [format!("FROM {table} "), format!("FROM \"{table}\"")];
        let all = self.counted.take();
        all.iter().filter(|statement| names.iter().any(|name| statement.sql.contains(name))).count()
    }

    async fn dora_comes(&self) -> Socket {
        Socket::signed_in(self.served.address, &self.dora.token, json!({})).await
    }

    async fn end(self) {
        drop((self.viewers, self.eve));
        self.served.end().await;
        self.counted.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_executed_once_for_all_who_are_in_no_block_with_the_person() {
    let mut scene = Scene::set(CHANGED).await;
    for socket in scene.viewers.iter_mut().chain([&mut scene.eve]) {
        socket.say(json!({ "type": "ping" })).await;
        assert_eq!(socket.next().await["type"], "pong");
    }
    scene.lookups("user");

    let dora = scene.dora_comes().await;

    let expected = json!({ "presenceChanged": { "online": true, "user": { "fullName": "Dora", "online": true } } });
    for socket in &mut scene.viewers {
        assert_eq!(socket.next_data("1").await, expected);
    }
    scene.eve.stays_silent().await;
    assert_eq!(scene.lookups("user"), 1, "Dora is looked up once");
    dora.cut().await;
    scene.end().await;
}

/// Takes lists until one has Dora or, where she is hidden, everybody else.
async fn list_of(socket: &mut Socket, people: usize, with_dora: bool) {
    loop {
        let frame = socket.next_data("1").await;
        let users = frame["onlineUsers"].as_array().expect("a list");
        let dora: Vec<&Value> = users.iter().filter(|user| user["fullName"] == "Dora").collect();
        if users.len() == people && dora.len() == usize::from(with_dora) {
            assert!(dora.iter().all(|user| user["profilePic"]["width"] == 40), "{frame}");
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_is_executed_once_for_all_who_are_in_no_block_with_anybody_in_it() {
    let mut scene = Scene::set(ONLINE).await;
    // Those of the crowd, Ada and Eve.
    let people = VIEWERS + 2;
    for socket in scene.viewers.iter_mut().chain([&mut scene.eve]) {
        list_of(socket, people, false).await;
    }
    scene.lookups("image");

    let dora = scene.dora_comes().await;

    for socket in &mut scene.viewers {
        list_of(socket, people + 1, true).await;
    }
    assert_eq!(scene.lookups("image"), 1, "Dora's picture is looked up once");
    dora.cut().await;
    scene.end().await;
}
