//! The program as a process of its own, over real sockets: killed, restarted, cut off, stopped, and short of disk space
//! or file descriptors.

#![expect(unreachable_pub, reason = "what the modules of one program share")]
#![expect(clippy::disallowed_methods, reason = "tests measure real time and spawn tasks freely")]

mod app_nodes;
mod backup;
mod churn;
mod clock;
mod command_line;
mod copy;
mod crowded;
mod data_folder;
mod disk;
mod disk_images;
mod documents;
mod either;
mod erasure;
mod failover;
mod files;
mod floods;
mod forwarded;
mod image_places;
mod image_turns;
mod images;
mod issuer_tls;
mod logs;
mod metrics;
mod other_data;
mod postgres_copies;
mod postgres_nodes;
mod postgres_start;
mod queue;
mod secrets;
mod settings;
mod shares;
mod slow;
mod starts;
mod steering;
mod storm;
#[expect(dead_code, reason = "the tests of several nodes need more of it")]
mod support;
mod sync;
mod two_servers;
mod upgrade;
mod wal;
