//! What the clients of the model select.

/// What a client selects of a message and of a conversation; they are the same wherever it meets them.
pub const SELECTIONS: &str = "
    fragment M on Message { id seq text version editedAt deletedAt conversationId sender { ...U } replyTo { id seq }
        type metadata countsAsUnread mentions { id } mentionsEveryone reactions { emoji count viewerReacted }
        pinnedAt system { kind userCount title role users { id } } }
    fragment U on User { id fullName deletedAt }
    fragment C on Conversation { id kind title createdAt memberCount firstSeq lastSeq lastReadSeq unreadCount
        otherUser { ...U } lastMessage { createdAt } posting picture { id } metadata
        own { role notifications mutedUntil archived favorite markedUnread }
        members(first: 100) { nodes { role lastReadSeq user { ...U } } }
        messages(last: 100) { nodes { ...M } } }";

pub const EVENT: &str = "__typename cursor
    ... on MessageAdded { message { createdAt ...M } }
    ... on MessageChanged { message { ...M } }
    ... on ReactionsChanged { message { ...M } changes { user { ...U } emoji added } }
    ... on ReadMarkMoved { conversationId lastReadSeq user { ...U } }
    ... on ConversationChanged { change conversationId conversation { ...C } }
    ... on UserChanged { user { ...U } }
    ... on PinsChanged { pinned message { ...M } }
    ... on HistoryTrimmed { conversationId beforeSeq }
    ... on BlockChanged { blocked user { id } }
    ... on MembershipChanged { conversation { id own { role notifications mutedUntil archived favorite markedUnread } } }
    ... on FeedReset { reason }";
