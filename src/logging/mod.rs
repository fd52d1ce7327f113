//! The program's log: what goes into it, its form, and how it is written.

mod buffer;
mod refusals;

use std::io::IsTerminal;
use std::sync::OnceLock;

use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::{EnvFilter, fmt};

use self::buffer::LogBuffer;
pub(crate) use self::refusals::rate_limited;
use crate::config::{Config, LogFormat};
use crate::limits;

/// The lines of a server that are not written yet.
static BUFFER: OnceLock<LogBuffer> = OnceLock::new();

/// Where the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogOutput {
    /// To standard output, by a thread of its own: a server logs each request, and waits for no one who reads that.
    /// [`flush`] before the process ends.
    Buffered,
    /// To standard error, line by line: the standard output of a command is its result.
    Direct,
}

/// Logs from now on.
pub(crate) fn start(config: &Config, output: LogOutput) -> std::io::Result<()> {
    // Checked with the other settings. That the tables are what they were is no news, unless somebody asks; and below
    // `warn` the bucket's client writes out whole answers, which can hold the session token.
    // What a command does is what was asked for: the audit log has it.
    let quiet = if output == LogOutput::Direct { "parlour::audit=warn," } else { "" };
    let filter = format!("sea_orm_migration=warn,aws_smithy_runtime=warn,{quiet}{}", config.log_filter);
    let filter = EnvFilter::new(filter);
    let out = match output {
        LogOutput::Buffered => BoxMakeWriter::new(buffer()?),
        LogOutput::Direct => BoxMakeWriter::new(std::io::stderr),
    };
    match config.log_format {
        LogFormat::Text => {
            let is_watched = std::io::stdout().is_terminal();
            fmt().with_env_filter(filter).with_target(false).with_ansi(is_watched).with_writer(out).init();
        }
        LogFormat::Json => fmt().with_env_filter(filter).json().flatten_event(true).with_writer(out).init(),
    }
    Ok(())
}

/// Waits until what was logged is written, but not for long: nobody may be reading.
pub(crate) fn flush() {
    if let Some(buffer) = BUFFER.get() {
        buffer.flush(limits::LOG_FLUSH);
    }
}

/// The buffer, written by a thread, and before the message of a panic: the process may be about to end.
fn buffer() -> std::io::Result<LogBuffer> {
    let buffer = LogBuffer::start(std::io::stdout())?;
    let shared = BUFFER.get_or_init(|| buffer);
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        flush();
        print(panic);
    }));
    Ok(shared.clone())
}
