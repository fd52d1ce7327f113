//! Hostile and damaged image files are rejected at once with a code, and leave nothing behind.

use image::{DynamicImage, ImageFormat};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::pictures::{
    boasting_jpeg, boasting_webp, chunk, empty_png, encoded, gif, jpeg, jpeg_of_scans, long_gif, png, png_with,
    quarters, with_a_hole, zeros,
};
use crate::support::{Person, TestApp, multipart, multipart_type, refusal, send_image, soon};

const GIGABYTE: usize = 1_000_000_000;
/// Colour type, bits and bytes per pixel.
const RGBA: (u8, u8, usize) = (6, 8, 4);
const RGBA16: (u8, u8, usize) = (6, 16, 8);

/// The code for sending an image to a friend.
async fn sent(app: &TestApp, ada: &Person, bob: &Person, file: &[u8]) -> String {
    refusal(&ada.try_send_image(app, json!({ "to": { "userId": bob.id } }), file).await)
}

/// Nothing new is stored.
async fn has_kept_nothing(app: &TestApp) {
    app.has_files("tmp", 0).await;
    assert_eq!((app.files("images").len(), app.files("inbox").len()), (0, 0));
}

#[tokio::test]
async fn a_decompression_bomb_is_rejected_by_its_header() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let packed = |kind: &[u8; 4], name: &[u8]| chunk(kind, &[name, b"\0\0", &zeros(GIGABYTE)].concat());
    for (name, file, code) in [
        ("many pixels", empty_png(10_000, 9_999, RGBA), "PAYLOAD_TOO_LARGE"),
        ("a long side", empty_png(10_001, 1, RGBA), "PAYLOAD_TOO_LARGE"),
        ("deep pixels", empty_png(5_600, 5_700, RGBA16), "PAYLOAD_TOO_LARGE"),
        ("a JPEG's head", boasting_jpeg(65_000, 8_000), "PAYLOAD_TOO_LARGE"),
        ("a WebP's head", boasting_webp(), "PAYLOAD_TOO_LARGE"),
        ("many frames", long_gif(3_000, 3_000, 400), "PAYLOAD_TOO_LARGE"),
        ("many small frames", long_gif(10, 10, 201), "PAYLOAD_TOO_LARGE"),
        ("a script that begins like a GIF", b"GIF89a/*\0\0\0\0\0\0*/=1;alert(1)".to_vec(), "UNSUPPORTED_IMAGE"),
        ("many scans", jpeg_of_scans(1_000), "UNSUPPORTED_IMAGE"),
    ] {
        assert_eq!(sent(&app, &ada, &bob, &file).await, code, "{name}: {} bytes", file.len());
    }
    has_kept_nothing(&app).await;
    // What is packed into a PNG beside the picture is not unpacked, and of a profile only as much as profiles have.
    for (name, extra) in [("text", packed(b"zTXt", b"Comment")), ("a profile", packed(b"iCCP", b"sRGB"))] {
        let answer = ada.send_image(&app, &bob, &png_with(20, 20, &extra)).await;
        assert_eq!(answer["image"]["width"], 20, "{name}");
        assert!(app.files("images").iter().all(|file| file.len() < 10_000), "{name}");
    }
}

#[tokio::test]
async fn the_largest_image_is_accepted() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    for (width, height) in [(10_000, 3_200), (1, 10_000)] {
        let answer = ada.send_image(&app, &bob, &empty_png(width, height, RGBA)).await;
        assert_eq!((&answer["image"]["width"], &answer["image"]["height"]), (&json!(width), &json!(height)));
    }
    ada.send_image(&app, &bob, &long_gif(10, 10, 200)).await;
}

#[tokio::test]
async fn other_files_are_rejected_whatever_their_name() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    for file in [
        b"".as_slice(),
        b"\0",
        b"hello",
        b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>",
        b"<?xml version=\"1.0\"?><svg/>",
        b"<!doctype html><script>alert(1)</script>",
        b"%PDF-1.7\n1 0 obj\n",
        b"PK\x03\x04",
        b"#!/bin/sh\n",
        b"\xFF\xD8\xFF",
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\x04\0\0\0WEBP",
        &encoded(quarters(8, 8), ImageFormat::Gif)[..6],
    ] {
        let shown = String::from_utf8_lossy(file);
        assert_eq!(sent(&app, &ada, &bob, file).await, "UNSUPPORTED_IMAGE", "{shown}");
        assert_eq!(refusal(&ada.try_set_picture(&app, file).await), "UNSUPPORTED_IMAGE", "{shown}");
    }
    // Unsupported formats, including those that the decoder knows.
    let bmp = [b"BM".as_slice(), &[0; 100]].concat();
    let tiff = [b"II*\0".as_slice(), &[0; 100]].concat();
    for file in [bmp, tiff] {
        assert_eq!(sent(&app, &ada, &bob, &file).await, "UNSUPPORTED_IMAGE");
    }
    has_kept_nothing(&app).await;
}

/// The end alone may be missing of some: see `images_tolerated.rs`.
fn without_end(mut file: Vec<u8>, bytes: usize) -> Vec<u8> {
    file.truncate(file.len() - bytes);
    file
}

#[tokio::test]
async fn a_truncated_file_is_rejected_wherever_it_ends() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    for (kind, file) in [
        ("JPEG", without_end(jpeg(60, 40), 2)),
        ("PNG", png(60, 40)),
        ("WebP", encoded(with_a_hole(60, 40), ImageFormat::WebP)),
        // One frame, without its end and the file's.
        ("GIF", without_end(gif(60, 40, 1), 3)),
    ] {
        let length = file.len();
        for kept in [length / 10, length / 4, length / 2, length * 3 / 4, length * 9 / 10, length - 2] {
            let code = sent(&app, &ada, &bob, &file[..kept]).await;
            assert_eq!(code, "UNSUPPORTED_IMAGE", "{kept} of {length} bytes of a {kind}");
        }
    }
    has_kept_nothing(&app).await;
}

#[tokio::test]
async fn a_corrupt_file_causes_no_failure() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let files = [jpeg(60, 40), png(60, 40), encoded(with_a_hole(60, 40), ImageFormat::WebP), gif(60, 40, 3)];
    // Random numbers with a fixed seed.
    let mut number = 1_u64;
    let mut random = |below: usize| {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(number >> 33).expect("31 bits") % below
    };
    for round in 0..200 {
        let mut file = files[round % files.len()].clone();
        for _ in 0..1 + random(4) {
            let place = random(file.len());
            file[place] = u8::try_from(random(256)).expect("a byte");
        }
        let answer = ada.try_send_image(&app, json!({ "to": { "userId": bob.id } }), &file).await;
        if answer.get("errors").is_some() {
            assert!(["UNSUPPORTED_IMAGE", "PAYLOAD_TOO_LARGE"].contains(&refusal(&answer).as_str()), "{answer}");
        }
    }
}

#[tokio::test]
async fn only_the_pixels_of_a_file_are_served() {
    const TAIL: &[u8] = b"PK\x03\x04 <script>alert('tail')</script> secret-behind-the-end";
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let text = chunk(b"tEXt", b"Comment\0secret-in-a-text");
    let hidden = [png_with(60, 40, &text), png(60, 40), jpeg(60, 40), gif(60, 40, 2)];
    let webp = encoded(with_a_hole(60, 40), ImageFormat::WebP);
    for file in hidden.into_iter().chain([webp]) {
        ada.send_image(&app, &bob, &[file.as_slice(), TAIL].concat()).await;
    }
    let stored = app.files("images");
    assert_eq!(stored.len(), 5);
    for file in stored {
        for trace in [b"secret".as_slice(), b"script", b"PK\x03\x04", b"tEXt"] {
            assert!(!file.windows(trace.len()).any(|part| part == trace), "{}", String::from_utf8_lossy(trace));
        }
    }
}

#[tokio::test]
async fn a_file_of_10_mib_is_accepted_and_one_more_byte_is_rejected() {
    const LARGEST: usize = 10 * 1024 * 1024;
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let small = png(10, 10);
    let padded = |bytes: usize| [small.as_slice(), &vec![0; bytes - small.len()]].concat();

    ada.send_image(&app, &bob, &padded(LARGEST)).await;
    assert_eq!(sent(&app, &ada, &bob, &padded(LARGEST + 1)).await, "PAYLOAD_TOO_LARGE");

    app.has_files("tmp", 0).await;
    assert_eq!(app.files("images").len(), 1);
}

#[tokio::test]
async fn a_file_name_is_ignored() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    for name in ["../../../etc/passwd", "..%2f..%2fx", "a\\\"b", "/", &"x".repeat(5_000)] {
        let input = json!({ "to": { "userId": bob.id }, "image": { "file": null } });
        let operations = json!({ "query": send_image(), "variables": { "input": input } });
        let body = multipart(&operations, "variables.input.image.file", &png(10, 10), name);
        let answer = ada.post_file(&app, body).await;
        assert_eq!(answer.get("errors"), None, "{name}: {answer}");
        assert!(!answer.to_string().contains("passwd"));
    }
    assert_eq!(app.files("images").len(), 5);
}

#[tokio::test]
async fn a_visitors_file_is_not_read() {
    let app = TestApp::start().await;
    let head = format!(
        "POST /graphql HTTP/1.1\r\nHost: localhost\r\nGraphQL-Require-Preflight: 1\r\nContent-Type: {}\r\n\
         Content-Length: 10000000\r\n\r\n",
        multipart_type()
    );
    let mut visitor = TcpStream::connect(app.address).await.expect("a connection");
    visitor.write_all(head.as_bytes()).await.expect("it is sent");
    // The answer comes before any byte of the body was sent.
    let mut answer = vec![0; 12];
    soon(tokio::io::AsyncReadExt::read_exact(&mut visitor, &mut answer)).await.expect("an answer");
    assert_eq!(answer, b"HTTP/1.1 401");
    has_kept_nothing(&app).await;
}

#[tokio::test]
async fn an_interrupted_upload_leaves_nothing() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let input = json!({ "to": { "userId": bob.id }, "image": { "file": null } });
    let operations = json!({ "query": send_image(), "variables": { "input": input } });
    let body = multipart(&operations, "variables.input.image.file", &png(600, 400), "x.png");
    for round in 0..100 {
        let head = format!(
            "POST /graphql HTTP/1.1\r\nHost: localhost\r\nGraphQL-Require-Preflight: 1\r\nContent-Type: {}\r\n\
             Authorization: Bearer {}\r\nContent-Length: {}\r\n\r\n",
            multipart_type(),
            ada.token,
            body.len()
        );
        let mut client = TcpStream::connect(app.address).await.expect("a connection");
        client.write_all(head.as_bytes()).await.expect("it is sent");
        client.write_all(&body[..body.len() * round / 100]).await.expect("it is sent");
    }
    has_kept_nothing(&app).await;
    let history = ada.ask("{ unread { messages } conversations { nodes { lastSeq } } }", json!({})).await;
    assert_eq!(history["conversations"]["nodes"][0]["lastSeq"], 1, "{history}");
    assert_ne!(
        ada.send_image(&app, &bob, &encoded(DynamicImage::from(quarters(9, 9)), ImageFormat::Png)).await,
        Value::Null
    );
}

/// Found by the fuzz target `image_decode`: an animated WebP whose frame and transparency disagree on their size. The
/// decoder panics on it (image-rs/image-webp, issue 182).
const DECODER_PANIC: &[u8] = include_bytes!("support/decoder_panic.webp");

#[tokio::test]
async fn a_panic_of_the_decoder_rejects_the_image_and_nothing_else() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    // More often than there are threads to decode.
    for _ in 0..5 {
        assert_eq!(sent(&app, &ada, &bob, DECODER_PANIC).await, "UNSUPPORTED_IMAGE");
    }
    has_kept_nothing(&app).await;
    assert_eq!(ada.send_image(&app, &bob, &png(20, 20)).await["image"]["width"], 20);
}
