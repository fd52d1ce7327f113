//! Images in one place and the server in another: what the log says, and the commands that check and copy them.

#[path = "../api/support/bucket.rs"]
#[expect(dead_code, reason = "the tests of the API need more of it")]
mod bucket;

use std::process::Output;

use serde_json::json;

use self::bucket::{BUCKET, Bucket, Door};
use crate::images::pictures::png;
use crate::images::{new_id, send};
use crate::postgres_nodes;
use crate::support::{Person, Server, files_in, is_sound, soon};

async fn images(server: &Server, arguments: &[&str]) -> Output {
    soon(server.command("images").args(arguments).output()).await.expect("the program runs")
}

/// Runs a command that succeeds; its result.
async fn well(server: &Server, arguments: &[&str]) -> String {
    let ended = images(server, arguments).await;
    assert!(ended.status.success(), "{ended:?}");
    String::from_utf8(ended.stdout).expect("text")
}

/// Runs a command that fails; its list and its reason.
async fn ill(server: &Server, arguments: &[&str]) -> (String, String) {
    let ended = images(server, arguments).await;
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (text(ended.stdout), text(ended.stderr))
}

/// Sends this many images; their URLs.
async fn send_images(server: &Server, count: u32) -> Vec<String> {
    let (ada, bob) = (server.user("Ada").await, server.user("Bob").await);
    let mut urls = Vec::new();
    for number in 0..count {
        let sent = send(server, &ada, &bob, &new_id(), &png(20 + number, 20)).await.expect("an answer");
        let url = sent["data"]["sendMessage"]["image"]["url"].as_str().unwrap_or_else(|| panic!("{sent}"));
        urls.push(url.replace("localhost", "127.0.0.1"));
    }
    urls
}

/// Has an archive of a person's own data made, which is kept beside the images.
async fn make_archive(server: &Server) {
    let ada = Person::sign_in(server, "ada@example.com").await;
    let url = ada.ask("mutation { exportMyData { url } }", json!({})).await["exportMyData"]["url"].take();
    let url = url.as_str().expect("a URL").replace("localhost", "127.0.0.1");
    assert_eq!(statuses(server, &[url]).await, [200]);
}

/// The statuses of these URLs.
async fn statuses(server: &Server, urls: &[String]) -> Vec<u16> {
    let mut statuses = Vec::new();
    for url in urls {
        statuses.push(soon(server.http().get(url).send()).await.expect("an answer").status().as_u16());
    }
    statuses
}

fn keep_in(server: &mut Server, bucket: Option<&Bucket>) {
    let settings = bucket.map(|bucket| bucket.settings(true)).unwrap_or_default();
    for name in ["S3_BUCKET", "S3_ENDPOINT_URL", "S3_FORCE_PATH_STYLE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        server.unset(name);
    }
    for (name, value) in settings {
        server.set(name, &value);
    }
}

#[tokio::test]
async fn images_move_from_the_folder_to_a_bucket_and_back() {
    let (bucket, mut server) = (Bucket::start().await, Server::start().await);
    let urls = send_images(&server, 3).await;
    let folder = server.folder().join("data/images");
    assert!(well(&server, &["verify"]).await.starts_with("3 images, all in "));
    make_archive(&server).await;
    let (_, reason) = ill(&server, &["copy", "--to", "bucket"]).await;
    assert!(reason.contains("a server runs on the database: stop it first"), "{reason}");
    server.stop().await;
    let (_, reason) = ill(&server, &["copy", "--to", "bucket"]).await;
    assert!(reason.contains("S3_BUCKET is not set"), "{reason}");

    // The settings name the bucket, and the images are still in the folder.
    keep_in(&mut server, Some(&bucket));
    server.start_again().await;
    server
        .says("none of the 3 newest images is in the bucket chat-images, so they cannot be shown: they are in ")
        .await;
    server.stop().await;
    let (list, reason) = ill(&server, &["verify"]).await;
    assert_eq!(list.matches(": missing\n").count(), 3, "{list}");
    assert!(reason.contains("3 of 3 images are missing or damaged"), "{reason}");

    let archives = server.folder().join("data/exports");
    assert_eq!(files_in(&archives), 1);
    let all_there = format!("3 images, all in the bucket {BUCKET}");
    assert_eq!(well(&server, &["copy", "--to", "bucket"]).await, format!("{all_there}: 3 were copied just now\n"));
    assert_eq!((files_in(&archives), bucket.objects("exports").len()), (0, 0), "nothing of an archive stays");
    assert_eq!(well(&server, &["copy", "--to", "bucket"]).await, format!("{all_there}\n"));
    assert_eq!(well(&server, &["verify"]).await, format!("{all_there}\n"));
    std::fs::rename(&folder, folder.with_extension("old")).expect("the folder moves");
    server.start_again().await;
    assert_eq!(statuses(&server, &urls).await, [200, 200, 200]);
    make_archive(&server).await;
    assert_eq!(bucket.objects("exports").len(), 1);
    server.stop().await;

    // The settings name no bucket, and the images are in one.
    keep_in(&mut server, None);
    server.start_again().await;
    server
        .says(
            "none of the 3 newest images is in data/images, so they cannot be shown: if they are in a bucket, set S3_BUCKET \
             again, or bring them here",
        )
        .await;
    server.stop().await;

    keep_in(&mut server, Some(&bucket));
    let back = well(&server, &["copy", "--to", "folder"]).await;
    assert!(back.ends_with(": 3 were copied just now\n") && files_in(&folder) == 3, "{back}");
    assert_eq!((files_in(&archives), bucket.objects("exports").len()), (0, 0), "nothing of an archive stays");
    keep_in(&mut server, None);
    bucket.set(Door::Away);
    server.start_again().await;
    assert_eq!(statuses(&server, &urls).await, [200, 200, 200]);
    server.stop().await;
    is_sound(&server).await;
}

#[tokio::test]
async fn a_copy_continues_after_an_interruption_and_repairs_what_is_damaged() {
    let (bucket, mut server) = (Bucket::start().await, Server::start().await);
    send_images(&server, 3).await;
    server.stop().await;
    keep_in(&mut server, Some(&bucket));
    bucket.set(Door::Broken);
    let (_, reason) = ill(&server, &["copy", "--to", "bucket"]).await;
    assert!(reason.contains("run it again, it copies the rest"), "{reason}");
    bucket.set(Door::Open);
    well(&server, &["copy", "--to", "bucket"]).await;
    let (objects, folder) = (bucket.objects("images"), bucket.folder.join(BUCKET).join("images"));
    let [gone, cut] = [&objects[0].0, &objects[1].0];
    std::fs::remove_file(folder.join(gone)).expect("an object");
    std::fs::write(folder.join(cut), "half").expect("an object");

    let (list, _) = ill(&server, &["verify"]).await;

    assert!(list.contains(&format!("{gone}: missing\n")), "{list}");
    assert!(list.contains(&format!("{cut}: 4 bytes instead of ")), "{list}");
    assert!(well(&server, &["copy", "--to", "bucket"]).await.ends_with(": 2 were copied just now\n"));
    well(&server, &["verify"]).await;
}

#[tokio::test]
async fn a_bucket_that_does_not_exist_ends_the_start() {
    let (bucket, mut server) = (Bucket::start().await, Server::prepare(&[]));
    keep_in(&mut server, Some(&bucket));
    server.set("S3_BUCKET", "another-bucket");

    let ended = server.run("serve").await;

    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    let reason = String::from_utf8_lossy(&ended.stderr);
    assert!(reason.contains("the bucket another-bucket does not exist: create it, or correct S3_BUCKET"), "{reason}");
}

#[tokio::test]
async fn a_move_of_the_images_is_recorded_in_a_shared_database() {
    let (bucket, postgres) = (Bucket::start().await, postgres_nodes::postgres().await);
    let mut server = postgres_nodes::node(&postgres, "data");
    server.start_again().await;
    let urls = send_images(&server, 2).await;
    server.stop().await;

    keep_in(&mut server, Some(&bucket));
    let ended = server.run("serve").await;
    let reported = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(reported.contains(&format!("this node has the bucket {BUCKET} of http://")), "{reported}");
    assert!(well(&server, &["copy", "--to", "bucket"]).await.contains("2 were copied just now"));

    server.start_again().await;
    assert_eq!(statuses(&server, &urls).await, [200, 200]);
    server.stop().await;
    keep_in(&mut server, None);
    let ended = server.run("serve").await;
    let reported = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(reported.contains(&format!("are in the bucket {BUCKET} of http://")), "{reported}");
}
