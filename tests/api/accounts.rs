//! Signing up and logging in.

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::support::{PASSWORD, TestApp, code, redacted, refusal};

const SIGN_UP: &str = "mutation($input: SignupInput!) { signup(input: $input) { token user { id fullName email } } }";
const LOG_IN: &str = "mutation($input: LoginInput!) { login(input: $input) { token user { id email } } }";

#[tokio::test]
async fn signing_up_signs_in() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;

    let me = ada.ask("{ me { id fullName email online lastSeenAt deletedAt } }", json!({})).await;

    assert_eq!(me["me"]["id"], ada.id);
    assert_json_snapshot!(redacted(&me), @r#"
    {
      "me": {
        "deletedAt": null,
        "email": "ada@example.com",
        "fullName": "Ada",
        "id": "[id 1]",
        "lastSeenAt": null,
        "online": false
      }
    }
    "#);
}

#[tokio::test]
async fn a_visitor_has_no_profile() {
    let app = TestApp::start().await;

    assert_eq!(app.execute(None, "{ me { id } }", json!({})).await, json!({ "data": { "me": null } }));
}

#[tokio::test]
async fn a_visitor_can_only_sign_up_and_sign_in() {
    let app = TestApp::start().await;
    let id = app.user("Ada").await.id;
    let to = format!("{{ userId: \"{id}\" }}");

    for field in [
        format!("{{ user(id: \"{id}\") {{ id }} }}"),
        "{ users { totalCount } }".into(),
        "{ conversations { nodes { id } } }".into(),
        format!("{{ conversation(by: {to}) {{ id }} }}"),
        format!("{{ messages(conversation: {to}) {{ nodes {{ id }} }} }}"),
        format!("{{ message(id: \"{id}\") {{ id }} }}"),
        "{ unread { messages } }".into(),
        "mutation { logout }".into(),
        "mutation { updateProfile(input: { fullName: \"Eve\" }) { id } }".into(),
        format!("mutation {{ createConversation(input: {{ title: \"Tea\", memberIds: [\"{id}\"] }}) {{ id }} }}"),
        format!("mutation {{ sendMessage(input: {{ to: {to}, text: \"hi\" }}) {{ id }} }}"),
        format!("mutation {{ editMessage(id: \"{id}\", text: \"hi\") {{ id }} }}"),
        format!("mutation {{ deleteMessage(id: \"{id}\") {{ id }} }}"),
        format!("mutation {{ markRead(conversation: {to}, upToSeq: 1) {{ id }} }}"),
    ] {
        assert_eq!(code(&app.execute(None, &field, json!({})).await), "UNAUTHENTICATED", "{field}");
    }
}

#[tokio::test]
async fn a_name_is_trimmed_and_composed() {
    let app = TestApp::start().await;
    let input = json!({ "fullName": "  Zoe\u{308} Saldaña ", "email": "zoe@example.com", "password": PASSWORD });

    let answer = app.execute(None, SIGN_UP, json!({ "input": input })).await;

    assert_json_snapshot!(redacted(&answer), @r#"
    {
      "data": {
        "signup": {
          "token": "[token]",
          "user": {
            "email": "zoe@example.com",
            "fullName": "Zoë Saldaña",
            "id": "[id 1]"
          }
        }
      }
    }
    "#);
}

#[tokio::test]
async fn an_email_has_one_account() {
    let app = TestApp::start().await;
    app.user("Ada").await;
    let input = json!({ "fullName": "Eve", "email": "ADA@Example.com", "password": PASSWORD });

    let answer = app.execute(None, SIGN_UP, json!({ "input": input })).await;

    assert_json_snapshot!(redacted(&answer), @r#"
    {
      "data": null,
      "errors": [
        {
          "extensions": {
            "code": "EMAIL_TAKEN"
          },
          "locations": [
            {
              "column": 34,
              "line": 1
            }
          ],
          "message": "this e-mail already has an account",
          "path": [
            "signup"
          ]
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn two_concurrent_signups_with_one_email_make_one_account() {
    let app = TestApp::start().await;
    let input = json!({ "fullName": "Ada", "email": "ada@example.com", "password": PASSWORD });
    let sign_up = || app.execute(None, SIGN_UP, json!({ "input": input }));

    let (one, other) = tokio::join!(sign_up(), sign_up());

    let (made, refused) = if one.get("errors").is_none() { (one, other) } else { (other, one) };
    assert_eq!(made["data"]["signup"]["user"]["email"], "ada@example.com");
    assert_eq!(code(&refused), "EMAIL_TAKEN");
}

#[tokio::test]
async fn signup_names_the_invalid_field() {
    let app = TestApp::start().await;
    let (long_name, long_password) = ("é".repeat(81), "a".repeat(129));

    for (field, value) in [
        ("fullName", " \u{200B}"),
        ("fullName", "Ada\0"),
        ("fullName", "Ada\nLovelace"),
        ("fullName", "\u{202E}adA"),
        ("fullName", "Deleted user"),
        ("fullName", &long_name),
        ("email", "ada"),
        ("email", "ada\0@example.com"),
        ("email", "ada＠example.com"),
        ("password", "12345"),
        ("password", "correct\0horse"),
        ("password", "iloveyou"),
        ("password", "Password1"),
        ("password", &long_password),
    ] {
        let mut input = json!({ "fullName": "Ada", "email": "ada@example.com", "password": PASSWORD });
        input[field] = json!(value);
        let answer = app.execute(None, SIGN_UP, json!({ "input": input })).await;
        assert_eq!(refusal(&answer), format!("BAD_USER_INPUT at {field}"), "{value:?}");
    }
}

#[tokio::test]
async fn a_login_starts_another_session_of_the_same_person() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let input = json!({ "email": "ADA@example.COM", "password": PASSWORD });

    let answer = app.execute(None, LOG_IN, json!({ "input": input })).await;

    assert_json_snapshot!(redacted(&answer), @r#"
    {
      "data": {
        "login": {
          "token": "[token]",
          "user": {
            "email": "ada@example.com",
            "id": "[id 1]"
          }
        }
      }
    }
    "#);
    let payload = &answer["data"]["login"];
    assert_eq!(payload["user"]["id"], ada.id);
    assert_ne!(payload["token"], json!(ada.token));
    assert_eq!(me(&app, payload["token"].as_str().expect("a token")).await, json!(ada.id));
    assert_eq!(me(&app, &ada.token).await, json!(ada.id));
}

#[tokio::test]
async fn an_unknown_email_and_a_wrong_password_get_the_same_error() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let mut visitor = ada.clone();
    visitor.token.clear();
    let log_in = async |email: &str, password: &str| {
        visitor.bytes(LOG_IN, json!({ "input": { "email": email, "password": password } })).await
    };

    let wrong = log_in(&ada.email, "correct horse 8 battery").await;

    assert_json_snapshot!(redacted(&serde_json::from_str(&wrong).expect("JSON")), @r#"
    {
      "data": null,
      "errors": [
        {
          "extensions": {
            "code": "INVALID_CREDENTIALS"
          },
          "locations": [
            {
              "column": 33,
              "line": 1
            }
          ],
          "message": "e-mail and password do not match an account",
          "path": [
            "login"
          ]
        }
      ]
    }
    "#);
    assert_eq!(log_in("eve@example.com", PASSWORD).await, wrong);
    assert_eq!(log_in("no address", PASSWORD).await, wrong);
    assert_eq!(log_in(&ada.email, &"a".repeat(10_000)).await, wrong);
    assert_eq!(log_in(&ada.email, "").await, wrong);
}

#[tokio::test]
async fn closed_signup_rejects_before_reading_the_input() {
    let (open, closed) = (TestApp::start().await, TestApp::start_with(&[("SIGNUP", "closed")]).await);
    let features = "{ serverInfo { features } }";
    let sign_up = async |name: &str, email: &str, password: &str| {
        let input = json!({ "fullName": name, "email": email, "password": password });
        closed.execute(None, SIGN_UP, json!({ "input": input })).await
    };

    let refused = sign_up("Ada", "ada@example.com", PASSWORD).await;

    assert_json_snapshot!(redacted(&refused), @r#"
    {
      "data": null,
      "errors": [
        {
          "extensions": {
            "code": "FORBIDDEN"
          },
          "locations": [
            {
              "column": 34,
              "line": 1
            }
          ],
          "message": "accounts are made by the operator of this server: ask them for one",
          "path": [
            "signup"
          ]
        }
      ]
    }
    "#);
    assert_eq!(sign_up("", "ada", "").await, refused);
    let lists_it = async |app: &TestApp| {
        let features = app.execute(None, features, json!({})).await["data"]["serverInfo"]["features"].take();
        features.as_array().expect("a list").contains(&json!("signup"))
    };
    assert!(lists_it(&open).await);
    assert!(!lists_it(&closed).await);
}

/// The id of the person whom a token signs in.
async fn me(app: &TestApp, token: &str) -> Value {
    app.execute(Some(token), "{ me { id } }", json!({})).await["data"]["me"]["id"].take()
}
