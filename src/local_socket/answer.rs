//! The server's side: takes commands and runs them.

use std::fs::Permissions;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;

use anyhow::{Context, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use rustix::process::geteuid;
use socket2::{Domain, SockAddr, Socket, Type};
use tokio::io::AsyncWrite;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::lines::{LineReader, say};
use super::place::{ensure_short, identity, of_server};
use super::{Answer, Ask, VERSION};
use crate::commands;
use crate::config::Config;
use crate::limits;
use crate::program::Program;
use crate::terminal::{Terminal, TerminalStep, TypedText};

/// Lines that a command may be ahead of its reader.
const AHEAD: usize = 16;

/// The socket of a server. Its file is removed with it.
#[derive(Debug)]
pub(crate) struct LocalSocket {
    path: PathBuf,
    listener: UnixListener,
}

impl Drop for LocalSocket {
    fn drop(&mut self) {
        // If it cannot be removed, the next start replaces it, and until then it refuses commands.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl LocalSocket {
    /// Opens the socket of the server that listens at this address, in the place of one that a crash has left. Without it a
    /// server runs as well: commands then change the database directly.
    pub(crate) fn open(config: &Config, listening: SocketAddr) -> Option<Self> {
        let path = of_server(config, listening);
        let listener = listen(&path).with_context(|| format!("the local socket {} is not there", path.display()));
        match listener {
            Ok(listener) => Some(Self { path, listener }),
            Err(error) => {
                tracing::warn!(
                    "{error:#}; commands change the database directly instead, and take effect within some seconds"
                );
                None
            }
        }
    }

    /// Runs commands until `shutdown`. Those that are under way are given up then, between two changes.
    pub(crate) async fn serve(self, program: Program, shutdown: CancellationToken) {
        let (tasks, places) = (TaskTracker::new(), Arc::new(Semaphore::new(limits::LOCAL_CONNECTIONS)));
        loop {
            let accepted = tokio::select! {
                () = shutdown.cancelled() => break,
                accepted = self.listener.accept() => accepted,
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(error = %error, "the local socket takes no command: waiting for a second");
                    sleep(limits::LOCAL_PAUSE).await;
                    continue;
                }
            };
            // Where it is closed at once, the command itself prints that there is no room.
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
            let (program, shutdown) = (program.clone(), shutdown.clone());
            tasks.spawn(async move {
                let _place = place;
                tokio::select! {
                    () = shutdown.cancelled() => {}
                    served = serve_one(stream, program) => {
                        if let Err(error) = served {
                            tracing::debug!("a command broke off: {error:#}");
                        }
                    }
                }
            });
        }
        tasks.close();
        tasks.wait().await;
    }
}

/// Listens at a path. Nobody else can connect at any moment: it is not listened on before it is private.
fn listen(path: &Path) -> anyhow::Result<UnixListener> {
    ensure_short(path)?;
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).context("what is there cannot be replaced");
        }
        Ok(()) | Err(_) => {}
    }
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.bind(&SockAddr::unix(path)?)?;
    std::fs::set_permissions(path, Permissions::from_mode(0o600))?;
    socket.listen(i32::try_from(limits::LOCAL_CONNECTIONS)?)?;
    socket.set_nonblocking(true)?;
    Ok(UnixListener::from_std(std::os::fd::OwnedFd::from(socket).into())?)
}

async fn serve_one(mut stream: UnixStream, program: Program) -> anyhow::Result<()> {
    // The file's mode keeps others out. This also holds where somebody has changed it.
    let caller = stream.peer_cred()?.uid();
    ensure!(caller == 0 || caller == geteuid().as_raw(), "it is of the user {caller}");
    let (read, mut write) = stream.split();
    let mut asks = LineReader::new(read, limits::LOCAL_REQUEST);
    let hello = Answer::Server { version: VERSION.to_owned(), database: identity(&program.app.config.database) };
    say(&mut write, &hello, limits::LOCAL_STEP).await?;
    let first = timeout(limits::LOCAL_STEP, asks.next()).await.context("it says nothing")??;
    let words = match first {
        Some(Ask::Run(words)) => words,
        Some(Ask::Password(_)) => anyhow::bail!("it begins with a password"),
        // It has only looked who is here.
        None => return Ok(()),
    };
    let (steps, mut to_show) = mpsc::channel(AHEAD);
    let command = async move {
        let terminal = Terminal::Away(steps);
        commands::run_words(&program, &terminal, words).await
    };
    let (mut command, mut outcome) = (pin!(timeout(limits::LOCAL_COMMAND, command)), None);
    let mut typed: Option<oneshot::Sender<TypedText>> = None;
    loop {
        tokio::select! {
            biased;
            step = to_show.recv() => match step {
                Some(step) => typed = show(&mut write, step).await?.or(typed),
                // It has ended, and all that it said is said.
                None => break,
            },
            ask = asks.next() => match (ask?, typed.take()) {
                (Some(Ask::Password(text)), Some(reply)) => drop(reply.send(text.into())),
                (Some(_), _) => anyhow::bail!("it says something that it was not asked for"),
                (None, _) => anyhow::bail!("it has gone"),
            },
            ended = &mut command, if outcome.is_none() => {
                let is_late = ended.is_err();
                outcome = Some(ended);
                // It is not dropped, and so does not say that it will say nothing more.
                if is_late {
                    break;
                }
            }
        }
    }
    let code = match outcome.unwrap_or(Ok(Ok(()))) {
        Ok(Ok(())) => 0,
        Ok(Err(error)) => fail(&mut write, format!("{error:#}")).await?,
        Err(_) => fail(&mut write, "the command took too long: what it has done is done".to_owned()).await?,
    };
    say(&mut write, &Answer::End(code), limits::LOCAL_PATIENCE).await
}

/// Lets the other process's terminal do something; returns who waits for what it types.
async fn show(
    write: &mut (impl AsyncWrite + Unpin),
    step: TerminalStep,
) -> anyhow::Result<Option<oneshot::Sender<TypedText>>> {
    let (answer, typed) = match step {
        TerminalStep::Line(text) => (Answer::Line(text), None),
        TerminalStep::Note(text) => (Answer::Note(text), None),
        TerminalStep::Password(reply) => (Answer::Password, Some(reply)),
        TerminalStep::Bytes(bytes) => (Answer::Bytes(BASE64.encode(bytes)), None),
    };
    say(write, &answer, limits::LOCAL_PATIENCE).await?;
    Ok(typed)
}

async fn fail(write: &mut (impl AsyncWrite + Unpin), why: String) -> anyhow::Result<u8> {
    say(write, &Answer::Note(format!("parlour: {why}")), limits::LOCAL_PATIENCE).await?;
    Ok(1)
}
