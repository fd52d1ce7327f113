//! The operator's commands for the place where images are kept.

use anyhow::Context;
use clap::{Subcommand, ValueEnum};
use uuid::Uuid;

use crate::audit::AuditAction;
use crate::clock::instant;
use crate::config::Config;
use crate::db::{self, Db};
use crate::exports;
use crate::images::{self, ObjectState};
use crate::limits;
use crate::operator::Why;
use crate::program::Program;
use crate::storage::{Scratch, Store};

/// What to do with all images.
#[derive(Debug, Subcommand)]
pub(crate) enum ImagesCommand {
    /// Check that every image is where the settings say, and list those that are not; a server may be running
    Verify,
    /// Copy all images from the data folder to the bucket of the settings, or back; stop the server first. Archives of
    /// people's own data and uploads that were not sent yet are deleted. Run it again after an interruption: it copies what
    /// is not there yet
    Copy {
        /// Where to
        #[arg(long)]
        to: Place,
        #[command(flatten)]
        why: Why,
    },
}

impl ImagesCommand {
    /// Whether nobody may serve meanwhile: what is uploaded or deleted then would be lost, or stay.
    pub(crate) fn moves_images(&self) -> bool {
        matches!(self, Self::Copy { .. })
    }
}

/// Waits until no node has a lease, for somewhat longer than one lasts: a node that has just ended still has one.
async fn ensure_nobody_serves(db: &Db) -> anyhow::Result<()> {
    let until = instant() + limits::NODE_LEASE + limits::NODE_RETRY;
    while db.is_shared() {
        let (living, _) = db.living_nodes().await.map_err(db::in_a_line)?;
        if living == 0 {
            break;
        }
        anyhow::ensure!(instant() < until, "{living} nodes run on the database: stop them first");
        tokio::time::sleep(limits::NODE_RETRY).await;
    }
    Ok(())
}

/// Where images can be.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Place {
    /// The bucket that S3_BUCKET names
    Bucket,
    /// The folder `images` in DATA_DIR
    Folder,
}

/// Checks the database, and that every image is where the settings say: lists what is wrong on standard output, and fails if
/// anything is.
pub(crate) async fn verify_all(config: &Config) -> anyhow::Result<()> {
    let (db, writer) = Db::open(&config.database).await?;
    // Nothing is written.
    writer.close().await.map_err(db::in_a_line)?;
    match config.database.file() {
        Some(file) => {
            let position = db::check_copy(file).await.context("the database is damaged: restore a backup")?;
            println!("the database is sound, the feed up to {position}");
        }
        None => println!("the database is PostgreSQL, which checks its own pages: see amcheck"),
    }
    let scratch = Scratch::new(&config.data_dir);
    let store = Store::open(config, &scratch)?;
    store.ensure_exists().await?;
    let mut report = CheckReport::default();
    let verified = images::verify(&db.reader, &store, |id, state| report.add(&id.to_string(), state)).await;
    verified.with_context(|| format!("{} could not be read", store.place()))?;
    db.close().await.map_err(db::in_a_line)?;
    report.finish(&store)
}

/// Runs a command: lists what is wrong on standard output, and fails if anything is.
pub(crate) async fn run(program: &Program, command: ImagesCommand) -> anyhow::Result<()> {
    let (app, scratch) = (&program.app, Scratch::new(&program.app.config.data_dir));
    scratch.make()?;
    let mut report = CheckReport::default();
    match command {
        ImagesCommand::Verify => {
            let store = Store::open(&app.config, &scratch)?;
            store.ensure_exists().await?;
            let verified = images::verify(&app.db.reader, &store, |id, state| report.add(&id.to_string(), state)).await;
            verified.with_context(|| format!("{} could not be read", store.place()))?;
            report.finish(&store)
        }
        ImagesCommand::Copy { to, why } => {
            let by = why.operator()?;
            ensure_nobody_serves(&app.db).await?;
            let (folder, bucket) = (Store::in_folder(&app.config, &scratch), Store::in_bucket(&app.config)?);
            bucket.ensure_exists().await?;
            let (from, to) = match to {
                Place::Bucket => (folder, bucket),
                Place::Folder => (bucket, folder),
            };
            let copied = images::copy(&app.db.reader, &from, &to, |id, state| report.add(&id.to_string(), state)).await;
            copied
                .with_context(|| format!("stopped after {} images: run it again, it copies the rest", report.images))?;
            report.finish(&to)?;
            images::move_to(app, &to).await?;
            // About the server itself, which has no id.
            let done = by.record(AuditAction::ImagesCopied, Uuid::nil()).with_detail(format!("to {}", to.place()));
            app.feed.note(done).await?;
            exports::forget_all(app).await?;
            let deleted = images::delete_uncopied(&app.db.reader, &from).await;
            deleted.with_context(|| format!("archives may be left in {}: run it again, it deletes them", from.place()))
        }
    }
}

#[derive(Default)]
struct CheckReport {
    images: u64,
    copied: u64,
    faulty: u64,
}

impl CheckReport {
    fn add(&mut self, id: &str, state: ObjectState) {
        self.images += 1;
        match state {
            ObjectState::Present => {}
            ObjectState::Copied => self.copied += 1,
            ObjectState::Missing => {
                self.faulty += 1;
                println!("{id}: missing");
            }
            ObjectState::WrongSize { found, stored } => {
                self.faulty += 1;
                println!("{id}: {found} bytes instead of {stored}");
            }
        }
    }

    fn finish(self, place: &Store) -> anyhow::Result<()> {
        let Self { images, copied, faulty } = self;
        let place = place.place();
        anyhow::ensure!(faulty == 0, "{faulty} of {images} images are missing or damaged, see the list");
        match copied {
            0 => println!("{images} images, all in {place}"),
            _ => println!("{images} images, all in {place}: {copied} were copied just now"),
        }
        Ok(())
    }
}
