//! Creates the data folder, and keeps it private on a shared machine.

use std::fs::{self, DirBuilder, Metadata, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::Context;
use rustix::fs::Mode;
use rustix::process::{geteuid, umask};

use crate::config::Config;

/// What a file's mode lets the group and all others do.
const OTHERS: u32 = 0o077;

/// All files that this process creates from now on, also through libraries, are private to its user.
pub(crate) fn keep_new_files_private() {
    umask(Mode::from_bits_retain(OTHERS));
}

/// The file of the secret that a development server generates.
pub(crate) fn secret_file(config: &Config) -> PathBuf {
    config.data_dir.join("jwt-secret")
}

/// The file of those that it had before.
pub(crate) fn previous_secrets_file(config: &Config) -> PathBuf {
    config.data_dir.join("jwt-previous-secrets")
}

/// The file whose time is that of the last backup.
pub(crate) fn last_backup_file(config: &Config) -> PathBuf {
    config.data_dir.join("last-backup")
}

/// Creates the data folder if it does not exist, removes permissions of others that an earlier version or a copy has
/// left on its contents, and warns if the folder itself is open to others.
pub(crate) fn prepare(config: &Config) -> anyhow::Result<()> {
    let folder = &config.data_dir;
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("the data folder {} cannot be made", folder.display()))?;
    if let Some(is) = fs::metadata(folder).ok().filter(is_open) {
        let (folder, mode) = (absolute(folder), is.mode() & 0o777);
        // It may be a mount, or shared on purpose. Its contents are made private in any case.
        tracing::warn!(
            "the data folder {folder} is open to others on this machine (mode {mode:o}): chmod 700 {folder}"
        );
    }
    let database = config.database.file().into_iter();
    let database = database.flat_map(|file| ["", "-wal", "-shm", "-journal"].map(|end| with_ending(file, end)));
    for path in database.chain([secret_file(config), previous_secrets_file(config)]) {
        close(&path);
    }
    // Making these folders private also protects their contents.
    for shelf in ["images", "inbox", "exports", "tmp"] {
        close(&folder.join(shelf));
    }
    Ok(())
}

/// Fails if there is no database file: for commands that must not create one when the settings are wrong. PostgreSQL
/// says so itself.
pub(crate) fn ensure_database(config: &Config) -> anyhow::Result<()> {
    let Some(file) = config.database.file() else { return Ok(()) };
    let (file, is_there) = (absolute(file), file.try_exists());
    anyhow::ensure!(
        is_there.with_context(|| format!("the database {file} cannot be opened"))?,
        "there is no database at {file}: set DATA_DIR or DATABASE_URL as the server has it (`parlour migrate` makes a new one)"
    );
    Ok(())
}

/// A file beside another one, whose name is that one's and an ending more.
pub(crate) fn with_ending(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn is_open(is: &Metadata) -> bool {
    is.mode() & OTHERS != 0
}

/// Removes the permissions of the group and of others. For a file or folder of another user it can only log a warning.
fn close(path: &Path) {
    let Some(is) = fs::metadata(path).ok().filter(is_open) else { return };
    let (name, mode) = (absolute(path), is.mode() & 0o7777);
    if is.uid() != geteuid().as_raw() {
        tracing::warn!("{name} is open to others on this machine (mode {mode:o}), and is not ours to close");
        return;
    }
    match fs::set_permissions(path, Permissions::from_mode(mode & !OTHERS)) {
        Ok(()) => tracing::warn!("{name} was open to others on this machine (mode {mode:o}), and is not any more"),
        Err(error) => tracing::warn!("{name} is open to others on this machine (mode {mode:o}), still: {error}"),
    }
}

/// An absolute path, for messages: their reader may not know the working folder.
fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}
