//! `parlour doctor`: looks at what a server needs of its machine, and says what to do about what is not right.

use std::fs::{self, Metadata};
use std::os::unix::fs::PermissionsExt;

use rustix::process::{Resource, getrlimit};
use serde_json::json;
use url::Host;

use crate::config::{Config, DatabaseAddress};
use crate::db::Db;
use crate::draft::Draft;
use crate::limits;
use crate::storage::{Scratch, Store};

/// Space below which a disk is soon full: a busy day of a large community.
const SPACE: u64 = 1 << 30;
/// Connections below which people are soon refused.
const CONNECTIONS: u64 = 1_024;

/// What was found out about one thing.
struct Finding {
    name: &'static str,
    /// What is so; or what is wrong, and what to do about it.
    outcome: Result<String, String>,
}

/// Prints what it finds, a line each, and fails if anything is wrong.
pub(crate) async fn run(json: bool) -> anyhow::Result<()> {
    let mut findings = Vec::new();
    match Config::check() {
        Err(problems) => {
            for problem in problems {
                findings.push(Finding { name: "settings", outcome: Err(problem.to_string()) });
            }
        }
        Ok(config) => {
            findings.push(Finding { name: "settings", outcome: Ok("they are right".to_owned()) });
            examine(&config, &mut findings).await;
        }
    }
    let mut wrong = 0;
    for Finding { name, outcome } in &findings {
        let (is_well, what) = match outcome {
            Ok(what) => (true, what),
            Err(what) => (false, what),
        };
        wrong += usize::from(!is_well);
        match json {
            true => println!("{}", json!({ "name": name, "ok": is_well, "detail": what })),
            false => println!("{:<8} {name:<12} {what}", if is_well { "OK" } else { "PROBLEM" }),
        }
    }
    anyhow::ensure!(wrong == 0, "{wrong} things are not right");
    Ok(())
}

async fn examine(config: &Config, findings: &mut Vec<Finding>) {
    let mut add = |name, outcome| findings.push(Finding { name, outcome });
    add("data folder", data_folder(config));
    add("disk", disk(config));
    let is_there = config.database.file().is_none_or(|file| file.exists());
    match is_there {
        true => add("database", database(config).await),
        false => add("database", Ok("there is none yet: the first start makes it".to_owned())),
    }
    add("images", images(config).await);
    add("clock", clock(config));
    add("files", files());
    add("address", address(config));
    add("proxies", proxies(config));
}

fn data_folder(config: &Config) -> Result<String, String> {
    let folder = &config.data_dir;
    let shown = folder.display();
    match fs::metadata(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(format!("{shown} is not there yet: the first start makes it"));
        }
        Err(error) => return Err(format!("{shown} cannot be looked at: {error}")),
        Ok(is) if !is.is_dir() => return Err(format!("{shown} is no folder: set DATA_DIR to one")),
        Ok(is) if is.permissions().mode() & 0o077 != 0 => {
            return Err(format!("{shown} is open to others on this machine: chmod 700 {shown}"));
        }
        Ok(_) => {}
    }
    match Draft::beside(&folder.join("doctor")) {
        Ok(_) => Ok(format!("{shown} can be written")),
        Err(error) => Err(format!("{shown} cannot be written by this user: {error}")),
    }
}

fn disk(config: &Config) -> Result<String, String> {
    let folder = config.data_dir.ancestors().find(|folder| folder.is_dir());
    let folder = folder.unwrap_or(std::path::Path::new("."));
    let disk = rustix::fs::statvfs(folder).map_err(|error| format!("its space is not known: {error}"))?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let shown = format!("{} MiB are free", free >> 20);
    match free < SPACE {
        true => Err(format!("{shown}: make room, or writing ends when the disk is full")),
        false => Ok(shown),
    }
}

async fn database(config: &Config) -> Result<String, String> {
    let opened = Db::open(&config.database).await;
    let (db, writer) = opened.map_err(|error| format!("{} cannot be opened: {error:#}", config.database))?;
    let bytes = db.bytes().await;
    // Nothing was written.
    let _ = (writer.close().await, db.close().await);
    let bytes = bytes.map_err(|error| format!("{} cannot be read: {error}", config.database))?;
    Ok(format!("{} has the tables of this version, and {} MiB", config.database, bytes >> 20))
}

async fn images(config: &Config) -> Result<String, String> {
    if config.s3.is_none() && !config.data_dir.join("images").is_dir() {
        return Ok("there are none yet".to_owned());
    }
    let look = async {
        let store = Store::open(config, &Scratch::new(&config.data_dir))?;
        store.ensure_exists().await?;
        store.probe().await;
        anyhow::ensure!(
            store.is_available(),
            "{} does not answer: look at its address, keys and rights",
            store.place()
        );
        anyhow::Ok(store.place())
    };
    look.await.map(|place| format!("they are in {place}")).map_err(|error| format!("{error:#}"))
}

/// A clock that is behind what it has been before is wrong.
#[expect(clippy::disallowed_methods, reason = "it is the machine's clock that is looked at")]
fn clock(config: &Config) -> Result<String, String> {
    let newest = config.database.file().and_then(|file| fs::metadata(file).ok()?.modified().ok());
    let folder = || fs::metadata(&config.data_dir).as_ref().ok().and_then(|is: &Metadata| is.modified().ok());
    let Some(newest) = newest.or_else(folder) else { return Ok("there is nothing to compare it with yet".to_owned()) };
    match std::time::SystemTime::now().duration_since(newest) {
        Ok(_) => Ok("it is later than the last change of the data".to_owned()),
        Err(error) => Err(format!(
            "it is {} seconds before the last change of the data: set it, and let NTP keep it",
            error.duration().as_secs()
        )),
    }
}

fn files() -> Result<String, String> {
    let most = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
    let connections = most.saturating_sub(limits::RESERVED_FILES);
    match connections < CONNECTIONS {
        true => {
            Err(format!("{most} may be open, for {connections} connections: raise the limit (LimitNOFILE, ulimit -n)"))
        }
        false => Ok(format!("{most} may be open, for {connections} connections")),
    }
}

fn is_of_this_machine(config: &Config) -> bool {
    match config.public_url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn address(config: &Config) -> Result<String, String> {
    let url = config.public_url.as_str().trim_end_matches('/');
    if is_of_this_machine(config) && !config.host.is_loopback() {
        return Err(format!("HOST lets others in, and PUBLIC_URL is {url}: set it to the address that they use"));
    }
    if !is_of_this_machine(config) && config.public_url.scheme() == "http" {
        return Err(format!("PUBLIC_URL is {url}: passwords and messages go over the network in the clear, use https"));
    }
    Ok(format!("people come to {url}"))
}

fn proxies(config: &Config) -> Result<String, String> {
    let is_behind_one = config.public_url.scheme() == "https";
    if is_behind_one && config.trusted_proxies.is_empty() {
        return Err("PUBLIC_URL is https, which a proxy answers, and TRUSTED_PROXIES is not set: all people have the \
                    proxy's address, and share its rates"
            .to_owned());
    }
    let is_postgres = matches!(config.database, DatabaseAddress::Postgres { .. });
    if !config.rate_limits && (is_behind_one || is_postgres) {
        return Err("RATE_LIMITS is off: nothing keeps people from guessing passwords".to_owned());
    }
    Ok(match config.trusted_proxies.len() {
        0 => "none".to_owned(),
        count => format!("{count} networks are trusted"),
    })
}
