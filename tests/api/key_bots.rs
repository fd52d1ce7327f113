//! Bots: people who are programs, with a key in place of a password.

use std::time::Duration;

use parlour::accounts::{Name, NewKey};
use parlour::audit::Operator;
use parlour::id::{KeyId, UserId};
use serde_json::{Value, json};

use crate::support::{EVENTS, Socket, TestApp, code, secrets, soon};

/// A bot: its id, its key, and the key's id.
async fn bot(app: &TestApp, name: &str) -> (UserId, String, KeyId) {
    let name = Name::parse(name).expect("a name");
    let made = app.command(async |program| {
        program.accounts.add_bot_for_operator(&Operator::default(), name).await.expect("a bot")
    });
    let (id, NewKey { id: key, text }) = made.await;
    secrets::keep(&json!({ "token": *text }));
    (id, text.to_string(), key)
}

async fn signed_in(app: &TestApp, key: &str) -> Socket {
    let mut socket = Socket::signed_in(app.address, key, json!({})).await;
    socket.subscribe("1", EVENTS, json!({})).await;
    assert_eq!(socket.next_data("1").await["events"]["__typename"], "CaughtUp");
    socket
}

#[tokio::test]
async fn a_bot_talks_like_anybody_else() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let (id, key, _) = bot(&app, "Helper").await;
    let mut feed = signed_in(&app, &key).await;

    ada.send_input(json!({ "to": { "userId": id.to_string() }, "text": "help" })).await;
    let mut event = feed.next_event().await;
    while event["__typename"] != "MessageAdded" {
        event = feed.next_event().await;
    }
    assert_eq!(event["message"]["text"], "help");
    let reply = "mutation($to: ID!) { sendMessage(input: { to: { userId: $to }, text: \"42\" }) { sender { id isBot fullName } } }";
    let sent = app.execute(Some(&key), reply, json!({ "to": ada.id })).await;
    assert_eq!(
        sent["data"]["sendMessage"]["sender"],
        json!({ "id": id.to_string(), "isBot": true, "fullName": "Helper" })
    );
    assert_eq!(ada.ask("{ me { isBot } }", json!({})).await["me"]["isBot"], false);
    let seen = ada.ask("query($id: ID!) { user(id: $id) { isBot online } }", json!({ "id": id.to_string() })).await;
    assert_eq!(seen["user"], json!({ "isBot": true, "online": true }));
}

#[tokio::test]
async fn a_bot_has_no_session_and_reaches_nothing_that_is_for_keys() {
    let app = TestApp::start().await;
    let (_, key, _) = bot(&app, "Helper").await;
    for document in [
        "mutation { renewSession { token } }",
        "mutation { logout }",
        "mutation { changePassword(currentPassword: \"correct horse 7 battery\", newPassword: \"a staple with 4 legs\") { token } }",
        "mutation { deleteAccount(password: \"correct horse 7 battery\") }",
        "mutation { upsertUsers(users: []) { id } }",
        "mutation { createConversation(input: { title: \"T\", memberIds: [], externalId: \"1\" }) { id } }",
    ] {
        assert_eq!(code(&app.execute(Some(&key), document, json!({})).await), "FORBIDDEN", "{document}");
    }
    let sessions = app.execute(Some(&key), "{ sessions { id } }", json!({})).await;
    assert_eq!(sessions["data"]["sessions"], json!([]));
}

#[tokio::test]
async fn a_bots_sockets_close_soon_after_its_end() {
    let app = TestApp::start().await;
    let (_, revoked, key) = bot(&app, "One").await;
    let (suspended_id, suspended, _) = bot(&app, "Two").await;
    let (_, other, _) = bot(&app, "Three").await;
    let mut sockets = [signed_in(&app, &revoked).await, signed_in(&app, &suspended).await];
    let mut goes_on = signed_in(&app, &other).await;

    app.command(async |program| {
        program.accounts.revoke_key_for_operator(&Operator::default(), key).await.expect("it is there");
        program.accounts.disable_for_operator(&Operator::default(), suspended_id).await.expect("it is there");
    })
    .await;

    for socket in &mut sockets {
        assert_eq!(socket.closed().await.code, 4401);
    }
    for key in [&revoked, &suspended] {
        assert_eq!(app.execute(Some(key), "{ me { id } }", json!({})).await["data"]["me"], Value::Null);
    }
    goes_on.stays_silent().await;
    let me = async |key: &str| app.execute(Some(key), "{ me { fullName } }", json!({})).await["data"]["me"].take();
    assert_eq!(me(&other).await["fullName"], "Three");
    app.command(async |program| {
        program.accounts.enable_for_operator(&Operator::default(), suspended_id).await.expect("it is there")
    })
    .await;
    soon(async {
        while me(&suspended).await.is_null() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_bot_does_not_sign_in_by_a_form() {
    let app = TestApp::start().await;
    let (_, key, _) = bot(&app, "Helper").await;
    let login = "mutation($token: String!) { loginWithToken(token: $token) { token } }";
    assert_eq!(code(&app.execute(None, login, json!({ "token": key })).await), "UNAUTHENTICATED");
    let request = app.http().post(app.url("/graphql")).header("cookie", format!("jwt={key}"));
    let answer: Value =
        request.json(&json!({ "query": "{ me { id } }" })).send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(answer["data"]["me"], Value::Null, "a key is in no cookie");
}
