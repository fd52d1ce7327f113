//! The data folder: that it is there, and with it the database.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::config::Config;

/// Where the secret is kept that a development server makes for itself.
pub fn secret_file(config: &Config) -> PathBuf {
    config.data_dir.join("jwt-secret")
}

/// Makes the folder where there is none: for nobody else's eyes, as it holds everybody's messages.
pub fn prepare(config: &Config) -> anyhow::Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(&config.data_dir);
    made.with_context(|| format!("the data folder {} cannot be made", config.data_dir.display()))
}

/// Refuses when there is no database: for commands that must not make one where the settings are wrong.
pub fn ensure_database(config: &Config) -> anyhow::Result<()> {
    let file = absolute(&config.database_file);
    let is_there = config.database_file.try_exists();
    anyhow::ensure!(
        is_there.with_context(|| format!("the database {file} cannot be opened"))?,
        "there is no database at {file}: set DATA_DIR or DATABASE_URL as the server has it (`parlour migrate` makes a new one)"
    );
    Ok(())
}

/// A path for somebody who may not know the working folder.
fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}
