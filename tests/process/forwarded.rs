//! What the log says of settings that are missing: a proxy, all people behind which share one address, and the origin of
//! a front end.

use crate::support::Server;

const WARNING: &str = "TRUSTED_PROXIES does not name it";

async fn ask_for(server: &Server, header: &str) {
    let request = server.http().get(server.url("/graphql?query=%7B__typename%7D"));
    request.header(header, "for=198.51.100.1").send().await.expect("an answer");
}

#[tokio::test]
async fn requests_of_an_unconfigured_proxy_log_one_warning() {
    for (settings, header, warnings) in [
        (&[][..], "x-forwarded-for", 1),
        (&[], "forwarded", 1),
        (&[("TRUSTED_PROXIES", "192.0.2.1")], "x-forwarded-for", 1),
        (&[("TRUSTED_PROXIES", "127.0.0.0/8")], "x-forwarded-for", 0),
        (&[], "x-request-id", 0),
    ] {
        let mut server = Server::start_with(settings).await;
        for _ in 0..3 {
            ask_for(&server, header).await;
        }
        server.stop().await;
        let log = server.log();
        assert_eq!(log.matches(WARNING).count(), warnings, "{settings:?} {header}: {log}");
        assert!(warnings == 0 || log.contains("127.0.0.1 forwards requests"), "{log}");
    }
}

#[tokio::test]
async fn a_refused_origin_is_logged_once_with_the_setting() {
    let mut server = Server::start_with(&[("CORS_ORIGINS", "https://chat.example.org")]).await;
    let preflight = async |origin: &str| {
        let request = server.http().request(reqwest::Method::OPTIONS, server.url("/graphql"));
        let request = request.header("origin", origin).header("access-control-request-method", "POST");
        request.send().await.expect("an answer");
    };
    let post = async |origin: &str| {
        let request = server.http().post(server.url("/graphql")).header("origin", origin);
        request.json(&serde_json::json!({ "query": "{ __typename }" })).send().await.expect("an answer");
    };
    for _ in 0..3 {
        for origin in ["https://app.example.org", "https://chat.example.org", "null"] {
            preflight(origin).await;
            post(origin).await;
        }
    }
    for number in 0..200 {
        preflight(&format!("https://{number}.example.org")).await;
    }

    server.stop().await;

    let log = server.log();
    let warnings = |origin: &str| {
        let warning =
            format!("refused a page of {origin}: if it is a front end of yours, list this origin in CORS_ORIGINS");
        log.matches(&warning).count()
    };
    assert_eq!((warnings("https://app.example.org"), warnings("null")), (1, 1), "{log}");
    assert_eq!(warnings("https://chat.example.org"), 0, "{log}");
    assert_eq!(log.matches("refused a page of ").count(), 100, "a stranger can't fill the log");
}
