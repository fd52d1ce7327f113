//! The sessions of a person, and ending them.

use std::time::Duration;

use futures_util::future::join_all;
use parlour::id::SessionId;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::support::{PASSWORD, Person, Socket, TestApp};

const DAY: Duration = Duration::from_secs(24 * 3600);
const MINUTE: Duration = Duration::from_secs(60);
const SESSIONS: &str = "{ sessions { id current userAgent createdAt lastUsedAt expiresAt } }";
const REVOKE: &str = "mutation($id: ID!) { revokeSession(id: $id) }";
const REVOKE_OTHERS: &str = "mutation { revokeOtherSessions }";

async fn sessions(person: &Person) -> Vec<Value> {
    person.ask(SESSIONS, json!({})).await["sessions"].as_array().expect("a list").clone()
}

/// The id of the person's session.
async fn own(person: &Person) -> String {
    let mut current: Vec<Value> =
        sessions(person).await.into_iter().filter(|session| session["current"] == true).collect();
    assert_eq!(current.len(), 1, "{current:?}");
    current[0]["id"].take().as_str().expect("an id").to_owned()
}

async fn is_signed_in(person: &Person) -> bool {
    person.ask("{ me { id } }", json!({})).await["me"]["id"] == person.id
}

#[tokio::test]
async fn devices_are_listed_by_their_last_use() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    app.clock.advance(2 * MINUTE);
    let phone = ada.another_device(&app).await;

    let before = sessions(&phone).await;
    app.clock.advance(2 * MINUTE);
    ada.ask("{ me { id } }", json!({})).await;
    // A use is recorded in the background, before the message that is sent next.
    ada.send(&bob, "hello").await;
    let after = sessions(&ada).await;

    let order = |list: &[Value]| list.iter().map(|session| session["id"].clone()).collect::<Vec<_>>();
    assert_eq!(before.len(), 2, "{before:?}");
    assert_eq!([before[0]["current"].clone(), before[1]["current"].clone()], [true, false]);
    assert_eq!(order(&after), [before[1]["id"].clone(), before[0]["id"].clone()]);
    assert_eq!(after[0]["current"], true);
    assert!(after[0]["lastUsedAt"].as_str() > before[1]["lastUsedAt"].as_str());
    assert_eq!(after[0]["createdAt"], before[1]["createdAt"]);
    assert_eq!(after[0]["userAgent"], Value::Null);
    assert_eq!(sessions(&bob).await.len(), 1);
}

#[tokio::test]
async fn a_device_shows_its_user_agent() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let log_in = "mutation($input: LoginInput!) { login(input: $input) { token } }";
    let body = json!({ "query": log_in, "variables": { "input": { "email": ada.email, "password": PASSWORD } } });
    let name = format!("Navigator {}", "9".repeat(300));

    let request = app.http().post(app.url("/graphql")).header("user-agent", &name).json(&body);
    request.send().await.expect("an answer");

    let listed = sessions(&ada).await;
    assert!(listed.iter().any(|session| session["userAgent"] == name[..256]), "{listed:?}");
}

#[tokio::test]
async fn ended_sessions_are_not_listed() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    app.clock.advance(6 * DAY);
    let phone = ada.another_device(&app).await;
    app.clock.advance(2 * DAY);

    let listed = sessions(&phone).await;

    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!(listed[0]["current"], true);
}

#[tokio::test]
async fn ending_a_session_closes_its_sockets_and_no_others() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let phone = ada.another_device(&app).await;
    let (mut here, mut there, mut there_too) = (ada.follow().await, phone.follow().await, phone.socket().await);

    let revoked = ada.ask(REVOKE, json!({ "id": own(&phone).await })).await;

    assert_eq!(revoked, json!({ "revokeSession": true }));
    assert_eq!(there.next().await, json!({ "id": "1", "type": "complete" }));
    assert_eq!((there.closed().await.code, there_too.closed().await.code), (4401, 4401));
    assert!(!is_signed_in(&phone).await);
    assert!(Socket::try_sign_in(app.address, &phone.token).await.is_err_and(|closed| closed.code == 4401));
    assert!(is_signed_in(&ada).await);
    assert_eq!(sessions(&ada).await.len(), 1);
    here.stays_silent().await;
}

#[tokio::test]
async fn ending_the_current_session_is_a_logout() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let phone = ada.another_device(&app).await;
    let mut socket = ada.follow().await;

    let (answer, cookie) = app.browse(&format!("jwt={}", ada.token), REVOKE, json!({ "id": own(&ada).await })).await;

    assert_eq!(answer, json!({ "data": { "revokeSession": true } }));
    assert_eq!(cookie.as_deref(), Some("jwt=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0"));
    assert_eq!(socket.next().await, json!({ "id": "1", "type": "complete" }));
    assert_eq!(socket.closed().await.code, 4401);
    assert!(!is_signed_in(&ada).await && is_signed_in(&phone).await);
}

#[tokio::test]
async fn ending_another_session_leaves_the_cookie() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let phone = own(&ada.another_device(&app).await).await;

    let (_, cookie) = app.browse(&format!("jwt={}", ada.token), REVOKE, json!({ "id": phone })).await;

    assert_eq!(cookie, None);
}

#[tokio::test]
async fn foreign_ended_and_unknown_sessions_are_equally_not_found() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.user("Ada").await, app.user("Eve").await);
    let (phone, old) = (eve.another_device(&app).await, eve.another_device(&app).await);
    let ended = own(&phone).await;
    eve.ask(REVOKE, json!({ "id": ended })).await;
    let (of_ada, expired) = (own(&ada).await, own(&old).await);
    let nothing = eve.bytes(REVOKE, json!({ "id": SessionId::new().to_string() })).await;

    for id in [of_ada.as_str(), &ended, "", "junk", &eve.id] {
        assert_eq!(eve.refused(REVOKE, json!({ "id": id })).await, "NOT_FOUND", "{id}");
        assert_eq!(eve.bytes(REVOKE, json!({ "id": id })).await, nothing, "{id}");
    }
    assert!(is_signed_in(&ada).await);
    app.clock.advance(6 * DAY);
    let eve = eve.another_device(&app).await;
    app.clock.advance(2 * DAY);
    assert_eq!(eve.refused(REVOKE, json!({ "id": expired })).await, "NOT_FOUND");
}

#[tokio::test]
async fn concurrent_ends_of_one_session_succeed_once() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let phone = own(&ada.another_device(&app).await).await;

    let answers = join_all((0..20).map(|_| ada.execute(REVOKE, json!({ "id": phone })))).await;

    let ended = answers.iter().filter(|answer| answer.get("errors").is_none()).count();
    assert_eq!(ended, 1, "{answers:?}");
}

#[tokio::test]
async fn all_other_devices_are_ended_at_once() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let others = [ada.another_device(&app).await, ada.another_device(&app).await];
    let (mut here, mut one, mut two) = (ada.follow().await, others[0].follow().await, others[1].socket().await);

    assert_eq!(ada.ask(REVOKE_OTHERS, json!({})).await, json!({ "revokeOtherSessions": 2 }));

    assert_eq!(one.next().await, json!({ "id": "1", "type": "complete" }));
    assert_eq!((one.closed().await.code, two.closed().await.code), (4401, 4401));
    assert!(!is_signed_in(&others[0]).await && !is_signed_in(&others[1]).await);
    assert!(is_signed_in(&ada).await && is_signed_in(&bob).await);
    here.stays_silent().await;
    assert_eq!(ada.ask(REVOKE_OTHERS, json!({})).await, json!({ "revokeOtherSessions": 0 }));
}

#[tokio::test]
async fn an_ended_session_stays_ended_while_its_last_use_is_written() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let devices = join_all((0..40).map(|_| ada.another_device(&app))).await;
    // So that each of the next requests is recorded as a use, most of them in one batch.
    app.clock.advance(2 * MINUTE);

    join_all(devices.iter().map(|device| device.ask("mutation { logout }", json!({})))).await;
    // Everything before is written before this.
    app.user("Somebody").await;

    let db = app.database().await;
    let left = parlour::entity::session::Entity::find().all(&db).await.expect("the sessions");
    assert_eq!(left.len(), 2, "Ada's first, and somebody's");
    db.close().await.expect("the database closes");
}
