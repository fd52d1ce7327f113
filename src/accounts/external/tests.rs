//! Tokens of the app: what is refused, and why.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::Sha256;

use super::claims::{self, AppToken, AppTokenError};
use super::key_set::KeySet;
use crate::clock::Timestamp;
use crate::config::{AppTokenKey, AppTokens, PublicKey};

const SECRET: &[u8] = b"a secret of thirty-two bytes and";
/// Differs from the system's time, which must not matter.
const NOW: i64 = 1_795_498_310;

fn settings() -> AppTokens {
    AppTokens {
        issuer: "https://shop.example".to_owned(),
        audiences: vec!["chat".to_owned(), "talk".to_owned()],
        key: AppTokenKey::Shared(shared().into()),
        makes_people: true,
        id_claim: "sub".to_owned(),
        name_claim: "name".to_owned(),
        email_claim: "user.contact.email".to_owned(),
    }
}

fn shared() -> String {
    String::from_utf8_lossy(SECRET).into_owned()
}

fn claims_with(more: Value) -> Value {
    let mut claims = json!({
        "iss": "https://shop.example", "aud": "chat", "sub": "u-1", "iat": NOW - 60, "exp": NOW + 60 });
    for (name, value) in more.as_object().expect("an object") {
        match value {
            Value::Null => drop(claims.as_object_mut().expect("an object").remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    claims
}

fn message(header: &Value, claims: &Value) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()))
}

fn signed(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let message = message(header, claims);
    let mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length").chain_update(&message);
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

fn read_by(keys: &KeySet, token: &str) -> Result<AppToken, AppTokenError> {
    crate::accounts::signatures::install();
    let header = claims::header(token)?;
    claims::verify(token, &header, keys, &settings(), Timestamp(NOW * 1_000))
}

fn read(header: &Value, claims: &Value) -> Result<AppToken, AppTokenError> {
    read_by(&KeySet::shared(&shared().into()), &signed(header, claims, SECRET))
}

fn with_claims(more: Value) -> Result<AppToken, AppTokenError> {
    read(&json!({ "alg": "HS256", "typ": "JWT" }), &claims_with(more))
}

fn is_invalid(outcome: &Result<AppToken, AppTokenError>) -> bool {
    matches!(outcome, Err(AppTokenError::Invalid(_) | AppTokenError::Unsigned(_)))
}

#[test]
fn a_token_says_who_it_is_of_until_when_and_more_of_a_new_person() {
    let more =
        json!({ "name": " Ada ", "user": { "contact": { "email": "Ada@Shop.example" } }, "exp": NOW as f64 + 60.5 });
    let token = with_claims(more).expect("it is taken");
    assert_eq!(token.external_id.as_str(), "u-1");
    assert_eq!((token.issued, token.expires), (Timestamp((NOW - 60) * 1_000), Timestamp(NOW * 1_000 + 60_500)));
    assert_eq!(token.name.as_ref().map(|name| name.as_str()), Some("Ada"));
    assert_eq!(token.email.as_deref(), Some("ada@shop.example"));
    let bare = with_claims(json!({ "name": "Deleted user", "user": "x" })).expect("it is taken");
    assert_eq!((bare.name, bare.email), (None, None), "what is no name is none");
    assert_eq!(with_claims(json!({ "sub": 42 })).expect("a number").external_id.as_str(), "42");
}

#[test]
fn times_are_bounded_with_little_leeway() {
    let day = 24 * 3_600;
    for (more, is_taken) in [
        (json!({ "exp": NOW - 5 }), true),
        (json!({ "exp": NOW - 60 + day }), true),
        (json!({ "exp": NOW - 60 + day + 1 }), false),
        (json!({ "exp": NOW + day, "iat": null }), true),
        (json!({ "exp": NOW + day + 31, "iat": null }), false),
        (json!({ "exp": null }), false),
        (json!({ "exp": "soon" }), false),
        (json!({ "exp": 1e300 }), false),
        (json!({ "exp": -1 }), false),
        (json!({ "iat": NOW + 30 }), true),
        (json!({ "iat": NOW + 31 }), false),
        (json!({ "iat": "now" }), false),
        (json!({ "nbf": NOW + 30 }), true),
        (json!({ "nbf": NOW + 31 }), false),
        (json!({ "nbf": [] }), false),
    ] {
        let outcome = with_claims(more.clone());
        assert_eq!(outcome.is_ok(), is_taken, "{more}: {outcome:?}");
        assert!(is_taken || is_invalid(&outcome), "{more}: {outcome:?}");
    }
    assert_eq!(with_claims(json!({ "exp": NOW - 6 })), Err(AppTokenError::Expired));
    let issued = with_claims(json!({ "iat": null })).expect("it is taken").issued;
    assert_eq!(issued, Timestamp((NOW + 60 - day) * 1_000), "the earliest that it can have been");
}

#[test]
fn the_issuer_the_audience_and_the_person_have_to_be_there_and_right() {
    for more in [json!({ "aud": ["other", "talk"] }), json!({ "aud": "talk" })] {
        assert!(with_claims(more.clone()).is_ok(), "{more}");
    }
    for more in [
        json!({ "iss": null }),
        json!({ "iss": "https://shop.example/" }),
        json!({ "iss": "HTTPS://shop.example" }),
        json!({ "iss": ["https://shop.example"] }),
        json!({ "aud": null }),
        json!({ "aud": "" }),
        json!({ "aud": "Chat" }),
        json!({ "aud": [] }),
        json!({ "aud": ["other", 1] }),
        json!({ "aud": { "chat": true } }),
        json!({ "sub": null }),
        json!({ "sub": "" }),
        json!({ "sub": "x".repeat(129) }),
        json!({ "sub": "a\u{0}b" }),
        json!({ "sub": 1.5 }),
        json!({ "sub": ["u-1"] }),
    ] {
        assert!(is_invalid(&with_claims(more.clone())), "{more}");
    }
}

#[test]
fn a_header_chooses_nothing() {
    let header = |more: Value| {
        let mut header = json!({ "alg": "HS256", "typ": "JWT" });
        header.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        read(&header, &claims_with(json!({})))
    };
    for more in [
        json!({ "kid": "any" }),
        json!({ "typ": "at+jwt" }),
        json!({ "x5t": "AA" }),
        json!({ "jku": "https://a.example" }),
    ] {
        assert!(header(more.clone()).is_ok(), "{more}");
    }
    for more in [
        json!({ "alg": "none" }),
        json!({ "alg": "HS512" }),
        json!({ "alg": "RS256" }),
        json!({ "alg": "ES256" }),
        json!({ "alg": null }),
        json!({ "typ": "logout+jwt" }),
        json!({ "crit": ["exp"] }),
        json!({ "crit": [] }),
        json!({ "zip": "DEF" }),
        json!({ "enc": "A128GCM" }),
    ] {
        assert!(is_invalid(&header(more.clone())), "{more}");
    }
    let token = signed(&json!({ "alg": "HS256" }), &claims_with(json!({ "more": "x".repeat(8_192) })), SECRET);
    assert!(is_invalid(&read_by(&KeySet::shared(&shared().into()), &token)), "too long");
    for junk in ["", ".", "..", "a.b.c", "eyJhbGciOiJIUzI1NiJ9", "eyJhbGciOiJIUzI1NiJ9..", "\u{0}"] {
        assert!(is_invalid(&read_by(&KeySet::shared(&shared().into()), junk)), "{junk:?}");
    }
}

#[test]
fn a_public_key_is_no_shared_secret_and_verifies_its_own_algorithm_only() {
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
    let key = EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), &random).expect("a key");
    let point = key.public_key().as_ref().to_vec();
    let keys = KeySet::public(&PublicKey::P256(point.clone()));
    let by_key = |header: &Value, claims: &Value| {
        let message = message(header, claims);
        let signature = key.sign(&random, message.as_bytes()).expect("a signature");
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    };
    let claims = claims_with(json!({}));
    let token = by_key(&json!({ "alg": "ES256" }), &claims);
    assert!(read_by(&keys, &token).is_ok());

    let (message, signature) = token.rsplit_once('.').expect("a token");
    let head = message.split_once('.').expect("a header").0;
    let other = URL_SAFE_NO_PAD.encode(claims_with(json!({ "sub": "u-2" })).to_string());
    let mut damaged = URL_SAFE_NO_PAD.decode(signature).expect("base64");
    damaged[40] ^= 1;
    for forged in [
        signed(&json!({ "alg": "HS256" }), &claims, &point),
        signed(&json!({ "alg": "ES256" }), &claims, &point),
        by_key(&json!({ "alg": "HS256" }), &claims),
        by_key(&json!({ "alg": "ES384" }), &claims),
        by_key(&json!({ "alg": "none" }), &claims),
        format!("{message}."),
        message.to_owned(),
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(damaged)),
        format!("{message}.{}", URL_SAFE_NO_PAD.encode([0; 64])),
        format!("{head}.{other}.{signature}"),
    ] {
        assert!(is_invalid(&read_by(&keys, &forged)), "{forged}");
    }
    // Nor does a secret verify what a key has signed.
    assert!(is_invalid(&read_by(&KeySet::shared(&shared().into()), &token)));
}
