//! Every field at the root of the schema. A test fails when a new one is missing here.

use std::collections::{BTreeSet, HashMap};

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{BaseType, InputValueDefinition, TypeKind, TypeSystemDefinition};

/// What somebody gets who is not signed in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Visitor {
    /// `UNAUTHENTICATED`.
    Refused,
    /// It is for everybody.
    Answered,
}
use Visitor::{Answered, Refused};

/// A field of the root and a document that calls it. CONVERSATION, MESSAGE, SESSION and PERSON stand for ids: of the first three
/// a stranger must not learn that they exist, while people see each other.
pub const CALLS: &[(&str, Visitor, &str)] = &[
    ("Query.me", Answered, "{ me { id email } }"),
    ("Query.serverInfo", Answered, "{ serverInfo { version limits { pageSize } } }"),
    ("Query.user", Refused, r#"{ user(id: "PERSON") { id email } }"#),
    ("Query.users", Refused, "{ users { totalCount nodes { id email } } }"),
    ("Query.conversations", Refused, "{ conversations { nodes { id } } }"),
    (
        "Query.conversation",
        Refused,
        r#"{ conversation(by: { conversationId: "CONVERSATION" }) { id title memberCount
        lastSeq unreadCount members { nodes { user { id } } } messages { nodes { text image { url } } } lastMessage { text } } }"#,
    ),
    ("Query.conversation", Refused, r#"{ conversation(by: { userId: "CONVERSATION" }) { id } }"#),
    (
        "Query.messages",
        Refused,
        r#"{ messages(conversation: { conversationId: "CONVERSATION" }, last: 5) {
        nodes { id text sender { id } } edges { cursor } pageInfo { hasNextPage hasPreviousPage endCursor } } }"#,
    ),
    ("Query.messages", Refused, r#"{ messages(conversation: { conversationId: "MESSAGE" }) { nodes { id } } }"#),
    (
        "Query.message",
        Refused,
        r#"{ message(id: "MESSAGE") { id text image { url } replyTo { text } conversation { id } } }"#,
    ),
    ("Query.message", Refused, r#"{ message(id: "CONVERSATION") { id } }"#),
    ("Query.sessions", Refused, "{ sessions { id current userAgent createdAt lastUsedAt expiresAt } }"),
    (
        "Query.searchMessages",
        Refused,
        r#"{ searchMessages(query: "secret", conversation: { conversationId: "CONVERSATION" }) {
        nodes { id text } edges { cursor } pageInfo { hasNextPage hasPreviousPage endCursor } } }"#,
    ),
    ("Query.searchMessages", Refused, r#"{ searchMessages(query: "secret") { nodes { id text } } }"#),
    ("Query.unread", Refused, "{ unread { messages conversations mentions badge } }"),
    ("Query.feedCursor", Refused, "{ feedCursor }"),
    ("Query.events", Refused, r#"{ events(after: "junk") { cursor } }"#),
    ("Query.events", Refused, r#"{ events(consumer: "phone") { cursor } }"#),
    ("Query.consumers", Refused, "{ consumers { name cursor updatedAt } }"),
    (
        "Query.node",
        Refused,
        r#"{ node(id: "CONVERSATION") { id ... on Conversation { title members { nodes { user { id } } } } } }"#,
    ),
    ("Query.node", Refused, r#"{ node(id: "MESSAGE") { id ... on Message { text conversation { id } } } }"#),
    ("Query.node", Refused, r#"{ node(id: "SESSION") { id ... on Session { userAgent } } }"#),
    ("Mutation.exportMyData", Refused, "mutation { exportMyData { url } }"),
    ("Mutation.ackEvents", Refused, r#"mutation { ackEvents(consumer: "phone", cursor: "junk") { cursor } }"#),
    ("Mutation.deleteConsumer", Refused, r#"mutation { deleteConsumer(name: "phone") }"#),
    (
        "Mutation.signup",
        Answered,
        r#"mutation { signup(input: {
        fullName: "Zoe", email: "zoe@example.com", password: "correct horse 7 battery" }) { user { fullName } } }"#,
    ),
    (
        "Mutation.login",
        Answered,
        r#"mutation { login(input: {
        email: "ada@example.com", password: "correct horse 7 battery" }) { user { fullName } } }"#,
    ),
    ("Query.userByExternalId", Refused, r#"{ userByExternalId(externalId: "PERSON") { id } }"#),
    ("Mutation.loginWithToken", Refused, r#"mutation { loginWithToken(token: "junk") { token } }"#),
    (
        "Mutation.upsertUsers",
        Refused,
        r#"mutation { upsertUsers(users: [{
        externalId: "PERSON", fullName: "Mallory" }]) { id } }"#,
    ),
    ("Mutation.endSessions", Refused, r#"mutation { endSessions(userId: "PERSON") }"#),
    ("Mutation.eraseUser", Refused, r#"mutation { eraseUser(userId: "PERSON") }"#),
    ("Query.blockedUsers", Refused, "{ blockedUsers { totalCount nodes { id } } }"),
    ("Mutation.blockUser", Refused, r#"mutation { blockUser(userId: "PERSON") { id } }"#),
    ("Mutation.blockUser", Refused, r#"mutation { blockUser(userId: "CONVERSATION") { id } }"#),
    ("Mutation.unblockUser", Refused, r#"mutation { unblockUser(userId: "PERSON") { id } }"#),
    ("Query.serverRoles", Refused, "{ serverRoles }"),
    ("Query.reports", Refused, "{ reports { nodes { id text } } }"),
    ("Mutation.report", Refused, r#"mutation { report(input: { target: { messageId: "MESSAGE" }, reason: SPAM }) }"#),
    (
        "Mutation.report",
        Refused,
        r#"mutation { report(input: { target: { conversationId: "CONVERSATION" }, reason: SPAM }) }"#,
    ),
    ("Mutation.resolveReport", Refused, r#"mutation { resolveReport(id: "PERSON", action: DISMISS) { id } }"#),
    (
        "Query.searchMessages",
        Refused,
        r#"{ searchMessages(query: "secret", senderId: "PERSON") { nodes { id text } } }"#,
    ),
    ("Mutation.logout", Refused, "mutation { logout }"),
    ("Mutation.renewSession", Refused, "mutation { renewSession { token user { id } } }"),
    ("Mutation.revokeSession", Refused, r#"mutation { revokeSession(id: "SESSION") }"#),
    ("Mutation.revokeOtherSessions", Refused, "mutation { revokeOtherSessions }"),
    (
        "Mutation.changePassword",
        Refused,
        r#"mutation { changePassword(
        currentPassword: "correct horse 7 battery", newPassword: "a staple with 4 legs") { token user { id } } }"#,
    ),
    ("Mutation.deleteAccount", Refused, r#"mutation { deleteAccount(password: "correct horse 7 battery") }"#),
    ("Mutation.updateProfile", Refused, r#"mutation { updateProfile(input: { fullName: "Mallory" }) { id } }"#),
    (
        "Mutation.updateProfile",
        Refused,
        r#"mutation { updateProfile(input: { profilePic: { uploadId: "MESSAGE" } }) { profilePic { url } } }"#,
    ),
    (
        "Mutation.createImageUpload",
        Refused,
        r#"mutation { createImageUpload(input: { mimeType: "image/png", byteSize: 1 }) { method } }"#,
    ),
    (
        "Mutation.sendMessage",
        Refused,
        r#"mutation { sendMessage(input: {
        to: { userId: "PERSON" }, image: { uploadId: "MESSAGE" } }) { id image { url } } }"#,
    ),
    (
        "Mutation.sendMessage",
        Refused,
        r#"mutation { sendMessage(input: {
        to: { conversationId: "CONVERSATION" }, text: "hi" }) { id seq conversation { id } } }"#,
    ),
    (
        "Mutation.sendMessage",
        Refused,
        r#"mutation { sendMessage(input: { to: { conversationId: "CONVERSATION" }, text: "hi", type: "card",
        metadata: {}, mentionIds: ["PERSON"], mentionEveryone: true }) { id mentions { id } } }"#,
    ),
    (
        "Mutation.sendMessage",
        Refused,
        r#"mutation { sendMessage(input: {
        to: { userId: "PERSON" }, text: "hi", replyToId: "MESSAGE" }) { id replyTo { text } } }"#,
    ),
    ("Mutation.editMessage", Refused, r#"mutation { editMessage(id: "MESSAGE", text: "mine") { id version } }"#),
    (
        "Mutation.editMessage",
        Refused,
        r#"mutation { editMessage(id: "MESSAGE", text: "mine", mentionIds: ["PERSON"], metadata: {}) { id metadata } }"#,
    ),
    (
        "Mutation.addReaction",
        Refused,
        r#"mutation { addReaction(messageId: "MESSAGE", emoji: "😀") { id reactions { emoji count } } }"#,
    ),
    (
        "Mutation.removeReaction",
        Refused,
        r#"mutation { removeReaction(messageId: "MESSAGE", emoji: "😀") { id reactions { users { nodes { id } } } } }"#,
    ),
    ("Query.mentions", Refused, "{ mentions { nodes { id text mentions { id } } } }"),
    ("Mutation.deleteMessage", Refused, r#"mutation { deleteMessage(id: "MESSAGE") { id version } }"#),
    (
        "Mutation.markRead",
        Refused,
        r#"mutation { markRead(
        conversation: { conversationId: "CONVERSATION" }, upToSeq: 1) { lastSeq } }"#,
    ),
    ("Mutation.setTyping", Refused, r#"mutation { setTyping(conversation: { conversationId: "CONVERSATION" }) }"#),
    (
        "Mutation.setTyping",
        Refused,
        r#"mutation { setTyping(conversation: { conversationId: "CONVERSATION" }, typing: false) }"#,
    ),
    (
        "Mutation.createConversation",
        Refused,
        r#"mutation { createConversation(input: {
        title: "Ours", memberIds: ["CONVERSATION"] }) { id } }"#,
    ),
    (
        "Mutation.updateConversation",
        Refused,
        r#"mutation { updateConversation(id: "CONVERSATION", title: "Mine") { id title } }"#,
    ),
    (
        "Mutation.updateConversation",
        Refused,
        r#"mutation { updateConversation(id: "CONVERSATION", picture: null, metadata: null, posting: ADMINS) { id } }"#,
    ),
    (
        "Mutation.setMemberRole",
        Refused,
        r#"mutation { setMemberRole(conversationId: "CONVERSATION", userId: "PERSON", role: ADMIN) { role } }"#,
    ),
    (
        "Mutation.updateMembership",
        Refused,
        r#"mutation { updateMembership(conversation: { conversationId: "CONVERSATION" }, input: { archived: true }) {
        id own { archived } } }"#,
    ),
    ("Mutation.pinMessage", Refused, r#"mutation { pinMessage(messageId: "MESSAGE") { id pinnedAt } }"#),
    ("Mutation.unpinMessage", Refused, r#"mutation { unpinMessage(messageId: "MESSAGE") { id pinnedAt } }"#),
    (
        "Mutation.addMembers",
        Refused,
        r#"mutation { addMembers(conversationId: "CONVERSATION", userIds: ["PERSON"]) {
        id members { nodes { user { id } } } } }"#,
    ),
    (
        "Mutation.removeMember",
        Refused,
        r#"mutation { removeMember(conversationId: "CONVERSATION", userId: "PERSON") {
        id members { nodes { user { id } } } } }"#,
    ),
    (
        "Subscription.messageAdded",
        Refused,
        r#"subscription { messageAdded(
        conversation: { conversationId: "CONVERSATION" }) { id text } }"#,
    ),
    ("Subscription.messageAdded", Refused, "subscription { messageAdded { id text } }"),
    ("Subscription.events", Refused, "subscription { events { cursor } }"),
    ("Subscription.onlineUsers", Refused, "subscription { onlineUsers { id } }"),
    (
        "Subscription.typingChanged",
        Refused,
        r#"subscription { typingChanged(conversation: { conversationId: "CONVERSATION" }) { typing } }"#,
    ),
    ("Subscription.typingChanged", Refused, "subscription { typingChanged { typing } }"),
    ("Subscription.presenceChanged", Refused, r#"subscription { presenceChanged(userIds: ["PERSON"]) { online } }"#),
];

/// The schema's types by name.
type Types<'a> = HashMap<&'a str, &'a TypeKind>;

#[test]
fn the_table_has_every_root_field_with_its_id_arguments() {
    let schema = parse_schema(parlour::graphql::sdl()).expect("a schema");
    let types = schema.definitions.iter().filter_map(|definition| match definition {
        TypeSystemDefinition::Type(definition) => Some((definition.node.name.node.as_str(), &definition.node.kind)),
        TypeSystemDefinition::Schema(_) | TypeSystemDefinition::Directive(_) => None,
    });
    let types: Types = types.collect();
    let mut fields = BTreeSet::new();
    for root in ["Query", "Mutation", "Subscription"] {
        let TypeKind::Object(object) = types[root] else { panic!("{root} is no object") };
        for field in &object.fields {
            let name = format!("{root}.{}", field.node.name.node);
            let mut documents = CALLS.iter().filter(|call| call.0 == name).map(|call| call.2).peekable();
            assert!(documents.peek().is_some(), "{name} is missing: what do visitors and strangers get?");
            let takes_an_id = field.node.arguments.iter().any(|argument| holds_an_id(&argument.node, &types));
            assert!(!takes_an_id || documents.any(has_an_id), "{name} takes an id, and no document gives it one");
            fields.insert(name);
        }
    }
    let known: BTreeSet<String> = CALLS.iter().map(|call| call.0.to_owned()).collect();
    assert_eq!(known, fields, "some are gone");
}

fn has_an_id(document: &str) -> bool {
    ["CONVERSATION", "MESSAGE", "PERSON", "SESSION"].iter().any(|id| document.contains(id))
}

fn holds_an_id(value: &InputValueDefinition, types: &Types) -> bool {
    let name = base_name(&value.ty.node.base);
    match types.get(name) {
        Some(TypeKind::InputObject(object)) => object.fields.iter().any(|field| holds_an_id(&field.node, types)),
        _ => name == "ID",
    }
}

fn base_name(base: &BaseType) -> &str {
    match base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => base_name(&inner.base),
    }
}
