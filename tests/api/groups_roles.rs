//! Roles: what owners, admins and members may do in a group.

use serde_json::{Value, json};

use crate::support::{ADD, Person, REMOVE, RENAME, SEND, TestApp};

const SET_ROLE: &str = "mutation($id: ID!, $person: ID!, $role: MemberRole!) {
    setMemberRole(conversationId: $id, userId: $person, role: $role) { role user { id } } }";
const POSTING: &str = "mutation($id: ID!, $posting: Posting!) { updateConversation(id: $id, posting: $posting) {
    posting } }";
const DELETE: &str = "mutation($id: ID!) { deleteMessage(id: $id) { deletedAt version } }";
const EDIT: &str = "mutation($id: ID!) { editMessage(id: $id, text: \"other\") { text } }";

/// Ada's group with Bob, an admin, and Carl and Dora, members.
struct Scene {
    app: TestApp,
    ada: Person,
    bob: Person,
    carl: Person,
    dora: Person,
    tea: String,
}

impl Scene {
    async fn set() -> Self {
        let app = TestApp::start().await;
        let (ada, bob) = (app.user("Ada").await, app.user("Bob").await);
        let (carl, dora) = (app.user("Carl").await, app.user("Dora").await);
        let tea = ada.group("Tea", &[&bob, &carl, &dora]).await;
        let scene = Self { app, ada, bob, carl, dora, tea };
        scene.set_role(&scene.ada, &scene.bob, "ADMIN").await;
        scene
    }

    async fn set_role(&self, by: &Person, person: &Person, role: &str) -> Value {
        by.ask(SET_ROLE, self.role(person, role)).await["setMemberRole"].take()
    }

    fn role(&self, person: &Person, role: &str) -> Value {
        json!({ "id": self.tea, "person": person.id, "role": role })
    }

    /// The names and roles of the members.
    async fn roles(&self) -> Value {
        let query = "query($id: ID!) { conversation(by: { conversationId: $id }) {
            members { nodes { role user { fullName } } } } }";
        let seen = self.dora.ask(query, json!({ "id": self.tea })).await;
        let members = seen["conversation"]["members"]["nodes"].as_array().expect("members").clone();
        members.iter().map(|member| json!([member["user"]["fullName"], member["role"]])).collect()
    }

    async fn can(&self, person: &Person) -> Value {
        let query = "query($id: ID!) { conversation(by: { conversationId: $id }) { viewerCan own { role } } }";
        person.ask(query, json!({ "id": self.tea })).await["conversation"]["viewerCan"].take()
    }
}

#[tokio::test]
async fn a_client_sees_what_it_may_do() {
    let scene = Scene::set().await;

    let of_admins = json!([
        "SEND",
        "REACT",
        "MENTION_EVERYONE",
        "PIN",
        "UPDATE",
        "ADD_MEMBERS",
        "REMOVE_MEMBERS",
        "DELETE_OTHERS_MESSAGES"
    ]);
    assert_eq!(scene.can(&scene.ada).await.as_array().map(Vec::len), Some(9));
    assert_eq!(scene.can(&scene.bob).await, of_admins);
    assert_eq!(scene.can(&scene.carl).await, json!(["SEND", "REACT", "MENTION_EVERYONE", "ADD_MEMBERS"]));

    scene.ada.ask(POSTING, json!({ "id": scene.tea, "posting": "ADMINS" })).await;
    assert_eq!(scene.can(&scene.carl).await, json!(["REACT", "ADD_MEMBERS"]));
    assert_eq!(scene.can(&scene.bob).await, of_admins);
    scene.ada.ask(POSTING, json!({ "id": scene.tea, "posting": "EVERYONE" })).await;

    // Where more than 20 are, members do not call everybody.
    let crowd = scene.app.crowd(17).await;
    scene.ada.ask(ADD, json!({ "id": scene.tea, "people": crowd })).await;
    assert_eq!(scene.can(&scene.carl).await, json!(["SEND", "REACT", "ADD_MEMBERS"]));
    assert_eq!(scene.can(&scene.bob).await, of_admins);

    let direct = scene.ada.send(&scene.bob, "hello").await["conversationId"].clone();
    let query = "query($id: ID!) { conversation(by: { conversationId: $id }) { viewerCan posting picture { id } } }";
    let seen = scene.bob.ask(query, json!({ "id": direct })).await;
    let expected =
        json!({ "viewerCan": ["SEND", "REACT", "MENTION_EVERYONE", "PIN"], "posting": "EVERYONE", "picture": null });
    assert_eq!(seen["conversation"], expected);
}

#[tokio::test]
async fn only_the_owner_gives_roles() {
    let scene = Scene::set().await;
    let eve = scene.app.user("Eve").await;

    for person in [&scene.bob, &scene.carl] {
        assert_eq!(person.refused(SET_ROLE, scene.role(&scene.dora, "ADMIN")).await, "FORBIDDEN");
    }
    assert_eq!(eve.refused(SET_ROLE, scene.role(&scene.dora, "ADMIN")).await, "NOT_FOUND");
    assert_eq!(scene.ada.refused(SET_ROLE, scene.role(&eve, "ADMIN")).await, "NOT_FOUND");
    // Without an owner there would be nobody to give roles.
    assert_eq!(scene.ada.refused(SET_ROLE, scene.role(&scene.ada, "ADMIN")).await, "FORBIDDEN");
    let direct = scene.ada.send(&scene.bob, "hello").await["conversationId"].clone();
    let in_direct = json!({ "id": direct, "person": scene.bob.id, "role": "ADMIN" });
    assert_eq!(scene.ada.refused(SET_ROLE, in_direct).await, "NOT_FOUND");

    let changed = scene.set_role(&scene.ada, &scene.carl, "ADMIN").await;
    assert_eq!(changed, json!({ "role": "ADMIN", "user": { "id": scene.carl.id } }));
    let mut at_dora = scene.dora.follow().await;
    assert_eq!(scene.set_role(&scene.ada, &scene.carl, "ADMIN").await["role"], "ADMIN");
    at_dora.stays_silent().await;
    scene.set_role(&scene.ada, &scene.carl, "MEMBER").await;
    assert_eq!(at_dora.next_event().await["change"], "UPDATED");
    assert_eq!(
        scene.roles().await,
        json!([["Ada", "OWNER"], ["Bob", "ADMIN"], ["Carl", "MEMBER"], ["Dora", "MEMBER"]])
    );
}

#[tokio::test]
async fn an_owner_who_hands_over_becomes_an_admin() {
    let scene = Scene::set().await;

    scene.set_role(&scene.ada, &scene.carl, "OWNER").await;

    assert_eq!(scene.roles().await, json!([["Ada", "ADMIN"], ["Bob", "ADMIN"], ["Carl", "OWNER"], ["Dora", "MEMBER"]]));
    assert_eq!(scene.ada.refused(SET_ROLE, scene.role(&scene.dora, "ADMIN")).await, "FORBIDDEN");
    scene.set_role(&scene.carl, &scene.ada, "MEMBER").await;
}

#[tokio::test]
async fn admins_change_the_group_and_remove_members_only() {
    let scene = Scene::set().await;
    let Scene { ada, bob, carl, dora, tea, .. } = &scene;
    let person = |person: &Person| json!({ "id": tea, "person": person.id });

    assert_eq!(bob.rename(tea, "Coffee").await["title"], "Coffee");
    assert_eq!(carl.refused(RENAME, json!({ "id": tea, "title": "Mine" })).await, "FORBIDDEN");
    assert_eq!(carl.refused(POSTING, json!({ "id": tea, "posting": "ADMINS" })).await, "FORBIDDEN");
    scene.set_role(ada, dora, "ADMIN").await;
    for above in [ada, dora] {
        assert_eq!(bob.refused(REMOVE, person(above)).await, "FORBIDDEN");
        assert_eq!(carl.refused(REMOVE, person(above)).await, "FORBIDDEN");
    }
    bob.remove(tea, carl).await;
    ada.remove(tea, dora).await;

    assert_eq!(ada.members(tea).await, ["Ada*", "Bob"]);
}

#[tokio::test]
async fn an_admin_succeeds_an_owner_who_leaves_or_is_erased() {
    for is_erased in [false, true] {
        let scene = Scene::set().await;
        // The youngest of all, so that it is not age that decides.
        scene.set_role(&scene.ada, &scene.bob, "MEMBER").await;
        scene.set_role(&scene.ada, &scene.dora, "ADMIN").await;

        if is_erased {
            let erase = "mutation($password: String!) { deleteAccount(password: $password) }";
            scene.ada.ask(erase, json!({ "password": crate::support::PASSWORD })).await;
        } else {
            scene.ada.remove(&scene.tea, &scene.ada).await;
        }

        assert_eq!(scene.roles().await, json!([["Bob", "MEMBER"], ["Carl", "MEMBER"], ["Dora", "OWNER"]]));
    }
}

#[tokio::test]
async fn where_only_admins_write_members_read() {
    let scene = Scene::set().await;
    let Scene { ada, bob, carl, tea, .. } = &scene;
    let before = carl.send_to(tea, "hello").await;
    let again = json!({ "input": { "id": before["id"], "to": { "conversationId": tea }, "text": "hello" } });
    let input = json!({ "input": { "to": { "conversationId": tea }, "text": "hello" } });

    let changed = bob.ask(POSTING, json!({ "id": tea, "posting": "ADMINS" })).await;

    assert_eq!(changed["updateConversation"]["posting"], "ADMINS");
    assert_eq!(carl.refused(SEND, input.clone()).await, "FORBIDDEN");
    assert_eq!(carl.refused(EDIT, json!({ "id": before["id"] })).await, "FORBIDDEN");
    let typing = "mutation($id: ID!) { setTyping(conversation: { conversationId: $id }) }";
    assert_eq!(carl.refused(typing, json!({ "id": tea })).await, "FORBIDDEN");
    // A retry of what was sent is still answered with it.
    assert_eq!(carl.ask(SEND, again).await["sendMessage"]["id"], before["id"]);
    ada.send_to(tea, "news").await;
    bob.send_to(tea, "more news").await;
    assert!(carl.ask(DELETE, json!({ "id": before["id"] })).await["deleteMessage"]["deletedAt"].is_string());
    bob.ask(POSTING, json!({ "id": tea, "posting": "EVERYONE" })).await;
    carl.ask(SEND, input).await;
}

#[tokio::test]
async fn the_owner_and_admins_delete_what_others_wrote() {
    let scene = Scene::set().await;
    let Scene { ada, bob, carl, dora, tea, .. } = &scene;
    let (one, two) = (carl.send_to(tea, "one").await, ada.send_to(tea, "two").await);
    let mut at_dora = dora.follow().await;

    assert_eq!(dora.refused(DELETE, json!({ "id": one["id"] })).await, "FORBIDDEN");
    for (person, message) in [(bob, &one), (bob, &two)] {
        let deleted = person.ask(DELETE, json!({ "id": message["id"] })).await;
        assert_eq!(deleted["deleteMessage"]["version"], 2);
        let received = at_dora.next_event().await;
        assert_eq!((&received["__typename"], &received["message"]["text"]), (&json!("MessageChanged"), &json!(null)));
    }
    // What one may delete, one may not edit.
    let three = carl.send_to(tea, "three").await;
    assert_eq!(ada.refused(EDIT, json!({ "id": three["id"] })).await, "FORBIDDEN");
    let direct = carl.send(dora, "hello").await;
    assert_eq!(dora.refused(DELETE, json!({ "id": direct["id"] })).await, "FORBIDDEN");
}
