//! One person's images do not delay those of others, and rejected requests occupy no decoder.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::images::pictures::{empty_png, jpeg};
use crate::images::{new_id, send};
use crate::support::{PATIENCE, Server, code};

const RGBA: (u8, u8, usize) = (6, 8, 4);
/// Each keeps a thread busy for a large part of a second.
const LARGE: u32 = 2_500;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_image_does_not_wait_for_ten_large_ones_of_another_person() {
    let server = Server::start_with(&[("RATE_LIMITS", "on")]).await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let large = empty_png(LARGE, LARGE, RGBA);
    let done = AtomicUsize::new(0);

    let flood = join_all((0..10).map(|_| async {
        let answer = send(&server, &ada, &bob, &new_id(), &large).await.expect("an answer");
        assert_eq!(answer.get("errors"), None, "{answer}");
        done.fetch_add(1, Ordering::Relaxed);
    }));
    let small = async {
        while done.load(Ordering::Relaxed) == 0 {
            sleep(Duration::from_millis(5)).await;
        }
        let before = done.load(Ordering::Relaxed);
        let answer = send(&server, &bob, &ada, &new_id(), &jpeg(64, 64)).await.expect("an answer");
        assert_eq!(answer.get("errors"), None, "{answer}");
        done.load(Ordering::Relaxed) - before
    };
    let both = async { tokio::join!(flood, small) };
    let (_, meanwhile) = timeout(PATIENCE * 3, both).await.expect("they end in time");

    // Only a few of the flood are finished before the small one, not all of it.
    assert!(meanwhile <= 3, "{meanwhile} large images went first");
}

#[tokio::test]
async fn a_rejected_message_does_not_decode_its_upload() {
    let server = Server::start_with(&[("RATE_LIMITS", "off")]).await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let file = empty_png(LARGE, LARGE, RGBA);
    let create = "mutation($input: CreateImageUploadInput!) { createImageUpload(input: $input) { id url } }";
    let input = json!({ "mimeType": "image/png", "byteSize": file.len() });
    let slot = ada.ask(create, json!({ "input": input })).await["createImageUpload"].take();
    let url = slot["url"].as_str().expect("a URL").replace("localhost", "127.0.0.1");
    let put = server.http().put(url).header("content-type", "image/png").body(file).send().await;
    assert_eq!(put.expect("an answer").status(), 200);
    let send = "mutation($input: SendMessageInput!) { sendMessage(input: $input) { image { width } } }";
    let input = json!({ "to": bob.as_recipient(), "image": { "uploadId": slot["id"] } });
    let mut reply = input.clone();
    reply["replyToId"] = json!(new_id());

    let before = server.cpu_time_of("images");
    let answers = join_all((0..75).map(|_| ada.execute(send, json!({ "input": reply })))).await;

    let codes: Vec<&str> = answers.iter().map(code).collect();
    assert_eq!(codes, ["NOT_FOUND"; 75]);
    assert_eq!(server.cpu_time_of("images"), before, "nothing was decoded");
    let sent = ada.ask(send, json!({ "input": input })).await;
    assert_eq!(sent["sendMessage"]["image"]["width"], LARGE);
    assert!(server.cpu_time_of("images") > before);
}
