//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio_util::sync::CancellationToken;

use crate::backup::{FolderBackup, TakenInFolder};
use crate::clock::Clock;
use crate::commands::SteerCommand;
use crate::config::{Config, ServerPlace};
use crate::logging::LogOutput;
use crate::operator::Why;
use crate::secret_commands::SecretCommand;
use crate::terminal::Terminal;
use crate::{
    attach, backup, commands, config_commands, copy, data_dir, doctor, graphql, image_commands, limits, local_socket,
    logging, manual, nodes, run, secret_commands, seed, signals, start, take_lock, webhook_commands,
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
    /// What an operator does to a server, running or not.
    #[command(flatten)]
    Steer(SteerCommand),
    /// Check or move the images; see the help of each
    #[command(subcommand)]
    Images(image_commands::ImagesCommand),
    /// Manage webhooks, to which events are POSTed; a server may be running
    #[command(subcommand)]
    Webhook(webhook_commands::WebhookCommand),
    /// List the nodes on a PostgreSQL database
    Nodes,
    /// Copy the database, and the images if you say so, and verify the copy; a server may be running
    Backup(BackupArguments),
    /// Replace the database by a backup, which stays as it is; the server must not run
    Restore {
        /// What `parlour backup` has made: a file or a folder
        file: PathBuf,
        #[command(flatten)]
        why: Why,
    },
    /// Check the database, and that every image is there; a server may be running
    Verify,
    /// Copy a SQLite database to an empty PostgreSQL database, and verify the copy
    Copy(copy::CopyArguments),
    /// Print the GraphQL schema
    Schema,
    /// Exit with 0 if the server on this machine is ready, else with 1
    Healthcheck,
    /// Change the secret that signs sessions, without signing anybody out
    #[command(subcommand)]
    Secret(SecretCommand),
    /// Check the settings, or show them
    #[command(subcommand)]
    Config(config_commands::ConfigCommand),
    /// Look at what a server needs of this machine, and say what is not right
    Doctor {
        /// Print JSON: an object a line
        #[arg(long)]
        json: bool,
    },
    /// Print what a shell needs to complete commands
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the page of the manual
    Man {
        /// Write a page for each command into this folder instead
        #[arg(long, value_name = "FOLDER")]
        into: Option<PathBuf>,
    },
}

/// What is backed up, and where to.
#[derive(clap::Args)]
struct BackupArguments {
    /// The new file, which must not exist; with --with-images or --keep, the folder of the backups
    place: PathBuf,
    /// Make a folder named by the time, with the images beside the database
    #[arg(long)]
    with_images: bool,
    /// Make a folder named by the time, and remove older ones than the last N when it is complete
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    keep: Option<u16>,
}

/// Does what the arguments say, and returns the exit code.
pub fn main() -> ExitCode {
    data_dir::keep_new_files_private();
    let matches = manual::grouped(Arguments::command()).get_matches();
    let arguments = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let command = arguments.command.unwrap_or(Command::Serve);
    if let Some(done) = without_settings(&command) {
        return exit_code(done);
    }
    if let Command::Steer(command) = &command
        && let Some(code) = steer(command)
    {
        return code;
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
    exit_code(outcome)
}

fn exit_code(outcome: anyhow::Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("parlour: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Does a command that needs no settings, or has to work with wrong ones too; `None` for the others.
fn without_settings(command: &Command) -> Option<anyhow::Result<()>> {
    Some(match command {
        Command::Schema => {
            print!("{}", graphql::sdl());
            Ok(())
        }
        Command::Config(command) => config_commands::run(command),
        Command::Doctor { json } => {
            let runtime = Builder::new_current_thread().enable_all().build().context("no threads");
            runtime.and_then(|runtime| runtime.block_on(doctor::run(*json)))
        }
        Command::Completions { shell } => {
            manual::print_completions(Arguments::command(), *shell);
            Ok(())
        }
        Command::Man { into } => manual::print_pages(Arguments::command(), into.as_deref()),
        _ => return None,
    })
}

/// Lets the server that runs do the command; `None` if none runs. Of the settings it needs to know only where the server is.
fn steer(command: &SteerCommand) -> Option<ExitCode> {
    let place = match ServerPlace::from_env() {
        Ok(place) => place,
        Err(error) => {
            eprintln!("{error}");
            return Some(ExitCode::from(2));
        }
    };
    let runtime = Builder::new_current_thread().enable_all().build().context("no threads");
    let asked = runtime.and_then(|runtime| {
        runtime.block_on(async {
            let Some(server) = local_socket::find(&place.data_dir, place.database.as_ref()).await? else {
                return Ok(None);
            };
            let words = std::env::args_os().skip(1).map(|word| word.into_string());
            let words: Result<Vec<String>, _> = words.collect();
            let words = words.map_err(|_| anyhow::anyhow!("the command is not UTF-8"))?;
            server.run(words, command.output_file()).await.map(Some)
        })
    });
    asked.unwrap_or_else(|error| {
        eprintln!("parlour: {error:#}");
        Some(ExitCode::FAILURE)
    })
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
        Command::Steer(command) => {
            let running = attach(config, Clock::default()).await?;
            commands::run(&running.program, &Terminal::Here, command).await?;
            running.finish().await
        }
        Command::Images(command) => {
            let _lock = match command.moves_images() {
                true => Some(take_lock(&config)?.context("a server runs on the database: stop it first")?),
                false => None,
            };
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
        Command::Backup(arguments) => back_up(&config, arguments).await,
        Command::Verify => image_commands::verify_all(&config).await,
        Command::Restore { file, why } => {
            let restored = backup::restore(&config, &file, &why.operator()?).await?;
            println!("{} is {} now, the feed up to {}", config.database, file.display(), restored.position);
            if let Some(aside) = restored.set_aside {
                println!("The database that was there is {} now: delete it when you do not need it", aside.display());
            }
            if let Some(images) = restored.images {
                println!("{images} images are back");
            }
            Ok(())
        }
        Command::Copy(arguments) => copy::run(&config, arguments).await,
        Command::Secret(command) => secret_commands::run(&config, command),
        Command::Schema
        | Command::Config(_)
        | Command::Doctor { .. }
        | Command::Completions { .. }
        | Command::Man { .. } => Ok(()),
        Command::Healthcheck => healthcheck(&config).await,
    }
}

async fn back_up(config: &Config, arguments: BackupArguments) -> anyhow::Result<()> {
    let BackupArguments { place, with_images, keep } = arguments;
    if !with_images && keep.is_none() {
        let taken = backup::take(config, &place).await?;
        println!("{}: {} bytes, the feed up to {}, checked", place.display(), taken.bytes, taken.position);
        return Ok(());
    }
    let what = FolderBackup { with_images, keep: keep.map(usize::from) };
    let taken = backup::take_in_folder(config, &place, what).await?;
    let TakenInFolder { place, database, images, faulty_images, removed } = taken;
    let (bytes, position) = (database.bytes, database.position);
    println!("{}: {bytes} bytes and {images} images, the feed up to {position}, checked", place.display());
    if removed > 0 {
        println!("{removed} older backups are removed");
    }
    anyhow::ensure!(
        faulty_images == 0,
        "{faulty_images} images are missing or damaged, and no older backup was removed: `parlour images verify` lists them"
    );
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_in_a_group_of_the_help() {
        let command = Arguments::command();
        command.clone().debug_assert();
        assert_eq!(manual::ungrouped(&command), Vec::<String>::new());
        let help = manual::grouped(command).render_help().to_string();
        let lines = |name: &str| help.lines().filter(|line| line.starts_with(&format!("  {name} "))).count();
        assert_eq!((lines("user"), lines("completions")), (1, 1), "{help}");
        assert!(help.lines().all(|line| line.len() <= 130), "{help}");
    }
}
