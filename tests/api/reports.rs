//! Reporting, and what moderators see and do.

use std::time::Duration;

use parlour::audit::{self, AuditFilter, Operator};
use parlour::entity::server_role::StaffRole;
use parlour::id::{ConversationId, MessageId, ReportId, UserId};
use serde_json::{Value, json};

use crate::support::pictures::png;
use crate::support::{PASSWORD, Person, SEND, TestApp, soon};

const REPORT: &str = "mutation($target: ReportTarget!, $comment: String) {
    report(input: { target: $target, reason: HARASSMENT, comment: $comment }) }";
const REPORTS: &str = "query($open: Boolean! = true, $first: Int, $after: String) {
    reports(open: $open, first: $first, after: $after) { nodes {
        id reporter { fullName } reason comment user { fullName } text image { url } sentAt messageId conversationId
        conversationTitle resolvedAt resolvedBy { fullName } action note } pageInfo { hasNextPage endCursor } } }";
const RESOLVE: &str = "mutation($id: ID!, $action: ReportAction!, $note: String) {
    resolveReport(id: $id, action: $action, note: $note) { id action note resolvedBy { fullName } } }";
const ROLES: &str = "{ serverRoles }";

/// Makes somebody a moderator.
async fn appoint(app: &TestApp, person: &Person) {
    let id = UserId::parse(&person.id).expect("an id");
    app.command(async |program| {
        program.accounts.grant_for_operator(&Operator::default(), id, StaffRole::Moderator).await.expect("a role");
    })
    .await;
}

/// Ada and Bob, who share a group, and Mo, who moderates and is in nothing.
async fn scene() -> (TestApp, Person, Person, Person, String) {
    let app = TestApp::start().await;
    let (ada, bob, mo) = (app.user("Ada").await, app.user("Bob").await, app.user("Mo").await);
    appoint(&app, &mo).await;
    let group = bob.group("Tea", &[&ada]).await;
    (app, ada, bob, mo, group)
}

async fn report(person: &Person, target: Value) {
    assert_eq!(person.ask(REPORT, json!({ "target": target })).await["report"], true);
}

async fn listed(mo: &Person, open: bool) -> Vec<Value> {
    let list = mo.ask(REPORTS, json!({ "open": open })).await;
    list["reports"]["nodes"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn a_message_is_kept_as_it_was_through_edit_deletion_and_erasure() {
    let (app, ada, bob, mo, group) = scene().await;
    let sent = bob.send_to(&group, "something bad").await;
    ada.ask(REPORT, json!({ "target": { "messageId": sent["id"] }, "comment": " it hurts " })).await;
    bob.ask("mutation($id: ID!) { editMessage(id: $id, text: \"nothing\") { id } }", json!({ "id": sent["id"] })).await;
    bob.ask("mutation($id: ID!) { deleteMessage(id: $id) { id } }", json!({ "id": sent["id"] })).await;
    bob.ask("mutation($p: String!) { deleteAccount(password: $p) }", json!({ "p": PASSWORD })).await;

    let mut reports = listed(&mo, true).await;

    assert_eq!(reports.len(), 1);
    let mut kept = reports.remove(0);
    assert!(ReportId::parse(kept["id"].take().as_str().expect("an id")).is_some());
    assert!(kept["sentAt"].take().is_string());
    assert_eq!(
        kept,
        json!({
            "id": null, "reporter": { "fullName": "Ada" }, "reason": "HARASSMENT", "comment": "it hurts",
            "user": { "fullName": "Deleted user" }, "text": "something bad", "image": null, "sentAt": null,
            "messageId": sent["id"], "conversationId": group, "conversationTitle": "Tea", "resolvedAt": null,
            "resolvedBy": null, "action": null, "note": null
        })
    );
    drop(app);
}

#[tokio::test]
async fn an_image_is_kept_until_90_days_after_the_report_was_closed() {
    let (app, ada, bob, mo, group) = scene().await;
    let input = json!({ "to": { "conversationId": group } });
    let sent = bob.try_send_image(&app, input, &png(40, 30)).await["data"]["sendMessage"].take();
    report(&ada, json!({ "messageId": sent["id"] })).await;
    bob.ask("mutation($id: ID!) { deleteMessage(id: $id) { id } }", json!({ "id": sent["id"] })).await;

    let reports = listed(&mo, true).await;
    let url = reports[0]["image"]["url"].as_str().expect("a URL").to_owned();
    assert!(app.http().get(&url).send().await.expect("an answer").status().is_success());

    mo.ask(RESOLVE, json!({ "id": reports[0]["id"], "action": "DISMISS" })).await;
    app.clock.advance(Duration::from_secs(91 * 24 * 3600));
    let mo = mo.another_device(&app).await;
    soon(async {
        while !listed(&mo, false).await.is_empty() {
            app.clock.advance(Duration::from_secs(3600));
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn people_and_conversations_are_reported_too() {
    let (app, ada, bob, mo, group) = scene().await;
    report(&ada, json!({ "userId": bob.id })).await;
    report(&ada, json!({ "conversationId": group })).await;
    bob.ask("mutation { updateProfile(input: { fullName: \"Robert\" }) { id } }", json!({})).await;
    bob.rename(&group, "Coffee").await;

    let reports = listed(&mo, true).await;

    assert_eq!((&reports[0]["text"], &reports[0]["user"]["fullName"]), (&json!("Bob"), &json!("Robert")));
    assert_eq!((&reports[0]["conversationId"], &reports[0]["messageId"]), (&Value::Null, &Value::Null));
    assert_eq!((&reports[1]["conversationTitle"], &reports[1]["user"]), (&json!("Tea"), &Value::Null));
    drop(app);
}

#[tokio::test]
async fn what_the_reporter_may_not_see_is_not_found() {
    let (app, ada, bob, _, group) = scene().await;
    let eve = app.user("Eve").await;
    let sent = bob.send_to(&group, "hi").await;
    let gone = bob.send_to(&group, "bye").await;
    bob.ask("mutation($id: ID!) { deleteMessage(id: $id) { id } }", json!({ "id": gone["id"] })).await;

    for (person, target) in [
        (&eve, json!({ "messageId": sent["id"] })),
        (&eve, json!({ "messageId": MessageId::new().to_string() })),
        (&eve, json!({ "conversationId": group })),
        (&eve, json!({ "conversationId": ConversationId::new().to_string() })),
        (&eve, json!({ "userId": UserId::new().to_string() })),
        (&eve, json!({ "userId": "junk" })),
        (&ada, json!({ "messageId": gone["id"] })),
    ] {
        assert_eq!(person.fails(REPORT, json!({ "target": target })).await, "NOT_FOUND", "{target}");
    }
    let own = json!({ "target": { "userId": ada.id } });
    assert_eq!(ada.refused(REPORT, own).await, "BAD_USER_INPUT at input.target.userId");
    for (comment, code) in
        [("a".repeat(1_001), "BAD_USER_INPUT at input.comment"), ("\0".into(), "BAD_USER_INPUT at input.comment")]
    {
        let target = json!({ "target": { "messageId": sent["id"] }, "comment": comment });
        assert_eq!(ada.refused(REPORT, target).await, code);
    }
    ada.ask(REPORT, json!({ "target": { "messageId": sent["id"] }, "comment": "a".repeat(1_000) })).await;
}

#[tokio::test]
async fn twenty_reports_a_day() {
    let app = TestApp::limited().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    for _ in 0..20 {
        report(&ada, json!({ "userId": bob.id })).await;
    }
    let one_more = json!({ "target": { "userId": bob.id } });
    assert_eq!(ada.fails(REPORT, one_more.clone()).await, "RATE_LIMITED");
    report(&bob, json!({ "userId": ada.id })).await;
    app.clock.advance(Duration::from_secs(24 * 3600 + 1));
    ada.another_device(&app).await.ask(REPORT, one_more).await;
}

#[tokio::test]
async fn only_moderators_read_and_close_reports_and_see_nothing_of_the_room() {
    let (app, ada, bob, mo, group) = scene().await;
    let sent = bob.send_to(&group, "something bad").await;
    report(&ada, json!({ "messageId": sent["id"] })).await;
    assert_eq!(mo.ask(ROLES, json!({})).await["serverRoles"], json!(["MODERATOR"]));
    assert_eq!(ada.ask(ROLES, json!({})).await["serverRoles"], json!([]));
    let id = listed(&mo, true).await[0]["id"].clone();

    for person in [&ada, &bob] {
        assert_eq!(person.fails(REPORTS, json!({})).await, "FORBIDDEN");
        for id in [id.clone(), json!(ReportId::new().to_string())] {
            assert_eq!(person.fails(RESOLVE, json!({ "id": id, "action": "DISMISS" })).await, "FORBIDDEN");
        }
    }
    for document in ["query($id: ID!) { message(id: $id) { id } }", "query($id: ID!) { node(id: $id) { id } }"] {
        let seen = mo.ask(document, json!({ "id": sent["id"] })).await;
        assert!(seen.as_object().expect("an object").values().all(Value::is_null), "{seen}");
    }
    let unknown = json!({ "id": ReportId::new().to_string(), "action": "DISMISS" });
    assert_eq!(mo.fails(RESOLVE, unknown).await, "NOT_FOUND");
    assert_eq!(mo.fails(RESOLVE, json!({ "id": "junk", "action": "DISMISS" })).await, "NOT_FOUND");

    let user = UserId::parse(&mo.id).expect("an id");
    app.command(async |program| {
        program.accounts.revoke_for_operator(&Operator::default(), user, StaffRole::Moderator).await.expect("it goes")
    })
    .await;
    assert_eq!(mo.fails(REPORTS, json!({})).await, "FORBIDDEN");
}

#[tokio::test]
async fn a_moderator_deletes_what_was_reported_and_it_is_in_the_audit_log() {
    let (app, ada, bob, mo, group) = scene().await;
    let sent = bob.send_to(&group, "something bad").await;
    report(&ada, json!({ "messageId": sent["id"] })).await;
    let mut at_ada = ada.follow().await;
    let id = listed(&mo, true).await[0]["id"].clone();
    let resolve = json!({ "id": id, "action": "DELETE_MESSAGE", "note": "rude" });

    let closed = mo.ask(RESOLVE, resolve.clone()).await["resolveReport"].take();

    let expected = json!({ "id": id, "action": "DELETE_MESSAGE", "note": "rude", "resolvedBy": { "fullName": "Mo" } });
    assert_eq!(closed, expected);
    let changed = at_ada.next_data("1").await["events"].take();
    assert_eq!((&changed["message"]["id"], &changed["message"]["text"]), (&sent["id"], &Value::Null));
    assert_eq!(mo.ask(RESOLVE, resolve).await["resolveReport"], expected, "again is no change");
    let other = json!({ "id": id, "action": "DISMISS" });
    assert_eq!(mo.refused(RESOLVE, other).await, "BAD_USER_INPUT at action");
    assert!(listed(&mo, true).await.is_empty());
    assert_eq!(listed(&mo, false).await[0]["text"], "something bad");

    let log = app
        .command(async |program| {
            audit::newest(&program.app.db.reader, &AuditFilter::default(), 100).await.expect("the log")
        })
        .await;
    let done: Vec<(&str, String)> = log
        .iter()
        .filter(|entry| entry.user_id.is_some_and(|user| user.to_string() == mo.id) && entry.address.is_some())
        .map(|entry| (entry.action.as_str(), entry.subject_id.to_string()))
        .collect();
    let subject = |id: &Value| id.as_str().expect("an id").to_owned();
    assert_eq!(done, [("report.resolved", subject(&id)), ("message.deleted", subject(&sent["id"]))]);
}

#[tokio::test]
async fn a_moderator_suspends_a_person_and_no_other_moderator() {
    let (app, ada, bob, mo, _) = scene().await;
    let max = app.user("Max").await;
    appoint(&app, &max).await;
    for person in [&bob, &max] {
        report(&ada, json!({ "userId": person.id })).await;
    }
    let mut at_bob = bob.socket().await;
    let reports = listed(&mo, true).await;

    let delete = json!({ "id": reports[0]["id"], "action": "DELETE_MESSAGE" });
    assert_eq!(mo.refused(RESOLVE, delete).await, "BAD_USER_INPUT at action");
    mo.ask(RESOLVE, json!({ "id": reports[0]["id"], "action": "SUSPEND_USER" })).await;
    let other = json!({ "id": reports[1]["id"], "action": "SUSPEND_USER" });
    assert_eq!(mo.fails(RESOLVE, other).await, "FORBIDDEN");

    assert_eq!(at_bob.closed().await.code, 4401);
    assert_eq!(
        bob.fails(SEND, json!({ "input": { "to": { "userId": ada.id }, "text": "hi" } })).await,
        "UNAUTHENTICATED"
    );
    let log_in = "mutation($input: LoginInput!) { login(input: $input) { token } }";
    let input = json!({ "input": { "email": bob.email, "password": PASSWORD } });
    let refused = app.execute(None, log_in, input).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "INVALID_CREDENTIALS");
}

#[tokio::test]
async fn nobody_sees_or_closes_a_report_about_themself() {
    let (app, ada, bob, mo, group) = scene().await;
    let max = app.user("Max").await;
    appoint(&app, &max).await;
    bob.add(&group, &[&mo]).await;
    let sent = mo.send_to(&group, "something bad").await;
    report(&ada, json!({ "messageId": sent["id"] })).await;
    report(&ada, json!({ "userId": mo.id })).await;
    report(&ada, json!({ "conversationId": group })).await;

    let (for_mo, for_max) = (listed(&mo, true).await, listed(&max, true).await);
    assert_eq!((for_mo.len(), &for_mo[0]["user"], for_max.len()), (1, &Value::Null, 3));
    for id in [&for_max[0]["id"], &for_max[1]["id"]] {
        for action in ["DISMISS", "DELETE_MESSAGE"] {
            assert_eq!(mo.fails(RESOLVE, json!({ "id": id, "action": action })).await, "NOT_FOUND");
        }
        max.ask(RESOLVE, json!({ "id": id, "action": "DISMISS" })).await;
        // Nor is it shown once it is closed.
        assert_eq!(mo.fails(RESOLVE, json!({ "id": id, "action": "DISMISS" })).await, "NOT_FOUND");
    }
    assert!(listed(&mo, false).await.is_empty());
    assert_eq!(listed(&max, false).await.len(), 2);
    mo.ask(RESOLVE, json!({ "id": for_mo[0]["id"], "action": "DISMISS" })).await;
}

#[tokio::test]
async fn reports_come_in_pages_the_oldest_first() {
    let (_app, ada, bob, mo, group) = scene().await;
    for number in 0..3 {
        let sent = bob.send_to(&group, &format!("text {number}")).await;
        report(&ada, json!({ "messageId": sent["id"] })).await;
    }
    let page = mo.ask(REPORTS, json!({ "first": 2 })).await["reports"].take();
    assert_eq!((&page["nodes"][0]["text"], &page["pageInfo"]["hasNextPage"]), (&json!("text 0"), &json!(true)));
    let next = mo.ask(REPORTS, json!({ "first": 2, "after": page["pageInfo"]["endCursor"] })).await["reports"].take();
    assert_eq!((&next["nodes"][0]["text"], &next["pageInfo"]["hasNextPage"]), (&json!("text 2"), &json!(false)));
    assert_eq!(mo.refused(REPORTS, json!({ "first": 101 })).await, "BAD_USER_INPUT at first");
    assert_eq!(mo.refused(REPORTS, json!({ "after": "junk" })).await, "BAD_USER_INPUT at after");
}
