//! Where settings come from: the environment, the file `.env`, and the files of secrets.

use std::collections::HashMap;
use std::path::Path;

use super::dotenv::{self, Line};
use super::{ConfigError, secret_files, unknown, variables};

/// The environment and the file `.env` of the working folder, without names that are no settings.
pub(super) struct Sources {
    file: HashMap<String, Line>,
}

impl Sources {
    /// Reads the file.
    pub(super) fn read() -> Result<Self, ConfigError> {
        let file = dotenv::read(Path::new(".env"))?;
        unknown::refuse_in_file(file.iter().map(|(name, line)| (name.as_str(), line)))?;
        unknown::refuse_in_environment(variables::names_in_use())?;
        variables::all_readable()?;
        Ok(Self { file })
    }

    /// A variable of the environment, or else of the file.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        Self::in_environment(name).or_else(|| self.in_file(name))
    }

    #[expect(clippy::disallowed_methods, reason = "this module is a home of the environment")]
    pub(super) fn in_environment(name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    pub(super) fn in_file(&self, name: &str) -> Option<String> {
        self.file.get(name).map(|line| line.value.clone())
    }

    /// Where [`get`](Self::get) finds a variable.
    pub(super) fn origin(&self, name: &str) -> &'static str {
        if Self::in_environment(name).is_some() { "environment" } else { ".env" }
    }

    /// Secrets that are in files of their own.
    pub(super) fn secrets(&self) -> Result<HashMap<&'static str, String>, ConfigError> {
        secret_files::read(|name| self.get(name))
    }
}
