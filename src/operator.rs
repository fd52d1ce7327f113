//! Accounts managed by an operator at a terminal, whether a server is running or not: there is no mail for password
//! resets.

use anyhow::{Context, ensure};
use clap::{Args, Subcommand, ValueEnum};

use crate::accounts::{self, Email, ExternalId, Name, NewAccount, Password};
use crate::audit::Operator;
use crate::entity::server_role::StaffRole;
use crate::entity::user;
use crate::id::UserId;
use crate::program::Program;
use crate::terminal::{Terminal, TypedText};

/// What to do with whose account.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
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
        /// Why
        #[command(flatten)]
        why: Why,
    },
    /// Set a new password for a user, and sign them out everywhere
    ResetPassword {
        /// The address with which the person signs in
        email: String,
        /// Where the password comes from
        #[command(flatten)]
        password: PasswordSource,
        /// Why
        #[command(flatten)]
        why: Why,
    },
    /// Keep a user from signing in, and sign them out everywhere; others still see them
    Disable {
        /// The address with which the person signs in, or external: and the id in the app's backend
        who: String,
        /// Why
        #[command(flatten)]
        why: Why,
    },
    /// Make a user a moderator or an admin of the server: both read reports and act on them
    Grant {
        /// The user's id, the address with which they sign in, or external: and the id in the app's backend
        who: String,
        /// What they become
        role: RoleName,
        /// Why
        #[command(flatten)]
        why: Why,
    },
    /// Take that from them again
    Revoke {
        /// The user's id, the address with which they sign in, or external: and the id in the app's backend
        who: String,
        /// What they are no longer
        role: RoleName,
        /// Why
        #[command(flatten)]
        why: Why,
    },
    /// Let a disabled user sign in again
    Enable {
        /// The address with which the person signs in, or external: and the id in the app's backend
        who: String,
        /// Why
        #[command(flatten)]
        why: Why,
    },
}

/// Why something is done.
#[derive(Clone, Debug, Args)]
pub(crate) struct Why {
    /// Why, on one line: for the audit log
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Why {
    /// The operator, with this reason.
    pub(crate) fn operator(&self) -> anyhow::Result<Operator> {
        Ok(Operator::new(self.reason.as_deref())?)
    }
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
pub(crate) struct PasswordSource {
    /// Generate a password and print it, instead of asking for one or reading the first line of standard input
    #[arg(long)]
    generate: bool,
}

/// Runs a command and reports the new state of the account. Only a generated password goes to standard output.
pub(crate) async fn run(program: &Program, terminal: &Terminal, command: UserCommand) -> anyhow::Result<()> {
    let accounts = &program.accounts;
    let (who, state) = match command {
        UserCommand::Add { email, name, password, why } => {
            return add(program, terminal, (&email, &name), (password, &why.operator()?)).await;
        }
        UserCommand::ResetPassword { email, password, why } => {
            return reset_password(program, terminal, &email, (password, &why.operator()?)).await;
        }
        UserCommand::Disable { who, why } => {
            accounts.disable_for_operator(&why.operator()?, find(program, &who).await?.id).await?;
            (who, "is signed out everywhere, and cannot sign in until `parlour user enable`")
        }
        UserCommand::Enable { who, why } => {
            accounts.enable_for_operator(&why.operator()?, find(program, &who).await?.id).await?;
            (who, "can sign in")
        }
        UserCommand::Grant { who, role, why } => {
            let (by, user) = (why.operator()?, find(program, &who).await?.id);
            let is_new = accounts.grant_for_operator(&by, user, role.into()).await?;
            (who, if is_new { "moderates this server" } else { "has this role already" })
        }
        UserCommand::Revoke { who, role, why } => {
            let (by, user) = (why.operator()?, find(program, &who).await?.id);
            let had_it = accounts.revoke_for_operator(&by, user, role.into()).await?;
            (who, if had_it { "no longer has this role" } else { "does not have this role" })
        }
    };
    terminal.note(format!("{who} {state}")).await
}

async fn add(
    program: &Program,
    terminal: &Terminal,
    (email, name): (&str, &str),
    (source, by): (PasswordSource, &Operator),
) -> anyhow::Result<()> {
    let (address, name) = (Email::parse(email)?, Name::parse(name)?);
    // Checked before the operator is asked for a password.
    ensure!(
        accounts::find_by_email(&program.app, &address).await?.is_none(),
        "{email} has an account already: `parlour user reset-password` gives it another password"
    );
    let text = source.text(program, terminal).await?;
    let account = NewAccount { name, email: address, password: parse(program, &text)? };
    program.accounts.add_for_operator(by, account).await?;
    terminal.note(format!("{email} can sign in")).await?;
    source.print(terminal, &text).await
}

async fn reset_password(
    program: &Program,
    terminal: &Terminal,
    email: &str,
    (source, by): (PasswordSource, &Operator),
) -> anyhow::Result<()> {
    let user = find_by_email(program, email).await?;
    let text = source.text(program, terminal).await?;
    program.accounts.reset_password_for_operator(by, user.id, parse(program, &text)?).await?;
    let state = match user.disabled_at {
        None => "is signed out everywhere, and can sign in with the new password",
        Some(_) => "has the new password, and cannot sign in until `parlour user enable`",
    };
    terminal.note(format!("{email} {state}")).await?;
    source.print(terminal, &text).await
}

/// Somebody by their id, by the address that they sign in with, or by their id in the app's backend.
pub(crate) async fn find(program: &Program, who: &str) -> anyhow::Result<user::Model> {
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

fn parse(program: &Program, text: &TypedText) -> anyhow::Result<Password> {
    Ok(Password::parse(text.to_string(), program.app.config.password_min_length, "password")?)
}

impl PasswordSource {
    async fn text(self, program: &Program, terminal: &Terminal) -> anyhow::Result<TypedText> {
        match self.generate {
            true => generated(program.app.config.password_min_length),
            false => terminal.password().await,
        }
    }

    async fn print(self, terminal: &Terminal, text: &TypedText) -> anyhow::Result<()> {
        if self.generate { terminal.line(text.as_str()).await } else { Ok(()) }
    }
}

/// Generates a password that is easy to copy or read out, with at least 100 random bits and `minimum` characters.
fn generated(minimum: usize) -> anyhow::Result<TypedText> {
    // No two of them are easily confused, and each is five bits.
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    const GROUP: usize = 5;
    let mut text = TypedText::default();
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
}
