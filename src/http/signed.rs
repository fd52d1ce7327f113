//! Requests to signed addresses: whoever has one may fetch or put what it names, without signing in.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::header::HeaderName;
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::refusal::HttpRefusal;
use super::state::HttpState;
use crate::images::{Address, Images};

/// Which pages may show what is at an address.
pub(super) const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// An address as it was sent, with what its path says; `None` if it is of another form.
pub(super) struct SentAddress<P>(Option<(P, Signature)>);

#[derive(Deserialize)]
struct Signature {
    expires: i64,
    signature: String,
}

impl<P: DeserializeOwned + Send> FromRequestParts<HttpState> for SentAddress<P> {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, Infallible> {
        let path = Path::from_request_parts(parts, state).await.ok();
        let query = Query::from_request_parts(parts, state).await.ok();
        Ok(Self(path.zip(query).map(|(Path(path), Query(signature))| (path, signature))))
    }
}

impl<P> SentAddress<P> {
    /// What it names, and the second at which it expires. Those that are malformed, forged, altered or expired are refused
    /// alike, so that a refusal does not reveal which one it is.
    pub(super) fn open<T: Copy>(
        self,
        images: &Images,
        parse: impl FnOnce(P) -> Option<T>,
        address: impl FnOnce(T) -> Address,
    ) -> Result<(T, i64), HttpRefusal> {
        let named = self.0.and_then(|(path, Signature { expires, signature })| {
            let named = parse(path)?;
            images.is_signed(address(named), expires, &signature).then_some((named, expires))
        });
        let refused = || HttpRefusal::forbidden("this address is invalid or has expired: ask the API for a new one");
        named.ok_or_else(refused)
    }
}
