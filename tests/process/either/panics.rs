//! A panic in a resolver is answered like any error; the process and the connection survive.

// No input is known to make a resolver panic, but a damaged database does in builds that check arithmetic, as tests have:
// what is unread begins before the first message that is kept, and nothing is before the smallest number.
#![cfg(debug_assertions)]

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Line, Message, Person, Server, code, soon};

const PANICS: &str = "{ conversations { nodes { unreadCount } } }";
const DOES_NOT: &str = "{ conversations { nodes { lastSeq } } }";

/// A server with a conversation whose numbers make no sense, and one of its members.
async fn damaged() -> (Server, Person) {
    let server = Server::start_here(&[]).await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    ada.send(&Message::new(bob.as_recipient(), "hello")).await;
    let db = server.database().await;
    let damage = "UPDATE conversation SET last_seq = 2147483647, first_seq = -2147483648";
    db.execute_unprepared(damage).await.expect("it can be damaged");
    db.close().await.expect("the database closes");
    (server, bob)
}

/// The answer is an internal error, and the log has its cause.
fn is_internal_error(answer: &Value, server: &Server) {
    assert_eq!(code(answer), "INTERNAL_SERVER_ERROR", "{answer}");
    assert_eq!(answer["errors"][0]["message"], "something went wrong on our side");
    let id = answer["errors"][0]["extensions"]["requestId"].as_str().expect("an id");
    let log = server.log();
    let line = log.lines().find(|line| line.contains(id) && line.contains("ERROR"));
    assert!(line.is_some_and(|line| line.contains("a resolver panicked")), "{id}: {log}");
}

#[tokio::test]
async fn a_panic_is_answered_over_http_and_the_connection_survives() {
    let (mut server, bob) = damaged().await;
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");

    let answer = ask(&mut stream, &bob, PANICS).await;

    is_internal_error(&answer, &server);
    let next = ask(&mut stream, &bob, DOES_NOT).await;
    assert_eq!(next["data"]["conversations"]["nodes"], json!([{ "lastSeq": i32::MAX }]));
    server.stop().await;
}

/// Executes a query over a connection, and leaves it open.
async fn ask(stream: &mut TcpStream, person: &Person, query: &str) -> Value {
    let body = json!({ "query": query }).to_string();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        person.token,
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await.expect("the server takes it");
    let mut answer = Vec::new();
    loop {
        assert!(soon(stream.read_buf(&mut answer)).await.expect("an answer") > 0, "the connection ended");
        let text = String::from_utf8_lossy(&answer);
        if let Some((_, body)) = text.split_once("\r\n\r\n")
            && let Ok(body) = serde_json::from_str(body)
        {
            return body;
        }
    }
}

#[tokio::test]
async fn a_panic_is_answered_over_a_socket_and_the_socket_survives() {
    let (mut server, bob) = damaged().await;
    let mut line = soon(Line::open(server.address, &bob.token, json!({}))).await.expect("a socket");
    line.subscribe("1", PANICS, &json!({})).await.expect("the socket takes it");

    let answer = soon(line.next()).await.expect("the socket lives");

    let errors = match answer["type"].as_str() {
        Some("error") => json!({ "errors": answer["payload"] }),
        _ => answer["payload"].clone(),
    };
    is_internal_error(&errors, &server);
    line.subscribe("2", DOES_NOT, &json!({})).await.expect("the socket takes it");
    let next = soon(async {
        loop {
            let said = line.next().await.expect("the socket lives");
            if said["id"] == "2" {
                break said;
            }
        }
    });
    assert_eq!(next.await["payload"]["data"]["conversations"]["nodes"], json!([{ "lastSeq": i32::MAX }]));
    server.stop().await;
}
