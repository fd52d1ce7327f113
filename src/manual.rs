//! What shells and `man` know of the commands, made of their own descriptions; and the overview of `parlour --help`.

use std::io::{self, Write};
use std::path::Path;

use anyhow::Context;
use clap::Command;
use clap_complete::Shell;

/// The commands by what they are for, as `parlour --help` shows them. A test finds those that are missing here.
const GROUPS: [(&str, &[&str]); 5] = [
    ("Run a server", &["serve", "migrate", "healthcheck", "nodes", "schema", "seed"]),
    (
        "Steer it: beside a running server, which does it at once, or without one",
        &["user", "message", "image", "conversation", "report", "announce", "key", "bot", "webhook", "audit", "stats"],
    ),
    ("Keep its data", &["backup", "restore", "verify", "images", "copy", "secret"]),
    ("Look at its settings and machine", &["config", "doctor"]),
    ("For your shell", &["completions", "man"]),
];

/// The commands with an overview in groups.
pub(crate) fn grouped(command: Command) -> Command {
    let mut overview = String::new();
    for (title, names) in GROUPS {
        overview.push_str(&format!("{title}:\n"));
        for name in names {
            let about = command.find_subcommand(name).and_then(Command::get_about);
            let about = about.map(ToString::to_string).unwrap_or_default();
            overview.push_str(&format!("  {name:<13} {about}\n"));
        }
        overview.push('\n');
    }
    overview.push_str("`parlour COMMAND --help` says more of each.");
    command
        .help_template("{about-with-newline}\n{usage-heading} {usage}{after-help}\n\nOptions:\n{options}")
        .after_help(overview)
}

/// Prints what a shell needs to complete commands.
pub(crate) fn print_completions(mut command: Command, shell: Shell) {
    clap_complete::generate(shell, &mut command, "parlour", &mut io::stdout());
}

/// Prints the manual's page of the program, or writes those of all commands into a folder.
pub(crate) fn print_pages(command: Command, folder: Option<&Path>) -> anyhow::Result<()> {
    match folder {
        Some(folder) => clap_mangen::generate_to(command, folder)
            .with_context(|| format!("the pages cannot be written into {}", folder.display())),
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(command).render(&mut page)?;
            io::stdout().write_all(&page).context("standard output is closed")
        }
    }
}

/// The commands that are in no group, or in one without being there.
#[cfg(test)]
pub(crate) fn ungrouped(command: &Command) -> Vec<String> {
    let shown: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
    let there: Vec<&str> = command.get_subcommands().map(Command::get_name).filter(|name| *name != "help").collect();
    let missing = there.iter().filter(|name| !shown.contains(name));
    missing.chain(shown.iter().filter(|name| !there.contains(name))).map(ToString::to_string).collect()
}
