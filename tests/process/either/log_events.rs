//! Lines of the log that have a name, and the line of a request: what is found by one search.

use serde_json::{Value, json};

use crate::support::{Line, Person, Server, soon};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const LOGIN: &str = "mutation($input: LoginInput!) { login(input: $input) { token } }";
const ELSEWHERE: &str = "198.51.100.7";

/// A login that fails, from elsewhere by a proxy that says so.
async fn fail_to_log_in(server: &Server) {
    let variables = json!({ "input": { "email": "ada@example.com", "password": "wrong wrong wrong" } });
    let request = server.http().post(server.url("/graphql")).json(&json!({ "query": LOGIN, "variables": variables }));
    let request = request.header("x-forwarded-for", ELSEWHERE).header("x-request-id", "req-7");
    let request = request.header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01"));
    request.send().await.expect("an answer");
}

/// The lines with this event.
fn named<'a>(lines: &'a [Value], event: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["event"] == event).collect()
}

#[tokio::test]
async fn what_happens_is_in_the_log_under_its_name() {
    let settings = [("LOG_FORMAT", "json"), ("TRUSTED_PROXIES", "127.0.0.0/8"), ("RATE_LIMITS", "on")];
    let mut server = Server::start_here(&settings).await;
    let ada = Person::sign_up_as(&server, "Ada", "ada@example.com").await;
    fail_to_log_in(&server).await;
    Person::sign_in(&server, &ada.email).await;
    let nobody = json!({ "to": { "userId": "0190a0b0-0000-7000-8000-000000000000" }, "text": "hello?" });
    let send = "mutation ToNobody($input: SendMessageInput!) { sendMessage(input: $input) { id } }";
    let answer = ada.execute(send, json!({ "input": nobody })).await;
    let request_id = answer["errors"][0]["extensions"]["requestId"].as_str().unwrap_or_default().to_owned();
    let mut line = soon(Line::open(server.address, &ada.token, json!({}))).await.expect("a socket");
    line.subscribe("1", send, &json!({ "input": nobody })).await.expect("the socket takes it");
    while soon(line.next()).await.expect("a message")["type"] != "complete" {}
    drop(line);
    for _ in 0..60 {
        ada.execute("{ users(search: \"a\") { nodes { id } } }", json!({})).await;
    }
    server.stop().await;

    let log = server.log();
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let loaded = named(&lines, "config.loaded");
    assert!(
        loaded[0]["version"].is_string() && loaded[0]["settings"].as_str().expect("text").contains("LOG_FORMAT=json")
    );
    assert_eq!(named(&lines, "migration.applied").len(), 1, "a new database is said in one line: {log}");
    assert_eq!(named(&lines, "signup")[0]["user.id"], ada.id.as_str());
    let failed = named(&lines, "login.failed");
    assert_eq!(failed.len(), 1, "{log}");
    assert_eq!((&failed[0]["client.address"], &failed[0]["reason"]), (&json!(ELSEWHERE), &json!("wrong_password")));
    assert_eq!(failed[0]["account.hash"].as_str().map(str::len), Some(16));
    assert_eq!(named(&lines, "login").len(), 1);
    let limited = named(&lines, "rate.limited");
    assert_eq!((limited.len(), &limited[0]["rate"]), (1, &json!("searches")), "one line for many: {log}");
    let closed = named(&lines, "socket.closed");
    assert_eq!((closed.len(), &closed[0]["user.id"]), (1, &json!(ada.id)));
    assert!(closed[0]["bytes.sent"].as_u64() > Some(100) && closed[0]["age_s"].is_u64(), "{}", closed[0]);

    // Why did her message fail?
    let of_request = |field: &str, code: &str| {
        let of = lines.iter().filter(|line| line["graphql.field"] == field && line["error.code"] == code);
        of.cloned().collect::<Vec<_>>()
    };
    let failures = of_request("sendMessage", "NOT_FOUND");
    assert_eq!(failures.len(), 2, "one by HTTP, one over the socket: {log}");
    for failure in &failures {
        assert_eq!((&failure["user.id"], &failure["graphql.operation"]), (&json!(ada.id), &json!("ToNobody")));
        assert!(failure["session.id"].is_string() && failure["request.id"].is_string());
    }
    assert!(request_id.is_empty() || failures[0]["request.id"] == request_id.as_str());
    let traced = of_request("login", "INVALID_CREDENTIALS");
    assert_eq!((&traced[0]["trace.id"], &traced[0]["proxy.request_id"]), (&json!(TRACE), &json!("req-7")));
}

#[tokio::test]
async fn fail2ban_finds_the_address_in_the_line_of_a_failed_login() {
    for format in ["json", "text"] {
        let settings = [("LOG_FORMAT", format), ("TRUSTED_PROXIES", "127.0.0.0/8")];
        let mut server = Server::start_here(&settings).await;
        Person::sign_up_as(&server, "Ada", "ada@example.com").await;
        fail_to_log_in(&server).await;
        server.stop().await;

        let found: Vec<String> = server.log().lines().filter_map(address_in).collect();

        assert_eq!(found, [ELSEWHERE], "{format}: {}", server.log());
    }
}

/// What the filter finds in a line, by Python, in which fail2ban is written. It cuts out the date before.
fn address_in(line: &str) -> Option<String> {
    const FIND: &str = r#"
import configparser, re, sys
filter = configparser.ConfigParser(interpolation=configparser.BasicInterpolation())
filter.read(sys.argv[1])
line = re.sub(r'("timestamp":"|^)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d', '', sys.argv[2], count=1)
for expression in filter['Definition']['failregex'].splitlines():
    found = re.search(expression.strip().replace('<ADDR>', r'(?P<address>[0-9A-Fa-f.:]+)'), line)
    if found:
        print(found['address'])
"#;
    let filter = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/fail2ban/filter.d/parlour.conf");
    let found = std::process::Command::new("python3").args(["-c", FIND, filter, line]).output().expect("python3");
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
    Some(String::from_utf8(found.stdout).expect("text").trim().to_owned()).filter(|found| !found.is_empty())
}
