//! A full disk while images are uploaded.

use serde_json::{Value, json};

use crate::images::pictures::{encoded, jpeg};
use crate::images::{new_id, send};
use crate::support::{Disk, Server, code, soon};

const ROOM_KIB: usize = 16_384;
const SLOT: &str = "mutation($size: Int!) {
    createImageUpload(input: { mimeType: \"image/jpeg\", byteSize: $size }) { id url } }";
const SEND: &str = "mutation($input: SendMessageInput!) { sendMessage(input: $input) { image { url } } }";

/// A picture that makes a large file: no two pixels are alike.
fn noise() -> Vec<u8> {
    let mut state = 1_u32;
    let pixels = image::RgbImage::from_fn(500, 500, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [red, green, blue, _] = state.to_be_bytes();
        image::Rgb([red, green, blue])
    });
    encoded(pixels, image::ImageFormat::Jpeg)
}

/// The status of a GET, or of a PUT with this body.
async fn status(server: &Server, url: &str, put: Option<&[u8]>) -> u16 {
    let url = url.replace("localhost", "127.0.0.1");
    let request = match put {
        None => server.http().get(url),
        Some(bytes) => server.http().put(url).header("content-type", "image/jpeg").body(bytes.to_vec()),
    };
    soon(request.send()).await.expect("an answer").status().as_u16()
}

/// Nothing is left of rejected uploads.
async fn is_tidy(disk: &Disk, images: usize) {
    soon(async {
        while (disk.files("tmp"), disk.files("images")) != (0, images) {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn images_are_rejected_on_a_full_disk_until_there_is_room() {
    let (mut server, disk) = Disk::under(&[("RATE_LIMITS", "off")], ROOM_KIB).await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let image =
        async |id: &str, file: &[u8]| -> Value { soon(send(&server, &ada, &bob, id, file)).await.expect("an answer") };
    let count = async || {
        ada.ask("{ conversations { nodes { lastSeq } } }", json!({})).await["conversations"]["nodes"][0]["lastSeq"]
            .take()
    };
    let (small, large) = (jpeg(40, 30), noise());
    let first = image(&new_id(), &small).await;
    let first = first["data"]["sendMessage"]["image"]["url"].as_str().expect("a URL").to_owned();
    let slot = ada.ask(SLOT, json!({ "size": small.len() })).await["createImageUpload"].take();
    let put = slot["url"].as_str().expect("a URL");

    // Not even the file fits.
    disk.fill();
    let refused = new_id();
    assert_eq!(code(&image(&refused, &small).await), "SERVICE_UNAVAILABLE");
    assert_eq!(status(&server, put, Some(&small)).await, 503);
    assert_eq!(code(&ada.execute(SLOT, json!({ "size": 100 })).await), "SERVICE_UNAVAILABLE");
    assert_eq!(status(&server, &first, None).await, 200);
    is_tidy(&disk, 1).await;
    assert_eq!(disk.files("inbox"), 0);
    server.says("an upload could not be written to its file").await;
    disk.make_room();
    server.gets_ready().await;

    // The file fits, and the re-encoded image does not.
    disk.leave(large.len() as u64 + 100 * 1024);
    assert_eq!(code(&image(&new_id(), &large).await), "SERVICE_UNAVAILABLE");
    assert_eq!(status(&server, &first, None).await, 200);
    is_tidy(&disk, 1).await;
    server.says("an image could not be written").await;
    assert_eq!(count().await, 1);
    disk.make_room();
    server.gets_ready().await;

    assert!(image(&refused, &small).await["data"]["sendMessage"].is_object());
    assert!(image(&new_id(), &large).await["data"]["sendMessage"].is_object());
    assert_eq!(status(&server, put, Some(&small)).await, 200);
    let input = json!({ "to": bob.as_recipient(), "image": { "uploadId": slot["id"] } });
    let sent = ada.ask(SEND, json!({ "input": input })).await;
    assert_eq!(status(&server, sent["sendMessage"]["image"]["url"].as_str().expect("a URL"), None).await, 200);
    assert_eq!(count().await, 4);
    is_tidy(&disk, 4).await;
    server.stop().await;
}
