//! Several nodes on one PostgreSQL, as processes of their own behind a proxy: killed, suspended, restarted, cut off from
//! each other's words and from the database, under load. A checker knows every send and every subscriber's log.

#![expect(unreachable_pub, reason = "what the modules of one program share")]
#![expect(clippy::disallowed_methods, reason = "tests measure real time and spawn tasks freely")]

mod consumers;
mod database;
mod elsewhere;
mod exports;
mod housekeeping;
mod killed;
mod lost_commits;
mod one_way;
mod removed;
mod rolling;
mod same_id;
mod soak;
mod starts;
mod support;
mod suspended;
mod versions;
mod webhooks;
