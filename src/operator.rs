//! Accounts managed by an operator at a terminal, whether a server is running or not: there is no mail for password
//! resets.

use std::io::{self, BufRead, IsTerminal, Write};

use anyhow::{Context, bail, ensure};
use clap::{Args, Subcommand, ValueEnum};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::accounts::{self, Email, ExternalId, Name, NewAccount, Password};
use crate::entity::server_role::StaffRole;
use crate::entity::user;
use crate::id::UserId;
use crate::limits;
use crate::program::Program;

/// What to do with whose account.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Create an account
    Add {
        /// The address with which the person signs in
        #[arg(long)]
        email: String,
        /// The name that others see
        #[arg(long)]
        name: String,
        /// Where the password comes from
        #[command(flatten)]
        password: PasswordSource,
    },
    /// Set a new password for a user, and sign them out everywhere
    ResetPassword {
        /// The address with which the person signs in
        email: String,
        /// Where the password comes from
        #[command(flatten)]
        password: PasswordSource,
    },
    /// Keep a user from signing in, and sign them out everywhere; others still see them
    Disable {
        /// The address with which the person signs in, or external: and the id in the app's backend
        who: String,
    },
    /// Make a user a moderator or an admin of the server: both read reports and act on them
    Grant {
        /// The user's id, the address with which they sign in, or external: and the id in the app's backend
        who: String,
        /// What they become
        role: RoleName,
    },
    /// Take that from them again
    Revoke {
        /// The user's id, the address with which they sign in, or external: and the id in the app's backend
        who: String,
        /// What they are no longer
        role: RoleName,
    },
    /// Let a disabled user sign in again
    Enable {
        /// The address with which the person signs in, or external: and the id in the app's backend
        who: String,
    },
}

/// A role, as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RoleName {
    /// Reads reports and acts on them
    Moderator,
    /// May do what moderators may
    Admin,
}

impl From<RoleName> for StaffRole {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Moderator => Self::Moderator,
            RoleName::Admin => Self::Admin,
        }
    }
}

/// Where a new password comes from.
#[derive(Clone, Copy, Debug, Args)]
pub struct PasswordSource {
    /// Generate a password and print it, instead of asking for one or reading the first line of standard input
    #[arg(long)]
    generate: bool,
}

/// A new password in plain text.
type Text = Zeroizing<String>;

/// Runs a command and reports the new state of the account. Only a generated password goes to standard output.
pub async fn run(program: &Program, command: UserCommand) -> anyhow::Result<()> {
    match command {
        UserCommand::Add { email, name, password } => add(program, &email, &name, password).await,
        UserCommand::ResetPassword { email, password } => reset_password(program, &email, password).await,
        UserCommand::Disable { who } => {
            program.accounts.disable_for_operator(find(program, &who).await?.id).await?;
            eprintln!("{who} is signed out everywhere, and cannot sign in until `parlour user enable`");
            Ok(())
        }
        UserCommand::Grant { who, role } => {
            program.accounts.grant_for_operator(find(program, &who).await?.id, role.into()).await?;
            eprintln!("{who} moderates this server");
            Ok(())
        }
        UserCommand::Revoke { who, role } => {
            program.accounts.revoke_for_operator(find(program, &who).await?.id, role.into()).await?;
            eprintln!("{who} no longer has this role");
            Ok(())
        }
        UserCommand::Enable { who } => {
            program.accounts.enable_for_operator(find(program, &who).await?.id).await?;
            eprintln!("{who} can sign in");
            Ok(())
        }
    }
}

async fn add(program: &Program, email: &str, name: &str, source: PasswordSource) -> anyhow::Result<()> {
    let (address, name) = (Email::parse(email)?, Name::parse(name)?);
    // Checked before the operator is asked for a password.
    ensure!(
        accounts::find_by_email(&program.app, &address).await?.is_none(),
        "{email} has an account already: `parlour user reset-password` gives it another password"
    );
    let text = source.text(program)?;
    program.accounts.add_for_operator(NewAccount { name, email: address, password: parse(program, &text)? }).await?;
    eprintln!("{email} can sign in");
    source.print(&text);
    Ok(())
}

async fn reset_password(program: &Program, email: &str, source: PasswordSource) -> anyhow::Result<()> {
    let user = find_by_email(program, email).await?;
    let text = source.text(program)?;
    program.accounts.reset_password_for_operator(user.id, parse(program, &text)?).await?;
    match user.disabled_at {
        None => eprintln!("{email} is signed out everywhere, and can sign in with the new password"),
        Some(_) => eprintln!("{email} has the new password, and cannot sign in until `parlour user enable`"),
    }
    source.print(&text);
    Ok(())
}

/// Somebody by their id, by the address that they sign in with, or by their id in the app's backend.
async fn find(program: &Program, who: &str) -> anyhow::Result<user::Model> {
    if let Some(id) = UserId::parse(who) {
        let user = accounts::find(&program.app, id).await?.filter(|user| user.deleted_at.is_none());
        return user.with_context(|| format!("nobody has the id {who}"));
    }
    let Some(id) = who.strip_prefix("external:") else { return find_by_email(program, who).await };
    let user = accounts::find_by_external_id(&program.app, &ExternalId::parse(id, "id")?).await?;
    user.filter(|user| user.deleted_at.is_none()).with_context(|| format!("nobody has the external id {id}"))
}

async fn find_by_email(program: &Program, email: &str) -> anyhow::Result<user::Model> {
    let user = accounts::find_by_email(&program.app, &Email::parse(email)?).await?;
    user.with_context(|| format!("nobody has the e-mail {email}"))
}

fn parse(program: &Program, text: &Text) -> anyhow::Result<Password> {
    Ok(Password::parse(text.to_string(), program.app.config.password_min_length, "password")?)
}

impl PasswordSource {
    fn text(self, program: &Program) -> anyhow::Result<Text> {
        if self.generate {
            generated(program.app.config.password_min_length)
        } else if io::stdin().is_terminal() {
            prompted()
        } else {
            first_line(io::stdin().lock())
        }
    }

    fn print(self, text: &Text) {
        if self.generate {
            println!("{}", text.as_str());
        }
    }
}

/// Generates a password that is easy to copy or read out, with at least 100 random bits and `minimum` characters.
fn generated(minimum: usize) -> anyhow::Result<Text> {
    // No two of them are easily confused, and each is five bits.
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    const GROUP: usize = 5;
    let mut text = Text::default();
    while text.len() < minimum.max(4 * GROUP + 3) {
        if text.len() % (GROUP + 1) == GROUP {
            text.push('-');
        }
        let mut random = [0];
        getrandom::fill(&mut random).context("there are no random numbers")?;
        text.push(LETTERS[usize::from(random[0]) % LETTERS.len()].into());
    }
    Ok(text)
}

/// Asks twice, because the input is not echoed.
fn prompted() -> anyhow::Result<Text> {
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
fn first_line(input: impl BufRead) -> anyhow::Result<Text> {
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
    fn generated_passwords_are_long_enough_and_differ() {
        for minimum in 6..=64 {
            let (one, other) = (generated(minimum).expect("a password"), generated(minimum).expect("another"));
            assert!((minimum.max(23)..=minimum.max(23) + 1).contains(&one.len()), "{}", one.as_str());
            assert!(one.split('-').all(|group| (1..=5).contains(&group.len())), "{}", one.as_str());
            assert_ne!(one, other);
            assert!(Password::parse(one.to_string(), minimum, "password").is_ok());
        }
    }

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
        assert!(Password::parse(endless, 6, "password").is_err(), "too long, and not cut");
    }
}
