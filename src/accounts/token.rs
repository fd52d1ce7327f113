//! Session tokens: signed JWTs that name a session. Nothing else in a request proves who sent it.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::accounts::signatures;
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::id::{SessionId, UserId};
use crate::limits;

/// A key as long as the hash: RFC 7518, 3.2.
const SECRET_BYTES: usize = 32;
/// Both issuer and audience: Parlour's tokens are for Parlour only.
const PARLOUR: &str = "parlour";

/// Issues and verifies JWTs (RFC 7519) as RFC 8725 recommends: HS256 only, every claim required. Its `Debug` output
/// does not contain the secrets.
#[derive(Debug)]
pub struct Tokens {
    signing: EncodingKey,
    verifying: Vec<DecodingKey>,
    validation: Validation,
    /// What the tokens say that were verified with these keys, by their hashes: checking one again cost 5 % of a
    /// send, in a profile from before. It saves the proof that a token was issued here, and nothing else: not its expiry,
    /// and not the look at its session.
    verified: Cache<[u8; 32], TokenClaims>,
}

/// The content of a valid token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenClaims {
    /// The person whose session it is.
    pub user: UserId,
    /// The session, which may have ended since.
    pub session: SessionId,
    /// When the token was issued, to the second.
    pub issued: Timestamp,
    /// When it expires, to the second.
    pub expires: Timestamp,
}

/// Why a token is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It was issued here and has expired: a fresh one may help.
    #[error("the token has expired")]
    Expired,
    /// It was not issued here, or was altered.
    #[error("the token is not valid")]
    Invalid,
}

/// A secret that is short enough to be guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret needs at least {SECRET_BYTES} bytes")]
pub struct ShortSecret;

impl Tokens {
    /// Signs with the current secret; tokens signed with a previous one stay valid until they expire.
    pub fn new(current: &[u8], previous: &[&[u8]]) -> Result<Self, ShortSecret> {
        if previous.iter().chain([&current]).any(|secret| secret.len() < SECRET_BYTES) {
            return Err(ShortSecret);
        }
        signatures::install();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[PARLOUR]);
        validation.set_audience(&[PARLOUR]);
        // jsonwebtoken would use the system's clock; `verify` checks it against ours.
        validation.validate_exp = false;
        Ok(Self {
            signing: EncodingKey::from_secret(current),
            verifying: [current].iter().chain(previous).map(|secret| DecodingKey::from_secret(secret)).collect(),
            validation,
            verified: Cache::new(limits::VERIFIED_TOKENS),
        })
    }

    /// A token for a session, valid until `expires`.
    pub fn issue(&self, user: UserId, session: SessionId, now: Timestamp, expires: Timestamp) -> Result<String> {
        let payload = Payload {
            iss: PARLOUR.into(),
            aud: PARLOUR.into(),
            sub: user.to_string(),
            sid: session.to_string(),
            iat: now.seconds(),
            exp: expires.seconds(),
        };
        jsonwebtoken::encode(&header(), &payload, &self.signing).map_err(|error| Error::Internal(error.into()))
    }

    /// The content of a token that was issued here and expired no longer ago than the leeway.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<TokenClaims, TokenError> {
        if token.len() > limits::TOKEN_BYTES {
            return Err(TokenError::Invalid);
        }
        let hash = Sha256::digest(token).into();
        let known = self.verified.get(&hash);
        let claims = known.map_or_else(|| self.prove(token), Ok)?;
        if now > claims.expires + limits::TOKEN_LEEWAY {
            self.verified.invalidate(&hash);
            return Err(TokenError::Expired);
        }
        if known.is_none() {
            self.verified.insert(hash, claims);
        }
        Ok(claims)
    }

    /// The content of a token that was issued here, at any time.
    fn prove(&self, token: &str) -> Result<TokenClaims, TokenError> {
        // The whole header must equal ours, so that nothing in it can choose an algorithm or a key.
        if jsonwebtoken::decode_header(token).ok() != Some(header()) {
            return Err(TokenError::Invalid);
        }
        let signed_with = |key| jsonwebtoken::decode::<Payload>(token, key, &self.validation).ok();
        let payload = self.verifying.iter().find_map(signed_with).ok_or(TokenError::Invalid)?.claims;
        // Ids are read in upper case too, but never written so.
        if [&payload.sub, &payload.sid].into_iter().any(|id| id.contains(|c: char| c.is_ascii_uppercase())) {
            return Err(TokenError::Invalid);
        }
        Ok(TokenClaims {
            user: UserId::parse(&payload.sub).ok_or(TokenError::Invalid)?,
            session: SessionId::parse(&payload.sid).ok_or(TokenError::Invalid)?,
            issued: Timestamp(payload.iat.saturating_mul(1000)),
            expires: Timestamp(payload.exp.saturating_mul(1000)),
        })
    }
}

fn header() -> Header {
    Header::new(Algorithm::HS256)
}

/// The claims on the wire. All are required; unknown ones, which a newer version may add, are ignored.
#[derive(Serialize, Deserialize)]
struct Payload {
    iss: String,
    aud: String,
    sub: String,
    sid: String,
    iat: i64,
    exp: i64,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use hmac::{Hmac, KeyInit, Mac};
    use serde_json::{Value, json};
    use sha2::{Sha256, Sha512};

    use super::*;

    const SECRET: &[u8] = b"a secret of thirty-two bytes and";
    const OTHER: &[u8] = b"another secret of 32 bytes, too.";
    /// 2026-11-24T05:31:50.123Z: differs from the system time, which must not matter.
    const NOW: Timestamp = Timestamp(1_795_498_310_123);
    const HOUR: Duration = Duration::from_secs(3_600);
    const USER: &str = "019bfc3e-0000-7000-8000-00000000000a";
    const SESSION: &str = "019bfc3e-0000-7000-8000-00000000000b";

    fn tokens() -> Tokens {
        Tokens::new(SECRET, &[]).expect("long enough")
    }

    fn verify(token: &str) -> Result<TokenClaims, TokenError> {
        tokens().verify(token, NOW)
    }

    fn claims() -> Value {
        let (iat, exp) = (NOW.seconds(), NOW.seconds() + 60);
        json!({ "iss": "parlour", "aud": "parlour", "sub": USER, "sid": SESSION, "iat": iat, "exp": exp })
    }

    fn message(header: &str, claims: &str) -> String {
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
    }

    fn sign(message: &str, secret: &[u8]) -> String {
        let mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length").chain_update(message);
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    /// A correctly signed token with any content.
    fn forge(header: &Value, claims: &Value, secret: &[u8]) -> String {
        sign(&message(&header.to_string(), &claims.to_string()), secret)
    }

    fn with_header(change: Value) -> String {
        forge(&merge(json!({ "alg": "HS256", "typ": "JWT" }), change), &claims(), SECRET)
    }

    fn with_claims(change: Value) -> String {
        forge(&json!({ "alg": "HS256", "typ": "JWT" }), &merge(claims(), change), SECRET)
    }

    /// `null` removes a member.
    fn merge(mut whole: Value, change: Value) -> Value {
        let (Value::Object(members), Value::Object(changes)) = (&mut whole, change) else { panic!("objects") };
        for (name, value) in changes {
            match value {
                Value::Null => members.remove(&name),
                value => members.insert(name, value),
            };
        }
        whole
    }

    #[test]
    fn a_token_contains_what_it_was_issued_for() {
        let (user, session) = (UserId::new(), SessionId::new());
        let token = tokens().issue(user, session, NOW, NOW + HOUR).expect("a token");
        let second = |time: Timestamp| Timestamp(time.seconds() * 1_000);
        let claims = TokenClaims { user, session, issued: second(NOW), expires: second(NOW + HOUR) };
        assert_eq!(verify(&token), Ok(claims));
        assert!(token.len() < limits::TOKEN_BYTES / 2, "{}", token.len());
        assert!(verify(&with_header(json!({}))).is_ok(), "the forgeries below fail for their own reasons");
    }

    #[test]
    fn a_token_is_valid_until_five_seconds_after_its_expiry() {
        let at = |exp: i64, now: Timestamp| tokens().verify(&with_claims(json!({ "exp": exp })), now);
        let exp = NOW.seconds();
        assert!(at(exp, Timestamp((exp + 5) * 1_000)).is_ok());
        assert_eq!(at(exp, Timestamp((exp + 5) * 1_000 + 1)), Err(TokenError::Expired));
        assert_eq!(at(exp - 6, NOW), Err(TokenError::Expired));
        assert_eq!(at(0, NOW), Err(TokenError::Expired));
        assert!(at(i64::MAX, NOW).is_ok());
    }

    #[test]
    fn a_token_that_was_verified_before_expires_all_the_same() {
        let (tokens, exp) = (tokens(), NOW.seconds() + 60);
        let token = with_claims(json!({ "exp": exp }));
        let claims = tokens.verify(&token, NOW);
        assert!(claims.is_ok());
        assert_eq!(tokens.verify(&token, Timestamp((exp + 5) * 1_000)), claims);
        assert_eq!(tokens.verify(&token, Timestamp((exp + 5) * 1_000 + 1)), Err(TokenError::Expired));
        assert_eq!(tokens.verify(&token, NOW), claims, "the clock was set back");
    }

    #[test]
    fn a_token_that_was_verified_before_proves_no_other_one_and_nothing_elsewhere() {
        let (tokens, good) = (tokens(), with_claims(json!({})));
        assert!(tokens.verify(&good, NOW).is_ok());
        for other in [&good[1..], &good[..good.len() - 1], &format!("{good}A"), &good.to_uppercase()] {
            assert_eq!(tokens.verify(other, NOW), Err(TokenError::Invalid), "{other}");
        }
        let after_a_rotation = Tokens::new(OTHER, &[]).expect("long enough");
        assert_eq!(after_a_rotation.verify(&good, NOW), Err(TokenError::Invalid));
    }

    #[test]
    fn verified_tokens_are_bounded_and_rejected_ones_are_not_kept() {
        let tokens = tokens();
        for number in 0..2 * limits::VERIFIED_TOKENS {
            let claims = TokenClaims { user: UserId::new(), session: SessionId::new(), issued: NOW, expires: NOW };
            tokens.verified.insert(Sha256::digest(number.to_be_bytes()).into(), claims);
        }
        tokens.verified.run_pending_tasks();
        assert!(tokens.verified.entry_count() <= limits::VERIFIED_TOKENS);
        tokens.verified.invalidate_all();
        tokens.verified.run_pending_tasks();
        for token in [with_claims(json!({ "exp": 1 })), with_claims(json!({ "aud": "other" })), "a.b.c".to_owned()] {
            assert!(tokens.verify(&token, NOW).is_err());
        }
        tokens.verified.run_pending_tasks();
        assert_eq!(tokens.verified.entry_count(), 0);
    }

    #[test]
    fn the_clock_is_the_callers() {
        let token = with_claims(json!({ "iat": 1_000, "exp": 2_000 }));
        assert!(tokens().verify(&token, Timestamp(1_500_000)).is_ok());
        let far = Timestamp(4_000_000_000_000);
        assert_eq!(tokens().verify(&with_claims(json!({ "exp": 3_999_999_000_i64 })), far), Err(TokenError::Expired));
    }

    #[test]
    fn only_expired_tokens_get_the_expired_error() {
        let expired = json!({ "exp": 1 });
        let header = json!({ "alg": "HS256", "typ": "JWT" });
        assert_eq!(verify(&with_claims(expired.clone())), Err(TokenError::Expired));
        let stranger = forge(&header, &merge(claims(), expired), OTHER);
        assert_eq!(verify(&stranger), Err(TokenError::Invalid));
        assert_eq!(verify(&with_claims(json!({ "exp": 1, "aud": "other" }))), Err(TokenError::Invalid));
    }

    #[test]
    fn a_previous_secret_verifies_and_never_signs() {
        let before = Tokens::new(OTHER, &[]).expect("long enough");
        let after = Tokens::new(SECRET, &[b"one that was never used, 32 bytes", OTHER]).expect("long enough");
        let (user, session) = (UserId::new(), SessionId::new());
        let old = before.issue(user, session, NOW, NOW + HOUR).expect("a token");
        assert!(after.verify(&old, NOW).is_ok());
        assert_eq!(tokens().verify(&old, NOW), Err(TokenError::Invalid));
        assert_eq!(after.verify(&old, NOW + HOUR + HOUR), Err(TokenError::Expired));
        let new = after.issue(user, session, NOW, NOW + HOUR).expect("a token");
        assert!(tokens().verify(&new, NOW).is_ok());
        assert_eq!(before.verify(&new, NOW), Err(TokenError::Invalid));
    }

    #[test]
    fn a_secret_has_at_least_32_bytes_and_does_not_print() {
        assert!(Tokens::new(&[7; 32], &[&[8; 32]]).is_ok());
        assert!(matches!(Tokens::new(&[7; 31], &[]), Err(ShortSecret)));
        assert!(matches!(Tokens::new(SECRET, &[OTHER, &[8; 31]]), Err(ShortSecret)));
        let printed = format!("{:?}", Tokens::new(&[b'#'; 32], &[&[b'#'; 32]]).expect("long enough"));
        assert!(printed.contains("redacted"), "{printed}");
        assert!(!printed.contains('#') && !printed.contains(&format!("{}, {}", b'#', b'#')), "{printed}");
    }

    #[test]
    fn other_algorithms_are_rejected() {
        for alg in ["none", "None", "NONE", "", "hs256", "HS384", "HS512", "RS256", "PS256", "ES256", "EdDSA"] {
            let header = json!({ "alg": alg, "typ": "JWT" });
            let message = message(&header.to_string(), &claims().to_string());
            let hs512 = Hmac::<Sha512>::new_from_slice(SECRET).expect("any length").chain_update(&message);
            let hs512 = URL_SAFE_NO_PAD.encode(hs512.finalize().into_bytes());
            for token in [forge(&header, &claims(), SECRET), format!("{message}."), format!("{message}.{hs512}")] {
                assert_eq!(verify(&token), Err(TokenError::Invalid), "{alg}: {token}");
            }
        }
        for alg in [json!(null), json!(1), json!(["HS256"])] {
            assert_eq!(verify(&with_header(json!({ "alg": alg }))), Err(TokenError::Invalid));
        }
    }

    #[test]
    fn a_header_with_any_other_field_is_rejected() {
        let jwk = json!({ "kty": "oct", "k": URL_SAFE_NO_PAD.encode(OTHER) });
        let more = [
            json!({ "jku": "https://example.com/keys" }),
            json!({ "jwk": jwk }),
            json!({ "kid": "../../dev/null" }),
            json!({ "kid": "" }),
            json!({ "x5u": "https://example.com/cert" }),
            json!({ "x5c": ["MIIB"] }),
            json!({ "x5t": "AAAA" }),
            json!({ "x5t#S256": "AAAA" }),
            json!({ "crit": ["exp"] }),
            json!({ "crit": [] }),
            json!({ "cty": "JWT" }),
            json!({ "b64": false }),
            json!({ "zip": "DEF" }),
            json!({ "enc": "A128GCM" }),
            json!({ "url": "https://example.com" }),
            json!({ "nonce": "1" }),
            json!({ "exp": 1 }),
            json!({ "typ": "at+jwt" }),
            json!({ "typ": "jwt" }),
            json!({ "typ": "" }),
            json!({ "typ": null }),
            json!({ "typ": 1 }),
        ];
        for change in more {
            assert_eq!(verify(&with_header(change.clone())), Err(TokenError::Invalid), "{change}");
        }
    }

    #[test]
    fn every_claim_is_required_and_of_its_type() {
        let v4 = "936da01f-9abd-4d9d-80c7-02af85c822a8";
        // `null` stands for its absence.
        let wrong = json!({
            "iss": [null, "other", "Parlour", "", ["parlour"], 1],
            "aud": [null, "other", "Parlour", "", ["parlour"], ["parlour", "other"], {}],
            "sub": [null, "", "1", v4, USER.to_uppercase(), USER.replace('-', ""), 1, [USER]],
            "sid": [null, "", "1", v4, SESSION.to_uppercase(), SESSION.replace('-', ""), true, { "id": SESSION }],
            "iat": [null, "1", 1.5, true, u64::MAX],
            "exp": [null, "4102444800", 4_102_444_800.5, -1, 1e300, u64::MAX, [4_102_444_800_i64]],
        });
        for (claim, values) in wrong.as_object().expect("an object") {
            for value in values.as_array().expect("an array") {
                let token = with_claims(json!({ claim: value }));
                assert_eq!(verify(&token), Err(TokenError::Invalid), "{claim}: {value}");
            }
        }
        assert!(verify(&with_claims(json!({ "new": "in a later version" }))).is_ok());
    }

    #[test]
    fn altered_tokens_and_those_signed_with_other_keys_are_rejected() {
        let header = json!({ "alg": "HS256", "typ": "JWT" });
        assert_eq!(verify(&forge(&header, &claims(), OTHER)), Err(TokenError::Invalid));
        let good = with_claims(json!({}));
        let other = with_claims(json!({ "sub": SESSION }));
        let parts = |token: &str| token.split('.').map(str::to_owned).collect::<Vec<_>>();
        let (good_parts, other_parts) = (parts(&good), parts(&other));
        let swapped = format!("{}.{}.{}", good_parts[0], other_parts[1], good_parts[2]);
        assert_eq!(verify(&swapped), Err(TokenError::Invalid));
        for at in 0..good.len() {
            for by in ["A", "B", ".", "=", " ", ""] {
                let altered = format!("{}{by}{}", &good[..at], &good[at + 1..]);
                assert!(altered == good || verify(&altered) == Err(TokenError::Invalid), "{altered}");
            }
            assert_eq!(verify(&good[..at]), Err(TokenError::Invalid));
        }
        // The 43rd character of the signature holds two bits that mean nothing: they must be zero.
        for other in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".chars() {
            let altered = format!("{}{other}", &good[..good.len() - 1]);
            assert_eq!(verify(&altered).is_ok(), altered == good, "{altered}");
        }
    }

    #[test]
    fn strings_that_are_no_tokens_are_rejected() {
        let good = with_claims(json!({}));
        let junk = [
            String::new(),
            ".".into(),
            "..".into(),
            "...".into(),
            "a.b.c".into(),
            "é.ü.\u{0}".into(),
            "null.null.null".into(),
            format!("Bearer {good}"),
            format!(" {good}"),
            format!("{good}\n"),
            format!("{good}.{good}"),
            format!("{good}="),
            good.replace('.', "%2E"),
        ];
        for token in junk {
            assert_eq!(verify(&token), Err(TokenError::Invalid), "{token:?}");
        }
        let headers =
            [r#"{"alg":"none","alg":"HS256","typ":"JWT"}"#, r#"{"alg":"HS256","typ":"JWT""#, "[]", "\"\"", ""];
        for header in headers {
            let token = sign(&message(header, &claims().to_string()), SECRET);
            assert_eq!(verify(&token), Err(TokenError::Invalid), "{header}");
        }
        let twice = claims().to_string().replacen('{', r#"{"sub":"1","#, 1);
        let token = sign(&message(r#"{"alg":"HS256","typ":"JWT"}"#, &twice), SECRET);
        assert_eq!(verify(&token), Err(TokenError::Invalid), "{twice}");
    }

    #[test]
    fn a_token_has_at_most_1024_bytes() {
        let padded = |bytes: usize| with_claims(json!({ "pad": "x".repeat(bytes) }));
        let of_length = |bytes: usize| (0..bytes).map(padded).find(|token| token.len() == bytes);
        assert!(verify(&of_length(1_024).expect("it can be that long")).is_ok());
        assert_eq!(verify(&of_length(1_025).expect("it can be that long")), Err(TokenError::Invalid));
        assert_eq!(verify(&padded(8_192)), Err(TokenError::Invalid));
        assert_eq!(verify(&"a".repeat(1_000_000)), Err(TokenError::Invalid));
    }
}
