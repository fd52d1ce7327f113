//! Images under load, after a kill, and with interrupted uploads.

#[path = "../api/support/pictures.rs"]
#[expect(dead_code, reason = "the tests of the API need more of them")]
pub mod pictures;

use std::time::Duration;

use futures_util::future::join_all;
use parlour::limits;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use self::pictures::{boasting_jpeg, boasting_webp, chunk, empty_png, jpeg, jpeg_of_scans, long_gif, png_with, zeros};
use crate::support::{PATIENCE, Person, Server, files_in, soon};

const MIB: u64 = 1024 * 1024;
const TYPE: &str = "multipart/form-data; boundary=line";

/// A message with an image, as a multipart body.
fn body(to: &Person, id: &str, file: &[u8]) -> Vec<u8> {
    let query = "mutation($input: SendMessageInput!) { sendMessage(input: $input) { id image { url } } }";
    let input = json!({ "id": id, "to": to.as_recipient(), "image": { "file": null } });
    let operations = json!({ "query": query, "variables": { "input": input } });
    let part = |name: &str, content: &str| {
        format!("--line\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{content}\r\n")
    };
    let head = part("operations", &operations.to_string()) + &part("map", r#"{"0":["variables.input.image.file"]}"#);
    let head = head + "--line\r\nContent-Disposition: form-data; name=\"0\"; filename=\"x\"\r\n\r\n";
    [head.as_bytes(), file, b"\r\n--line--\r\n"].concat()
}

/// Sends a message with an image; `None` if the server went away.
pub async fn send(server: &Server, from: &Person, to: &Person, id: &str, file: &[u8]) -> Option<Value> {
    let request = server.http().post(server.url("/graphql")).bearer_auth(&from.token).header("content-type", TYPE);
    let request = request.header("graphql-require-preflight", "1").body(body(to, id, file));
    request.send().await.ok()?.json().await.ok()
}

pub fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

fn status_line(server: &Server, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).expect("a process");
    let line = status.lines().find(|line| line.starts_with(name)).expect("a line");
    line.split_whitespace().nth(1).and_then(|number| number.parse::<u64>().ok()).expect("a number") * 1024
}

/// The memory in use now; from here on its peak is measured.
fn forget_the_peak(server: &Server) -> u64 {
    std::fs::write(format!("/proc/{}/clear_refs", server.id()), "5").expect("the peak is set back");
    status_line(server, "VmRSS")
}

fn files(server: &Server, shelf: &str) -> usize {
    files_in(&server.folder().join("data").join(shelf))
}

fn open_files(server: &Server) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", server.id())).expect("a process").count()
}

async fn code(server: &Server, ada: &Person, bob: &Person, file: &[u8]) -> String {
    let id = new_id();
    let sent = timeout(limits::UPLOAD_ANSWER + PATIENCE, send(server, ada, bob, &id, file));
    let answer = sent.await.expect("it comes in time").expect("an answer");
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or("none").to_owned()
}

#[tokio::test]
async fn twenty_concurrent_bombs_use_little_memory() {
    let server = Server::start_with(&[("RATE_LIMITS", "off")]).await;
    let (ada, bob) = (Person::sign_up(&server, "Ada").await, Person::sign_up(&server, "Bob").await);
    let packed = |kind: &[u8; 4]| png_with(20, 20, &chunk(kind, &[b"x\0\0", zeros(1_000_000_000).as_slice()].concat()));
    for (name, file, expected) in [
        ("pixels", empty_png(10_000, 9_999, (6, 8, 4)), "PAYLOAD_TOO_LARGE"),
        ("a JPEG's head", boasting_jpeg(65_000, 8_000), "PAYLOAD_TOO_LARGE"),
        ("a WebP's head", boasting_webp(), "PAYLOAD_TOO_LARGE"),
        ("frames", long_gif(3_000, 3_000, 400), "PAYLOAD_TOO_LARGE"),
        ("scans", jpeg_of_scans(1_000), "UNSUPPORTED_IMAGE"),
        ("a text", packed(b"zTXt"), "none"),
        ("a profile", packed(b"iCCP"), "none"),
    ] {
        let before = forget_the_peak(&server);
        let codes = join_all((0..20).map(|_| code(&server, &ada, &bob, &file))).await;
        let grown = status_line(&server, "VmHWM").saturating_sub(before);
        assert!(codes.iter().all(|code| code == expected), "{name}: {codes:?}");
        assert!(grown < 200 * MIB, "{name}: {} MiB", grown / MIB);
    }
}

#[tokio::test]
async fn twenty_concurrent_images_are_decoded_two_at_a_time() {
    let server = Server::start_with(&[("RATE_LIMITS", "off")]).await;
    let (ada, bob) = (Person::sign_up(&server, "Ada").await, Person::sign_up(&server, "Bob").await);
    // Room for the pixels and encoder buffers of two images, less than the pixels of all. Requests that wait too long get
    // SERVICE_UNAVAILABLE.
    for (name, file, room) in [
        ("4 megapixels", empty_png(2_000, 2_000, (6, 8, 4)), 150 * MIB),
        ("the largest", empty_png(8_000, 4_000, (6, 8, 4)), 700 * MIB),
    ] {
        let before = forget_the_peak(&server);

        let codes = join_all((0..20).map(|_| code(&server, &ada, &bob, &file))).await;

        let grown = status_line(&server, "VmHWM").saturating_sub(before);
        let (well, refused): (Vec<_>, Vec<_>) = codes.iter().partition(|code| *code == "none");
        assert!(refused.iter().all(|code| *code == "SERVICE_UNAVAILABLE"), "{name}: {codes:?}");
        assert!(!well.is_empty(), "{name}: {codes:?}");
        assert!(grown < room, "{name}: {} MiB", grown / MIB);
    }
    soon(async {
        while files(&server, "tmp") > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // The rush is over, and the next one is accepted.
        while code(&server, &ada, &bob, &jpeg(200, 100)).await != "none" {}
    })
    .await;
}

#[tokio::test]
async fn a_thousand_interrupted_uploads_leave_nothing() {
    let server = Server::start_with(&[("RATE_LIMITS", "off")]).await;
    let (ada, bob) = (Person::sign_up(&server, "Ada").await, Person::sign_up(&server, "Bob").await);
    let body = body(&bob, &new_id(), &jpeg(200, 100));
    let head = format!(
        "POST /graphql HTTP/1.1\r\nHost: localhost\r\nGraphQL-Require-Preflight: 1\r\nContent-Type: {TYPE}\r\n\
         Authorization: Bearer {}\r\nContent-Length: {}\r\n\r\n",
        ada.token,
        body.len()
    );
    let before = open_files(&server);
    for _ in 0..1_000 {
        let mut client = TcpStream::connect(server.address).await.expect("a connection");
        client.write_all(head.as_bytes()).await.expect("it is sent");
        client.write_all(&body[..body.len() / 2]).await.expect("it is sent");
    }
    soon(async {
        while files(&server, "tmp") > 0 || open_files(&server) > before + 10 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert_eq!(files(&server, "images"), 0);
}

#[tokio::test]
async fn after_a_kill_no_message_references_a_missing_image() {
    let mut server = Server::start_with(&[("RATE_LIMITS", "off")]).await;
    let (ada, bob) = (Person::sign_up(&server, "Ada").await, Person::sign_up(&server, "Bob").await);
    let file = jpeg(400, 300);
    let mut ids = Vec::new();
    for round in 0..5 {
        let round_ids: Vec<String> = (0..12).map(|_| new_id()).collect();
        let sends = join_all(round_ids.iter().map(|id| send(&server, &ada, &bob, id, &file)));
        let acknowledged = tokio::select! {
            answers = sends => answers.len(),
            () = tokio::time::sleep(Duration::from_millis(30 + 60 * round)) => 0,
        };
        assert!(acknowledged <= 12);
        ids.extend(round_ids);
        server.kill().await;
        server.start_again().await;
    }
    let mut kept = 0;
    for id in &ids {
        let found = ada.ask("query($id: ID!) { message(id: $id) { image { url } } }", json!({ "id": id })).await;
        if let Some(url) = found["message"]["image"]["url"].as_str() {
            kept += 1;
            let url = url.replace("localhost", "127.0.0.1");
            assert_eq!(server.http().get(url).send().await.expect("an answer").status(), 200);
        } else {
            assert_eq!(found["message"], Value::Null, "a message without its image");
        }
    }
    // Every other object in storage is on the list of deletions.
    assert!(files(&server, "images") >= kept);
    let again = soon(send(&server, &ada, &bob, &ids[0], &file)).await.expect("an answer");
    assert_eq!(again["data"]["sendMessage"]["id"], ids[0], "a retry works: {again}");
}
