//! A database has one server. Commands run beside it.

use serde_json::json;

use crate::support::{Server, soon};

#[tokio::test]
async fn a_second_server_on_a_database_ends_with_a_line_that_says_so() {
    let mut server = Server::start().await;
    let ada = server.user("Ada").await;

    std::os::unix::fs::symlink("data/parlour.db", server.folder().join("link.db")).expect("a link");
    for database in ["sqlite:data/parlour.db", "sqlite:data/../data/parlour.db", "sqlite:link.db"] {
        let mut second = server.command("serve");
        let ended = second.env("PORT", "0").env("DATABASE_URL", database).output();
        let ended = soon(ended).await.expect("the program runs");

        let reported = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(1), "{reported}");
        assert_eq!(reported.lines().count(), 1, "{reported}");
        assert!(reported.starts_with("parlour: another server runs on the database "), "{reported}");
    }

    assert_eq!(ada.ask("{ me { id } }", json!({})).await["me"]["id"], ada.id);
    // The lock goes with the process, however that ends.
    server.kill().await;
    server.start_again().await;
    server.stop().await;
    server.start_again().await;
    server.stop().await;
}

#[tokio::test]
async fn migrate_beside_a_server_has_nothing_to_do() {
    let mut server = Server::start().await;

    let migrated = server.run("migrate").await;

    assert!(migrated.status.success(), "{migrated:?}");
    let reported = String::from_utf8_lossy(&migrated.stdout).into_owned();
    assert_eq!(reported, "data/parlour.db has the newest tables already\n");
    server.stop().await;
}
