//! A public key in PEM: the three kinds that tokens are verified with.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A public key, which decides the algorithm of the tokens that it verifies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// RS256: an `RSAPublicKey` of RFC 8017 in DER.
    Rsa(Vec<u8>),
    /// ES256: an uncompressed point of P-256.
    P256(Vec<u8>),
    /// EdDSA: a key of Ed25519.
    Ed25519(Vec<u8>),
}

/// What stands before the point in a `SubjectPublicKeyInfo` of P-256 (RFC 5480): its length, `ecPublicKey`, `prime256v1`.
const P256: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// What stands before the key in one of Ed25519 (RFC 8410).
const ED25519: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// In one of RSA (RFC 3279): `rsaEncryption` without parameters, after a length of two bytes and before another.
const RSA: &[u8] = &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
/// An `RSAPublicKey` with a modulus of 2,048 bits has more bytes than this.
const RSA_BYTES: usize = 256;

impl PublicKey {
    /// Reads `-----BEGIN PUBLIC KEY-----`. Line breaks may be written as `\n`, as variables often have them, or left out.
    pub fn from_pem(text: &str) -> Option<Self> {
        let text = text.replace("\\n", "\n");
        let body = text.trim().strip_prefix("-----BEGIN PUBLIC KEY-----")?.strip_suffix("-----END PUBLIC KEY-----")?;
        let body: String = body.split_whitespace().collect();
        Self::from_der(&STANDARD.decode(body).ok()?)
    }

    fn from_der(der: &[u8]) -> Option<Self> {
        if let Some(point) = der.strip_prefix(P256) {
            return (point.len() == 65 && point[0] == 4).then(|| Self::P256(point.to_vec()));
        }
        if let Some(key) = der.strip_prefix(ED25519) {
            return (key.len() == 32).then(|| Self::Ed25519(key.to_vec()));
        }
        // Both lengths are of two bytes, as they are of every key that is long enough.
        let rest = long(der, 0x30)?.strip_prefix(RSA)?;
        let key = long(rest, 0x03)?.strip_prefix(&[0])?;
        (key.len() > RSA_BYTES && long(key, 0x30).is_some()).then(|| Self::Rsa(key.to_vec()))
    }
}

/// The content of a value in DER with this tag and a length of two bytes, to the end.
fn long(der: &[u8], tag: u8) -> Option<&[u8]> {
    let [found, 0x82, high, low, content @ ..] = der else { return None };
    (*found == tag && content.len() == usize::from(u16::from_be_bytes([*high, *low]))).then_some(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by `openssl genpkey -algorithm … | openssl pkey -pubout`.
    const PEM_P256: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEFecQRBwEmWSDghZ5PVzhUnd6yIJK6AYJNGDo0wJcapWaHV8EkvczzQFca6BzOatg9JIC4gzJBSYCCYw4YAfWvA==";
    const PEM_ED25519: &str = "MCowBQYDK2VwAyEAx2ULl3O2yxfmgbhMitKjjIq8NTjXSqSgGsAkRUqSlK4=";
    const PEM_RSA: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAy4WWMpHz3yPFfeM0Fy87iTDytrcISUvPDebxPXGM27XDYTfDnDv54lTOzNOcMkfVpUmtaJMA/56+TIFJdkOJwUprNOLAUNolhu1U7lv6ZmSfrXgIB0gpqEjoezoNU+eGcDPbE0dPN4e7fWw8zspiFDRRmxiQZLXOw77p9xgg8xReih2v/JVucn/CHJxWy3OQxWup4qvHfVnkC9NoJKoQ5kNxyNjLi1P6MT4v0wEsnT9PsWGQz54/YVAV8I1CXaw+ihHANPMRKC8u63Luor/RFef4pnE8vecyTsOFWpVvTYOqIDku7IoH7QmWBikOEXLfmoeSFYTlXxcefJygbu5MZQIDAQAB";
    const PEM_RSA_1024: &str = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCwFvKfzDKbyHaBs9I/kVxfUeOo7zYE4xNQgiBCJ56R41W11uHttZ/vO5Xk4J7zH5XAanX9YtyJPAMbqxWYTxSvCNmS5R4bqQNC1L1CNQv0rD6kbA9Un0xufSPl63T8aZdhGZgCxmSOXfs6yPR2JjHr/nHF7f0rKgjksn7LfuxH/wIDAQAB";

    fn pem(body: &str) -> String {
        format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n")
    }

    #[test]
    fn keys_of_the_three_kinds_are_read_with_any_line_breaks() {
        for breaks in ["\n", "\r\n", "\\n", " ", ""] {
            let read = |body: &str| PublicKey::from_pem(&pem(body).replace('\n', breaks));
            assert!(matches!(read(PEM_P256), Some(PublicKey::P256(point)) if point.len() == 65), "{breaks:?}");
            assert!(matches!(read(PEM_ED25519), Some(PublicKey::Ed25519(key)) if key.len() == 32), "{breaks:?}");
            assert!(matches!(read(PEM_RSA), Some(PublicKey::Rsa(key)) if key.len() == 270), "{breaks:?}");
        }
    }

    #[test]
    fn other_texts_are_no_keys() {
        let cut = &PEM_RSA[..PEM_RSA.len() - 4];
        for text in [
            "",
            PEM_P256,
            &pem(""),
            &pem("!"),
            &pem(cut),
            &pem(PEM_RSA_1024),
            &pem(PEM_P256).replace("PUBLIC", "PRIVATE"),
            &pem(PEM_P256).replace("PUBLIC KEY", "CERTIFICATE"),
            &format!("{}{}", pem(PEM_P256), pem(PEM_P256)),
        ] {
            assert_eq!(PublicKey::from_pem(text), None, "{text}");
        }
    }
}
