//! Renewing a session, over HTTP and over a live socket, whose expiry moves.

use std::time::Duration;

use parlour::clock::Timestamp;
use serde_json::{Value, json};

use crate::support::{Closed, PASSWORD, Person, TestApp};

const DAY: Duration = Duration::from_secs(24 * 3600);
const SECOND: Duration = Duration::from_secs(1);
const RENEW: &str = "mutation { renewSession { token expiresAt user { id email } } }";

fn expired() -> Closed {
    Closed { code: 4403, reason: "Session expired".to_owned() }
}

async fn is_signed_in(person: &Person) -> bool {
    person.ask("{ me { id } }", json!({})).await["me"]["id"] == person.id
}

/// The time until a timestamp of the API.
fn lasts(app: &TestApp, payload: &Value) -> Duration {
    use time::OffsetDateTime;
    use time::format_description::well_known::Rfc3339;
    let text = payload["expiresAt"].as_str().expect("a time");
    let at = OffsetDateTime::parse(text, &Rfc3339).expect("RFC 3339").unix_timestamp_nanos() / 1_000_000;
    Timestamp(i64::try_from(at).expect("a time of ours")).since(app.clock.now())
}

#[tokio::test]
async fn a_renewal_over_http_gives_a_new_token_and_cookie_and_keeps_the_old_token_until_it_expires() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    app.clock.advance(5 * DAY);

    let (mut answer, cookie) = app.browse(&format!("jwt={}", ada.token), RENEW, json!({})).await;

    let payload = answer["data"]["renewSession"].take();
    assert_eq!(payload["user"], json!({ "id": ada.id, "email": ada.email }));
    let token = payload["token"].as_str().expect("a token");
    let whole = format!("jwt={token}; HttpOnly; SameSite=Strict; Path=/; Max-Age=604800");
    assert_eq!(cookie.as_deref(), Some(whole.as_str()));
    let left = lasts(&app, &payload);
    assert!(left <= 7 * DAY && left > 7 * DAY - 60 * SECOND, "{left:?}");
    let renewed = ada.with_token(&payload["token"]);
    assert!(is_signed_in(&ada).await && is_signed_in(&renewed).await);
    app.clock.advance(2 * DAY + 10 * SECOND);
    assert!(!is_signed_in(&ada).await, "the first token is over");
    assert!(is_signed_in(&renewed).await);
    app.clock.advance(5 * DAY);
    assert!(!is_signed_in(&renewed).await);
}

#[tokio::test]
async fn a_socket_closes_in_the_second_its_session_expires() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let mut socket = ada.follow().await;
    app.clock.advance(7 * DAY - 60 * SECOND);
    socket.stays_silent().await;

    app.clock.advance(60 * SECOND);

    assert_eq!(socket.next_or_closed().await, Err(expired()));
}

#[tokio::test]
async fn a_renewal_over_a_socket_extends_all_sockets_of_that_session_only() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let phone = ada.another_device(&app).await;
    let (mut here, mut tab, mut there) = (ada.follow().await, ada.follow().await, phone.follow().await);
    app.clock.advance(7 * DAY - 60 * SECOND);

    here.subscribe("renew", RENEW, json!({})).await;
    let payload = here.next_data("renew").await["renewSession"].take();
    assert_eq!(here.next().await, json!({ "id": "renew", "type": "complete" }));

    app.clock.advance(120 * SECOND);
    assert_eq!(there.next_or_closed().await, Err(expired()));
    here.stays_silent().await;
    tab.stays_silent().await;
    assert!(is_signed_in(&ada.with_token(&payload["token"])).await);
    app.clock.advance(7 * DAY);
    assert_eq!(here.next_or_closed().await, Err(expired()));
    assert_eq!(tab.next_or_closed().await, Err(expired()));
}

#[tokio::test]
async fn no_session_is_renewed_beyond_30_days() {
    let app = TestApp::start().await;
    let mut ada = app.user("Ada").await;
    let mut socket = ada.follow().await;
    for _ in 0..5 {
        app.clock.advance(6 * DAY - 20 * SECOND);
        let payload = ada.ask(RENEW, json!({})).await["renewSession"].take();
        ada = ada.with_token(&payload["token"]);
    }
    let last = ada.ask(RENEW, json!({})).await["renewSession"].take();
    assert!(lasts(&app, &last) <= 100 * SECOND, "{last}");
    socket.stays_silent().await;

    app.clock.advance(110 * SECOND);

    assert_eq!(socket.next_or_closed().await, Err(expired()));
    assert_eq!(ada.with_token(&last["token"]).fails(RENEW, json!({})).await, "UNAUTHENTICATED");
}

#[tokio::test]
async fn an_operation_after_the_expiry_is_not_executed() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let mut socket = ada.socket().await;
    app.clock.advance(7 * DAY + 10 * SECOND);
    let send = "mutation($to: ID!) { sendMessage(input: { to: { userId: $to }, text: \"late\" }) { id } }";

    // The socket may already be closed.
    let payload = json!({ "query": send, "variables": { "to": bob.id } });
    let _ = socket.try_say(json!({ "id": "1", "type": "subscribe", "payload": payload })).await;

    assert_eq!(socket.next_or_closed().await, Err(expired()));
    for mutation in [send, RENEW, "mutation($to: ID!) { revokeSession(id: $to) }", "mutation { revokeOtherSessions }"] {
        let variables = if mutation.contains("$to") { json!({ "to": bob.id }) } else { json!({}) };
        assert_eq!(ada.fails(mutation, variables).await, "UNAUTHENTICATED", "{mutation}");
    }
    let input = json!({ "email": bob.email, "password": PASSWORD });
    let log_in = "mutation($input: LoginInput!) { login(input: $input) { token } }";
    let answer = app.execute(None, log_in, json!({ "input": input })).await;
    let bob = bob.with_token(&answer["data"]["login"]["token"]);
    assert_eq!(bob.ask("{ unread { messages } }", json!({})).await["unread"]["messages"], 0);
}

#[tokio::test]
async fn an_ended_session_is_not_renewed() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    ada.ask("mutation { logout }", json!({})).await;

    assert_eq!(ada.fails(RENEW, json!({})).await, "UNAUTHENTICATED");
    assert_eq!(app.execute(None, RENEW, json!({})).await["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
}
