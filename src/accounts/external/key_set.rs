//! The keys that an issuer's tokens are verified with. Each has one algorithm, whatever a token says.

use anyhow::Context;
use jsonwebtoken::{Algorithm, DecodingKey};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

use crate::config::PublicKey;
use crate::limits;

/// Some keys.
#[derive(Debug)]
pub(super) struct KeySet(Vec<IssuerKey>);

#[derive(Debug)]
pub(super) struct IssuerKey {
    /// What tokens call it; `None` if there is only this one.
    kid: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

/// The fields of a JSON Web Key (RFC 7517, RFC 8037) that are read.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

#[derive(Deserialize)]
struct JwkList {
    keys: Vec<Value>,
}

impl KeySet {
    /// Reads a JSON Web Key Set. Keys for other uses and of other kinds are left out, as the standard wants it.
    pub(super) fn read(json: &[u8]) -> anyhow::Result<Self> {
        let JwkList { keys } = serde_json::from_slice(json).context("it is no JSON Web Key Set")?;
        let keys = keys.into_iter().filter_map(|key| IssuerKey::read(serde_json::from_value(key).ok()?));
        Ok(Self(keys.take(limits::ISSUER_KEYS).collect()))
    }

    pub(super) fn public(key: &PublicKey) -> Self {
        let (algorithm, key) = match key {
            PublicKey::Rsa(der) => (Algorithm::RS256, DecodingKey::from_rsa_der(der)),
            PublicKey::P256(point) => (Algorithm::ES256, DecodingKey::from_ec_der(point)),
            PublicKey::Ed25519(key) => (Algorithm::EdDSA, DecodingKey::from_ed_der(key)),
        };
        Self(vec![IssuerKey { kid: None, algorithm, key }])
    }

    pub(super) fn shared(secret: &SecretString) -> Self {
        let key = DecodingKey::from_secret(secret.expose_secret().as_bytes());
        Self(vec![IssuerKey { kid: None, algorithm: Algorithm::HS256, key }])
    }

    /// The keys that a token with this header may be verified with.
    pub(super) fn of(&self, kid: Option<&str>, algorithm: Algorithm) -> impl Iterator<Item = &IssuerKey> {
        self.0.iter().filter(move |key| key.algorithm == algorithm && key.goes_by(kid))
    }

    /// Whether one of them has this name.
    pub(super) fn names(&self, kid: &str) -> bool {
        self.0.iter().any(|key| key.kid.as_deref() == Some(kid))
    }

    /// Whether a token that names this key may be verified with one of these.
    pub(super) fn knows(&self, kid: Option<&str>) -> bool {
        self.0.iter().any(|key| key.goes_by(kid))
    }
}

impl IssuerKey {
    fn read(jwk: Jwk) -> Option<Self> {
        if jwk.purpose.as_deref().is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        let part = |part: &Option<String>| part.clone();
        let (algorithm, name, key) = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", _) => {
                let (n, e) = (part(&jwk.n)?, part(&jwk.e)?);
                (Algorithm::RS256, "RS256", rsa(&n, &e)?)
            }
            ("EC", Some("P-256")) => {
                (Algorithm::ES256, "ES256", DecodingKey::from_ec_components(&part(&jwk.x)?, &part(&jwk.y)?).ok()?)
            }
            ("OKP", Some("Ed25519")) => {
                (Algorithm::EdDSA, "EdDSA", DecodingKey::from_ed_components(&part(&jwk.x)?).ok()?)
            }
            // A shared secret (`oct`) in a public list would be no secret.
            _ => return None,
        };
        // RFC 9864 calls EdDSA with Ed25519 by a name of its own.
        let is_for_it = |alg: &str| alg == name || (name == "EdDSA" && alg == "Ed25519");
        if jwk.alg.as_deref().is_some_and(|alg| !is_for_it(alg)) {
            return None;
        }
        Some(Self { kid: jwk.kid, algorithm, key })
    }

    fn goes_by(&self, kid: Option<&str>) -> bool {
        match (self.kid.as_deref(), kid) {
            (Some(own), Some(asked)) => own == asked,
            (None, _) | (_, None) => true,
        }
    }
}

/// Without the zeroes that some issuers write in front, and ring refuses.
fn rsa(n: &str, e: &str) -> Option<DecodingKey> {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let number = |text: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
        let zeroes = bytes.iter().take_while(|byte| **byte == 0).count();
        Some(bytes[zeroes..].to_vec())
    };
    Some(DecodingKey::from_rsa_raw_components(&number(n)?, &number(e)?))
}
