//! What an app's backend does at one node counts at the others.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::postgres_nodes::{node, postgres};
use crate::support::{Closed, Line, Server, soon};

const SHARED: &str = "a secret that the app shares with its chat server";
const ME: &str = "{ me { id } }";

/// A token of the app's that was issued this many seconds ago.
fn token(seconds: u64) -> String {
    let issued = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs() - seconds;
    let claims = json!({ "iss": "shop", "aud": "chat", "sub": "u-1", "iat": issued, "exp": issued + 3_600 });
    let encode = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let message = format!("{}.{}", encode(json!({ "alg": "HS256" })), encode(claims));
    let mac = Hmac::<Sha256>::new_from_slice(SHARED.as_bytes()).expect("any length").chain_update(&message);
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

async fn ask(server: &Server, token: &str, query: &str) -> Value {
    let request = server.http().post(server.url("/graphql")).bearer_auth(token).json(&json!({ "query": query }));
    request.send().await.expect("an answer").json().await.expect("JSON")
}

/// Asks until the answer is this.
async fn answers(server: &Server, token: &str, query: &str, is_right: impl Fn(&Value) -> bool) {
    let asking = async {
        while !is_right(&ask(server, token, query).await) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    soon(asking).await;
}

#[tokio::test]
async fn tokens_and_keys_that_end_at_one_node_end_at_the_others() {
    let postgres = postgres().await;
    let mut one = node(&postgres, "data");
    let mut other = node(&postgres, &one.folder().join("data").display().to_string());
    for server in [&mut one, &mut other] {
        for (name, value) in [("AUTH_JWT_ISSUER", "shop"), ("AUTH_JWT_AUDIENCE", "chat"), ("AUTH_JWT_SECRET", SHARED)] {
            server.set(name, value);
        }
    }
    one.start_again().await;
    other.start_again().await;
    let made = one.command("key").args(["create", "--name", "The shop", "--scope", "users"]).output();
    let made = soon(made).await.expect("the program runs");
    let key = String::from_utf8(made.stdout).expect("a key").trim_end().to_owned();
    let before = token(60);
    let id = ask(&one, &before, ME).await["data"]["me"]["id"].as_str().expect("an id").to_owned();
    assert_eq!(ask(&other, &before, ME).await["data"]["me"]["id"], json!(id), "one person at all nodes");
    let mut line = Line::open(other.address, &before, json!({})).await.expect("a socket");

    let ended = ask(&one, &key, &format!(r#"mutation {{ endSessions(userId: "{id}") }}"#)).await;

    assert_eq!(ended["data"]["endSessions"], json!(0), "{ended}");
    assert_eq!(soon(line.next()).await, Err(Closed(4401)));
    answers(&other, &before, ME, |answer| answer["data"]["me"] == Value::Null).await;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    answers(&other, &token(0), ME, |answer| answer["data"]["me"]["id"] == json!(id)).await;

    let upsert = "mutation { upsertUsers(users: []) { id } }";
    answers(&other, &key, upsert, |answer| answer.get("errors").is_none()).await;
    let listed = soon(one.command("key").arg("list").output()).await.expect("the program runs");
    let listed = String::from_utf8(listed.stdout).expect("text");
    let revoke = listed.split_whitespace().next().expect("an id").to_owned();
    soon(one.command("key").args(["revoke", &revoke]).output()).await.expect("the program runs");
    answers(&other, &key, upsert, |answer| answer.get("errors").is_some()).await;
    one.stop().await;
    other.stop().await;
}
