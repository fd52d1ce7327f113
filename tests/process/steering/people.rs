//! `parlour user`, beside a running server and without one.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{audit, fails, objects, run, succeeds};
use crate::support::{Closed, Line, Message, Person, Server, code, is_sound, soon};

const EVENTS: &str = "subscription { events { __typename ... on UserChanged { user { fullName } } } }";
const REPORTS: &str = "{ reports { nodes { id } } }";

async fn follow(server: &Server, person: &Person) -> Line {
    let mut line = Line::open(server.address, &person.token, json!({})).await.expect("a socket");
    line.subscribe("1", EVENTS, &json!({})).await.expect("it is open");
    assert_eq!(line.next().await.expect("an event")["payload"]["data"]["events"]["__typename"], "CaughtUp");
    line
}

async fn next(line: &mut Line) -> Value {
    soon(line.next()).await.expect("an event")["payload"]["data"]["events"].take()
}

#[tokio::test]
async fn accounts_are_listed_by_pages_and_shown() {
    let server = Server::start().await;
    let mut ids = Vec::new();
    for name in ["Ada", "Bob", "Cleo"] {
        ids.push(server.user(name).await.id);
    }

    let first = run(&server, &["user", "list", "--first", "2", "--json"]).await;
    let lines = String::from_utf8(first.stdout).expect("text");
    let listed: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(listed.iter().map(|one| one["id"].clone()).collect::<Vec<_>>(), [json!(ids[0]), json!(ids[1])]);
    assert_eq!(listed[0]["fullName"], "Ada");
    assert!(listed[0].get("passwordHash").is_none());
    assert_eq!(String::from_utf8_lossy(&first.stderr), format!("there are more: --after {}\n", ids[1]));
    let rest = objects(&server, &["user", "list", "--after", &ids[1]]).await;
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0]["email"], "cleo@example.com");

    let shown = &objects(&server, &["user", "show", "bob@example.com"]).await[0];
    assert_eq!((&shown["id"], &shown["state"], &shown["sessions"]), (&json!(ids[1]), &json!("active"), &json!(1)));
    let text = succeeds(&server, &["user", "show", &ids[1]]).await;
    assert!(text.contains("fullName      Bob\n"), "{text}");
    assert!(fails(&server, &["user", "show", "eve@example.com"]).await.contains("nobody has the e-mail"));
    assert!(fails(&server, &["user", "list", "--after", "junk"]).await.contains("--after takes an id"));
    assert_eq!(run(&server, &["user", "list", "--first", "1001"]).await.status.code(), Some(2), "a list has a bound");
}

#[tokio::test]
async fn all_that_is_somebodys_own_is_written_into_a_file() {
    let mut server = Server::start().await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    ada.send(&Message::new(bob.as_recipient(), "my own words")).await;
    let folder = server.folder().to_path_buf();
    let untar = |file: &str| {
        let ended = std::process::Command::new("tar").args(["-xzOf", file]).current_dir(&folder).output();
        let ended = ended.expect("tar runs");
        assert!(ended.status.success(), "{ended:?}");
        String::from_utf8_lossy(&ended.stdout).into_owned()
    };

    let export = ["user", "export", "ada@example.com", "--to", "ada.tar.gz", "--reason", "a letter"];
    succeeds(&server, &export).await;

    let all = untar("ada.tar.gz");
    assert!(all.contains("my own words") && all.contains(&ada.id) && !all.contains("bob@example.com"), "{all}");
    assert_eq!(audit(&server, "1").await, [("user.exported".to_owned(), json!("a letter"))]);
    let mode = std::fs::metadata(server.folder().join("ada.tar.gz")).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(fails(&server, &export).await.contains("ada.tar.gz is there already"));
    let nobody = ["user", "export", "eve@example.com", "--to", "eve.tar.gz"];
    assert!(fails(&server, &nobody).await.contains("nobody has the e-mail"));
    assert!(!server.folder().join("eve.tar.gz").exists(), "nothing is left of one that fails");
    server.stop().await;
    succeeds(&server, &["user", "export", &ada.id, "--to", "again.tar.gz"]).await;
    assert!(untar("again.tar.gz").contains("my own words"));
    is_sound(&server).await;
}

#[tokio::test]
async fn signing_out_closes_sockets_at_once() {
    let mut server = Server::start().await;
    let ada = server.user("Ada").await;
    let other = Person::sign_in(&server, &ada.email).await;
    let (mut line, mut of_other) = (follow(&server, &ada).await, follow(&server, &other).await);
    let sessions = objects(&server, &["user", "sessions", &ada.email]).await;
    assert_eq!(sessions.len(), 2);
    // The newer one was used last.
    let session = sessions.iter().map(|one| one["id"].as_str().expect("an id")).max().expect("a session");

    succeeds(&server, &["user", "sign-out", &ada.id, "--session", session, "--reason", "a lost phone"]).await;

    let began = Instant::now();
    assert_eq!(soon(of_other.next()).await, Ok(json!({ "id": "1", "type": "complete" })));
    assert_eq!(soon(of_other.next()).await, Err(Closed(4401)));
    assert!(began.elapsed() < Duration::from_secs(4), "a server that only polls takes 5 seconds to notice");
    assert_eq!(ada.ask("{ me { id } }", json!({})).await["me"]["id"], json!(ada.id));
    assert_eq!(audit(&server, "1").await, [("user.signed_out".to_owned(), json!("a lost phone"))]);
    assert!(fails(&server, &["user", "sign-out", &ada.id, "--session", session]).await.contains("has no session"));

    let ended = run(&server, &["user", "sign-out", &ada.email]).await;
    assert!(String::from_utf8_lossy(&ended.stderr).contains("1 sessions have ended"), "{ended:?}");
    assert_eq!(soon(line.next()).await, Ok(json!({ "id": "1", "type": "complete" })));
    assert_eq!(soon(line.next()).await, Err(Closed(4401)));
    server.stop().await;
    is_sound(&server).await;
}

#[tokio::test]
async fn a_changed_name_reaches_those_who_see_it() {
    let server = Server::start().await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    bob.send(&Message::new(ada.as_recipient(), "hello")).await;
    let mut line = follow(&server, &bob).await;

    succeeds(&server, &["user", "update", &ada.id, "--name", "Ada Lovelace", "--email", "lovelace@example.com"]).await;

    assert_eq!(next(&mut line).await, json!({ "__typename": "UserChanged", "user": { "fullName": "Ada Lovelace" } }));
    assert_eq!(ada.ask("{ me { email } }", json!({})).await["me"]["email"], "lovelace@example.com");
    assert_eq!(Person::sign_in(&server, "lovelace@example.com").await.id, ada.id);
    // With the new address, nobody has signed in from anywhere.
    let done = ["login.new_place", "user.updated"].map(|action| (action.to_owned(), json!(null)));
    assert_eq!(audit(&server, "2").await, done);
    let taken = fails(&server, &["user", "update", &ada.id, "--email", &bob.email]).await;
    assert!(taken.contains("this e-mail already has an account"), "{taken}");
    assert!(fails(&server, &["user", "update", &ada.id]).await.contains("say what to change"));
    assert!(fails(&server, &["user", "update", &ada.id, "--name", " "]).await.contains("can be seen"));
    let reason = ["user", "update", &ada.id, "--name", "Ada", "--reason", "two\nlines"];
    assert!(fails(&server, &reason).await.contains("line breaks"));
}

#[tokio::test]
async fn an_account_is_deleted_for_good() {
    let mut server = Server::start().await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let sent = ada.send(&Message::new(bob.as_recipient(), "hello")).await;
    let mut line = follow(&server, &bob).await;
    assert!(fails(&server, &["user", "delete", &ada.email]).await.contains("repeat it with --yes"));

    succeeds(&server, &["user", "delete", &ada.email, "--yes", "--reason", "by law"]).await;

    assert_eq!(next(&mut line).await["__typename"], "UserChanged");
    let query = "query($id: ID!) { message(id: $id) { text deletedAt sender { deletedAt } } }";
    let seen = bob.ask(query, json!({ "id": sent["id"] })).await["message"].take();
    assert!(seen["text"].is_null() && seen["sender"]["deletedAt"].is_string(), "{seen}");
    assert!(ada.ask("{ me { id } }", json!({})).await["me"].is_null());
    assert_eq!(audit(&server, "1").await, [("user.erased".to_owned(), json!("by law"))]);
    assert_eq!(objects(&server, &["user", "list"]).await[0]["state"], "erased");
    server.stop().await;
    is_sound(&server).await;
}

#[tokio::test]
async fn the_rights_of_a_moderator_begin_and_end_beside_a_running_server() {
    let mut server = Server::start().await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    assert_eq!(code(&ada.execute(REPORTS, json!({})).await), "FORBIDDEN");

    succeeds(&server, &["user", "grant", &ada.email, "moderator", "--reason", "elected"]).await;

    assert_eq!(ada.ask(REPORTS, json!({})).await["reports"]["nodes"], json!([]));
    assert_eq!(ada.ask("{ serverRoles }", json!({})).await["serverRoles"], json!(["MODERATOR"]));
    assert_eq!(code(&bob.execute(REPORTS, json!({})).await), "FORBIDDEN");
    assert_eq!(objects(&server, &["user", "show", &ada.id]).await[0]["roles"], json!(["moderator"]));
    succeeds(&server, &["user", "grant", &ada.id, "admin"]).await;
    succeeds(&server, &["user", "revoke", &ada.id, "moderator"]).await;
    assert_eq!(ada.ask(REPORTS, json!({})).await["reports"]["nodes"], json!([]), "an admin still is one");

    succeeds(&server, &["user", "revoke", &ada.id, "admin"]).await;

    assert_eq!(code(&ada.execute(REPORTS, json!({})).await), "FORBIDDEN");
    let granted = audit(&server, "4").await;
    assert!(granted.contains(&("role.granted".to_owned(), json!("elected"))), "{granted:?}");
    // Without a server it is the same command.
    server.stop().await;
    succeeds(&server, &["user", "grant", &bob.email, "moderator"]).await;
    server.start_again().await;
    assert_eq!(bob.ask(REPORTS, json!({})).await["reports"]["nodes"], json!([]));
    server.stop().await;
    is_sound(&server).await;
}
