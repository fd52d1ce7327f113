//! What the operating system knows of the process, under the names that Prometheus's own clients have:
//! <https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics>.

use std::fs;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;
use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

use super::gauge;

/// When the process began: computed once, so that it does not move when the clock is set.
static BEGAN: OnceLock<f64> = OnceLock::new();

/// The clock by which /proc has the start of a process; elsewhere than on Linux there is no such file.
#[cfg(target_os = "linux")]
const SINCE_BOOT: ClockId = ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const SINCE_BOOT: ClockId = ClockId::Monotonic;

/// Read now. What cannot be read is left out.
pub(super) fn registry() -> Registry {
    let mut registry = Registry::with_prefix("process");
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The second field is the name in brackets, which may have spaces.
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    // proc(5), whose numbers begin with 1 and whose third field is the first one here.
    let field = |number: usize| fields.get(number - 3).and_then(|text| text.parse::<f64>().ok());
    let ticks = clock_ticks_per_second() as f64;
    let open = fs::read_dir("/proc/self/fd").map(|files| files.count() as f64).ok();
    let most = getrlimit(Resource::Nofile).current.map(|most| most as f64);
    let began = field(22).map(|began| *BEGAN.get_or_init(|| time_of(began / ticks)));
    if let Some((user, system)) = field(14).zip(field(15)) {
        let spent: Counter<f64, AtomicU64> = Counter::default();
        spent.inc_by((user + system) / ticks);
        registry.register("cpu_seconds", "User and system CPU time spent", spent);
    }
    for (name, help, value) in [
        ("start_time_seconds", "When the process began, by the seconds of Unix", began),
        ("resident_memory_bytes", "Resident memory size", field(24).map(|pages| pages * page_size() as f64)),
        ("virtual_memory_bytes", "Virtual memory size", field(23)),
        ("threads", "Threads of the process", field(20)),
        ("open_fds", "Open file descriptors", open),
        ("max_fds", "The most file descriptors that may be open", most),
    ] {
        if let Some(value) = value {
            registry.register(name, help, gauge(value));
        }
    }
    registry
}

/// The time of day of a moment that is so many seconds after the machine's start. Not by /proc/stat, which a service with
/// `ProcSubset=pid` does not see.
fn time_of(since_boot: f64) -> f64 {
    let now = |clock| {
        let now = clock_gettime(clock);
        now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
    };
    now(ClockId::Realtime) - (now(SINCE_BOOT) - since_boot)
}
