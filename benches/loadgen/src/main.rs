//! Load generator for chat servers. Each scenario prints one line of JSON; see ../README.md.

#![expect(clippy::disallowed_methods, reason = "it measures real time and spawns tasks freely")]

mod api;
mod book;
mod floor;
mod http;
mod latency;
mod meter;
mod scenarios;
mod stamp;
mod ws;

use std::net::{SocketAddr, ToSocketAddrs};

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Map, Value};

use api::{Adapter, Api};
use scenarios::{Load, churn, disk, fan_out, growth, idle, login, requests, restart};

#[derive(Parser)]
#[command(about = "Load generator for chat servers: every scenario prints one line of JSON")]
struct Cli {
    #[command(subcommand)]
    scenario: Scenario,
    #[command(flatten)]
    common: Common,
}

/// What every scenario needs to know.
#[derive(Args, Clone, Debug)]
struct Common {
    /// The server, as host:port
    #[arg(long, global = true, default_value = "127.0.0.1:4000")]
    url: String,
    #[arg(long, global = true, value_enum, default_value_t = Adapter::Graphql)]
    adapter: Adapter,
    /// The path of GraphQL
    #[arg(long, global = true, default_value = "/graphql")]
    path: String,
    /// The process whose CPU and memory (descendants included) are reported
    #[arg(long, global = true)]
    server_pid: Option<u32>,
    /// Accounts made by sign-up; connections are spread over them
    #[arg(long, global = true, default_value_t = 50)]
    accounts: usize,
    /// The size of a message's text in bytes
    #[arg(long, global = true, default_value_t = 80)]
    text_bytes: usize,
}

#[derive(Subcommand)]
enum Scenario {
    /// Messages to one group with many subscribers
    FanOut(fan_out::Options),
    /// Concurrent senders in direct conversations
    Send(requests::Options),
    /// Concurrent readers of a conversation's newest 50 of 200 messages
    History(requests::Options),
    /// Concurrent readers of their 50 newest conversations
    Sidebar(requests::Options),
    /// Connected, subscribed and silent
    Idle(idle::Options),
    /// Many logins at once beside a light query at a steady rate
    Login(login::Options),
    /// Subscribers that are cut and come back, while others send
    Churn(churn::Options),
    /// The server is killed, and stopped, and started by somebody else: how long until all subscribers are back
    Restart(restart::Options),
    /// The same requests to servers with histories of different lengths, in turns
    Growth(growth::Options),
    /// Not of a server: how long writing a page to a file and fdatasync take
    Disk(disk::Options),
    /// Not a scenario: a server of canned answers, whose figures are the least that a server's cost, and the load
    /// generator's own ceiling
    Floor {
        #[arg(long, env = "PORT", default_value_t = 4000)]
        port: u16,
    },
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    // As many sockets as the hard limit allows.
    let files = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: files.maximum, maximum: files.maximum })?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run(cli))
}

async fn run(cli: Cli) -> Result<()> {
    let common = cli.common;
    let api = Api { kind: common.adapter, address: address(&common.url)?, path: common.path };
    let load = Load { api, server: common.server_pid, accounts: common.accounts, text_bytes: common.text_bytes };
    let mut out = Map::new();
    match cli.scenario {
        Scenario::FanOut(options) => load.fan_out(options, &mut out).await?,
        Scenario::Send(options) => load.send(options, &mut out).await?,
        Scenario::History(options) => load.history(options, &mut out).await?,
        Scenario::Sidebar(options) => load.sidebar(options, &mut out).await?,
        Scenario::Idle(options) => load.idle(options, &mut out).await?,
        Scenario::Login(options) => load.login(options, &mut out).await?,
        Scenario::Churn(options) => load.churn(options, &mut out).await?,
        Scenario::Restart(options) => load.restart(options, &mut out).await?,
        Scenario::Growth(options) => load.growth(options, &mut out).await?,
        Scenario::Disk(options) => disk::measure(options, &mut out)?,
        Scenario::Floor { port } => return floor::Floor::default().serve(port).await,
    }
    println!("{}", Value::Object(out));
    Ok(())
}

/// The address of `host:port`.
pub fn address(url: &str) -> Result<SocketAddr> {
    url.to_socket_addrs()?.find(SocketAddr::is_ipv4).context("no address")
}
