//! The local socket itself.

use std::io::{Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use super::{audit, bare, fails, objects, run, succeeds};
use crate::support::{PATIENCE, Server, empty_database, is_sound, soon};

const SECRET: (&str, &str) = ("JWT_SECRET", "a secret of more than thirty-two bytes");

fn sockets(server: &Server) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(server.folder().join("data")).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.filter(|path| path.metadata().is_ok_and(|is| is.file_type().is_socket())).collect()
}

#[tokio::test]
async fn a_command_needs_no_secret_and_nobody_else_gets_in() {
    let production = [("APP_ENV", "production"), SECRET, ("PUBLIC_URL", "https://chat.example.org")];
    let mut server = Server::start_with(&production).await;
    let socket = server.folder().join("data/parlour.sock");
    assert_eq!(sockets(&server), std::slice::from_ref(&socket));
    assert_eq!(socket.metadata().expect("it is there").permissions().mode() & 0o777, 0o600);

    assert!(objects(&server, &["user", "list"]).await.is_empty());
    // The account is made by the server, which says so in its own words.
    let made = ["user", "add", "--email", "ada@example.com", "--name", "Ada", "--generate"];
    assert_eq!(succeeds(&server, &made).await.lines().count(), 1);
    assert_eq!(objects(&server, &["user", "list"]).await[0]["email"], "ada@example.com");

    server.stop().await;
    assert!(sockets(&server).is_empty(), "it goes with its server");
    // Without a server a command needs what the server needs.
    let alone = fails(&server, &["user", "list"]).await;
    assert!(alone.contains("set JWT_SECRET or DATA_DIR as the server has it"), "{alone}");
    let strict =
        soon(bare(&server).env("APP_ENV", "production").args(["user", "list"]).output()).await.expect("it runs");
    assert_eq!(strict.status.code(), Some(2), "{strict:?}");
    is_sound(&server).await;
}

#[tokio::test]
async fn a_socket_that_a_crash_left_is_replaced_and_refuses_nobody_meanwhile() {
    let mut server = Server::start().await;
    server.user("Ada").await;
    server.kill().await;
    assert_eq!(sockets(&server).len(), 1, "a killed server cannot remove it");

    // Nobody listens on it: the command does without.
    assert_eq!(objects(&server, &["user", "list"]).await.len(), 1);
    server.start_again().await;

    assert_eq!(objects(&server, &["stats"]).await[0]["users_online"], 0, "only a server knows that");
    server.stop().await;
}

#[tokio::test]
async fn a_command_never_meets_another_database() {
    let server = Server::start().await;
    let other = ["user", "list"];
    let mut named = bare(&server);
    named.env("DATABASE_URL", "sqlite://data/other.db").args(other);
    let refused = soon(named.output()).await.expect("it runs");
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("parlour.db") && said.contains("other.db"), "{said}");
    // The same one, by another path.
    let mut same = bare(&server);
    same.env("DATABASE_URL", "sqlite://data/../data/parlour.db").args(other);
    assert!(soon(same.output()).await.expect("it runs").status.success());
}

#[tokio::test]
async fn a_server_of_another_version_is_not_asked() {
    let server = Server::prepare(&[]);
    let data = server.folder().join("data");
    std::fs::create_dir(&data).expect("a folder");
    let other = UnixListener::bind(data.join("parlour.sock")).expect("a socket");
    let heard = tokio::task::spawn_blocking(move || {
        let (mut command, _) = other.accept().expect("a connection");
        let hello = json!({ "server": { "version": "9.9.9", "database": "a database" } });
        command.write_all(format!("{hello}\n").as_bytes()).expect("it is said");
        let mut heard = String::new();
        command.read_to_string(&mut heard).expect("it ends");
        heard
    });

    let refused = fails(&server, &["user", "list"]).await;

    assert!(refused.contains("9.9.9") && refused.contains("restart the server"), "{refused}");
    assert_eq!(heard.await.expect("it ends"), "", "it receives nothing");
}

#[tokio::test]
async fn where_the_path_is_too_long_a_line_says_so_and_commands_work_on_the_database() {
    let long = format!("data/{}", "x".repeat(110));
    let mut server = Server::prepare(&[("DATA_DIR", &long), ("DATABASE_URL", "sqlite://data/parlour.db?mode=rwc")]);
    std::fs::create_dir_all(server.folder().join("data")).expect("a folder");
    server.start_again().await;
    server.says("the system takes 107: set DATA_DIR to a shorter one").await;
    let ada = server.user("Ada").await;
    let ended = soon(server.command("user").args(["show", &ada.id]).output()).await.expect("it runs");
    assert!(ended.status.success(), "{ended:?}");
    server.stop().await;
}

#[tokio::test]
async fn nodes_that_share_a_folder_have_a_socket_each() {
    let url = empty_database().await;
    let one = Server::start_with(&[("DATABASE_URL", &url), SECRET]).await;
    let folder = one.folder().join("data");
    let folder = folder.to_str().expect("text");
    let mut other = Server::start_with(&[("DATABASE_URL", &url), SECRET, ("DATA_DIR", folder)]).await;
    assert_eq!(sockets(&one).len(), 2);

    let ada = one.user("Ada").await;
    // Any of them does it, and neither the secret nor the database has to be named.
    assert_eq!(objects(&one, &["user", "list"]).await[0]["id"], json!(ada.id));
    other.stop().await;
    assert_eq!(sockets(&one).len(), 1, "a node removes its own");
    succeeds(&one, &["user", "disable", &ada.id, "--reason", "asked for it"]).await;
    assert_eq!(audit(&one, "1").await, [("user.disabled".to_owned(), json!("asked for it"))]);
}

#[tokio::test]
async fn what_is_said_on_the_socket_has_bounds() {
    let server = Server::start().await;
    let path = server.folder().join("data/parlour.sock");
    let connect = || {
        let socket = UnixStream::connect(&path).expect("a connection");
        socket.set_read_timeout(Some(PATIENCE)).expect("a bound");
        socket
    };
    // More than a line may have, of which the server reads no more than that.
    let ended = tokio::task::spawn_blocking({
        let mut socket = connect();
        move || {
            let sent = (0..64).all(|_| socket.write_all(&[b'x'; 64 * 1024]).is_ok());
            let mut rest = Vec::new();
            let _ = socket.read_to_end(&mut rest);
            (sent, String::from_utf8_lossy(&rest).lines().count())
        }
    });
    assert_eq!(ended.await.expect("it ends"), (false, 1), "it has said who it is, and hung up");

    // As many as there may be at a time; the next one is told to come again, and so is a command.
    let held: Vec<UnixStream> = (0..8).map(|_| connect()).collect();
    for mut one in &held {
        let mut hello = [0; 1];
        one.read_exact(&mut hello).expect("each is greeted");
    }
    let refused = fails(&server, &["user", "list"]).await;
    assert!(refused.contains("too much to do just now"), "{refused}");
    drop(held);
    soon(async {
        while !run(&server, &["user", "list"]).await.status.success() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;

    // A command of another kind, or of none, is refused.
    for (says, answers) in
        [(json!({ "run": ["serve"] }), true), (json!({ "run": ["user"] }), true), (json!({ "password": "x" }), false)]
    {
        let answered = tokio::task::spawn_blocking({
            let mut socket = connect();
            move || {
                socket.write_all(format!("{says}\n").as_bytes()).expect("it is said");
                let mut rest = String::new();
                let _ = socket.read_to_string(&mut rest);
                rest
            }
        });
        let answered = answered.await.expect("it ends");
        let last: Value = serde_json::from_str(answered.lines().last().expect("a line")).expect("JSON");
        assert_eq!(last == json!({ "end": 1 }), answers, "{answered}");
    }
}
