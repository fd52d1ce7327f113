//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::{Parser, Subcommand};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::Config;
use crate::logging::LogOutput;
use crate::{
    attach, backup, copy, data_dir, graphql, image_commands, key_commands, limits, logging, nodes, operator, run, seed,
    signals, start, webhook_commands,
};

/// A self-hosted chat backend with one GraphQL schema, whose subscriptions resume exactly.
///
/// Settings are environment variables, or lines of a file `.env`: see `.env.example`.
#[derive(Parser)]
#[command(version = env!("PARLOUR_VERSION"))]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API and the pages (the default)
    Serve,
    /// Create the database if there is none, apply its migrations, and exit
    Migrate,
    /// Fill a development database with people and conversations; idempotent
    Seed {
        /// Additional messages in the group (requires RATE_LIMITS=off)
        #[arg(long, default_value_t = 0)]
        messages: u32,
    },
    /// Create and manage accounts; a server may be running
    #[command(subcommand)]
    User(operator::UserCommand),
    /// Make, list and revoke the keys of an app's backend; a server may be running
    #[command(subcommand)]
    Key(key_commands::KeyCommand),
    /// Make bots: users who are programs; a server may be running
    #[command(subcommand)]
    Bot(key_commands::BotCommand),
    /// Print what operators and keys did, the newest first, a JSON object a line
    Audit {
        /// How many entries
        #[arg(long, default_value_t = 100)]
        last: u64,
    },
    /// Check or move the images; see the help of each
    #[command(subcommand)]
    Images(image_commands::ImagesCommand),
    /// Manage webhooks, to which events are POSTed; a server may be running
    #[command(subcommand)]
    Webhook(webhook_commands::WebhookCommand),
    /// List the nodes on a PostgreSQL database
    Nodes,
    /// Copy the database to a new file and verify the copy; a server may be running
    Backup {
        /// The new file; it must not exist
        file: PathBuf,
    },
    /// Replace the database by a backup, which stays as it is; the server must not run
    Restore {
        /// What `parlour backup` has made
        file: PathBuf,
    },
    /// Copy a SQLite database to an empty PostgreSQL database, and verify the copy
    Copy(copy::CopyArguments),
    /// Print the GraphQL schema
    Schema,
    /// Exit with 0 if the server on this machine is ready, else with 1
    Healthcheck,
}

/// Does what the arguments say, and returns the exit code.
pub fn main() -> ExitCode {
    data_dir::keep_new_files_private();
    let command = Arguments::parse().command.unwrap_or(Command::Serve);
    if let Command::Schema = command {
        print!("{}", graphql::sdl());
        return ExitCode::SUCCESS;
    }
    let config = match Config::from_env() {
        Ok(config) => Arc::new(config),
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let output = if matches!(command, Command::Serve) { LogOutput::Buffered } else { LogOutput::Direct };
    let logs = logging::start(&config, output).context("no log");
    let runtime = logs.and_then(|()| Builder::new_multi_thread().enable_all().build().context("no threads"));
    let outcome = runtime.and_then(|runtime| runtime.block_on(execute(command, config)));
    logging::flush();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("parlour: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn execute(command: Command, config: Arc<Config>) -> anyhow::Result<()> {
    match command {
        Command::Serve => serve(config).await,
        Command::Migrate => migrate(config).await,
        Command::Seed { messages } => {
            let running = start(config, Clock::default()).await?;
            seed::seed(&running.program, messages).await?;
            running.finish().await
        }
        Command::User(command) => {
            let running = attach(config, Clock::default()).await?;
            operator::run(&running.program, command).await?;
            running.finish().await
        }
        Command::Key(command) => {
            let running = attach(config, Clock::default()).await?;
            key_commands::run(&running.program, command).await?;
            running.finish().await
        }
        Command::Bot(command) => {
            let running = attach(config, Clock::default()).await?;
            key_commands::run_bot(&running.program, command).await?;
            running.finish().await
        }
        Command::Audit { last } => {
            let running = attach(config, Clock::default()).await?;
            key_commands::print_audit(&running.program, last).await?;
            running.finish().await
        }
        Command::Images(command) => {
            let running = attach(config, Clock::default()).await?;
            image_commands::run(&running.program, command).await?;
            running.finish().await
        }
        Command::Webhook(command) => {
            let running = attach(config, Clock::default()).await?;
            webhook_commands::run(&running.program, command).await?;
            running.finish().await
        }
        Command::Nodes => {
            let running = attach(config, Clock::default()).await?;
            nodes::print(&running.program.app).await?;
            running.finish().await
        }
        Command::Backup { file } => {
            let taken = backup::take(&config, &file).await?;
            println!("{}: {} bytes, the feed up to {}, checked", file.display(), taken.bytes, taken.position);
            Ok(())
        }
        Command::Restore { file } => {
            let restored = backup::restore(&config, &file).await?;
            println!("{} is {} now, the feed up to {}", config.database, file.display(), restored.position);
            if let Some(aside) = restored.set_aside {
                println!("The database that was there is {} now: delete it when you do not need it", aside.display());
            }
            Ok(())
        }
        Command::Copy(arguments) => copy::run(&config, arguments).await,
        Command::Schema => Ok(()),
        Command::Healthcheck => healthcheck(&config).await,
    }
}

async fn migrate(config: Arc<Config>) -> anyhow::Result<()> {
    let running = start(Arc::clone(&config), Clock::default()).await?;
    let database = &config.database;
    match running.applied.as_slice() {
        [] => println!("{database} has the newest tables already"),
        applied => println!("{database} has the newest tables now, by {}", applied.join(", ")),
    }
    running.finish().await
}

async fn serve(config: Arc<Config>) -> anyhow::Result<()> {
    let address = SocketAddr::new(config.host, config.port);
    let listener = TcpListener::bind(address).await.with_context(|| format!("{address} cannot be listened on"))?;
    let shutdown = CancellationToken::new();
    let stopping = shutdown.clone();
    tokio::select! {
        ended = run(config, Clock::default(), listener, shutdown) => ended,
        asked = signals::stop(stopping) => {
            asked?;
            anyhow::bail!("ended before everything was answered")
        }
    }
}

/// Asks `/readyz` over a plain socket, as a container may have no curl.
async fn healthcheck(config: &Config) -> anyhow::Result<()> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let host = if config.host.is_unspecified() { std::net::Ipv4Addr::LOCALHOST.into() } else { config.host };
    let ask = async {
        let mut server = TcpStream::connect((host, config.port)).await?;
        server.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
        let mut answer = String::new();
        server.read_to_string(&mut answer).await?;
        anyhow::Ok(answer)
    };
    let answer = tokio::time::timeout(limits::REQUEST, ask).await.context("no answer in time")??;
    anyhow::ensure!(answer.starts_with("HTTP/1.1 200"), "the server is not ready");
    Ok(())
}
