//! The local socket of a server: how commands on its machine reach it. It is a file of `DATA_DIR` that only the server's own
//! user may open, so a command needs no secret, and cannot meet another server's database.
//!
//! ```text
//!  parlour user disable … ── words ──▶ server: the command, on its own program
//!                         ◀── lines, notes, a question for a password, the exit code ──
//! ```
//! Both sides say JSON, an object a line, within bounds of bytes and time.

mod answer;
mod ask;
mod lines;
mod place;

use serde::{Deserialize, Serialize};

pub(crate) use answer::LocalSocket;
pub(crate) use ask::find;

/// What a server says to a command.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    /// Who answers, as the first thing.
    Server {
        /// Its version, which must be the command's own.
        version: String,
        /// Which database it has.
        database: String,
    },
    /// A line for standard output.
    Line(String),
    /// A line for standard error.
    Note(String),
    /// Asks for a new password.
    Password,
    /// More of the file that the command names, in base64.
    Bytes(String),
    /// The command has ended, with this exit code.
    End(u8),
}

/// What a command says to a server.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Ask {
    /// To run these words.
    Run(Vec<String>),
    /// The password that was asked for.
    Password(String),
}

/// The version of a server and of the commands that it takes.
const VERSION: &str = env!("PARLOUR_VERSION");
