//! Signed addresses: anyone with an address may use it until it expires, and can't derive another one from it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use url::Url;

use crate::clock::Timestamp;
use crate::entity::image;
use crate::id::{ExportId, ImageId, UploadId};
use crate::images::Images;
use crate::images::encode::part_for;
use crate::images::serve::parts_of;
use crate::limits;

/// Separates these keys from those of tokens, which are derived from the same secret.
const PURPOSE: &[u8] = b"parlour: addresses of images";

/// What an address points to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// An image, or its thumbnail of this width.
    Image {
        /// The image's id.
        id: ImageId,
        /// The image's own width, or one of its thumbnails'.
        width: u32,
    },
    /// An upload slot, for a PUT of its bytes.
    Upload(UploadId),
    /// An archive of somebody's own data.
    Export(ExportId),
}

/// An address and its expiry.
#[derive(Clone, Debug)]
pub struct SignedAddress {
    /// The absolute URL.
    pub url: String,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// Signs and verifies addresses.
pub(super) struct Signer {
    /// The current key comes first.
    keys: Vec<Hmac<Sha256>>,
    base: Url,
}

impl Signer {
    pub(super) fn new(current: &SecretString, previous: &[SecretString], base: &Url) -> Self {
        let key = |secret: &SecretString| {
            let derived = keyed(secret.expose_secret().as_bytes()).chain_update(PURPOSE).finalize().into_bytes();
            keyed(&derived)
        };
        Self { keys: [current].into_iter().chain(previous).map(key).collect(), base: base.clone() }
    }

    pub(super) fn sign(&self, address: Address, expires_at: Timestamp) -> String {
        let expires = expires_at.seconds();
        let text = signed_text(address, expires);
        let signature = self.keys[0].clone().chain_update(&text).finalize().into_bytes();
        let signature = URL_SAFE_NO_PAD.encode(signature);
        let mut url = self.base.clone();
        url.set_path(&address.path());
        url.set_query(Some(&format!("expires={expires}&signature={signature}")));
        url.into()
    }

    /// Whether an address was signed here and has not expired.
    pub(super) fn verify(&self, address: Address, expires: i64, signature: &str, now: Timestamp) -> bool {
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
        let text = signed_text(address, expires);
        // In constant time.
        let is_ours = self.keys.iter().any(|key| key.clone().chain_update(&text).verify_slice(&signature).is_ok());
        is_ours && now.seconds() < expires
    }
}

impl Address {
    fn path(self) -> String {
        match self {
            Self::Image { id, width } => format!("/images/{id}/{width}"),
            Self::Upload(id) => format!("/uploads/{id}"),
            Self::Export(id) => format!("/exports/{id}"),
        }
    }
}

fn signed_text(address: Address, expires: i64) -> String {
    format!("{} {expires}", address.path())
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

impl Images {
    /// The address of an image, or of its smallest thumbnail of at least this width. The caller has checked that the
    /// recipient may see the image.
    pub fn address(&self, image: &image::Model, max_width: Option<u32>) -> SignedAddress {
        let own = u32::try_from(image.width).unwrap_or(u32::MAX);
        let part = max_width.and_then(|wanted| part_for(&parts_of(image), wanted));
        let address = Address::Image { id: image.id, width: part.map_or(own, |part| part.width) };
        let expires_at = expiry(self.0.app.clock.now());
        SignedAddress { url: self.0.signer.sign(address, expires_at), expires_at }
    }

    /// The address of an archive, until it expires. The caller has checked that it is the recipient's.
    pub fn export_address(&self, id: ExportId, expires_at: Timestamp) -> SignedAddress {
        SignedAddress { url: self.0.signer.sign(Address::Export(id), expires_at), expires_at }
    }

    /// Whether an address was signed here and has not expired.
    pub fn is_signed(&self, address: Address, expires: i64, signature: &str) -> bool {
        self.0.signer.verify(address, expires, signature, self.0.app.clock.now())
    }
}

/// The expiry of an address that is signed now: the end of the next window. All addresses of one window are the same
/// string, so that caches can reuse them.
pub(super) fn expiry(now: Timestamp) -> Timestamp {
    let window = i64::try_from(limits::IMAGE_ADDRESS.as_millis()).unwrap_or(i64::MAX);
    Timestamp((now.0.div_euclid(window) + 2).saturating_mul(window))
}

impl SignedAddress {
    /// Until when the address is given to clients: afterwards new ones differ, and this one expires soon.
    pub fn fresh_until(&self) -> Timestamp {
        self.expires_at - limits::IMAGE_ADDRESS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer(current: &str, previous: &[&str]) -> Signer {
        let secret = |text: &&str| SecretString::from(*text);
        let previous: Vec<SecretString> = previous.iter().map(secret).collect();
        Signer::new(&secret(&current), &previous, &Url::parse("https://chat.example").expect("a URL"))
    }

    fn parts(url: &str) -> (i64, String) {
        let url = Url::parse(url).expect("a URL");
        let query: std::collections::HashMap<String, String> = url.query_pairs().into_owned().collect();
        (query["expires"].parse().expect("a number"), query["signature"].clone())
    }

    #[test]
    fn an_address_is_valid_only_for_its_target_and_until_it_expires() {
        let (first, other) = (signer("one secret", &[]), signer("another secret", &["one secret"]));
        let third = signer("a third", &[]);
        let (id, now) = (ImageId::new(), Timestamp(1_000_000_000_000));
        let address = Address::Image { id, width: 480 };
        let (expires, signature) = parts(&first.sign(address, expiry(now)));

        assert!(first.verify(address, expires, &signature, now));
        assert!(other.verify(address, expires, &signature, now), "by the secret before");
        assert!(!third.verify(address, expires, &signature, now));
        assert!(!first.verify(Address::Image { id, width: 960 }, expires, &signature, now));
        assert!(!first.verify(Address::Image { id: ImageId::new(), width: 480 }, expires, &signature, now));
        assert!(!first.verify(address, expires + 1, &signature, now));
        assert!(!first.verify(address, expires, &signature[1..], now) && !first.verify(address, expires, "", now));
        assert!(!first.verify(address, expires, &signature, Timestamp(expires * 1000)));
    }

    #[test]
    fn an_address_is_the_same_for_half_an_hour_and_valid_for_as_long_again() {
        let begin = Timestamp(1_800_000 * 500_000);
        let end = begin + limits::IMAGE_ADDRESS;
        assert_eq!(expiry(begin), expiry(Timestamp(end.0 - 1)));
        assert!(expiry(begin) < expiry(end));
        assert_eq!(expiry(begin).since(begin), limits::IMAGE_ADDRESS * 2);
    }
}
