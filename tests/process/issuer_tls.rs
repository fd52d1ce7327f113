//! An issuer's keys over https: its certificate has to be of an authority that the system trusts, or one that the operator
//! names.

#[path = "../../src/webhooks/client/tests/certificate.rs"]
mod certificate;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

use crate::support::issuer::{KeyServer, SigningKey, claims, settings};
use crate::support::{Server, code, soon};

/// Speaks TLS in front of a server of HTTP; the port.
async fn tls_before(server: &KeyServer) -> u16 {
    let (acceptor, address) = (certificate::acceptor(), server.address);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that does not trust it ends it.
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut behind = TcpStream::connect(address).await.expect("it is there");
            let _ = tokio::io::copy_bidirectional(&mut stream, &mut behind).await;
        }
    });
    port
}

/// A certificate as a file that programs read.
fn pem(certificate: &[u8]) -> String {
    let text = STANDARD.encode(certificate);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

async fn ask(server: &Server, token: &str) -> Value {
    let body = json!({ "query": "{ me { id } }" });
    let request = server.http().post(server.url("/graphql")).bearer_auth(token).json(&body);
    soon(request.send()).await.expect("an answer").json().await.expect("JSON")
}

#[tokio::test]
async fn the_keys_of_an_issuer_with_a_private_authority_are_fetched_once_it_is_named() {
    let key = SigningKey::es256();
    let issuer = KeyServer::start(&[("1", &key)]).await;
    let url = format!("https://localhost:{}/certs", tls_before(&issuer).await);
    let token = key.token(Some("1"), &claims("u-1", json!({})));
    let mut server = Server::start_with(&settings(("AUTH_JWKS_URL", &url))).await;

    assert_eq!(code(&ask(&server, &token).await), "SERVICE_UNAVAILABLE");
    assert_eq!(issuer.asked(), 0, "nothing is said to who is not trusted");
    assert!(server.log().contains("the keys of AUTH_JWKS_URL were not fetched: TLS failed"), "{}", server.log());
    server.stop().await;

    let authority = server.folder().join("authority.pem");
    std::fs::write(&authority, pem(certificate::AUTHORITY)).expect("a file");
    server.set("SSL_CERT_FILE", &authority.display().to_string());
    server.start_again().await;
    let answer = ask(&server, &token).await;

    assert!(answer["data"]["me"]["id"].is_string(), "{answer}");
    assert_eq!(issuer.asked(), 1);
    server.stop().await;
}
