//! The commands that look at settings and machine, and those for a shell.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use super::{bare, objects, run, succeeds};
use crate::support::{Server, soon};

fn json_lines(printed: &[u8]) -> Vec<Value> {
    let lines = std::str::from_utf8(printed).expect("text").lines();
    lines.map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[tokio::test]
async fn all_that_is_wrong_with_the_settings_is_reported_at_once() {
    let server = Server::prepare(&[]);
    std::fs::write(server.folder().join(".env"), "SIGNUP=perhaps\nJWT_SECRET=hunter2\n").expect("a file");

    let mut check = bare(&server);
    let check = soon(check.args(["config", "check"]).env("PORT", "many").output()).await.expect("it runs");

    assert_eq!(check.status.code(), Some(1), "{check:?}");
    let said = String::from_utf8_lossy(&check.stderr).into_owned();
    for name in ["PORT has a wrong value", "SIGNUP has a wrong value", "JWT_SECRET is too short"] {
        assert!(said.contains(name), "{said}");
    }
    assert!(!said.contains("hunter2"), "{said}");
    std::fs::write(server.folder().join(".env"), "SIGNUP=closed\n").expect("a file");
    assert_eq!(succeeds(&server, &["config", "check"]).await, "the settings are right\n");
    assert!(!server.folder().join("data").exists(), "nothing is made");
}

#[tokio::test]
async fn settings_are_shown_with_where_they_come_from_and_without_secrets() {
    let server = Server::prepare(&[]);
    let secret = "a secret of more than thirty-two bytes";
    std::fs::write(server.folder().join("jwt"), secret).expect("a file");
    std::fs::write(server.folder().join(".env"), "SIGNUP=closed\nJWT_SECRET_FILE=jwt\n").expect("a file");
    let mut show = bare(&server);
    show.args(["config", "show", "--json"]).env("PORT", "4000");
    show.env("DATABASE_URL", "postgres://ada:hunter2@db.example.org/chat");

    let shown = soon(show.output()).await.expect("it runs");

    let settings = json_lines(&shown.stdout);
    let of = |name: &str| settings.iter().find(|one| one["name"] == name).expect("it is shown").clone();
    assert_eq!(of("SIGNUP"), json!({ "name": "SIGNUP", "value": "closed", "origin": ".env" }));
    assert_eq!(of("PORT"), json!({ "name": "PORT", "value": "4000", "origin": "environment" }));
    assert_eq!(of("JWT_SECRET"), json!({ "name": "JWT_SECRET", "value": "(hidden)", "origin": "file" }));
    assert_eq!(of("SESSION_DAYS"), json!({ "name": "SESSION_DAYS", "value": "7", "origin": "default" }));
    assert_eq!(of("PUBLIC_URL")["value"], "http://localhost:4000", "a default that follows another setting");
    assert!(of("DATABASE_URL")["value"].as_str().expect("a text").contains("db.example.org"));
    let all = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(!all.contains("hunter2") && !all.contains(secret), "{all}");
}

#[tokio::test]
async fn the_doctor_says_what_is_not_right_and_what_to_do() {
    let mut server = Server::start().await;
    let well = run(&server, &["doctor", "--json"]).await;
    let found = json_lines(&well.stdout);
    let of =
        |found: &[Value], name: &str| found.iter().find(|one| one["name"] == name).expect("it is looked at").clone();
    for name in ["settings", "data folder", "database", "images", "clock", "address"] {
        assert_eq!(of(&found, name)["ok"], json!(true), "{found:?}");
    }
    server.stop().await;

    let data = server.folder().join("data");
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    let mut ill = bare(&server);
    ill.args(["doctor", "--json"]).env("PUBLIC_URL", "https://chat.example.org").env("HOST", "0.0.0.0");
    let ill = soon(ill.output()).await.expect("it runs");

    assert_eq!(ill.status.code(), Some(1), "{ill:?}");
    let found = json_lines(&ill.stdout);
    assert!(of(&found, "data folder")["detail"].as_str().expect("a text").contains("chmod 700"), "{found:?}");
    assert!(of(&found, "proxies")["detail"].as_str().expect("a text").contains("TRUSTED_PROXIES"), "{found:?}");
    let mut wrong = bare(&server);
    wrong.args(["doctor"]).env("SIGNUP", "perhaps");
    let wrong = soon(wrong.output()).await.expect("it runs");
    let said = String::from_utf8_lossy(&wrong.stdout).into_owned();
    assert!(said.starts_with("PROBLEM  settings     SIGNUP has a wrong value"), "{said}");
}

#[tokio::test]
async fn verify_finds_what_is_missing_beside_a_running_server() {
    let server = Server::start().await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let image = crate::images::pictures::png(8, 8);
    crate::images::send(&server, &ada, &bob, &crate::images::new_id(), &image).await.expect("an answer");

    let well = succeeds(&server, &["verify"]).await;
    assert!(well.starts_with("the database is sound, the feed up to ") && well.contains("1 images, all in"), "{well}");

    let shelf = server.folder().join("data/images");
    for folder in shelf.read_dir().expect("a folder").flatten().filter(|entry| entry.path().is_dir()) {
        std::fs::remove_dir_all(folder.path()).expect("it goes");
    }
    let ill = run(&server, &["verify"]).await;
    assert_eq!(ill.status.code(), Some(1), "{ill:?}");
    assert!(String::from_utf8_lossy(&ill.stdout).contains(": missing"), "{ill:?}");
}

#[tokio::test]
async fn figures_are_those_of_the_server_that_runs() {
    let mut server = Server::start().await;
    server.user("Ada").await;
    let live = objects(&server, &["stats"]).await.remove(0);
    assert_eq!((&live["users"], &live["writable"], &live["users_disabled"]), (&json!(1), &json!(1), &json!(0)));
    server.stop().await;
    let kept = objects(&server, &["stats"]).await.remove(0);
    assert_eq!((&kept["users"], kept.get("writable")), (&json!(1), None));
}

#[tokio::test]
async fn shells_and_man_know_every_command() {
    let server = Server::prepare(&[]);
    for shell in ["bash", "zsh", "fish"] {
        let printed = succeeds(&server, &["completions", shell]).await;
        assert!(printed.contains("remove-content") && printed.contains("doctor"), "{shell}");
    }
    let page = succeeds(&server, &["man"]).await;
    assert!(page.contains(".TH parlour 1"), "{page:.300}");
    let pages = server.folder().join("pages");
    std::fs::create_dir(&pages).expect("a folder");
    succeeds(&server, &["man", "--into", pages.to_str().expect("text")]).await;
    assert!(pages.join("parlour-user-sign-out.1").is_file());
    let help = succeeds(&server, &["--help"]).await;
    for line in ["Run a server:", "  user          Create, list, change", "  doctor        Look at", "  --help"] {
        assert!(help.contains(line.trim_end()) || line == "  --help", "{help}");
    }
    assert!(!server.folder().join("data").exists(), "none of them makes anything");
}
