//! Images in messages and as profile pictures.

use image::{GenericImageView, ImageFormat};
use serde_json::{Value, json};

use crate::support::pictures::{self, encoded, gif, jpeg, png, quarters, with_a_hole};
use crate::support::{Person, TestApp, code, refusal, soon};

/// The type and the bytes at the URL of an image or a thumbnail.
async fn fetch(app: &TestApp, url: &Value) -> (String, Vec<u8>) {
    let url = url.as_str().expect("a URL");
    let answer = soon(app.http().get(url).send()).await.expect("an answer");
    assert_eq!(answer.status(), 200, "{url}");
    let mime = answer.headers()["content-type"].to_str().expect("text").to_owned();
    (mime, soon(answer.bytes()).await.expect("all of it").to_vec())
}

async fn url(person: &Person, message: &Value, max_width: u32) -> Value {
    let query = "query($id: ID!, $width: Int) { message(id: $id) { image { url(maxWidth: $width) } } }";
    let answer = person.ask(query, json!({ "id": message["id"], "width": max_width })).await;
    answer["message"]["image"]["url"].clone()
}

/// Whether two pictures look alike: few pixels differ much.
fn look_alike(one: &[u8], other: &image::RgbImage) -> bool {
    let one = image::load_from_memory(one).expect("an image").to_rgb8();
    let distance = |(a, b): (&u8, &u8)| a.abs_diff(*b) > 40;
    let far = one.as_raw().iter().zip(other.as_raw()).filter(|pair| distance(*pair)).count();
    // The edges of the quarters are blurred.
    one.dimensions() == other.dimensions() && far * 20 < one.as_raw().len()
}

#[tokio::test]
async fn both_people_see_the_image_of_a_message_at_once() {
    let app = TestApp::start().await;
    let (ada, bob, eve) = (app.user("Ada").await, app.user("Bob").await, app.user("Eve").await);
    let mut at_bob =
        bob.subscribe("subscription { messageAdded { text image { url width height placeholder } } }", json!({})).await;

    let sent = ada.send_image(&app, &bob, &jpeg(1_000, 500)).await;

    let image = &sent["image"];
    assert_eq!((&sent["text"], &sent["version"], &sent["seq"]), (&Value::Null, &json!(1), &json!(1)));
    assert_eq!((&image["width"], &image["height"]), (&json!(1_000), &json!(500)));
    assert_eq!(image["mimeType"], "image/jpeg");
    assert!(image["placeholder"].as_str().is_some_and(|hash| (20..50).contains(&hash.len())), "{image}");
    let received = at_bob.next_data("1").await["messageAdded"].take();
    assert_eq!(received["image"]["url"], image["url"]);
    let (mime, bytes) = fetch(&app, &image["url"]).await;
    assert_eq!((mime.as_str(), json!(bytes.len())), ("image/jpeg", image["byteSize"].clone()));
    assert!(look_alike(&bytes, &quarters(1_000, 500)));
    let seen = eve.ask("query($id: ID!) { message(id: $id) { image { url } } }", json!({ "id": sent["id"] })).await;
    assert_eq!(seen, json!({ "message": null }));
}

#[tokio::test]
async fn an_image_may_have_a_text_which_can_be_removed() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let input = json!({ "to": { "userId": bob.id }, "text": " look! " });
    let mut answer = ada.try_send_image(&app, input, &png(10, 10)).await;
    let sent = answer["data"]["sendMessage"].take();
    assert_eq!(sent["text"], " look!", "{answer}");

    let edit = "mutation($id: ID!, $text: String!) { editMessage(id: $id, text: $text) {
        text version image { id } } }";
    let edited = ada.ask(edit, json!({ "id": sent["id"], "text": " \n" })).await["editMessage"].take();

    assert_eq!(edited, json!({ "text": null, "version": 2, "image": { "id": sent["image"]["id"] } }));
    let again = ada.ask(edit, json!({ "id": sent["id"], "text": "" })).await;
    assert_eq!(again["editMessage"]["version"], 2);
    let text = ada.send(&bob, "only words").await;
    assert_eq!(refusal(&ada.execute(edit, json!({ "id": text["id"], "text": "" })).await), "BAD_USER_INPUT at text");
    let neither = ada.execute(&crate::support::send_image(), json!({ "input": { "to": { "userId": bob.id } } })).await;
    assert_eq!(refusal(&neither), "BAD_USER_INPUT at text");
}

#[tokio::test]
async fn each_format_is_accepted_and_re_encoded_suitably() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let picture = || quarters(300, 200);
    for (file, kept) in [
        (jpeg(300, 200), "image/jpeg"),
        (encoded(picture(), ImageFormat::Png), "image/png"),
        (encoded(picture(), ImageFormat::WebP), "image/jpeg"),
        (encoded(with_a_hole(300, 200), ImageFormat::WebP), "image/png"),
        (encoded(with_a_hole(300, 200), ImageFormat::Png), "image/png"),
        (encoded(image::DynamicImage::from(picture()).to_luma8(), ImageFormat::Jpeg), "image/jpeg"),
        (encoded(image::DynamicImage::from(picture()).to_rgb16(), ImageFormat::Png), "image/png"),
        (gif(300, 200, 3), "image/gif"),
    ] {
        let sent = ada.send_image(&app, &bob, &file).await;
        let (mime, bytes) = fetch(&app, &sent["image"]["url"]).await;
        assert_eq!((sent["image"]["mimeType"].as_str(), mime.as_str()), (Some(kept), kept));
        let image = image::load_from_memory(&bytes).expect("an image");
        assert_eq!(image.dimensions(), (300, 200), "{kept}");
        if kept == "image/png" && image.color().has_alpha() {
            assert_eq!(image.get_pixel(150, 100).0[3], 0, "the hole is still there");
        }
    }
}

#[tokio::test]
async fn an_animation_keeps_its_frames_and_delays() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;

    let sent = ada.send_image(&app, &bob, &gif(200, 100, 5)).await;

    let (_, bytes) = fetch(&app, &sent["image"]["url"]).await;
    let mut frames = gif::DecodeOptions::new().read_info(bytes.as_slice()).expect("a GIF");
    let mut seen = Vec::new();
    while let Some(frame) = frames.read_next_frame().expect("a frame") {
        seen.push((frame.delay, frame.buffer[0]));
    }
    assert_eq!(seen, (0..5).map(|shade| (7, shade)).collect::<Vec<_>>());
    assert!(matches!(frames.repeat(), gif::Repeat::Infinite));
    let (mime, still) = fetch(&app, &url(&ada, &sent, 90).await).await;
    assert_eq!(mime, "image/jpeg");
    assert_eq!(image::load_from_memory(&still).expect("an image").dimensions(), (96, 48));
}

#[tokio::test]
async fn a_width_selects_the_next_larger_of_five_thumbnails() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let sent = ada.send_image(&app, &bob, &jpeg(1_200, 600)).await;

    for (asked, given) in [(1, 96), (96, 96), (97, 240), (480, 480), (481, 960), (961, 1_200), (i32::MAX, 1_200)] {
        let url = url(&ada, &sent, u32::try_from(asked).expect("positive")).await;
        let (_, bytes) = fetch(&app, &url).await;
        assert_eq!(image::load_from_memory(&bytes).expect("an image").dimensions(), (given, given / 2), "{asked}");
        assert!(look_alike(&bytes, &quarters(given, given / 2)), "{asked}");
    }
    let small = fetch(&app, &url(&ada, &sent, 96).await).await.1.len();
    assert!(small < 4_000, "a small one has {small} bytes");
    let query = "query($id: ID!, $width: Int) { message(id: $id) { image { url(maxWidth: $width) } } }";
    let none = ada.execute(query, json!({ "id": sent["id"], "width": 0 })).await;
    assert_eq!(refusal(&none), "BAD_USER_INPUT at maxWidth");
}

#[tokio::test]
async fn an_image_is_rotated_upright() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    // Where the red quarter, the first one in the file, must be after rotation.
    for (orientation, size, red) in [
        (1, (80, 40), (10, 10)),
        (2, (80, 40), (70, 10)),
        (3, (80, 40), (70, 30)),
        (4, (80, 40), (10, 30)),
        (5, (40, 80), (10, 10)),
        (6, (40, 80), (30, 10)),
        (7, (40, 80), (30, 70)),
        (8, (40, 80), (10, 70)),
    ] {
        let file = pictures::jpeg_with(80, 40, &pictures::orientation(orientation));
        let sent = ada.send_image(&app, &bob, &file).await;
        let (_, bytes) = fetch(&app, &sent["image"]["url"]).await;
        let image = image::load_from_memory(&bytes).expect("an image");
        assert_eq!(image.dimensions(), size, "{orientation}");
        let [r, g, b, _] = image.get_pixel(red.0, red.1).0;
        assert!(r > 180 && g < 80 && b < 80, "{orientation}: {:?}", (r, g, b));
    }
}

#[tokio::test]
async fn setting_changing_and_removing_a_picture_notifies_contacts() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let mut at_bob = bob
        .subscribe(
            "subscription { events { ... on UserChanged { user { profilePic { width } } } __typename } }",
            json!({}),
        )
        .await;
    assert_eq!(at_bob.next_data("1").await["events"]["__typename"], "CaughtUp");
    let picture = json!({ "id": ada.id });
    let seen =
        async || bob.ask("query($id: ID!) { user(id: $id) { profilePic { width url } } }", picture.clone()).await;
    assert_eq!(seen().await["user"]["profilePic"], Value::Null);

    let first = ada.try_set_picture(&app, &png(20, 20)).await;
    assert_eq!(first["data"]["updateProfile"]["profilePic"]["width"], 20, "{first}");
    assert_eq!(at_bob.next_data("1").await["events"]["user"]["profilePic"]["width"], 20);
    let old = seen().await["user"]["profilePic"]["url"].take();
    ada.try_set_picture(&app, &png(30, 30)).await;
    assert_eq!(at_bob.next_data("1").await["events"]["user"]["profilePic"]["width"], 30);
    let remove = "mutation { updateProfile(input: { profilePic: null }) { profilePic { id } fullName } }";
    let removed = ada.ask(remove, json!({})).await;

    assert_eq!(removed["updateProfile"], json!({ "profilePic": null, "fullName": "Ada" }));
    assert_eq!(at_bob.next_data("1").await["events"]["user"]["profilePic"], Value::Null);
    assert_eq!(seen().await["user"]["profilePic"], Value::Null);
    let gone = app.http().get(old.as_str().expect("a URL")).send().await.expect("an answer");
    assert_eq!(gone.status(), 404);
    ada.ask(remove, json!({})).await;
    at_bob.stays_silent().await;
    ada.ask(r#"mutation { updateProfile(input: { fullName: "Augusta" }) { id } }"#, json!({})).await;
    assert_eq!(at_bob.next_data("1").await["events"]["__typename"], "UserChanged");
}

#[tokio::test]
async fn a_file_must_be_part_of_the_request() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let input = |image: Value| json!({ "input": { "to": { "userId": bob.id }, "image": image } });
    for file in ["x", "#__graphql_file__:0", "#__graphql_file__:7", "#__graphql_file__:x"] {
        let answer = ada.execute(&crate::support::send_image(), input(json!({ "file": file }))).await;
        assert!(["BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"].contains(&code(&answer)), "{file}: {answer}");
    }
    for image in [json!({}), json!({ "file": null }), json!({ "uploadId": null, "file": null })] {
        let answer = ada.execute(&crate::support::send_image(), input(image.clone())).await;
        assert!(["BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"].contains(&code(&answer)), "{image}: {answer}");
    }
}
