//! Sockets and their sessions.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Closed, NO_CREDENTIAL, Person, Socket, TestApp};

const DAY: Duration = Duration::from_secs(24 * 3600);

fn closed(code: u16, reason: &str) -> Closed {
    Closed { code, reason: reason.to_owned() }
}

/// How a socket is answered that begins with this payload.
async fn begin(app: &TestApp, payload: Value) -> Result<Value, Closed> {
    let mut socket = Socket::open(app.address).await;
    socket.say(json!({ "type": "connection_init", "payload": payload })).await;
    socket.next_or_closed().await
}

async fn log_out(person: &Person) {
    assert_eq!(person.ask("mutation { logout }", json!({})).await["logout"], true);
}

#[tokio::test]
async fn a_token_is_accepted_under_either_name() {
    let app = TestApp::start().await;
    let bearer = format!("Bearer {}", app.user("Ada").await.token);

    for payload in [json!({ "authorization": bearer }), json!({ "Authorization": bearer, "other": [1] })] {
        assert_eq!(begin(&app, payload).await, Ok(json!({ "type": "connection_ack" })));
    }
}

#[tokio::test]
async fn an_invalid_token_closes_the_socket_for_good() {
    let app = TestApp::start().await;
    let (ada, elsewhere) = (app.user("Ada").await, TestApp::start().await.user("Ada").await);
    let signature = ada.token.rfind('.').expect("a signature");
    let forged = format!("{}.{}", &ada.token[..signature], "A".repeat(ada.token.len() - signature - 1));

    for authorization in [
        Value::Null,
        json!(""),
        json!("Bearer"),
        json!("Bearer garbage"),
        json!(ada.token),
        json!(format!("Bearer {forged}")),
        json!(format!("Bearer {}", elsewhere.token)),
        json!(format!("Bearer {}", "x".repeat(8_000))),
    ] {
        let answer = begin(&app, json!({ "authorization": authorization })).await;
        let names_a_token = authorization.as_str().is_some_and(|text| text.starts_with("Bearer "));
        let reason = if names_a_token { "Unauthorized" } else { NO_CREDENTIAL };
        assert_eq!(answer, Err(closed(4401, reason)), "{authorization}");
    }
    let mut socket = Socket::open(app.address).await;
    socket.say(json!({ "type": "connection_init" })).await;
    assert_eq!(socket.next_or_closed().await, Err(closed(4401, NO_CREDENTIAL)));
}

#[tokio::test]
async fn a_revoked_session_closes_the_socket_for_good() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    log_out(&ada).await;

    let answer = begin(&app, json!({ "authorization": format!("Bearer {}", ada.token) })).await;

    assert_eq!(answer, Err(closed(4401, "Unauthorized")));
}

#[tokio::test]
async fn an_expired_token_closes_the_socket_with_forbidden() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    app.clock.advance(8 * DAY);

    let answer = begin(&app, json!({ "authorization": format!("Bearer {}", ada.token) })).await;

    assert_eq!(answer, Err(closed(4403, "Session expired")));
}

#[tokio::test]
async fn an_expiring_session_closes_its_sockets() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let mut socket = ada.follow().await;
    app.clock.advance(6 * DAY);
    socket.stays_silent().await;

    app.clock.advance(DAY + Duration::from_secs(10));

    assert_eq!(socket.next_or_closed().await, Err(closed(4403, "Session expired")));
}

#[tokio::test]
async fn signing_out_completes_everything_and_closes_the_sessions_sockets() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let phone = ada.another_device(&app).await;
    let (mut one, mut two, mut at_phone) = (ada.follow().await, ada.socket().await, phone.follow().await);
    one.subscribe("2", "subscription { messageAdded { id } }", json!({})).await;
    one.say(json!({ "type": "ping" })).await;
    assert_eq!(one.next().await["type"], "pong");

    log_out(&ada).await;

    let mut completed = [one.next().await, one.next().await];
    completed.sort_by_key(|message| message["id"].to_string());
    assert_eq!(completed, ["1", "2"].map(|id| json!({ "id": id, "type": "complete" })));
    assert_eq!(one.next_or_closed().await, Err(closed(4401, "Unauthorized")));
    assert_eq!(two.next_or_closed().await, Err(closed(4401, "Unauthorized")));
    at_phone.stays_silent().await;
}

#[tokio::test]
async fn a_logout_over_a_socket_is_answered_before_it_closes() {
    let app = TestApp::start().await;
    let mut socket = app.user("Ada").await.socket().await;

    socket.subscribe("1", "mutation { logout }", json!({})).await;

    assert_eq!(socket.next_data("1").await["logout"], true);
    assert_eq!(socket.next().await, json!({ "id": "1", "type": "complete" }));
    assert_eq!(socket.next_or_closed().await, Err(closed(4401, "Unauthorized")));
}

#[tokio::test]
async fn a_logout_during_connection_init_leaves_no_socket_open() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;

    for _ in 0..10 {
        let tab = ada.another_device(&app).await;
        let mut sockets = Vec::new();
        for _ in 0..5 {
            let mut socket = Socket::open(app.address).await;
            let bearer = format!("Bearer {}", tab.token);
            socket.say(json!({ "type": "connection_init", "payload": { "authorization": bearer } })).await;
            sockets.push(socket);
        }
        log_out(&tab).await;
        for mut socket in sockets {
            assert_eq!(socket.closed().await, closed(4401, "Unauthorized"));
        }
    }
}
