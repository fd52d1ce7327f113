//! Whether a PostgreSQL server can be used, as the start finds out: its reasons are for the operator, in one line each.

use std::fmt::Display;
use std::io::{self, ErrorKind};

use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::{self, Connection, Executor};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::fault::in_a_line;
use super::postgres::{Listening, common};
use crate::limits;

/// Waits until a server takes connections that is not up yet. Any other failure ends the wait.
pub(super) async fn wait_for(url: &SecretString, name: &impl Display) -> anyhow::Result<()> {
    let mut has_waited = false;
    loop {
        match connect(url).await {
            Ok(connection) => {
                // It only was to be reached.
                let _ = connection.close().await;
                if has_waited {
                    tracing::info!("the database {name} takes connections now");
                }
                return Ok(());
            }
            Err(NoConnection::NotYet(why)) => {
                if !std::mem::replace(&mut has_waited, true) {
                    tracing::warn!("the database {name} does not take connections yet, waiting for it: {why}");
                }
                sleep(limits::DATABASE_RETRY).await;
            }
            Err(NoConnection::Never(why)) => anyhow::bail!(why),
        }
    }
}

/// Checks that connections are the server's own for as long as they last. Behind a pooler that gives each transaction
/// another one, nodes would not hear each other, and time limits would be of others.
pub(super) async fn ensure_direct(url: &SecretString) -> anyhow::Result<()> {
    let channel = format!("parlour_{}", Uuid::now_v7().simple());
    // First, as it gives the better reasons.
    let mut sender = match connect(url).await {
        Ok(sender) => sender,
        Err(NoConnection::NotYet(why) | NoConnection::Never(why)) => anyhow::bail!(why),
    };
    let mut listening = Listening::begin(url, &channel).await.map_err(in_a_line)?;
    let notify = format!("NOTIFY {channel}");
    let heard = match sender.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(notify))).await {
        Ok(_) => matches!(timeout(limits::ACQUIRE, listening.next()).await, Ok(Ok(_))),
        // The notification itself, if the pooler gave the sender the connection of the one that listens.
        Err(sqlx::Error::Protocol(_)) => false,
        Err(error) => anyhow::bail!(in_words(&error)),
    };
    anyhow::ensure!(
        heard,
        "what one connection sends by NOTIFY does not reach another one that listens: a PgBouncer in between has to have \
         pool_mode = session"
    );
    // Only closed a little earlier than by the server.
    let _ = sender.close().await;
    Ok(())
}

/// Why there is no connection.
enum NoConnection {
    /// The server is not up, or not up yet.
    NotYet(String),
    /// The settings are wrong, or the server is.
    Never(String),
}

async fn connect(url: &SecretString) -> Result<PgConnection, NoConnection> {
    let connecting = async {
        let options: PgConnectOptions = url.expose_secret().parse()?;
        PgConnection::connect_with(&common(options)).await
    };
    match timeout(limits::ACQUIRE, connecting).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) if is_not_up_yet(&error) => Err(NoConnection::NotYet(in_words(&error))),
        Ok(Err(error)) => Err(NoConnection::Never(in_words(&error))),
        Err(_) => {
            let why =
                format!("nothing answers within {:?}: correct the host or the port in DATABASE_URL", limits::ACQUIRE);
            Err(NoConnection::Never(why))
        }
    }
}

fn is_not_up_yet(error: &sqlx::Error) -> bool {
    match error {
        // A socket in a folder appears with its server.
        sqlx::Error::Io(error) => matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::NotFound),
        // Starting up or shutting down; too many connections.
        sqlx::Error::Database(error) => matches!(error.code().as_deref(), Some("57P03" | "53300")),
        _ => false,
    }
}

fn in_words(error: &sqlx::Error) -> String {
    let words = match error {
        sqlx::Error::Database(error) => match error.code().as_deref() {
            Some("28P01" | "28000") => format!("{}: correct the user or the password in DATABASE_URL", error.message()),
            Some("3D000") => {
                format!("{}: create it with ENCODING 'UTF8', or correct DATABASE_URL", error.message())
            }
            _ => error.message().to_owned(),
        },
        sqlx::Error::Tls(error) => format!("there is no TLS connection: {error}: correct sslmode in DATABASE_URL"),
        sqlx::Error::Io(error) if is_about_the_name(error) => format!("{error}: correct the host in DATABASE_URL"),
        sqlx::Error::Io(error) => error.to_string(),
        error => error.to_string(),
    };
    words.replace('\n', " ")
}

/// The resolver's errors have no kind of their own.
fn is_about_the_name(error: &io::Error) -> bool {
    error.to_string().starts_with("failed to lookup address")
}
