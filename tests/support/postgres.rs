//! A private PostgreSQL server with throw-away data, from the machine's own package.

use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, geteuid, kill_process};

/// The user `nobody`, which every Debian has: PostgreSQL refuses to run as root.
const NOBODY: u32 = 65_534;

/// Runs the server until the standard input closes, which it does when the test program ends, however it ends.
const UNTIL_CLOSED: &str = r#"
    "$1/postgres" -D "$2" >>"$2/log" 2>&1 &
    server=$!
    cat >/dev/null
    kill -CONT $server; kill -QUIT $server; wait $server
    rm -rf "$2"
"#;

/// Whether the tests that run on either database run on PostgreSQL now.
pub fn is_postgres() -> bool {
    match std::env::var("TEST_DATABASE").as_deref() {
        Ok("postgres") => true,
        Ok("sqlite") | Err(_) => false,
        Ok(other) => panic!("TEST_DATABASE is sqlite or postgres, not {other}"),
    }
}

/// How a server stops.
#[derive(Clone, Copy, Debug)]
pub enum Stop {
    /// It ends all transactions and connections first.
    Fast,
    /// As in a crash.
    Immediate,
}

/// A server.
pub struct Postgres {
    folder: PathBuf,
    port: u16,
    /// Arguments for `postgres`, beyond those of its configuration.
    keeper: Child,
}

static SERVERS: AtomicU32 = AtomicU32::new(0);

impl Postgres {
    /// Starts a server that loses what it wrote when the machine fails, which is fast.
    pub fn start() -> Self {
        Self::with("fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n")
    }

    /// Starts a server that keeps what it acknowledged, as one in production does.
    pub fn durable() -> Self {
        Self::with("")
    }

    fn with(settings: &str) -> Self {
        let number = SERVERS.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("parlour-postgres-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for the server");
        if geteuid().is_root() {
            chown(&folder, Some(NOBODY), Some(NOBODY)).expect("the folder changes its owner");
        }
        let data = folder.display().to_string();
        let made = command(&programs().join("initdb"))
            .args(["-D", &data, "-U", "parlour", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"])
            .output()
            .expect("initdb starts");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        let settings = format!(
            "port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\nmax_connections = 400\n\
             shared_buffers = 64MB\nautovacuum_naptime = 5s\n{settings}"
        );
        let file = folder.join("postgresql.auto.conf");
        std::fs::write(&file, settings).expect("the settings are written");
        let keeper = keep(&folder);
        let server = Self { folder, port, keeper };
        server.is_ready();
        server
    }

    /// The address of one of its databases.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://parlour@127.0.0.1:{}/{database}", self.port)
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Stops it, and starts it again.
    pub fn restart(&mut self, stop: Stop) {
        self.stop(stop);
        self.start_again();
    }

    /// Stops it.
    pub fn stop(&mut self, stop: Stop) {
        let signal = match stop {
            Stop::Fast => Signal::INT,
            Stop::Immediate => Signal::QUIT,
        };
        let pid = self.pid();
        kill_process(pid, signal).expect("it takes a signal");
        until("it stops", || rustix::process::test_kill_process(pid).is_err());
    }

    /// Starts it after a stop.
    pub fn start_again(&mut self) {
        // The keeper of the old one still waits for its input to close, and would then remove the folder: not before the
        // new one has ended as well.
        let old = std::mem::replace(&mut self.keeper, keep(&self.folder));
        self.end_without_removing(old);
        self.is_ready();
    }

    /// Stops it and starts it as a standby that takes over, as in a failover: it begins a new timeline.
    pub fn fail_over(&mut self) {
        self.stop(Stop::Fast);
        let signal = self.folder.join("standby.signal");
        std::fs::write(&signal, "").expect("it is written");
        if geteuid().is_root() {
            chown(&signal, Some(NOBODY), Some(NOBODY)).expect("the file changes its owner");
        }
        self.start_again();
        let promoted = command(&programs().join("pg_ctl")).args(["promote", "-w", "-D"]).arg(&self.folder).status();
        assert!(promoted.expect("pg_ctl starts").success(), "it takes over");
    }

    /// A path for a file that its programs write.
    pub fn file(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// Runs one of its programs for clients, such as `pg_dump`, to its end.
    pub fn run(&self, program: &str, arguments: &[&str]) {
        let mut client = command(&programs().join(program));
        client.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", "parlour"]).args(arguments);
        let ended = client.output().expect("the program starts");
        assert!(ended.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&ended.stderr));
    }

    /// Suspends all of its processes.
    pub fn suspend(&self) {
        self.signal_all(Signal::STOP);
    }

    /// Lets them continue.
    pub fn resume(&self) {
        self.signal_all(Signal::CONT);
    }

    fn signal_all(&self, signal: Signal) {
        let postmaster = self.pid();
        let children =
            std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children", pid = postmaster.as_raw_nonzero()));
        let children = children.expect("its processes");
        let children = children.split_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?));
        for pid in std::iter::once(postmaster).chain(children) {
            // One may have ended meanwhile.
            let _ = kill_process(pid, signal);
        }
    }

    fn pid(&self) -> Pid {
        let file = std::fs::read_to_string(self.folder.join("postmaster.pid")).expect("it runs");
        let pid = file.lines().next().and_then(|line| line.trim().parse().ok()).and_then(Pid::from_raw);
        pid.expect("its process id")
    }

    fn end_without_removing(&self, mut keeper: Child) {
        keeper.kill().expect("the keeper ends");
        keeper.wait().expect("the keeper has ended");
    }

    fn is_ready(&self) {
        let port = self.port.to_string();
        until("it starts", || {
            let asked = command(&programs().join("pg_isready")).args(["-q", "-h", "127.0.0.1", "-p", &port]).status();
            asked.expect("pg_isready starts").success()
        });
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

fn keep(folder: &Path) -> Child {
    let mut shell = command(Path::new("/bin/sh"));
    shell.args(["-c", UNTIL_CLOSED, "sh"]).arg(programs()).arg(folder).stdin(Stdio::piped());
    shell.spawn().expect("the server starts")
}

/// A command that does not run as root.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    if geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command.current_dir("/").env_remove("PGOPTIONS").stdout(Stdio::null());
    command
}

/// The folder of the newest server's programs: Debian has one for each version.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()).max();
    let newest = newest.expect("PostgreSQL is missing: on Debian, apt-get install postgresql");
    PathBuf::from(format!("/usr/lib/postgresql/{newest}/bin"))
}

fn until(what: &str, mut happens: impl FnMut() -> bool) {
    let began = Instant::now();
    while !happens() {
        assert!(began.elapsed() < Duration::from_secs(60), "{what} in time");
        std::thread::sleep(Duration::from_millis(20));
    }
}
