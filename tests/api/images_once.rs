//! An image is decoded once, after all other checks, and each decoding counts.

use std::time::Duration;

use parlour::clock::Timestamp;
use parlour::entity::image::{self, Format};
use parlour::id::{ImageId, MessageId, UserId};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use serde_json::{Value, json};

use crate::images_direct::{place, put, send, status};
use crate::support::pictures::png;
use crate::support::{Person, TestApp, code, multipart, refusal, send_image};

const GIBIBYTE: i64 = 1024 * 1024 * 1024;
const PICTURE: &str = "mutation($id: ID!) { updateProfile(input: { profilePic: { uploadId: $id } }) { id } }";

/// An upload slot that contains an image; its id.
async fn uploaded(app: &TestApp, person: &Person, file: &[u8]) -> Value {
    let mut place = place(person, "image/png", file.len()).await;
    assert_eq!(status(put(app, &place, file)).await, 200);
    place["id"].take()
}

/// How many more upload slots a person gets at once: the rest of the rate of images.
async fn left(person: &Person) -> usize {
    let upload = "mutation { createImageUpload(input: { mimeType: \"image/png\", byteSize: 9 }) { id } }";
    for left in 0.. {
        // One beyond the quota counts too.
        let answer = person.execute(upload, json!({})).await;
        if answer.get("errors").is_some() && code(&answer) == "RATE_LIMITED" {
            return left;
        }
    }
    unreachable!("a rate has an end")
}

/// Leaves a person so little quota that even a small image exceeds it, which is known only after it was encoded.
async fn fill_up(app: &TestApp, person: &Person) -> ImageId {
    let id = ImageId::new();
    let stored_bytes = GIBIBYTE - 2_000;
    let row = image::Model {
        id,
        owner_id: UserId::parse(&person.id).expect("an id"),
        format: Format::Png,
        width: 1,
        height: 1,
        byte_size: stored_bytes,
        stored_bytes,
        placeholder: None,
        parts: "[]".into(),
        created_at: Timestamp(0),
    };
    let row = row.into_active_model().reset_all();
    image::Entity::insert(row).exec_without_returning(&app.database().await).await.expect("it is written");
    id
}

#[tokio::test]
async fn a_rejected_message_does_not_decode_its_image_or_count() {
    let app = TestApp::limited().await;
    let (ada, bob, eve) = (app.user("Ada").await, app.user("Bob").await, app.user("Eve").await);
    let theirs = bob.send(&eve, "hello").await;
    ada.send(&bob, "hello").await;
    // The code for an invalid image shows that it was decoded.
    let upload = uploaded(&app, &ada, b"no image").await;

    for round in 0..75 {
        let (mut input, expected) = match round % 4 {
            0 => (json!({ "to": { "userId": bob.id }, "replyToId": MessageId::new().to_string() }), "NOT_FOUND"),
            1 => (json!({ "to": { "userId": bob.id }, "replyToId": theirs["id"] }), "NOT_FOUND"),
            2 => (json!({ "to": { "conversationId": theirs["conversationId"] } }), "NOT_FOUND"),
            _ => (json!({ "to": { "userId": bob.id }, "id": theirs["id"] }), "BAD_USER_INPUT at id"),
        };
        input["image"] = json!({ "uploadId": upload });
        assert_eq!(refusal(&ada.execute(&send_image(), json!({ "input": input })).await), expected);
        app.clock.advance(Duration::from_millis(200));
    }

    let long = json!({ "to": { "userId": bob.id }, "text": "x".repeat(4_001), "image": { "uploadId": upload } });
    assert_eq!(refusal(&ada.execute(&send_image(), json!({ "input": long })).await), "BAD_USER_INPUT at text");
    assert_eq!(refusal(&send(&ada, &bob, &upload).await), "UNSUPPORTED_IMAGE", "it was there all the time");
    assert_eq!(app.files("images").len(), 0);
    // Fifteen seconds have passed, in which one more was allowed.
    assert_eq!(left(&ada).await, 10);
}

#[tokio::test]
async fn an_upload_whose_change_fails_is_decoded_once() {
    let app = TestApp::limited().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let upload = uploaded(&app, &ada, &png(600, 400)).await;
    let filler = fill_up(&app, &ada).await;

    for _ in 0..5 {
        assert_eq!(refusal(&send(&ada, &bob, &upload).await), "PAYLOAD_TOO_LARGE");
        assert_eq!(ada.refused(PICTURE, json!({ "id": upload })).await, "PAYLOAD_TOO_LARGE");
    }

    // One object, and none for the other tries.
    assert_eq!(app.files("images").len(), 1);
    image::Entity::delete_by_id(filler).exec(&app.database().await).await.expect("there is room again");
    assert!(left(&ada).await >= 9, "the place had paid for it");
    let sent = send(&ada, &bob, &upload).await;
    assert_eq!(sent.get("errors"), None, "{sent}");
    assert_eq!(app.files("images").len(), 1);
    let url = sent["data"]["sendMessage"]["image"]["url"].as_str().expect("a URL");
    assert_eq!(status(app.http().get(url)).await, 200);
    assert_eq!(refusal(&send(&ada, &bob, &upload).await), "BAD_USER_INPUT at image.uploadId");
    app.clock.advance(Duration::from_secs(3 * 3600));
    app.has_files("inbox", 0).await;
    assert_eq!(app.files("images").len(), 1, "what a message points to stays");
}

#[tokio::test]
async fn a_decoded_upload_expires_after_two_minutes_and_then_counts_again() {
    let app = TestApp::limited().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let upload = uploaded(&app, &ada, &png(600, 400)).await;
    fill_up(&app, &ada).await;
    assert_eq!(refusal(&send(&ada, &bob, &upload).await), "PAYLOAD_TOO_LARGE");
    assert_eq!(app.files("images").len(), 1);

    // On a slow machine one more may be allowed between the two requests.
    let mut codes = Vec::new();
    while codes.len() < 5 && !codes.contains(&"RATE_LIMITED".to_owned()) {
        app.clock.advance(Duration::from_secs(121));
        app.has_files("images", 0).await;
        left(&ada).await;
        codes.push(refusal(&send(&ada, &bob, &upload).await));
    }
    assert_eq!(codes.last().map(String::as_str), Some("RATE_LIMITED"), "{codes:?}");
    app.clock.advance(Duration::from_secs(6));
    assert_eq!(refusal(&send(&ada, &bob, &upload).await), "PAYLOAD_TOO_LARGE", "it is decoded again");
    assert_eq!(app.files("images").len(), 1);
}

#[tokio::test]
async fn concurrent_messages_with_one_upload_decode_it_once() {
    let app = TestApp::limited().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let upload = uploaded(&app, &ada, &png(300, 200)).await;

    let sends = futures_util::future::join_all((0..9).map(|_| send(&ada, &bob, &upload))).await;

    assert_eq!(sends.iter().filter(|sent| sent.get("errors").is_none()).count(), 1, "{sends:?}");
    let refused: Vec<String> = sends.iter().filter(|sent| sent.get("errors").is_some()).map(refusal).collect();
    assert!(refused.iter().all(|code| code == "BAD_USER_INPUT at image.uploadId"), "{refused:?}");
    assert_eq!(app.files("images").len(), 1);
    assert!(left(&ada).await >= 9);
}

#[tokio::test]
async fn a_file_that_becomes_several_images_costs_as_many() {
    let app = TestApp::limited().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let sends = |count: usize| {
        let send = |n: usize| {
            format!(
                "m{n}: sendMessage(input: {{ to: {{ userId: \"{}\" }}, image: {{ file: $file }} }}) {{ id }}",
                bob.id
            )
        };
        let fields: Vec<String> = (0..count).map(send).collect();
        format!("mutation($file: Upload) {{ {} }}", fields.join(" "))
    };
    let operations = json!({ "query": sends(12), "variables": { "file": null } });

    let answer = ada.post_file(&app, multipart(&operations, "variables.file", &png(20, 20), "x.png")).await;

    // One came with the request, and nine more are allowed at once.
    let codes: Vec<&str> = answer["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|error| error["extensions"]["code"].as_str().expect("a code"))
        .collect();
    assert!(!codes.is_empty() && codes.iter().all(|code| *code == "RATE_LIMITED"), "{answer}");
    assert!((9..=11).contains(&app.files("images").len()), "{}", app.files("images").len());
}
