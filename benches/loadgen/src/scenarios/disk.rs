//! The limit of durable sends: a page that is written to a file and synced, again and again.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::latency::{Latency, now_ns, round};
use crate::scenarios::Figures;

/// What SQLite's log has for a page: the page and a header.
const FRAME: usize = 4096 + 24;
/// The file is written anew after so many: as with SQLite's log, its blocks are there already then.
const FRAMES: u64 = 1000;

#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    /// A folder on the disk that is measured
    #[arg(long)]
    pub folder: PathBuf,
    #[arg(long, default_value_t = 3.0)]
    pub seconds: f64,
}

/// Measures how long writing one page and fdatasync take.
pub fn measure(options: Options, out: &mut Figures) -> Result<()> {
    let path = options.folder.join("disk");
    let mut file = File::create(&path).with_context(|| path.display().to_string())?;
    file.write_all(&vec![1; FRAME * FRAMES as usize])?;
    file.sync_all()?;
    let page = vec![2; FRAME];
    let (mut latency, mut count) = (Latency::default(), 0);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs_f64(options.seconds) {
        let before = now_ns();
        file.seek(SeekFrom::Start(count % FRAMES * FRAME as u64))?;
        file.write_all(&page)?;
        file.sync_data()?;
        latency.record_ns(now_ns() - before);
        count += 1;
    }
    out.insert("per_s".into(), round(count as f64 / begun.elapsed().as_secs_f64(), 1));
    latency.put(out, "");
    Ok(std::fs::remove_file(&path)?)
}
