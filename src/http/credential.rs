//! The credential of a request: a bearer token, or the cookie of a browser.

use std::fmt;

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE};

/// A token that has not been verified yet.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// The token, whatever it is worth.
    pub token: String,
    /// How it came.
    pub source: CredentialSource,
    /// In whose place a key acts, as the header has it.
    pub act_as: Option<String>,
}

/// Names the person in whose place a key acts.
const ACT_AS: &str = "parlour-act-as";

/// How a token came. Browsers send cookies by themselves, also when a stranger's page makes them: see `origin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialSource {
    /// In the session's cookie.
    Cookie,
    /// In `Authorization`, which only code that has the token can send.
    Bearer,
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("source", &self.source).finish_non_exhaustive()
    }
}

/// The credential of a request; where there are both, the bearer counts, whatever it is worth. Tokens in addresses
/// do not: those end in logs and histories.
pub(super) fn credential(headers: &HeaderMap, cookie: &str) -> Option<Credential> {
    let act_as = act_as(headers);
    let bearer = bearer(headers).map(|token| Credential {
        token: token.to_owned(),
        source: CredentialSource::Bearer,
        act_as: act_as.clone(),
    });
    bearer.or_else(|| {
        let token =
            cookies(headers).find_map(|(name, value)| (name == cookie && !value.is_empty()).then_some(value))?;
        Some(Credential { token: token.to_owned(), source: CredentialSource::Cookie, act_as })
    })
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// In whose place. What cannot be read is nobody's.
fn act_as(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(ACT_AS)?;
    Some(std::str::from_utf8(value.as_bytes()).map(|who| who.trim().to_owned()).unwrap_or_default())
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).filter_map(|cookie| cookie.trim().split_once('='))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_bearer_wins_over_the_cookie() {
        let cookie = |token| Some((token, CredentialSource::Cookie));
        let bearer = |token| Some((token, CredentialSource::Bearer));
        for (authorization, cookies, credential) in [
            ("", "", None),
            ("", "jwt=a", cookie("a")),
            ("", "theme=dark; jwt=a; other=b", cookie("a")),
            ("", "jwt=a=b", cookie("a=b")),
            ("", "jwt=a; jwt=b", cookie("a")),
            ("", "jwt=", None),
            ("", "xjwt=a; __Host-jwt=b", None),
            ("Bearer a", "", bearer("a")),
            ("bearer  a ", "jwt=b", bearer("a")),
            ("Bearer", "jwt=b", cookie("b")),
            ("Bearer ", "jwt=b", cookie("b")),
            ("Basic a", "jwt=b", cookie("b")),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, HeaderValue::from_static(authorization));
            headers.insert(COOKIE, HeaderValue::from_static(cookies));
            let found = super::credential(&headers, "jwt");
            let found = found.as_ref().map(|credential| (credential.token.as_str(), credential.source));
            assert_eq!(found, credential, "{authorization:?} {cookies:?}");
        }
    }

    #[test]
    fn a_credential_does_not_print_its_token() {
        let credential = Credential { token: "hunter2".to_owned(), source: CredentialSource::Cookie, act_as: None };
        assert_eq!(format!("{credential:?}"), "Credential { source: Cookie, .. }");
    }
}
