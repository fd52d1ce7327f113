//! Verifies a token of the app and reads what it says.

use std::time::Duration;

use jsonwebtoken::{Header, Validation};
use serde_json::{Map, Value};

use super::external_id::ExternalId;
use super::key_set::KeySet;
use crate::accounts::{Email, Name};
use crate::clock::Timestamp;
use crate::config::AppTokens;
use crate::limits;

/// What a valid token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AppToken {
    pub(super) external_id: ExternalId,
    /// When it was issued; the earliest that it can have been if it does not say so.
    pub(super) issued: Timestamp,
    pub(super) expires: Timestamp,
    /// For a new person.
    pub(super) name: Option<Name>,
    /// For a new person.
    pub(super) email: Option<String>,
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AppTokenError {
    /// It was the issuer's: a fresh one may help.
    Expired,
    /// For the log: none of the keys has signed it, as far as they are known.
    Unsigned(&'static str),
    /// For the log: what is wrong with it.
    Invalid(&'static str),
}

use AppTokenError::{Expired, Invalid, Unsigned};

/// The header of what may be a token.
pub(super) fn header(token: &str) -> Result<Header, AppTokenError> {
    if token.len() > limits::APP_TOKEN_BYTES {
        return Err(Invalid("it is too long"));
    }
    let header = jsonwebtoken::decode_header(token).map_err(|_| Invalid("it is no JWT, or of an unknown algorithm"))?;
    let is_typed = header
        .typ
        .as_deref()
        .is_none_or(|typ| ["JWT", "at+jwt", "application/at+jwt"].iter().any(|known| known.eq_ignore_ascii_case(typ)));
    if !is_typed {
        return Err(Invalid("its header says that it is something else than a JWT (typ)"));
    }
    // Whatever it is that must be understood (RFC 7515, 4.1.11), it is not. Addresses and keys in a header are not read.
    if header.crit.is_some() || header.zip.is_some() || header.enc.is_some() {
        return Err(Invalid("its header has crit, zip or enc"));
    }
    Ok(header)
}

/// The content of a token with this header, if one of the keys has signed it.
pub(super) fn verify(
    token: &str,
    header: &Header,
    keys: &KeySet,
    app: &AppTokens,
    now: Timestamp,
) -> Result<AppToken, AppTokenError> {
    let mut keys = keys.of(header.kid.as_deref(), header.alg).peekable();
    if keys.peek().is_none() {
        return Err(Unsigned("no key of the issuer has its algorithm and its kid"));
    }
    let verified = keys.find_map(|key| {
        let mut validation = Validation::new(key.algorithm);
        // All of them are checked below, by our clock, and strictly.
        validation.required_spec_claims.clear();
        (validation.validate_exp, validation.validate_nbf, validation.validate_aud) = (false, false, false);
        jsonwebtoken::decode::<Map<String, Value>>(token, &key.key, &validation).ok()
    });
    let claims = verified.ok_or(Unsigned("its signature is not the issuer's"))?.claims;
    read(&claims, app, now)
}

fn read(claims: &Map<String, Value>, app: &AppTokens, now: Timestamp) -> Result<AppToken, AppTokenError> {
    if claims.get("iss").and_then(Value::as_str) != Some(&app.issuer) {
        return Err(Invalid("its issuer (iss) is not AUTH_JWT_ISSUER"));
    }
    let is_for_us = |audience: &Value| audience.as_str().is_some_and(|one| app.audiences.iter().any(|own| own == one));
    let has_audience = match claims.get("aud") {
        Some(Value::Array(audiences)) => audiences.iter().any(is_for_us),
        Some(audience) => is_for_us(audience),
        None => false,
    };
    if !has_audience {
        return Err(Invalid("its audience (aud) is not AUTH_JWT_AUDIENCE"));
    }
    let expires = time(claims, "exp")?.ok_or(Invalid("it never expires (exp)"))?;
    let issued = time(claims, "iat")?;
    let ahead = now + limits::ISSUER_CLOCK_AHEAD;
    if time(claims, "nbf")?.max(issued).is_some_and(|begins| begins > ahead) {
        return Err(Invalid("it is not valid yet (nbf, iat)"));
    }
    let issued = issued.unwrap_or(expires - limits::APP_TOKEN_LIFE);
    if expires.since(issued) > limits::APP_TOKEN_LIFE || expires > ahead + limits::APP_TOKEN_LIFE {
        return Err(Invalid("it is valid for more than 24 hours (exp)"));
    }
    if now > expires + limits::TOKEN_LEEWAY {
        return Err(Expired);
    }
    let external_id = match claim(claims, &app.id_claim) {
        Some(Value::String(id)) => ExternalId::new(id),
        // Against the standard, and seen of backends whose ids are numbers.
        Some(Value::Number(id)) if !id.is_f64() => ExternalId::new(&id.to_string()),
        Some(_) | None => None,
    };
    let external_id = external_id.ok_or(Invalid("it names nobody (AUTH_JWT_ID_CLAIM)"))?;
    let text = |path: &str| claim(claims, path).and_then(Value::as_str);
    let name = text(&app.name_claim).and_then(|name| Name::parse(name).ok());
    let email = text(&app.email_claim).and_then(|email| Some(Email::parse(email).ok()?.as_str().to_owned()));
    Ok(AppToken { external_id, issued, expires, name, email })
}

/// A claim by its name, or by a path of names with dots. Names with dots in them come first: issuers that want a name to
/// be unique make an address of it.
fn claim<'a>(claims: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    claims.get(path).or_else(|| {
        let (first, rest) = path.split_once('.')?;
        claim(claims.get(first)?.as_object()?, rest)
    })
}

/// A `NumericDate`, which may have a fraction (RFC 7519, section 2).
fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, AppTokenError> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let wrong = Invalid("one of its times (exp, iat, nbf) is no number");
    let seconds = value.as_f64().filter(|seconds| seconds.is_finite()).ok_or(wrong)?;
    let time = Duration::try_from_secs_f64(seconds).map_err(|_| wrong)?;
    Ok(Some(Timestamp(0) + time))
}
