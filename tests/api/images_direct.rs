//! Direct uploads to storage, here this server's own disk, before the message that references them.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::pictures::{jpeg, png};
use crate::support::{Person, TestApp, refusal, send_image, soon};

const CREATE: &str = "mutation($input: CreateImageUploadInput!) { createImageUpload(input: $input) {
    id url method headers { name value } expiresAt } }";

/// Creates an upload slot.
pub async fn place(person: &Person, mime: &str, size: usize) -> Value {
    let input = json!({ "mimeType": mime, "byteSize": size });
    person.ask(CREATE, json!({ "input": input })).await["createImageUpload"].take()
}

/// A PUT to it with its URL and headers.
pub fn put(app: &TestApp, place: &Value, file: &[u8]) -> reqwest::RequestBuilder {
    let method = place["method"].as_str().expect("a method").parse().expect("a method");
    let request = app.http().request(method, place["url"].as_str().expect("a URL")).body(file.to_vec());
    place["headers"].as_array().expect("headers").iter().fold(request, |request, header| {
        request.header(header["name"].as_str().expect("a name"), header["value"].as_str().expect("a value"))
    })
}

pub async fn status(request: reqwest::RequestBuilder) -> u16 {
    soon(request.send()).await.expect("an answer").status().as_u16()
}

/// The whole answer to a message with an uploaded image.
pub async fn send(person: &Person, to: &Person, upload: &Value) -> Value {
    let input = json!({ "to": { "userId": to.id }, "image": { "uploadId": upload } });
    person.execute(&send_image(), json!({ "input": input })).await
}

#[tokio::test]
async fn bytes_go_to_storage_first_and_then_into_a_message() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let file = jpeg(300, 200);

    let place = place(&ada, "image/jpeg", file.len()).await;
    assert_eq!(place["method"], "PUT");
    assert_eq!(place["headers"], json!([{ "name": "content-type", "value": "image/jpeg" }]));
    assert_eq!(status(put(&app, &place, &file)).await, 200);
    let answer = send(&ada, &bob, &place["id"]).await;

    let image = &answer["data"]["sendMessage"]["image"];
    assert_eq!((&image["width"], &image["mimeType"]), (&json!(300), &json!("image/jpeg")), "{answer}");
    let url = image["url"].as_str().expect("a URL");
    assert_eq!(status(app.http().get(url)).await, 200);
    app.has_files("inbox", 0).await;
}

#[tokio::test]
async fn a_profile_picture_can_be_uploaded_directly() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let file = png(30, 30);
    let place = place(&ada, "image/png", file.len()).await;
    assert_eq!(status(put(&app, &place, &file)).await, 200);
    let query =
        "mutation($id: ID!) { updateProfile(input: { profilePic: { uploadId: $id } }) { profilePic { width } } }";

    let answer = ada.execute(query, json!({ "id": place["id"] })).await;
    assert_eq!(answer["data"]["updateProfile"]["profilePic"]["width"], 30, "{answer}");

    let again = ada.execute(query, json!({ "id": place["id"] })).await;
    assert_eq!(refusal(&again), "BAD_USER_INPUT at profilePic.uploadId");
}

#[tokio::test]
async fn an_upload_slot_needs_an_image_type_and_a_size() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    for (mime, size, expected) in [
        ("image/svg+xml", 10, "UNSUPPORTED_IMAGE"),
        ("text/html", 10, "UNSUPPORTED_IMAGE"),
        ("image/avif", 10, "UNSUPPORTED_IMAGE"),
        ("image/png", 0, "BAD_USER_INPUT at byteSize"),
        ("image/png", -1, "BAD_USER_INPUT at byteSize"),
        ("image/png", 10_485_761, "PAYLOAD_TOO_LARGE"),
    ] {
        let input = json!({ "mimeType": mime, "byteSize": size });
        assert_eq!(ada.refused(CREATE, json!({ "input": input })).await, expected, "{mime} {size}");
    }
    place(&ada, "image/png", 10_485_760).await;
    place(&ada, "IMAGE/PNG", 1).await;
}

#[tokio::test]
async fn the_type_of_an_upload_is_detected_from_its_content() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    for mime in ["", "application/octet-stream", "image/heic", "image/HEIF", "image/jpg", "image/png"] {
        let file = jpeg(30, 20);
        let place = place(&ada, mime, file.len()).await;
        assert_eq!(status(put(&app, &place, &file)).await, 200, "{mime}");
        let answer = send(&ada, &bob, &place["id"]).await;
        assert_eq!(answer["data"]["sendMessage"]["image"]["mimeType"], "image/jpeg", "{mime}: {answer}");
    }
}

#[tokio::test]
async fn an_upload_url_accepts_only_the_announced_bytes() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let file = png(60, 40);
    let place = place(&ada, "image/png", file.len()).await;
    let bare = || app.http().put(place["url"].as_str().expect("a URL"));

    assert_eq!(status(put(&app, &place, &[file.as_slice(), b"x"].concat())).await, 413);
    assert_eq!(status(put(&app, &place, &file[1..])).await, 400);
    assert_eq!(status(put(&app, &place, b"")).await, 400);
    let long = hyper::body::Frame::data(bytes::Bytes::from([file.clone(), vec![0]].concat()));
    let long = http_body_util::StreamBody::new(futures_util::stream::iter([Ok::<_, std::io::Error>(long)]));
    let long = reqwest::Body::wrap(long);
    assert_eq!(status(bare().header("content-type", "image/png").body(long)).await, 413, "without a length");
    assert_eq!(status(bare().body(file.clone())).await, 415);
    assert_eq!(status(bare().header("content-type", "image/jpeg").body(file.clone())).await, 415);
    assert_eq!(status(app.http().post(place["url"].as_str().expect("a URL"))).await, 405);
    app.has_files("tmp", 0).await;
    assert_eq!(app.files("inbox").len(), 0);
    let early = send(&ada, &bob, &place["id"]).await;
    assert_eq!(refusal(&early), "BAD_USER_INPUT at image.uploadId");

    assert_eq!(status(put(&app, &place, &file)).await, 200);
    assert_eq!(status(put(&app, &place, &file)).await, 403, "once");
    assert_eq!(send(&ada, &bob, &place["id"]).await.get("errors"), None);
    assert_eq!(status(put(&app, &place, &file)).await, 403, "once");
    app.has_files("inbox", 0).await;
}

#[tokio::test]
async fn an_upload_belongs_to_its_owner_and_makes_one_image() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let file = png(60, 40);
    let place = place(&ada, "image/png", file.len()).await;
    assert_eq!(status(put(&app, &place, &file)).await, 200);

    let as_bob = async |upload: &Value| {
        let input = json!({ "to": { "userId": ada.id }, "image": { "uploadId": upload } });
        bob.bytes(&send_image(), json!({ "input": input })).await
    };
    let theirs = as_bob(&place["id"]).await;
    assert_eq!(theirs, as_bob(&json!("019bfc3e-0000-7000-8000-00000000000a")).await);
    assert!(theirs.contains("NOT_FOUND"), "{theirs}");
    assert_eq!(refusal(&send(&ada, &bob, &json!("no id")).await), "NOT_FOUND");

    let sends = futures_util::future::join_all((0..5).map(|_| send(&ada, &bob, &place["id"]))).await;
    let (went, refused): (Vec<_>, Vec<_>) = sends.iter().partition(|answer| answer.get("errors").is_none());
    assert_eq!((went.len(), refused.len()), (1, 4), "{sends:?}");
    assert!(refused.iter().all(|answer| refusal(answer) == "BAD_USER_INPUT at image.uploadId"), "{refused:?}");
    app.has_files("images", 1).await;
}

#[tokio::test]
async fn an_upload_that_is_no_image_is_used_up() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let place = place(&ada, "image/png", 5).await;
    assert_eq!(status(put(&app, &place, b"hello")).await, 200);

    assert_eq!(refusal(&send(&ada, &bob, &place["id"]).await), "UNSUPPORTED_IMAGE");

    app.has_files("inbox", 0).await;
    assert_eq!(refusal(&send(&ada, &bob, &place["id"]).await), "BAD_USER_INPUT at image.uploadId");
    assert_eq!(app.files("images").len(), 0);
}

#[tokio::test]
async fn an_upload_url_is_valid_for_ten_minutes_and_cannot_be_forged() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let file = png(60, 40);
    let (one, other) = (place(&ada, "image/png", file.len()).await, place(&ada, "image/png", file.len()).await);
    let url = one["url"].as_str().expect("a URL");
    let id = |place: &Value| place["id"].as_str().expect("an id").to_owned();
    for forged in [
        url.replace(&id(&one), &id(&other)),
        url.replace("expires=", "expires=1"),
        url.replace("signature=", "signature=A"),
        url.split('?').next().expect("a path").to_owned(),
        url.replace(&id(&one), "x"),
    ] {
        let request = app.http().put(&forged).header("content-type", "image/png").body(file.clone());
        assert_eq!(status(request).await, 403, "{forged}");
    }
    app.clock.advance(Duration::from_secs(601));
    assert_eq!(status(put(&app, &one, &file)).await, 403);
    assert_eq!(app.files("inbox").len(), 0);
}

#[tokio::test]
async fn only_our_origins_can_upload() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let file = png(60, 40);
    let place = place(&ada, "image/png", file.len()).await;
    let from = |origin: &str| put(&app, &place, &file).header("origin", origin);
    let cookie = format!("jwt={}", ada.token);

    for origin in ["http://evil.example", "null", "http://localhost:5173.evil.example"] {
        assert_eq!(status(from(origin)).await, 403, "{origin}");
        assert_eq!(status(from(origin).header("cookie", &cookie)).await, 403, "{origin}");
    }
    assert_eq!(status(put(&app, &place, &file).header("sec-fetch-site", "cross-site")).await, 403);
    let url = place["url"].as_str().expect("a URL");
    let preflight = app.http().request(reqwest::Method::OPTIONS, url).header("origin", "http://localhost:5173");
    let preflight = preflight.header("access-control-request-method", "PUT");
    let preflight = preflight.header("access-control-request-headers", "content-type").send().await.expect("an answer");
    assert_eq!(preflight.headers()["access-control-allow-origin"], "http://localhost:5173");
    assert_eq!(preflight.headers()["access-control-allow-methods"], "PUT");
    assert_eq!(status(from("http://localhost:5173")).await, 200);
}

#[tokio::test]
async fn an_unused_upload_is_collected() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let file = png(60, 40);
    let place = place(&ada, "image/png", file.len()).await;
    assert_eq!(status(put(&app, &place, &file)).await, 200);
    app.has_files("inbox", 1).await;

    app.clock.advance(Duration::from_secs(71 * 60));

    app.has_files("inbox", 0).await;
    let late = refusal(&send(&ada, &bob, &place["id"]).await);
    assert_eq!(late, "BAD_USER_INPUT at image.uploadId");
    app.clock.advance(Duration::from_secs(25 * 3600));
    let forgotten = async { while refusal(&send(&ada, &bob, &place["id"]).await) != "NOT_FOUND" {} };
    soon(forgotten).await;
}
