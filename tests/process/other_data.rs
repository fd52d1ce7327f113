//! Commands in the wrong folder or beside data of another version create, migrate and change nothing.

use std::path::Path;
use std::process::Output;

use sea_orm::ConnectionTrait;

use crate::support::{Server, dump, files_in, soon};

/// Commands that need the data of a server. Each would succeed on the right data.
const COMMANDS: [&[&str]; 6] = [
    &["user", "add", "--email", "eve@example.com", "--name", "Eve", "--generate"],
    &["user", "reset-password", "ada@example.com", "--generate"],
    &["user", "disable", "ada@example.com"],
    &["user", "enable", "ada@example.com"],
    &["backup", "copy.db"],
    &["healthcheck"],
];

async fn run(server: &Server, folder: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> Output {
    let (command, rest) = arguments.split_first().expect("a command");
    let mut command = server.command(command);
    // Nobody listens there.
    command.args(rest).current_dir(folder).env("PORT", "1").envs(settings.iter().copied());
    soon(command.output()).await.expect("the program runs")
}

/// The line with which a command failed.
fn failed(ended: &Output) -> String {
    let reported = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(ended.stdout.is_empty(), "{ended:?}");
    assert_eq!(reported.lines().count(), 1, "{reported}");
    reported
}

/// What makes the server's database one of another version.
async fn change(server: &Server, statement: &str) {
    let db = server.database().await;
    db.execute_unprepared(statement).await.expect("it is changed");
    db.close().await.expect("the database closes");
}

#[tokio::test]
async fn a_command_in_the_wrong_folder_creates_nothing_and_names_the_folder() {
    // It runs elsewhere, and nothing of it is touched either.
    let server = Server::start().await;
    server.user("Ada").await;
    let before = dump(&server).await;
    let wrong = server.folder().join("wrong");
    std::fs::create_dir(&wrong).expect("a folder");
    let secret = ("JWT_SECRET", "a secret of more than thirty-two bytes");
    for (settings, place) in [
        (vec![], "wrong/data/parlour.db"),
        (vec![secret], "wrong/data/parlour.db"),
        (vec![secret, ("DATA_DIR", ".")], "wrong/parlour.db"),
        (vec![("DATA_DIR", "/nowhere/at/all")], "/nowhere/at/all/parlour.db"),
        (vec![secret, ("DATABASE_URL", "sqlite://chat.db?mode=rwc")], "wrong/chat.db"),
        (vec![secret, ("DATABASE_URL", "sqlite:chat.db")], "wrong/chat.db"),
    ] {
        for arguments in COMMANDS {
            let reported = failed(&run(&server, &wrong, arguments, &settings).await);
            if arguments[0] != "healthcheck" {
                assert!(reported.contains("there is no database at /") && reported.contains(place), "{reported}");
                assert!(reported.contains("DATA_DIR or DATABASE_URL"), "{reported}");
            }
            assert_eq!(wrong.read_dir().expect("the folder").count(), 0, "{arguments:?} with {settings:?}");
        }
    }
    assert_eq!(dump(&server).await, before);
}

#[tokio::test]
async fn a_database_without_the_servers_secret_is_not_touched() {
    let mut server = Server::start().await;
    server.user("Ada").await;
    server.stop().await;
    std::fs::remove_file(server.folder().join("data/jwt-secret")).expect("it is there");
    let before = (dump(&server).await, files_in(server.folder()));

    let reported = failed(&run(&server, server.folder(), COMMANDS[0], &[]).await);

    assert!(reported.contains("there is no secret at ") && reported.contains("JWT_SECRET or DATA_DIR"), "{reported}");
    assert_eq!((dump(&server).await, files_in(server.folder())), before);
}

#[tokio::test]
async fn a_command_does_not_turn_an_empty_file_into_a_database() {
    let server = Server::prepare(&[("JWT_SECRET", "a secret of more than thirty-two bytes")]);
    std::fs::write(server.folder().join("chat.db"), "").expect("a file");

    for arguments in COMMANDS {
        failed(&run(&server, server.folder(), arguments, &[("DATABASE_URL", "sqlite:chat.db?mode=rwc")]).await);
    }

    assert_eq!(std::fs::read(server.folder().join("chat.db")).expect("the file"), b"");
    assert_eq!(files_in(server.folder()), 1);
}

#[tokio::test]
async fn a_command_of_another_version_does_not_migrate_a_database_in_use() {
    for (statement, says) in [
        (
            "DELETE FROM seaql_migrations WHERE version = 'm0006_images'",
            "by an older Parlour and lacks m0006_images: stop the server and run `parlour migrate` first",
        ),
        (
            "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_tomorrow', 1)",
            "by a newer Parlour, which knows m9999_tomorrow",
        ),
    ] {
        let server = Server::start().await;
        let ada = server.user("Ada").await;
        change(&server, statement).await;
        // That of another version takes none of these commands, or has no socket for them yet.
        std::fs::remove_file(server.folder().join("data/parlour.sock")).expect("a socket");
        let before = dump(&server).await;

        for arguments in COMMANDS.iter().filter(|command| command[0] == "user") {
            let reported = failed(&run(&server, server.folder(), arguments, &[]).await);
            assert!(reported.starts_with("parlour: the database data/parlour.db cannot be opened: "), "{reported}");
            assert!(reported.contains(says), "{reported}");
        }
        assert_eq!(dump(&server).await, before);
        assert_eq!(ada.ask("{ me { id } }", serde_json::json!({})).await["me"]["id"], ada.id);

        // One takes a backup before one migrates.
        let taken = run(&server, server.folder(), &["backup", "copy.db"], &[]).await;
        assert!(taken.status.success(), "{taken:?}");
        assert_eq!(dump(&server).await, before);
    }
}
