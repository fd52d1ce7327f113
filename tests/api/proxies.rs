//! The client's address behind a proxy: rates depend on it, so clients must not be able to forge it.

use serde_json::{Value, json};

use crate::support::{PASSWORD, Person, TestApp, code};

const LOG_IN: &str = "mutation($input: LoginInput!) { login(input: $input) { user { id } } }";

/// Tries to log in through a proxy that forwards for this address; `ok`, or the code.
async fn log_in(app: &TestApp, forwarded_for: &str, person: &Person, password: &str) -> String {
    let variables = json!({ "input": { "email": person.email, "password": password } });
    let body = json!({ "query": LOG_IN, "variables": variables });
    let request = app.http().post(app.url("/graphql")).header("x-forwarded-for", forwarded_for).json(&body);
    let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    if answer.get("errors").is_some() { code(&answer).to_owned() } else { "WELL".to_owned() }
}

#[tokio::test]
async fn the_client_address_comes_from_a_trusted_proxy() {
    let app = TestApp::start_with(&[("RATE_LIMITS", "on"), ("TRUSTED_PROXIES", "127.0.0.1,10.0.0.0/8")]).await;
    let ada = app.user("Ada").await;
    for _ in 0..5 {
        assert_eq!(log_in(&app, "198.51.100.1", &ada, "a guess").await, "INVALID_CREDENTIALS");
    }

    assert_eq!(log_in(&app, "198.51.100.1", &ada, PASSWORD).await, "RATE_LIMITED");
    assert_eq!(log_in(&app, "198.51.100.1, 10.0.0.1", &ada, PASSWORD).await, "RATE_LIMITED");
    assert_eq!(log_in(&app, "198.51.100.2", &ada, PASSWORD).await, "WELL");
}

#[tokio::test]
async fn addresses_forged_by_the_client_are_ignored() {
    let app = TestApp::start_with(&[("RATE_LIMITS", "on"), ("TRUSTED_PROXIES", "127.0.0.1")]).await;
    let ada = app.user("Ada").await;
    for invented in ["203.0.113.1", "203.0.113.2", "127.0.0.1", "junk", ""] {
        let forwarded_for = format!("{invented}, 198.51.100.1");
        assert_eq!(log_in(&app, &forwarded_for, &ada, "a guess").await, "INVALID_CREDENTIALS");
    }

    assert_eq!(log_in(&app, "203.0.113.9, 198.51.100.1", &ada, "a guess").await, "RATE_LIMITED");
}

#[tokio::test]
async fn an_untrusted_proxy_is_the_client() {
    let app = TestApp::limited().await;
    let ada = app.user("Ada").await;
    for last in 1..=5 {
        let forwarded_for = format!("198.51.100.{last}");
        assert_eq!(log_in(&app, &forwarded_for, &ada, "a guess").await, "INVALID_CREDENTIALS");
    }

    assert_eq!(log_in(&app, "198.51.100.6", &ada, "a guess").await, "RATE_LIMITED");
}

#[tokio::test]
async fn an_ipv6_network_counts_as_one_address() {
    let app = TestApp::start_with(&[("RATE_LIMITS", "on"), ("TRUSTED_PROXIES", "127.0.0.1")]).await;
    let ada = app.user("Ada").await;
    for last in 1..=5 {
        let forwarded_for = format!("2001:db8:1:2:{last}::1");
        assert_eq!(log_in(&app, &forwarded_for, &ada, "a guess").await, "INVALID_CREDENTIALS");
    }

    assert_eq!(log_in(&app, "2001:db8:1:2::abcd", &ada, "a guess").await, "RATE_LIMITED");
    assert_eq!(log_in(&app, "2001:db8:1:3::abcd", &ada, PASSWORD).await, "WELL");
}
