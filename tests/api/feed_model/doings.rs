//! Random concurrent actions in conversations.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::pictures::png;
use crate::support::{PASSWORD, Person, TestApp, soon, sql_id};

/// What may be answered to somebody who does random things: others were faster, it is not theirs to do, or a picture got no turn
/// in time on a busy machine.
const TO_BE_EXPECTED: [&str; 4] = ["NOT_FOUND", "FORBIDDEN", "BAD_USER_INPUT", "SERVICE_UNAVAILABLE"];

/// How often messages become old.
const AGES: usize = 12;

/// Times until which a conversation is muted: long over, and for all of the test.
const OVER: &str = "2001-01-01T00:00:00.000Z";
pub const FOR_LONG: &str = "2100-01-01T00:00:00.000Z";

/// People who know each other, and what they have made.
pub struct World {
    pub people: Vec<Person>,
    /// They write for a while, and leave for good.
    guests: Vec<Person>,
    groups: Mutex<Vec<String>>,
    messages: Mutex<Vec<Value>>,
}

impl World {
    /// So many groups, with some of the people in each.
    pub async fn make(people: Vec<Person>, guests: Vec<Person>, groups: usize) -> Self {
        let world = Self { people, guests, groups: Mutex::default(), messages: Mutex::default() };
        for number in 0..groups {
            let [owner, one, other] = [number, number + 1, number + 3].map(|n| &world.people[n % world.people.len()]);
            let guest = &world.guests[number % world.guests.len()];
            let group = owner.group(&format!("Group {number}"), &[one, other, guest]).await;
            lock(&world.groups).push(group);
        }
        world
    }

    /// Everybody does so many things, one after the other and all people at once.
    pub async fn live(&self, app: &TestApp, things: usize) {
        let people = join_all(self.people.iter().map(|person| self.live_as(app, person, things)));
        let guests = join_all(self.guests.iter().enumerate().map(|(number, guest)| async move {
            self.live_as(app, guest, things * (number + 1) / 5).await;
            let query = "mutation($password: String!) { deleteAccount(password: $password) }";
            guest.ask(query, json!({ "password": PASSWORD })).await;
        }));
        tokio::join!(people, guests);
    }

    /// Now and then the older messages of a group become so old that they are deleted.
    pub async fn age(&self, app: &TestApp) {
        for _ in 0..AGES {
            let group = sql_id(&pick(&lock(&self.groups)).expect("there are groups"));
            // Never the newest: when it was written is what the sidebar is sorted by.
            let some = below(30);
            app.run_sql(&format!(
                "UPDATE message SET created_at = created_at - 3000000000 WHERE conversation_id = {group}
                    AND seq < (SELECT last_seq FROM conversation WHERE id = {group}) - 5 - {some}"
            ))
            .await;
            app.clock.advance(Duration::from_secs(3600));
            let old = format!(
                "SELECT 1 FROM message m JOIN conversation c ON c.id = m.conversation_id
                  WHERE m.seq = c.first_seq AND m.created_at < {}",
                app.clock.now().0 - 2_500_000_000
            );
            soon(async { while app.finds(&old).await {} }).await;
        }
    }

    async fn live_as(&self, app: &TestApp, person: &Person, things: usize) {
        let mut reading = JoinSet::new();
        for _ in 0..things {
            self.do_something(app, person, &mut reading).await;
        }
        reading.join_all().await;
    }

    async fn do_something(&self, app: &TestApp, person: &Person, reading: &mut JoinSet<()>) {
        let group = pick(&lock(&self.groups)).expect("there are groups");
        let other = pick(&self.people).expect("there are people").id;
        match below(133) {
            0..30 => self.send(person, json!({ "conversationId": group })).await,
            30..40 => self.send(person, json!({ "userId": self.friend(person) })).await,
            40..52 => self.edit(person).await,
            52..58 => self.delete(person).await,
            58..70 => {
                // A mark that moves twice within a second is answered when the second is over: nobody waits here.
                let person = person.clone();
                reading.spawn(async move {
                    let variables = json!({ "in": { "conversationId": group }, "seq": below(40) });
                    let query = "mutation($in: ConversationRef!, $seq: Int!) {
                        markRead(conversation: $in, upToSeq: $seq) { id } }";
                    attempt(&person, query, variables).await;
                });
            }
            70..74 => {
                let name = format!("{} the {}th", person.name, below(100));
                let query = "mutation($name: String!) { updateProfile(input: { fullName: $name }) { id } }";
                attempt(person, query, json!({ "name": name })).await;
            }
            74..78 => {
                let title = format!("Title {}", below(100));
                let query = "mutation($id: ID!, $title: String!) { updateConversation(id: $id, title: $title) { id } }";
                attempt(person, query, json!({ "id": group, "title": title })).await;
            }
            78..80 => {
                let guest = pick(&self.guests).expect("there are guests").id;
                let query = match below(3) {
                    0 => "mutation($id: ID!) { blockUser(userId: $id) { id } }",
                    _ => "mutation($id: ID!) { unblockUser(userId: $id) { id } }",
                };
                // Mostly open again, so that there is something to see.
                let id = if below(2) == 0 { self.friend(person) } else { guest.as_str() };
                attempt(person, query, json!({ "id": id })).await;
            }
            80..89 => {
                let query = "mutation($id: ID!, $users: [ID!]!) {
                    addMembers(conversationId: $id, userIds: $users) { id } }";
                attempt(person, query, json!({ "id": group, "users": [other] })).await;
            }
            89..95 => remove(person, &group, &other).await,
            95..100 => remove(person, &group, &person.id).await,
            100..106 => self.pin(person).await,
            106..109 => {
                let role = ["OWNER", "ADMIN", "MEMBER"][below(3)];
                let query = "mutation($id: ID!, $user: ID!, $role: MemberRole!) {
                    setMemberRole(conversationId: $id, userId: $user, role: $role) { role } }";
                attempt(person, query, json!({ "id": group, "user": other, "role": role })).await;
            }
            109..111 => {
                let query = "mutation($id: ID!, $posting: Posting!, $data: JSON) {
                    updateConversation(id: $id, posting: $posting, metadata: $data) { id } }";
                // Mostly for everybody, as there would be little to see otherwise.
                let posting = if below(4) == 0 { "ADMINS" } else { "EVERYONE" };
                attempt(person, query, json!({ "id": group, "posting": posting, "data": { "n": below(9) } })).await;
            }
            111..118 => self.change_own_side(person, &group).await,
            118..121 => change_picture(app, person, &group).await,
            _ => self.react(person).await,
        }
    }

    async fn change_own_side(&self, person: &Person, group: &str) {
        let here = match below(2) {
            0 => json!({ "conversationId": group }),
            _ => json!({ "userId": self.friend(person) }),
        };
        let input = match below(5) {
            0 => {
                let level = ["ALL", "MENTIONS", "NONE"][below(3)];
                json!({ "notifications": level })
            }
            1 => {
                let time = [Some(OVER), Some(FOR_LONG), None][below(3)];
                json!({ "mutedUntil": time })
            }
            field => {
                let field = ["archived", "favorite", "markedUnread"][field - 2];
                json!({ field: below(2) == 0 })
            }
        };
        let query = "mutation($in: ConversationRef!, $input: UpdateMembershipInput!) {
            updateMembership(conversation: $in, input: $input) { id } }";
        attempt(person, query, json!({ "in": here, "input": input })).await;
    }

    /// The one person whom somebody writes to directly, and among these people the only one whom they block: others they
    /// may meet in groups only, and lose sight of.
    pub fn friend(&self, person: &Person) -> &str {
        let place = self.people.iter().position(|other| other.id == person.id);
        place.map_or(&self.people[0].id, |place| &self.people[place ^ 1].id)
    }

    async fn send(&self, person: &Person, to: Value) {
        let query = "mutation($input: SendMessageInput!) { sendMessage(input: $input) { id conversationId } }";
        let reply = pick(&lock(&self.messages))
            .filter(|message| below(3) == 0 && to["conversationId"] == message["conversationId"]);
        let mut input = json!({ "to": to, "text": format!("text {}", below(1_000_000)), "replyToId": reply.map(|to| to["id"].clone()) });
        match below(6) {
            0 => input["mentionIds"] = self.somebody(),
            1 => input["mentionEveryone"] = json!(true),
            2 => input["metadata"] = json!({ "number": below(10) }),
            _ => {}
        }
        let sent = attempt(person, query, json!({ "input": input })).await;
        if let Some(sent) = sent {
            lock(&self.messages).push(sent["sendMessage"].clone());
        }
    }

    async fn edit(&self, person: &Person) {
        let Some(message) = pick(&lock(&self.messages)) else { return };
        let query = "mutation($id: ID!, $text: String!, $people: [ID!]) {
            editMessage(id: $id, text: $text, mentionIds: $people) { id } }";
        let mut variables = json!({ "id": message["id"], "text": format!("edited {}", below(1_000_000)) });
        if below(2) == 0 {
            variables["people"] = self.somebody();
        }
        attempt(person, query, variables).await;
    }

    /// The ids of up to two people.
    fn somebody(&self) -> Value {
        (0..below(3)).filter_map(|_| pick(&self.people)).map(|person| person.id).collect()
    }

    async fn react(&self, person: &Person) {
        let Some(message) = pick(&lock(&self.messages)) else { return };
        let query = ["add", "add", "remove"][below(3)];
        let query = format!(
            "mutation($id: ID!, $emoji: String!) {{ {query}Reaction(messageId: $id, emoji: $emoji) {{ id }} }}"
        );
        let emoji = ["👍", "❤", "😀", ":party:"][below(4)];
        attempt(person, &query, json!({ "id": message["id"], "emoji": emoji })).await;
    }

    async fn pin(&self, person: &Person) {
        let Some(message) = pick(&lock(&self.messages)) else { return };
        let pin = if below(3) == 0 { "unpinMessage" } else { "pinMessage" };
        let query = format!("mutation($id: ID!) {{ {pin}(messageId: $id) {{ id }} }}");
        attempt(person, &query, json!({ "id": message["id"] })).await;
    }

    async fn delete(&self, person: &Person) {
        let Some(message) = pick(&lock(&self.messages)) else { return };
        let query = "mutation($id: ID!) { deleteMessage(id: $id) { id } }";
        attempt(person, query, json!({ "id": message["id"] })).await;
    }
}

/// Sets a picture of a group, or removes it.
async fn change_picture(app: &TestApp, person: &Person, group: &str) {
    let query = "mutation($id: ID!, $picture: ImageInput) { updateConversation(id: $id, picture: $picture) { id } }";
    if below(3) == 0 {
        attempt(person, query, json!({ "id": group, "picture": null })).await;
        return;
    }
    let variables = json!({ "id": group, "picture": { "file": null } });
    let answer = person.execute_with_file(app, query, variables, "variables.picture.file", &png(8, 8)).await;
    expected(query, answer);
}

async fn remove(person: &Person, group: &str, whom: &str) {
    let query = "mutation($id: ID!, $user: ID!) { removeMember(conversationId: $id, userId: $user) { id } }";
    attempt(person, query, json!({ "id": group, "user": whom })).await;
}

/// Does it, or is refused for a reason that is to be expected.
async fn attempt(person: &Person, query: &str, variables: Value) -> Option<Value> {
    expected(query, person.execute(query, variables).await)
}

/// The data of an answer; `None` if it was refused for a reason that is to be expected.
fn expected(query: &str, mut answer: Value) -> Option<Value> {
    if answer.get("errors").is_some() {
        let code = answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_default();
        assert!(TO_BE_EXPECTED.contains(&code), "{query}: {answer}");
        return None;
    }
    Some(answer["data"].take())
}

/// A random number below a bound.
pub fn below(bound: usize) -> usize {
    usize::try_from(getrandom::u32().expect("random numbers")).expect("32 bits") % bound
}

fn pick<T: Clone>(from: &[T]) -> Option<T> {
    (!from.is_empty()).then(|| from[below(from.len())].clone())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
