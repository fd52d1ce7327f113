//! Images in an S3 bucket: the same as on disk, and what happens while the bucket is unavailable.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use parlour::id::MessageId;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::support::bucket::{BUCKET, Bucket, Door};
use crate::support::pictures::{jpeg, png};
use crate::support::{Person, TestApp, refusal, send_image, soon};

async fn start(settings: &[(&'static str, String)]) -> TestApp {
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    TestApp::start_with(&settings).await
}

async fn get(app: &TestApp, message: &Value) -> (u16, Vec<u8>) {
    let answer =
        soon(app.http().get(message["image"]["url"].as_str().expect("a URL")).send()).await.expect("an answer");
    (answer.status().as_u16(), soon(answer.bytes()).await.map(Vec::from).unwrap_or_default())
}

async fn has_objects(bucket: &Bucket, shelf: &str, count: usize) {
    let there = async {
        while bucket.objects(shelf).len() != count {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    soon(there).await;
}

async fn place(person: &Person, file: &[u8]) -> Value {
    let query = "mutation($input: CreateImageUploadInput!) { createImageUpload(input: $input) {
        id url method headers { name value } } }";
    let input = json!({ "mimeType": "image/png", "byteSize": file.len() });
    person.ask(query, json!({ "input": input })).await["createImageUpload"].take()
}

/// A PUT to an upload slot with its URL and headers.
async fn put(place: &Value, file: &[u8]) -> u16 {
    let url = place["url"].as_str().expect("a URL");
    let headers = place["headers"].as_array().expect("headers").iter();
    let request = headers.fold(Client::new().put(url).body(file.to_vec()), |request, header| {
        request.header(header["name"].as_str().expect("a name"), header["value"].as_str().expect("a value"))
    });
    soon(request.send()).await.expect("an answer").status().as_u16()
}

async fn send_upload(person: &Person, to: &Person, upload: &Value) -> Value {
    let input = json!({ "to": { "userId": to.id }, "image": { "uploadId": upload } });
    person.execute(&send_image(), json!({ "input": input })).await
}

#[tokio::test]
async fn an_image_goes_into_the_bucket_and_comes_from_this_server() {
    let bucket = Bucket::start().await;
    for path_style in [true, false] {
        let app = start(&bucket.settings(path_style)).await;
        let (ada, bob) = app.direct("Ada", "Bob").await;

        let sent = ada.send_image(&app, &bob, &jpeg(600, 300)).await;

        let objects = bucket.objects("images");
        assert_eq!(objects.len(), 1, "{path_style}");
        assert_eq!(objects[0].0, sent["image"]["id"].as_str().expect("an id"));
        let (status, bytes) = get(&app, &sent).await;
        assert_eq!((status, json!(bytes.len())), (200, sent["image"]["byteSize"].clone()));
        let part = app.http().get(sent["image"]["url"].as_str().expect("a URL")).header("range", "bytes=10-19");
        let part = part.send().await.expect("an answer").bytes().await.expect("all of it");
        assert_eq!(part, bytes[10..20]);
        assert!(app.files("images").is_empty() && app.files("tmp").is_empty());
        let direct = Client::new().get(format!("http://{}/{BUCKET}/images/{}", bucket.address, objects[0].0));
        assert_eq!(direct.send().await.expect("an answer").status(), 403, "the bucket itself gives it to nobody");
        ada.ask("mutation($id: ID!) { deleteMessage(id: $id) { id } }", json!({ "id": sent["id"] })).await;
        has_objects(&bucket, "images", 0).await;
        assert_eq!(get(&app, &sent).await.0, 404);
    }
}

#[tokio::test]
async fn an_upload_goes_straight_to_the_bucket_and_what_comes_later_is_never_served() {
    let bucket = Bucket::start().await;
    let app = start(&bucket.settings(true)).await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let (good, evil) = (png(60, 40), [png(60, 40).as_slice(), b"evil"].concat());
    let evil = &evil[evil.len() - good.len()..];
    let place = place(&ada, &good).await;
    let url = place["url"].as_str().expect("a URL");
    assert!(url.starts_with(&format!("http://{}/{BUCKET}/inbox/", bucket.address)), "{url}");
    assert_eq!(put(&place, &good[1..]).await, 403, "another size is not what was signed");
    let typed = Client::new().put(url).header("content-type", "text/html").body(good.clone());
    assert_eq!(typed.send().await.expect("an answer").status(), 403, "nor is another type");

    assert_eq!(put(&place, &good).await, 200);
    assert_eq!(refusal(&send_upload(&bob, &ada, &place["id"]).await), "NOT_FOUND");
    let mut answer = send_upload(&ada, &bob, &place["id"]).await;
    let sent = answer["data"]["sendMessage"].take();
    assert_eq!(sent["image"]["width"], 60, "{answer}");
    let before = get(&app, &sent).await;
    has_objects(&bucket, "inbox", 0).await;
    // A presigned URL can be used again until it expires.
    assert_eq!(put(&place, evil).await, 200);

    assert_eq!(get(&app, &sent).await, before);
    assert_eq!(refusal(&send_upload(&ada, &bob, &place["id"]).await), "BAD_USER_INPUT at image.uploadId");
    assert_eq!(bucket.objects("inbox").len(), 1);
    app.clock.advance(Duration::from_secs(12 * 60));
    has_objects(&bucket, "inbox", 0).await;
}

/// The status of `/readyz`, and its first line: on PostgreSQL a second one is about nodes.
async fn ready(app: &TestApp) -> (u16, String) {
    let answer = app.http().get(app.url("/readyz")).send().await.expect("an answer");
    let status = answer.status().as_u16();
    let text = answer.text().await.expect("text");
    (status, text.lines().next().expect("a line").to_owned())
}

/// Waits until the server has noticed that the bucket is back, and moves the clock to its next looks.
async fn is_noticed(app: &TestApp) {
    let noticed = async {
        while ready(app).await != (200, "ready".to_owned()) {
            app.clock.advance(Duration::from_secs(15));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    soon(noticed).await;
}

#[tokio::test]
async fn without_the_bucket_texts_work_and_images_are_unavailable() {
    let bucket = Bucket::start().await;
    let app = start(&bucket.settings(true)).await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let before = ada.send_image(&app, &bob, &png(20, 20)).await;
    assert_eq!(ready(&app).await, (200, "ready".to_owned()));

    for door in [Door::Broken, Door::Away, Door::Slow] {
        bucket.set(door);
        let input = json!({ "id": MessageId::new().to_string(), "to": { "userId": bob.id } });
        let (file, began) = (png(30, 30), Instant::now());
        let image = ada.try_send_image(&app, input.clone(), &file);
        let text = async {
            let sent = ada.send(&bob, "still here").await;
            (sent["seq"].clone(), began.elapsed())
        };
        let (image, (_, text_took)) = tokio::join!(image, text);

        assert_eq!(refusal(&image), "SERVICE_UNAVAILABLE", "{door:?}");
        assert!(text_took < Duration::from_secs(10), "{door:?}: a text took {text_took:?}");
        assert_eq!(
            bob.ask("query($id: ID!) { message(id: $id) { id } }", json!({ "id": input["id"] })).await["message"],
            Value::Null
        );
        let (status, said) = ready(&app).await;
        assert_eq!(status, 200, "{door:?}");
        assert!(said.contains("images"), "{door:?}: {said}");
        assert!([503, 504].contains(&get(&app, &before).await.0), "{door:?}");

        bucket.set(Door::Open);
        is_noticed(&app).await;
        let again = ada.try_send_image(&app, input.clone(), &png(30, 30)).await;
        assert_eq!(again["data"]["sendMessage"]["id"], input["id"], "{door:?}: {again}");
        assert_eq!(get(&app, &before).await.0, 200);
    }
    // Failed requests have left nothing, or only objects that are due for deletion.
    app.clock.advance(Duration::from_secs(3_700));
    has_objects(&bucket, "images", 4).await;
}

#[tokio::test]
async fn while_the_bucket_is_known_to_be_away_images_are_refused_without_asking_it() {
    let bucket = Bucket::start().await;
    let app = start(&bucket.settings(true)).await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let before = ada.send_image(&app, &bob, &png(20, 20)).await;
    let input = || json!({ "to": { "userId": bob.id } });
    bucket.set(Door::Slow);
    assert_eq!(refusal(&ada.try_send_image(&app, input(), &png(30, 30)).await), "SERVICE_UNAVAILABLE");
    let asked = || bucket.requests(&[Method::PUT, Method::GET]);
    let asked_before = asked();

    let began = Instant::now();
    let file = png(30, 30);
    for image in join_all((0..10).map(|_| ada.try_send_image(&app, input(), &file))).await {
        assert_eq!(refusal(&image), "SERVICE_UNAVAILABLE");
    }
    assert_eq!(get(&app, &before).await.0, 503);
    let took = began.elapsed();

    assert_eq!(asked(), asked_before, "the bucket is asked by the check alone");
    assert!(took < parlour::limits::S3_READ, "{took:?}");
    bucket.set(Door::Open);
    is_noticed(&app).await;
    ada.send_image(&app, &bob, &file).await;
    assert_eq!(get(&app, &before).await.0, 200);
}

#[tokio::test]
async fn deletions_are_retried_when_the_bucket_is_back() {
    let bucket = Bucket::start().await;
    let mut app = start(&bucket.settings(true)).await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let sent = ada.send_image(&app, &bob, &png(20, 20)).await;

    bucket.set(Door::Broken);
    ada.ask("mutation($id: ID!) { deleteMessage(id: $id) { id } }", json!({ "id": sent["id"] })).await;
    assert_eq!(get(&app, &sent).await.0, 404, "it is gone for everybody at once");
    assert_eq!(bucket.objects("images").len(), 1);
    app.restart().await;
    bucket.set(Door::Open);
    app.clock.advance(Duration::from_secs(3_700));

    has_objects(&bucket, "images", 0).await;
}

#[tokio::test]
async fn a_wrong_key_is_detected() {
    let bucket = Bucket::start().await;
    let mut settings = bucket.settings(true);
    settings.retain(|(name, _)| *name != "AWS_SECRET_ACCESS_KEY");
    settings.push(("AWS_SECRET_ACCESS_KEY", "another secret".to_owned()));
    let app = start(&settings).await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let input = json!({ "to": { "userId": bob.id } });

    let refused = ada.try_send_image(&app, input, &png(20, 20)).await;

    assert_eq!(refusal(&refused), "SERVICE_UNAVAILABLE");
    assert!(!refused.to_string().contains("Signature"), "{refused}");
    assert_eq!(bucket.objects("images").len(), 0);
}
