//! Sessions: how long they last, and what ends them.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Closed, PASSWORD, Person, Socket, TestApp, code, soon};

const DAY: Duration = Duration::from_secs(24 * 3600);
const SECOND: Duration = Duration::from_secs(1);
const ME: &str = "{ me { id } }";
const LOG_IN: &str = "mutation($input: LoginInput!) { login(input: $input) { token } }";

/// Whether the person's token signs in.
async fn is_signed_in(person: &Person) -> bool {
    let me = person.ask(ME, json!({})).await;
    assert!(me["me"].is_null() || me["me"]["id"] == person.id, "{me}");
    !me["me"].is_null()
}

#[tokio::test]
async fn a_logout_revokes_the_token_and_closes_the_sockets_of_this_session_only() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let at_home = ada.another_device(&app).await;
    let (mut here, mut here_too, mut there) = (ada.follow().await, ada.socket().await, at_home.follow().await);

    assert_eq!(ada.ask("mutation { logout }", json!({})).await, json!({ "logout": true }));

    assert_eq!(here.next().await, json!({ "id": "1", "type": "complete" }));
    assert_eq!((here.closed().await.code, here_too.closed().await.code), (4401, 4401));
    assert!(!is_signed_in(&ada).await);
    assert_eq!(ada.fails("{ users { totalCount } }", json!({})).await, "UNAUTHENTICATED");
    assert!(is_signed_in(&at_home).await);
    there.stays_silent().await;
}

#[tokio::test]
async fn a_revoked_token_opens_no_socket() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    ada.ask("mutation { logout }", json!({})).await;

    assert_eq!(closed_for(&app, &ada.token).await.code, 4401);
}

#[tokio::test]
async fn a_logout_over_a_socket_is_answered_or_closes_it() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let mut socket = ada.subscribe("mutation { logout }", json!({})).await;

    assert_eq!(socket.closed().await.code, 4401);
    assert!(!is_signed_in(&ada).await);
}

#[tokio::test]
async fn a_login_ends_the_previous_session_of_the_device() {
    let app = TestApp::start().await;
    let (ada, mut bob) = (app.user("Ada").await, app.user("Bob").await);
    let mut socket = ada.socket().await;

    let answer = ada.ask(LOG_IN, json!({ "input": { "email": bob.email, "password": PASSWORD } })).await;

    assert_eq!(socket.closed().await.code, 4401);
    assert!(!is_signed_in(&ada).await);
    bob.token = answer["login"]["token"].as_str().expect("a token").to_owned();
    assert!(is_signed_in(&bob).await);
}

#[tokio::test]
async fn a_signup_ends_the_previous_session_of_the_device() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let input = json!({ "fullName": "Eve", "email": "eve@example.com", "password": PASSWORD });

    ada.ask("mutation($input: SignupInput!) { signup(input: $input) { token } }", json!({ "input": input })).await;

    assert!(!is_signed_in(&ada).await);
}

#[tokio::test]
async fn a_failed_login_ends_nothing() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;

    let failed = ada.fails(LOG_IN, json!({ "input": { "email": ada.email, "password": "a guess" } })).await;

    assert_eq!(failed, "INVALID_CREDENTIALS");
    assert!(is_signed_in(&ada).await);
}

#[tokio::test]
async fn the_51st_session_ends_the_oldest() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let mut socket = ada.socket().await;

    let others = join_all((1..=50).map(|_| ada.another_device(&app))).await;

    assert_eq!(socket.closed().await.code, 4401);
    assert!(!is_signed_in(&ada).await);
    for other in &others {
        assert!(is_signed_in(other).await);
    }
}

#[tokio::test]
async fn signing_in_again_evicts_no_other_session() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let others = join_all((2..=50).map(|_| ada.another_device(&app))).await;

    others[0].ask(LOG_IN, json!({ "input": { "email": ada.email, "password": PASSWORD } })).await;

    assert!(is_signed_in(&ada).await);
}

#[tokio::test]
async fn expired_sessions_are_evicted_first() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    join_all((2..=50).map(|_| ada.another_device(&app))).await;
    let cookie = format!("jwt={}", ada.token);
    app.clock.advance(6 * DAY);
    let (_, fresh) = app.browse(&cookie, ME, json!({})).await;
    app.clock.advance(2 * DAY);

    ada.another_device(&app).await;

    let fresh = fresh.expect("a fresh cookie");
    let (me, _) = app.browse(fresh.split(';').next().expect("a cookie"), ME, json!({})).await;
    assert_eq!(me["data"]["me"]["id"], ada.id);
}

#[tokio::test]
async fn a_session_ends_after_7_days_without_use() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let mut socket = ada.socket().await;

    app.clock.advance(7 * DAY - 20 * SECOND);
    assert!(is_signed_in(&ada).await);
    app.clock.advance(20 * SECOND);

    assert!(!is_signed_in(&ada).await);
    assert_eq!(ada.fails("{ users { totalCount } }", json!({})).await, "UNAUTHENTICATED");
    assert_eq!(socket.closed().await.code, 4403);
    assert_eq!(closed_for(&app, &ada.token).await.code, 4403);
}

#[tokio::test]
async fn a_session_lasts_as_long_as_the_settings_say() {
    let app = TestApp::start_with(&[("SESSION_DAYS", "2")]).await;
    let ada = app.user("Ada").await;

    app.clock.advance(2 * DAY - 20 * SECOND);
    assert!(is_signed_in(&ada).await);
    app.clock.advance(20 * SECOND);

    assert!(!is_signed_in(&ada).await);
}

#[tokio::test]
async fn forged_tokens_are_rejected() {
    let app = TestApp::start().await;
    let elsewhere = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let part = |token: &str, number: usize| token.split('.').nth(number).expect("a part").to_owned();
    let (header, claims, signature) = (part(&ada.token, 0), part(&ada.token, 1), part(&ada.token, 2));
    // {"alg":"none","typ":"JWT"}
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";

    for token in [
        "junk".to_owned(),
        elsewhere.user("Ada").await.token,
        format!("{header}.{}.{signature}", part(&bob.token, 1)),
        format!("{none}.{claims}."),
        format!("{none}.{claims}.{signature}"),
        format!("{header}.{claims}."),
        format!("{header}.{claims}"),
        format!("{}x", ada.token),
        format!("{}{}", ada.token, "A".repeat(8_000)),
    ] {
        assert_eq!(app.execute(Some(&token), ME, json!({})).await, json!({ "data": { "me": null } }), "{token}");
        let users = app.execute(Some(&token), "{ users { totalCount } }", json!({})).await;
        assert_eq!(code(&users), "UNAUTHENTICATED", "{token}");
        assert_eq!(closed_for(&app, &token).await.code, 4401, "{token}");
    }
}

#[tokio::test]
async fn a_token_in_the_url_is_ignored() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let address = app.url(&format!("/graphql?query=%7Bme%7Bid%7D%7D&token={0}&jwt={0}", ada.token));

    let answer = app.http().get(address).send().await.expect("an answer").json::<Value>().await.expect("JSON");

    assert_eq!(answer, json!({ "data": { "me": null } }));
}

/// How a socket is closed that comes with this token.
async fn closed_for(app: &TestApp, token: &str) -> Closed {
    let mut socket = Socket::open(app.address).await;
    let payload = json!({ "authorization": format!("Bearer {token}") });
    socket.say(json!({ "type": "connection_init", "payload": payload })).await;
    soon(socket.closed()).await
}
