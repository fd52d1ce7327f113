//! Nothing confidential is logged, at any log level.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message as Frame;

use crate::images::{new_id, pictures, send};
use crate::support::hostile::hostile;
use crate::support::{Line, Message, PASSWORD, Person, Server, code, soon};

const WRONG_PASSWORD: &str = "swordfish-and-chips";
const KEY_ID: &str = "AKIATESTTESTTESTTEST";
const KEY: &str = "a-key-that-is-only-for-tests";
const TOKEN: &str = "a-token-that-is-only-for-tests";
const TEXTS: [&str; 3] = ["the treasure is buried", "under the old oak", "no, under the elm"];

#[tokio::test]
async fn no_secret_and_no_user_content_is_in_the_log() {
    let mut server = Server::start_with(&[("RUST_LOG", "trace")]).await;
    let ada = Person::sign_up_as(&server, "Ada", "ada.lovelace@engine.example").await;
    let bob = Person::sign_up_as(&server, "Bob", "bob.babbage@engine.example").await;

    a_short_session(&server, &ada, &bob).await;
    let address = an_upload(&server, &ada).await;
    faults(&server, &ada).await;
    server.stop().await;

    let log = server.log();
    // The log exists and includes lines below `info`.
    assert!(log.contains("POST /graphql: 200") && log.contains("GET /readyz: 200"), "{log}");
    let secret = std::fs::read_to_string(server.folder().join("data/jwt-secret")).expect("a secret");
    let mut never: Vec<&str> = vec![PASSWORD, WRONG_PASSWORD, secret.trim(), "ada.lovelace", "bob.babbage", "argon2id"];
    never.extend(TEXTS);
    never.push(address.rsplit('=').next().expect("a signature"));
    for person in [&ada, &bob] {
        // The whole token, or only its claims.
        never.extend(person.token.split('.').skip(1).chain([person.token.as_str()]));
    }
    for secret in never {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} is in the log");
    }
}

async fn a_short_session(server: &Server, ada: &Person, bob: &Person) {
    let mut line = soon(Line::open(server.address, &bob.token, json!({}))).await.expect("a socket");
    let events = "subscription { events { cursor ... on MessageAdded { message { text } } } }";
    line.subscribe("1", events, &json!({})).await.expect("the socket takes it");
    let sent = ada.send(&Message::new(bob.as_recipient(), TEXTS[0])).await;
    let edit = "mutation($id: ID!, $text: String!) { editMessage(id: $id, text: $text) { text } }";
    ada.ask(edit, json!({ "id": sent["id"], "text": TEXTS[1] })).await;
    let over_socket = Message::new(ada.as_recipient(), TEXTS[2]);
    line.subscribe("2", crate::support::SEND, &over_socket.variables()).await.expect("the socket takes it");
    while soon(line.next()).await.expect("a message")["type"] != "complete" {}

    let found = bob.ask("query($s: String) { users(search: $s) { nodes { id } } }", json!({ "s": ada.email })).await;
    assert_eq!(found["users"]["nodes"], json!([{ "id": ada.id }]));
    let login = "mutation($input: LoginInput!) { login(input: $input) { token } }";
    bob.ask(login, json!({ "input": { "email": bob.email, "password": PASSWORD } })).await;
    let wrong = json!({ "input": { "email": bob.email, "password": WRONG_PASSWORD } });
    assert_eq!(code(&bob.execute(login, wrong).await), "INVALID_CREDENTIALS");
    let by_cookie = server.http().post(server.url("/graphql")).header("cookie", format!("jwt={}", ada.token));
    let by_cookie = by_cookie.json(&json!({ "query": "{ me { email } }" })).send().await.expect("an answer");
    assert_eq!(by_cookie.json::<Value>().await.expect("JSON")["data"]["me"]["email"], json!(ada.email));
}

/// Uploads to a signed URL; the URL.
async fn an_upload(server: &Server, ada: &Person) -> String {
    let query = "mutation { createImageUpload(input: { mimeType: \"image/png\", byteSize: 5 }) { url } }";
    let url = ada.ask(query, json!({})).await["createImageUpload"]["url"].as_str().expect("a URL").to_owned();
    let put = server.http().put(url.replace("localhost", "127.0.0.1")).header("content-type", "image/png");
    assert_eq!(put.body("hello").send().await.expect("an answer").status(), 200);
    url
}

/// Invalid requests, whose handling is the most likely to log something by mistake.
async fn faults(server: &Server, ada: &Person) {
    let again = json!({ "fullName": "Ada", "email": ada.email, "password": PASSWORD });
    let signup = "mutation($input: SignupInput!) { signup(input: $input) { token } }";
    assert_eq!(code(&ada.execute(signup, json!({ "input": again })).await), "EMAIL_TAKEN");
    let literal = format!("mutation {{ login(input: {{ email: \"{}\", password: \"{PASSWORD}\" }}) }}", ada.email);
    assert_eq!(code(&ada.execute(&literal, json!({})).await), "GRAPHQL_VALIDATION_FAILED");
    let unfinished = format!("mutation {{ login(input: {{ email: \"{}\", password: \"{PASSWORD}", ada.email);
    code(&ada.execute(&unfinished, json!({})).await);
    code(&ada.execute(signup, json!({ "input": { "email": ada.email, "password": [PASSWORD] } })).await);
    for body in [format!("{{\"query\": \"{}\" {PASSWORD}", TEXTS[0]), format!("query={PASSWORD}")] {
        let post = server.http().post(server.url(&format!("/graphql?token={}", ada.token)));
        let refused = post.header("content-type", "application/json").body(body).send().await.expect("an answer");
        assert!(refused.status().is_client_error(), "{refused:?}");
    }
    let forged = format!("{}x", ada.token);
    assert!(soon(Line::open(server.address, &forged, json!({}))).await.is_err());
    let mut line = soon(Line::open(server.address, &ada.token, json!({}))).await.expect("a socket");
    line.say(json!({ "type": "subscribe", "id": "1", "payload": TEXTS[0] })).await.expect("the socket takes it");
    assert_eq!(soon(line.next()).await.expect("an answer")["type"], "error");
    for frame in [Frame::binary(TEXTS[0]), Frame::text(TEXTS[0])] {
        let mut line = soon(Line::open(server.address, &ada.token, json!({}))).await.expect("a socket");
        line.say_raw(frame).await.expect("the socket takes it");
        soon(line.next()).await.expect_err("the socket is closed");
    }
    // Each of these is refused by another check.
    let mut line = soon(Line::open(server.address, &ada.token, json!({}))).await.expect("a socket");
    for (number, (_, document, expected)) in hostile().into_iter().enumerate() {
        let document = format!("{document} # {} {PASSWORD} {}", TEXTS[0], ada.email);
        code(&ada.execute(&document, json!({ "text": TEXTS[1], "first": ada.email })).await);
        line.subscribe(&number.to_string(), &document, &json!({ "text": TEXTS[1] }))
            .await
            .expect("the socket takes it");
        let answer = soon(line.next()).await.expect("the socket lives");
        assert!(answer["payload"][0]["extensions"]["code"].is_string(), "{expected}: {answer}");
    }
    let file = json!({ "query": TEXTS[0], "variables": { "password": PASSWORD } }).to_string();
    for (content_type, body) in [
        (
            "multipart/form-data; boundary=x",
            format!("--x\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n{file}"),
        ),
        ("text/plain", file.clone()),
    ] {
        let post =
            server.http().post(server.url("/graphql")).bearer_auth(&ada.token).header("content-type", content_type);
        let refused = post.header("graphql-require-preflight", TEXTS[0]).body(body).send().await.expect("an answer");
        assert!(refused.status().is_client_error(), "{refused:?}");
    }
    ada.ask("mutation { logout }", json!({})).await;
    assert_eq!(code(&ada.execute("{ users { nodes { id } } }", json!({})).await), "UNAUTHENTICATED");
}

/// A bucket that refuses everything and repeats the request's token, as S3 does with an expired one.
async fn a_bucket_that_repeats_everything() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(client.read_u8().await?);
                }
                let body = format!(
                    "<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message>\
                    <Token-0>{TOKEN}</Token-0><AWSAccessKeyId>{KEY_ID}</AWSAccessKeyId></Error>"
                );
                let (status, length) =
                    if head.starts_with(b"HEAD ") { ("200 OK", 0) } else { ("403 Forbidden", body.len()) };
                let head = format!(
                    "HTTP/1.1 {status}\r\nx-amz-token: {TOKEN}\r\nContent-Type: application/xml\r\n\
                    Content-Length: {length}\r\nConnection: close\r\n\r\n"
                );
                client.write_all((head + &body[..length]).as_bytes()).await
            });
        }
    });
    address
}

#[tokio::test]
async fn no_key_of_the_bucket_is_in_the_log() {
    let bucket = a_bucket_that_repeats_everything().await;
    for level in ["info", "trace"] {
        let mut server = Server::start_with(&[
            ("RUST_LOG", level),
            ("S3_BUCKET", "chat-images"),
            ("S3_ENDPOINT_URL", &format!("http://{bucket}")),
            ("S3_FORCE_PATH_STYLE", "on"),
            ("AWS_ACCESS_KEY_ID", KEY_ID),
            ("AWS_SECRET_ACCESS_KEY", KEY),
            ("AWS_SESSION_TOKEN", TOKEN),
        ])
        .await;
        let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);

        let sent = send(&server, &ada, &bob, &new_id(), &pictures::jpeg(8, 8)).await.expect("an answer");

        assert_eq!(code(&sent), "SERVICE_UNAVAILABLE", "{sent}");
        server.stop().await;
        let log = server.log();
        assert!(log.contains("403 ExpiredToken: The provided token has expired."), "{log}");
        for secret in [KEY, TOKEN] {
            let line = log.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "{secret} is in the log, at {level}");
        }
    }
}
