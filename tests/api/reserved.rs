//! Addresses of the server are never a page of a front end.

use crate::support::TestApp;

#[tokio::test]
async fn an_address_of_the_server_never_shows_the_front_end() {
    let dist = tempfile::tempdir().expect("a folder");
    std::fs::write(dist.path().join("index.html"), "<title>somebody's front end</title>").expect("a page");
    let app = TestApp::start_with(&[("WEB_DIR", dist.path().to_str().expect("a path of text"))]).await;
    let get = async |path: &str| {
        let answer = app.http().get(app.url(path)).send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a text"))
    };
    // The front end has views of its own.
    for view in ["/", "/settings", "/metric", "/c/metrics"] {
        let (status, text) = get(view).await;
        assert_eq!((status, text.contains("front end")), (200, true), "{view}");
    }
    for path in ["/metrics", "/metrics/", "/metrics/parlour", "/readyz/more", "/healthz/", "/images", "/uploads/1/2"] {
        let (status, text) = get(path).await;
        assert_eq!((status, text.contains("front end")), (404, false), "{path}: {text}");
    }
}
