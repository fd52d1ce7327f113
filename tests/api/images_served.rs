//! How images are served: to whom, for how long, and with which headers.

use std::time::Duration;

use reqwest::header::{HeaderMap, RANGE};
use serde_json::{Value, json};

use crate::support::pictures::{jpeg, png};
use crate::support::{Person, TestApp, soon};

/// An image that Ada sent to Bob, and its URL.
struct Scene {
    app: TestApp,
    ada: Person,
    bob: Person,
    message: Value,
    url: String,
}

impl Scene {
    async fn set() -> Self {
        let app = TestApp::start().await;
        let (ada, bob) = app.direct("Ada", "Bob").await;
        let message = ada.send_image(&app, &bob, &jpeg(500, 300)).await;
        let url = message["image"]["url"].as_str().expect("a URL").to_owned();
        Self { app, ada, bob, message, url }
    }

    async fn get(&self, url: &str, headers: &[(&'static str, &str)]) -> (u16, HeaderMap, Vec<u8>) {
        let request =
            headers.iter().fold(self.app.http().get(url), |request, (name, value)| request.header(*name, *value));
        let answer = soon(request.send()).await.expect("an answer");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        (status, headers, soon(answer.bytes()).await.expect("all of it").to_vec())
    }

    /// The URL that this person gets now.
    async fn delivered(&self, person: &Person) -> Value {
        let query = "query($id: ID!) { message(id: $id) { image { url urlExpiresAt } } }";
        person.ask(query, json!({ "id": self.message["id"] })).await["message"]["image"].take()
    }
}

#[tokio::test]
async fn an_image_has_its_type_and_security_headers() {
    let scene = Scene::set().await;

    let (status, headers, bytes) = scene.get(&scene.url, &[]).await;

    assert_eq!((status, json!(bytes.len())), (200, scene.message["image"]["byteSize"].clone()));
    let id = scene.message["image"]["id"].as_str().expect("an id");
    for (name, value) in [
        ("content-type", "image/jpeg"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "sandbox; default-src 'none'"),
        ("cross-origin-resource-policy", "cross-origin"),
        ("referrer-policy", "no-referrer"),
        ("accept-ranges", "bytes"),
        ("content-disposition", &format!("inline; filename=\"{id}-500.jpg\"")),
        ("etag", &format!("\"{id}-500\"")),
        ("content-length", &bytes.len().to_string()),
    ] {
        assert_eq!(headers[name], value, "{name}");
    }
    let cache = headers["cache-control"].to_str().expect("text");
    let age: u64 = cache
        .strip_prefix("private, max-age=")
        .and_then(|rest| rest.strip_suffix(", immutable"))
        .and_then(|age| age.parse().ok())
        .unwrap_or_else(|| panic!("{cache}"));
    assert!((1_790..=3_600).contains(&age), "{cache}");
    assert!(headers.get("set-cookie").is_none());
    let head = scene.app.http().head(&scene.url).send().await.expect("an answer");
    assert_eq!((head.status().as_u16(), &head.headers()["content-length"]), (200, &headers["content-length"]));
    assert_eq!(scene.app.http().post(&scene.url).send().await.expect("an answer").status(), 405);
}

#[tokio::test]
async fn ranges_of_an_image_can_be_requested() {
    let scene = Scene::set().await;
    let (_, headers, all) = scene.get(&scene.url, &[]).await;
    let tag = headers["etag"].to_str().expect("text").to_owned();
    let last = all.len() - 1;
    for (range, start, end) in [
        ("bytes=0-0", 0, 0),
        ("bytes=5-99", 5, 99),
        ("bytes=100-", 100, last),
        ("bytes=-10", last - 9, last),
        ("bytes=0-99999999", 0, last),
    ] {
        let (status, headers, part) = scene.get(&scene.url, &[("range", range)]).await;
        assert_eq!((status, part.as_slice()), (206, &all[start..=end]), "{range}");
        assert_eq!(headers["content-range"], format!("bytes {start}-{end}/{}", all.len()), "{range}");
    }
    let beyond = format!("bytes={}-", all.len());
    assert_eq!(scene.get(&scene.url, &[("range", &beyond)]).await.0, 416);
    for headers in [
        [("range", "bytes=0-1,5-6"), ("accept", "*/*")],
        [("range", "lines=1-2"), ("accept", "*/*")],
        [("range", "bytes=0-1"), ("if-range", "\"another\"")],
    ] {
        let (status, _, whole) = scene.get(&scene.url, &headers).await;
        assert_eq!((status, whole.len()), (200, all.len()), "{headers:?}");
    }
    assert_eq!(scene.get(&scene.url, &[("range", "bytes=0-1"), ("if-range", &tag)]).await.0, 206);
    let (status, headers, body) = scene.get(&scene.url, &[("if-none-match", &format!("\"x\", W/{tag}"))]).await;
    assert_eq!((status, body.len()), (304, 0));
    assert!(headers.contains_key("cache-control") && !headers.contains_key(RANGE));
}

#[tokio::test]
async fn an_image_url_cannot_be_derived_from_another() {
    let scene = Scene::set().await;
    let other = scene.ada.send_image(&scene.app, &scene.bob, &png(500, 300)).await;
    let id = |message: &Value| message["image"]["id"].as_str().expect("an id").to_owned();
    let url = &scene.url;
    let (path, query) = url.split_once('?').expect("a query");
    let (expires, signature) = query.split_once('&').expect("two parts");
    let mut seen = Vec::new();
    for forged in [
        path.to_owned(),
        format!("{path}?{expires}"),
        format!("{path}?{signature}"),
        format!("{path}?{expires}0&{signature}"),
        format!("{path}?{expires}&{signature}A"),
        format!("{path}?{expires}&signature="),
        format!("{path}?{expires}&signature=%00"),
        format!("{path}?expires=99999999999999999999&{signature}"),
        url.replace("/500?", "/240?"),
        url.replace("/500?", "/-1?"),
        url.replace("/500?", "/?"),
        url.replace(&id(&scene.message), &id(&other)),
        url.replace(&id(&scene.message), "019bfc3e-0000-7000-8000-00000000000a"),
        url.replace(&id(&scene.message), "x"),
        url.replace("/images/", "/images/../images/x/"),
    ] {
        let (status, _, body) = scene.get(&forged, &[]).await;
        seen.push((status, String::from_utf8(body).expect("text")));
        assert!([403, 404].contains(&status), "{forged}: {status}");
    }
    let forbidden: Vec<_> = seen.iter().filter(|(status, _)| *status == 403).collect();
    assert!(forbidden.len() > 10 && forbidden.iter().all(|answer| *answer == forbidden[0]), "{seen:?}");
    assert_eq!(scene.get(url, &[]).await.0, 200);
}

#[tokio::test]
async fn an_image_url_is_stable_and_expires_within_the_hour() {
    let scene = Scene::set().await;
    let first = scene.delivered(&scene.ada).await;
    assert_eq!(first, scene.delivered(&scene.bob).await, "for everybody");
    assert_eq!(first["url"], json!(scene.url));

    scene.app.clock.advance(Duration::from_secs(1_801));
    let second = scene.delivered(&scene.ada).await;

    assert_ne!(first["url"], second["url"]);
    assert_eq!(scene.get(second["url"].as_str().expect("a URL"), &[]).await.0, 200);
    scene.app.clock.advance(Duration::from_secs(1_800));
    assert_eq!(scene.get(&scene.url, &[]).await.0, 403);
}

#[tokio::test]
async fn a_later_reader_gets_valid_image_urls() {
    let scene = Scene::set().await;
    let query = "subscription($after: String) { events(after: $after) { ... on MessageAdded { message {
        image { url } } } __typename cursor } }";
    let mut live = scene.bob.subscribe(query, json!({})).await;
    let cursor = live.next_data("1").await["events"]["cursor"].take();
    let mut other = scene.ada.subscribe(query, json!({})).await;
    other.next_data("1").await;
    scene.ada.send_image(&scene.app, &scene.bob, &png(20, 20)).await;
    let url = |frame: &Value| frame["events"]["message"]["image"]["url"].clone();
    let (at_bob, at_ada) = (url(&live.next_data("1").await), url(&other.next_data("1").await));
    assert_eq!(at_bob, at_ada);

    scene.app.clock.advance(Duration::from_secs(3_700));
    let mut back = scene.bob.subscribe(query, json!({ "after": cursor })).await;
    let later = url(&back.next_data("1").await);

    assert_ne!(later, at_bob);
    assert_eq!(scene.get(later.as_str().expect("a URL"), &[]).await.0, 200);
}

#[tokio::test]
async fn our_origins_may_read_an_image_and_any_page_may_embed_it() {
    let scene = Scene::set().await;
    let (_, headers, _) = scene.get(&scene.url, &[("origin", "http://localhost:5173")]).await;
    assert_eq!(headers["access-control-allow-origin"], "http://localhost:5173");
    let (status, headers, _) = scene.get(&scene.url, &[("origin", "http://evil.example")]).await;
    assert_eq!((status, headers.get("access-control-allow-origin")), (200, None));
}

#[tokio::test]
async fn a_missing_file_is_an_internal_error() {
    let scene = Scene::set().await;
    std::fs::remove_dir_all(scene.app.folder().join("images")).expect("it is there");
    assert_eq!(scene.get(&scene.url, &[]).await.0, 500);
}
