//! Deleting an account: what remains of the person, wherever one looks.

use serde_json::{Value, json};

use crate::support::{PASSWORD, Person, Socket, TestApp, soon};

const LEAVE: &str = "mutation($password: String!) { deleteAccount(password: $password) }";
const EVENTS: &str = "subscription($after: String) { events(after: $after) { __typename cursor
    ... on MessageAdded { message { text version deletedAt sender { fullName } replyTo { text } } }
    ... on MessageChanged { message { text version deletedAt } }
    ... on ConversationChanged { change conversationId conversation { memberCount lastMessage { text }
        members { nodes { role user { fullName } } } } }
    ... on UserChanged { user { id fullName deletedAt } } } }";

/// Ada has written to Bob, and owns a group with him and Carl in which all have written; Bob has quoted her.
struct Scene {
    app: TestApp,
    ada: Person,
    bob: Person,
    carl: Person,
    direct: String,
    group: String,
    /// The cursor before any message.
    start: String,
}

impl Scene {
    async fn set() -> Self {
        Self::set_on(TestApp::start().await).await
    }

    async fn set_on(app: TestApp) -> Self {
        let (ada, bob, carl) = (app.user("Ada Secretly").await, app.user("Bob").await, app.user("Carl").await);
        let start = bob.feed_cursor().await;
        let direct = ada.send(&bob, "secret one").await["conversationId"].as_str().expect("an id").to_owned();
        let group = ada.group("Tea", &[&bob, &carl]).await;
        let sent = ada.send_to(&group, "secret two").await;
        let quote = json!({ "to": { "conversationId": group }, "text": "so true", "replyToId": sent["id"] });
        bob.send_input(quote).await;
        let gone = ada.send_to(&group, "secret three").await["id"].take();
        ada.ask("mutation($id: ID!) { deleteMessage(id: $id) { id } }", json!({ "id": gone })).await;
        let edited = ada.send_to(&group, "secret fore").await["id"].take();
        let edit = "mutation($id: ID!) { editMessage(id: $id, text: \"secret four\") { id } }";
        ada.ask(edit, json!({ "id": edited })).await;
        Self { app, ada, bob, carl, direct, group, start }
    }

    async fn leave(&self) {
        let left = self.ada.ask(LEAVE, json!({ "password": PASSWORD })).await;
        assert_eq!(left, json!({ "deleteAccount": true }));
    }

    /// Everything that Bob can find, by every query.
    async fn of_bob(&self) -> Value {
        let message = "id seq text version editedAt deletedAt sender { id fullName deletedAt }
            replyTo { id text version deletedAt sender { fullName } }";
        let everything = format!(
            "query($direct: ID!, $group: ID!, $ada: ID!, $after: String!) {{
               user(id: $ada) {{ id fullName email online lastSeenAt deletedAt }}
               users(first: 5) {{ totalCount nodes {{ fullName }} }}
               found: users(search: \"secretly\") {{ totalCount }}
               known: users(search: \"ada.secretly@example.com\") {{ totalCount }}
               unread {{ messages conversations }}
               conversations(first: 4) {{ nodes {{ id title memberCount lastSeq unreadCount otherUser {{ fullName }}
                 lastMessage {{ {message} }} members(first: 4) {{ nodes {{ role lastReadSeq user {{ fullName }} }} }}
                 messages(last: 9) {{ nodes {{ {message} }} }} }} }}
               direct: messages(conversation: {{ conversationId: $direct }}, first: 9) {{ nodes {{ {message} }} }}
               group: messages(conversation: {{ conversationId: $group }}, aroundSeq: 2) {{ nodes {{ {message} }} }}
               search: searchMessages(query: \"secret\", first: 9) {{ nodes {{ {message} }} }}
               byPerson: conversation(by: {{ userId: $ada }}) {{ id }}
               events(after: $after, first: 30) {{ hasMore events {{ __typename
                 ... on MessageAdded {{ message {{ {message} }} }} ... on MessageChanged {{ message {{ {message} }} }}
                 ... on ConversationChanged {{ change conversation {{ id memberCount }} }}
                 ... on UserChanged {{ user {{ fullName deletedAt }} }} }} }} }}"
        );
        let ids = json!({ "direct": self.direct, "group": self.group, "ada": self.ada.id, "after": self.start });
        self.bob.ask(&everything, ids).await
    }

    /// Waits until the sweep is complete.
    async fn is_swept(&self) {
        let db = self.app.database().await;
        soon(async {
            while count(&db, "SELECT COUNT(*) FROM erasure").await > 0 {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

async fn count(db: &sea_orm::DatabaseConnection, sql: &str) -> i64 {
    use sea_orm::ConnectionTrait;
    let row = db.query_one_raw(sea_orm::Statement::from_string(db.get_database_backend(), sql)).await;
    row.expect("an answer").expect("a row").try_get_by_index(0).expect("a number")
}

fn events(subscription: &str) -> Value {
    json!({ "after": subscription })
}

/// Everything up to CaughtUp, as text.
async fn replay(socket: &mut Socket) -> Vec<Value> {
    socket.replay().await.0
}

#[tokio::test]
async fn an_erased_persons_data_is_gone_and_others_keep_their_history() {
    let scene = Scene::set().await;
    assert!(scene.of_bob().await.to_string().contains("secret"));

    scene.leave().await;

    let seen = scene.of_bob().await;
    assert!(!seen.to_string().to_lowercase().contains("secret"), "{seen}");
    let ada = &seen["user"];
    assert_eq!(ada["fullName"], "Deleted user");
    assert!(ada["deletedAt"].is_string());
    assert_eq!((&ada["email"], &ada["online"], &ada["lastSeenAt"]), (&json!(null), &json!(false), &json!(null)));
    assert_eq!(seen["users"]["nodes"], json!([{ "fullName": "Carl" }]));
    assert_eq!((&seen["found"]["totalCount"], &seen["known"]["totalCount"]), (&json!(0), &json!(0)));
    assert_eq!(seen["byPerson"]["id"], scene.direct.as_str());
    let group = seen["group"]["nodes"].as_array().expect("messages");
    let as_shown: Vec<Value> = group.iter().map(|row| json!([row["seq"], row["text"], row["version"]])).collect();
    // The first line has lost its title, and the last says that she is gone. The fourth was deleted before; the fifth was
    // edited once.
    let expected = json!([[1, null, 2], [2, null, 2], [3, "so true", 1], [4, null, 2], [5, null, 3], [6, null, 1]]);
    assert_eq!(json!(as_shown), expected);
    for row in group.iter().filter(|row| row["seq"] != 3) {
        assert_eq!(row["sender"]["id"], ada["id"], "{row}");
        assert_eq!(row["deletedAt"].is_null(), row["seq"] == 1 || row["seq"] == 6, "{row}");
    }
    assert_eq!((&group[2]["replyTo"]["text"], &group[2]["replyTo"]["version"]), (&json!(null), &json!(2)));
    assert_eq!(group[1]["deletedAt"], ada["deletedAt"]);
    assert_eq!(seen["unread"], json!({ "messages": 0, "conversations": 0 }));
}

#[tokio::test]
async fn texts_are_hidden_while_they_are_being_cleared() {
    let mut scene = Scene::set().await;
    scene.leave().await;
    scene.is_swept().await;
    let through = scene.of_bob().await;
    let db = scene.app.database().await;
    // As if the program had ended before it cleared these.
    sea_orm::ConnectionTrait::execute_unprepared(
        &db,
        "INSERT INTO erasure (user_id, erased_at, told_position)
           SELECT id, deleted_at, changed_position FROM \"user\" WHERE deleted_at IS NOT NULL;
         UPDATE message SET text = 'not cleared', version = version - 1, deleted_at = NULL
          WHERE deleted_at = (SELECT deleted_at FROM \"user\" WHERE deleted_at IS NOT NULL)",
    )
    .await
    .expect("it can be set back");
    assert_eq!(count(&db, "SELECT COUNT(text) FROM message").await, 4);

    assert_eq!(scene.of_bob().await, through);
    let replayed = scene.bob.subscribe(EVENTS, events(&scene.start)).await.replay().await;
    assert!(!format!("{replayed:?}").contains("not cleared"), "{replayed:?}");

    scene.app.restart().await;
    scene.is_swept().await;
    assert_eq!(count(&db, "SELECT COUNT(text) FROM message").await, 1, "what Bob wrote");
    assert_eq!(scene.of_bob().await, through);
}

#[tokio::test]
async fn contacts_receive_the_erasure_once_and_groups_the_change() {
    let scene = Scene::set().await;
    let eve = scene.app.user("Eve").await;
    let follow = async |person: &Person| {
        let mut socket = person.subscribe(EVENTS, json!({})).await;
        assert_eq!(socket.next_event().await["__typename"], "CaughtUp");
        socket
    };
    let (mut at_bob, mut at_carl, mut at_eve) =
        (follow(&scene.bob).await, follow(&scene.carl).await, follow(&eve).await);

    scene.leave().await;

    for socket in [&mut at_bob, &mut at_carl] {
        let gone = socket.next_event().await;
        assert_eq!((&gone["__typename"], &gone["user"]["id"]), (&json!("UserChanged"), &json!(scene.ada.id)));
        assert_eq!(gone["user"]["fullName"], "Deleted user");
        assert!(gone["user"]["deletedAt"].is_string());
        let group = socket.next_event().await;
        assert_eq!((&group["change"], &group["conversationId"]), (&json!("UPDATED"), &json!(scene.group)));
        assert_eq!(group["conversation"]["memberCount"], 2);
        let members = &group["conversation"]["members"]["nodes"];
        // The oldest remaining member.
        let roles = json!([{ "role": "OWNER", "user": { "fullName": "Bob" } },
            { "role": "MEMBER", "user": { "fullName": "Carl" } }]);
        assert_eq!(*members, roles);
        socket.next_line().await;
        socket.stays_silent().await;
    }
    at_eve.stays_silent().await;
}

#[tokio::test]
async fn every_kind_of_replay_delivers_tombstones() {
    let mut scene = Scene::set().await;
    // Live subscribers fill the cache of frames.
    let mut live = scene.carl.subscribe(EVENTS, events(&scene.start)).await;
    assert!(format!("{:?}", replay(&mut live).await).contains("secret two"));
    let added = "subscription($after: String) { messageAdded(after: $after) { text replyTo { text } } }";

    scene.leave().await;

    let mut delivered = Vec::new();
    for _ in 0..2 {
        let mut again = scene.carl.subscribe(EVENTS, events(&scene.start)).await;
        delivered.push(replay(&mut again).await);
        let mut messages = scene.carl.subscribe(added, events(&scene.start)).await;
        let mut texts = Vec::new();
        for _ in 0..5 {
            texts.push(messages.next_data("1").await["messageAdded"].take());
        }
        let so_true = json!({ "text": "so true", "replyTo": { "text": null } });
        let nothing = json!({ "text": null, "replyTo": null });
        // The first is the line of the new group.
        assert_eq!(texts, [nothing.clone(), nothing.clone(), so_true, nothing.clone(), nothing]);
        // The second time from the log, because a new hub has no events in memory.
        scene.app.restart().await;
    }

    assert!(!format!("{delivered:?}").to_lowercase().contains("secret"), "{delivered:?}");
    assert_eq!(delivered[0], delivered[1]);
    let kinds: Vec<&str> = delivered[0].iter().map(|event| event["__typename"].as_str().expect("a name")).collect();
    assert_eq!(kinds[kinds.len() - 3..], ["UserChanged", "ConversationChanged", "MessageAdded"], "{kinds:?}");
}

#[tokio::test]
async fn all_devices_are_signed_out_at_once() {
    let scene = Scene::set().await;
    let at_home = scene.ada.another_device(&scene.app).await;
    let mut there = at_home.follow().await;

    scene.leave().await;

    assert_eq!(there.next().await, json!({ "id": "1", "type": "complete" }));
    assert_eq!(there.closed().await.code, 4401);
    for device in [&scene.ada, &at_home] {
        assert_eq!(device.fails("{ users { totalCount } }", json!({})).await, "UNAUTHENTICATED");
        assert_eq!(device.fails(LEAVE, json!({ "password": PASSWORD })).await, "UNAUTHENTICATED");
        assert_eq!(device.ask("{ me { id } }", json!({})).await, json!({ "me": null }));
    }
}

#[tokio::test]
async fn erasure_works_over_a_socket_and_clears_a_browsers_cookie() {
    let scene = Scene::set().await;
    let mut socket = scene.ada.subscribe(LEAVE, json!({ "password": PASSWORD })).await;
    assert_eq!(socket.closed().await.code, 4401);
    assert_eq!(scene.of_bob().await["user"]["fullName"], "Deleted user");

    let cookie = format!("jwt={}", scene.carl.token);
    let (answer, cleared) = scene.app.browse(&cookie, LEAVE, json!({ "password": PASSWORD })).await;
    assert_eq!(answer, json!({ "data": { "deleteAccount": true } }));
    let cleared = cleared.expect("a cookie");
    assert!(cleared.starts_with("jwt=;") && cleared.contains("Max-Age=0"), "{cleared}");
}

#[tokio::test]
async fn the_password_is_deleted_and_the_email_can_be_reused() {
    let scene = Scene::set().await;
    scene.leave().await;

    let input = json!({ "input": { "email": scene.ada.email, "password": PASSWORD } });
    let login = "mutation($input: LoginInput!) { login(input: $input) { token } }";
    assert_eq!(scene.bob.fails(login, input).await, "INVALID_CREDENTIALS");

    let again = scene.app.user("Ada Secretly").await;
    assert_ne!(again.id, scene.ada.id);
    assert_eq!(again.ask("{ conversations { nodes { id } } }", json!({})).await["conversations"]["nodes"], json!([]));
}

#[tokio::test]
async fn an_erasure_by_another_process_is_delivered_like_a_local_one() {
    let scene = Scene::set().await;
    let mut at_carl = scene.carl.subscribe(EVENTS, events(&scene.start)).await;
    assert!(format!("{:?}", replay(&mut at_carl).await).contains("secret two"));
    let rename = r#"mutation { updateProfile(input: { fullName: "Ada King" }) { id } }"#;
    scene.app.statements(&scene.ada, rename).await;
    assert_eq!(at_carl.next_event().await["user"]["fullName"], "Ada King");
    // A new name changes no membership.
    let mut at_ada = scene.ada.subscribe(EVENTS, json!({})).await;
    assert_eq!(at_ada.next_event().await["__typename"], "CaughtUp");
    scene.bob.send_to(&scene.group, "still with us?").await;
    assert_eq!(at_ada.next_event().await["message"]["text"], "still with us?");
    at_carl.next_event().await;

    scene.app.statements(&scene.ada, &format!("mutation {{ deleteAccount(password: \"{PASSWORD}\") }}")).await;

    assert_eq!(at_carl.next_event().await["user"]["fullName"], "Deleted user");
    assert_eq!(at_carl.next_event().await["conversation"]["memberCount"], 2);
    let mut again = scene.carl.subscribe(EVENTS, events(&scene.start)).await;
    let delivered = replay(&mut again).await;
    assert!(!format!("{delivered:?}").contains("secret"), "{delivered:?}");
}

#[tokio::test]
async fn messages_in_groups_left_earlier_are_erased_too() {
    let scene = Scene::set().await;
    let mut live = scene.carl.subscribe(EVENTS, events(&scene.start)).await;
    assert!(format!("{:?}", replay(&mut live).await).contains("secret two"));
    let go = "mutation($group: ID!, $who: ID!) { removeMember(conversationId: $group, userId: $who) { id } }";
    scene.ada.ask(go, json!({ "group": scene.group, "who": scene.ada.id })).await;

    scene.leave().await;

    let mut again = scene.carl.subscribe(EVENTS, events(&scene.start)).await;
    let delivered = replay(&mut again).await;
    assert!(!format!("{delivered:?}").contains("secret"), "{delivered:?}");
    // Carl shares no conversation with her any more, and sees it too.
    assert!(!scene.of_bob().await.to_string().contains("secret"));
    scene.is_swept().await;
    assert_eq!(count(&scene.app.database().await, "SELECT COUNT(text) FROM message").await, 1, "what Bob wrote");
}
