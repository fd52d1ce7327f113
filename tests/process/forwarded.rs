//! A proxy that is not configured: all people behind it share one address, and the log warns of it.

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
