//! Parlour: a self-hosted chat backend with one GraphQL schema.
//!
//! The layers, from the top down; imports go down only. `http` serves the addresses, `graphql` resolves the schema. The slices decide:
//! `accounts`, `images`, `directory` and `conversations`, then `messages`, `presence` and `typing`, then `search` and `erasure`. They stand on
//! `app`, the `feed`, which orders and publishes, the `storage` of objects, `db` with its `entity` tables, and the small modules below.

#![cfg_attr(test, expect(clippy::disallowed_methods, reason = "tests measure real time and spawn tasks freely"))]

pub mod accounts;
pub mod app;
pub mod audit;
mod background;
mod backup;
mod bus;
pub mod clock;
pub mod command_line;
mod commands;
pub mod config;
mod config_commands;
mod confirmed_time;
mod consumers;
pub mod conversations;
mod copy;
mod data_dir;
pub mod db;
mod detached;
#[cfg(test)]
mod dice;
mod directory;
mod doctor;
mod draft;
pub mod entity;
mod erasure;
pub mod error;
mod exports;
pub mod feed;
mod fold;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
pub mod graphql;
pub mod http;
pub mod id;
mod image_commands;
mod images;
mod key_commands;
mod leader;
pub mod limits;
mod local_socket;
mod logging;
mod manual;
pub mod messages;
mod metrics;
mod nodes;
mod operator;
mod page;
mod pool;
mod presence;
mod printable;
pub mod program;
mod rates;
mod reports;
mod retention;
pub mod sampled;
mod search;
mod secret_commands;
pub mod secrets;
mod seed;
mod shared_cell;
mod signals;
mod storage;
mod terminal;
mod turns;
pub mod typing;
mod webhook_commands;
pub mod webhooks;

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use futures_util::future::BoxFuture;
use secrecy::ExposeSecret;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::accounts::{Accounts, Hasher, Tokens};
use crate::app::{App, Parts};
use crate::background::Background;
use crate::bus::Bus;
use crate::clock::Clock;
use crate::config::Config;
use crate::consumers::Consumers;
use crate::db::{Db, ServerLock};
use crate::erasure::{Erasure, Traces};
use crate::exports::Exports;
use crate::feed::{Feed, FeedTasks};
use crate::graphql::Api;
use crate::http::HttpState;
use crate::http::socket::Sockets;
use crate::images::Images;
use crate::leader::Leader;
use crate::local_socket::LocalSocket;
use crate::messages::{Reactions, ReadMarks};
use crate::nodes::Nodes;
use crate::presence::PresenceTracker;
use crate::program::Program;
use crate::rates::Rates;
use crate::search::Search;
use crate::secrets::SigningSecrets;
use crate::storage::{Scratch, Store};
use crate::typing::Typing;
use crate::webhooks::Webhooks;

/// The compiler makes the code of an `async fn` where it is awaited. Boxed, it is made in this library once, and not again
/// in each of the programs that link it.
type Boxed<T> = BoxFuture<'static, T>;

/// The program without HTTP: for serving, and for the commands.
pub struct Running {
    /// What resolvers know.
    pub program: Program,
    /// The steps by which the database was migrated just now.
    pub applied: Vec<String>,
    db: Db,
    feed: FeedTasks,
}

/// Creates what is missing (the data folder, the secret, the database), migrates the database, and starts the feed.
/// For `migrate` and `seed`. Beside a server, whose database has all of that, it does what [`attach`] does.
pub fn start(config: Arc<Config>, clock: Clock) -> Boxed<anyhow::Result<Running>> {
    Box::pin(start_or_attach(config, clock))
}

async fn start_or_attach(config: Arc<Config>, clock: Clock) -> anyhow::Result<Running> {
    let secrets = prepare(&config, &clock)?;
    match take_lock(&config)? {
        // Held while the database is migrated, and not longer: a server may start beside the command.
        Some(_lock) => open(config, clock, secrets).await,
        None => attach(config, clock).await,
    }
}

/// Creates the data folder and the secret, if they are missing.
fn prepare(config: &Config, clock: &Clock) -> anyhow::Result<SigningSecrets> {
    data_dir::prepare(config)?;
    Ok(SigningSecrets::find_or_create(config, clock.now())?)
}

fn take_lock(config: &Config) -> anyhow::Result<Option<ServerLock>> {
    match config.database.file() {
        Some(file) => ServerLock::take(file).with_context(|| cannot_be_opened(config)),
        None => Ok(Some(ServerLock::of_many())),
    }
}

/// Creates or migrates the database, for whoever holds its lock, and starts the feed.
async fn open(config: Arc<Config>, clock: Clock, secrets: SigningSecrets) -> anyhow::Result<Running> {
    let applied = db::migrate(&config.database).await;
    let applied = applied.with_context(|| cannot_be_opened(&config))?;
    db::log_migrations(&applied);
    Scratch::new(&config.data_dir).make()?;
    assemble(config, clock, secrets, applied).await
}

/// Starts the feed on the data of a server, which must be there and of this version: nothing is made or migrated. For
/// all other commands, which would do it to the wrong database where `DATA_DIR` is not the server's, and behind the
/// back of an older server that runs.
pub async fn attach(config: Arc<Config>, clock: Clock) -> anyhow::Result<Running> {
    data_dir::ensure_database(&config)?;
    let secrets = SigningSecrets::find(&config, clock.now())?;
    assemble(config, clock, secrets, Vec::new()).await
}

fn cannot_be_opened(config: &Config) -> String {
    format!("the database {} cannot be opened", config.database)
}

async fn assemble(
    config: Arc<Config>,
    clock: Clock,
    SigningSecrets { current: secret, previous }: SigningSecrets,
    applied: Vec<String>,
) -> anyhow::Result<Running> {
    let keys: Vec<&[u8]> = previous.iter().map(|previous| previous.expose_secret().as_bytes()).collect();
    let tokens = Tokens::new(secret.expose_secret().as_bytes(), &keys)?;
    // Addresses of images are checked with them too.
    let config = Arc::new(Config { jwt_previous_secrets: previous, ..Config::clone(&config) });
    let db = Db::open(&config.database).await;
    let (db, writer) = db.with_context(|| cannot_be_opened(&config))?;
    let (bus, leader) = (Bus::new(db.clone()), Leader::new(!db.is_shared()));
    let feed = Feed::start(db.clone(), writer, clock.clone(), &config, (&bus, &leader)).await;
    let (feed, tasks) = feed.map_err(db::in_a_line).context("the feed cannot be read")?;
    let rates = Arc::new(Rates::new(&config, &clock));
    let scratch = Scratch::new(&config.data_dir);
    let store = Store::open(&config, &scratch)?;
    let app = App::new(Parts { config, clock, db: db.clone(), feed, bus, leader, rates });
    let images = Images::start(app.clone(), store.clone(), scratch, &secret)?;
    let exports = Exports::new(app.clone(), images.clone(), store);
    let accounts = Accounts::new(app.clone(), Hasher::start()?, tokens, secret.expose_secret().as_bytes())?;
    let presence = PresenceTracker::new(app.clone(), Nodes::new(&app));
    let (read_marks, consumers) = (ReadMarks::new(app.clone()), Consumers::new(app.clone()));
    let reactions = Reactions::new(app.clone());
    let (search, typing) = (Search::new(app.clone()), Typing::new(app.clone()));
    let traces = Traces {
        images: images.clone(),
        accounts: accounts.clone(),
        presence: presence.clone(),
        search: search.clone(),
    };
    let erasure = Erasure::new(app.clone(), traces);
    let program =
        Program { app, images, accounts, consumers, presence, reactions, read_marks, search, typing, exports, erasure };
    Ok(Running { program, applied, db, feed: tasks })
}

impl Running {
    /// Waits until everything is written, and closes the database.
    pub async fn finish(self) -> anyhow::Result<()> {
        let Self { program, db, feed, .. } = self;
        // The writer ends when the last handle of the feed is gone.
        drop(program);
        feed.finish().await.context("the database did not close")?;
        db.close().await.map_err(db::in_a_line).context("the database did not close")
    }
}

/// Serves until `shutdown` is cancelled, then completes requests in progress, writes everything, closes the sockets and
/// returns.
///
/// The sockets are closed last and the listener stays open, so that only the start of the next process lies between a
/// client's disconnection and the next answer.
pub fn run(
    config: Arc<Config>,
    clock: Clock,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> Boxed<anyhow::Result<()>> {
    Box::pin(serve(config, clock, listener, shutdown))
}

async fn serve(
    config: Arc<Config>,
    clock: Clock,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let (version, settings) = (env!("PARLOUR_VERSION"), config.given.as_str());
    tracing::info!(event = "config.loaded", version, settings, "Parlour {version}");
    let secrets = prepare(&config, &clock)?;
    // Dropped last: until then, no other server starts on the database.
    let Some(_lock) = take_lock(&config)? else {
        anyhow::bail!(
            "another server runs on the database {}: stop it, or set DATA_DIR to another folder",
            config.database
        );
    };
    let metrics = http::metrics::bind(&config).await?;
    if let Some(listener) = &metrics {
        tracing::info!("metrics    http://{}/metrics", listener.local_addr()?);
    }
    let Some(running) = open_beside_probes(&config, clock, secrets, &listener, &shutdown).await? else { return Ok(()) };
    running.program.images.ensure_store_exists().await?;
    running.program.images.ensure_place().await?;
    welcome(&config, listener.local_addr()?);
    let sockets = Sockets::default();
    let api = Api::new(running.program.clone());
    let webhooks = Webhooks::new(api.clone())?;
    let state = HttpState::new(api, sockets.clone(), shutdown.clone());
    let background = Background::start(&running.program, webhooks);
    if let Some(socket) = LocalSocket::open(&config, listener.local_addr()?) {
        background.take_commands(socket, running.program.clone());
    }
    if let Some(listener) = metrics {
        background.serve_metrics(listener, state.clone());
    }
    let service = http::service(state);
    let ended = async {
        http::accept::serve(&config, &listener, service, shutdown.clone()).await;
        sockets.finish(running.program.app.feed.is_delivered()).await;
        background.finish().await;
        running.finish().await
    };
    let out_of_time = async {
        shutdown.cancelled().await;
        tokio::time::sleep(limits::DRAIN).await;
    };
    let ended = tokio::select! {
        ended = ended => ended,
        () = out_of_time => Err(anyhow::anyhow!("what was under way did not end in {:?}", limits::DRAIN)),
    };
    sockets.close().await;
    ended
}

/// Opens the database, or nothing if the program is to stop meanwhile. A server of PostgreSQL may not be up yet, and
/// another node may migrate: probes are answered meanwhile.
async fn open_beside_probes(
    config: &Arc<Config>,
    clock: Clock,
    secrets: SigningSecrets,
    listener: &TcpListener,
    shutdown: &CancellationToken,
) -> anyhow::Result<Option<Running>> {
    if !config.database.is_shared() {
        return open(Arc::clone(config), clock, secrets).await.map(Some);
    }
    let opened = CancellationToken::new();
    let opening = async {
        let _ends_the_probes = opened.clone().drop_guard();
        let opening = async {
            db::wait_for(&config.database).await.with_context(|| cannot_be_opened(config))?;
            open(Arc::clone(config), clock, secrets).await
        };
        tokio::select! {
            running = opening => running.map(Some),
            () = shutdown.cancelled() => Ok(None),
        }
    };
    let probes = async {
        tokio::select! {
            () = http::accept::serve(config, listener, http::service_before_start(), opened.clone()) => {}
            () = async {
                opened.cancelled().await;
                tokio::time::sleep(limits::START_HANDOVER).await;
            } => {}
        }
    };
    tokio::join!(opening, probes).0
}

/// Logs the addresses.
fn welcome(config: &Config, listening: SocketAddr) {
    let at = match listening.ip().is_loopback() || listening.ip().is_unspecified() {
        true => format!("http://localhost:{}", listening.port()),
        false => format!("http://{listening}"),
    };
    if http::has_front_end(config) {
        tracing::info!("chat       {at}");
    }
    tracing::info!("API        {at}/graphql (HTTP and WebSocket)");
    if config.graphiql {
        tracing::info!("GraphiQL   {at}/graphql in a browser");
    }
    // Without the slash at the end, as it is written in the settings.
    tracing::info!("public URL {}", config.public_url.as_str().trim_end_matches('/'));
    tracing::info!("data       {}", config.data_dir.display());
}
