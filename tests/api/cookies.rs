//! The cookie that keeps a browser signed in.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{PASSWORD, Socket, TestApp};

const DAY: Duration = Duration::from_secs(24 * 3600);
const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);
const ME: &str = "{ me { fullName } }";
const LOG_IN: &str = "mutation($input: LoginInput!) { login(input: $input) { token } }";

/// Signs Ada in from a browser; the token and the whole `Set-Cookie`.
async fn log_in(app: &TestApp) -> (String, String) {
    let ada = app.user("Ada").await;
    let input = json!({ "email": ada.email, "password": PASSWORD });
    let (answer, cookie) = app.browse("", LOG_IN, json!({ "input": input })).await;
    let token = answer["data"]["login"]["token"].as_str().expect("a token").to_owned();
    (token, cookie.expect("a cookie"))
}

/// What a browser sends of a `Set-Cookie`.
fn kept(cookie: &str) -> &str {
    cookie.split(';').next().expect("a name and a value")
}

fn is_ada(answer: &Value) -> bool {
    answer["data"]["me"]["fullName"] == "Ada"
}

#[tokio::test]
async fn a_login_sets_an_http_only_same_site_cookie() {
    let app = TestApp::start().await;

    let (token, cookie) = log_in(&app).await;

    assert_eq!(cookie, format!("jwt={token}; HttpOnly; SameSite=Strict; Path=/; Max-Age=604800"));
}

#[tokio::test]
async fn a_signup_sets_the_cookie_too() {
    let app = TestApp::start().await;
    let sign_up = "mutation($input: SignupInput!) { signup(input: $input) { token } }";
    let input = json!({ "fullName": "Ada", "email": "ada@example.com", "password": PASSWORD });

    let (answer, cookie) = app.browse("", sign_up, json!({ "input": input })).await;

    let token = answer["data"]["signup"]["token"].as_str().expect("a token");
    let expected = format!("jwt={token}; HttpOnly; SameSite=Strict; Path=/; Max-Age=604800");
    assert_eq!(cookie.as_deref(), Some(expected.as_str()));
}

#[tokio::test]
async fn the_cookie_is_for_the_sites_of_the_setting() {
    let attributes =
        |same_site: &str, more: &str| format!("HttpOnly; SameSite={same_site}; Path=/; Max-Age=604800{more}");
    for (setting, expected) in [("lax", attributes("Lax", "")), ("none", attributes("None", "; Secure; Partitioned"))] {
        let app = TestApp::start_with(&[("COOKIE_SAMESITE", setting)]).await;
        let (token, cookie) = log_in(&app).await;
        assert_eq!(cookie, format!("jwt={token}; {expected}"));

        let (_, cleared) = app.browse(kept(&cookie), "mutation { logout }", json!({})).await;
        let same = expected.replace("Max-Age=604800", "Max-Age=0");
        assert_eq!(cleared, Some(format!("jwt=; {same}")));
    }
}

#[tokio::test]
async fn in_production_the_cookie_is_secure_and_bound_to_the_host() {
    let secret = "a secret of thirty-two bytes and more";
    let settings = [("APP_ENV", "production"), ("JWT_SECRET", secret), ("PUBLIC_URL", "https://chat.example.org")];
    let app = TestApp::start_with(&settings).await;

    let (token, cookie) = log_in(&app).await;

    assert_eq!(cookie, format!("__Host-jwt={token}; HttpOnly; SameSite=Strict; Path=/; Max-Age=604800; Secure"));
    assert!(is_ada(&app.browse(kept(&cookie), ME, json!({})).await.0));
    assert!(!is_ada(&app.browse(&format!("jwt={token}"), ME, json!({})).await.0));
}

#[tokio::test]
async fn a_fresh_cookie_signs_in_and_is_not_renewed() {
    let app = TestApp::start().await;
    let (_, cookie) = log_in(&app).await;

    let (answer, again) = app.browse(kept(&cookie), ME, json!({})).await;

    assert!(is_ada(&answer));
    assert_eq!(again, None);
}

#[tokio::test]
async fn a_cookie_authenticates_a_socket_from_our_pages() {
    let app = TestApp::start().await;
    let (_, cookie) = log_in(&app).await;
    let headers = [("cookie", kept(&cookie)), ("origin", "http://localhost:5173")];
    let mut socket = Socket::open_with(app.address, &headers).await.expect("an upgrade");

    socket.say(json!({ "type": "connection_init" })).await;

    assert_eq!(socket.next().await, json!({ "type": "connection_ack" }));
}

#[tokio::test]
async fn a_logout_clears_the_cookie_with_the_same_attributes() {
    let app = TestApp::start().await;
    let (_, cookie) = log_in(&app).await;

    let (_, taken) = app.browse(kept(&cookie), "mutation { logout }", json!({})).await;

    assert_eq!(taken.as_deref(), Some("jwt=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0"));
    assert!(!is_ada(&app.browse(kept(&cookie), ME, json!({})).await.0));
}

#[tokio::test]
async fn a_logout_with_an_old_cookie_does_not_refresh_it() {
    let app = TestApp::start().await;
    let (_, cookie) = log_in(&app).await;
    app.clock.advance(DAY + 2 * SECOND);

    let (_, taken) = app.browse(kept(&cookie), "mutation { logout }", json!({})).await;

    assert_eq!(taken.as_deref(), Some("jwt=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0"));
}

#[tokio::test]
async fn a_cookie_older_than_a_day_is_renewed_and_extends_the_session() {
    let app = TestApp::start().await;
    let (token, cookie) = log_in(&app).await;
    app.clock.advance(DAY + 2 * SECOND);

    let (answer, fresh) = app.browse(kept(&cookie), ME, json!({})).await;

    assert!(is_ada(&answer));
    let fresh = fresh.expect("a fresh cookie");
    assert!(fresh.ends_with("; HttpOnly; SameSite=Strict; Path=/; Max-Age=604800"), "{fresh}");
    assert_ne!(kept(&fresh), format!("jwt={token}"));
    // After the expiry of the first one.
    app.clock.advance(7 * DAY - 20 * SECOND);
    assert!(!is_ada(&app.browse(kept(&cookie), ME, json!({})).await.0));
    assert!(is_ada(&app.browse(kept(&fresh), ME, json!({})).await.0));
}

#[tokio::test]
async fn a_renewed_cookie_extends_an_open_socket() {
    let app = TestApp::start().await;
    let (token, cookie) = log_in(&app).await;
    let mut socket = Socket::signed_in(app.address, &token, json!({})).await;
    app.clock.advance(6 * DAY);
    app.browse(kept(&cookie), ME, json!({})).await;

    app.clock.advance(6 * DAY);

    socket.stays_silent().await;
    app.clock.advance(2 * DAY);
    assert_eq!(socket.closed().await.code, 4403);
}

#[tokio::test]
async fn a_session_ends_30_days_after_it_began_however_often_it_is_used() {
    let app = TestApp::start().await;
    let (_, mut cookie) = log_in(&app).await;
    for _ in 0..5 {
        app.clock.advance(6 * DAY - 2 * MINUTE);
        cookie = app.browse(kept(&cookie), ME, json!({})).await.1.expect("a fresh cookie");
    }
    let seconds: u64 = cookie.rsplit_once('=').expect("an age").1.parse().expect("a number");
    assert!((540..=600).contains(&seconds), "{cookie}");

    app.clock.advance(10 * MINUTE);

    assert!(!is_ada(&app.browse(kept(&cookie), ME, json!({})).await.0));
}
