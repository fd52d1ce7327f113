//! Who may open a socket: origins, credentials and subprotocols.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Error;

use crate::support::{Closed, NO_CREDENTIAL, Person, Socket, TestApp, soon};

/// The status with which an upgrade is refused; `None` where it is not.
async fn refusal(app: &TestApp, headers: &[(&'static str, &str)]) -> Option<u16> {
    match Socket::open_with(app.address, headers).await {
        Ok(_) => None,
        Err(Error::Http(answer)) => Some(answer.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

fn cookie(person: &Person) -> String {
    format!("theme=dark; jwt={}", person.token)
}

async fn begin(app: &TestApp, headers: &[(&'static str, &str)]) -> Result<serde_json::Value, Closed> {
    let mut socket = Socket::open_with(app.address, headers).await.expect("an upgrade");
    socket.say(json!({ "type": "connection_init" })).await;
    socket.next_or_closed().await
}

fn no_credential() -> Closed {
    Closed { code: 4401, reason: NO_CREDENTIAL.to_owned() }
}

#[tokio::test]
async fn a_foreign_origin_opens_no_socket() {
    let app = TestApp::start().await;
    let cookie = cookie(&app.user("Ada").await);

    for origin in [
        "http://evil.example",
        "http://localhost:5173.evil.example",
        "http://evil.localhost:5173",
        "http://localhost:51730",
        "https://localhost:5173",
        "http://localhost:5173@evil.example",
        "file://evil.example",
        "",
    ] {
        assert_eq!(refusal(&app, &[("origin", origin), ("cookie", &cookie)]).await, Some(403), "{origin:?}");
    }
}

#[tokio::test]
async fn our_origins_authenticate_by_cookie() {
    let app = TestApp::start().await;
    let cookie = cookie(&app.user("Ada").await);
    let own = format!("http://{}", app.address);

    for origin in ["http://localhost:5173", &own] {
        let answer = begin(&app, &[("origin", origin), ("cookie", &cookie)]).await;
        assert_eq!(answer, Ok(json!({ "type": "connection_ack" })), "{origin}");
    }
}

#[tokio::test]
async fn a_cookie_without_an_origin_is_ignored() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;

    let by_cookie = begin(&app, &[("cookie", &cookie(&ada))]).await;
    let by_bearer = begin(&app, &[("authorization", &format!("Bearer {}", ada.token))]).await;

    assert_eq!(by_cookie, Err(no_credential()));
    assert_eq!(by_bearer, Ok(json!({ "type": "connection_ack" })));
}

/// Pages from disk, of Electron for instance, and of sandboxed frames. Any page can make itself one.
#[tokio::test]
async fn a_page_without_an_origin_of_its_own_signs_in_by_connection_init_only() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;

    for origin in ["null", "file://"] {
        let headers = [("origin", origin), ("cookie", &cookie(&ada))];
        assert_eq!(begin(&app, &headers).await, Err(no_credential()), "{origin}");

        let mut socket = Socket::open_with(app.address, &headers).await.expect("an upgrade");
        let authorization = format!("Bearer {}", ada.token);
        socket.say(json!({ "type": "connection_init", "payload": { "authorization": authorization } })).await;
        assert_eq!(socket.next().await, json!({ "type": "connection_ack" }), "{origin}");
    }
}

/// Python's gql looks for this spelling.
#[tokio::test]
async fn the_answer_to_a_handshake_spells_its_headers_as_the_rfc_does() {
    let app = TestApp::start().await;
    let mut connection = soon(TcpStream::connect(app.address)).await.expect("a connection");
    let handshake = format!(
        "GET /graphql HTTP/1.1\r\nhost: {}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         sec-websocket-protocol: graphql-transport-ws\r\n\r\n",
        app.address
    );
    soon(connection.write_all(handshake.as_bytes())).await.expect("it is sent");

    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(soon(connection.read_u8()).await.expect("the rest of the answer"));
    }

    let answer = String::from_utf8(answer).expect("ASCII");
    for line in [
        "Connection: ",
        "Upgrade: ",
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        "Sec-WebSocket-Protocol: graphql-transport-ws",
    ] {
        assert!(answer.contains(&format!("\r\n{line}")), "{line} is not in {answer}");
    }
}

#[tokio::test]
async fn another_subprotocol_is_rejected_before_the_upgrade() {
    let app = TestApp::start().await;

    for protocol in ["graphql-ws", "graphql-sse", "chat", "GRAPHQL-TRANSPORT-WS"] {
        assert_eq!(refusal(&app, &[("sec-websocket-protocol", protocol)]).await, Some(400), "{protocol}");
    }
    assert_eq!(refusal(&app, &[("sec-websocket-protocol", "graphql-ws, graphql-transport-ws")]).await, None);
}

#[tokio::test]
async fn a_token_in_the_socket_url_is_ignored() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;

    let mut socket = Socket::open_at(app.address, &format!("/graphql?token={0}&jwt={0}", ada.token)).await;
    socket.say(json!({ "type": "connection_init" })).await;

    assert_eq!(socket.next_or_closed().await, Err(no_credential()));
}
