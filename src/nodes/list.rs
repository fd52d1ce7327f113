//! The list of nodes, for the operator.

use anyhow::ensure;
use time::format_description::well_known::Rfc3339;
use time::{Duration as Span, OffsetDateTime};

use crate::app::App;
use crate::db::{self, NodeRow};
use crate::limits;

/// Prints the nodes of the database, the oldest first: it does the housekeeping.
pub(crate) async fn print(app: &App) -> anyhow::Result<()> {
    ensure!(
        app.db.is_shared(),
        "the database {} is a file, which has one server: nodes share a PostgreSQL database",
        app.config.database
    );
    let (nodes, people) = app.db.nodes().await.map_err(db::in_a_line)?;
    let head = app.feed.head().position;
    let mut lives = 0;
    for node in &nodes {
        let online = people.iter().filter(|person| person.node_id == node.id).count();
        println!("{}", line(node, online, head));
        lives += usize::from(node.expires_in > 0);
    }
    println!("{lives} of {} nodes live, the feed is at {head}", nodes.len());
    Ok(())
}

fn line(node: &NodeRow, online: usize, head: i64) -> String {
    let NodeRow { id, version, started_at, position, expires_in } = node;
    let started = OffsetDateTime::UNIX_EPOCH + Span::milliseconds(*started_at);
    let started = started.replace_nanosecond(0).unwrap_or(started).format(&Rfc3339).unwrap_or_default();
    let renewed = (i64::try_from(limits::NODE_LEASE.as_millis()).unwrap_or(i64::MAX) - expires_in) / 1_000;
    let lease = match *expires_in > 0 {
        true => format!("lease of {} s more", expires_in / 1_000),
        false => "gone".to_owned(),
    };
    let behind = head.saturating_sub(*position).max(0);
    format!(
        "{id}  version {version}  since {started}  {lease}  {online} online  {behind} events behind {renewed} s ago"
    )
}
