//! What a command needs to know to find the server that runs: less than the server's settings, and no secret.

use std::path::PathBuf;

use super::sources::Sources;
use super::variables::Variables;
use super::{ConfigError, DatabaseAddress, secret_files};

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
        Self::of(&|name: &str| sources.get(name))
    }

    fn of(get: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        // Files of secrets may be the server's alone: the other ones are not looked at, and without this one the folder says
        // which server is meant.
        let address = secret_files::read_one("DATABASE_URL", get).ok().flatten();
        let lookup = |name: &str| address.clone().filter(|_| name == "DATABASE_URL").or_else(|| get(name));
        let vars = Variables::new(&lookup);
        let data_dir = vars.read("DATA_DIR", PathBuf::from("data"), "a folder", |text| Some(PathBuf::from(text)))?;
        let database = match vars.get("DATABASE_URL") {
            Some(_) => Some(super::database::read(&vars, &data_dir)?),
            None => None,
        };
        Ok(Self { data_dir, database })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_cannot_be_read_hides_no_other_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("address");
        std::fs::write(&file, "postgres://parlour@db/chat\n").unwrap();
        let there = file.display().to_string();
        let absent = folder.path().join("absent").display().to_string();
        let place = |address: &str| {
            let get = |name: &str| match name {
                "DATABASE_URL_FILE" => Some(address.to_owned()),
                "JWT_SECRET_FILE" => Some(absent.clone()),
                _ => None,
            };
            ServerPlace::of(&get).expect("a place")
        };
        let database = place(&there).database.expect("the address in the file").to_string();
        assert_eq!(database, "chat on db:5432");
        assert!(place(&absent).database.is_none());
    }
}
