//! Files that break the rules of their format and that browsers show: they are accepted, as far as they are whole.
//! `tests/clients/images-in-chromium.test.mjs` compares the pixels.

use image::GenericImageView;
use serde_json::{Value, json};

use crate::support::pictures::{chunk, gif, jpeg, jpeg_with, orientation, png_with, segment};
use crate::support::{Person, TestApp, refusal, soon};

/// What is kept of a file.
async fn kept(app: &TestApp, ada: &Person, bob: &Person, file: &[u8]) -> Vec<u8> {
    let sent = ada.send_image(app, bob, file).await;
    let url = sent["image"]["url"].as_str().expect("a URL");
    soon(soon(app.http().get(url).send()).await.expect("an answer").bytes()).await.expect("all of it").to_vec()
}

async fn refused(app: &TestApp, ada: &Person, bob: &Person, file: &[u8]) -> String {
    refusal(&ada.try_send_image(app, json!({ "to": { "userId": bob.id } }), file).await)
}

/// Whether two images have the same pixels, but for the rounding of two decoders.
fn are_alike(one: &[u8], other: &[u8]) -> bool {
    let [one, other] = [one, other].map(|file| image::load_from_memory(file).expect("an image").to_rgb8());
    let are_close = |(one, other): (&u8, &u8)| one.abs_diff(*other) <= 8;
    one.dimensions() == other.dimensions() && one.as_raw().iter().zip(other.as_raw()).all(are_close)
}

/// The size of a GIF, and of its frames the place, the size, and the colour of the first pixel.
fn frames(gif: &[u8]) -> Value {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    options.check_frame_consistency(true);
    let mut decoder = options.read_info(gif).expect("a GIF");
    let mut frames = vec![json!([decoder.width(), decoder.height()])];
    while let Some(frame) = decoder.read_next_frame().expect("a frame") {
        frames.push(json!([frame.left, frame.top, frame.width, frame.height, &frame.buffer[..3]]));
    }
    frames.into()
}

/// A GIF with this size, and frames of this place and size; each is of its own shade of grey.
fn gif_of(size: (u16, u16), palette: &[u8], frames: &[(u16, u16, u16, u16)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = gif::Encoder::new(&mut bytes, size.0, size.1, palette).expect("it can be encoded");
    for (shade, (left, top, width, height)) in (1..).zip(frames) {
        let pixels = vec![shade; usize::from(*width) * usize::from(*height)];
        let frame = gif::Frame::from_indexed_pixels(*width, *height, pixels, None);
        encoder.write_frame(&gif::Frame { left: *left, top: *top, ..frame }).expect("it can be encoded");
    }
    drop(encoder);
    bytes
}

const GREYS: [u8; 12] = [0, 0, 0, 10, 10, 10, 20, 20, 20, 30, 30, 30];

#[tokio::test]
async fn a_gif_keeps_the_frames_that_are_whole() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let three = gif(60, 40, 3);
    let whole = frames(&kept(&app, &ada, &bob, &three).await);
    assert_eq!(whole.as_array().map(Vec::len), Some(4));

    // The trailer, the end of the last frame, and half of it.
    assert_eq!(frames(&kept(&app, &ada, &bob, &three[..three.len() - 1]).await), whole, "no trailer");
    let two = json!(whole.as_array().expect("frames")[..3]);
    for cut in [10, 20, 30] {
        assert_eq!(frames(&kept(&app, &ada, &bob, &three[..three.len() - cut]).await), two, "without {cut} bytes");
    }
    // Something else behind the frames.
    let garbage = [&three[..three.len() - 1], b"\x99\x98 garbage".as_slice()].concat();
    assert_eq!(frames(&kept(&app, &ada, &bob, &garbage).await), whole, "garbage");
}

#[tokio::test]
async fn the_canvas_of_a_gif_is_the_one_of_browsers() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    for (name, file, expected) in [
        (
            "no size",
            gif_of((0, 0), &GREYS, &[(2, 2, 8, 6), (0, 0, 20, 20)]),
            json!([[10, 8], [2, 2, 8, 6, [10, 10, 10]], [0, 0, 10, 8, [20, 20, 20]]]),
        ),
        (
            "a larger first frame",
            gif_of((8, 8), &GREYS, &[(4, 4, 8, 8)]),
            json!([[12, 12], [4, 4, 8, 8, [10, 10, 10]]]),
        ),
        (
            "later frames partly and wholly outside",
            gif_of((8, 8), &GREYS, &[(0, 0, 8, 8), (4, 6, 8, 8), (9, 9, 2, 2)]),
            json!([[8, 8], [0, 0, 8, 8, [10, 10, 10]], [4, 6, 4, 2, [20, 20, 20]], [0, 0, 1, 1, [0, 0, 0]]]),
        ),
        (
            "no palette",
            without_palette(gif_of((8, 8), &GREYS, &[(0, 0, 8, 8)])),
            json!([[8, 8], [0, 0, 8, 8, [0, 0, 0]]]),
        ),
    ] {
        assert_eq!(frames(&kept(&app, &ada, &bob, &file).await), expected, "{name}");
    }
    // The limits hold for the canvas as it grows, and for each frame.
    for (name, size, frame) in [
        ("a first frame too far away", (8, 8), [(9_999, 0, 2, 2), (0, 0, 1, 1)]),
        ("a large first frame", (8, 8), [(0, 0, 6_000, 5_500), (0, 0, 1, 1)]),
        ("a large later frame", (8, 8), [(0, 0, 8, 8), (0, 0, 6_000, 5_500)]),
    ] {
        let file = gif_of(size, &GREYS, &frame);
        assert_eq!(refused(&app, &ada, &bob, &file).await, "PAYLOAD_TOO_LARGE", "{name}");
    }
}

/// Without the palette of four colours behind the header.
fn without_palette(mut file: Vec<u8>) -> Vec<u8> {
    file[10] &= 0x7F;
    file.drain(13..13 + GREYS.len());
    file
}

#[tokio::test]
async fn a_complete_jpeg_needs_no_end_marker() {
    const TRAILER: &[u8] = b"\0\0SEFH trailer of a phone, \xFF\x42 and its binary part \xFF\xE1";
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let file = jpeg(60, 40);
    let whole = kept(&app, &ada, &bob, &file).await;
    let open = &file[..file.len() - 2];
    let another = jpeg(16, 16);

    for (name, file) in [
        ("nothing", open.to_vec()),
        ("half a marker", file[..file.len() - 1].to_vec()),
        ("a trailer", [open, TRAILER].concat()),
        ("another image", [open, another.as_slice()].concat()),
        ("a trailer with another image", [open, b"\0\0SEFH", another.as_slice()].concat()),
    ] {
        assert!(are_alike(&kept(&app, &ada, &bob, &file).await, &whole), "{name}");
    }
    // Half an image does not become a whole one by what is behind it.
    for kept in [file.len() / 2, file.len() * 3 / 4, file.len() * 9 / 10] {
        for (name, tail) in [("nothing", b"".as_slice()), ("a trailer", TRAILER), ("another image", &another)] {
            let code = refused(&app, &ada, &bob, &[&file[..kept], tail].concat()).await;
            assert_eq!(code, "UNSUPPORTED_IMAGE", "{kept} of {} bytes and {name}", file.len());
        }
    }
}

#[tokio::test]
async fn of_several_orientations_the_first_counts() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let broken = segment(0xE1, b"Exif\0\0not EXIF");
    for (name, segments, size) in [
        ("sideways and upright", [orientation(6), orientation(1)].concat(), (40, 60)),
        ("upright and sideways", [orientation(1), orientation(6)].concat(), (60, 40)),
        ("unreadable and sideways", [broken, orientation(6)].concat(), (60, 40)),
    ] {
        let image = kept(&app, &ada, &bob, &jpeg_with(60, 40, &segments)).await;
        assert_eq!(image::load_from_memory(&image).expect("an image").dimensions(), size, "{name}");
    }
}

#[tokio::test]
async fn a_jpeg_without_whole_notes_on_its_colours_is_read_as_if_it_had_none() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let whole = kept(&app, &ada, &bob, &jpeg(60, 40)).await;
    let adobe = b"Adobe\0\x64\0\0\0\0";
    for (name, transform) in [("one byte short", [].as_slice()), ("an unknown transform", &[9])] {
        let file = jpeg_with(60, 40, &segment(0xEE, &[adobe, transform].concat()));
        assert_eq!(kept(&app, &ada, &bob, &file).await, whole, "{name}");
    }
}

#[tokio::test]
async fn broken_colours_of_a_png_are_ignored() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let whole = kept(&app, &ada, &bob, &png_with(60, 40, b"")).await;
    let gamma = |value: u32| chunk(b"gAMA", &value.to_be_bytes());
    let srgb = chunk(b"sRGB", b"\0");
    let primaries = |value: u32| chunk(b"cHRM", &value.to_be_bytes().repeat(8));
    let mut bad_checksum = gamma(100_000);
    *bad_checksum.last_mut().expect("a checksum") ^= 1;
    for (name, chunks) in [
        ("sRGB with another gamma", [srgb.clone(), gamma(100_000)].concat()),
        ("a gamma with a bad checksum", bad_checksum),
        ("no gamma", gamma(0)),
        ("primaries in one point", [gamma(100_000), primaries(31_270)].concat()),
        ("primaries of zeros", [gamma(100_000), primaries(0)].concat()),
        ("code points of nothing", chunk(b"cICP", &[2, 2, 0, 1])),
        ("unknown code points", chunk(b"cICP", &[200, 200, 0, 1])),
        ("a profile that is none", chunk(b"iCCP", b"x\0\0not packed")),
    ] {
        assert_eq!(kept(&app, &ada, &bob, &png_with(60, 40, &chunks)).await, whole, "{name}");
    }
}
