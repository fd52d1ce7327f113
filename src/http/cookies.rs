//! The session's cookie, for browsers.

use axum::http::HeaderValue;

use crate::app::App;
use crate::clock::Timestamp;
use crate::config::AppEnv;
use crate::graphql::SessionEffect;

/// The `Set-Cookie` for a change that an operation made to the session.
pub(super) fn set_cookie(app: &App, effect: &SessionEffect) -> Option<HeaderValue> {
    let env = app.config.app_env;
    let cookie = match effect {
        SessionEffect::Set { token, expires_at } => cookie(env, token, seconds_until(*expires_at, app.clock.now())),
        // Removed with the attributes with which it was set.
        SessionEffect::Clear => cookie(env, "", 0),
    };
    HeaderValue::try_from(cookie).ok()
}

/// Whole seconds, rounded up, so that a session that began a millisecond ago does not lose a second.
fn seconds_until(expires_at: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(expires_at.since(now).as_millis().div_ceil(1_000)).unwrap_or(u64::MAX)
}

/// The cookie's name. The prefix makes browsers refuse it from a sub-domain and without TLS (RFC 6265bis, 4.1.3.2).
pub(super) fn name(env: AppEnv) -> &'static str {
    match env {
        AppEnv::Development => "jwt",
        AppEnv::Production => "__Host-jwt",
    }
}

/// A `Set-Cookie` value. It has no domain, so browsers send it to this host only.
fn cookie(env: AppEnv, token: &str, seconds: u64) -> String {
    let secure = match env {
        AppEnv::Development => "",
        AppEnv::Production => "; Secure",
    };
    format!("{}={token}; HttpOnly; SameSite=Strict; Path=/; Max-Age={seconds}{secure}", name(env))
}
