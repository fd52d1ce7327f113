//! All that is wrong with the settings, and not only the first.

use std::collections::HashMap;

use super::sources::Sources;
use super::variables::NAMES;
use super::{Config, ConfigError};

/// What takes the place of a wrong setting that cannot be left out, so that others are looked at too.
const INSTEAD: [(&str, &str); 3] = [
    ("JWT_SECRET", "a secret that takes the place of a wrong one"),
    ("PUBLIC_URL", "https://chat.example.org"),
    ("DIRECTORY", "open"),
];

impl Config {
    /// The settings as a start would read them, or what is wrong with them: each with its name, in one line.
    pub fn check() -> Result<Self, Vec<ConfigError>> {
        let sources = Sources::read().map_err(|error| vec![error])?;
        // After this, a wrong file of a secret is reported as well.
        let (secrets, of_secrets) = match sources.secrets() {
            Ok(secrets) => (secrets, None),
            Err(error) => (HashMap::new(), Some(error)),
        };
        let mut problems = Vec::from_iter(of_secrets);
        let mut config =
            Self::check_lookup(|name| secrets.get(name).cloned().or_else(|| sources.get(name)), &mut problems);
        if let Some(read) = config.take() {
            problems.extend(read.check_files(&sources).err());
            config = Some(read);
        }
        match config {
            Some(config) if problems.is_empty() => Ok(config),
            Some(_) | None => Err(problems),
        }
    }

    /// Reads variables through `lookup` until none of them is wrong, without those that were.
    fn check_lookup(lookup: impl Fn(&str) -> Option<String>, problems: &mut Vec<ConfigError>) -> Option<Self> {
        let mut wrong: Vec<String> = problems.iter().filter_map(|error| error.setting()).collect();
        for _ in 0..=2 * NAMES.len() {
            let without = |name: &str| {
                if !wrong.iter().any(|known| known == name) {
                    return lookup(name);
                }
                INSTEAD.iter().find(|(known, _)| *known == name).map(|(_, instead)| (*instead).to_owned())
            };
            let error = match Self::from_lookup(without) {
                Ok(config) => return Some(config),
                Err(error) => error,
            };
            let again = error.name().to_owned();
            if wrong.contains(&again) {
                // It is missing because of another one that is left out.
                return None;
            }
            wrong.push(again);
            problems.push(error);
        }
        None
    }
}

impl ConfigError {
    /// The variable that a problem is about, without the ending of a secret's file.
    fn setting(&self) -> Option<String> {
        let name = self.name().strip_suffix("_FILE").unwrap_or(self.name());
        NAMES.contains(&name).then(|| name.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(variables: &[(&str, &str)]) -> Vec<String> {
        let find =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let mut problems = Vec::new();
        let config = Config::check_lookup(find, &mut problems);
        assert!(config.is_some(), "it is read to its end: {problems:?}");
        problems.iter().map(|error| error.name().to_owned()).collect()
    }

    #[test]
    fn every_problem_is_found_and_not_only_the_first() {
        assert!(problems(&[]).is_empty());
        let wrong = [("PORT", "many"), ("SIGNUP", "perhaps"), ("LOG_FORMAT", "xml"), ("HOST", "::1")];
        assert_eq!(problems(&wrong), ["PORT", "SIGNUP", "LOG_FORMAT"]);
        assert_eq!(problems(&[("APP_ENV", "production"), ("GRAPHIQL", "1")]), ["JWT_SECRET", "PUBLIC_URL", "GRAPHIQL"]);
        assert_eq!(problems(&[("JWT_SECRET", "short"), ("SESSION_DAYS", "0")]), ["JWT_SECRET", "SESSION_DAYS"]);
    }
}
