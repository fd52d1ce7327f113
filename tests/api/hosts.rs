//! Requests by a name that is not the server's, as a stranger's page sends them after its own name was made to lead here
//! (DNS rebinding): refused before anything runs. And requests that do not say, or say twice, whom they are for.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{PASSWORD, TestApp, code, soon};

/// The server's answer to these bytes: the status, and the whole answer.
async fn answer(app: &TestApp, head: &str, body: &str) -> (u16, String) {
    let mut line = soon(TcpStream::connect(app.address)).await.expect("a connection");
    line.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).await.expect("it is sent");
    let mut answer = String::new();
    soon(line.read_to_string(&mut answer)).await.expect("an answer, and the end");
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, answer)
}

/// The status of a GET with this host.
async fn get(app: &TestApp, path: &str, host: &str) -> u16 {
    answer(app, &format!("GET {path} HTTP/1.1\r\nConnection: close\r\nHost: {host}"), "").await.0
}

const QUERY: &str = "/graphql?query=%7B__typename%7D";

async fn app() -> TestApp {
    TestApp::start_with(&[
        ("PUBLIC_URL", "https://chat.example.org"),
        ("CORS_ORIGINS", "https://pages.example.org:8443"),
        ("ALLOWED_HOSTS", "parlour, chat.internal"),
    ])
    .await
}

#[tokio::test]
async fn the_server_answers_to_its_host_names_only() {
    let app = app().await;
    for host in [
        "chat.example.org",
        "CHAT.Example.org:443",
        "chat.example.org:1",
        "pages.example.org",
        "parlour",
        "parlour:3000",
        "chat.internal",
        "localhost",
        "localhost:3000",
        "127.0.0.1",
        "192.0.2.7:80",
        "[::1]",
        "[2001:db8::1]:3000",
    ] {
        assert_eq!(get(&app, QUERY, host).await, 200, "{host}");
    }
    for host in [
        "evil.example",
        "evil.example:3000",
        "chat.example.org.evil.example",
        "sub.chat.example.org",
        "example.org",
        "chat.example.org.",
        "evil.localhost",
        "127.0.0.1.evil.example",
        "2130706433",
        "0x7f000001",
        "127.1",
    ] {
        for path in [QUERY, "/", "/assets/x.js", "/images/x/96?expires=1&signature=x", "/nowhere"] {
            assert_eq!(get(&app, path, host).await, 421, "{host}{path}");
        }
        for path in ["/healthz", "/readyz"] {
            assert_eq!(get(&app, path, host).await, 200, "{host}{path}");
        }
    }
}

#[tokio::test]
async fn dns_rebinding_is_rejected() {
    let app = app().await;
    let ada = app.user("Ada").await;
    let sign_up = format!(
        r#"mutation {{ signup(input: {{ fullName: "Eve", email: "eve@example.com", password: "{PASSWORD}" }}) {{ token }} }}"#
    );
    let body = json!({ "query": sign_up }).to_string();
    for more in ["Origin: http://evil.example:3000\r\n", "X-Forwarded-Host: chat.example.org\r\n", ""] {
        let head = format!(
            "POST /graphql HTTP/1.1\r\nConnection: close\r\nHost: evil.example:3000\r\n{more}Content-Type: application/json\r\n\
             Content-Length: {}",
            body.len()
        );
        let (status, answer) = answer(&app, &head, &body).await;
        assert_eq!(status, 421, "{answer}");
        assert!(!answer.to_ascii_lowercase().contains("set-cookie"), "{answer}");
        let (_, said) = answer.split_once("\r\n\r\n").expect("a body");
        let said: Value = serde_json::from_str(said).expect("JSON");
        assert_eq!((code(&said), &said["errors"][0]["extensions"]["field"]), ("BAD_USER_INPUT", &json!("host")));
        assert!(said["errors"][0]["message"].as_str().expect("a message").contains("ALLOWED_HOSTS"), "{said}");
    }
    let socket = format!(
        "GET /graphql HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://evil.example\r\nCookie: jwt={}\r\n\
         Connection: upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Protocol: graphql-transport-ws\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ada.token
    );
    let (status, _) = answer(&app, &socket, "").await;
    assert_eq!(status, 421);
    let state = ada.ask("{ users { totalCount } }", json!({})).await;
    assert_eq!(state, json!({ "users": { "totalCount": 0 } }));
}

#[tokio::test]
async fn a_request_needs_exactly_one_host() {
    let app = app().await;
    for (head, status) in [
        ("GET /graphql HTTP/1.1\r\nConnection: close", 400),
        ("GET /graphql HTTP/1.1\r\nConnection: close\r\nHost:", 400),
        ("GET /graphql HTTP/1.1\r\nConnection: close\r\nHost: localhost\r\nHost: localhost", 400),
        ("GET /graphql HTTP/1.1\r\nConnection: close\r\nHost: localhost\r\nHost: evil.example", 400),
        ("GET /graphql HTTP/1.1\r\nConnection: close\r\nHost: localhost, evil.example", 400),
        ("GET /graphql HTTP/1.1\r\nConnection: close\r\nHost: me@localhost", 400),
        ("GET /graphql HTTP/1.1\r\nConnection: close\r\nHost: localhost:http", 400),
        ("GET /graphql HTTP/1.1\r\nConnection: close\r\nHost: localhost:99999", 400),
        ("GET /graphql HTTP/1.1\r\nConnection: close\r\nHost: localhost/path", 400),
        ("GET /graphql HTTP/1.1\r\nConnection: close\r\nHost: [::1", 400),
        ("GET /graphql HTTP/1.1\r\nConnection: close\r\nHost: [::1%eth0]", 400),
        ("GET /graphql HTTP/1.1\r\nConnection: close\r\nHost: [evil.example]", 400),
        ("GET /graphql HTTP/1.1\r\nConnection: close\r\nHost: \u{e9}.example", 400),
        ("GET /graphql HTTP/1.0", 400),
        ("GET /healthz HTTP/1.1\r\nConnection: close", 400),
        ("GET /healthz HTTP/1.1\r\nConnection: close\r\nHost: localhost\r\nHost: localhost", 400),
        // As load balancers ask by default.
        ("GET /healthz HTTP/1.0", 200),
        ("GET /readyz HTTP/1.0", 200),
        ("GET http://localhost:3000/healthz HTTP/1.1\r\nConnection: close\r\nHost: localhost:3000", 200),
        ("GET http://LOCALHOST/assets/none.js HTTP/1.1\r\nConnection: close\r\nHost: localhost", 404),
        ("GET http://evil.example/graphql HTTP/1.1\r\nConnection: close\r\nHost: localhost", 400),
        ("GET http://localhost/graphql HTTP/1.1\r\nConnection: close\r\nHost: evil.example", 400),
        ("GET http://evil.example/graphql HTTP/1.1\r\nConnection: close\r\nHost: evil.example", 421),
        ("GET http://localhost/graphql HTTP/1.0", 400),
    ] {
        let (answered, text) = answer(&app, head, "").await;
        assert_eq!(answered, status, "{head:?}: {text}");
    }
}

#[tokio::test]
async fn the_same_origin_may_open_sockets() {
    let app = app().await;
    for (host, sources) in [
        ("localhost:3000", "'self' ws://localhost:3000 wss://localhost:3000 wss://chat.example.org"),
        ("Chat.example.org", "'self' ws://chat.example.org wss://chat.example.org"),
        ("127.0.0.1", "'self' ws://127.0.0.1 wss://127.0.0.1 wss://chat.example.org"),
        ("[::1]:3000", "'self' wss://chat.example.org"),
    ] {
        for head in ["GET / HTTP/1.1", "GET /graphql HTTP/1.1\r\nAccept: text/html"] {
            let (_, page) = answer(&app, &format!("{head}\r\nConnection: close\r\nHost: {host}"), "").await;
            assert!(page.contains(&format!("connect-src {sources};")), "{host}: {page}");
        }
    }
}
