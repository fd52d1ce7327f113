//! What a command needs to know to find the server that runs: less than the server's settings, and no secret.

use std::path::PathBuf;

use super::sources::Sources;
use super::variables::Variables;
use super::{ConfigError, DatabaseAddress};

/// Where the server is.
#[derive(Clone, Debug)]
pub struct ServerPlace {
    /// Its data folder.
    pub data_dir: PathBuf,
    /// Its database, if the settings name one.
    pub database: Option<DatabaseAddress>,
}

impl ServerPlace {
    /// Reads the process's environment, and the file `.env` of the working folder for what is not set there.
    pub fn from_env() -> Result<Self, ConfigError> {
        let sources = Sources::read()?;
        // Files of secrets may be the server's alone. The folder says which server is meant.
        let secrets = sources.secrets().unwrap_or_default();
        let lookup = |name: &str| secrets.get(name).cloned().or_else(|| sources.get(name));
        let vars = Variables::new(&lookup);
        let data_dir = vars.read("DATA_DIR", PathBuf::from("data"), "a folder", |text| Some(PathBuf::from(text)))?;
        let database = match vars.get("DATABASE_URL") {
            Some(_) => Some(super::database::read(&vars, &data_dir)?),
            None => None,
        };
        Ok(Self { data_dir, database })
    }
}
