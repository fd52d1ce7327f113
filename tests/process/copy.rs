//! Moving from SQLite to PostgreSQL.

use std::process::Output;

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use serde_json::{Value, json};

use crate::support::{Feed, Listener, Log, Message, Person, Server, empty_database, position_of, soon};

const SETTINGS: [(&str, &str); 3] =
    [("RATE_LIMITS", "off"), ("RUST_LOG", "warn"), ("JWT_SECRET", "the same secret before and after it, 32 bytes")];

async fn copy(server: &Server, to: &str, more: &[&str]) -> Output {
    let mut command = server.command("copy");
    command.args(["--from", "sqlite://data/parlour.db", "--to", to]).args(more);
    soon(command.output()).await.expect("the program runs")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// It failed with one line that says this.
#[track_caller]
fn is_refused(output: &Output, because: &str) {
    let reported = stderr(output);
    assert_eq!(output.status.code(), Some(1), "{reported}");
    assert_eq!(reported.lines().count(), 1, "{reported}");
    assert!(reported.starts_with("parlour: ") && reported.contains(because), "{reported}");
    assert!(output.stdout.is_empty(), "{output:?}");
}

/// Whether no table of a database has a row that the program wrote.
async fn is_empty(url: &str) -> bool {
    let db = Database::connect(url).await.expect("the database opens");
    let mut rows = 0;
    for table in ["user", "session", "conversation", "message", "feed_head", "feed_event", "cursor_key"] {
        rows += count(&db, table).await;
    }
    db.close().await.expect("the connection closes");
    rows == 0
}

async fn count(db: &DatabaseConnection, table: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) AS n FROM \"{table}\"");
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.expect("a count");
    row.expect("a row").try_get("", "n").expect("a number")
}

/// The rows and checksums of all tables that a copy has printed.
fn tables(copied: &Output) -> Vec<(String, i64)> {
    let printed = String::from_utf8_lossy(&copied.stdout).into_owned();
    let table = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        assert_eq!((fields.len(), fields[2], fields[3].len()), (4, "rows", 32), "{line}");
        (fields[0].to_owned(), fields[1].parse().expect("a number"))
    };
    printed.lines().map(table).collect()
}

async fn page(person: &Person, after: &str) -> Value {
    let query = "query($after: String!) { events(after: $after, first: 100) { hasMore cursor events { __typename
        ... on MessageAdded { message { seq text } } ... on FeedReset { reason } } } }";
    person.ask(query, json!({ "after": after })).await["events"].take()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_resume_exactly_across_the_move() {
    let target = empty_database().await;
    let mut server = Server::start_with(&SETTINGS).await;
    // More messages than a batch of the copy has.
    let seeded = soon(server.command("seed").args(["--messages", "1100"]).output()).await.expect("the program runs");
    assert!(seeded.status.success(), "{seeded:?}");
    let (ada, bob) = (server.user("Ada Mover").await, server.user("Bob Mover").await);
    let carl = server.user("Carl Mover").await;
    let group = ada.group("movers", &[&bob]).await;
    let edited = ada.send(&Message::new(carl.as_recipient(), "yesterday")).await;
    let edit = "mutation($id: ID!, $text: String!) { editMessage(id: $id, text: $text) { version } }";
    ada.ask(edit, json!({ "id": edited["id"], "text": "tomorrow 🙂" })).await;
    let begin = bob.feed_cursor().await;
    let listener = Listener::start(server.address, &bob, Feed::Events, &begin);
    for number in 0..20 {
        ada.send(&Message::new(group.clone(), format!("before the move {number}"))).await;
    }
    let away_since = bob.feed_cursor().await;
    let ack = "mutation($cursor: String!) { ackEvents(consumer: \"phone\", cursor: $cursor) { cursor } }";
    bob.ask(ack, json!({ "cursor": away_since })).await;
    let missed = Message::new(bob.as_recipient(), "missed");
    let first_answer = ada.send(&missed).await;

    // Beside the running server it can be tried, and only that.
    is_refused(&copy(&server, &target, &[]).await, "a server runs on data/parlour.db");
    let tried = copy(&server, &target, &["--dry-run"]).await;
    assert!(tried.status.success(), "{}", stderr(&tried));
    assert!(stderr(&tried).contains("none of it was kept"), "{}", stderr(&tried));
    assert!(stderr(&tried).contains("stop it for the real copy"), "{}", stderr(&tried));
    assert!(is_empty(&target).await);
    let last = ada.send(&Message::new(bob.as_recipient(), "after the trial")).await;

    server.stop().await;
    let before = Log::read(&server).await;
    let copied = copy(&server, &target, &[]).await;
    assert!(copied.status.success(), "{}", stderr(&copied));
    let rows = tables(&copied);
    let tried = tables(&tried);
    let of = |rows: &[(String, i64)], table: &str| rows.iter().find(|(name, _)| name == table).expect("a table").1;
    assert_eq!(of(&rows, "message"), of(&tried, "message") + 1);
    assert_eq!(of(&rows, "message"), i64::try_from(before.rows_of_messages()).expect("few"));
    let db = Database::connect(&target).await.expect("the database opens");
    for (table, rows) in &rows {
        assert_eq!(count(&db, table).await, *rows, "{table}");
    }
    db.close().await.expect("the connection closes");
    server.set("DATABASE_URL", &target);
    server.start_again().await;

    // The same sessions, cursors and ids.
    let events = page(&bob, &away_since).await;
    let message =
        |seq: &Value, text: &str| json!({ "__typename": "MessageAdded", "message": { "seq": seq, "text": text } });
    let added = json!({ "__typename": "ConversationChanged" });
    let due = json!([added, message(&first_answer["seq"], "missed"), message(&last["seq"], "after the trial")]);
    assert_eq!(events["events"], due);
    assert_eq!(events["cursor"], last["feedCursor"], "the cursor of before, to the letter");
    let consumed = "{ events(consumer: \"phone\") { hasMore cursor events { __typename
        ... on MessageAdded { message { seq text } } ... on FeedReset { reason } } } }";
    assert_eq!(bob.ask(consumed, json!({})).await["events"], events, "a consumer goes on as if nothing had been");
    assert_eq!(ada.send(&missed).await, first_answer, "a retry after the move");
    for number in 0..20 {
        ada.send(&Message::new(group.clone(), format!("after the move {number}"))).await;
    }
    let log = Log::read(&server).await;
    log.has_no_gap();
    let record = listener.received_up_to(log.last_of(&bob.id)).await;
    assert!(record.cuts() >= 1, "it was connected before the move");
    record.is_complete(&log, position_of(&begin));
    // The index of words is made anew.
    let search = "{ searchMessages(query: \"tomorrow\") { nodes { id } } }";
    soon(async {
        while carl.ask(search, json!({})).await["searchMessages"]["nodes"] != json!([{ "id": edited["id"] }]) {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    })
    .await;
    server.stop().await;
}

#[tokio::test]
async fn a_copy_is_whole_or_not_there() {
    let target = empty_database().await;
    let mut server = Server::start_with(&SETTINGS).await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    ada.send(&Message::new(bob.as_recipient(), "hello")).await;
    let cursor = ada.feed_cursor().await;
    server.stop().await;
    // A text that PostgreSQL cannot hold.
    let db = server.database().await;
    let set = |text: &str| format!("UPDATE message SET text = {text}");
    db.execute_unprepared(&set("'a' || char(0) || 'b'")).await.expect("it is written");
    is_refused(&copy(&server, &target, &[]).await, "the table message cannot be copied: invalid byte sequence");
    assert!(is_empty(&target).await);
    db.execute_unprepared(&set("'hello'")).await.expect("it is written");
    db.close().await.expect("the connection closes");

    let copied = copy(&server, &target, &[]).await;

    assert!(copied.status.success(), "{}", stderr(&copied));
    assert!(!is_empty(&target).await);
    let again = copy(&server, &target, &[]).await;
    is_refused(&again, "it is not empty: there are rows in its table user");
    // Another server is another history: cursors of this one are foreign there.
    let other = empty_database().await;
    let mut elsewhere = Server::start_with(&[SETTINGS.as_slice(), &[("DATABASE_URL", &other)]].concat()).await;
    is_refused(&copy(&server, &other, &["--dry-run"]).await, "it is not empty: there are rows in its table");
    let carl = elsewhere.user("Carl").await;
    // One of an older version stays as it is: its nodes would not start any more.
    let db = Database::connect(&other).await.expect("the database opens");
    let newest = "DELETE FROM seaql_migrations WHERE version = (SELECT max(version) FROM seaql_migrations)";
    db.execute_unprepared(newest).await.expect("it is deleted");
    let steps = count(&db, "seaql_migrations").await;
    is_refused(&copy(&server, &other, &["--dry-run"]).await, "it is not empty: there are rows in its table user");
    assert_eq!(count(&db, "seaql_migrations").await, steps);
    db.close().await.expect("the connection closes");
    let foreign = json!([{ "__typename": "FeedReset", "reason": "FOREIGN" }]);
    assert_eq!(page(&carl, &cursor).await["events"], foreign);
    elsewhere.stop().await;
}

#[tokio::test]
async fn what_cannot_be_copied_is_refused_in_a_line() {
    let target = empty_database().await;
    let mut server = Server::start_with(&SETTINGS).await;
    server.stop().await;
    let run = async |from: &str, to: &str| {
        let output = server.command("copy").args(["--from", from, "--to", to]).output();
        soon(output).await.expect("the program runs")
    };
    let file = "sqlite://data/parlour.db";

    is_refused(&run("sqlite://data/nothing.db", &target).await, "there is no database data/nothing.db");
    is_refused(&run("data/parlour.db", &target).await, "--from begins neither with sqlite nor with postgres");
    is_refused(&run(&target, &target).await, "--from takes a SQLite database");
    is_refused(&run(file, "sqlite://copy.db").await, "copy.db is a file");
    is_refused(&run(file, "postgres://127.0.0.1:1/nothing").await, "cannot be filled");
    let nowhere = target.rsplit_once('/').expect("a name").0.to_owned() + "/nowhere";
    is_refused(&run(file, &nowhere).await, "database \"nowhere\" does not exist");
    let missing = soon(server.command("copy").args(["--from", file]).output()).await.expect("the program runs");
    is_refused(&missing, "name a PostgreSQL database with --to or DATABASE_URL");
    let db = Database::connect(&target).await.expect("the database opens");
    db.execute_unprepared("CREATE TABLE \"user\" (id integer)").await.expect("a table");
    db.close().await.expect("the connection closes");
    is_refused(&run(file, &target).await, "it has a table user that is not Parlour's");
    assert!(!server.folder().join("data/nothing.db").exists());
    assert!(!server.folder().join("copy.db").exists());
}
