//! Changing a password ends all other sessions.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{PASSWORD, Person, TestApp, code, refusal, when_available};

const CHANGE: &str = "mutation($from: String!, $to: String!) {
    changePassword(currentPassword: $from, newPassword: $to) { token expiresAt user { id email } } }";
const LOG_IN: &str = "mutation($input: LoginInput!) { login(input: $input) { token } }";
const NEW: &str = "a staple with 4 legs";

async fn is_signed_in(person: &Person) -> bool {
    person.ask("{ me { id } }", json!({})).await["me"]["id"] == person.id
}

/// Whether a password signs in.
async fn signs_in(app: &TestApp, person: &Person, password: &str) -> bool {
    let input = json!({ "email": person.email, "password": password });
    let answer = app.execute(None, LOG_IN, json!({ "input": input })).await;
    assert!(answer.get("errors").is_none() || code(&answer) == "INVALID_CREDENTIALS", "{answer}");
    answer.get("errors").is_none()
}

#[tokio::test]
async fn changing_the_password_ends_all_other_sessions_and_renews_this_one() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let phone = ada.another_device(&app).await;
    let (mut here, mut there, mut at_bob) = (ada.follow().await, phone.follow().await, bob.follow().await);

    let (mut answer, cookie) =
        app.browse(&format!("jwt={}", ada.token), CHANGE, json!({ "from": PASSWORD, "to": NEW })).await;

    let payload = answer["data"]["changePassword"].take();
    assert_eq!(payload["user"], json!({ "id": ada.id, "email": ada.email }), "{answer}");
    let token = payload["token"].as_str().expect("a token");
    let whole = format!("jwt={token}; HttpOnly; SameSite=Strict; Path=/; Max-Age=604800");
    assert_eq!(cookie.as_deref(), Some(whole.as_str()));
    assert!(is_signed_in(&ada.with_token(&payload["token"])).await);
    assert_eq!(there.next().await, json!({ "id": "1", "type": "complete" }));
    assert_eq!(there.closed().await.code, 4401);
    assert!(!is_signed_in(&phone).await);
    assert!(!signs_in(&app, &ada, PASSWORD).await && signs_in(&app, &ada, NEW).await);
    assert!(signs_in(&app, &bob, PASSWORD).await);
    here.stays_silent().await;
    at_bob.stays_silent().await;
}

#[tokio::test]
async fn the_password_can_be_changed_over_a_socket() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let mut socket = ada.subscribe(CHANGE, json!({ "from": PASSWORD, "to": NEW })).await;

    assert_eq!(socket.next_data("1").await["changePassword"]["user"]["id"], ada.id);

    assert_eq!(socket.next().await, json!({ "id": "1", "type": "complete" }));
    socket.stays_silent().await;
    assert!(signs_in(&app, &ada, NEW).await);
}

#[tokio::test]
async fn a_wrong_current_password_changes_nothing() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let phone = ada.another_device(&app).await;

    for wrong in ["a guess", "", &"x".repeat(100_000), "Correct Horse 7 Battery"] {
        assert_eq!(ada.refused(CHANGE, json!({ "from": wrong, "to": NEW })).await, "INVALID_CREDENTIALS");
    }

    assert!(is_signed_in(&phone).await);
    assert!(signs_in(&app, &ada, PASSWORD).await);
}

#[tokio::test]
async fn a_new_password_follows_the_rules_of_signup() {
    let app = TestApp::start_with(&[("PASSWORD_MIN_LENGTH", "8")]).await;
    let ada = app.user("Ada").await;

    for weak in ["", "7234567", "password", "ILoveYou", "1234567\0", &"é".repeat(129), &"x".repeat(100_000)] {
        let refused = ada.refused(CHANGE, json!({ "from": PASSWORD, "to": weak })).await;
        assert_eq!(refused, "BAD_USER_INPUT at newPassword", "{weak:.10}");
    }
    assert!(signs_in(&app, &ada, PASSWORD).await);

    ada.ask(CHANGE, json!({ "from": PASSWORD, "to": "é".repeat(128) })).await;
    ada.ask(CHANGE, json!({ "from": "é".repeat(128), "to": "72345678" })).await;
    assert!(signs_in(&app, &ada, "72345678").await);
}

#[tokio::test]
async fn wrong_current_passwords_count_as_failed_logins() {
    let app = TestApp::limited().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    for _ in 0..5 {
        assert_eq!(ada.refused(CHANGE, json!({ "from": "a guess", "to": NEW })).await, "INVALID_CREDENTIALS");
    }

    let refused = ada.execute(CHANGE, json!({ "from": PASSWORD, "to": NEW })).await;

    assert_eq!(code(&refused), "RATE_LIMITED");
    let input = json!({ "email": ada.email, "password": PASSWORD });
    assert_eq!(code(&app.execute(None, LOG_IN, json!({ "input": input })).await), "RATE_LIMITED");
    bob.ask(CHANGE, json!({ "from": PASSWORD, "to": NEW })).await;
}

#[tokio::test]
async fn right_current_passwords_do_not_count() {
    let app = TestApp::limited().await;
    let ada = app.user("Ada").await;

    for turn in 0..8 {
        let (from, to) = if turn % 2 == 0 { (PASSWORD, NEW) } else { (NEW, PASSWORD) };
        ada.ask(CHANGE, json!({ "from": from, "to": to })).await;
    }
}

#[tokio::test]
async fn a_document_changes_one_password_at_most() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let twice = format!(
        "mutation {{ a: changePassword(currentPassword: \"1\", newPassword: \"{NEW}\") {{ token }}
        b: changePassword(currentPassword: \"2\", newPassword: \"{NEW}\") {{ token }} }}"
    );
    let with_a_login = format!(
        "mutation {{ a: changePassword(currentPassword: \"1\", newPassword: \"{NEW}\") {{ token }}
        login(input: {{ email: \"{}\", password: \"2\" }}) {{ token }} }}",
        ada.email
    );

    for document in [twice, with_a_login] {
        assert_eq!(ada.fails(&document, json!({})).await, "QUERY_TOO_COMPLEX");
    }
}

#[tokio::test]
async fn of_two_concurrent_changes_one_succeeds_and_signs_the_other_device_out() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let devices = join_all((0..4).map(|_| ada.another_device(&app))).await;

    let change = async |number: usize, device: &Person| {
        device.execute(CHANGE, json!({ "from": PASSWORD, "to": format!("{NEW} {number}") })).await
    };
    let answers: Vec<Value> = join_all(devices.iter().enumerate().map(|(number, device)| change(number, device))).await;

    let won: Vec<usize> = (0..4).filter(|&number| answers[number].get("errors").is_none()).collect();
    assert_eq!(won.len(), 1, "{answers:?}");
    for answer in answers.iter().filter(|answer| answer.get("errors").is_some()) {
        assert!(["UNAUTHENTICATED", "INVALID_CREDENTIALS"].contains(&refusal(answer).as_str()), "{answer}");
    }
    for (number, device) in devices.iter().enumerate() {
        assert_eq!(is_signed_in(device).await, won.contains(&number), "{number}");
    }
    assert!(signs_in(&app, &ada, &format!("{NEW} {}", won[0])).await);
}

#[tokio::test]
async fn a_login_by_the_old_password_does_not_outlive_the_change() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let log_in = async || {
        let variables = json!({ "input": { "email": ada.email, "password": PASSWORD } });
        when_available(|| app.execute(None, LOG_IN, variables.clone())).await
    };
    let change = || ada.execute(CHANGE, json!({ "from": PASSWORD, "to": NEW }));

    let (changed, logins) = tokio::join!(when_available(change), join_all((0..20).map(|_| log_in())));

    assert!(changed.get("errors").is_none(), "{changed}");
    for login in &logins {
        if login.get("errors").is_some() {
            assert_eq!(refusal(login), "INVALID_CREDENTIALS");
        } else {
            assert!(!is_signed_in(&ada.with_token(&login["data"]["login"]["token"])).await);
        }
    }
    assert_eq!(ada.ask("{ sessions { current } }", json!({})).await["sessions"], json!([{ "current": true }]));
}
