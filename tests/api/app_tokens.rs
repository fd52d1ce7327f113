//! The app's tokens in place of Parlour's own, as the issuers in use make them.

use serde_json::{Value, json};

use crate::support::issuer::{ISSUER, SHARED, SigningKey, claims, settings};
use crate::support::{Socket, TestApp, refusal};

const ME: &str = "{ me { id fullName email externalId } }";
const LOG_IN: &str =
    "mutation($token: String!) { loginWithToken(token: $token) { token expiresAt user { id fullName email } } }";

async fn me(app: &TestApp, token: &str) -> Value {
    app.execute(Some(token), ME, json!({})).await["data"]["me"].take()
}

/// A server that takes tokens with the shared secret.
async fn server(more: &[(&str, &str)]) -> TestApp {
    TestApp::start_with(&[&settings(("AUTH_JWT_SECRET", SHARED)), more].concat()).await
}

fn token(subject: &str, more: Value) -> String {
    SigningKey::hs256().token(None, &claims(subject, more))
}

#[tokio::test]
async fn a_token_signs_in_over_http_and_sockets_and_makes_its_person_once() {
    let app = server(&[]).await;
    let first = token("u-1", json!({ "name": "Ada Lovelace", "email": "Ada@shop.example" }));

    let ada = me(&app, &first).await;

    assert_eq!(ada["fullName"], "Ada Lovelace");
    assert_eq!(
        (&ada["email"], &ada["externalId"]),
        (&json!("Ada@shop.example").as_str().map(str::to_lowercase).into(), &json!(null))
    );
    let later = token("u-1", json!({ "name": "Ada King", "iat": null }));
    assert_eq!(me(&app, &later).await, ada, "the name of a known person is theirs to change");
    let mut socket = Socket::signed_in(app.address, &later, json!({})).await;
    socket.subscribe("1", "{ me { id } }", json!({})).await;
    assert_eq!(socket.next_data("1").await["me"]["id"], ada["id"]);
    assert_ne!(me(&app, &token("u-2", json!({}))).await["id"], ada["id"]);
}

#[tokio::test]
async fn first_tokens_at_once_make_one_person() {
    let app = server(&[]).await;
    let token = token("u-1", json!({ "name": "Ada" }));
    let all = futures_util::future::join_all((0..16).map(|_| me(&app, &token))).await;
    assert!(all[0]["id"].is_string() && all.iter().all(|one| one["id"] == all[0]["id"]), "{all:?}");
}

#[tokio::test]
async fn a_token_is_exchanged_for_a_session_with_a_cookie() {
    let app = server(&[]).await;
    let token = token("u-1", json!({ "name": "Ada" }));
    let body = json!({ "query": LOG_IN, "variables": { "token": token } });
    let answer = app.http().post(app.url("/graphql")).json(&body).send().await.expect("an answer");
    let cookie = answer.headers()["set-cookie"].to_str().expect("text").to_owned();
    let answer: Value = answer.json().await.expect("JSON");

    let session = answer["data"]["loginWithToken"]["token"].as_str().expect("a token");
    assert!(cookie.starts_with(&format!("jwt={session};")), "a cookie of the session");
    assert_eq!(me(&app, session).await["id"], answer["data"]["loginWithToken"]["user"]["id"]);
    let sessions = app.execute(Some(session), "{ sessions { current } }", json!({})).await;
    assert_eq!(sessions["data"]["sessions"], json!([{ "current": true }]));
    let of_the_token = app.execute(Some(&token), "{ sessions { current } }", json!({})).await;
    assert_eq!(of_the_token["data"]["sessions"], json!([{ "current": false }]), "a token has no session of its own");

    // The token in a cookie is none: browsers would send it by themselves.
    let request = app.http().post(app.url("/graphql")).header("cookie", format!("jwt={token}"));
    let answer: Value =
        request.json(&json!({ "query": ME })).send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(answer["data"]["me"], json!(null));
}

#[tokio::test]
async fn what_only_a_session_has_is_refused_to_a_token() {
    let app = server(&[]).await;
    let token = token("u-1", json!({}));
    me(&app, &token).await;
    for mutation in [
        "mutation { logout }",
        "mutation { renewSession { token } }",
        r#"mutation { changePassword(currentPassword: "one of 7 horses", newPassword: "a staple with 4 legs") { token } }"#,
        r#"mutation { deleteAccount(password: "one of 7 horses") }"#,
    ] {
        assert_eq!(refusal(&app.execute(Some(&token), mutation, json!({})).await), "FORBIDDEN", "{mutation}");
    }
    assert!(me(&app, &token).await["id"].is_string());
    app.execute(None, LOG_IN, json!({ "token": token })).await;
    let others = app.execute(Some(&token), "mutation { revokeOtherSessions }", json!({})).await;
    assert_eq!(others["data"]["revokeOtherSessions"], json!(1));
}

/// Tokens as the usual issuers make them: their claims and headers.
#[tokio::test]
async fn tokens_of_the_usual_issuers_are_taken() {
    let now = claims("x", json!({}))["iat"].as_i64().expect("a time");
    let times = |life: i64| json!({ "iat": now, "exp": now + life });
    let with = |mut claims: Value, more: Value| {
        claims.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        claims
    };
    let keycloak = with(
        times(300),
        json!({
        "auth_time": now, "jti": "onrtac:1b4c", "iss": "https://sso.example.org/realms/app", "aud": ["chat", "account"],
        "sub": "f1c3a5b0-3b0e-4c39-93f9-3d7a0e6ce0b5", "typ": "Bearer", "azp": "web", "sid": "8c5a", "acr": "1",
        "realm_access": { "roles": ["offline_access"] }, "scope": "openid email profile", "email_verified": true,
        "name": "Ada Lovelace", "preferred_username": "ada", "given_name": "Ada", "family_name": "Lovelace",
        "email": "ada@sso.example.org" }),
    );
    let auth0 = with(
        times(86_400),
        json!({
        "iss": "https://app.eu.auth0.com/", "sub": "auth0|507f1f77bcf86cd799439020",
        "aud": ["https://chat.example.org", "https://app.eu.auth0.com/userinfo"], "azp": "my_client",
        "scope": "openid profile", "https://example.org/name": "Ada Lovelace" }),
    );
    let supabase = with(
        times(3_600),
        json!({
        "iss": "https://project.supabase.co/auth/v1", "sub": "1f9a4d26-5a43-4cd5-9a1a-b9a3c3f1f9ee", "aud": "authenticated",
        "email": "ada@supabase.example", "phone": "", "app_metadata": { "provider": "email" }, "role": "authenticated",
        "user_metadata": { "full_name": "Ada Lovelace" }, "aal": "aal1", "session_id": "7a", "is_anonymous": false }),
    );
    let firebase = with(
        times(3_600),
        json!({
        "name": "Ada Lovelace", "iss": "https://securetoken.google.com/shop", "aud": "shop", "auth_time": now,
        "user_id": "Xy1", "sub": "Xy1", "email": "ada@firebase.example", "email_verified": true,
        "firebase": { "identities": { "email": ["ada@firebase.example"] }, "sign_in_provider": "password" } }),
    );
    let auth_js = with(
        times(3_600),
        json!({
        "name": "Ada Lovelace", "email": "ada@next.example", "picture": "https://next.example/a.png", "sub": "clx1",
        "iss": "https://next.example", "aud": "chat", "jti": "5d6a" }),
    );

    for (claims, key, header, audience, name_claim) in [
        (&keycloak, SigningKey::rs256(), json!({ "alg": "RS256", "typ": "JWT", "kid": "k1" }), "chat", "name"),
        (
            &auth0,
            SigningKey::rs256(),
            json!({ "alg": "RS256", "typ": "at+jwt", "kid": "k1" }),
            "https://chat.example.org",
            "https://example.org/name",
        ),
        (
            &supabase,
            SigningKey::es256(),
            json!({ "alg": "ES256", "typ": "JWT", "kid": "k1" }),
            "authenticated",
            "user_metadata.full_name",
        ),
        (
            &supabase,
            SigningKey::hs256(),
            json!({ "alg": "HS256", "typ": "JWT" }),
            "authenticated",
            "user_metadata.full_name",
        ),
        (&firebase, SigningKey::rs256(), json!({ "alg": "RS256", "kid": "k1", "typ": "JWT" }), "other, shop", "name"),
        (&auth_js, SigningKey::eddsa(), json!({ "alg": "EdDSA", "kid": "k1" }), "chat", "name"),
    ] {
        let issuer = crate::support::issuer::KeyServer::start(&[("k1", &key)]).await;
        let url = issuer.url();
        let verified_by = match key {
            SigningKey::Hs256(_) => ("AUTH_JWT_SECRET", SHARED),
            _ => ("AUTH_JWKS_URL", url.as_str()),
        };
        let app = TestApp::start_with(&[
            ("AUTH_JWT_ISSUER", claims["iss"].as_str().expect("text")),
            ("AUTH_JWT_AUDIENCE", audience),
            ("AUTH_JWT_NAME_CLAIM", name_claim),
            ("EXTERNAL_IDS", "public"),
            verified_by,
        ])
        .await;
        let ada = me(&app, &key.token_with(header.clone(), claims)).await;
        let name = (&ada["fullName"], &ada["externalId"], &ada["email"]);
        assert_eq!(
            name,
            (&json!("Ada Lovelace"), &claims["sub"], claims.get("email").unwrap_or(&Value::Null)),
            "{header}"
        );
    }
}

#[tokio::test]
async fn a_person_is_an_issuer_and_an_id_and_never_an_address() {
    let mut app = server(&[]).await;
    let ada = app.user("Ada").await;
    let same_address = token("u-1", json!({ "name": "Other", "email": ada.email }));
    let other = me(&app, &same_address).await;
    assert_ne!(other["id"], json!(ada.id));
    let login = "mutation($input: LoginInput!) { login(input: $input) { user { id } } }";
    let input = json!({ "input": { "email": ada.email, "password": crate::support::PASSWORD } });
    assert_eq!(app.execute(None, login, input).await["data"]["login"]["user"]["id"], json!(ada.id));
    let of_an_id = token(&ada.id, json!({}));
    assert_ne!(me(&app, &of_an_id).await["id"], json!(ada.id));

    // Another issuer's `u-1` is somebody else, whom nobody has made.
    app.restart_with(&[("AUTH_JWT_ISSUER", "https://another.example")]).await;
    let theirs = token("u-1", json!({ "iss": "https://another.example" }));
    assert_eq!(me(&app, &theirs).await, json!(null));
    assert_eq!(refusal(&app.execute(None, LOG_IN, json!({ "token": theirs })).await), "FORBIDDEN");
    assert_eq!(me(&app, &same_address).await, json!(null), "the issuer of before is none");
    // Until the app's backend says that they are one.
    app.backend().await.person("u-1", "Other").await;
    assert_eq!(me(&app, &token("u-1", json!({ "iss": "https://another.example" }))).await["id"], other["id"]);
}

#[tokio::test]
async fn without_making_people_only_those_of_the_backend_may_sign_in() {
    let app = server(&[("AUTH_JWT_CREATE", "off"), ("AUTH_JWT_ID_CLAIM", "uid")]).await;
    let backend = app.backend().await;
    let token = token("a subject", json!({ "uid": 42 }));

    assert_eq!(me(&app, &token).await, json!(null));
    assert_eq!(refusal(&app.execute(None, LOG_IN, json!({ "token": token })).await), "FORBIDDEN");

    let id = backend.person("42", "Ada").await;
    assert_eq!(me(&app, &token).await["id"], json!(id));
    assert_eq!(
        app.execute(None, LOG_IN, json!({ "token": token })).await["data"]["loginWithToken"]["user"]["id"],
        json!(id)
    );
}

#[tokio::test]
async fn people_made_before_there_was_an_issuer_are_its_people() {
    let mut app = TestApp::start().await;
    let id = app.backend().await.person("u-1", "Ada").await;
    let own = settings(("AUTH_JWT_SECRET", SHARED));
    app.restart_with(&own).await;

    assert_eq!(me(&app, &token("u-1", json!({}))).await["id"], json!(id));

    app.restart_with(&[("AUTH_JWT_ISSUER", "https://another.example")]).await;
    assert_eq!(me(&app, &token("u-1", json!({ "iss": "https://another.example" }))).await, json!(null), "and stay it");
}

#[tokio::test]
async fn with_local_sign_in_off_there_are_tokens_only() {
    let sign_in = "https://shop.example/chat?from=1";
    let app = server(&[("AUTH_LOCAL", "off"), ("SIGN_IN_URL", sign_in)]).await;
    let sign_up = r#"mutation { signup(input: { fullName: "Ada", email: "ada@example.com", password: "one of 7 horses" }) { token } }"#;
    let log_in = r#"mutation { login(input: { email: "ada@example.com", password: "one of 7 horses" }) { token } }"#;
    for document in [sign_up, log_in] {
        assert_eq!(refusal(&app.execute(None, document, json!({})).await), "FORBIDDEN");
    }
    let info = app.execute(None, "{ serverInfo { features signInUrl } }", json!({})).await;
    assert_eq!(info["data"]["serverInfo"]["signInUrl"], sign_in);
    let features = info["data"]["serverInfo"]["features"].as_array().expect("a list").clone();
    assert!(!features.contains(&json!("signup")) && !features.contains(&json!("login")), "{features:?}");
    assert!(me(&app, &token("u-1", json!({}))).await["id"].is_string());
}

#[tokio::test]
async fn wrong_tokens_are_nobody_over_http_and_sockets() {
    let app = server(&[]).await;
    let wrong = [
        SigningKey::Hs256(b"another secret of at least 32 bytes".to_vec()).token(None, &claims("u-1", json!({}))),
        token("u-1", json!({ "iss": format!("{ISSUER}/") })),
        token("u-1", json!({ "aud": ["other"] })),
        token("u-1", json!({ "exp": null })),
    ];
    for token in wrong {
        assert_eq!(me(&app, &token).await, json!(null));
        assert_eq!(refusal(&app.execute(None, LOG_IN, json!({ "token": token })).await), "UNAUTHENTICATED");
        let mut socket = Socket::open(app.address).await;
        let payload = json!({ "authorization": format!("Bearer {token}") });
        socket.say(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.closed().await.code, 4401);
    }
}
