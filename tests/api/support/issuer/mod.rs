//! An issuer of tokens, as an app has one, with its keys at an address.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    RsaPublicKeyComponents,
};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A key that signs.
pub enum SigningKey {
    Hs256(Vec<u8>),
    Rs256(Box<RsaKeyPair>),
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
}

pub const SHARED: &str = "a secret that the app shares with its chat server";

fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl SigningKey {
    pub fn hs256() -> Self {
        Self::Hs256(SHARED.as_bytes().to_vec())
    }

    /// Always the same, as it takes long to make one.
    pub fn rs256() -> Self {
        Self::Rs256(Box::new(RsaKeyPair::from_pkcs8(include_bytes!("rsa-2048.pk8")).expect("a key")))
    }

    pub fn es256() -> Self {
        let (random, algorithm) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
        Self::Es256(EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), &random).expect("a key"))
    }

    pub fn eddsa() -> Self {
        let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
        Self::EdDsa(Ed25519KeyPair::from_pkcs8(key.as_ref()).expect("a key"))
    }

    pub fn algorithm(&self) -> &'static str {
        match self {
            Self::Hs256(_) => "HS256",
            Self::Rs256(_) => "RS256",
            Self::Es256(_) => "ES256",
            Self::EdDsa(_) => "EdDSA",
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Hs256(secret) => {
                let mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length").chain_update(message);
                mac.finalize().into_bytes().to_vec()
            }
            Self::Rs256(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).expect("a signature");
                signature
            }
            Self::Es256(key) => key.sign(&random, message).expect("a signature").as_ref().to_vec(),
            Self::EdDsa(key) => key.sign(message).as_ref().to_vec(),
        }
    }

    /// A token with these claims, as they are.
    pub fn token(&self, kid: Option<&str>, claims: &Value) -> String {
        self.token_with(json!({ "alg": self.algorithm(), "typ": "JWT", "kid": kid }), claims)
    }

    /// A token with any header.
    pub fn token_with(&self, mut header: Value, claims: &Value) -> String {
        header.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        let message = format!("{}.{}", base64(header.to_string()), base64(claims.to_string()));
        let signature = base64(self.sign(message.as_bytes()));
        format!("{message}.{signature}")
    }

    /// The public half, as a JSON Web Key.
    pub fn jwk(&self, kid: &str) -> Value {
        match self {
            Self::Hs256(secret) => json!({ "kty": "oct", "kid": kid, "k": base64(secret) }),
            Self::Rs256(key) => {
                let public: RsaPublicKeyComponents<Vec<u8>> = key.public().into();
                let (n, e) = (base64(public.n), base64(public.e));
                json!({ "kty": "RSA", "kid": kid, "use": "sig", "alg": "RS256", "n": n, "e": e })
            }
            Self::Es256(key) => {
                let point = key.public_key().as_ref();
                let (x, y) = (base64(&point[1..33]), base64(&point[33..]));
                json!({ "kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "x": x, "y": y })
            }
            Self::EdDsa(key) => json!({ "kty": "OKP", "crv": "Ed25519", "kid": kid, "x": base64(key.public_key()) }),
        }
    }
}

/// Claims of a token that is valid for an hour from now on, with more.
pub fn claims(subject: &str, more: Value) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let mut claims = json!({ "iss": ISSUER, "aud": "chat", "sub": subject, "iat": now, "exp": now + 3_600 });
    for (name, value) in more.as_object().expect("an object") {
        match value {
            Value::Null => drop(claims.as_object_mut().expect("an object").remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    claims
}

pub const ISSUER: &str = "https://login.shop.example/realms/shop";

/// The settings of a server that trusts it, with one more.
pub fn settings<'a>(key: (&'a str, &'a str)) -> Vec<(&'a str, &'a str)> {
    vec![("AUTH_JWT_ISSUER", ISSUER), ("AUTH_JWT_AUDIENCE", "chat"), key]
}

/// A server of HTTP that has the keys.
pub struct KeyServer {
    pub address: SocketAddr,
    answer: Arc<Mutex<String>>,
    asked: Arc<AtomicUsize>,
    serving: JoinHandle<()>,
}

impl KeyServer {
    /// Serves these keys, by their names.
    pub async fn start(keys: &[(&str, &SigningKey)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        Self::start_at(listener, keys).await
    }

    pub async fn start_at(listener: TcpListener, keys: &[(&str, &SigningKey)]) -> Self {
        let address = listener.local_addr().expect("an address");
        let (answer, asked) = (Arc::new(Mutex::new(String::new())), Arc::new(AtomicUsize::new(0)));
        let (answers, count) = (Arc::clone(&answer), Arc::clone(&asked));
        let serving = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                let answer = answers.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let mut request = [0; 4_096];
                let read = stream.read(&mut request).await.unwrap_or(0);
                assert!(request[..read].starts_with(b"GET /certs HTTP/1.1\r\n"), "it is asked for its keys only");
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        let server = Self { address, answer, asked, serving };
        server.has(keys);
        server
    }

    pub fn url(&self) -> String {
        format!("http://{}/certs", self.address)
    }

    /// From now on it has these keys.
    pub fn has(&self, keys: &[(&str, &SigningKey)]) {
        let keys: Vec<Value> = keys.iter().map(|(kid, key)| key.jwk(kid)).collect();
        let body = json!({ "keys": keys }).to_string();
        self.answers(&format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()));
    }

    /// From now on it answers this.
    pub fn answers(&self, answer: &str) {
        answer.clone_into(&mut self.answer.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Drop for KeyServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
