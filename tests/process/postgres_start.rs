//! Starts on PostgreSQL: settings that are wrong end them with one line, and a server that is not up yet is waited for.

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::geteuid;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use serde_json::json;
use tokio::process::{Child, Command};

use crate::support::{Postgres, Server, Stop, soon};

/// The user `nobody`: PgBouncer refuses to run as root.
const NOBODY: u32 = 65_534;
pub const SECRET: &str = "a secret of the tests, which all nodes of a database share";

/// A node on a database that has not been started.
fn node(database: &str) -> Server {
    Server::prepare(&[("DATABASE_URL", database), ("JWT_SECRET", SECRET)])
}

/// Why it does not start, in the one line that it says about it.
async fn refusal(database: &str) -> String {
    let ended = node(database).run("serve").await;
    let reported = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(1), "{reported}");
    assert_eq!(reported.lines().count(), 1, "{reported}");
    assert!(reported.starts_with("parlour: the database "), "{reported}");
    reported
}

async fn connect(url: &str) -> DatabaseConnection {
    Database::connect(url).await.expect("a connection")
}

async fn run(url: &str, statements: &[&str]) {
    let db = connect(url).await;
    for statement in statements {
        db.execute_unprepared(statement).await.expect(statement);
    }
    db.close().await.expect("it closes");
}

/// Lets one user sign in by password only.
async fn ask_for_a_password(postgres: &Postgres, user: &str) {
    let db = connect(&postgres.url("postgres")).await;
    let file = db.query_one_raw(Statement::from_string(db.get_database_backend(), "SHOW hba_file")).await;
    let file: String = file.expect("an answer").expect("a row").try_get("", "hba_file").expect("a path");
    let before = fs::read_to_string(&file).expect("its rules");
    fs::write(&file, format!("host all {user} 127.0.0.1/32 scram-sha-256\n{before}")).expect("it is written");
    db.execute_unprepared("SELECT pg_reload_conf()").await.expect("it is read again");
    db.close().await.expect("it closes");
}

#[tokio::test]
async fn wrong_settings_end_the_start_with_one_line() {
    let postgres = tokio::task::spawn_blocking(Postgres::start).await.expect("a server");
    let (address, port) = (postgres.url("postgres"), postgres.port());
    run(
        &address,
        &[
            "CREATE DATABASE chat",
            "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'",
            "CREATE ROLE guest LOGIN",
            "CREATE ROLE ada LOGIN PASSWORD 'right'",
        ],
    )
    .await;
    ask_for_a_password(&postgres, "ada").await;
    let on = |user: &str, rest: &str| format!("postgres://{user}@127.0.0.1:{port}/{rest}");

    // The new rule counts as soon as the server has read it.
    soon(async { while Database::connect(on("ada:wrong", "chat")).await.is_ok() {} }).await;
    let wrong = refusal(&on("ada:wrong", "chat")).await;
    assert!(
        wrong.contains("password authentication failed for user \"ada\": correct the user or the password"),
        "{wrong}"
    );
    assert!(!wrong.contains("wrong"), "the password stays out of the log: {wrong}");
    let nobody = refusal(&on("nobody", "chat")).await;
    assert!(nobody.contains("role \"nobody\" does not exist: correct the user"), "{nobody}");
    let nowhere = refusal(&on("parlour", "nowhere")).await;
    assert!(nowhere.contains("database \"nowhere\" does not exist: create it with ENCODING 'UTF8'"), "{nowhere}");
    let latin = refusal(&on("parlour", "latin")).await;
    assert!(latin.contains("its encoding is LATIN1"), "{latin}");
    let guest = refusal(&on("guest", "chat")).await;
    assert!(guest.contains("permission denied for schema public"), "{guest}");
    let plain = refusal(&on("parlour", "chat?sslmode=require")).await;
    assert!(plain.contains("there is no TLS connection"), "{plain}");
    let host = refusal("postgres://parlour@database.invalid/chat").await;
    assert!(host.contains("correct the host in DATABASE_URL"), "{host}");

    let migrated = node(&on("parlour", "chat")).run("migrate").await;
    assert!(migrated.status.success(), "{migrated:?}");
    let tomorrow = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_tomorrow', 0)";
    run(&on("parlour", "chat"), &[tomorrow]).await;
    let newer = refusal(&on("parlour", "chat")).await;
    assert!(newer.contains("by a newer Parlour, which knows m9999_tomorrow"), "{newer}");
}

/// Starts a node, and does not wait for it.
fn launch(server: &Server) -> Child {
    let log = || fs::File::options().create(true).append(true).open(server.folder().join("log")).expect("a log");
    server.command("serve").stdout(log()).stderr(log()).spawn().expect("the program starts")
}

async fn status(server: &Server, path: &str) -> Option<u16> {
    server.http().get(server.url(path)).send().await.ok().map(|answer| answer.status().as_u16())
}

#[tokio::test]
async fn a_server_that_is_not_up_yet_is_waited_for() {
    let mut postgres = tokio::task::spawn_blocking(Postgres::start).await.expect("a server");
    run(&postgres.url("postgres"), &["CREATE DATABASE chat"]).await;
    postgres.stop(Stop::Fast);
    let server = node(&postgres.url("chat"));
    let mut child = launch(&server);

    server.says("does not take connections yet").await;
    assert_eq!(status(&server, "/healthz").await, Some(200));
    assert_eq!(status(&server, "/readyz").await, Some(503));
    assert_eq!(status(&server, "/graphql").await, Some(503));
    let events = server.http().get(server.url("/graphql")).header("accept", "text/event-stream").send().await;
    let events = events.expect("an answer");
    assert_eq!(events.status().as_u16(), 200, "an EventSource would give up after anything else");
    assert!(events.text().await.expect("a text").starts_with("retry: "));
    // Several tries later.
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(server.log().matches("does not take connections yet").count(), 1, "{}", server.log());
    assert_eq!(child.try_wait().expect("a state"), None, "{}", server.log());

    let _postgres = tokio::task::spawn_blocking(move || {
        postgres.start_again();
        postgres
    })
    .await
    .expect("it starts");
    server.gets_ready().await;
    assert!(server.log().contains("takes connections now"), "{}", server.log());
    let ada = server.user("Ada").await;
    assert_eq!(ada.ask("{ me { id } }", json!({})).await["me"]["id"], ada.id);
    child.kill().await.expect("it ends");
}

#[tokio::test]
async fn a_node_that_waits_for_its_database_can_be_stopped() {
    let server = node("postgres://parlour@127.0.0.1:1/chat");
    let mut child = launch(&server);
    server.says("does not take connections yet").await;

    let id = child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())).expect("it runs");
    rustix::process::kill_process(id, rustix::process::Signal::TERM).expect("it takes a signal");

    let ended = soon(child.wait()).await.expect("an end");
    assert!(ended.success(), "{ended}: {}", server.log());
}

/// A PgBouncer before a server.
struct Bouncer {
    folder: PathBuf,
    port: u16,
    _child: Child,
}

impl Bouncer {
    async fn start(postgres: &Postgres, mode: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("parlour-bouncer-{}-{mode}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        let settings = format!(
            "[databases]\n* = user=parlour host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = any\npool_mode = {mode}\ndefault_pool_size = 50\n\
             logfile = {log}\n",
            postgres.port(),
            log = folder.join("log").display()
        );
        let file = folder.join("pgbouncer.ini");
        fs::write(&file, settings).expect("its settings");
        let mut command = Command::new(program());
        command.arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        if geteuid().is_root() {
            chown(&folder, Some(NOBODY), Some(NOBODY)).expect("the folder changes its owner");
            chown(&file, Some(NOBODY), Some(NOBODY)).expect("the file changes its owner");
            command.uid(NOBODY).gid(NOBODY);
        }
        let child = command.spawn().expect("PgBouncer is missing: on Debian, apt-get install pgbouncer");
        soon(async {
            while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
        Self { folder, port, _child: child }
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://parlour@127.0.0.1:{}/{database}", self.port)
    }
}

impl Drop for Bouncer {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn program() -> &'static Path {
    // Not in every user's PATH.
    Path::new("/usr/sbin/pgbouncer")
}

#[tokio::test]
async fn a_pgbouncer_in_transaction_mode_is_refused_and_one_in_session_mode_works() {
    let postgres = tokio::task::spawn_blocking(Postgres::start).await.expect("a server");
    run(&postgres.url("postgres"), &["CREATE DATABASE chat"]).await;

    let bouncer = Bouncer::start(&postgres, "transaction").await;
    let reported = refusal(&bouncer.url("chat")).await;
    assert!(reported.contains("has to have pool_mode = session"), "{reported}");
    let untouched = connect(&postgres.url("chat")).await;
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    let tables = untouched.query_one_raw(Statement::from_string(untouched.get_database_backend(), tables)).await;
    assert_eq!(tables.expect("an answer").expect("a row").try_get::<i64>("", "count").expect("a count"), 0);

    let bouncer = Bouncer::start(&postgres, "session").await;
    let server = node(&bouncer.url("chat"));
    let mut child = launch(&server);
    server.gets_ready().await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    assert_eq!(ada.ask("{ me { id } }", json!({})).await["me"]["id"], ada.id);
    assert_ne!(ada.id, bob.id);
    child.kill().await.expect("it ends");
}
