//! The command's side: finds the server of a folder and lets it do the command.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use rustix::process::geteuid;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;

use super::lines::{LineReader, say};
use super::place::{all_in, identity};
use super::{Answer, Ask, VERSION};
use crate::config::DatabaseAddress;
use crate::limits;
use crate::terminal::{OutputFile, Terminal};

/// A connection to a server that takes commands.
#[derive(Debug)]
pub(crate) struct ServerLine {
    answers: LineReader<OwnedReadHalf>,
    write: OwnedWriteHalf,
    version: String,
    database: String,
}

/// The server of a folder, if one runs. Where the settings name a database, it has to be that one's; where they do not, and
/// servers of several databases answer, none is taken.
pub(crate) async fn find(folder: &Path, database: Option<&DatabaseAddress>) -> anyhow::Result<Option<ServerLine>> {
    let mut lines = Vec::new();
    let folder_owner = std::fs::metadata(folder).map(|folder| folder.uid()).ok();
    for path in all_in(folder) {
        let Ok(stream) = UnixStream::connect(&path).await else { continue };
        let owner = stream.peer_cred()?.uid();
        ensure!(
            is_trusted(owner, geteuid().as_raw(), folder_owner),
            "{} is of the user {owner}, who may be anybody: run the command as the server's user",
            path.display()
        );
        let greeting = timeout(limits::LOCAL_STEP, greet(stream)).await;
        let greeting = greeting.with_context(|| format!("no server answers on {} in time", path.display()))?;
        lines.push(greeting.with_context(|| format!("{} does not answer as a server does", path.display()))?);
    }
    let there: BTreeSet<String> = lines.iter().map(|line| line.database.clone()).collect();
    let list = || there.iter().cloned().collect::<Vec<_>>().join(" and ");
    if let Some(wanted) = database.map(identity) {
        lines.retain(|line| line.database == wanted);
        ensure!(
            there.is_empty() || !lines.is_empty(),
            "the server that runs in {} has the database {}, and DATABASE_URL names {wanted}: set it as the server has it",
            folder.display(),
            list()
        );
    } else {
        ensure!(
            there.len() <= 1,
            "servers of several databases run in {}: set DATABASE_URL to one of {}",
            folder.display(),
            list()
        );
    }
    Ok(lines.pop())
}

/// Whether a server of this user may be asked: it learns the words of the command and what is typed. Root acts in the folder
/// of whoever owns it.
fn is_trusted(server: u32, me: u32, folder_owner: Option<u32>) -> bool {
    server == me || server == 0 || (me == 0 && folder_owner == Some(server))
}

async fn greet(stream: UnixStream) -> anyhow::Result<ServerLine> {
    let (read, write) = stream.into_split();
    let mut answers = LineReader::new(read, limits::LOCAL_ANSWER);
    match answers.next().await? {
        Some(Answer::Server { version, database }) => Ok(ServerLine { answers, write, version, database }),
        Some(_) => bail!("it begins otherwise"),
        None => bail!("it has too much to do just now, try again"),
    }
}

impl ServerLine {
    /// Lets the server do a command, whose words these are, and shows what it says. What the server sends for a file goes into
    /// the one that the command names, and into no other.
    pub(crate) async fn run(mut self, words: Vec<String>, to: Option<&Path>) -> anyhow::Result<ExitCode> {
        ensure!(
            self.version == VERSION,
            "the server that runs is version {}, and this command is of {VERSION}: restart the server",
            self.version
        );
        let mut file = to.map(OutputFile::begin).transpose()?;
        // What is said of a file is shown when it is in its place.
        let mut later = Vec::new();
        say(&mut self.write, &Ask::Run(words), limits::LOCAL_STEP).await?;
        loop {
            match self.answers.next().await? {
                Some(Answer::Line(text)) => Terminal::Here.line(text).await?,
                Some(Answer::Note(text)) if file.is_some() => later.push(text),
                Some(Answer::Note(text)) => Terminal::Here.note(text).await?,
                Some(Answer::Password) => {
                    let typed = Terminal::Here.password().await?;
                    say(&mut self.write, &Ask::Password(typed.to_string()), limits::LOCAL_STEP).await?;
                }
                Some(Answer::Bytes(text)) => {
                    let file = file.as_mut().context("the server sends a file, and the command names none")?;
                    file.write(&BASE64.decode(text).context("what was said is not understood")?)?;
                }
                Some(Answer::End(code)) => {
                    if let Some(file) = file.filter(|_| code == 0) {
                        file.keep()?;
                    }
                    for text in later {
                        Terminal::Here.note(text).await?;
                    }
                    return Ok(ExitCode::from(code));
                }
                Some(Answer::Server { .. }) => bail!("the server begins anew"),
                None => bail!("the server ended before the command did: look at what was done, and run it again"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_trusted;

    #[test]
    fn a_server_of_somebody_else_learns_no_password() {
        for (server, me, folder_owner, expected) in [
            (1000, 1000, Some(1000), true),
            (0, 1000, Some(1000), true),
            (1000, 0, Some(1000), true),
            (1001, 1000, Some(1000), false),
            (1001, 1000, Some(1001), false),
            (1001, 0, Some(1000), false),
            (1001, 0, None, false),
        ] {
            assert_eq!(is_trusted(server, me, folder_owner), expected, "{server} {me} {folder_owner:?}");
        }
    }
}
