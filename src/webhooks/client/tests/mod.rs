//! POSTs over TLS.

mod certificate;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::*;
use crate::config::Network;

/// A receiver that answers one POST after another with 204; its port.
async fn receiver() -> u16 {
    let (acceptor, listener) = (certificate::acceptor(), TcpListener::bind("127.0.0.1:0").await);
    let listener = listener.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else { return };
            // A client that trusts nobody ends it.
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut bytes = Vec::new();
            while stream.read_buf(&mut bytes).await.is_ok_and(|count| count > 0) {
                let is_whole = bytes.ends_with(b"{}");
                if is_whole && stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.is_err() {
                    break;
                }
                if is_whole {
                    bytes.clear();
                }
            }
        }
    });
    port
}

fn guard() -> AddressGuard {
    AddressGuard::new(vec![Network::parse("127.0.0.1").expect("a network")])
}

fn post() -> SignedPost {
    SignedPost { id: "id".into(), timestamp: 1, signature: "v1,x".into(), body: Bytes::from_static(b"{}") }
}

#[tokio::test]
async fn a_post_over_tls_is_for_those_whose_certificate_is_trusted() {
    let target = Target::parse(&format!("https://localhost:{}/", receiver().await), &guard()).expect("an address");
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(certificate::AUTHORITY)).expect("an authority");
    let trusting = PostClient::trusting(roots, guard()).expect("a client");
    let mut line = None;
    for _ in 0..2 {
        let answer = trusting.post(&mut line, &target, &post()).await.expect("an answer");
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
        assert!(line.is_some(), "it is used again");
    }
    drop(line);

    let stranger = PostClient::new(guard()).expect("a client");
    let refused = stranger.post(&mut None, &target, &post()).await.expect_err("nobody trusts it");
    assert!(refused.to_string().contains("certificate"), "{refused:#}");
    // For its address there is no certificate.
    let elsewhere = target.url.as_str().replace("localhost", "127.0.0.1");
    let elsewhere = Target::parse(&elsewhere, &guard()).expect("an address");
    let refused = trusting.post(&mut None, &elsewhere, &post()).await.expect_err("another name");
    assert!(refused.to_string().contains("certificate"), "{refused:#}");
}

#[tokio::test]
async fn a_name_that_leads_into_the_network_is_not_connected_to() {
    let guard = AddressGuard::new(Vec::new());
    let target = Target::parse(&format!("https://localhost:{}/", receiver().await), &guard).expect("a name");
    let client = PostClient::new(guard).expect("a client");

    let refused = client.post(&mut None, &target, &post()).await.expect_err("it leads to this machine");

    assert!(refused.to_string().contains("no address of localhost may be reached"), "{refused:#}");
}
