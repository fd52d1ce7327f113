//! The command line: the first start, later starts, and the smaller commands.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::support::{Feed, Listener, Log, Message, Server, is_sound};

#[tokio::test]
async fn a_first_start_creates_its_files_and_logs_the_addresses() {
    let mut server = Server::prepare(&[]);
    assert!(!server.folder().join("data").exists());

    server.start_again().await;

    let (port, log) = (server.address.port(), server.log());
    assert!(log.contains(&format!("API        http://localhost:{port}/graphql")), "{log}");
    assert!(log.contains(&format!("GraphiQL   http://localhost:{port}/graphql in a browser")), "{log}");
    assert!(log.contains("data       data"), "{log}");
    assert!(log.contains(&format!("public URL http://localhost:{port}\n")), "{log}");
    let data = server.folder().join("data");
    let mode = |name: &str| data.join(name).metadata().expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode("jwt-secret"), 0o600);
    // It contains all messages and password hashes: no other user of the machine may read it.
    assert_eq!(mode("."), 0o700);
    assert!(data.join("parlour.db").is_file());
    server.stop().await;
    is_sound(&server).await;
}

#[tokio::test]
async fn a_second_start_continues_with_the_data() {
    let mut server = Server::start().await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    ada.send(&Message::new(bob.as_recipient(), "before")).await;
    let cursor = bob.feed_cursor().await;
    ada.send(&Message::new(bob.as_recipient(), "missed")).await;
    server.stop().await;

    server.start_again().await;

    let me = ada.ask("{ me { id email } }", json!({})).await;
    assert_eq!(me["me"], json!({ "id": ada.id, "email": ada.email }));
    ada.send(&Message::new(bob.as_recipient(), "after")).await;
    let log = Log::read(&server).await;
    let listener = Listener::start(server.address, &bob, Feed::Messages, &cursor);
    let record = listener.received_up_to(log.last_of(&bob.id)).await;
    assert_eq!(record.len(), 2, "what was missed, and what came after");
    log.has_no_gap();
    server.stop().await;
}

#[tokio::test]
async fn the_schema_is_the_one_in_the_repository() {
    let printed = Server::prepare(&[]).run("schema").await;

    assert!(printed.status.success());
    let kept = include_str!("../../schema.graphql");
    assert!(printed.stdout == kept.as_bytes(), "schema.graphql is stale: cargo run -- schema > schema.graphql");
}

#[tokio::test]
async fn a_health_check_exits_0_only_while_the_server_can_serve() {
    let mut server = Server::start().await;
    let well = server.run("healthcheck").await;
    assert!(well.status.success(), "{well:?}");

    server.stop().await;
    let ill = server.run("healthcheck").await;
    assert_eq!(ill.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&ill.stderr).lines().count(), 1, "{ill:?}");
}

#[tokio::test]
async fn migrate_creates_the_tables_and_exits() {
    let mut server = Server::prepare(&[]);
    for does in ["now, by m0001_foundation, m0002_", "already\n"] {
        let migrated = server.run("migrate").await;
        assert!(migrated.status.success(), "{migrated:?}");
        let reported = String::from_utf8_lossy(&migrated.stdout).into_owned();
        assert_eq!(reported.lines().count(), 1, "{reported}");
        assert!(reported.starts_with(&format!("data/parlour.db has the newest tables {does}")), "{reported}");
    }
    is_sound(&server).await;

    server.start_again().await;
    server.user("Ada").await;
    server.stop().await;
}

#[tokio::test]
async fn a_port_in_use_is_reported_in_one_line() {
    let server = Server::start().await;

    let second = server.run("serve").await;

    assert_eq!(second.status.code(), Some(1));
    let reported = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(reported.lines().count(), 1, "{reported}");
    assert!(reported.contains(&server.address.to_string()), "{reported}");
}

#[tokio::test]
async fn production_has_stricter_defaults_than_development() {
    let secret = ("JWT_SECRET", "a secret of more than thirty-two bytes");
    let settings = [("APP_ENV", "production"), secret, ("PUBLIC_URL", "https://chat.example.org")];
    let mut server = Server::start_with(&settings).await;

    let input = json!({ "fullName": "Ada", "email": "ada@example.com", "password": "correct horse 7 battery" });
    let query = "mutation($input: SignupInput!) { signup(input: $input) { user { id } } }";
    let body = json!({ "query": query, "variables": { "input": input } });
    let signed_up = server.http().post(server.url("/graphql")).json(&body).send().await.expect("an answer");
    let cookie = signed_up.headers()["set-cookie"].to_str().expect("text").to_owned();
    assert!(cookie.starts_with("__Host-jwt="), "{cookie}");
    let attributes: Vec<&str> = cookie.split("; ").skip(1).collect();
    assert_eq!(attributes, ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=604800", "Secure"]);

    let body = json!({ "query": "{ __schema { queryType { name } } }" });
    let refused = server.http().post(server.url("/graphql")).json(&body).send().await.expect("an answer");
    let refused: serde_json::Value = refused.json().await.expect("JSON");
    assert_eq!(refused["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{refused}");
    assert_eq!(refused["data"], serde_json::Value::Null);

    let page = server.http().get(server.url("/graphql")).header("accept", "text/html").send().await.expect("an answer");
    assert!(!page.status().is_success(), "{page:?}");
    assert!(!page.text().await.expect("a text").contains("GraphiQL"));

    server.stop().await;
    let log = server.log();
    assert!(!log.is_empty());
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"));
        assert!(line["message"].is_string() && line["level"].is_string(), "{line}");
    }
}
