//! Where the database is.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use secrecy::{ExposeSecret, SecretString};

use super::{ConfigError, Variables};

/// Where the database is. Its `Display` is for the log and has no password.
#[derive(Clone, Debug)]
pub enum DatabaseAddress {
    /// A file of SQLite, for one node.
    Sqlite {
        /// The URL with its options.
        url: String,
        /// The file that it names.
        file: PathBuf,
    },
    /// A PostgreSQL server, for any number of nodes.
    Postgres {
        /// The URL, which may contain a password.
        url: SecretString,
    },
}

impl DatabaseAddress {
    /// Whether other nodes may use the same database.
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres { .. })
    }

    /// The database's file, if it has one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite { file, .. } => Some(file),
            Self::Postgres { .. } => None,
        }
    }

    /// Parses a URL of either database. The error says what is wrong with it, without the URL.
    pub fn parse(url: &str) -> Result<Self, String> {
        if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let takes = "expected one such as postgres://user:password@host:5432/database";
            return match PgConnectOptions::from_str(url) {
                Ok(options) if options.get_database().is_some_and(|name| !name.is_empty()) => {
                    Ok(Self::Postgres { url: SecretString::from(url) })
                }
                Ok(_) => Err(format!("names no database: {takes}")),
                Err(_) => Err(format!("is not the address of a PostgreSQL database: {takes}")),
            };
        }
        let takes = "expected a file, such as sqlite://data/parlour.db?mode=rwc, or postgres://…";
        let Some(rest) = url.strip_prefix("sqlite:") else {
            return Err(format!("begins neither with sqlite nor with postgres: {takes}"));
        };
        if url.contains(":memory:") || url.contains("mode=memory") {
            return Err(format!("names a database in memory, which each connection has of its own: {takes}"));
        }
        let host = rest.strip_prefix("//").and_then(|rest| rest.split('/').next()).unwrap_or_default();
        if host.contains('@') {
            return Err(format!("names a user, which a file does not have: {takes}"));
        }
        Self::of_file(url).ok_or_else(|| format!("is not the address of a file: {takes}"))
    }

    fn of_file(url: &str) -> Option<Self> {
        let options = SqliteConnectOptions::from_str(url).ok()?;
        Some(Self::Sqlite { url: url.to_owned(), file: options.get_filename().to_owned() })
    }
}

impl fmt::Display for DatabaseAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite { file, .. } => file.display().fmt(f),
            // Checked when it was parsed.
            Self::Postgres { url } => match PgConnectOptions::from_str(url.expose_secret()) {
                Ok(options) => {
                    let (host, port) = (options.get_host(), options.get_port());
                    write!(f, "{} on {host}:{port}", options.get_database().unwrap_or_default())
                }
                Err(_) => f.write_str("PostgreSQL"),
            },
        }
    }
}

/// `DATABASE_URL`, or a file in the data folder.
pub(super) fn read(vars: &Variables<'_>, data_dir: &Path) -> Result<DatabaseAddress, ConfigError> {
    const NAME: &str = "DATABASE_URL";
    match vars.get(NAME) {
        Some(url) => DatabaseAddress::parse(&url).map_err(|problem| ConfigError::hidden(NAME, problem)),
        None => {
            // Anything after a question mark would be parsed as options.
            let folder = data_dir.display().to_string().replace('%', "%25").replace('?', "%3F");
            let url = format!("sqlite://{folder}/parlour.db?mode=rwc");
            let takes = "a folder whose name can be part of an address";
            DatabaseAddress::of_file(&url).ok_or_else(|| ConfigError::wrong("DATA_DIR", takes))
        }
    }
}
