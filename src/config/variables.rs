//! Environment variables: how each kind is parsed, and the error for a wrong value.

use std::env::VarError;

use secrecy::SecretString;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use url::{Host, Url};

use super::{AppEnv, Network, Origin, SameSite};
use crate::id::UserId;

/// Every variable that is read; `.env.example` has a line for each.
pub(super) const NAMES: [&str; 53] = [
    "HOST",
    "PORT",
    "APP_ENV",
    "DATA_DIR",
    "DATABASE_URL",
    "JWT_SECRET",
    "JWT_PREVIOUS_SECRETS",
    "SESSION_DAYS",
    "PASSWORD_MIN_LENGTH",
    "CORS_ORIGINS",
    "COOKIE_SAMESITE",
    "PUBLIC_URL",
    "ALLOWED_HOSTS",
    "S3_BUCKET",
    "S3_ENDPOINT_URL",
    "S3_FORCE_PATH_STYLE",
    "AWS_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "WEB_DIR",
    "SERVER_NAME",
    "SERVER_LOGO",
    "SIGNUP",
    "AUTH_LOCAL",
    "SIGN_IN_URL",
    "AUTH_JWT_ISSUER",
    "AUTH_JWT_AUDIENCE",
    "AUTH_JWKS_URL",
    "AUTH_JWT_KEY",
    "AUTH_JWT_SECRET",
    "AUTH_JWT_CREATE",
    "AUTH_JWT_ID_CLAIM",
    "AUTH_JWT_NAME_CLAIM",
    "AUTH_JWT_EMAIL_CLAIM",
    "EXTERNAL_IDS",
    "AUDIT_DAYS",
    "RETENTION_DAYS",
    "DIRECTORY",
    "DIRECTORY_OPEN_TO",
    "IMAGE_STORAGE_GIB",
    "GROUP_MEMBERS",
    "SIGNUPS_PER_ADDRESS",
    "LOGINS_PER_ADDRESS",
    "CONNECTIONS_PER_ADDRESS",
    "RATE_LIMITS",
    "TRUSTED_PROXIES",
    "METRICS_ADDR",
    "WEBHOOK_ALLOW_NETS",
    "GRAPHIQL",
    "INTROSPECTION",
    "RUST_LOG",
    "LOG_FORMAT",
];

/// Variables of features that are not built yet. They are refused, because who sets one relies on the feature.
pub(super) const TO_COME: [&str; 1] = ["REDIS_URL"];

/// Secrets, and `DATABASE_URL`, which may contain a password.
pub(super) const SECRETS: [&str; 7] = [
    "JWT_SECRET",
    "AUTH_JWT_SECRET",
    "JWT_PREVIOUS_SECRETS",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "DATABASE_URL",
];

/// What the variables of secrets accept.
pub(super) const WANTS_A_SECRET: &str = "at least 32 bytes, such as the output of `openssl rand -base64 48`";

/// The log shows so many characters of a value.
const SHOWN_LENGTH: usize = 120;

/// RFC 7518, 3.2: a key of HS256 is at least as long as its hash.
const SECRET_BYTES: usize = 32;

/// Why the settings can't be used, in one line for the person who starts the server.
#[derive(Debug, thiserror::Error)]
#[error("{name} {problem}")]
pub struct ConfigError {
    name: String,
    problem: String,
}

impl ConfigError {
    /// A variable with a wrong value. The value is never shown: after a missing line break, an unclosed quote or a slip
    /// in copying, any variable may contain a secret.
    pub(super) fn wrong(name: &str, expected: &str) -> Self {
        Self { name: name.to_owned(), problem: format!("has a wrong value: expected {expected}") }
    }

    /// The variable.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn missing(name: &str, when: &str, expected: &str) -> Self {
        Self { name: name.to_owned(), problem: format!("is required {when}: expected {expected}") }
    }

    pub(super) fn hidden(name: &str, problem: impl Into<String>) -> Self {
        Self { name: name.to_owned(), problem: problem.into() }
    }
}

/// Refuses variables that are not UTF-8: reading one would fail as if it were not set.
#[expect(clippy::disallowed_methods, reason = "this module is the home of the environment")]
pub(super) fn all_readable() -> Result<(), ConfigError> {
    match NAMES.iter().find(|name| matches!(std::env::var(name), Err(VarError::NotUnicode(_)))) {
        Some(name) => Err(ConfigError::hidden(name, "is not UTF-8: expected text")),
        None => Ok(()),
    }
}

/// The names of the process's variables that are not empty.
pub(super) fn names_in_use() -> impl Iterator<Item = String> {
    std::env::vars_os().filter(|(_, value)| !value.is_empty()).filter_map(|(name, _)| name.into_string().ok())
}

/// The environment, as a function.
pub(super) struct Variables<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
}

impl<'a> Variables<'a> {
    pub(super) fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { lookup }
    }

    /// All that is set, for the log. Values of secrets are left out, and of addresses those with a password.
    pub(super) fn given(&self) -> String {
        let shown = |name: &'static str| {
            let value = self.get(name)?;
            let is_secret = SECRETS.contains(&name) || (value.contains("://") && value.contains('@'));
            let value: String = if is_secret { "…".into() } else { value.chars().take(SHOWN_LENGTH).collect() };
            Some(format!("{name}={value}"))
        };
        NAMES.into_iter().filter_map(shown).collect::<Vec<_>>().join(" ")
    }

    /// A variable's trimmed value; `None` if it is unset or empty.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        let value = (self.lookup)(name)?.trim().to_owned();
        (!value.is_empty()).then_some(value)
    }

    pub(super) fn read<T>(
        &self,
        name: &str,
        default: T,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, ConfigError> {
        match self.get(name) {
            Some(text) => parse(&text).ok_or_else(|| ConfigError::wrong(name, expected)),
            None => Ok(default),
        }
    }

    pub(super) fn switch(&self, name: &str, default: bool) -> Result<bool, ConfigError> {
        self.read(name, default, "on or off", |text| match text {
            "on" => Some(true),
            "off" => Some(false),
            _ => None,
        })
    }

    /// A rate: so many in an hour. Fewer than one a second, as clocks of nodes are a second apart.
    pub(super) fn hourly(&self, name: &str, default: u32) -> Result<u32, ConfigError> {
        self.read(name, default, "how many in an hour, from 1 to 3500", |text| {
            text.parse().ok().filter(|hourly| (1..=3_500).contains(hourly))
        })
    }

    /// Directives of tracing's `EnvFilter`. A word without a level is refused: the library takes a misspelt level for the
    /// name of a module, and logs nothing else.
    pub(super) fn log_filter(&self, name: &str) -> Result<String, ConfigError> {
        let takes = "levels (off, error, warn, info, debug, trace), such as info or warn,parlour=debug";
        self.read(name, "info".to_owned(), takes, |text| {
            let has_level = |part: &str| part.contains(['=', '[']) || part.parse::<LevelFilter>().is_ok();
            let is_filter = items(text).all(has_level) && EnvFilter::builder().parse(text).is_ok();
            is_filter.then(|| text.to_owned())
        })
    }

    pub(super) fn secret(&self, name: &str) -> Result<Option<SecretString>, ConfigError> {
        self.get(name).map(|text| long_enough(name, text)).transpose()
    }

    pub(super) fn secrets(&self, name: &str) -> Result<Vec<SecretString>, ConfigError> {
        let list = self.get(name).unwrap_or_default();
        items(&list).map(|text| long_enough(name, text.to_owned())).collect()
    }

    pub(super) fn cors_origins(&self, app_env: AppEnv) -> Result<Vec<Origin>, ConfigError> {
        let expected = "origins without a path, separated by commas, such as https://chat.example.org (never with *)";
        let default = match app_env {
            AppEnv::Development => "http://localhost:5173",
            AppEnv::Production => "",
        };
        let list = (self.lookup)("CORS_ORIGINS").unwrap_or_else(|| default.to_owned());
        // A pattern would be taken for the name of a host, and never match.
        let parse = |text: &str| Origin::parse(text).filter(|_| !text.contains('*'));
        items(&list).map(|text| parse(text).ok_or_else(|| ConfigError::wrong("CORS_ORIGINS", expected))).collect()
    }

    /// Browsers keep a cookie for all sites only if it is Secure, which `public_url` decides.
    pub(super) fn cookie_same_site(&self, public_url: &Url) -> Result<SameSite, ConfigError> {
        let same_site = self.read("COOKIE_SAMESITE", SameSite::Strict, "strict, lax or none", SameSite::parse)?;
        if same_site == SameSite::None && public_url.scheme() == "http" && !is_loopback(public_url) {
            let expected = "none only with a PUBLIC_URL of https: over http browsers do not keep such a cookie";
            return Err(ConfigError::wrong("COOKIE_SAMESITE", expected));
        }
        Ok(same_site)
    }

    pub(super) fn allowed_hosts(&self) -> Result<Vec<String>, ConfigError> {
        let expected = "names without scheme and port, separated by commas, such as chat.example.org (never *)";
        let list = self.get("ALLOWED_HOSTS").unwrap_or_default();
        items(&list)
            .map(|text| {
                let origin = Origin::parse(&format!("http://{text}"));
                let name =
                    origin.filter(|origin| !text.ends_with('/') && !text.contains(':') && !origin.name().contains('*'));
                name.map(|origin| origin.name().to_owned()).ok_or_else(|| ConfigError::wrong("ALLOWED_HOSTS", expected))
            })
            .collect()
    }

    pub(super) fn networks(&self, name: &str) -> Result<Vec<Network>, ConfigError> {
        let expected =
            "addresses or networks, separated by commas, such as 127.0.0.1 or 10.0.0.0/8 (never all addresses)";
        let list = self.get(name).unwrap_or_default();
        items(&list).map(|text| Network::parse(text).ok_or_else(|| ConfigError::wrong(name, expected))).collect()
    }

    pub(super) fn people(&self, name: &str) -> Result<Vec<UserId>, ConfigError> {
        let expected = "ids of people, separated by commas, as `{ me { id } }` returns them";
        let list = self.get(name).unwrap_or_default();
        items(&list).map(|text| UserId::parse(text).ok_or_else(|| ConfigError::wrong(name, expected))).collect()
    }

    pub(super) fn public_url(&self, app_env: AppEnv, port: u16) -> Result<Url, ConfigError> {
        let expected = "an http or https address without a path, such as https://chat.example.org";
        let text = match (self.get("PUBLIC_URL"), app_env) {
            (Some(text), _) => text,
            (None, AppEnv::Development) => format!("http://localhost:{port}"),
            (None, AppEnv::Production) => {
                return Err(ConfigError::missing("PUBLIC_URL", "with APP_ENV=production", expected));
            }
        };
        let url = Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let url = url.filter(|url| Origin::of(url).is_some());
        let url = url.ok_or_else(|| ConfigError::wrong("PUBLIC_URL", expected))?;
        if app_env == AppEnv::Production && url.scheme() == "http" && !is_loopback(&url) {
            let expected = "an https address with APP_ENV=production: over http browsers do not keep the session's cookie, \
                            which is Secure";
            return Err(ConfigError::wrong("PUBLIC_URL", expected));
        }
        Ok(url)
    }

    /// A value with a line break or another setting in it is two lines of a file that ran together. As a path it would
    /// be accepted, and a secret would get into file names and the log.
    pub(super) fn refuse_lines_that_ran_together(&self) -> Result<(), ConfigError> {
        let holds_a_secret = |value: &str| SECRETS.iter().any(|secret| value.contains(&format!("{secret}=")));
        let ran_together = |name: &str, value: String| {
            // A key in PEM has lines, and is read as a whole or not at all.
            let has_lines = value.contains(['\n', '\r']) && name != "AUTH_JWT_KEY";
            has_lines || holds_a_secret(&value)
        };
        match NAMES.iter().find(|name| self.get(name).is_some_and(|value| ran_together(name, value))) {
            Some(name) => Err(ConfigError::hidden(
                name,
                "holds more than a line: is a line break missing before the next setting, or the end of a quote?",
            )),
            None => Ok(()),
        }
    }

    pub(super) fn refuse_planned(&self) -> Result<(), ConfigError> {
        match TO_COME.iter().find(|name| self.get(name).is_some()) {
            Some(name) => Err(ConfigError::hidden(name, "is set, but what it does is not built yet: leave it unset")),
            None => Ok(()),
        }
    }
}

/// Whether a URL is of the local machine, where browsers store Secure cookies over http.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

pub(super) fn items(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|item| !item.is_empty())
}

fn long_enough(name: &str, text: String) -> Result<SecretString, ConfigError> {
    if text.len() < SECRET_BYTES {
        return Err(ConfigError::hidden(name, format!("is too short: expected {WANTS_A_SECRET}")));
    }
    Ok(SecretString::from(text))
}
