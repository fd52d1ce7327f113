//! The settings in force, for the operator: each with where it comes from, and no secret.

use std::collections::HashMap;

use super::sources::Sources;
use super::variables::{NAMES, SECRETS, Variables};
use super::{AppEnv, Config, ConfigError, LogFormat};

/// A setting in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownSetting {
    /// Its variable.
    pub name: &'static str,
    /// Its value; `None` if it is not set and stands for nothing.
    pub value: Option<String>,
    /// Where it comes from: `default`, `environment`, `.env` or `file`.
    pub origin: &'static str,
}

/// What stands in the place of a secret.
const HIDDEN: &str = "(hidden)";

impl Config {
    /// All settings in force, in the order of `.env.example`.
    pub fn show() -> Result<Vec<ShownSetting>, ConfigError> {
        let config = Self::from_env()?;
        let sources = Sources::read()?;
        let secrets = sources.secrets()?;
        Ok(NAMES.into_iter().map(|name| config.shown(name, &sources, &secrets)).collect())
    }

    fn shown(&self, name: &'static str, sources: &Sources, secrets: &HashMap<&str, String>) -> ShownSetting {
        let lookup = |name: &str| sources.get(name);
        let vars = Variables::new(&lookup);
        let (text, origin) = match (secrets.get(name), vars.get(name)) {
            (Some(text), _) => (Some(text.clone()), "file"),
            // An empty list of origins is a setting.
            (None, None) if name == "CORS_ORIGINS" && sources.get(name).is_some() => (None, sources.origin(name)),
            (None, None) => (None, "default"),
            (None, Some(text)) => (Some(text), sources.origin(name)),
        };
        let value = match text {
            Some(_) if name == "DATABASE_URL" => Some(self.database.to_string()),
            Some(_) if SECRETS.contains(&name) => Some(HIDDEN.to_owned()),
            // It has lines.
            Some(_) if name == "AUTH_JWT_KEY" => Some("(a key)".to_owned()),
            Some(text) => Some(text),
            None if origin == "default" => self.default_of(name),
            None => None,
        };
        ShownSetting { name, value, origin }
    }

    /// What a variable stands for that is not set.
    fn default_of(&self, name: &str) -> Option<String> {
        let switch = |is_on: bool| if is_on { "on" } else { "off" }.to_owned();
        Some(match name {
            "HOST" => self.host.to_string(),
            "PORT" => self.port.to_string(),
            "APP_ENV" => match self.app_env {
                AppEnv::Development => "development".to_owned(),
                AppEnv::Production => "production".to_owned(),
            },
            "DATA_DIR" => self.data_dir.display().to_string(),
            "DATABASE_URL" => self.database.to_string(),
            "JWT_SECRET" => "(made, and kept in DATA_DIR)".to_owned(),
            "SESSION_DAYS" => self.session_days.to_string(),
            "PASSWORD_MIN_LENGTH" => self.password_min_length.to_string(),
            "CORS_ORIGINS" => match self.cors_origins.is_empty() {
                true => return None,
                false => self.cors_origins.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
            },
            "COOKIE_SAMESITE" => "strict".to_owned(),
            "PUBLIC_URL" => self.public_url.as_str().trim_end_matches('/').to_owned(),
            "SERVER_NAME" => self.server_name.clone(),
            "SIGNUP" => if self.sign_up { "open" } else { "closed" }.to_owned(),
            "AUTH_LOCAL" => switch(self.local_sign_in),
            "EXTERNAL_IDS" => if self.external_ids_are_public { "public" } else { "private" }.to_owned(),
            "AUDIT_DAYS" => self.audit_days.to_string(),
            "GROUP_MEMBERS" => self.group_members.to_string(),
            "SIGNUPS_PER_ADDRESS" => self.sign_ups_per_hour.to_string(),
            "LOGINS_PER_ADDRESS" => self.logins_per_hour.to_string(),
            "CONNECTIONS_PER_ADDRESS" => self.connections_per_address.to_string(),
            "DIRECTORY" => "open".to_owned(),
            "RATE_LIMITS" => switch(self.rate_limits),
            "GRAPHIQL" => switch(self.graphiql),
            "INTROSPECTION" => switch(self.introspection),
            "RUST_LOG" => self.log_filter.clone(),
            "LOG_FORMAT" => match self.log_format {
                LogFormat::Text => "text".to_owned(),
                LogFormat::Json => "json".to_owned(),
            },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_as_a_default_is_what_setting_it_would_do() {
        let unset = Config::from_lookup(|_| None).unwrap();
        // A file is shown as it is in messages, and not as a URL.
        let is_text = |name: &str, value: &str| !value.starts_with('(') && name != "DATABASE_URL";
        let shown = |name: &str| unset.default_of(name).filter(|value| is_text(name, value));
        let set = Config::from_lookup(shown).unwrap();
        let database = |config: &Config| config.database.file().map(|file| file.to_owned());
        assert_eq!(database(&set), database(&unset));
        let rest = |config: Config| {
            let same = Config { database: unset.database.clone(), given: unset.given.clone(), ..config };
            format!("{same:?}")
        };
        assert_eq!(rest(set), rest(unset.clone()));
    }
}
