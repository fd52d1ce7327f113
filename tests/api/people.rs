//! Finding people, and what others see of them.

use serde_json::{Value, json};

use crate::support::{Person, TestApp};

const SEARCH: &str = "query($search: String, $first: Int, $after: String) {
    users(search: $search, first: $first, after: $after) {
        totalCount edges { cursor node { fullName } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

/// The names that a search finds.
async fn names(person: &Person, search: &str) -> Vec<String> {
    let found = person.ask(SEARCH, json!({ "search": search })).await;
    let names: Vec<String> = names_of(&found["users"]);
    assert_eq!(found["users"]["totalCount"], json!(names.len()));
    names
}

fn names_of(list: &Value) -> Vec<String> {
    let edges = list["edges"].as_array().expect("edges");
    edges.iter().map(|edge| edge["node"]["fullName"].as_str().expect("a name").to_owned()).collect()
}

#[tokio::test]
async fn only_a_valid_id_finds_a_person() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    let user = "query($id: ID!) { user(id: $id) { id fullName email online lastSeenAt deletedAt } }";
    let find = async |id: &str| ada.ask(user, json!({ "id": id })).await["user"].take();

    assert_eq!(
        find(&bob.id).await,
        json!({
            "id": bob.id, "fullName": "Bob", "email": null, "online": false, "lastSeenAt": null, "deletedAt": null
        })
    );
    for id in ["019bfc3e-0000-7000-8000-00000000000a", "", "1", "' OR 1=1 --"] {
        assert_eq!(find(id).await, Value::Null, "{id}");
    }
}

#[tokio::test]
async fn an_email_is_shown_to_its_owner_only() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let everywhere = "query($id: ID!) { me { email } user(id: $id) { email } users { nodes { email } }
        conversations { nodes { otherUser { email } lastMessage { sender { email } }
            members { nodes { user { email } } } } } }";

    let seen = bob.ask(everywhere, json!({ "id": ada.id })).await;

    assert_eq!(
        seen,
        json!({
            "me": { "email": "bob@example.com" },
            "user": { "email": null },
            "users": { "nodes": [{ "email": null }] },
            "conversations": { "nodes": [{
                "otherUser": { "email": null },
                "lastMessage": { "sender": { "email": null } },
                "members": { "nodes": [{ "user": { "email": null } }, { "user": { "email": "bob@example.com" } }] },
            }] },
        })
    );
}

#[tokio::test]
async fn an_email_is_not_in_events_to_others() {
    let app = TestApp::start().await;
    let (ada, bob) = app.direct("Ada", "Bob").await;
    let received = "subscription { events { ... on MessageAdded { message { sender { email } } } } }";
    let (mut at_ada, mut at_bob) = (ada.subscribe(received, json!({})).await, bob.subscribe(received, json!({})).await);
    for socket in [&mut at_ada, &mut at_bob] {
        assert_eq!(socket.next_event().await, json!({}), "caught up");
    }

    ada.send(&bob, "again").await;

    assert_eq!(at_ada.next_event().await, json!({ "message": { "sender": { "email": "ada@example.com" } } }));
    assert_eq!(at_bob.next_event().await, json!({ "message": { "sender": { "email": null } } }));
}

#[tokio::test]
async fn everyone_but_the_viewer_is_listed_by_name() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    for name in ["zoe", "Bob", "émile", "carl"] {
        app.user(name).await;
    }

    assert_eq!(names(&ada, "").await, ["Bob", "carl", "zoe", "émile"]);
}

#[tokio::test]
async fn a_search_finds_a_part_of_the_name_in_any_case() {
    let app = TestApp::start().await;
    let eve = app.user("Eve").await;
    for name in ["Ada Lovelace", "Émile Zola", "Karl Straße"] {
        app.user(name).await;
    }

    assert_eq!(names(&eve, "LOVE").await, ["Ada Lovelace"]);
    assert_eq!(names(&eve, "a l").await, ["Ada Lovelace"]);
    assert_eq!(names(&eve, "éMILE").await, ["Émile Zola"]);
    assert_eq!(names(&eve, "E\u{301}mile").await, ["Émile Zola"]);
    assert_eq!(names(&eve, "strasse").await, ["Karl Straße"]);
    assert_eq!(names(&eve, "L").await, ["Ada Lovelace", "Karl Straße", "Émile Zola"]);
    assert_eq!(names(&eve, "eve").await, [""; 0]);
}

#[tokio::test]
async fn people_are_found_without_accents_and_by_any_part_of_their_names() {
    let app = TestApp::start().await;
    let eve = app.user("Eve").await;
    let mut jose = None;
    for (number, name) in ["José", "Sinéad O’Connor", "Marie Curie", "Łukasz", "王小明"].into_iter().enumerate()
    {
        let input = json!({ "fullName": name, "email": format!("{number}@example.com"), "password": "a secret" });
        let sign_up = "mutation($input: SignupInput!) { signup(input: $input) { token user { id } } }";
        let signed_up = app.execute(None, sign_up, json!({ "input": input })).await;
        jose.get_or_insert(eve.with_token(&signed_up["data"]["signup"]["token"]));
    }

    for (search, found) in [
        ("jose", "José"),
        ("OConnor", "Sinéad O’Connor"),
        ("o'connor", "Sinéad O’Connor"),
        ("curie", "Marie Curie"),
        ("cur mar", "Marie Curie"),
        ("lukasz", "Łukasz"),
        ("小明", "王小明"),
    ] {
        assert_eq!(names(&eve, search).await, [found], "{search}");
    }
    assert_eq!(names(&eve, "").await, ["José", "Marie Curie", "Sinéad O’Connor", "Łukasz", "王小明"], "in their order");

    let jose = jose.expect("somebody");
    jose.ask("mutation { updateProfile(input: { fullName: \"Pepe\" }) { id } }", json!({})).await;
    assert_eq!(names(&eve, "jose").await, [""; 0]);
    assert_eq!(names(&eve, "pepe").await, ["Pepe"]);
    jose.ask("mutation { deleteAccount(password: \"a secret\") }", json!({})).await;
    assert_eq!(names(&eve, "pepe").await, [""; 0]);
    assert_eq!(names(&eve, "deleted").await, [""; 0]);
}

#[tokio::test]
async fn nothing_in_a_search_is_a_wildcard_or_a_command() {
    let app = TestApp::start().await;
    let eve = app.user("Eve").await;
    for (name, email) in [("100% Bob", "bob"), ("snake_case", "snake"), (r"back\slash", "back"), ("O'Hara", "hara")] {
        let input = json!({ "fullName": name, "email": format!("{email}@example.com"), "password": "correct horse" });
        let sign_up = "mutation($input: SignupInput!) { signup(input: $input) { token } }";
        app.execute(None, sign_up, json!({ "input": input })).await;
    }

    assert_eq!(names(&eve, "%").await, ["100% Bob"]);
    assert_eq!(names(&eve, "_").await, ["snake_case"]);
    assert_eq!(names(&eve, r"\").await, [r"back\slash"]);
    assert_eq!(names(&eve, "'").await, ["O'Hara"]);
    for nothing in ["1%B", "snake-case", "*", "?", "[a-z]", "' OR 1=1 --", "'; DROP TABLE user", "\""] {
        assert_eq!(names(&eve, nothing).await, [""; 0], "{nothing}");
    }
}

#[tokio::test]
async fn a_search_finds_an_email_only_by_exact_match() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.user("Ada").await, app.user("Eve").await);

    assert_eq!(names(&eve, "ada@example.com").await, ["Ada"]);
    assert_eq!(names(&eve, " ADA@Example.com ").await, ["Ada"]);
    for nothing in ["ada@example", "@example.com", "example", "%@example.com", "_da@example.com", "ada@example.com."] {
        assert_eq!(names(&eve, nothing).await, [""; 0], "{nothing}");
    }
    assert_eq!(names(&ada, "ada@example.com").await, [""; 0]);
}

#[tokio::test]
async fn paging_lists_everyone_once() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    app.crowd(5).await;
    // The same name again: they are sorted by id.
    for number in 0..2 {
        let input =
            json!({ "fullName": "guest 0003", "email": format!("{number}@example.com"), "password": "a secret" });
        let sign_up = "mutation($input: SignupInput!) { signup(input: $input) { token } }";
        app.execute(None, sign_up, json!({ "input": input })).await;
    }
    let mut pages = Vec::new();
    let mut after = Value::Null;

    for _ in 0..4 {
        let page = ada.ask(SEARCH, json!({ "first": 2, "after": after })).await["users"].take();
        let info = &page["pageInfo"];
        assert_eq!((&info["startCursor"], page["totalCount"].as_i64()), (&page["edges"][0]["cursor"], Some(7)));
        after = info["endCursor"].clone();
        pages.push(json!([names_of(&page), info["hasPreviousPage"], info["hasNextPage"]]));
    }

    assert_eq!(
        pages,
        [
            json!([["Guest 0001", "Guest 0002"], false, true]),
            json!([["Guest 0003", "guest 0003"], true, true]),
            json!([["guest 0003", "Guest 0004"], true, true]),
            json!([["Guest 0005"], true, false]),
        ]
    );
}

#[tokio::test]
async fn the_last_page_has_no_next_page() {
    let app = TestApp::start().await;
    let ada = app.user("Ada").await;
    app.crowd(2).await;
    let info = async |first: i32, after: &Value| {
        let page = ada.ask(SEARCH, json!({ "first": first, "after": after })).await["users"]["pageInfo"].take();
        (page["hasPreviousPage"] == true, page["hasNextPage"] == true, page["endCursor"].clone())
    };

    let (has_previous, has_next, end) = info(2, &Value::Null).await;

    assert_eq!((has_previous, has_next), (false, false));
    assert_eq!(info(2, &end).await, (true, false, Value::Null));
}

#[tokio::test]
async fn has_previous_page_is_exact() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
    app.user("Carl").await;
    let first = ada.ask(SEARCH, json!({ "first": 1 })).await["users"]["pageInfo"]["endCursor"].take();
    bob.ask("mutation { updateProfile(input: { fullName: \"Zoe\" }) { id } }", json!({})).await;

    let page = ada.ask(SEARCH, json!({ "first": 1, "after": first })).await["users"].take();

    assert_eq!(names_of(&page), ["Carl"]);
    assert_eq!((&page["pageInfo"]["hasPreviousPage"], &page["pageInfo"]["hasNextPage"]), (&json!(false), &json!(true)));
}

#[tokio::test]
async fn a_search_names_the_invalid_argument() {
    let app = TestApp::start().await;
    let (ada, _) = app.direct("Ada", "Bob").await;
    let sidebar = ada.ask("{ conversations { pageInfo { endCursor } } }", json!({})).await;
    let other_list = &sidebar["conversations"]["pageInfo"]["endCursor"];

    for (field, value) in [
        ("first", json!(0)),
        ("first", json!(-1)),
        ("first", json!(101)),
        ("first", json!(i32::MAX)),
        ("after", json!("")),
        ("after", json!("garbage")),
        ("after", json!("A".repeat(10_000))),
        ("after", other_list.clone()),
        ("search", json!("a\0")),
        ("search", json!("a".repeat(255))),
    ] {
        let refused = ada.refused(SEARCH, json!({ field: value })).await;
        assert_eq!(refused, format!("BAD_USER_INPUT at {field}"), "{value}");
    }
    ada.ask(SEARCH, json!({ "first": 100 })).await;
}
