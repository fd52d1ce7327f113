//! The measured server: a process on a core of its own, with an empty database and without limits.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::thread::{CpuSet, sched_setaffinity};

/// A running server. It ends when this is dropped, and its data goes.
pub struct Server {
    pub address: SocketAddr,
    child: Child,
    folder: PathBuf,
}

/// What the server has used so far.
#[derive(Clone, Copy)]
pub struct Used {
    at: Instant,
    cpu: Duration,
}

impl Server {
    /// Starts a server on the first core, and moves the load to the second, where there is one.
    pub fn start() -> Self {
        let port =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|free| free.local_addr()).expect("a port").port();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let folder = std::env::temp_dir().join(format!("parlour-bench-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        // A child begins where its parent is.
        stay_on(0);
        let child = Command::new(env!("CARGO_BIN_EXE_parlour"))
            .current_dir(&folder)
            .env("PORT", port.to_string())
            .env("DATA_DIR", &folder)
            .env("RATE_LIMITS", "off")
            .env("RUST_LOG", "warn")
            .stdout(Stdio::null())
            .spawn()
            .expect("the server");
        if cores > 1 || std::fs::exists("/sys/devices/system/cpu/cpu1").unwrap_or(false) {
            stay_on(1);
        }
        let server = Self { address, child, folder };
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "the server does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    /// What it has used so far.
    pub fn used(&self) -> Used {
        let stat = self.proc("stat");
        // The name may hold spaces and ends with the last bracket; user and system time are fields 14 and 15, in
        // hundredths of a second on every Linux (USER_HZ).
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks: u64 = [11, 12].iter().filter_map(|&at| fields.get(at)?.parse::<u64>().ok()).sum();
        Used { at: Instant::now(), cpu: Duration::from_millis(ticks * 10) }
    }

    /// Its resident memory in kB.
    pub fn resident_kb(&self) -> f64 {
        let status = self.proc("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("Linux tells it");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    fn proc(&self, file: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).expect("the server runs")
    }
}

impl Used {
    /// What was used between two looks: the time that passed, and the CPU's, in seconds.
    pub fn since(self, before: Self) -> (f64, f64) {
        ((self.at - before.at).as_secs_f64(), (self.cpu - before.cpu).as_secs_f64())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn stay_on(core: usize) {
    let mut cores = CpuSet::new();
    cores.set(core);
    if let Err(error) = sched_setaffinity(None, &cores) {
        eprintln!("not on a core of its own, so the figures say less: {error}");
    }
}
