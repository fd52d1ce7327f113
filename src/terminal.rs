//! Where a command's lines go and its passwords come from: the terminal of this process, or, where a server runs the command,
//! that of the process that asked for it.

use std::fmt::Display;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use tokio::sync::{mpsc, oneshot};
use zeroize::Zeroizing;

use crate::draft::{self, Draft};
use crate::limits;
use crate::printable::escaped;

/// A secret that somebody types, in plain text.
pub(crate) type TypedText = Zeroizing<String>;

/// A terminal. Clones are the same one.
#[derive(Clone, Debug)]
pub(crate) enum Terminal {
    /// That of this process.
    Here,
    /// That of another process, which is sent what to do.
    Away(mpsc::Sender<TerminalStep>),
}

/// What another process's terminal is to do.
#[derive(Debug)]
pub(crate) enum TerminalStep {
    /// To write a line to standard output: what scripts read.
    Line(String),
    /// To write a line to standard error: what people read.
    Note(String),
    /// To ask for a new password.
    Password(oneshot::Sender<TypedText>),
    /// To write more of the file that its command names.
    Bytes(Bytes),
}

/// A file that a command makes where it was typed: new, private, and there when it is whole.
#[derive(Debug)]
pub(crate) struct OutputFile {
    draft: Draft,
    path: PathBuf,
}

impl OutputFile {
    /// Begins one. It must not exist.
    pub(crate) fn begin(path: &Path) -> anyhow::Result<Self> {
        ensure!(!path.exists(), "{} is there already: nothing is overwritten", path.display());
        let draft = Draft::beside(path).with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(Self { draft, path: path.to_owned() })
    }

    /// Writes more.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.draft.file().write_all(bytes).with_context(|| format!("{} cannot be written", self.path.display()))
    }

    /// Gives it its name.
    pub(crate) fn keep(self) -> anyhow::Result<()> {
        let is_new = draft::link(self.draft.path(), &self.path);
        let is_new = is_new.with_context(|| format!("{} cannot be written", self.path.display()))?;
        ensure!(is_new, "{} is there already: nothing is overwritten", self.path.display());
        Ok(())
    }
}

/// The file of a command, wherever it is.
#[derive(Debug)]
pub(crate) enum TerminalFile {
    /// In this process.
    Here(OutputFile),
    /// In another process, which knows its name from its command.
    Away(mpsc::Sender<TerminalStep>),
}

impl TerminalFile {
    /// Writes more.
    pub(crate) async fn write(&mut self, bytes: Bytes) -> anyhow::Result<()> {
        match self {
            Self::Here(file) => file.write(&bytes),
            Self::Away(steps) => send(steps, TerminalStep::Bytes(bytes)).await,
        }
    }

    /// It is whole. That of another process is so when its command exits with 0.
    pub(crate) fn keep(self) -> anyhow::Result<()> {
        match self {
            Self::Here(file) => file.keep(),
            Self::Away(_) => Ok(()),
        }
    }
}

impl Terminal {
    /// Writes a line to standard output: what scripts read.
    pub(crate) async fn line(&self, text: impl Display) -> anyhow::Result<()> {
        match self {
            Self::Here => writeln!(io::stdout(), "{}", escaped(&text.to_string())).context("standard output is closed"),
            Self::Away(steps) => send(steps, TerminalStep::Line(text.to_string())).await,
        }
    }

    /// Writes a line to standard error: what people read.
    pub(crate) async fn note(&self, text: impl Display) -> anyhow::Result<()> {
        match self {
            Self::Here => writeln!(io::stderr(), "{}", escaped(&text.to_string())).context("standard error is closed"),
            Self::Away(steps) => send(steps, TerminalStep::Note(text.to_string())).await,
        }
    }

    /// The file that a command names.
    pub(crate) fn file(&self, path: &Path) -> anyhow::Result<TerminalFile> {
        Ok(match self {
            Self::Here => TerminalFile::Here(OutputFile::begin(path)?),
            Self::Away(steps) => TerminalFile::Away(steps.clone()),
        })
    }

    /// A new password: asked for twice at a terminal, else the first line of standard input.
    pub(crate) async fn password(&self) -> anyhow::Result<TypedText> {
        match self {
            Self::Here if io::stdin().is_terminal() => prompted(),
            Self::Here => first_line(io::stdin().lock()),
            Self::Away(steps) => {
                let (reply, typed) = oneshot::channel();
                send(steps, TerminalStep::Password(reply)).await?;
                typed.await.context("nobody typed a password")
            }
        }
    }
}

async fn send(steps: &mpsc::Sender<TerminalStep>, step: TerminalStep) -> anyhow::Result<()> {
    steps.send(step).await.ok().context("nobody waits for this command any more")
}

/// Asks twice, because the input is not echoed.
fn prompted() -> anyhow::Result<TypedText> {
    let ask = |question: &str| {
        eprint!("{question}: ");
        io::stderr().flush()?;
        without_echo(|| first_line(io::stdin().lock()))?
    };
    let text = ask("New password")?;
    if ask("The same again")? != text {
        bail!("these were two different passwords: nothing was done");
    }
    Ok(text)
}

/// Reads from the terminal without echoing anything but the line break.
fn without_echo<T>(read: impl FnOnce() -> T) -> io::Result<T> {
    let terminal = io::stdin();
    let before = tcgetattr(&terminal)?;
    let mut hidden = before.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    hidden.local_modes.insert(LocalModes::ECHONL);
    tcsetattr(&terminal, OptionalActions::Flush, &hidden)?;
    let read = read();
    tcsetattr(&terminal, OptionalActions::Now, &before)?;
    Ok(read)
}

/// The first line, without its end.
fn first_line(input: impl BufRead) -> anyhow::Result<TypedText> {
    // The longest password and its line break. A longer one is refused for its length, and not truncated.
    const MOST: usize = limits::PASSWORD_BYTES + 2;
    let mut line = Zeroizing::new(Vec::with_capacity(MOST));
    input.take(MOST as u64).read_until(b'\n', &mut line).context("the password cannot be read")?;
    let line = line.strip_suffix(b"\n").map_or(line.as_slice(), |line| line.strip_suffix(b"\r").unwrap_or(line));
    ensure!(!line.is_empty(), "there was no password: type one, pass one as the input, or let --generate make one");
    let text = std::str::from_utf8(line).context("the password is not UTF-8")?;
    Ok(Zeroizing::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_the_first_line_of_the_input_unchanged() {
        let read = |input: &str| first_line(input.as_bytes()).map(|line| line.to_string());
        for (input, password) in [
            ("correct horse", "correct horse"),
            (" correct horse \n", " correct horse "),
            ("correct horse\r\nand more", "correct horse"),
            ("pässword😀\n", "pässword😀"),
        ] {
            assert_eq!(read(input).expect("a line"), password);
        }
        assert_eq!(read(&"😀".repeat(128)).expect("a line"), "😀".repeat(128), "as long as they may be");
        for nothing in ["", "\n", "\r\n", "\ncorrect horse"] {
            assert!(read(nothing).is_err(), "{nothing:?}");
        }
        assert!(first_line(&b"\xff\xfe123456\n"[..]).is_err());
        let endless = read(&"x".repeat(100_000)).expect("its beginning");
        assert!(endless.len() > limits::PASSWORD_BYTES, "too long, and not cut to what would be taken");
    }
}
