//! What processes use of the CPU and of memory, from /proc.

use std::collections::HashMap;
use std::fs;
use std::time::Instant;

use serde_json::{Map, Value};

use crate::latency::round;

/// CPU seconds (user and system) and resident bytes of a process and all its descendants.
pub fn usage(pid: u32) -> (f64, u64) {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    let mut all: HashMap<u32, (f64, u64)> = HashMap::new();
    let tick = rustix::param::clock_ticks_per_second() as f64;
    let page = rustix::param::page_size() as u64;
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(process) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        // The name may hold spaces and ends with the last bracket. Counted from there, field 1 is the parent, 11 and 12
        // are user and system time, and 21 is the resident memory in pages.
        let Some((_, tail)) = stat.rsplit_once(')') else { continue };
        let fields: Vec<u64> = tail.split_whitespace().map(|field| field.parse().unwrap_or(0)).collect();
        if fields.len() > 21 {
            children.entry(fields[1] as u32).or_default().push(process);
            all.insert(process, ((fields[11] + fields[12]) as f64 / tick, fields[21] * page));
        }
    }
    let mut todo = vec![pid];
    let mut sum = (0.0, 0);
    while let Some(process) = todo.pop() {
        let (cpu, resident) = all.get(&process).copied().unwrap_or_default();
        sum = (sum.0 + cpu, sum.1 + resident);
        todo.extend(children.remove(&process).unwrap_or_default());
    }
    sum
}

/// What one measured phase costs: wall time, the server's CPU, the load generator's own CPU.
pub struct Meter {
    server: Option<u32>,
    start: Instant,
    server_cpu: f64,
    own_cpu: f64,
}

impl Meter {
    pub fn start(server: Option<u32>) -> Self {
        let server_cpu = server.map_or(0.0, |pid| usage(pid).0);
        Self { server, server_cpu, own_cpu: own_cpu(), start: Instant::now() }
    }

    /// Ends the phase and adds its figures. Returns the server's CPU seconds, if its process is known.
    pub fn stop(self, out: &mut Map<String, Value>) -> Option<f64> {
        let wall = self.start.elapsed().as_secs_f64();
        let own = own_cpu() - self.own_cpu;
        out.insert("wall_s".into(), round(wall, 3));
        out.insert("loadgen_cpu_pct".into(), round(100.0 * own / wall, 1));
        let (cpu, resident) = usage(self.server?);
        let cpu = cpu - self.server_cpu;
        out.insert("server_cpu_s".into(), round(cpu, 2));
        out.insert("server_cpu_pct".into(), round(100.0 * cpu / wall, 1));
        out.insert("server_rss_mb".into(), round(resident as f64 / 1e6, 1));
        Some(cpu)
    }
}

fn own_cpu() -> f64 {
    usage(std::process::id()).0
}
