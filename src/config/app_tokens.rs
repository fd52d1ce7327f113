//! The tokens of an app that has users of its own: who signs them, and what is read of them.

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::variables::{Variables, WANTS_A_SECRET, is_loopback, items};
use super::{AppEnv, ConfigError, PublicKey};

/// Which tokens are the app's, and what they say of a person.
#[derive(Clone, Debug)]
pub struct AppTokens {
    /// The claim `iss`.
    pub issuer: String,
    /// One of these is in the claim `aud`.
    pub audiences: Vec<String>,
    /// What verifies them.
    pub key: AppTokenKey,
    /// Whether the first token of somebody makes their account.
    pub makes_people: bool,
    /// The claim with a person's id in the app's backend.
    pub id_claim: String,
    /// The claim with the name of a new person.
    pub name_claim: String,
    /// The claim with the e-mail address of a new person.
    pub email_claim: String,
}

/// What verifies the app's tokens. It decides their algorithm.
#[derive(Clone, Debug)]
pub enum AppTokenKey {
    /// Keys that are fetched from this address (RFC 7517, section 5).
    Fetched(Url),
    /// One public key.
    Public(PublicKey),
    /// A secret that the app shares.
    Shared(SecretString),
}

const KEYS: [&str; 3] = ["AUTH_JWKS_URL", "AUTH_JWT_KEY", "AUTH_JWT_SECRET"];
const MORE: [&str; 7] = [
    "AUTH_JWT_AUDIENCE",
    "AUTH_JWT_CREATE",
    "AUTH_JWT_ID_CLAIM",
    "AUTH_JWT_NAME_CLAIM",
    "AUTH_JWT_EMAIL_CLAIM",
    "AUTH_LOCAL",
    "SIGN_IN_URL",
];
/// The issuer of Parlour's own tokens.
const PARLOUR: &str = "parlour";

impl AppTokens {
    /// Reads the variables; `None` if `AUTH_JWT_ISSUER` is not set.
    pub(super) fn read(vars: &Variables<'_>, app_env: AppEnv) -> Result<Option<Self>, ConfigError> {
        let wants_issuer = "the claim iss of the app's tokens, such as https://login.example.org/realms/app";
        let Some(issuer) = vars.get("AUTH_JWT_ISSUER") else {
            let half = KEYS.iter().chain(&MORE).find(|name| vars.get(name).is_some());
            return match half {
                Some(&"AUTH_LOCAL") if vars.switch("AUTH_LOCAL", true)? => Ok(None),
                Some(name) => Err(ConfigError::missing("AUTH_JWT_ISSUER", &format!("with {name}"), wants_issuer)),
                None => Ok(None),
            };
        };
        if issuer == PARLOUR {
            return Err(ConfigError::wrong("AUTH_JWT_ISSUER", "another issuer than Parlour itself"));
        }
        let wants_audience = "the claim aud of the app's tokens for this server";
        let audience = vars.get("AUTH_JWT_AUDIENCE");
        let audience = audience
            .ok_or_else(|| ConfigError::missing("AUTH_JWT_AUDIENCE", "with AUTH_JWT_ISSUER", wants_audience))?;
        let claim = |name, default: &str| {
            vars.read(name, default.to_owned(), "the name of a claim", |text| Some(text.to_owned()))
        };
        Ok(Some(Self {
            issuer,
            audiences: items(&audience).map(str::to_owned).collect(),
            key: AppTokenKey::read(vars, app_env)?,
            makes_people: vars.switch("AUTH_JWT_CREATE", true)?,
            id_claim: claim("AUTH_JWT_ID_CLAIM", "sub")?,
            name_claim: claim("AUTH_JWT_NAME_CLAIM", "name")?,
            email_claim: claim("AUTH_JWT_EMAIL_CLAIM", "email")?,
        }))
    }
}

/// Where the app signs people in: an address of https, or of http where the issuer's may be one too.
pub(super) fn sign_in_url(vars: &Variables<'_>, app_env: AppEnv) -> Result<Option<Url>, ConfigError> {
    let expected = "the https address of the app's sign-in (http only in development, or on this machine)";
    let Some(text) = vars.get("SIGN_IN_URL") else { return Ok(None) };
    let url = Url::parse(&text).ok().filter(|url| may_be_visited(url, app_env) && url.fragment().is_none());
    url.map(Some).ok_or_else(|| ConfigError::wrong("SIGN_IN_URL", expected))
}

/// Whether it is the address of a server, and what is sent there stays secret.
fn may_be_visited(url: &Url, app_env: AppEnv) -> bool {
    let is_safe = url.scheme() == "https" || app_env == AppEnv::Development || is_loopback(url);
    let is_plain = url.username().is_empty() && url.password().is_none();
    matches!(url.scheme(), "http" | "https") && url.has_host() && is_safe && is_plain
}

impl AppTokenKey {
    fn read(vars: &Variables<'_>, app_env: AppEnv) -> Result<Self, ConfigError> {
        let set: Vec<&str> = KEYS.into_iter().filter(|name| vars.get(name).is_some()).collect();
        let [name] = set.as_slice() else {
            let problem = "needs exactly one of AUTH_JWKS_URL, AUTH_JWT_KEY and AUTH_JWT_SECRET beside it";
            return Err(ConfigError::hidden("AUTH_JWT_ISSUER", problem));
        };
        let text = vars.get(name).unwrap_or_default();
        match *name {
            "AUTH_JWKS_URL" => {
                let expected = "the https address of a JSON Web Key Set (http only in development, or on this machine)";
                let url = Url::parse(&text).ok().filter(|url| may_be_visited(url, app_env));
                url.map(Self::Fetched).ok_or_else(|| ConfigError::wrong(name, expected))
            }
            "AUTH_JWT_KEY" => {
                let expected = "a public key in PEM (RSA of at least 2048 bits, P-256 or Ed25519), such as the output of \
                    `openssl pkey -pubout`";
                PublicKey::from_pem(&text).map(Self::Public).ok_or_else(|| ConfigError::wrong(name, expected))
            }
            _ => {
                let shared = vars.secret(name)?;
                let shared = shared.ok_or_else(|| ConfigError::missing(name, "", WANTS_A_SECRET))?;
                // Whoever has it could make sessions of Parlour.
                let own =
                    [vars.secret("JWT_SECRET")?].into_iter().flatten().chain(vars.secrets("JWT_PREVIOUS_SECRETS")?);
                if own.into_iter().any(|own| own.expose_secret() == shared.expose_secret()) {
                    return Err(ConfigError::hidden(name, "is JWT_SECRET: expected a secret of its own"));
                }
                Ok(Self::Shared(shared))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    const SHARED: &str = "a secret of the app with 32 bytes";
    const ISSUER: (&str, &str) = ("AUTH_JWT_ISSUER", "https://shop.example");
    const AUDIENCE: (&str, &str) = ("AUTH_JWT_AUDIENCE", "chat, talk");
    const KEY: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----";

    fn config(settings: &[(&str, &str)]) -> Result<Config, String> {
        let lookup = |name: &str| settings.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Config::from_lookup(lookup).map_err(|error| error.to_string())
    }

    fn app(more: &[(&str, &str)]) -> Result<AppTokens, String> {
        config(&[&[ISSUER, AUDIENCE], more].concat()).map(|config| config.app_tokens.expect("an issuer"))
    }

    #[test]
    fn an_issuer_is_read_with_its_defaults() {
        let read = app(&[("AUTH_JWT_SECRET", SHARED)]).unwrap();
        assert_eq!((read.issuer.as_str(), read.makes_people), ("https://shop.example", true));
        assert_eq!(read.audiences, ["chat", "talk"]);
        assert_eq!([read.id_claim, read.name_claim, read.email_claim], ["sub", "name", "email"]);
        let none = config(&[]).unwrap();
        assert!(none.app_tokens.is_none() && none.local_sign_in && !none.external_ids_are_public);
        let off =
            config(&[ISSUER, AUDIENCE, ("AUTH_JWT_SECRET", SHARED), ("AUTH_LOCAL", "off"), ("EXTERNAL_IDS", "public")]);
        assert!(off.is_ok_and(|off| !off.local_sign_in && off.external_ids_are_public));
        assert!(config(&[("AUTH_LOCAL", "on")]).is_ok());
    }

    #[test]
    fn a_key_may_have_lines_and_an_address_is_safe() {
        for key in [KEY.to_owned(), KEY.replace('\n', "\\n")] {
            let read = app(&[("AUTH_JWT_KEY", &key)]).unwrap().key;
            assert!(matches!(read, AppTokenKey::Public(PublicKey::Ed25519(_))));
        }
        let secret = ("JWT_SECRET", "0123456789abcdef0123456789abcdef");
        let production = [("APP_ENV", "production"), secret, ("PUBLIC_URL", "https://a.example")];
        for (url, is_fine, in_production) in [
            ("https://login.example/certs", true, true),
            ("http://127.0.0.1:8080/certs", true, true),
            ("http://localhost/certs", true, true),
            ("http://keycloak:8080/certs", true, false),
            ("https://me:hunter2@login.example/certs", false, false),
            ("ftp://login.example/certs", false, false),
            ("login.example/certs", false, false),
        ] {
            let sign_in = [("AUTH_JWT_SECRET", SHARED), ("SIGN_IN_URL", url)];
            assert_eq!(app(&sign_in).is_ok(), is_fine, "{url}");
            assert_eq!(app(&[&production[..], &sign_in].concat()).is_ok(), in_production, "{url}");
            let url = ("AUTH_JWKS_URL", url);
            assert_eq!(app(&[url]).is_ok(), is_fine, "{url:?}");
            assert_eq!(app(&[&production[..], &[url]].concat()).is_ok(), in_production, "{url:?}");
        }
    }

    #[test]
    fn what_is_missing_or_wrong_is_said_in_a_line() {
        let half = |name: &str| {
            format!(
                "AUTH_JWT_ISSUER is required with {name}: expected the claim iss of the app's tokens, such as \
                 https://login.example.org/realms/app"
            )
        };
        assert_eq!(config(&[AUDIENCE]).unwrap_err(), half("AUTH_JWT_AUDIENCE"));
        assert_eq!(config(&[("AUTH_JWT_SECRET", SHARED)]).unwrap_err(), half("AUTH_JWT_SECRET"));
        assert_eq!(config(&[("AUTH_LOCAL", "off")]).unwrap_err(), half("AUTH_LOCAL"));
        assert_eq!(config(&[("SIGN_IN_URL", "https://a.example")]).unwrap_err(), half("SIGN_IN_URL"));
        let fragment = app(&[("AUTH_JWT_SECRET", SHARED), ("SIGN_IN_URL", "https://a.example/#x")]);
        assert!(fragment.unwrap_err().starts_with("SIGN_IN_URL has a wrong value: "));
        assert_eq!(
            config(&[ISSUER, ("AUTH_JWT_SECRET", SHARED)]).unwrap_err(),
            "AUTH_JWT_AUDIENCE is required with AUTH_JWT_ISSUER: expected the claim aud of the app's tokens for this server"
        );
        let one_of = "AUTH_JWT_ISSUER needs exactly one of AUTH_JWKS_URL, AUTH_JWT_KEY and AUTH_JWT_SECRET beside it";
        assert_eq!(app(&[]).unwrap_err(), one_of);
        assert_eq!(app(&[("AUTH_JWT_SECRET", SHARED), ("AUTH_JWT_KEY", KEY)]).unwrap_err(), one_of);
        assert!(app(&[("AUTH_JWT_SECRET", "hunter2")]).unwrap_err().starts_with("AUTH_JWT_SECRET is too short: "));
        assert!(app(&[("AUTH_JWT_KEY", "hunter2")]).unwrap_err().starts_with("AUTH_JWT_KEY has a wrong value: "));
        let own = app(&[("AUTH_JWT_SECRET", SHARED), ("JWT_PREVIOUS_SECRETS", SHARED)]);
        assert_eq!(own.unwrap_err(), "AUTH_JWT_SECRET is JWT_SECRET: expected a secret of its own");
        let parlour = config(&[("AUTH_JWT_ISSUER", "parlour"), AUDIENCE, ("AUTH_JWT_SECRET", SHARED)]);
        assert!(parlour.unwrap_err().starts_with("AUTH_JWT_ISSUER has a wrong value: "));
        let maybe = app(&[("AUTH_JWT_SECRET", SHARED), ("AUTH_JWT_CREATE", "maybe")]);
        assert_eq!(maybe.unwrap_err(), "AUTH_JWT_CREATE has a wrong value: expected on or off");
        assert_eq!(
            config(&[("EXTERNAL_IDS", "on")]).unwrap_err(),
            "EXTERNAL_IDS has a wrong value: expected private or public"
        );
    }
}
