//! Secrets and signatures of Standard Webhooks (<https://github.com/standard-webhooks/standard-webhooks>, 1.0.0).

use anyhow::Context;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::clock::Timestamp;

/// What every secret begins with, before its bytes in base64.
const PREFIX: &str = "whsec_";
/// The specification wants 24 to 64 bytes.
const BYTES: usize = 32;

/// A new secret, as the receiver gets it.
pub(super) fn generate() -> anyhow::Result<String> {
    let mut key = [0; BYTES];
    getrandom::fill(&mut key).context("there are no random numbers")?;
    Ok(format!("{PREFIX}{}", BASE64_STANDARD.encode(key)))
}

/// The value of `webhook-signature`: a signature with each secret, separated by spaces.
pub(super) fn sign<'a>(secrets: impl Iterator<Item = &'a str>, id: &str, at: Timestamp, body: &[u8]) -> String {
    let signed = secrets.filter_map(|secret| {
        let key = BASE64_STANDARD.decode(secret.strip_prefix(PREFIX)?).ok()?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes keys of any length");
        mac.update(format!("{id}.{}.", at.seconds()).as_bytes());
        mac.update(body);
        Some(format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes())))
    });
    signed.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's libraries.
    #[test]
    fn a_signature_is_that_of_the_specification() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let body = br#"{"test": 2432232314}"#;
        let at = Timestamp(1_614_265_330_000);
        let signed = sign([secret].into_iter(), "msg_p5jXN8AQM9LWM0D4loKWxJek", at, body);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let both = sign([secret, secret].into_iter(), "msg_p5jXN8AQM9LWM0D4loKWxJek", at, body);
        assert_eq!(both, format!("{signed} {signed}"));
    }

    #[test]
    fn secrets_are_long_and_differ() {
        let (one, other) = (generate().expect("a secret"), generate().expect("another"));
        assert_ne!(one, other);
        let key = BASE64_STANDARD.decode(one.strip_prefix(PREFIX).expect("the prefix")).expect("base64");
        assert_eq!(key.len(), BYTES);
    }
}
