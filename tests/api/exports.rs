//! Archives of one's own data: what is in them, who gets them, and how they are fetched.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::archive::{EXPORT, ask, files, get, lines};
use crate::support::pictures::jpeg;
use crate::support::{PASSWORD, TestApp};

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn an_archive_has_all_that_is_ones_own_and_no_words_of_others() {
    let app = TestApp::start().await;
    let (ada, bob, eve) = (app.user("Ada").await, app.user("Bob").await, app.user("Eve").await);
    let group = ada.group("Tea", &[&bob, &eve]).await;
    let hers = ada.send_to(&group, "ada's own words").await;
    let gone = ada.send_to(&group, "ada's regret").await["id"].take();
    ada.ask("mutation($id: ID!) { deleteMessage(id: $id) { id } }", json!({ "id": gone })).await;
    let his = json!({ "to": { "conversationId": group }, "text": "bob's own words", "mentionIds": [ada.id] });
    let his = bob.send_input(his).await;
    let reply = json!({ "to": { "conversationId": group }, "text": "indeed", "replyToId": his["id"] });
    ada.send_input(reply).await;
    let react = "mutation($id: ID!) { addReaction(messageId: $id, emoji: \"👍\") { id } }";
    ada.ask(react, json!({ "id": his["id"] })).await;
    ada.ask("mutation($id: ID!) { blockUser(userId: $id) { id } }", json!({ "id": eve.id })).await;
    // She is not called, and the archive is not to say why.
    eve.send_input(json!({ "to": { "conversationId": group }, "text": "all!", "mentionEveryone": true })).await;
    let report =
        "mutation($id: ID!) { report(input: { target: { messageId: $id }, reason: SPAM, comment: \"enough\" }) }";
    ada.ask(report, json!({ "id": his["id"] })).await;
    let shown = ada.send_image(&app, &bob, &jpeg(50, 30)).await["image"].take();

    let (status, headers, archive) = get(&app, &ask(&ada).await, &[]).await;

    assert_eq!((status, &headers["content-type"]), (200, &"application/gzip".parse().expect("a value")));
    let files = files(&archive);
    let names: Vec<&str> = files.keys().map(String::as_str).filter(|name| !name.starts_with("images/")).collect();
    assert_eq!(
        names,
        [
            "README.txt",
            "blocks.jsonl",
            "conversations.jsonl",
            "images.jsonl",
            "mentions.jsonl",
            "messages.jsonl",
            "profile.jsonl",
            "reactions.jsonl",
            "reports.jsonl",
            "sessions.jsonl"
        ]
    );
    let readme = std::str::from_utf8(&files["README.txt"]).expect("text");
    assert!(
        names.iter().filter_map(|name| name.strip_suffix(".jsonl")).all(|name| readme.contains(&format!("\n{name} ")))
    );
    let profile = &lines(&files, "profile")[0];
    assert_eq!((&profile["id"], &profile["email"]), (&json!(ada.id), &json!("ada@example.com")));
    assert_eq!(lines(&files, "sessions").len(), 1);
    let places = lines(&files, "conversations");
    assert_eq!(places.len(), 2);
    let tea = places.iter().find(|place| place["conversationId"] == json!(group)).expect("the group");
    assert_eq!((&tea["title"], &tea["role"], &tea["isMember"]), (&json!("Tea"), &json!("owner"), &json!(true)));
    let texts = lines(&files, "messages");
    let of_group: Vec<_> = texts.iter().filter(|text| text["conversationId"] == json!(group)).collect();
    assert_eq!(of_group.len(), 2);
    assert_eq!((&of_group[0]["id"], &of_group[0]["text"]), (&hers["id"], &json!("ada's own words")));
    assert_eq!((&of_group[1]["replyToId"], &of_group[1]["text"]), (&his["id"], &json!("indeed")));
    assert_eq!(lines(&files, "reactions"), [json!({ "messageId": his["id"], "emoji": "👍" })]);
    let calls = lines(&files, "mentions");
    assert_eq!((calls.len(), &calls[0]["seq"]), (1, &his["seq"]));
    assert_eq!(lines(&files, "blocks")[0]["userId"], json!(eve.id));
    let filed = lines(&files, "reports");
    assert_eq!((&filed[0]["comment"], &filed[0]["messageId"]), (&json!("enough"), &his["id"]));
    let image = &lines(&files, "images")[0];
    assert_eq!((&image["id"], &image["byteSize"]), (&shown["id"], &shown["byteSize"]));
    let served = get(&app, shown["url"].as_str().expect("a URL"), &[]).await.2;
    assert_eq!(files[image["file"].as_str().expect("a name")], served);
    for (name, content) in &files {
        for foreign in ["bob's own words", "regret", "argon2", "bob@example.com"] {
            let found = content.windows(foreign.len()).any(|part| part == foreign.as_bytes());
            assert!(!found, "{foreign} is in {name}");
        }
    }
}

#[tokio::test]
async fn a_download_goes_on_where_it_broke_off() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let url = ask(&ada).await;
    let (_, headers, all) = get(&app, &url, &[]).await;
    let tag = headers["etag"].to_str().expect("text").to_owned();
    // What happens meanwhile does not change it.
    ada.send(&bob, "and more").await;
    let rest = format!("bytes={}-", all.len() / 2);

    let (status, headers, part) = get(&app, &url, &[("range", &rest), ("if-range", &tag)]).await;

    assert_eq!((status, part.as_slice()), (206, &all[all.len() / 2..]));
    assert_eq!(headers["content-range"], format!("bytes {}-{}/{}", all.len() / 2, all.len() - 1, all.len()));
    assert_eq!(headers["accept-ranges"], "bytes");
    assert_eq!(headers["cache-control"], "private, no-store");
    let saved = headers["content-disposition"].to_str().expect("text");
    assert!(saved.starts_with("attachment; filename=\"parlour-20") && saved.ends_with(".tar.gz\""), "{saved}");
    let beyond = format!("bytes={}-", all.len());
    let (status, headers, _) = get(&app, &url, &[("range", &beyond)]).await;
    assert_eq!((status, &headers["content-range"]), (416, &format!("bytes */{}", all.len()).parse().expect("a value")));
    // A range is one of a GET.
    let head = app.http().head(&url).header("range", &rest).send().await.expect("an answer");
    assert_eq!(head.status().as_u16(), 200);
    assert_eq!(head.headers()["content-length"], all.len().to_string().as_str());
    assert_eq!(app.http().post(&url).send().await.expect("an answer").status(), 405);
}

#[tokio::test]
async fn one_is_made_a_day() {
    let app = TestApp::limited().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let first = ask(&ada).await;
    // Whoever has lost the answer gets it again, on another device too.
    assert_eq!(ask(&ada).await, first);
    assert_eq!(ask(&ada.another_device(&app).await).await, first);
    assert!(app.finds("SELECT 1 WHERE (SELECT COUNT(*) FROM audit_entry WHERE action = 'user.exported') = 1").await);
    // Each has their own.
    ask(&bob).await;
    let old = get(&app, &first, &[]).await;
    assert_eq!(old.0, 200);

    app.clock.advance(DAY + Duration::from_secs(1));

    assert_eq!(get(&app, &first, &[]).await.0, 403, "its address has expired");
    let ada = ada.another_device(&app).await;
    let second = ask(&ada).await;
    assert_ne!(first, second);
    assert_eq!(get(&app, &second, &[]).await.0, 200);
    // The objects of the first are gone, sooner or later.
    app.has_files("exports", 1).await;
}

#[tokio::test]
async fn an_address_ends_with_the_session_that_asked_for_it() {
    let app = TestApp::limited().await;
    let ada = app.user("Ada").await;
    let (thief, tablet) = (ada.another_device(&app).await, ada.another_device(&app).await);
    let stolen = ask(&thief).await;
    let (status, first, _) = get(&app, &stolen, &[]).await;
    assert_eq!(status, 200);

    let change = "mutation($from: String!, $to: String!) {
        changePassword(currentPassword: $from, newPassword: $to) { token } }";
    let changed = ada.ask(change, json!({ "from": PASSWORD, "to": "another horse 8 battery" })).await;

    assert_eq!(get(&app, &stolen, &[]).await.0, 404);
    assert_eq!(tablet.fails(EXPORT, json!({})).await, "UNAUTHENTICATED");
    let ada = ada.with_token(&changed["changePassword"]["token"]);
    let own = ask(&ada).await;
    let (status, second, _) = get(&app, &own, &[]).await;
    assert_eq!((status, &second["etag"]), (200, &first["etag"]), "it is the same archive");
    assert_eq!(get(&app, &stolen, &[]).await.0, 404, "at another address");

    ada.ask("mutation { logout }", json!({})).await;

    assert_eq!(get(&app, &own, &[]).await.0, 404);
}

#[tokio::test]
async fn an_image_that_is_kept_for_the_moderators_alone_is_in_no_archive() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let sent = ada.send_image(&app, &bob, &jpeg(50, 30)).await;
    let report = "mutation($id: ID!) { report(input: { target: { messageId: $id }, reason: SPAM }) }";
    bob.ask(report, json!({ "id": sent["id"] })).await;
    ada.ask("mutation($id: ID!) { deleteMessage(id: $id) { id } }", json!({ "id": sent["id"] })).await;
    assert!(app.finds("SELECT 1 FROM image").await, "the report keeps it");

    let archive = get(&app, &ask(&ada).await, &[]).await.2;

    let files = files(&archive);
    assert_eq!(lines(&files, "images"), [Value::Null; 0]);
    assert!(files.keys().all(|name| !name.starts_with("images/")), "{:?}", files.keys());
}

#[tokio::test]
async fn an_image_that_the_server_has_lost_is_named_without_a_file() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let shown = ada.send_image(&app, &bob, &jpeg(50, 30)).await["image"].take();
    std::fs::remove_dir_all(app.folder().join("images")).expect("it was there");

    let (status, _, archive) = get(&app, &ask(&ada).await, &[]).await;

    assert_eq!(status, 200);
    let image = &lines(&files(&archive), "images")[0];
    assert_eq!((&image["id"], &image["file"]), (&shown["id"], &Value::Null));
}

#[tokio::test]
async fn an_address_cannot_be_derived_from_another() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.user("Ada").await, app.user("Eve").await);
    let (hers, own) = (ask(&ada).await, ask(&eve).await);
    let (path, query) = hers.split_once('?').expect("a query");
    let (own_path, own_query) = own.split_once('?').expect("a query");
    let image = own_path.replace("/exports/", "/images/");
    for forged in [
        path.to_owned(),
        format!("{path}?{own_query}"),
        format!("{own_path}?{query}"),
        format!("{path}?{query}A"),
        format!("{image}/50?{own_query}"),
        own_path.replace("/exports/", "/uploads/"),
        format!("{}/exports/junk?{own_query}", app.url("")),
    ] {
        let status = get(&app, &forged, &[]).await.0;
        assert!([403, 405].contains(&status), "{forged}: {status}");
    }
    for url in [hers, own] {
        assert_eq!(get(&app, &url, &[]).await.0, 200);
    }
}

#[tokio::test]
async fn an_erased_person_leaves_no_archive() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let url = ask(&ada).await;
    assert_eq!((get(&app, &url, &[]).await.0, app.files("exports").len()), (200, 1));

    ada.ask("mutation($password: String!) { deleteAccount(password: $password) }", json!({ "password": PASSWORD }))
        .await;

    assert_eq!(get(&app, &url, &[]).await.0, 404);
    app.has_files("exports", 0).await;
    assert!(!app.finds("SELECT 1 FROM data_export").await);
}

#[tokio::test]
async fn what_may_still_be_written_is_deleted_after_that() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    get(&app, &ask(&ada).await, &[]).await;
    // As while its maker writes it.
    app.run_sql("UPDATE data_export SET byte_size = NULL").await;

    ada.ask("mutation($password: String!) { deleteAccount(password: $password) }", json!({ "password": PASSWORD }))
        .await;

    let late = app.clock.now().0 + 60_000;
    let listed = format!("SELECT 1 FROM image_deletion WHERE key LIKE 'exports/%' AND due_at > {late}");
    assert!(app.finds(&listed).await, "a deletion before the end of the write would be for nothing");
    app.clock.advance(Duration::from_secs(121));
    app.has_files("exports", 0).await;
}

#[tokio::test]
async fn what_its_maker_left_is_begun_anew_when_it_is_fetched() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    let url = ask(&ada).await;
    let (_, first, _) = get(&app, &url, &[]).await;
    // As a node leaves it that was killed, after the time for which it counts as living.
    app.run_sql("UPDATE data_export SET byte_size = NULL, building_until = 0").await;

    let (status, second, archive) = get(&app, &url, &[]).await;

    assert_eq!(status, 200);
    assert_ne!(first["etag"], second["etag"], "its bytes may be others");
    assert_eq!(lines(&files(&archive), "profile")[0]["id"], json!(ada.id));
}

#[tokio::test]
async fn what_somebody_asks_for_is_in_the_audit_log() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    ask(&ada).await;
    let id = crate::support::sql_id(&ada.id);
    let entry = format!(
        "SELECT 1 FROM audit_entry WHERE actor = 'user' AND action = 'user.exported' AND user_id = {id}
            AND subject_id = {id} AND address = '127.0.0.1'"
    );
    assert!(app.finds(&entry).await);
}
