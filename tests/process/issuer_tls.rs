//! An issuer's keys over https: its certificate has to be of an authority that the system trusts, or one that the operator
//! names.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::support::issuer::{KeyServer, SigningKey, claims, settings};
use crate::support::{Server, code, soon};

/// An authority that nobody trusts, and a certificate of it for `localhost`.
const AUTHORITY: &[u8] = include_bytes!("../../src/webhooks/client/ca.der");
const CERTIFICATE: &[u8] = include_bytes!("../../src/webhooks/client/leaf.der");
const KEY: &[u8] = include_bytes!("../../src/webhooks/client/key.der");

/// Speaks TLS in front of a server of HTTP; the port.
async fn tls_before(server: &KeyServer) -> u16 {
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from(CERTIFICATE)],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(KEY.to_vec())),
        )
        .expect("a certificate");
    let (acceptor, address) = (TlsAcceptor::from(Arc::new(config)), server.address);
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
    std::fs::write(&authority, pem(AUTHORITY)).expect("a file");
    server.set("SSL_CERT_FILE", &authority.display().to_string());
    server.start_again().await;
    let answer = ask(&server, &token).await;

    assert!(answer["data"]["me"]["id"].is_string(), "{answer}");
    assert_eq!(issuer.asked(), 1);
    server.stop().await;
}
