//! The operator's commands for accounts, also beside a running server.

use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::AsyncWriteExt;

use crate::support::{Closed, Line, PASSWORD, Person, Server, code, is_sound, soon};

const NEW: &str = "a staple with 4 legs";
const LOG_IN: &str = "mutation($input: LoginInput!) { login(input: $input) { token } }";
/// Ten times the promised time; a socket that only its missing pongs end would stay open for longer.
const SECONDS: Duration = Duration::from_secs(50);

/// Runs `parlour user …` with this input.
async fn user(server: &Server, arguments: &[&str], input: &str) -> Output {
    let mut command = server.command("user");
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("an input");
    // It may have exited without reading.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    soon(child.wait_with_output()).await.expect("the program runs")
}

/// Runs it; its standard output.
async fn succeeds(server: &Server, arguments: &[&str], input: &str) -> String {
    let ended = user(server, arguments, input).await;
    assert!(ended.status.success(), "{arguments:?}: {ended:?}");
    assert_eq!(String::from_utf8_lossy(&ended.stderr).lines().count(), 1, "{ended:?}");
    String::from_utf8(ended.stdout).expect("text")
}

/// Runs it; its error message.
async fn fails(server: &Server, arguments: &[&str], input: &str) -> String {
    let ended = user(server, arguments, input).await;
    assert_eq!(ended.status.code(), Some(1), "{arguments:?}: {ended:?}");
    assert!(ended.stdout.is_empty(), "{ended:?}");
    let reported = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(reported.lines().count(), 1, "{reported}");
    assert!(!reported.contains(NEW), "{reported}");
    reported
}

/// Signs in; the token, or the code of the error.
async fn log_in(server: &Server, email: &str, password: &str) -> Result<String, String> {
    let variables = json!({ "input": { "email": email, "password": password } });
    let body = json!({ "query": LOG_IN, "variables": variables });
    let answer = server.http().post(server.url("/graphql")).json(&body).send().await.expect("an answer");
    let answer: serde_json::Value = answer.json().await.expect("JSON");
    match answer["data"]["login"]["token"].as_str() {
        Some(token) => Ok(token.to_owned()),
        None => Err(code(&answer).to_owned()),
    }
}

fn refused() -> Result<String, String> {
    Err("INVALID_CREDENTIALS".to_owned())
}

async fn is_signed_in(person: &Person) -> bool {
    person.ask("{ me { id } }", json!({})).await["me"]["id"] == person.id
}

/// Waits until a token is rejected.
async fn is_signed_out(person: &Person) {
    let began = Instant::now();
    while is_signed_in(person).await {
        assert!(began.elapsed() < SECONDS, "still signed in");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// A socket on which the person follows the feed.
async fn open(server: &Server, person: &Person) -> Line {
    let mut line = Line::open(server.address, &person.token, json!({})).await.expect("a socket");
    line.subscribe("1", "subscription { events { __typename } }", &json!({})).await.expect("it is open");
    assert_eq!(line.next().await.expect("an event")["payload"]["data"]["events"]["__typename"], "CaughtUp");
    line
}

/// How the server ends a socket: running operations are completed first.
async fn end(line: &mut Line) -> Closed {
    let next = tokio::time::timeout(SECONDS, line.next()).await.expect("it ends in time");
    assert_eq!(next, Ok(json!({ "id": "1", "type": "complete" })));
    soon(line.next()).await.expect_err("it is closed")
}

#[tokio::test]
async fn with_closed_signup_the_operator_creates_accounts() {
    let mut server = Server::prepare_here(&[("SIGNUP", "closed")]).await;
    // Before the first start too, once the database exists.
    assert!(server.run("migrate").await.status.success());
    let arguments = ["add", "--email", "Ada@Example.com", "--name", " Ada Lovelace "];
    assert_eq!(succeeds(&server, &arguments, &format!("{NEW}\n")).await, "");
    server.start_again().await;
    let bob = ["add", "--email", "bob@example.com", "--name", "Bob"];
    assert_eq!(succeeds(&server, &bob, NEW).await, "");

    assert!(log_in(&server, "ada@example.com", NEW).await.is_ok());
    assert!(log_in(&server, "bob@example.com", NEW).await.is_ok());
    server.stop().await;
    is_sound(&server).await;
}

#[tokio::test]
async fn a_generated_password_is_the_only_output_and_works() {
    let server = Server::start_here(&[("PASSWORD_MIN_LENGTH", "40")]).await;

    let first = succeeds(&server, &["add", "--email", "ada@example.com", "--name", "Ada", "--generate"], "").await;
    let second = succeeds(&server, &["reset-password", "ada@example.com", "--generate"], "").await;

    let (first, second) = (first.strip_suffix('\n').expect("a line"), second.strip_suffix('\n').expect("a line"));
    assert!(first.len() >= 40 && first.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{first}");
    assert_eq!(log_in(&server, "ada@example.com", first).await, refused());
    assert!(log_in(&server, "ada@example.com", second).await.is_ok());
}

#[tokio::test]
async fn an_impossible_command_reports_one_line_and_changes_nothing() {
    let server = Server::start_here(&[]).await;
    let ada = server.user("Ada").await;

    for command in ["reset-password", "disable", "enable"] {
        let reported = fails(&server, &[command, "nobody@example.com"], NEW).await;
        assert_eq!(reported, "parlour: nobody has the e-mail nobody@example.com\n");
        assert_eq!(fails(&server, &[command, "ada"], NEW).await, "parlour: write an e-mail such as ada@example.com\n");
    }
    let taken = fails(&server, &["add", "--email", "ADA@example.com", "--name", "Eve"], NEW).await;
    assert!(taken.contains("ADA@example.com has an account already"), "{taken}");
    for (email, name, password, why) in [
        ("eve", "Eve", NEW, "write an e-mail such as ada@example.com"),
        ("eve@example.com", "\u{200B}", NEW, "write something that can be seen"),
        ("eve@example.com", "De\u{200B}leted USER", NEW, "choose another name"),
        ("eve@example.com", "Eve", "12345", "choose a password of 6 to 128 characters"),
        ("eve@example.com", "Eve", "iloveyou", "choose another password"),
        ("eve@example.com", "Eve", "", "there was no password"),
    ] {
        let reported = fails(&server, &["add", "--email", email, "--name", name], password).await;
        assert!(reported.starts_with(&format!("parlour: {why}")), "{reported}");
    }
    assert!(fails(&server, &["reset-password", &ada.email], "12345").await.contains("6 to 128 characters"));
    assert!(is_signed_in(&ada).await);
    assert!(log_in(&server, &ada.email, PASSWORD).await.is_ok());
    assert_eq!(log_in(&server, "eve@example.com", NEW).await, refused());
    // An unknown command is reported with the usage.
    assert_eq!(user(&server, &["remove", "ada@example.com"], "").await.status.code(), Some(2));
}

#[tokio::test]
async fn a_password_reset_ends_all_sessions_within_seconds() {
    let mut server = Server::start_here(&[]).await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let (mut line, mut of_bob) = (open(&server, &ada).await, open(&server, &bob).await);

    succeeds(&server, &["reset-password", &ada.email], NEW).await;

    assert_eq!(end(&mut line).await, Closed(4401));
    is_signed_out(&ada).await;
    assert_eq!(log_in(&server, &ada.email, PASSWORD).await, refused());
    assert!(log_in(&server, &ada.email, NEW).await.is_ok());
    assert!(is_signed_in(&bob).await);
    of_bob.say(json!({ "type": "ping" })).await.expect("it is open");
    assert_eq!(of_bob.next().await, Ok(json!({ "type": "pong" })));
    server.stop().await;
    is_sound(&server).await;
}

#[tokio::test]
async fn disabling_an_account_signs_it_out_within_seconds_until_enabled() {
    let mut server = Server::start_here(&[]).await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let mut line = open(&server, &ada).await;

    succeeds(&server, &["disable", &ada.email], "").await;

    assert_eq!(end(&mut line).await, Closed(4401));
    is_signed_out(&ada).await;
    assert_eq!(log_in(&server, &ada.email, PASSWORD).await, refused());
    let seen = bob.ask("query($id: ID!) { user(id: $id) { fullName deletedAt } }", json!({ "id": ada.id })).await;
    assert_eq!(seen["user"], json!({ "fullName": "Ada", "deletedAt": null }));
    // A new password does not let them in, and disabling is idempotent.
    succeeds(&server, &["reset-password", &ada.email], NEW).await;
    succeeds(&server, &["disable", &ada.email], "").await;
    assert_eq!(log_in(&server, &ada.email, NEW).await, refused());

    succeeds(&server, &["enable", &ada.email], "").await;

    assert!(log_in(&server, &ada.email, NEW).await.is_ok());
    assert!(!is_signed_in(&ada).await, "what has ended stays ended");
    server.stop().await;
    is_sound(&server).await;
}
