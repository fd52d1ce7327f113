//! What the server does with the rows of our batches when nothing but `pgbench` asks for it.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use parlour::config::DatabaseAddress;
use parlour::db;
use sea_orm::{ConnectionTrait, Database};
use tokio::process::Command;

use super::cluster::Cluster;

/// Two people and 256 conversations, so that a batch has a conversation for each of its messages.
const ROWS: &str = "
    INSERT INTO feed_head (id, position) VALUES (1, 0);
    INSERT INTO \"user\" (id, full_name, name_key, changed_position, created_at, updated_at)
    SELECT ('018f0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'Person', 'person', 0, 0, 0
      FROM generate_series(1, 2) n;
    INSERT INTO conversation (id, kind, last_seq, last_position, active_position, created_at, updated_at)
    SELECT ('018f0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 1, 0, 0, 0, 0, 0
      FROM generate_series(1, 256) n;
    INSERT INTO membership (conversation_id, user_id, from_position, role, last_read_seq, joined_at)
    SELECT conversation.id, \"user\".id, 0, 2, 0, 0 FROM conversation, \"user\";
    ANALYZE;";

/// A batch of `:n` messages to `:n` conversations: the reads, rows and indexes of ours.
const BATCH: &str = r"
BEGIN;
SELECT position AS head FROM feed_head WHERE id = 1 FOR UPDATE \gset
SELECT count(*) FROM membership WHERE to_position IS NULL AND conversation_id IN (
  SELECT ('018f0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid FROM generate_series(1, :n) n);
UPDATE feed_head SET position = position + :n WHERE id = 1 RETURNING position NOTIFY;
INSERT INTO message (id, conversation_id, seq, sender_id, text, version, position, nonce, created_at)
SELECT ('018f0000-0000-7000-8000-' || lpad(to_hex(:head + n), 12, '0'))::uuid,
       ('018f0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, :head + n,
       '018f0000-0000-7000-8000-000000000001', repeat('quick fox ', 10), 1, :head + n, 7, 0
  FROM generate_series(1, :n) n;
UPDATE conversation SET last_seq = last_seq + 1, last_position = :head + n, active_position = :head + n
  FROM generate_series(1, :n) n WHERE id = ('018f0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid;
UPDATE membership SET last_read_seq = last_read_seq + 1
  FROM generate_series(1, :n) n
 WHERE conversation_id = ('018f0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid
   AND user_id = '018f0000-0000-7000-8000-000000000001';
INSERT INTO feed_event (position, nonce, kind, conversation_id, user_id, message_id, created_at)
SELECT :head + n, 7, 1, ('018f0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
       '018f0000-0000-7000-8000-000000000001', ('018f0000-0000-7000-8000-' || lpad(to_hex(:head + n), 12, '0'))::uuid, 0
  FROM generate_series(1, :n) n;
COMMIT;
";

const NOTIFY: &str = r#", pg_notify('parlour', '{"feed":' || position || '}')"#;

/// `pgbench` on a database of its own with our tables.
pub struct Pgbench {
    port: u16,
    script: PathBuf,
}

impl Pgbench {
    /// Makes the database.
    pub async fn prepare(cluster: &Cluster) -> Self {
        let url = cluster.url("pgbench");
        db::migrate(&DatabaseAddress::parse(&url).expect("an address")).await.expect("the tables");
        let database = Database::connect(url).await.expect("the server answers");
        database.execute_unprepared(ROWS).await.expect("the rows");
        database.close().await.expect("the connection closes");
        let script = std::env::temp_dir().join(format!("parlour-pgbench-{}", cluster.port()));
        Self { port: cluster.port(), script }
    }

    /// Messages a second, by so many clients in batches of so many, with a notification for each batch or without.
    pub async fn rate(&self, clients: usize, batch: f64, time: Duration, notifies: bool) -> f64 {
        let notify = if notifies { NOTIFY } else { "" };
        std::fs::write(&self.script, BATCH.replace(" NOTIFY;", &format!("{notify};"))).expect("the script is written");
        let mut pgbench = Command::new("pgbench");
        pgbench.args(["--no-vacuum", "--protocol=prepared", "--host=127.0.0.1", "--username=parlour"]);
        pgbench.arg(format!("--port={}", self.port)).arg(format!("--define=n={batch}"));
        pgbench.arg(format!("--client={clients}")).arg(format!("--time={}", time.as_secs().max(1)));
        pgbench.arg(format!("--file={}", self.script.display())).arg("pgbench").stdin(Stdio::null());
        let output = pgbench.output().await.expect("pgbench is missing: on Debian, apt-get install postgresql");
        let (printed, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && !errors.contains("aborted"), "{printed}\n{errors}");
        let tps = printed.lines().find_map(|line| line.strip_prefix("tps = ")?.split_whitespace().next());
        tps.and_then(|tps| tps.parse::<f64>().ok()).unwrap_or_else(|| panic!("no rate in {printed}")) * batch
    }
}

impl Drop for Pgbench {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.script);
    }
}
