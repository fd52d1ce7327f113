//! A client that reads one snapshot and from then on stays up to date by events alone.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::documents::{EVENT, SELECTIONS};
use super::known::{Known, list, number, text, without_trimmed_quote};
use crate::support::{Person, Socket};

/// Somebody's client.
pub struct Client {
    pub person: Person,
    pub cursor: String,
    /// The newest text that came.
    pub received: String,
    known: BTreeMap<String, Known>,
    /// Conversations that one was added to and had left again when that event was emitted: their REMOVED is still to come.
    passing: BTreeSet<String>,
    /// Names of people, and whether they were erased.
    people: BTreeMap<String, (Value, bool)>,
    /// Whom one has blocked.
    blocked: BTreeSet<String>,
}

impl Client {
    /// Looks at everything once. What happens in between is known twice then, which has to do no harm.
    pub async fn new(person: &Person) -> Self {
        let mut client = Self {
            person: person.clone(),
            cursor: person.feed_cursor().await,
            received: String::new(),
            known: BTreeMap::new(),
            passing: BTreeSet::new(),
            people: BTreeMap::new(),
            blocked: BTreeSet::new(),
        };
        let blocked = person.ask("{ blockedUsers(first: 100) { nodes { id } } }", json!({})).await;
        client.blocked = list(&blocked["blockedUsers"]["nodes"]).iter().map(|user| text(&user["id"])).collect();
        for conversation in everything(person).await {
            client.learn(&conversation);
        }
        client
    }

    /// A socket that brings what happens from here on.
    pub async fn follow(&self) -> Socket {
        let query = format!("subscription($after: String) {{ events(after: $after) {{ {EVENT} }} }} {SELECTIONS}");
        self.person.subscribe(&query, json!({ "after": self.cursor })).await
    }

    /// Takes a page of what has happened, without a socket; whether there is more.
    pub async fn take_page(&mut self) -> bool {
        let query = format!(
            "query($after: String!) {{ events(after: $after, first: 2) {{ cursor hasMore events {{ {EVENT} }} }} }} {SELECTIONS}"
        );
        let page = self.person.ask(&query, json!({ "after": self.cursor })).await["events"].take();
        for event in page["events"].as_array().expect("a list") {
            self.take(event);
        }
        self.cursor = text(&page["cursor"]);
        page["hasMore"] == true
    }

    /// Takes an event in.
    pub fn take(&mut self, event: &Value) {
        self.cursor = text(&event["cursor"]);
        match event["__typename"].as_str().expect("a type") {
            "MessageAdded" | "MessageChanged" | "ReactionsChanged" | "PinsChanged"
                if self.passes_by(&event["message"]["conversationId"]) => {}
            "MessageAdded" => {
                self.added(&event["message"]);
                self.received = event["message"]["text"].as_str().unwrap_or_default().to_owned();
            }
            "MessageChanged" => self.changed(&event["message"]),
            "ReactionsChanged" => {
                list(&event["changes"]).iter().for_each(|change| self.meet(&change["user"]));
                self.changed(&event["message"]);
            }
            "PinsChanged" => self.changed_in(&event["message"], "pinnedAt"),
            "MembershipChanged" => {
                if let Some(known) = self.known.get_mut(&text(&event["conversation"]["id"])) {
                    known.own = event["conversation"]["own"].clone();
                }
            }
            "ReadMarkMoved" => {
                self.meet(&event["user"]);
                let (reader, seq) = (text(&event["user"]["id"]), number(&event["lastReadSeq"]));
                self.reads(&text(&event["conversationId"]), &reader, seq);
            }
            "ConversationChanged" => match event["change"].as_str().expect("a change") {
                "REMOVED" => {
                    self.known.remove(&text(&event["conversationId"]));
                    self.passing.remove(&text(&event["conversationId"]));
                }
                "ADDED" if event["conversation"].is_null() => {
                    self.passing.insert(text(&event["conversationId"]));
                }
                _ if event["conversation"].is_null() => {}
                "ADDED" => self.learn(&event["conversation"]),
                _ if self.passes_by(&event["conversationId"]) => {}
                _ => self.learn_members(&event["conversation"]),
            },
            "UserChanged" => self.meet(&event["user"]),
            "BlockChanged" => {
                let user = text(&event["user"]["id"]);
                if event["blocked"] == true {
                    self.blocked.insert(user)
                } else {
                    self.blocked.remove(&user)
                };
            }
            "HistoryTrimmed" => {
                if let Some(known) = self.known.get_mut(&text(&event["conversationId"])) {
                    known.trim(number(&event["beforeSeq"]));
                }
            }
            "CaughtUp" => {}
            other => panic!("{other}: {event}"),
        }
    }

    fn passes_by(&self, conversation: &Value) -> bool {
        self.passing.contains(&text(conversation))
    }

    fn meet(&mut self, user: &Value) {
        let erased = !user["deletedAt"].is_null();
        let person = self.people.entry(text(&user["id"])).or_default();
        *person = (user["fullName"].clone(), erased || person.1);
    }

    fn learn(&mut self, conversation: &Value) {
        self.passing.remove(&text(&conversation["id"]));
        let known = self.known.entry(text(&conversation["id"])).or_default();
        known.kind = conversation["kind"].clone();
        known.other = conversation["otherUser"]["id"].clone();
        known.last_seq = known.last_seq.max(number(&conversation["lastSeq"]));
        known.trim(number(&conversation["firstSeq"]));
        known.last_read_seq = known.last_read_seq.max(number(&conversation["lastReadSeq"]));
        let active_at = conversation["lastMessage"]["createdAt"].as_str();
        known.active_at = active_at.map_or_else(|| text(&conversation["createdAt"]), str::to_owned);
        if !conversation["otherUser"].is_null() {
            self.meet(&conversation["otherUser"]);
        }
        for message in list(&conversation["messages"]["nodes"]) {
            self.changed(message);
        }
        self.learn_members(conversation);
    }

    fn learn_members(&mut self, conversation: &Value) {
        let members = list(&conversation["members"]["nodes"]);
        members.iter().for_each(|member| self.meet(&member["user"]));
        let known = self.known.get_mut(&text(&conversation["id"]));
        let known = known.unwrap_or_else(|| panic!("UPDATED before ADDED: {conversation}"));
        known.title = conversation["title"].clone();
        known.posting = conversation["posting"].clone();
        known.picture = conversation["picture"].clone();
        known.metadata = conversation["metadata"].clone();
        known.own = conversation["own"].clone();
        known.member_count = number(&conversation["memberCount"]);
        let before = std::mem::take(&mut known.members);
        known.members = members
            .iter()
            .map(|member| {
                let id = text(&member["user"]["id"]);
                let mark = before.get(&id).map_or(0, |(_, mark)| *mark).max(number(&member["lastReadSeq"]));
                (id, (member["role"].clone(), mark))
            })
            .collect();
    }

    fn added(&mut self, message: &Value) {
        let (id, seq) = (text(&message["conversationId"]), number(&message["seq"]));
        let known = self.known.get_mut(&id).unwrap_or_else(|| panic!("a message before ADDED: {message}"));
        assert!(seq <= known.last_seq + 1, "a hole before {seq}, {} was the last", known.last_seq);
        if seq > known.last_seq {
            known.last_seq = seq;
            known.active_at = text(&message["createdAt"]);
            // What is archived comes back by itself.
            if known.kind == "DIRECT" {
                known.own["archived"] = json!(false);
            }
        }
        // A line of what somebody did is not something that they sent.
        if message["system"].is_null() {
            self.reads(&id, &text(&message["sender"]["id"]), seq);
        }
        self.changed(message);
    }

    fn changed(&mut self, message: &Value) {
        self.changed_in(message, "reactions");
    }

    /// Takes in a message by its version, and a field that changes without one: what comes later is newer.
    fn changed_in(&mut self, message: &Value, field: &str) {
        self.meet(&message["sender"]);
        let known = self.known.get_mut(&text(&message["conversationId"])).expect("a conversation that is known");
        if number(&message["seq"]) < known.first_seq {
            return;
        }
        let mut message = message.clone();
        message.as_object_mut().expect("an object").remove("createdAt");
        without_trimmed_quote(&mut message, known.first_seq);
        let seen = known.messages.entry(number(&message["seq"])).or_insert(Value::Null);
        if seen.is_null() || number(&seen["version"]) < number(&message["version"]) {
            *seen = message;
        } else if seen["version"] == message["version"] {
            seen[field] = message[field].take();
        }
    }

    fn reads(&mut self, conversation: &str, reader: &str, seq: i64) {
        let Some(known) = self.known.get_mut(conversation) else { return };
        if reader == self.person.id {
            known.last_read_seq = known.last_read_seq.max(seq);
        }
        if let Some((_, mark)) = known.members.get_mut(reader) {
            *mark = seq.max(*mark);
        }
    }

    /// Compares what is known with what somebody sees who looks at everything anew. Who is blocked by their friend does not
    /// know of it, and so does not know whether a message of the friend's calls them.
    pub async fn agrees_with_the_server(&self, friend: &str) {
        let mut fresh = Self::new(&self.person).await;
        // Changes of people who are no longer visible are not delivered.
        let met = |person: &String| fresh.people.contains_key(person);
        let people = self.people.iter().filter(|(person, _)| met(person));
        assert_eq!(people.collect::<Vec<_>>(), fresh.people.iter().collect::<Vec<_>>(), "{}: people", self.person.name);
        assert_eq!(self.blocked, fresh.blocked, "{}: blocked", self.person.name);
        let ids = |client: &Self| client.known.keys().cloned().collect::<Vec<_>>();
        assert_eq!(ids(self), ids(&fresh), "{}: conversations", self.person.name);
        for (id, known) in &self.known {
            let server = fresh.known.remove(id).expect("they are the same");
            assert_eq!(self.view(known), self.view(&server), "{}: {}", self.person.name, known.title);
        }
        self.agrees_on_the_sidebar(friend).await;
    }

    /// The order of the conversations, and what is unread.
    async fn agrees_on_the_sidebar(&self, friend: &str) {
        let query = "{ conversations(first: 100) { nodes { id unreadCount unreadMentionCount } }
            unread { messages conversations mentions badge } }";
        let sidebar = self.person.ask(query, json!({})).await;
        let mut before: Option<&str> = None;
        let (mut messages, mut conversations, mut mentions, mut badge) = (0, 0, 0, 0);
        for conversation in list(&sidebar["conversations"]["nodes"]) {
            let known = &self.known[&text(&conversation["id"])];
            let (unread, calls) = (number(&conversation["unreadCount"]), number(&conversation["unreadMentionCount"]));
            let counted = self.unread(known, friend);
            let expected = counted.map_or((unread, calls), |(unread, called)| (unread, called.unwrap_or(calls)));
            assert_eq!((unread, calls), expected, "{}: {}", self.person.name, known.title);
            messages += unread;
            conversations += i64::from(unread > 0);
            mentions += calls;
            badge += match known.is_muted() {
                true => 0,
                false if known.kind == "DIRECT" => unread,
                false => calls,
            };
            assert!(before.is_none_or(|before| before >= known.active_at.as_str()), "the order of the sidebar");
            before = Some(&known.active_at);
        }
        let sum = json!({ "messages": messages, "conversations": conversations, "mentions": mentions, "badge": badge });
        assert_eq!(sidebar["unread"], sum, "{}", self.person.name);
    }

    /// What is unread of a conversation, and what of it calls this person, as a client counts it; `None` where it does not
    /// know all of it.
    fn unread(&self, known: &Known, friend: &str) -> Option<(i64, Option<i64>)> {
        let mark = known.last_read_seq.max(known.first_seq - 1);
        let after: Vec<&Value> = known.messages.range(mark + 1..).map(|(_, message)| message).collect();
        if i64::try_from(after.len()) != Ok(known.last_seq - mark) {
            return None;
        }
        let lives =
            |message: &&&Value| message["countsAsUnread"] == true && !self.people[&text(&message["sender"]["id"])].1;
        let calls = |message: &&&Value| {
            let named = list(&message["mentions"]).iter().any(|person| person["id"] == self.person.id);
            lives(message)
                && message["sender"]["id"] != self.person.id
                && (named || message["mentionsEveryone"] == true)
        };
        let count = |what: &dyn Fn(&&&Value) -> bool| i64::try_from(after.iter().filter(|one| what(one)).count()).ok();
        let is_open = !after.iter().any(|message| calls(&message) && message["sender"]["id"] == friend);
        Some((count(&lives)?, if is_open { count(&calls) } else { None }))
    }

    /// What can be compared of a conversation: all of it, but of the history the newest page.
    fn view(&self, known: &Known) -> Value {
        let newest = known.messages.iter().rev().take(100).map(|(seq, message)| {
            let mut message = message.clone();
            message["sender"] = message["sender"]["id"].clone();
            // An erasure takes the texts at once, without an event a message.
            if self.people[&text(&message["sender"])].1 {
                message["text"].take();
                if !message["system"].is_null() {
                    message["system"]["title"].take();
                }
                let with_it = ["type", "metadata", "countsAsUnread", "mentions", "mentionsEveryone", "reactions"];
                for erased in ["version", "editedAt", "deletedAt", "pinnedAt"].iter().chain(&with_it) {
                    message.as_object_mut().expect("an object").remove(*erased);
                }
            }
            (seq.to_string(), message)
        });
        let mut own = known.own.clone();
        if known.kind == "GROUP" {
            // A group comes back when it calls somebody, by an edit too, and only the server knows since when it counts.
            own["archived"].take();
        }
        json!({
            "kind": known.kind, "title": known.title, "other": known.other, "activeAt": known.active_at,
            "posting": known.posting, "picture": known.picture, "metadata": known.metadata, "own": own,
            "firstSeq": known.first_seq, "lastSeq": known.last_seq, "lastReadSeq": known.last_read_seq, "members": known.members,
            "memberCount": known.member_count,
            "messages": newest.collect::<BTreeMap<_, _>>(),
        })
    }
}

/// All conversations of a person, with their newest messages.
async fn everything(person: &Person) -> Vec<Value> {
    let listed = person.ask("{ conversations(first: 100) { nodes { id } } }", json!({})).await;
    let query = format!("query($id: ID!) {{ conversation(by: {{ conversationId: $id }}) {{ ...C }} }} {SELECTIONS}");
    let mut conversations = Vec::new();
    for listed in list(&listed["conversations"]["nodes"]) {
        let seen = person.ask(&query, json!({ "id": listed["id"] })).await["conversation"].take();
        // They may have been removed since the list was read.
        conversations.extend((!seen.is_null()).then_some(seen));
    }
    conversations
}
