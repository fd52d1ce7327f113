//! The cost of a search by the number of the searcher's conversations, and whether its time reveals which words others
//! use.
//!
//! `cargo bench --bench search -- 100000` makes a database with so many messages in 3,000 groups (100,000 when nothing is
//! asked for) in the folder for temporary files. It prints how long it took to index, the size of the index, the median
//! of a search for several words by people who are in 5, 50, 500 and 3,000 of the groups, and a z statistic: of a word
//! that is in every other message that the searcher may not read, against one that is nowhere, 200 times each in turns.
//! Below 3 the two are indistinguishable.
//!
//! Then it prints what the index costs for more than plain words: the size and the time of an index of as many messages as
//! people write them, and of the same messages in the plain words that they are folded to. So the difference is what the
//! words within a word (`userName`), folding (`ł`, `ی`, katakana) and symbols (`C++`) cost. `-- 100000 plain` prints this alone.

#![expect(unreachable_pub, reason = "what the modules of one program share")]
#![expect(clippy::disallowed_methods, reason = "benchmarks measure real time and spawn tasks freely")]

mod server;

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection};
use serde_json::json;

use server::{Person, Server, milliseconds};

const GROUPS: u32 = 3_000;
/// The number of groups of each searcher.
const SEARCHERS: [u32; 4] = [5, 50, 500, GROUPS];
/// Searched words: in every message, in one of ten, in one of a thousand, in none; one letter; and two words.
const QUERIES: [&str; 6] = ["every", "tenth", "thousandth", "nowhere", "e", "every tenth"];
/// The person who must not learn anything.
const EVE: u32 = 5;
const SECRET: &str = "dividend";
const ABSENT: &str = "dromedar";
const PAIRS: usize = 200;

/// What a message says as people write it, and in plain words; `#` is a number, so that words differ. All of them are in
/// the last one.
const WRITINGS: [(&str, &str, &str); 4] = [
    ("words in words", "getUserName# of ChatServer#", "getusername# of chatserver#"),
    ("letters", "Łódź# smørrebrød# Đorđe کتاب# علی カタカナ#", "lodz# smorrebrod# dorde كتاب# علي かたかな#"),
    ("symbols", "C++# and/or $# a_b#", "c # and or # a b#"),
    (
        "all of these",
        "getUserName# of ChatServer# Łódź# smørrebrød# Đorđe کتاب# علی カタカナ# C++# and/or $# a_b#",
        "getusername# of chatserver# lodz# smorrebrod# dorde كتاب# علي かたかな# c # and or # a b#",
    ),
];

#[tokio::main]
async fn main() -> Result<()> {
    let messages = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(100_000);
    if !std::env::args().any(|argument| argument == "plain") {
        measure(tempfile::tempdir()?.path(), messages).await?;
    }
    println!("{:<16}{:>24}{:>24}", "an index of", "as written", "in plain words");
    for (name, written, plain) in WRITINGS {
        print!("{name:<16}");
        for text in [written, plain] {
            let (time, bytes) = index_of(tempfile::tempdir()?.path(), messages, text).await?;
            print!("{:>11.2} s {bytes:>7.1} B each", time.as_secs_f64());
        }
        println!();
    }
    Ok(())
}

/// How long a server takes to index so many messages that say this, and the bytes of the index a message.
async fn index_of(folder: &Path, messages: u32, text: &str) -> Result<(Duration, f64)> {
    let server = Server::start(folder).await?;
    let writer = server.sign_up("Writer", "writer@example.com").await?;
    let db = open(folder).await?;
    // Some thousand numbers, in the same order each time.
    let text = format!("replace('{text}', '#', (n * 7919) % 5003)");
    fill(&db, messages, &HashMap::from([(GROUPS, writer)]), &text).await?;
    is_indexed(&db).await?;
    // Made again, as of other rules, now that the server knows all of the messages. It begins within a second by itself, and
    // the time with its first batch.
    db.execute_unprepared("UPDATE search_progress SET rules = 0").await?;
    while number(&db, "SELECT rules AS n FROM search_progress").await? == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let begun = Instant::now();
    is_indexed(&db).await?;
    let indexed = (begun.elapsed(), bytes_of_index(&db, messages).await?);
    db.close().await?;
    server.stop().await?;
    Ok(indexed)
}

async fn open(folder: &Path) -> Result<DatabaseConnection> {
    Ok(Database::connect(format!("sqlite://{}", folder.join("parlour.db").display())).await?)
}

/// Waits until everything is indexed.
async fn is_indexed(db: &DatabaseConnection) -> Result<()> {
    while number(db, "SELECT max(m.position) - p.position AS n FROM message m, search_progress p").await? > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// The bytes of the index a message.
async fn bytes_of_index(db: &DatabaseConnection, messages: u32) -> Result<f64> {
    let bytes = number(db, "SELECT sum(length(block)) AS n FROM message_word_data").await?;
    Ok(bytes as f64 / f64::from(messages))
}

async fn measure(folder: &Path, messages: u32) -> Result<()> {
    let server = Server::start(folder).await?;
    let mut people = HashMap::new();
    for groups in SEARCHERS {
        let (name, email) = (format!("In {groups}"), format!("{groups}@example.com"));
        people.insert(groups, server.sign_up(&name, &email).await?);
    }
    let db = open(folder).await?;
    fill(&db, messages, &people, &random_words()).await?;
    let begun = Instant::now();
    is_indexed(&db).await?;
    let (time, bytes) = (begun.elapsed().as_secs_f64(), bytes_of_index(&db, messages).await?);
    println!("{messages} messages: indexed in {time:.1} s, {bytes:.1} bytes of index a message");

    print!("{:<14}", "median, ms");
    SEARCHERS.iter().for_each(|groups| print!("{groups:>10}"));
    println!();
    for query in QUERIES {
        print!("{query:<14}");
        for groups in SEARCHERS {
            let mut times = Vec::new();
            for _ in 0..15 {
                times.push(search(&server, &people[&groups].token, query).await?);
            }
            times.sort_unstable();
            print!("{:>10.1}", milliseconds(times[times.len() / 2]));
        }
        println!();
    }

    let mut times = [Vec::new(), Vec::new()];
    for pair in 0..PAIRS {
        // The order alternates too: the second one finds warm caches.
        for word in [pair % 2, 1 - pair % 2] {
            let time = search(&server, &people[&EVE].token, [SECRET, ABSENT][word]).await?;
            times[word].push(milliseconds(time));
        }
    }
    let z = rank_z(&times);
    let [secret, absent] = times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[PAIRS / 2]
    });
    println!("frequent elsewhere {secret:.3} ms, nowhere {absent:.3} ms: z = {z:.1}");
    db.close().await?;
    server.stop().await
}

/// The Mann–Whitney z statistic: by ranks, so that other load on the machine weighs little.
fn rank_z([one, other]: &[Vec<f64>; 2]) -> f64 {
    let (m, n) = (one.len() as f64, other.len() as f64);
    let later: usize = one.iter().map(|one| other.iter().filter(|other| one > other).count()).sum();
    (later as f64 - m * n / 2.0) / (m * n * (m + n + 1.0) / 12.0).sqrt()
}

/// The text of message `n` in group `g`, in SQL: a few frequent words and many rare ones. The first groups are Eve's and do
/// not contain the secret word.
fn random_words() -> String {
    let word = "char(97 + abs(random()) % 26) || char(97 + abs(random()) % 26)
        || (abs(random()) % (1 + abs(random()) % 3000))";
    format!(
        "{word} || ' ' || {word} || ' every ' || {word} || CASE WHEN n % 10 = 0 THEN ' tenth' ELSE '' END
         || CASE WHEN n % 1000 = 0 THEN ' thousandth' ELSE '' END || ' ' || {word} || ' ' || {word}
         || CASE WHEN n % 2 = 0 AND g >= {EVE} THEN ' {SECRET}' ELSE '' END"
    )
}

/// Writes the history as the server would have, all at once. People are in as many groups as their key says.
async fn fill(db: &DatabaseConnection, messages: u32, people: &HashMap<u32, Person>, text: &str) -> Result<()> {
    let group = "unhex(printf('019b000000007000800000000000%04x', g))";
    let writer = &people[&GROUPS].id;
    let members: Vec<String> = people
        .iter()
        .map(|(groups, Person { id, .. })| {
            let role = if *groups == GROUPS { 1 } else { 2 };
            format!(
                "INSERT INTO membership (conversation_id, user_id, from_position, role, last_read_seq, joined_at)
                 SELECT id, x'{id}', head, {role}, 0, 0 FROM conversation, at ORDER BY id LIMIT {groups};"
            )
        })
        .collect();
    db.execute_unprepared(&format!(
        "BEGIN IMMEDIATE;
         CREATE TEMP TABLE at AS SELECT position AS head FROM feed_head;
         INSERT INTO conversation
            (id, kind, title, last_seq, last_position, active_position, created_at, updated_at)
         WITH RECURSIVE groups(g) AS (SELECT 0 UNION ALL SELECT g + 1 FROM groups WHERE g + 1 < {GROUPS})
         SELECT {group}, 2, 'Group ' || g, {messages} / {GROUPS} + 1, head + {messages}, head + {messages} - {GROUPS} + g + 1,
            0, 0 FROM groups, at;
         {}
         INSERT INTO message
            (id, conversation_id, seq, sender_id, text, version, position, nonce, created_at)
         WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {messages}),
            placed AS (SELECT n, ({messages} - 1 - n) % {GROUPS} AS g FROM numbers)
         SELECT unhex(printf('019b%08x70008000%012x', n, n)), {group}, n / {GROUPS} + 1, x'{writer}', {text}, 1,
            head + 1 + n, 1, n FROM placed, at;
         INSERT INTO feed_event (position, nonce, kind, conversation_id, message_id, created_at)
         SELECT position, nonce, 1, conversation_id, id, created_at FROM message ORDER BY position;
         UPDATE feed_head SET position = position + {messages};
         UPDATE conversation SET active_position =
            (SELECT coalesce(max(position), 0) FROM message WHERE conversation_id = conversation.id);
         COMMIT;",
        members.join("\n")
    ))
    .await?;
    Ok(())
}

async fn number(db: &DatabaseConnection, sql: &str) -> Result<i64> {
    let statement = sea_orm::Statement::from_string(db.get_database_backend(), sql);
    let row = db.query_one_raw(statement).await?.context("a row")?;
    Ok(row.try_get("", "n")?)
}

/// Searches, and returns how long it took.
async fn search(server: &Server, token: &str, query: &str) -> Result<Duration> {
    let document = "query($query: String!) { searchMessages(query: $query) { nodes { id } } }";
    let begun = Instant::now();
    server.ask(Some(token), document, json!({ "query": query })).await?;
    Ok(begun.elapsed())
}
