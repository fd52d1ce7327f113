//! The real program, as a process with a folder and a port of its own.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use parlour::limits;
use rustix::process::{Pid, Signal, kill_process};
use sea_orm::DatabaseConnection;
use tokio::process::{Child, Command};

use super::postgres::is_postgres;
use super::{OwnDatabase, Person, any_of, cursors, soon};

/// A server that can be stopped and started again, at the same address and on the same data.
pub struct Server {
    pub address: SocketAddr,
    folder: PathBuf,
    settings: Vec<(String, String)>,
    http: reqwest::Client,
    child: Option<Child>,
    /// A program with arguments that replaces itself with ours (by `exec`).
    launcher: Vec<String>,
    /// Its database on PostgreSQL, if the test has made it for this server.
    own_database: Option<OwnDatabase>,
}

/// The memory of a process, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// In use now.
    pub resident: u64,
    /// The peak.
    pub most: u64,
}

static FOLDERS: AtomicU32 = AtomicU32::new(0);

impl Server {
    /// A server with the default settings, ready.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// A server with some settings of its own, ready.
    pub async fn start_with(settings: &[(&str, &str)]) -> Self {
        let mut server = Self::prepare(settings);
        server.start_again().await;
        server
    }

    /// A server on the database that `TEST_DATABASE` names, ready.
    pub async fn start_here(settings: &[(&str, &str)]) -> Self {
        let mut server = Self::prepare_here(settings).await;
        server.start_again().await;
        server
    }

    /// A server on the database that `TEST_DATABASE` names, which has never been started.
    pub async fn prepare_here(settings: &[(&str, &str)]) -> Self {
        let mut server = Self::prepare(settings);
        if is_postgres() {
            let database = OwnDatabase::create().await;
            server.set("DATABASE_URL", &database.url());
            server.set("JWT_SECRET", "a secret that PostgreSQL's nodes would share");
            server.own_database = Some(database);
        }
        server
    }

    /// A server that has never been started.
    pub fn prepare(settings: &[(&str, &str)]) -> Self {
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("parlour-process-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for the test");
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self {
            address: (Ipv4Addr::LOCALHOST, free_port()).into(),
            folder,
            settings,
            http,
            child: None,
            launcher: Vec::new(),
            own_database: None,
        }
    }

    /// Starts the server through another program that replaces itself with it (by `exec`), so that it stays our child.
    pub fn launched_by(mut self, launcher: Vec<String>) -> Self {
        self.launcher = launcher;
        self
    }

    /// Changes a setting, from the next start on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.unset(name);
        self.settings.push((name.to_owned(), value.to_owned()));
    }

    /// Removes a setting, from the next start on.
    pub fn unset(&mut self, name: &str) {
        self.settings.retain(|(known, _)| known != name);
    }

    /// Starts the process, and waits until it is ready.
    pub async fn start_again(&mut self) {
        assert!(self.child.is_none(), "it runs already");
        let log = || File::options().create(true).append(true).open(self.folder.join("log")).expect("a log");
        let child = self.command("serve").stdout(log()).stderr(log()).spawn();
        self.child = Some(child.expect("the program starts"));
        soon(async {
            while !self.is_ready().await {
                let ended = self.child.as_mut().and_then(|child| child.try_wait().expect("a state"));
                assert!(ended.is_none(), "the server ended with {ended:?}:\n{}", self.log());
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
        cursors::read_keys(&self.database_url()).await;
    }

    /// Whether `/readyz` says that it can serve.
    pub async fn is_ready(&self) -> bool {
        let answer = self.http.get(self.url("/readyz")).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    /// Waits until `/readyz` says that it can serve.
    pub async fn gets_ready(&self) {
        soon(async {
            while !self.is_ready().await {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
    }

    /// Kills the process (SIGKILL).
    pub async fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().await.expect("it can be killed");
    }

    /// Asks the process to end (SIGTERM).
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Sends the process a signal.
    pub fn signal(&self, signal: Signal) {
        let child = self.child.as_ref().expect("it runs");
        let id = child.id().and_then(|id| Pid::from_raw(id.cast_signed())).expect("it has an id");
        kill_process(id, signal).expect("it takes a signal");
    }

    /// How the process has ended, if it does within this time.
    pub async fn ends_within(&mut self, time: Duration) -> Option<ExitStatus> {
        let child = self.child.as_mut().expect("it runs");
        tokio::time::timeout(time, child.wait()).await.ok().map(|ended| ended.expect("an end"))
    }

    /// The processor time that the process has used so far.
    pub fn cpu_time(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id())).expect("its state");
        // The fields after its name: the 14th and the 15th of all, in ticks of 10 ms on every Linux.
        let (_, fields) = stat.rsplit_once(')').expect("a name");
        let ticks: u64 =
            fields.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("ticks")).sum();
        Duration::from_millis(ticks * 10)
    }

    /// The processor time that the threads of one name have used so far, in nanoseconds.
    pub fn cpu_time_of(&self, threads: &str) -> Duration {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.id())).expect("its threads");
        let of_a_task = |task: std::io::Result<std::fs::DirEntry>| {
            let task = task.expect("a thread").path();
            let name = std::fs::read_to_string(task.join("comm")).ok()?;
            let used = std::fs::read_to_string(task.join("schedstat")).ok()?;
            let used = used.split_whitespace().next()?.parse().ok()?;
            (name.trim() == threads).then_some(Duration::from_nanos(used))
        };
        tasks.filter_map(of_a_task).sum()
    }

    /// The memory that the process has in use.
    pub fn memory(&self) -> Memory {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).expect("its state");
        let bytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a line of the state");
            let kilobytes = line.split_whitespace().nth(1).expect("a number");
            kilobytes.parse::<u64>().expect("a number") * 1024
        };
        Memory { resident: bytes("VmRSS"), most: bytes("VmHWM") }
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.child.as_ref().and_then(Child::id).expect("it runs")
    }

    /// Waits until the process has ended.
    pub async fn ended(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("it runs");
        soon(child.wait()).await.expect("an end")
    }

    /// Asks the process to end, and waits until it has exited successfully.
    pub async fn stop(&mut self) {
        self.terminate();
        let ended = self.ended().await;
        assert!(ended.success(), "it ended with {ended}:\n{}", self.log());
    }

    /// The program with the server's settings, for another command, in the server's folder.
    pub fn command(&self, name: &str) -> Command {
        let mut command = self.program();
        command.arg(name).env("PORT", self.address.port().to_string());
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The program in the server's folder, without any of our settings.
    fn program(&self) -> Command {
        let program = env!("CARGO_BIN_EXE_parlour");
        let mut command = Command::new(self.launcher.first().map_or(program, String::as_str));
        command.args(self.launcher.iter().skip(1)).args((!self.launcher.is_empty()).then_some(program));
        command.env_clear().current_dir(&self.folder).stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// Runs another command of the program to its end.
    pub async fn run(&self, name: &str) -> Output {
        soon(self.command(name).output()).await.expect("the program runs")
    }

    /// Everything that the server has printed, over all its starts. It gathers its lines for a moment, so what has just
    /// happened is waited for with [`says`](Self::says).
    pub fn log(&self) -> String {
        if self.child.is_some() {
            std::thread::sleep(4 * limits::LOG_GATHER);
        }
        self.printed()
    }

    fn printed(&self) -> String {
        let bytes = std::fs::read(self.folder.join("log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Waits until the server has printed this.
    pub async fn says(&self, text: &str) {
        soon(async {
            while !self.printed().contains(text) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
    }

    /// The folder in which the program runs; its data folder is `data` in there.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// A person with a new account.
    pub async fn user(&self, name: &str) -> Person {
        Person::sign_up(self, name).await
    }

    pub fn database_file(&self) -> PathBuf {
        self.folder.join("data/parlour.db")
    }

    /// The address of its database.
    pub fn database_url(&self) -> String {
        let postgres =
            self.settings.iter().find(|(name, value)| name == "DATABASE_URL" && value.starts_with("postgres:"));
        match postgres {
            Some((_, url)) => url.clone(),
            None => format!("sqlite://{}", self.database_file().display()),
        }
    }

    /// The server's own database, to look into.
    pub async fn database(&self) -> DatabaseConnection {
        sea_orm::Database::connect(self.database_url()).await.expect("the database opens")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The process is killed when its handle is dropped; what it still writes is ignored.
        drop(self.child.take());
        cursors::forget_keys(&self.database_url());
        if std::thread::panicking() {
            eprintln!("the server's folder is left for a look: {}", self.folder.display());
        } else {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// A free port below those that the system assigns to outgoing connections: otherwise a client that connects while the
/// server is down could be assigned the server's own port.
fn free_port() -> u16 {
    let ports = 20_000_u16..32_000;
    loop {
        let port = ports.start + u16::try_from(any_of(ports.len())).expect("a port is small");
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
