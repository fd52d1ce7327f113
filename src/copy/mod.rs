//! Moves a database from SQLite to PostgreSQL, with the feed and its cursors, so that clients resume across the move.
//!
//! One state of the file is read, and all is written in one transaction: a copy that fails leaves nothing.

mod checksum;
mod tables;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use secrecy::SecretString;

use crate::config::{Config, DatabaseAddress};
use crate::db::{self, ServerLock};
use tables::Copied;

/// What to copy, and where to.
#[derive(Debug, Args)]
pub(crate) struct CopyArguments {
    /// The SQLite database, such as sqlite://data/parlour.db
    #[arg(long)]
    from: String,
    /// The PostgreSQL database, which must be empty; DATABASE_URL if it is left out, as other users of the machine see
    /// the arguments of a program
    #[arg(long)]
    to: Option<String>,
    /// Do and verify everything, and keep nothing; the server may be running
    #[arg(long)]
    dry_run: bool,
}

/// Copies, prints what was copied, and says what to do next.
pub(crate) async fn run(config: &Config, arguments: CopyArguments) -> anyhow::Result<()> {
    let (url, file) = source(&arguments.from)?;
    let target = target(config, arguments.to.as_deref())?;
    let is_there = file.try_exists().with_context(|| format!("{} cannot be looked at", file.display()))?;
    anyhow::ensure!(is_there, "there is no database {}", file.display());
    // Held until the end: no server starts on the file meanwhile.
    let lock = ServerLock::take(&file).with_context(|| format!("the database {} cannot be opened", file.display()))?;
    let is_served = lock.is_none();
    if is_served && !arguments.dry_run {
        bail!(
            "a server runs on {}, and what it writes from now on would be left behind: stop it first, or try the copy \
             beside it with --dry-run",
            file.display()
        );
    }
    let copied = copy(&url, &file, &target, arguments.dry_run).await?;
    report(&copied);
    if arguments.dry_run {
        eprintln!("a trial: the copy is the same as the original, and none of it was kept");
        if is_served {
            eprintln!("the server still runs on {}: stop it for the real copy", file.display());
        }
        return Ok(());
    }
    eprintln!(
        "set DATABASE_URL to the copy, and JWT_SECRET to what it was, so that nobody has to sign in again (a generated one \
         is in DATA_DIR/jwt-secret); the file is left as it is"
    );
    Ok(())
}

fn source(from: &str) -> anyhow::Result<(String, PathBuf)> {
    match DatabaseAddress::parse(from).map_err(|problem| anyhow::anyhow!("--from {problem}"))? {
        DatabaseAddress::Sqlite { url, file } => Ok((url, file)),
        DatabaseAddress::Postgres { .. } => bail!("--from takes a SQLite database: for PostgreSQL, there is pg_dump"),
    }
}

fn target(config: &Config, to: Option<&str>) -> anyhow::Result<DatabaseAddress> {
    let address = match to {
        Some(to) => DatabaseAddress::parse(to).map_err(|problem| anyhow::anyhow!("--to {problem}"))?,
        None => config.database.clone(),
    };
    anyhow::ensure!(
        address.is_shared(),
        "{address} is a file: name a PostgreSQL database with --to or DATABASE_URL (for a copy in a file, there is \
         `parlour backup`)"
    );
    Ok(address)
}

async fn copy(url: &str, file: &Path, target: &DatabaseAddress, is_trial: bool) -> anyhow::Result<Vec<Copied>> {
    let unusable = || format!("the database {target} cannot be filled");
    let from = db::read_file(url, file).await;
    let from = from.with_context(|| format!("the database {} cannot be read", file.display()))?;
    let to_url = postgres_url(target)?;
    let to = db::begin_filling(to_url, tables::TABLES).await.with_context(unusable)?;
    let copied = tables::copy_all(&from, &to).await?;
    from.end().await.map_err(db::in_a_line)?;
    if is_trial {
        to.rollback().await.map_err(db::in_a_line).with_context(unusable)?;
        return Ok(copied);
    }
    let kept = to.commit().await.map_err(db::in_a_line);
    kept.context("it is not known whether the copy was kept: run it again, which is refused if it was")?;
    db::analyze(to_url).await.with_context(unusable)?;
    Ok(copied)
}

fn postgres_url(address: &DatabaseAddress) -> anyhow::Result<&SecretString> {
    match address {
        DatabaseAddress::Postgres { url } => Ok(url),
        DatabaseAddress::Sqlite { .. } => bail!("{address} is a file"),
    }
}

fn report(copied: &[Copied]) {
    for table in copied {
        println!("{:<16} {:>12} rows  {:032x}", table.name, table.rows, table.checksum);
    }
}
