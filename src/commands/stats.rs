//! `parlour stats`: the figures of the moment that the metrics have too.

use serde_json::{Map, json};

use super::sheet::SheetForm;
use crate::program::Program;
use crate::sampled::Sampler;
use crate::terminal::Terminal;

/// What only a running server knows.
const LIVE: [&str; 7] =
    ["feed_queue", "writable", "search_lag_events", "images_available", "nodes_heard", "leader", "users_online"];

/// Prints them.
pub(super) async fn print(program: &Program, terminal: &Terminal, json: bool) -> anyhow::Result<()> {
    let is_served = matches!(terminal, Terminal::Away(_));
    let samples = Sampler::new(program.clone()).samples().await;
    let known = samples.into_iter().filter(|(name, ..)| is_served || !LIVE.contains(name));
    // They are whole numbers, which metrics have as floating ones.
    let object: Map<_, _> = known.map(|(name, _, value)| (name.to_owned(), json!(value as u64))).collect();
    SheetForm { json }.object(terminal, object).await
}
