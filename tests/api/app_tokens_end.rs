//! How the app's tokens end: by their own time, by the app's backend, and by the operator.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use parlour::accounts::{self, ExternalId};
use parlour::audit::Operator;
use serde_json::{Value, json};

use crate::support::issuer::{SHARED, SigningKey, claims, settings};
use crate::support::{Closed, Socket, TestApp, refusal};

const ME: &str = "{ me { id } }";
const LOG_IN: &str = "mutation($token: String!) { loginWithToken(token: $token) { token } }";

async fn me(app: &TestApp, token: &str) -> Value {
    app.execute(Some(token), ME, json!({})).await["data"]["me"]["id"].take()
}

async fn server() -> TestApp {
    TestApp::start_with(&settings(("AUTH_JWT_SECRET", SHARED))).await
}

fn token(more: Value) -> String {
    SigningKey::hs256().token(None, &claims("u-1", more))
}

/// A time this many seconds from now, by the clock that the test has not moved.
fn from_now(seconds: i64) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    i64::try_from(now).expect("a time") + seconds
}

/// A token that was issued after everything that the test has done.
async fn fresh_token(app: &TestApp) -> String {
    app.clock.advance(Duration::from_secs(2));
    token(json!({ "iat": from_now(2) }))
}

async fn refused(app: &TestApp, token: &str) -> Closed {
    let mut socket = Socket::open(app.address).await;
    let payload = json!({ "authorization": format!("Bearer {token}") });
    socket.say(json!({ "type": "connection_init", "payload": payload })).await;
    socket.closed().await
}

#[tokio::test]
async fn a_socket_ends_with_its_token_and_comes_back_with_a_fresh_one() {
    let app = server().await;
    let short = token(json!({ "exp": from_now(60) }));
    let (mut ends, mut stays) = (
        Socket::signed_in(app.address, &short, json!({})).await,
        Socket::signed_in(app.address, &token(json!({})), json!({})).await,
    );

    app.clock.advance(Duration::from_secs(66));

    assert_eq!(ends.closed().await.code, 4403);
    assert_eq!(refused(&app, &short).await.code, 4403, "which tells a client to ask for a fresh one");
    assert_eq!(me(&app, &short).await, json!(null));
    stays.subscribe("1", ME, json!({})).await;
    assert!(stays.next_data("1").await["me"]["id"].is_string(), "each token has its own end");
    let fresh = token(json!({ "exp": from_now(600) }));
    Socket::signed_in(app.address, &fresh, json!({})).await;
}

#[tokio::test]
async fn after_end_sessions_only_fresh_tokens_count() {
    let app = server().await;
    let backend = app.backend().await;
    let before = token(json!({}));
    let without_iat = token(json!({ "iat": null, "exp": from_now(3_600) }));
    let id = me(&app, &before).await;
    let session = app.execute(None, LOG_IN, json!({ "token": before })).await["data"]["loginWithToken"]["token"].take();
    let session = session.as_str().expect("a session").to_owned();
    let mut sockets = [
        Socket::signed_in(app.address, &before, json!({})).await,
        Socket::signed_in(app.address, &session, json!({})).await,
    ];
    // The token was issued in this second.
    app.clock.advance(Duration::from_secs(1));

    assert_eq!(backend.end_sessions(id.as_str().expect("an id")).await, json!(1));

    for socket in &mut sockets {
        assert_eq!(socket.closed().await.code, 4401);
    }
    for old in [&before, &session, &without_iat] {
        assert_eq!(me(&app, old).await, json!(null));
    }
    assert_eq!(refused(&app, &before).await.code, 4403, "a fresh one may help");
    assert_eq!(refusal(&app.execute(None, LOG_IN, json!({ "token": before })).await), "UNAUTHENTICATED");
    let fresh = fresh_token(&app).await;
    assert_eq!(me(&app, &fresh).await, id);
    let mut socket = Socket::signed_in(app.address, &fresh, json!({})).await;
    socket.subscribe("1", ME, json!({})).await;
    assert_eq!(socket.next_data("1").await["me"]["id"], id);
    assert!(app.execute(None, LOG_IN, json!({ "token": fresh })).await["data"]["loginWithToken"]["token"].is_string());
}

#[tokio::test]
async fn an_erased_person_stays_erased_until_upsert() {
    let app = server().await;
    let backend = app.backend().await;
    let before = token(json!({}));
    let id = me(&app, &before).await;
    let mut socket = Socket::signed_in(app.address, &before, json!({})).await;

    backend.erase(id.as_str().expect("an id")).await;

    assert_eq!(socket.closed().await.code, 4401);
    let fresh = fresh_token(&app).await;
    assert_eq!(me(&app, &fresh).await, json!(null));
    assert_eq!(refused(&app, &fresh).await.code, 4401);
    assert_eq!(refusal(&app.execute(None, LOG_IN, json!({ "token": fresh })).await), "FORBIDDEN");

    let anew = backend.person("u-1", "Ada").await;
    assert_ne!(json!(anew), id);
    assert_eq!(me(&app, &fresh).await, json!(anew));
}

#[tokio::test]
async fn what_was_issued_before_an_erasure_or_an_end_stays_ended_after_upsert() {
    let app = server().await;
    let backend = app.backend().await;
    let mut moved = 0;
    // A token that is issued after some seconds more.
    let mut token_after = |seconds: u64| {
        app.clock.advance(Duration::from_secs(seconds));
        moved += i64::try_from(seconds).expect("few");
        token(json!({ "iat": from_now(moved) }))
    };
    let mut tokens = vec![token_after(0)];
    let mut id = me(&app, &tokens[0]).await.as_str().expect("an id").to_owned();
    for is_ended_too in [false, true, false] {
        app.clock.advance(Duration::from_secs(2));
        backend.erase(&id).await;
        if is_ended_too {
            tokens.push(token_after(5));
            app.clock.advance(Duration::from_secs(2));
            backend.end_sessions(&id).await;
        }

        id = backend.person("u-1", "Ada").await;

        for old in &tokens {
            assert_eq!(me(&app, old).await, json!(null));
            assert_eq!(refused(&app, old).await.code, 4403, "a fresh one may help");
        }
        let fresh = token_after(10);
        assert_eq!(me(&app, &fresh).await, json!(id));
        tokens.push(fresh);
    }
}

#[tokio::test]
async fn a_suspended_person_is_out_within_seconds_and_in_again_by_upsert() {
    let app = server().await;
    let token = token(json!({}));
    let id = me(&app, &token).await;
    let mut socket = Socket::signed_in(app.address, &token, json!({})).await;

    // By another process, as the operator does it: this server is told nothing.
    let suspend = async |program: &parlour::program::Program| {
        let ada = ExternalId::parse("u-1", "id").expect("an id");
        let ada = accounts::find_by_external_id(&program.app, &ada).await.expect("a row").expect("it is there");
        program.accounts.disable_for_operator(&Operator::default(), ada.id).await.expect("it is suspended");
    };
    app.command(suspend).await;

    assert_eq!(socket.closed().await.code, 4401);
    assert_eq!(me(&app, &token).await, json!(null));
    assert_eq!(refused(&app, &token).await.code, 4401);
    assert_eq!(refusal(&app.execute(None, LOG_IN, json!({ "token": token })).await), "FORBIDDEN");

    app.backend().await.person("u-1", "Ada").await;
    assert_eq!(me(&app, &token).await, id);
}

#[tokio::test]
async fn another_persons_end_is_not_mine() {
    let app = server().await;
    let backend = app.backend().await;
    let mine = token(json!({}));
    let id = me(&app, &mine).await;
    let other = backend.person("u-2", "Bob").await;
    let mut socket = Socket::signed_in(app.address, &mine, json!({})).await;

    backend.end_sessions(&other).await;
    backend.erase(&other).await;

    socket.subscribe("1", ME, json!({})).await;
    assert_eq!(socket.next_data("1").await["me"]["id"], id);
}
