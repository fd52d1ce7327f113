//! The cost of a long history: the same requests to a database of 50,000 messages and to one of 5 million, alternating.
//!
//! `cargo bench --bench history_size` makes both in the folder for temporary files, in some minutes, and prints the medians
//! and their ratio, which must stay below 1.5. A message takes 265 bytes (of 800,000; the search's index comes on top), and
//! as many in SQLite's log until all are written: 2.7 GB at most, and then 1.3.

#![expect(unreachable_pub, reason = "what the modules of one program share")]
#![expect(clippy::disallowed_methods, reason = "benchmarks measure real time and spawn tasks freely")]

mod server;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use sea_orm::{ConnectionTrait, Database};
use serde_json::json;

use server::{Person, Server, milliseconds};

/// The lengths of the two histories.
const MESSAGES: [u32; 2] = [50_000, 5_000_000];
/// The number of groups; Ada is in the first 50 of them.
const GROUPS: u32 = 1_000;
const ROUNDS: usize = 300;

const PAGE: &str = "{ messages(conversation: { conversationId: \"GROUP\" }) {
    nodes { id seq text createdAt sender { id fullName } } pageInfo { hasPreviousPage } } }";
const MIDDLE: &str = "{ messages(conversation: { conversationId: \"GROUP\" }, aroundSeq: 25, last: 50) {
    nodes { id seq text createdAt sender { id fullName } } pageInfo { hasNextPage hasPreviousPage } } }";
const SIDEBAR: &str = "{ conversations(first: 50) { nodes { id title unreadCount memberCount
    lastMessage { text sender { fullName } } } } }";
const UNREAD: &str = "{ unread { messages conversations } }";
const SEND: &str = "mutation { sendMessage(input: { to: { conversationId: \"GROUP\" }, text: \"hello\" }) { id seq } }";

const REQUESTS: [(&str, &str); 5] = [
    ("a page of messages", PAGE),
    ("a page in the middle", MIDDLE),
    ("the sidebar", SIDEBAR),
    ("unread counts", UNREAD),
    ("a send", SEND),
];

#[tokio::main]
async fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    compare(folder.path()).await
}

async fn compare(folder: &Path) -> Result<()> {
    let mut servers = Vec::new();
    for messages in MESSAGES {
        servers.push(prepare(&folder.join(messages.to_string()), messages).await?);
    }
    println!("{:<22}{:>14}{:>14}{:>8}", "median of 300, ms", MESSAGES[0], MESSAGES[1], "ratio");
    for (name, document) in REQUESTS {
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            for ((server, ada), times) in servers.iter().zip(&mut times) {
                let begun = Instant::now();
                server.ask(Some(&ada.token), &document.replace("GROUP", &group(7)), json!({})).await?;
                times.push(begun.elapsed());
            }
        }
        let [short, long] = times.map(median);
        let ratio = long.as_secs_f64() / short.as_secs_f64();
        println!("{name:<22}{:>14.2}{:>14.2}{ratio:>8.2}", milliseconds(short), milliseconds(long));
    }
    for (server, _) in servers {
        server.stop().await?;
    }
    Ok(())
}

/// A server on a database with so many messages, and Ada, who uses it.
async fn prepare(folder: &Path, messages: u32) -> Result<(Server, Person)> {
    std::fs::create_dir_all(folder)?;
    let server = Server::start(folder).await?;
    let (ada, bob) = (server.sign_up("Ada", "ada@example.com").await?, server.sign_up("Bob", "bob@example.com").await?);
    server.stop().await?;

    let begun = Instant::now();
    fill(folder, messages, &ada.id, &bob.id).await?;
    let server = Server::start(folder).await?;
    println!("{messages} messages in {:.0} s", begun.elapsed().as_secs_f64());
    Ok((server, ada))
}

/// Writes the history as the server would have, all at once.
async fn fill(folder: &Path, messages: u32, ada: &str, bob: &str) -> Result<()> {
    let per_group = messages / GROUPS;
    let group = "unhex(printf('019b000000007000800000000000%04x', g))";
    let message = "unhex(printf('019b%08x70008000%012x', n, n))";
    let text = "'some words of message ' || n";
    let db = Database::connect(format!("sqlite://{}", folder.join("parlour.db").display())).await?;
    db.execute_unprepared(&format!(
        "BEGIN IMMEDIATE;
         CREATE TEMP TABLE at AS SELECT position AS head FROM feed_head;
         INSERT INTO conversation
            (id, kind, title, last_seq, last_position, active_position, created_at, updated_at)
         WITH RECURSIVE groups(g) AS (SELECT 0 UNION ALL SELECT g + 1 FROM groups WHERE g + 1 < {GROUPS})
         SELECT {group}, 2, 'Group ' || g, {per_group}, head + {messages} - {GROUPS} + g + 1,
            head + {messages} - {GROUPS} + g + 1, 0, 0 FROM groups, at;
         INSERT INTO membership (conversation_id, user_id, from_position, role, last_read_seq, joined_at)
         SELECT id, x'{bob}', head, 1, {per_group}, 0 FROM conversation, at;
         INSERT INTO membership (conversation_id, user_id, from_position, role, last_read_seq, joined_at)
         SELECT id, x'{ada}', head, 2, {per_group} - 3, 0 FROM conversation, at ORDER BY id LIMIT 50;
         INSERT INTO message
            (id, conversation_id, seq, sender_id, text, version, position, nonce, created_at)
         WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {messages}),
            placed AS (SELECT n, n % {GROUPS} AS g FROM numbers)
         SELECT {message}, {group}, n / {GROUPS} + 1, x'{bob}', {text}, 1, head + 1 + n, 1, n FROM placed, at;
         INSERT INTO feed_event (position, nonce, kind, conversation_id, message_id, created_at)
         SELECT position, nonce, 1, conversation_id, id, created_at FROM message ORDER BY position;
         UPDATE feed_head SET position = position + {messages};
         COMMIT;"
    ))
    .await?;
    db.close().await?;
    Ok(())
}

/// The id of a group, by its number.
fn group(number: u32) -> String {
    format!("019b0000-0000-7000-8000-00000000{number:04x}")
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
