//! A database that another process has locked: the queue of changes is bounded, changes beyond it are rejected at once,
//! and rejected changes are not done.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use parlour::limits;
use sea_orm::{DatabaseTransaction, SqliteTransactionMode, TransactionOptions, TransactionTrait};
use serde_json::{Value, json};

use crate::support::{Line, Log, Message, Person, SEND, Server, code, is_sound, soon};

/// Concurrent sends: more than the queue holds. Over sockets, which need few file descriptors.
const SOCKETS: usize = 26;
const EACH: usize = limits::OPERATIONS_PER_SOCKET;
const SEND_ONLY: &str = "mutation($input: SendMessageInput!) { sendMessage(input: $input) { id } }";

/// Locks the server's database, as another process that writes would.
async fn hold(server: &Server) -> DatabaseTransaction {
    let immediate = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    soon(server.database().await.begin_with_options(immediate)).await.expect("the lock")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_writer_queue_rejects_at_once_and_writes_the_rest() {
    let mut server = Server::start_with(&[("RATE_LIMITS", "off"), ("RUST_LOG", "warn")]).await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let mut lines = Vec::new();
    for _ in 0..SOCKETS {
        lines.push(soon(Line::open(server.address, &ada.token, json!({}))).await.expect("a socket"));
    }
    let lock = hold(&server).await;
    let held = Instant::now();
    let (tell, mut refusals) = tokio::sync::mpsc::unbounded_channel();
    let sending: Vec<_> =
        lines.into_iter().map(|line| tokio::spawn(send_all(line, bob.clone(), tell.clone()))).collect();
    drop(tell);

    // While nothing can be written, so that all others wait.
    for _ in 0..SOCKETS * EACH - limits::WRITER_QUEUE {
        soon(refusals.recv()).await.expect("a refusal");
    }
    soon(lock.rollback()).await.expect("the lock is given back");
    let held = held.elapsed();
    let mut answers = HashMap::new();
    for sender in sending {
        answers.extend(soon(sender).await.expect("it ends without a panic"));
    }

    assert_eq!(answers.len(), SOCKETS * EACH, "each is answered");
    let (mut acknowledged, mut refused) = (HashSet::new(), Vec::new());
    for (id, (message, answer)) in answers {
        match answer.get("errors") {
            None => drop(acknowledged.insert(id)),
            Some(_) => {
                assert_eq!(code(&answer), "SERVICE_UNAVAILABLE", "{answer}");
                assert_eq!(answer["errors"][0]["extensions"]["retryAfterMs"], 1_000);
                refused.push(message);
            }
        }
    }
    // Changes that waited longer than the writer waits for the lock may be among those that failed.
    let waited = SOCKETS * EACH - refused.len();
    assert!(waited > limits::WRITER_QUEUE * 9 / 10 || held >= limits::BUSY, "{waited} were written, after {held:?}");
    let log = Log::read(&server).await;
    assert_eq!(log.messages.keys().cloned().collect::<HashSet<_>>(), acknowledged);
    log.has_no_gap();

    // Repeated with the same id, each is sent once, however often it is tried.
    for message in refused.iter().take(100) {
        let (first, again) = (ada.send(message).await, ada.send(message).await);
        assert_eq!(first, again);
    }
    let log = Log::read(&server).await;
    assert_eq!(log.messages.len(), acknowledged.len() + refused.len().min(100));
    log.has_no_gap();
    println!("{waited} written, {} refused; held for {held:?}", refused.len());
    server.stop().await;
    is_sound(&server).await;
}

type Answers = HashMap<String, (Message, Value)>;

/// Sends as much as a socket may at once; reports each rejection as it arrives, and returns all answers.
async fn send_all(mut line: Line, to: Person, tell: tokio::sync::mpsc::UnboundedSender<()>) -> Answers {
    let mut messages = HashMap::new();
    for number in 0..EACH {
        let message = Message::new(to.as_recipient(), format!("message {number}"));
        line.subscribe(&message.id, SEND_ONLY, &message.variables()).await.expect("the socket takes it");
        messages.insert(message.id.clone(), message);
    }
    let mut answers = HashMap::new();
    while answers.len() < EACH {
        let said = line.next().await.expect("the socket lives");
        let id = said["id"].as_str().unwrap_or_default();
        match said["type"].as_str() {
            Some("next") => {
                if said["payload"].get("errors").is_some() {
                    let _ = tell.send(());
                }
                answers.insert(id.to_owned(), (messages[id].clone(), said["payload"].clone()));
            }
            Some("ping") => line.say(json!({ "type": "pong" })).await.expect("the socket takes it"),
            Some("complete") => {}
            _ => panic!("{said}"),
        }
    }
    answers
}

#[tokio::test]
async fn a_database_locked_for_too_long_fails_waiting_writes_and_recovers() {
    let mut server = Server::start().await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    ada.send(&Message::new(bob.as_recipient(), "before")).await;
    let lock = hold(&server).await;
    let message = Message::new(bob.as_recipient(), "meanwhile");

    let answer = ada.execute(SEND, message.variables()).await;

    assert_eq!(code(&answer), "SERVICE_UNAVAILABLE", "{answer}");
    assert_eq!(answer["errors"][0]["extensions"]["retryAfterMs"], 1_000);
    assert!(!server.is_ready().await, "it can't write");
    let count = "{ conversations { nodes { lastSeq } } }";
    assert_eq!(ada.ask(count, json!({})).await["conversations"]["nodes"], json!([{ "lastSeq": 1 }]));
    soon(lock.rollback()).await.expect("the lock is given back");
    server.gets_ready().await;
    assert_eq!(ada.send(&message).await["seq"], 2);
    let log = server.log();
    let errors: Vec<&str> = log.lines().filter(|line| line.contains("ERROR")).collect();
    assert_eq!(errors.len(), 1, "{errors:#?}");
    assert!(errors[0].contains("database is locked"), "{errors:#?}");
    server.stop().await;
}
