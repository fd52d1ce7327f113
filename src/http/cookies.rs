//! The session's cookie, for browsers.

use axum::http::HeaderValue;

use crate::app::App;
use crate::clock::Timestamp;
use crate::config::{AppEnv, SameSite};
use crate::graphql::SessionEffect;

/// The `Set-Cookie` for a change that an operation made to the session.
pub(super) fn set_cookie(app: &App, effect: &SessionEffect) -> Option<HeaderValue> {
    let (env, same_site) = (app.config.app_env, app.config.cookie_same_site);
    let cookie = match effect {
        SessionEffect::Set { token, expires_at } => {
            cookie(env, same_site, token, seconds_until(*expires_at, app.clock.now()))
        }
        // Removed with the attributes with which it was set.
        SessionEffect::Clear => cookie(env, same_site, "", 0),
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
///
/// Browsers keep a cookie for other sites only if it is Secure, also for a local server over http. Partitioned ones are
/// kept where others of other sites are blocked, and separately for each site, so no other site's page can use it.
fn cookie(env: AppEnv, same_site: SameSite, token: &str, seconds: u64) -> String {
    let (same_site, more) = match (same_site, env) {
        (SameSite::None, _) => ("None", "; Secure; Partitioned"),
        (SameSite::Strict, AppEnv::Production) => ("Strict", "; Secure"),
        (SameSite::Strict, AppEnv::Development) => ("Strict", ""),
        (SameSite::Lax, AppEnv::Production) => ("Lax", "; Secure"),
        (SameSite::Lax, AppEnv::Development) => ("Lax", ""),
    };
    format!("{}={token}; HttpOnly; SameSite={same_site}; Path=/; Max-Age={seconds}{more}", name(env))
}
