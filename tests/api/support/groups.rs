//! Mutations of groups.

use serde_json::{Value, json};

use super::Person;

pub const RENAME: &str = "mutation($id: ID!, $title: String!) { updateConversation(id: $id, title: $title) {
    id title updatedAt } }";
pub const ADD: &str = "mutation($id: ID!, $people: [ID!]!) { addMembers(conversationId: $id, userIds: $people) {
    id memberCount } }";
pub const REMOVE: &str = "mutation($id: ID!, $person: ID!) { removeMember(conversationId: $id, userId: $person) {
    id memberCount } }";

impl Person {
    /// Renames a group; the group.
    pub async fn rename(&self, group: &str, title: &str) -> Value {
        self.ask(RENAME, json!({ "id": group, "title": title })).await["updateConversation"].take()
    }

    /// Adds people to a group; the group.
    pub async fn add(&self, group: &str, people: &[&Person]) -> Value {
        let people: Vec<&str> = people.iter().map(|person| person.id.as_str()).collect();
        self.ask(ADD, json!({ "id": group, "people": people })).await["addMembers"].take()
    }

    /// Removes a person from a group; the group, or null for oneself.
    pub async fn remove(&self, group: &str, person: &Person) -> Value {
        self.ask(REMOVE, json!({ "id": group, "person": person.id })).await["removeMember"].take()
    }

    /// The names of a group's members, oldest members first, the owner with an asterisk.
    pub async fn members(&self, group: &str) -> Vec<String> {
        let query = "query($id: ID!) { conversation(by: { conversationId: $id }) {
            memberCount members(first: 100) { nodes { role user { fullName } } } } }";
        let answer = self.ask(query, json!({ "id": group })).await;
        let members = answer["conversation"]["members"]["nodes"].as_array().unwrap_or_else(|| panic!("{answer}"));
        assert_eq!(answer["conversation"]["memberCount"], members.len());
        let name = |member: &Value| {
            let name = member["user"]["fullName"].as_str().expect("a name").to_owned();
            if member["role"] == "OWNER" { name + "*" } else { name }
        };
        members.iter().map(name).collect()
    }
}
