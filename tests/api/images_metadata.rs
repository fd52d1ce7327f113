//! Metadata of the camera is removed, as exiftool confirms.

use std::process::Command;

use image::ImageFormat;
use serde_json::{Value, json};

use crate::support::pictures::{encoded, jpeg, png, with_a_hole};
use crate::support::{Person, TestApp, soon};

/// The metadata that cameras and editors write.
const NOTES: [&str; 16] = [
    "-GPSLatitude=52.5163",
    "-GPSLatitudeRef=N",
    "-GPSLongitude=13.3777",
    "-GPSLongitudeRef=E",
    "-Make=Leica",
    "-Model=M11",
    "-SerialNumber=5551234",
    "-DateTimeOriginal=2026:07:01 12:00:00",
    "-Artist=Ada Lovelace",
    "-Copyright=secret-copyright",
    "-UserComment=secret-comment",
    "-XMP-dc:Description=secret-description",
    "-XMP-xmp:CreatorTool=secret-tool",
    "-IPTC:Keywords=secret-keyword",
    "-Comment=secret-note",
    "-Orientation#=6",
];
/// Tags that exiftool reports for every file.
const HARMLESS: [&str; 3] = ["File", "ExifTool", "Composite"];

fn exiftool(arguments: &[&str]) -> String {
    let ran = Command::new("exiftool").args(arguments).output();
    let ran = ran.expect("exiftool is there: scripts/test installs it (Debian: libimage-exiftool-perl)");
    assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).expect("UTF-8")
}

/// The metadata of a file, by group.
fn notes(file: &[u8], name: &str, app: &TestApp) -> Value {
    let path = app.folder().join(name);
    std::fs::write(&path, file).expect("a file");
    let found = exiftool(&["-j", "-G0", "-a", "-u", &path.display().to_string()]);
    serde_json::from_str::<Value>(&found).expect("JSON")[0].take()
}

/// A file as a camera would write it, with a thumbnail if its format allows one.
fn from_a_camera(app: &TestApp, file: &[u8], extension: &str) -> Vec<u8> {
    let path = app.folder().join(format!("camera.{extension}"));
    std::fs::write(&path, file).expect("a file");
    let thumbnail = app.folder().join("thumbnail.jpg");
    std::fs::write(&thumbnail, jpeg(16, 16)).expect("a file");
    let thumbnail = format!("-ThumbnailImage<={}", thumbnail.display());
    let path = path.display().to_string();
    let mut arguments = vec!["-q", "-m", "-overwrite_original"];
    arguments.extend(NOTES);
    if extension == "jpg" {
        arguments.push(&thumbnail);
    }
    exiftool(&[arguments, vec![path.as_str()]].concat());
    std::fs::read(path).expect("a file")
}

async fn fetched(app: &TestApp, person: &Person, message: &Value, width: Option<u32>) -> Vec<u8> {
    let query = "query($id: ID!, $width: Int) { message(id: $id) { image { url(maxWidth: $width) } } }";
    let answer = person.ask(query, json!({ "id": message["id"], "width": width })).await;
    let url = answer["message"]["image"]["url"].as_str().expect("a URL");
    let answer = soon(app.http().get(url).send()).await.expect("an answer");
    soon(answer.bytes()).await.expect("all of it").to_vec()
}

#[tokio::test]
async fn camera_metadata_is_removed() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    for (extension, plain) in [
        ("jpg", jpeg(300, 200)),
        ("png", png(300, 200)),
        ("webp", encoded(with_a_hole(300, 200), ImageFormat::WebP)),
        ("gif", crate::support::pictures::gif(300, 200, 2)),
    ] {
        let file = from_a_camera(&app, &plain, extension);
        let before = notes(&file, &format!("before.{extension}"), &app).to_string();
        assert!(before.contains("secret") && (extension == "gif" || before.contains("GPSLatitude")), "{before}");

        let sent = ada.send_image(&app, &bob, &file).await;

        if extension != "gif" {
            let size = (&sent["image"]["width"], &sent["image"]["height"]);
            assert_eq!(size, (&json!(200), &json!(300)), "{extension} is turned as it says");
        }
        for width in [None, Some(96)] {
            let served = fetched(&app, &bob, &sent, width).await;
            let after = notes(&served, "after", &app);
            let kept: Vec<&String> = after
                .as_object()
                .expect("notes")
                .keys()
                .filter(|note| note.contains(':') && !HARMLESS.iter().any(|group| note.starts_with(group)))
                .filter(|note| !is_of_the_format(note))
                .collect();
            assert_eq!(kept, Vec::<&String>::new(), "{extension} {width:?}: {after}");
            assert!(!after.to_string().contains("secret") && !after.to_string().contains("Lovelace"), "{after}");
            for trace in [b"secret".as_slice(), b"Leica", b"Exif", b"xpacket"] {
                assert!(!served.windows(trace.len()).any(|part| part == trace), "{extension} {width:?}");
            }
        }
    }
}

/// Whether every file of a format must have this tag: its size, depth or compression.
fn is_of_the_format(note: &str) -> bool {
    const JFIF: [&str; 4] = ["JFIFVersion", "ResolutionUnit", "XResolution", "YResolution"];
    const PNG: [&str; 7] = ["ImageWidth", "ImageHeight", "BitDepth", "ColorType", "Compression", "Filter", "Interlace"];
    const GIF: [&str; 12] = [
        "GIFVersion",
        "ImageWidth",
        "ImageHeight",
        "HasColorMap",
        "ColorResolutionDepth",
        "BitsPerPixel",
        "BackgroundColor",
        "AnimationIterations",
        "FrameCount",
        "Duration",
        "PixelAspectRatio",
        "TransparentColor",
    ];
    match note.split_once(':') {
        Some(("JFIF", name)) => JFIF.contains(&name),
        Some(("PNG", name)) => PNG.contains(&name),
        Some(("GIF", name)) => GIF.contains(&name),
        Some(_) | None => false,
    }
}
