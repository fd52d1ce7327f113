//! Malformed and oversized request bodies get a status and a code, and nothing is executed.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Person, TestApp, code, soon};

const RENAME: &str = r#"mutation { updateProfile(input: { fullName: "Mallory" }) { id } }"#;
const LARGEST: usize = 256 * 1024;

/// Posts bytes as JSON, with one more header; the status, the code and the field.
async fn post(app: &TestApp, person: &Person, body: impl Into<Vec<u8>>, header: (&str, &str)) -> (u16, String, Value) {
    let request = app.http().post(app.url("/graphql")).header("content-type", "application/json");
    let request = request.header(header.0, header.1).bearer_auth(&person.token).body(body.into());
    let answer = soon(request.send()).await.expect("an answer");
    let status = answer.status().as_u16();
    let answer: Value = answer.json().await.expect("JSON");
    assert_eq!(answer.get("data"), None, "{answer}");
    assert!(!answer.to_string().contains("Error("), "the inside shows: {answer}");
    (status, code(&answer).to_owned(), answer["errors"][0]["extensions"]["field"].clone())
}

async fn is_unharmed(person: &Person) {
    let me = person.ask("{ me { fullName } }", json!({})).await;
    assert_eq!(me, json!({ "me": { "fullName": "Ada" } }));
}

/// A mutation in a body of this many bytes.
fn rename_in(bytes: usize) -> String {
    let body = json!({ "query": RENAME, "extensions": { "room": "" } }).to_string();
    let room = bytes - body.len();
    body.replace(r#""room":"""#, &format!(r#""room":"{}""#, " ".repeat(room)))
}

#[tokio::test]
async fn a_malformed_request_is_rejected_with_a_code() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let query = json!(RENAME).to_string();
    let deep = |levels: usize| {
        format!(r#"{{"query":{query},"variables":{{"v":{}{}}}}}"#, "[".repeat(levels), "]".repeat(levels))
    };
    let bytes = |inside: &[u8]| [br#"{"query":"{me{id}} "#.as_slice(), inside, br#""}"#].concat();

    for body in [
        format!(r#"[{{"query":{query}}}]"#).into_bytes(),
        format!(r#"[{{"query":{query}}},{{"query":{query}}}]"#).into_bytes(),
        b"[]".to_vec(),
        b"".to_vec(),
        b"null".to_vec(),
        b"{}".to_vec(),
        query.clone().into_bytes(),
        br#"{"query":null}"#.to_vec(),
        br#"{"query":["{me{id}}"]}"#.to_vec(),
        format!(r#"{{"query":{query},"variables":"{{}}"}}"#).into_bytes(),
        format!(r#"{{"query":{query},"operationName":1}}"#).into_bytes(),
        format!(r#"{{"query":{query}}} {{"#).into_bytes(),
        format!(r#"{{"query":{query}"#).into_bytes(),
        bytes(br"\ud800"),
        bytes(br"\udfff\ud800"),
        bytes(b"\xc0\x80"),
        bytes(b"\xed\xa0\x80"),
        bytes(b"\xf0\x9f\x98"),
        bytes(b"\xff"),
        bytes(b"\n"),
        deep(200).into_bytes(),
        deep(100_000).into_bytes(),
        b"[".repeat(200_000),
    ] {
        let shown = String::from_utf8_lossy(&body).chars().take(80).collect::<String>();
        let (status, code, _) = post(&app, &ada, body, ("accept", "*/*")).await;
        assert_eq!((status, code.as_str()), (400, "BAD_USER_INPUT"), "{shown}");
    }
    is_unharmed(&ada).await;
}

#[tokio::test]
async fn a_body_of_256_kib_is_accepted_and_one_more_byte_is_rejected() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;

    let refused = post(&app, &ada, rename_in(LARGEST + 1), ("accept", "*/*")).await;

    assert_eq!((refused.0, refused.1.as_str()), (413, "PAYLOAD_TOO_LARGE"));
    is_unharmed(&ada).await;
    let largest = rename_in(LARGEST).replace("Mallory", "Adabell");
    let request = app.http().post(app.url("/graphql")).header("content-type", "application/json");
    let answer = request.bearer_auth(&ada.token).body(largest).send().await.expect("an answer");
    assert_eq!(answer.json::<Value>().await.expect("JSON")["data"]["updateProfile"]["id"], ada.id);
}

#[tokio::test]
async fn a_body_without_a_length_is_rejected_once_it_is_too_large() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let body = rename_in(LARGEST + 1);
    let mut request = format!(
        "POST /graphql HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n",
        app.address, ada.token
    );
    for chunk in body.as_bytes().chunks(16 * 1024) {
        request += &format!("{:x}\r\n{}\r\n", chunk.len(), String::from_utf8_lossy(chunk));
    }
    let mut line = TcpStream::connect(app.address).await.expect("a connection");

    line.write_all(format!("{request}0\r\n\r\n").as_bytes()).await.expect("it is sent");

    let mut answer = String::new();
    soon(line.read_to_string(&mut answer)).await.expect("an answer, and the end");
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains(r#""code":"PAYLOAD_TOO_LARGE""#), "{answer}");
    is_unharmed(&ada).await;
}

#[tokio::test]
async fn a_body_that_declares_too_large_a_length_is_rejected_at_once() {
    let app = TestApp::start().await;
    let mut line = TcpStream::connect(app.address).await.expect("a connection");
    let head = format!(
        "POST /graphql HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n",
        app.address
    );

    line.write_all(head.as_bytes()).await.expect("it is sent");

    let mut answer = String::new();
    soon(line.read_to_string(&mut answer)).await.expect("an answer, and the end");
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[tokio::test]
async fn a_compressed_body_is_not_decompressed() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let body = json!({ "query": RENAME }).to_string();

    for encoding in ["gzip", "br", "deflate", "identity, gzip"] {
        let (status, code, field) = post(&app, &ada, body.clone(), ("content-encoding", encoding)).await;
        assert_eq!((status, code.as_str(), &field), (415, "BAD_USER_INPUT", &json!("content-encoding")), "{encoding}");
    }
    is_unharmed(&ada).await;
}

#[tokio::test]
async fn an_unsupported_accept_header_is_not_acceptable() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let body = json!({ "query": RENAME }).to_string();

    for accept in ["text/html", "image/png", "application/json;q=0"] {
        let (status, code, field) = post(&app, &ada, body.clone(), ("accept", accept)).await;
        assert_eq!((status, code.as_str(), &field), (406, "BAD_USER_INPUT", &json!("accept")), "{accept}");
    }
    is_unharmed(&ada).await;
}

#[tokio::test]
async fn the_last_of_two_values_with_one_name_counts() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let body = format!(r#"{{"query":{},"query":"{{ me {{ fullName }} }}"}}"#, json!(RENAME));

    let request = app.http().post(app.url("/graphql")).header("content-type", "application/json");
    let answer = request.bearer_auth(&ada.token).body(body).send().await.expect("an answer");

    assert_eq!(answer.json::<Value>().await.expect("JSON"), json!({ "data": { "me": { "fullName": "Ada" } } }));
}
