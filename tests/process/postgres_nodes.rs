//! What several nodes on one PostgreSQL share: rates, the place of images, and the list of nodes.

use std::time::Duration;

use sea_orm::{ConnectionTrait, Database};
use serde_json::{Value, json};

use crate::postgres_start::SECRET;
use crate::support::{Line, Message, PASSWORD, Person, Postgres, Server, code, soon};

const LOG_IN: &str = "mutation($input: LoginInput!) { login(input: $input) { user { id } } }";

/// A server of PostgreSQL with an empty database.
pub async fn postgres() -> Postgres {
    let postgres = tokio::task::spawn_blocking(Postgres::start).await.expect("a server");
    let admin = Database::connect(postgres.url("postgres")).await.expect("a connection");
    admin.execute_unprepared("CREATE DATABASE chat").await.expect("a database");
    admin.close().await.expect("it closes");
    postgres
}

/// A node that has not been started. Its images are in this folder.
pub fn node(postgres: &Postgres, images: &str) -> Server {
    let url = postgres.url("chat");
    Server::prepare(&[("DATABASE_URL", &url), ("JWT_SECRET", SECRET), ("DATA_DIR", images)])
}

/// Two nodes that run, with one folder.
async fn two(postgres: &Postgres) -> (Server, Server) {
    let mut one = node(postgres, "data");
    one.start_again().await;
    let mut other = node(postgres, &one.folder().join("data").display().to_string());
    other.start_again().await;
    (one, other)
}

/// `None` if it is signed in, else the code.
async fn log_in(server: &Server, person: &Person, password: &str) -> Option<String> {
    let input = json!({ "email": person.email, "password": password });
    let body = json!({ "query": LOG_IN, "variables": { "input": input } });
    let request = server.http().post(server.url("/graphql")).json(&body);
    let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    answer.get("errors").is_some().then(|| code(&answer).to_owned())
}

#[tokio::test]
async fn wrong_passwords_at_all_nodes_count_together() {
    let postgres = postgres().await;
    let (mut one, mut other) = two(&postgres).await;
    let ada = one.user("Ada").await;

    let mut wrong = Vec::new();
    for server in [&one, &other, &one, &other, &one] {
        wrong.push(log_in(server, &ada, "a wrong guess").await);
    }

    assert_eq!(wrong, vec![Some("INVALID_CREDENTIALS".to_owned()); 5]);
    for server in [&one, &other] {
        assert_eq!(log_in(server, &ada, PASSWORD).await.as_deref(), Some("RATE_LIMITED"));
    }
    one.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn without_its_database_a_login_is_unavailable_and_a_node_not_ready() {
    let mut postgres = postgres().await;
    let mut server = node(&postgres, "data");
    server.start_again().await;
    let ada = server.user("Ada").await;

    postgres.stop(crate::support::Stop::Fast);
    assert_eq!(log_in(&server, &ada, PASSWORD).await.as_deref(), Some("SERVICE_UNAVAILABLE"));
    assert!(!server.is_ready().await);

    let _postgres = tokio::task::spawn_blocking(move || {
        postgres.start_again();
        postgres
    })
    .await
    .expect("it starts");
    server.gets_ready().await;
    assert_eq!(log_in(&server, &ada, PASSWORD).await, None);
    server.stop().await;
}

#[tokio::test]
async fn a_node_with_other_images_does_not_start() {
    let postgres = postgres().await;
    let mut one = node(&postgres, "data");
    one.start_again().await;

    let another = node(&postgres, "data");
    let reported = refusal(&another).await;
    assert!(reported.contains("are in the folder with the id "), "{reported}");
    assert!(reported.contains("this node has the folder data/images, which has no id"), "{reported}");

    let mut bucket = node(&postgres, "data");
    for (name, value) in [
        ("S3_BUCKET", "pictures"),
        ("S3_ENDPOINT_URL", "http://127.0.0.1:1"),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ] {
        bucket.set(name, value);
    }
    let reported = refusal(&bucket).await;
    assert!(reported.contains("this node has the bucket pictures of http://127.0.0.1:1"), "{reported}");

    // The same folder at another path is the same.
    let link = another.folder().join("link");
    std::os::unix::fs::symlink(one.folder().join("data"), &link).expect("a link");
    let mut beside = node(&postgres, &link.display().to_string());
    beside.start_again().await;
    beside.stop().await;
    one.stop().await;
}

/// The last line of a start that fails.
async fn refusal(server: &Server) -> String {
    let ended = server.run("serve").await;
    let reported = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(1), "{reported}");
    assert_eq!(reported.lines().count(), 1, "{reported}");
    reported
}

#[tokio::test]
async fn nodes_are_listed_and_their_coming_and_going_is_logged() {
    let postgres = postgres().await;
    let (mut one, mut other) = two(&postgres).await;

    soon(async {
        while !one.log().contains("there is another node") {
            tokio::time::sleep(Duration::from_millis(10)).await
        }
    })
    .await;
    let listed = one.run("nodes").await;
    assert!(listed.status.success(), "{listed:?}");
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(listed.contains("2 of 2 nodes live"), "{listed}");
    let version = String::from_utf8_lossy(&one.run("--version").await.stdout).into_owned();
    let version = version.trim().trim_start_matches("parlour ").to_owned();
    assert_eq!(listed.matches(&format!("  version {version}  since 20")).count(), 2, "{listed}");
    assert_eq!(listed.matches("  lease of ").count(), 2, "{listed}");
    assert_eq!(listed.matches("  0 events behind ").count(), 2, "{listed}");
    let ready = one.http().get(one.url("/readyz")).send().await.expect("an answer").text().await.expect("a text");
    assert_eq!(ready, "ready\n2 of 2 nodes live, this one is 0 events behind\n");

    // At its end a node gives up its lease.
    other.stop().await;
    one.says("is gone").await;
    assert_eq!(one.log().matches("there is another node").count(), 1, "{}", one.log());
    one.stop().await;
}

#[tokio::test]
async fn a_file_has_no_list_of_nodes() {
    let mut server = Server::start().await;
    let listed = server.run("nodes").await;
    assert_eq!(listed.status.code(), Some(1), "{listed:?}");
    let reported = String::from_utf8_lossy(&listed.stderr).into_owned();
    assert!(reported.contains("is a file, which has one server"), "{reported}");
    server.stop().await;
}

#[tokio::test]
async fn a_node_that_does_not_hear_the_others_says_so_and_is_ready() {
    let postgres = postgres().await;
    let admin = Database::connect(postgres.url("postgres")).await.expect("a connection");
    let run = async |sql: &str| admin.execute_unprepared(sql).await.expect("it is executed");
    run("CREATE ROLE chat LOGIN").await;
    run("ALTER DATABASE chat OWNER TO chat").await;
    let url = postgres.url("chat").replace("parlour@", "chat@");
    let mut server = Server::prepare(&[("DATABASE_URL", &url), ("JWT_SECRET", SECRET)]);
    server.start_again().await;
    let says = async |expected: u16, text: &str| {
        soon(async {
            loop {
                let answer = server.http().get(server.url("/readyz")).send().await.expect("an answer");
                let (status, said) = (answer.status().as_u16(), answer.text().await.expect("a text"));
                if status == expected && said.starts_with(text) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
    };
    says(200, "ready\n").await;
    let mut other = node(&postgres, &server.folder().join("data").display().to_string());
    other.start_again().await;
    let (ada, bob) = (other.user("Ada").await, other.user("Bob").await);
    let mut line = soon(Line::open(server.address, &bob.token, json!({}))).await.expect("a socket");
    let events = "subscription { events { __typename ... on MessageAdded { message { text } } } }";
    line.subscribe("1", events, &json!({})).await.expect("the socket takes it");
    assert_eq!(soon(line.next()).await.expect("a message")["payload"]["data"]["events"]["__typename"], "CaughtUp");

    // Its other connections stay.
    run("ALTER ROLE chat CONNECTION LIMIT 0").await;
    run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'chat' AND query LIKE 'LISTEN%'").await;
    says(200, "ready, but this node does not hear the others").await;
    // It asks the database every second.
    ada.send(&Message::new(bob.as_recipient(), "not announced")).await;
    soon(async {
        while line.next().await.expect("a message")["payload"]["data"]["events"]["message"]["text"] != "not announced" {
        }
    })
    .await;
    says(200, "ready, but this node does not hear the others").await;

    run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'chat'").await;
    says(503, "not ready, the database").await;

    run("ALTER ROLE chat CONNECTION LIMIT -1").await;
    says(200, "ready\n").await;
    admin.close().await.expect("it closes");
    other.stop().await;
    server.stop().await;
}
