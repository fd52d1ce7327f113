//! `parlour config`: the settings, looked at without a start.

use clap::Subcommand;
use serde_json::json;

use crate::config::Config;

/// What to do with the settings.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Read the settings as a start would, and print all that is wrong with them
    Check,
    /// Print each setting in force, and where it comes from
    Show {
        /// Print JSON: an object a line
        #[arg(long)]
        json: bool,
    },
}

/// Runs a command. Problems go to standard error, a line each.
pub(crate) fn run(command: &ConfigCommand) -> anyhow::Result<()> {
    match command {
        ConfigCommand::Check => match Config::check() {
            Ok(_) => println!("the settings are right"),
            Err(problems) => {
                problems.iter().for_each(|problem| eprintln!("{problem}"));
                anyhow::bail!("{} of the settings are wrong", problems.len());
            }
        },
        ConfigCommand::Show { json } => {
            for setting in Config::show()? {
                let value = setting.value.as_deref();
                if *json {
                    println!("{}", json!({ "name": setting.name, "value": value, "origin": setting.origin }));
                } else {
                    println!("{:<22} {:<12} {}", setting.name, setting.origin, value.unwrap_or("-"));
                }
            }
        }
    }
    Ok(())
}
