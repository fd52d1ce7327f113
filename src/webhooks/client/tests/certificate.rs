//! A certificate for `localhost`, and its authority, which nobody trusts but the tests. Those of the program as a process have
//! this file too.

use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// The authority.
pub(super) const AUTHORITY: &[u8] = include_bytes!("ca.der");
const CERTIFICATE: &[u8] = include_bytes!("leaf.der");
const KEY: &[u8] = include_bytes!("key.der");

/// What servers with the certificate accept connections with.
pub(super) fn acceptor() -> TlsAcceptor {
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from(CERTIFICATE)],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(KEY.to_vec())),
        )
        .expect("a certificate");
    TlsAcceptor::from(Arc::new(config))
}
