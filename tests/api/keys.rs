//! Keys of an app's backend: how long one counts, and where.

use std::time::{Duration, Instant};

use parlour::accounts::{self, KeyScope};
use parlour::audit::Operator;
use parlour::error::Error;
use parlour::graphql::guard::rights::KEY_RIGHTS;
use serde_json::{Value, json};

use crate::authority::table::CALLS;
use crate::support::{Backend, Closed, NO_CREDENTIAL, Socket, TestApp, refusal};

const ME: &str = "{ me { id } }";

#[tokio::test]
async fn people_reach_nothing_that_is_for_keys() {
    let app = TestApp::start_with(&[("EXTERNAL_IDS", "public")]).await;
    let (ada, bob) = app.direct("Ada", "Bob").await;

    let for_keys = KEY_RIGHTS.iter().filter(|right| !right.in_place_of_a_person).map(|right| right.field);
    let for_keys: Vec<&str> = for_keys.collect();
    for (field, _, document) in CALLS.iter().filter(|call| for_keys.contains(&call.0)) {
        let refused = ada.refused(&document.replace("PERSON", &bob.id), json!({})).await;
        assert_eq!(refused, "FORBIDDEN", "{field}");
    }

    assert_eq!(bob.ask(ME, json!({})).await["me"]["id"], bob.id, "nothing was done to them");
}

#[tokio::test]
async fn a_key_opens_no_socket_and_counts_in_no_cookie() {
    let app = TestApp::start().await;
    let Backend { key, .. } = app.backend().await;
    let unauthorized = |reason: &str| Closed { code: 4401, reason: reason.to_owned() };

    let mut socket = Socket::open(app.address).await;
    let payload = json!({ "authorization": format!("Bearer {key}") });
    socket.say(json!({ "type": "connection_init", "payload": payload })).await;
    assert_eq!(socket.closed().await, unauthorized("Unauthorized"));

    let bearer = format!("Bearer {key}");
    let mut socket = Socket::open_with(app.address, &[("authorization", &bearer)]).await.expect("an upgrade");
    socket.say(json!({ "type": "connection_init" })).await;
    assert_eq!(socket.closed().await, unauthorized("Unauthorized"));

    let cookie = format!("jwt={key}");
    let mut socket = Socket::open_with(app.address, &[("cookie", &cookie)]).await.expect("an upgrade");
    socket.say(json!({ "type": "connection_init" })).await;
    assert_eq!(socket.closed().await, unauthorized(NO_CREDENTIAL));

    let body = json!({ "query": "mutation { upsertUsers(users: []) { id } }" });
    let request = app.http().post(app.url("/graphql")).header("cookie", cookie).json(&body);
    let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(refusal(&answer), "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_revoked_key_is_soon_refused_and_another_goes_on() {
    let app = TestApp::start().await;
    let (revoked, other) = (app.backend().await, app.backend().await);
    assert_eq!(revoked.upsert(json!([])).await, json!([]));

    app.command(async |program| {
        program.accounts.revoke_key_for_operator(&Operator::default(), revoked.id).await.expect("it is there")
    })
    .await;
    let began = Instant::now();
    let upsert = "mutation { upsertUsers(users: []) { id } }";
    while revoked.execute(upsert, json!({})).await.get("errors").is_none() {
        assert!(began.elapsed() < Duration::from_secs(20), "it still counts");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    assert_eq!(revoked.fails(upsert, json!({})).await, "UNAUTHENTICATED");
    assert_eq!(other.upsert(json!([])).await, json!([]));
    let again = app
        .command(async |program| program.accounts.revoke_key_for_operator(&Operator::default(), revoked.id).await)
        .await;
    assert!(matches!(again, Err(Error::NotFound)), "{again:?}");
}

#[tokio::test]
async fn a_key_is_stored_as_a_hash_and_its_use_to_the_minute() {
    let app = TestApp::start().await;
    let backend = app.backend().await;
    let listed = async || app.command(async |program| accounts::keys(&program.app).await.expect("a list")).await;
    let used = async || listed().await[0].last_used_at;
    let soon_used = async |before| {
        let began = Instant::now();
        loop {
            match used().await {
                now if now != before => return now,
                _ => assert!(began.elapsed() < Duration::from_secs(20), "its use is not written"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(backend.key.starts_with("parlour_key_") && backend.key.len() == 76, "{}", backend.key.len());
    let row = listed().await.remove(0);
    assert_eq!((row.name.as_str(), row.scopes.as_str(), row.last_used_at), ("The shop", "users", None));
    assert_eq!(row.hash.len(), 32);

    backend.upsert(json!([])).await;
    let first = soon_used(None).await;
    backend.upsert(json!([])).await;
    app.clock.advance(Duration::from_secs(30));
    backend.upsert(json!([])).await;
    assert_eq!(used().await, first);
    app.clock.advance(Duration::from_secs(40));
    backend.upsert(json!([])).await;

    let next = soon_used(first).await;
    assert!(next > first, "{next:?} {first:?}");
}

#[tokio::test]
async fn a_key_needs_a_name_and_a_scope() {
    let app = TestApp::start().await;
    let refused = async |name: &str, scopes| {
        let made = app
            .command(async |program| program.accounts.create_key_for_operator(&Operator::default(), name, scopes).await)
            .await;
        match made {
            Err(Error::BadUserInput { field, .. }) => field.into_owned(),
            _ => panic!("it is made"),
        }
    };
    assert_eq!(refused("", vec![KeyScope::Users]).await, "name");
    assert_eq!(refused(&"x".repeat(81), vec![KeyScope::Users]).await, "name");
    assert_eq!(refused("shop", Vec::new()).await, "scope");
}

#[tokio::test]
async fn text_that_is_no_key_is_nobody() {
    let app = TestApp::start().await;
    let backend = app.backend().await;
    let upsert = "mutation { upsertUsers(users: []) { id } }";
    let cut = &backend.key[..backend.key.len() - 1];
    for wrong in ["parlour_key_", cut, &format!("{}0", backend.key), &backend.key.to_uppercase()] {
        let answer = app.execute(Some(wrong), upsert, json!({})).await;
        assert_eq!(refusal(&answer), "UNAUTHENTICATED");
    }
}
