//! What a long history costs: the same requests to servers with histories of different lengths, in turns.

use std::time::Instant;

use anyhow::Result;
use serde_json::{Value, json};

use crate::address;
use crate::api::{Account, Api};
use crate::http::Http;
use crate::latency::{Latency, round};
use crate::meter::Meter;
use crate::scenarios::{Figures, Load};

/// Rounds before the measured ones.
const WARM_UP: usize = 20;

#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    /// The other servers, as host:port, besides that of --url
    #[arg(long, value_delimiter = ',')]
    pub beside: Vec<String>,
    /// The account that asks, which all of them have
    #[arg(long)]
    pub email: String,
    /// A group with a history, that is read and searched
    #[arg(long)]
    pub group: String,
    /// Another one, that is written to
    #[arg(long)]
    pub other_group: String,
    /// A word that few messages have
    #[arg(long)]
    pub rare: String,
    /// A word that all messages have
    #[arg(long)]
    pub frequent: String,
    #[arg(long, default_value_t = 300)]
    pub rounds: usize,
}

const PAGE: &str = "query($group: ID!) { messages(conversation: { conversationId: $group }) {
    nodes { id seq text createdAt sender { id fullName } } pageInfo { hasPreviousPage } } }";
const MIDDLE: &str =
    "query($group: ID!) { messages(conversation: { conversationId: $group }, aroundSeq: 25, last: 50) {
    nodes { id seq text createdAt sender { id fullName } } pageInfo { hasNextPage hasPreviousPage } } }";
const SIDEBAR: &str = "{ conversations(first: 50) { nodes { id title unreadCount memberCount
    lastMessage { text sender { fullName } } } } }";
const UNREAD: &str = "{ unread { messages conversations } }";
const SEND: &str = "mutation($group: ID!) {
    sendMessage(input: { to: { conversationId: $group }, text: \"hello\" }) { id seq } }";
const SEARCH: &str = "query($word: String!) { searchMessages(query: $word) { nodes { id seq text } } }";

impl Load {
    pub async fn growth(&self, options: Options, out: &mut Figures) -> Result<()> {
        let (group, rounds) = (json!({ "group": options.group }), options.rounds);
        let requests: [(&str, &str, Value); 7] = [
            ("page", PAGE, group.clone()),
            ("middle", MIDDLE, group),
            ("sidebar", SIDEBAR, json!({})),
            ("unread", UNREAD, json!({})),
            ("send", SEND, json!({ "group": options.other_group })),
            ("search_frequent", SEARCH, json!({ "word": options.frequent })),
            ("search_rare", SEARCH, json!({ "word": options.rare })),
        ];
        let mut servers: Vec<(Api, Http, Account)> = Vec::new();
        let others = options.beside.iter().map(|url| address(url)).collect::<Result<Vec<_>>>()?;
        for address in [self.api.address].into_iter().chain(others) {
            let (api, mut http) = (Api { address, ..self.api.clone() }, Http::new(address));
            let account = api.log_in(&mut http, &options.email).await?;
            servers.push((api, http, account));
        }
        let meter = Meter::start(None);
        for (name, document, variables) in requests {
            let mut latencies: Vec<Latency> = servers.iter().map(|_| Latency::default()).collect();
            for n in 0..WARM_UP + rounds {
                for at in 0..servers.len() {
                    // Each of them goes first as often.
                    let at = (at + n) % servers.len();
                    let (api, http, account) = &mut servers[at];
                    let begun = Instant::now();
                    api.gql(http, Some(account), document, variables.clone()).await?;
                    if n >= WARM_UP {
                        latencies[at].record_ns(begun.elapsed().as_nanos() as u64);
                    }
                }
            }
            let medians = latencies.iter().map(|latency| round(latency.quantile_ms(0.5), 3)).collect();
            out.insert(format!("{name}_ms"), Value::Array(medians));
        }
        meter.stop(out);
        Ok(())
    }
}
