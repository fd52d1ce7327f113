//! `parlour secret`: changing the secret that signs sessions and the addresses of images.

use clap::Subcommand;

use crate::clock::Clock;
use crate::config::Config;
use crate::{data_dir, limits, secrets};

/// What to do with the secret.
#[derive(Debug, Subcommand)]
pub(crate) enum SecretCommand {
    /// Make a new secret: of the one in DATA_DIR, the one before stays valid for as long as sessions live; for JWT_SECRET,
    /// what to set is printed
    Rotate,
}

/// Runs a command. What scripts need goes to standard output, what people read to standard error.
pub(crate) fn run(config: &Config, SecretCommand::Rotate: SecretCommand) -> anyhow::Result<()> {
    if config.jwt_secret.is_some() {
        println!("{}", secrets::random()?);
        eprintln!(
            "this is a new secret, and nothing is changed yet: the settings have the one in force, so\n\
             1. put the value of JWT_SECRET into JWT_PREVIOUS_SECRETS, before what is there, after a comma,\n\
             2. set JWT_SECRET to the new one (or put both into the files of JWT_SECRET_FILE and JWT_PREVIOUS_SECRETS_FILE),\n\
             3. restart; of several nodes, one after the other, when all of them have the new one in JWT_PREVIOUS_SECRETS already,\n\
             4. after {} days, take the old one out.",
            config.session_days
        );
        return Ok(());
    }
    let (file, previous) = (data_dir::secret_file(config), data_dir::previous_secrets_file(config));
    secrets::rotate(&file, &previous, Clock::default().now())?;
    eprintln!(
        "{} has a new secret: restart the server, which signs with the old one until then. The old one stays valid for {} days",
        file.display(),
        limits::SESSION_ABSOLUTE.as_secs() / (24 * 3600)
    );
    Ok(())
}
