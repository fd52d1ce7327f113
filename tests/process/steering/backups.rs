//! Backups with images, in a folder with older ones.

use std::path::Path;

use serde_json::json;

use super::{objects, run, succeeds};
use crate::images::{new_id, pictures, send};
use crate::support::{Message, Person, Server, files_in, is_sound};

fn names(folder: &Path) -> Vec<String> {
    let entries = folder.read_dir().expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.retain(|name| name != ".lock");
    names.sort();
    names
}

/// What the server's metrics say, in seconds.
async fn last_backup(server: &Server) -> u64 {
    objects(server, &["stats"]).await[0]["last_backup_timestamp_seconds"].as_u64().expect("a number")
}

#[tokio::test]
async fn a_backup_with_images_is_restored_as_a_whole() {
    let mut server = Server::start().await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    send(&server, &ada, &bob, &new_id(), &pictures::png(8, 8)).await.expect("an answer");
    ada.send(&Message::new(bob.as_recipient(), "before")).await;

    assert_eq!(last_backup(&server).await, 0);
    let said = succeeds(&server, &["backup", "backups", "--with-images"]).await;
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("a time").as_secs();
    assert!((now - 60..=now).contains(&last_backup(&server).await), "the metrics know of it");
    assert!(said.contains(" and 1 images, the feed up to "), "{said}");
    let folder = server.folder().join("backups");
    let backup = folder.join(names(&folder).first().expect("a backup"));
    assert_eq!(names(&backup), ["images", "parlour.db"]);
    ada.send(&Message::new(bob.as_recipient(), "after")).await;
    server.stop().await;

    std::fs::remove_dir_all(server.folder().join("data/images")).expect("it is lost");
    let restored = succeeds(&server, &["restore", backup.to_str().expect("text")]).await;
    assert!(restored.contains("1 images are back"), "{restored}");
    server.start_again().await;
    let verified = succeeds(&server, &["verify"]).await;
    assert!(verified.contains("1 images, all in"), "{verified}");
    let ada = Person::sign_in(&server, &ada.email).await;
    let query = "query($id: ID!) { messages(conversation: { userId: $id }) { nodes { text image { width } } } }";
    let seen = ada.ask(query, json!({ "id": bob.id })).await["messages"]["nodes"].take();
    assert_eq!(seen.as_array().map(Vec::len), Some(2), "{seen}");
    server.stop().await;
    is_sound(&server).await;
}

#[tokio::test]
async fn older_backups_go_only_when_the_new_one_is_whole() {
    let mut server = Server::start().await;
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    send(&server, &ada, &bob, &new_id(), &pictures::png(8, 8)).await.expect("an answer");
    let folder = server.folder().join("backups");
    let keep = ["backup", "backups", "--with-images", "--keep", "2"];
    for _ in 0..3 {
        succeeds(&server, &keep).await;
    }
    let kept = names(&folder);
    assert_eq!(kept.len(), 2, "{kept:?}");
    // What is not of this command stays, and so does what an interrupted one has begun, until the next.
    std::fs::create_dir(folder.join("parlour-notes")).expect("a folder");
    std::fs::create_dir(folder.join(".parlour-20260301T000000.000Z")).expect("a folder");

    // The new one cannot be whole, and an older one has what is missing.
    let shelf = server.folder().join("data/images");
    let lost = server.folder().join("lost");
    std::fs::rename(&shelf, &lost).expect("it moves");
    let without = run(&server, &keep).await;
    assert_eq!(without.status.code(), Some(1), "{without:?}");
    assert!(String::from_utf8_lossy(&without.stderr).contains("no older backup was removed"), "{without:?}");
    let after = names(&folder);
    assert!(!after.contains(&".parlour-20260301T000000.000Z".to_owned()), "{after:?}");
    assert!(kept.iter().all(|name| after.contains(name)), "{after:?}");

    std::fs::rename(&lost, &shelf)
        .or_else(|_| {
            std::fs::remove_dir_all(&shelf)?;
            std::fs::rename(&lost, &shelf)
        })
        .expect("it moves back");
    assert!(files_in(&shelf) > 0);
    let last = run(&server, &keep).await;
    assert!(String::from_utf8_lossy(&last.stdout).contains("2 older backups are removed"), "{last:?}");
    let after = names(&folder);
    assert_eq!(after.len(), 3, "two backups, and what is not ours: {after:?}");
    assert!(!after.contains(&kept[1]) && after.contains(&"parlour-notes".to_owned()), "{after:?}");
    server.stop().await;
}

#[tokio::test]
async fn the_new_backup_stays_and_one_without_images_replaces_none_with_them() {
    let mut server = Server::start().await;
    server.user("Ada").await;
    let folder = server.folder().join("backups");
    // Made while the clock was ahead, one of them with images.
    let (plain, with_images) = ("parlour-20990101T000000.000Z", "parlour-20990102T000000.000Z");
    std::fs::create_dir_all(folder.join(plain)).expect("a folder");
    std::fs::create_dir_all(folder.join(with_images).join("images")).expect("a folder");

    succeeds(&server, &["backup", "backups", "--keep", "1"]).await;

    let kept = names(&folder);
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert!(kept.contains(&with_images.to_owned()) && !kept.contains(&plain.to_owned()), "{kept:?}");
    server.stop().await;
}
