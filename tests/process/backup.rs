//! Backups of a running server, and what clients find after a restore.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::{Line, Log, Message, PASSWORD, Person, Server, code, is_sound, position_of, soon};

async fn backup(server: &Server, file: &str) -> Output {
    soon(server.command("backup").arg(file).output()).await.expect("the program runs")
}

/// The page of the feed after a cursor.
async fn events(person: &Person, after: &str) -> Value {
    let query = "query($after: String!) { events(after: $after) { hasMore cursor events { __typename
        ... on MessageAdded { message { seq text } } ... on FeedReset { reason } } } }";
    person.ask(query, json!({ "after": after })).await["events"].take()
}

/// Replaces the database by the backup, as the documentation says.
async fn restore(server: &Server, file: &str) {
    let restored = soon(server.command("restore").arg(file).output()).await.expect("the program runs");
    assert!(restored.status.success(), "{restored:?}");
    let said = String::from_utf8_lossy(&restored.stdout).into_owned();
    assert!(said.starts_with(&format!("data/parlour.db is {file} now, the feed up to ")), "{said}");
    assert!(said.contains("The database that was there is data/parlour.db.before-"), "{said}");
}

/// What `restore` reports that does nothing.
async fn refused(server: &Server, file: &str) -> String {
    let refused = soon(server.command("restore").arg(file).output()).await.expect("the program runs");
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    String::from_utf8_lossy(&refused.stderr).into_owned()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = folder.read_dir().expect("a folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_backup_resumes_known_cursors_and_resets_the_rest() {
    let mut server = Server::start_with(&[("RATE_LIMITS", "off"), ("RUST_LOG", "warn")]).await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let to_bob = |text: &str| Message::new(bob.as_recipient(), text);
    ada.send(&to_bob("before")).await;
    let before = bob.feed_cursor().await;
    let stop = CancellationToken::new();
    let writing = tokio::spawn({
        let (ada, to, stop) = (ada.clone(), bob.as_recipient(), stop.clone());
        async move {
            let mut sent = 0;
            while !stop.is_cancelled() {
                ada.send(&Message::new(to.clone(), "meanwhile")).await;
                sent += 1;
            }
            sent
        }
    });

    let taken = backup(&server, "copy.db").await;

    assert!(taken.status.success(), "{taken:?}");
    ada.send(&to_bob("after")).await;
    stop.cancel();
    assert!(writing.await.expect("it ends without a panic") > 0);
    let carl = server.user("Carl").await;
    ada.send(&to_bob("and after")).await;
    let seen_by_bob = bob.feed_cursor().await;
    server.stop().await;
    restore(&server, "copy.db").await;
    server.start_again().await;

    let log = Log::read(&server).await;
    log.has_no_gap();
    let head = position_of(&bob.feed_cursor().await);
    assert!(position_of(&before) <= head && head < position_of(&seen_by_bob), "{head}");
    // The missed events that the copy contains are delivered exactly once, in order.
    let (mut after, mut seqs) = (before, Vec::new());
    loop {
        let page = events(&bob, &after).await;
        seqs.extend(page["events"].as_array().expect("events").iter().map(|event| event["message"]["seq"].clone()));
        after = page["cursor"].as_str().expect("a cursor").to_owned();
        if page["hasMore"] == false {
            break;
        }
    }
    let last = log.messages.len();
    assert_eq!(json!(seqs), json!((2..=last).collect::<Vec<_>>()));
    // Bob's client had received more than that.
    let foreign = json!([{ "__typename": "FeedReset", "reason": "FOREIGN" }]);
    assert_eq!(events(&bob, &seen_by_bob).await["events"], foreign);
    while position_of(&bob.feed_cursor().await) < position_of(&seen_by_bob) {
        ada.send(&to_bob("once more")).await;
    }
    assert_eq!(position_of(&bob.feed_cursor().await), position_of(&seen_by_bob), "the same position again");
    assert_eq!(events(&bob, &seen_by_bob).await["events"], foreign);
    recovers(&server, &bob, &ada, &seen_by_bob).await;
    // People who signed up after the backup are unknown.
    assert_eq!(code(&carl.execute("{ unread { messages } }", json!({})).await), "UNAUTHENTICATED");
    server.stop().await;
    is_sound(&server).await;
}

#[tokio::test]
async fn cursors_are_the_same_in_a_copy_of_the_database_and_with_another_secret() {
    let mut server = Server::start_with(&[("RUST_LOG", "warn")]).await;
    let (ada, mut bob) = (server.user("Ada").await, server.user("Bob").await);
    ada.send(&Message::new(bob.as_recipient(), "before")).await;
    let before = bob.feed_cursor().await;
    let missed = ada.send(&Message::new(bob.as_recipient(), "missed")).await;
    let taken = backup(&server, "copy.db").await;
    assert!(taken.status.success(), "{taken:?}");

    server.stop().await;
    restore(&server, "copy.db").await;
    std::fs::remove_file(server.folder().join("data/jwt-secret")).expect("a secret");
    server.start_again().await;

    assert_eq!(code(&bob.execute("{ feedCursor }", json!({})).await), "UNAUTHENTICATED", "by the new secret");
    let login = "mutation($input: LoginInput!) { login(input: $input) { token } }";
    let again = bob.ask(login, json!({ "input": { "email": bob.email, "password": PASSWORD } })).await;
    bob.token = again["login"]["token"].as_str().expect("a token").to_owned();
    let page = events(&bob, &before).await;
    let message = json!({ "__typename": "MessageAdded", "message": { "seq": 2, "text": "missed" } });
    assert_eq!(page, json!({ "hasMore": false, "cursor": missed["feedCursor"], "events": [message] }));
    server.stop().await;
}

#[tokio::test]
async fn a_consumer_of_a_restored_backup_begins_with_a_reset_and_one_of_the_original_does_not() {
    let mut server = Server::start_with(&[("RATE_LIMITS", "off"), ("RUST_LOG", "warn")]).await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    ada.send(&Message::new(bob.as_recipient(), "before")).await;
    let ack = "mutation($cursor: String!) { ackEvents(consumer: \"phone\", cursor: $cursor) { cursor } }";
    bob.ask(ack, json!({ "cursor": bob.feed_cursor().await })).await;
    let missed = async |person: &Person| {
        let page = "{ events(consumer: \"phone\") { cursor events { __typename
            ... on MessageAdded { message { text } } ... on FeedReset { reason } } } }";
        person.ask(page, json!({})).await["events"].take()
    };
    let taken = backup(&server, "copy.db").await;
    assert!(taken.status.success(), "{taken:?}");
    ada.send(&Message::new(bob.as_recipient(), "after")).await;
    server.stop().await;
    server.start_again().await;
    let after = json!([{ "__typename": "MessageAdded", "message": { "text": "after" } }]);
    assert_eq!(missed(&bob).await["events"], after, "the original is the same as before");

    server.stop().await;
    restore(&server, "copy.db").await;
    server.start_again().await;

    let reset = missed(&bob).await;
    assert_eq!(reset["events"], json!([{ "__typename": "FeedReset", "reason": "FOREIGN" }]));
    bob.ask(ack, json!({ "cursor": reset["cursor"] })).await;
    assert_eq!(missed(&bob).await["events"], json!([]));

    // The same backup once more: what was acknowledged since then is of another state.
    let acknowledged = bob.feed_cursor().await;
    bob.ask(ack, json!({ "cursor": acknowledged })).await;
    server.stop().await;
    restore(&server, "copy.db").await;
    server.start_again().await;
    assert_eq!(missed(&bob).await["events"], json!([{ "__typename": "FeedReset", "reason": "FOREIGN" }]));
    server.stop().await;
}

#[tokio::test]
async fn a_backup_is_restored_whole_and_never_under_a_running_server() {
    let mut server = Server::start_with(&[("RUST_LOG", "warn")]).await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    ada.send(&Message::new(bob.as_recipient(), "before")).await;
    assert!(backup(&server, "copy.db").await.status.success());

    assert_eq!(
        refused(&server, "copy.db").await,
        "parlour: a server runs on the database data/parlour.db: stop it first\n"
    );
    // Killed: the newest messages are in the log, which is set aside with its database.
    ada.send(&Message::new(bob.as_recipient(), "after")).await;
    server.kill().await;
    std::fs::write(server.folder().join("text.db"), "no database").expect("a file");
    for file in ["text.db", "missing.db"] {
        let reported = refused(&server, file).await;
        assert!(reported.starts_with(&format!("parlour: the database {file} cannot be copied: ")), "{reported}");
    }
    restore(&server, "copy.db").await;

    let data = server.folder().join("data");
    let aside: Vec<String> = names(&data).into_iter().filter(|name| name.contains(".before-")).collect();
    assert!(aside.iter().any(|name| name.ends_with("-wal")), "{aside:?}");
    server.start_again().await;
    assert_eq!(Log::read(&server).await.messages.len(), 1);
    server.stop().await;
    is_sound(&server).await;
    // Back to what was set aside, by the same command.
    let name = aside.iter().find(|name| !name.ends_with("-wal") && !name.ends_with("-shm")).expect("the database");
    restore(&server, &format!("data/{name}")).await;
    server.start_again().await;
    assert_eq!(Log::read(&server).await.messages.len(), 2);
    server.stop().await;
}

/// A client reconnects with a cursor of another database, receives a reset, fetches anew and misses nothing.
async fn recovers(server: &Server, bob: &Person, ada: &Person, cursor: &str) {
    let mut line =
        soon(Line::open(server.address, &bob.token, json!({ "resumeFrom": { "1": cursor } }))).await.expect("a socket");
    let feed =
        "subscription { events { __typename ... on FeedReset { reason } ... on MessageAdded { message { seq } } } }";
    line.subscribe("1", feed, &json!({})).await.expect("the socket takes it");
    let mut next = async || soon(line.next()).await.expect("the socket lives")["payload"]["data"]["events"].take();
    assert_eq!(next().await, json!({ "__typename": "FeedReset", "reason": "FOREIGN" }));
    let state = bob.ask("{ feedCursor conversations { nodes { lastSeq } } }", json!({})).await;
    let sent = ada.send(&Message::new(bob.as_recipient(), "news")).await;
    assert_eq!(sent["seq"], state["conversations"]["nodes"][0]["lastSeq"].as_i64().expect("a seq") + 1);
    assert_eq!(next().await["message"]["seq"], sent["seq"]);
    let page = events(bob, state["feedCursor"].as_str().expect("a cursor")).await;
    assert_eq!(page["events"][0]["message"]["seq"], sent["seq"]);
}

#[tokio::test]
async fn a_backup_is_complete_and_private_or_absent() {
    let mut server = Server::prepare(&[]);
    let without = backup(&server, "copy.db").await;
    assert_eq!(without.status.code(), Some(1), "there is no database yet: {without:?}");
    assert!(!server.folder().join("copy.db").exists() && !server.folder().join("data").exists());
    server.start_again().await;
    server.user("Ada").await;

    let taken = backup(&server, "copy.db").await;

    assert!(taken.status.success(), "{taken:?}");
    let reported = String::from_utf8_lossy(&taken.stdout).into_owned();
    let file = server.folder().join("copy.db");
    let metadata = file.metadata().expect("a file");
    assert_eq!(reported, format!("copy.db: {} bytes, the feed up to 0, checked\n", metadata.len()));
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    assert_eq!(names(server.folder()), ["copy.db", "data", "log"]);

    let bytes = std::fs::read(&file).expect("a file");
    for elsewhere in ["copy.db", "nowhere/copy.db", "data", "/"] {
        let refused = backup(&server, elsewhere).await;
        assert_eq!(refused.status.code(), Some(1), "{refused:?}");
        assert_eq!(String::from_utf8_lossy(&refused.stderr).lines().count(), 1, "{refused:?}");
    }
    assert_eq!(std::fs::read(&file).expect("a file"), bytes, "it is as it was");
    assert_eq!(names(server.folder()), ["copy.db", "data", "log"]);
    server.stop().await;
}

#[tokio::test]
async fn a_backup_logs_no_statement_however_slow_it_is() {
    let mut server = Server::start().await;

    // The level at which every statement would be logged; slow ones would be at `warn`.
    let taken = soon(server.command("backup").arg("copy.db").env("RUST_LOG", "debug").output()).await;

    let taken = taken.expect("the program runs");
    assert!(taken.status.success(), "{taken:?}");
    let logged = String::from_utf8_lossy(&taken.stderr).to_lowercase();
    assert!(!["vacuum", "pragma", "select"].iter().any(|word| logged.contains(word)), "{logged}");
    server.stop().await;
}
