//! Who may open a socket: origins, credentials and subprotocols.

use serde_json::json;
use tokio_tungstenite::tungstenite::Error;

use crate::support::{Closed, Person, Socket, TestApp};

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

#[tokio::test]
async fn a_foreign_origin_opens_no_socket() {
    let app = TestApp::start().await;
    let cookie = cookie(&app.user("Ada").await);

    for origin in [
        "http://evil.example",
        "null",
        "http://localhost:5173.evil.example",
        "http://evil.localhost:5173",
        "http://localhost:51730",
        "https://localhost:5173",
        "http://localhost:5173@evil.example",
        "file://",
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

    assert_eq!(by_cookie, Err(Closed { code: 4401, reason: "Unauthorized".to_owned() }));
    assert_eq!(by_bearer, Ok(json!({ "type": "connection_ack" })));
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

    assert_eq!(socket.next_or_closed().await, Err(Closed { code: 4401, reason: "Unauthorized".to_owned() }));
}
