//! The session's cookie, for browsers.

use async_graphql::Context;

use crate::app::App;
use crate::clock::Timestamp;
use crate::config::AppEnv;

/// Sets the cookie on the answer.
pub fn set(ctx: &Context<'_>, app: &App, token: &str, expires_at: Timestamp) {
    let seconds = seconds_until(expires_at, app.clock.now());
    ctx.insert_http_header("set-cookie", cookie(app.config.app_env, token, seconds));
}

/// Whole seconds, rounded up: what began a millisecond ago is not shorter for it.
pub fn seconds_until(expires_at: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(expires_at.since(now).as_millis().div_ceil(1_000)).unwrap_or(u64::MAX)
}

/// Takes the cookie away, with the same attributes that it was set with.
pub fn clear(ctx: &Context<'_>, app: &App) {
    ctx.insert_http_header("set-cookie", cookie(app.config.app_env, "", 0));
}

/// The cookie's name. The prefix makes browsers refuse it from a sub-domain and without TLS (RFC 6265bis, 4.1.3.2).
pub fn name(env: AppEnv) -> &'static str {
    match env {
        AppEnv::Development => "jwt",
        AppEnv::Production => "__Host-jwt",
    }
}

/// A `Set-Cookie` value. It has no domain, so that it goes to this host alone.
pub fn cookie(env: AppEnv, token: &str, seconds: u64) -> String {
    let secure = match env {
        AppEnv::Development => "",
        AppEnv::Production => "; Secure",
    };
    format!("{}={token}; HttpOnly; SameSite=Strict; Path=/; Max-Age={seconds}{secure}", name(env))
}
