//! How long images are stored: until nothing references them.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

use parlour::id::{MessageId, UserId};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, PaginatorTrait};
use serde_json::{Value, json};

use crate::support::pictures::{jpeg, png};
use crate::support::{PASSWORD, Person, TestApp, is_postgres, refusal, send_image, soon};
use parlour::clock::Timestamp;
use parlour::entity::image::{self, Format};
use parlour::entity::{image_deletion, message};
use parlour::id::ImageId;

async fn status(app: &TestApp, message: &Value) -> u16 {
    let url = message["image"]["url"].as_str().expect("a URL");
    soon(app.http().get(url).send()).await.expect("an answer").status().as_u16()
}

async fn delete(person: &Person, message: &Value) -> Value {
    let query = "mutation($id: ID!) { deleteMessage(id: $id) { text image { id } version deletedAt } }";
    person.ask(query, json!({ "id": message["id"] })).await["deleteMessage"].take()
}

/// A row for an image of a person, without an object in storage.
fn row(owner: &Person, stored_bytes: i64) -> image::Model {
    image::Model {
        id: ImageId::new(),
        owner_id: UserId::parse(&owner.id).expect("an id"),
        format: Format::Png,
        width: 1,
        height: 1,
        byte_size: stored_bytes,
        stored_bytes,
        placeholder: None,
        parts: "[]".into(),
        created_at: Timestamp(0),
    }
}

async fn insert(app: &TestApp, rows: Vec<image::Model>) {
    let database = app.database().await;
    for rows in rows.chunks(1_000) {
        let rows = rows.iter().map(|row| row.clone().into_active_model().reset_all());
        image::Entity::insert_many(rows).exec_without_returning(&database).await.expect("they are written");
    }
}

#[tokio::test]
async fn deleting_a_message_deletes_its_image() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let sent = ada.send_image(&app, &bob, &jpeg(300, 200)).await;
    let other = ada.send_image(&app, &bob, &png(30, 20)).await;
    assert_eq!((status(&app, &sent).await, app.files("images").len()), (200, 2));

    let tombstone = delete(&ada, &sent).await;

    assert_eq!((&tombstone["image"], &tombstone["version"]), (&Value::Null, &json!(2)));
    assert!(tombstone["deletedAt"].is_string());
    assert_eq!(status(&app, &sent).await, 404);
    app.has_files("images", 1).await;
    assert_eq!(status(&app, &other).await, 200);
    assert_eq!(delete(&ada, &sent).await, tombstone);
    let theirs =
        bob.execute("mutation($id: ID!) { deleteMessage(id: $id) { id } }", json!({ "id": other["id"] })).await;
    assert_eq!(refusal(&theirs), "FORBIDDEN");
    assert_eq!(status(&app, &other).await, 200);
    let database = app.database().await;
    soon(async { while image_deletion::Entity::find().count(&database).await.expect("a count") > 0 {} }).await;
    assert_eq!(image::Entity::find().count(&database).await.expect("a count"), 1);
}

#[tokio::test]
async fn replacing_a_picture_deletes_its_image() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    ada.try_set_picture(&app, &png(20, 20)).await;
    ada.try_set_picture(&app, &png(30, 30)).await;
    app.has_files("images", 1).await;
    ada.ask("mutation { updateProfile(input: { profilePic: null }) { id } }", json!({})).await;
    app.has_files("images", 0).await;
}

#[tokio::test]
async fn a_retry_stores_nothing_and_returns_the_first_image() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let input = json!({ "id": MessageId::new().to_string(), "to": { "userId": bob.id } });
    let first = ada.try_send_image(&app, input.clone(), &png(20, 20)).await;
    assert_eq!(first.get("errors"), None, "{first}");

    let again = ada.try_send_image(&app, input.clone(), &png(30, 30)).await;
    let junk = ada.try_send_image(&app, input.clone(), b"not even an image").await;
    let without = ada.execute(&send_image(), json!({ "input": input })).await;

    assert_eq!((&again, &junk, &without), (&first, &first, &first));
    assert_eq!((app.files("images").len(), app.files("tmp").len()), (1, 0));
}

#[tokio::test]
async fn concurrent_retries_store_one_image() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let input = json!({ "id": MessageId::new().to_string(), "to": { "userId": bob.id } });
    let send = async |side: u32| ada.try_send_image(&app, input.clone(), &png(side, side)).await;

    let answers = futures_util::future::join_all((10..20).map(send)).await;

    assert!(answers.iter().all(|answer| answer == &answers[0] && answer.get("errors").is_none()), "{answers:?}");
    app.has_files("images", 1).await;
    assert_eq!(status(&app, &answers[0]["data"]["sendMessage"]).await, 200);
}

#[tokio::test]
async fn a_rejected_message_stores_no_image() {
    let app = TestApp::start().await;
    let (ada, bob, eve) = (app.user("Ada").await, app.user("Bob").await, app.user("Eve").await);
    let sent = ada.send(&bob, "hello").await;
    let to = |place: Value| json!({ "to": place });
    let file = png(20, 20);

    for input in [
        to(json!({ "conversationId": sent["conversationId"] })),
        to(json!({ "userId": UserId::new().to_string() })),
        json!({ "to": { "userId": bob.id }, "replyToId": sent["id"] }),
    ] {
        let answer = eve.try_send_image(&app, input.clone(), &file).await;
        assert_eq!(refusal(&answer), "NOT_FOUND", "{input}");
    }

    assert_eq!(
        refusal(&eve.try_send_image(&app, to(json!({ "userId": eve.id })), &file).await),
        "BAD_USER_INPUT at to.userId"
    );
    app.has_files("images", 0).await;
    app.has_files("tmp", 0).await;
    // Failed requests have left nothing in storage.
    eve.send(&bob, "hello").await;
}

#[tokio::test]
async fn a_person_has_10_000_images_and_a_gibibyte() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let file = png(20, 20);
    let upload = "mutation { createImageUpload(input: { mimeType: \"image/png\", byteSize: 1000 }) { id } }";
    insert(&app, (1..10_000).map(|_| row(&ada, 1)).collect()).await;
    let last = ada.send_image(&app, &bob, &file).await;

    let input = || json!({ "to": { "userId": bob.id } });
    assert_eq!(refusal(&ada.try_send_image(&app, input(), &file).await), "PAYLOAD_TOO_LARGE");
    assert_eq!(refusal(&ada.try_set_picture(&app, &file).await), "PAYLOAD_TOO_LARGE");
    assert_eq!(ada.refused(upload, json!({})).await, "PAYLOAD_TOO_LARGE");
    ada.send(&bob, "words are free").await;
    delete(&ada, &last).await;
    ada.send_image(&app, &bob, &file).await;

    insert(&app, vec![row(&bob, 1024 * 1024 * 1024 - 500)]).await;
    assert_eq!(bob.refused(upload, json!({})).await, "PAYLOAD_TOO_LARGE");
    let full = bob.try_send_image(&app, json!({ "to": { "userId": ada.id } }), &jpeg(300, 300)).await;
    assert_eq!(refusal(&full), "PAYLOAD_TOO_LARGE");
    app.has_files("images", 1).await;
}

#[tokio::test]
async fn images_have_a_burst_of_ten_and_one_per_six_seconds() {
    let app = TestApp::limited().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let input = || json!({ "to": { "userId": bob.id } });
    for _ in 0..9 {
        // A file that is not an image costs as much.
        assert_eq!(refusal(&ada.try_send_image(&app, input(), b"hello").await), "UNSUPPORTED_IMAGE");
    }
    let upload = "mutation { createImageUpload(input: { mimeType: \"image/png\", byteSize: 1000 }) { id } }";
    ada.ask(upload, json!({})).await;

    let refused = ada.try_send_image(&app, input(), &png(9, 9)).await;

    assert_eq!(refusal(&refused), "RATE_LIMITED");
    assert!(refused["errors"][0]["extensions"]["retryAfterMs"].as_u64().is_some_and(|wait| wait <= 6_000), "{refused}");
    assert_eq!(ada.refused(upload, json!({})).await, "RATE_LIMITED");
    ada.send(&bob, "words go on").await;
    app.clock.advance(Duration::from_secs(6));
    ada.send_image(&app, &bob, &png(9, 9)).await;
}

#[tokio::test]
async fn image_files_are_readable_by_the_server_only() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    ada.send_image(&app, &bob, &png(20, 20)).await;
    let mut folders = vec![app.folder().join("images"), app.folder().join("tmp")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        assert_eq!(std::fs::metadata(&folder).expect("a folder").permissions().mode() & 0o777, 0o700, "{folder:?}");
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                assert_eq!(entry.metadata().expect("a file").permissions().mode() & 0o777, 0o600);
                files += 1;
            }
        }
    }
    // The image, and on PostgreSQL what nodes know their common folder by.
    assert_eq!(files, 1 + usize::from(is_postgres()));
}

#[tokio::test]
async fn leftovers_of_a_crash_are_deleted() {
    let mut app = TestApp::start().await;
    app.stop().await;
    let old = app.folder().join("tmp").join("0b1b1f34-5b8f-4f8e-9d3b-0e0e6f3f3a11");
    let new = app.folder().join("tmp").join("1b1b1f34-5b8f-4f8e-9d3b-0e0e6f3f3a11");
    for (path, age) in [(&old, 3_700), (&new, 60)] {
        let file = std::fs::File::create(path).expect("a file");
        file.set_modified(SystemTime::now() - Duration::from_secs(age)).expect("an age");
    }

    app.restart().await;

    app.has_files("tmp", 1).await;
    assert!(new.exists(), "another process may be writing it");
}

#[tokio::test]
async fn an_object_without_a_message_is_deleted_after_an_hour() {
    let mut app = TestApp::start().await;
    app.user("Ada").await;
    // As if the process was killed between storing an image and writing its message.
    app.stop().await;
    let id = ImageId::new().to_string();
    let folder = app.folder().join("images").join(&id[34..]);
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join(&id), b"bytes").expect("a file");
    let due_at = app.clock.now() + Duration::from_secs(3_600);
    let row = image_deletion::Model { key: format!("images/{id}"), due_at, tries: 0 };
    let database = app.database().await;
    image_deletion::Entity::insert(row.into_active_model().reset_all())
        .exec_without_returning(&database)
        .await
        .expect("it is written");
    app.restart().await;
    assert_eq!(app.files("images").len(), 1);

    app.clock.advance(Duration::from_secs(3_601));

    app.has_files("images", 0).await;
}

#[tokio::test]
async fn a_message_deleted_by_the_previous_version_shows_no_image() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let sent = ada.send_image(&app, &bob, &png(20, 20)).await;
    let database = app.database().await;
    let id = MessageId::parse(sent["id"].as_str().expect("an id")).expect("an id");
    // That version does not know the column.
    let mut row =
        message::Entity::find_by_id(id).one(&database).await.expect("a row").expect("a row").into_active_model();
    row.deleted_at = sea_orm::Set(Some(Timestamp(1)));
    row.update(&database).await.expect("it is written");

    let seen = bob.ask("query($id: ID!) { message(id: $id) { image { id } } }", json!({ "id": sent["id"] })).await;
    assert_eq!(seen["message"], json!({ "image": null }));
}

#[tokio::test]
async fn an_erasure_takes_all_images_of_a_person_and_no_others() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let hers = [ada.send_image(&app, &bob, &png(20, 20)).await, ada.send_image(&app, &bob, &png(30, 30)).await];
    ada.try_set_picture(&app, &png(40, 40)).await;
    let his = bob.send_image(&app, &ada, &png(50, 50)).await;
    assert_eq!(app.files("images").len(), 4);

    let leave = "mutation($password: String!) { deleteAccount(password: $password) }";
    ada.ask(leave, json!({ "password": PASSWORD })).await;

    for message in &hers {
        assert_eq!(status(&app, message).await, 404);
        let seen =
            bob.ask("query($id: ID!) { message(id: $id) { image { id } } }", json!({ "id": message["id"] })).await;
        assert_eq!(seen["message"], json!({ "image": null }));
    }
    let seen = bob.ask("query($id: ID!) { user(id: $id) { profilePic { id } } }", json!({ "id": ada.id })).await;
    assert_eq!(seen["user"], json!({ "profilePic": null }));
    app.clock.advance(Duration::from_secs(16));
    app.has_files("images", 1).await;
    assert_eq!(status(&app, &his).await, 200);
}
