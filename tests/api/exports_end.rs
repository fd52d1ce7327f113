//! What is left of archives: in a bucket and in the folder, after their day and after the end of a bot's key.

use std::time::Duration;

use parlour::accounts::Name;
use parlour::audit::Operator;
use serde_json::json;

use crate::support::archive::{EXPORT, ask, files, get, lines};
use crate::support::bucket::Bucket;
use crate::support::pictures::png;
use crate::support::{TestApp, secrets, soon};

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn an_archive_in_a_bucket_is_fetched_from_this_server_until_its_day_is_over() {
    let bucket = Bucket::start().await;
    let settings = bucket.settings(true);
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let app = TestApp::start_with(&settings).await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let mut shown = Vec::new();
    for width in [30, 40] {
        shown.push(ada.send_image(&app, &bob, &png(width, 20)).await["image"].take());
    }
    let url = ask(&ada).await;
    assert!(url.starts_with(&format!("http://localhost:{}/exports/", app.address.port())), "{url}");

    let (status, headers, archive) = get(&app, &url, &[]).await;

    assert_eq!(status, 200);
    let found = files(&archive);
    let listed = lines(&found, "images");
    assert_eq!(listed.len(), 2);
    for image in &shown {
        let line = listed.iter().find(|line| line["id"] == image["id"]).expect("it is listed");
        let served = get(&app, image["url"].as_str().expect("a URL"), &[]).await.2;
        assert_eq!(found[line["file"].as_str().expect("a name")], served);
    }
    let tag = headers["etag"].to_str().expect("text");
    let rest = format!("bytes={}-", archive.len() / 3);
    let (status, _, part) = get(&app, &url, &[("range", &rest), ("if-range", tag)]).await;
    assert_eq!((status, part.as_slice()), (206, &archive[archive.len() / 3..]));
    assert_eq!(bucket.objects("exports").len(), 1);
    assert!(app.files("exports").is_empty());

    app.clock.advance(DAY + Duration::from_secs(1));

    soon(async {
        while !bucket.objects("exports").is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert_eq!(bucket.objects("images").len(), 2);
}

#[tokio::test]
async fn an_archive_goes_after_its_day_although_nobody_asks_for_another_one() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    assert_eq!(get(&app, &ask(&ada).await, &[]).await.0, 200);
    assert_eq!(app.files("exports").len(), 1);

    app.clock.advance(DAY - Duration::from_secs(60));
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(app.files("exports").len(), 1, "it can still be fetched");
    app.clock.advance(Duration::from_secs(61));

    app.has_files("exports", 0).await;
    let listed = "SELECT 1 FROM image_deletion WHERE key LIKE 'exports/%'";
    soon(async {
        while app.finds(listed).await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn the_address_of_a_bots_archive_ends_with_its_key() {
    let app = TestApp::start().await;
    let name = Name::parse("Helper").expect("a name");
    let (_, key) = app
        .command(async |program| {
            program.accounts.add_bot_for_operator(&Operator::default(), name).await.expect("a bot")
        })
        .await;
    secrets::keep(&json!({ "token": *key.text }));
    let asked = app.execute(Some(key.text.as_str()), EXPORT, json!({})).await;
    let url = asked["data"]["exportMyData"]["url"].as_str().unwrap_or_else(|| panic!("{asked}"));
    assert_eq!(get(&app, url, &[]).await.0, 200);

    app.command(async |program| {
        program.accounts.revoke_key_for_operator(&Operator::default(), key.id).await.expect("it is there")
    })
    .await;

    assert_eq!(get(&app, url, &[]).await.0, 404);
}
