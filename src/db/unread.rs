//! What is unread, as SQL: what of a history does not count, and what of it calls somebody. Both ways of reading have it
//! from here.

/// How many messages of a conversation after a read mark do not count as unread: tombstones, lines of the conversation's
/// own, and the messages of people whose erasure is in progress. The cost does not follow the number of tombstones: of the
/// block of 1,024 seqs in which the mark is they are counted one by one, and of each later block the number is known. Only
/// while an erasure is in progress, what is unread is searched for that person's messages.
macro_rules! uncounted {
    ($conversation:literal, $mark:literal) => {
        concat!(
            "((SELECT COALESCE(SUM(b.messages), 0) FROM uncounted_block b WHERE b.conversation_id = ",
            $conversation,
            " AND b.block > ",
            $mark,
            " / 1024)
            + (SELECT COUNT(*) FROM message x WHERE x.conversation_id = ",
            $conversation,
            " AND x.seq > ",
            $mark,
            " AND x.seq < (",
            $mark,
            " / 1024 + 1) * 1024 AND (x.deleted_at IS NOT NULL OR x.system_line IS NOT NULL))
            + (SELECT COUNT(*) FROM erasure g CROSS JOIN message x
                WHERE x.conversation_id = ",
            $conversation,
            " AND x.seq > ",
            $mark,
            " AND x.sender_id = g.user_id
                  AND x.deleted_at IS NULL AND x.system_line IS NULL AND EXISTS (
                    SELECT 1 FROM membership s WHERE s.conversation_id = ",
            $conversation,
            " AND s.user_id = g.user_id)))"
        )
    };
}

/// How many messages of a conversation after a read mark call a person, by name or with everybody.
macro_rules! calls {
    ($conversation:literal, $mark:literal, $person:literal, $everybody:literal) => {
        concat!(
            "(SELECT COUNT(*) FROM mention n WHERE n.user_id IN (",
            $person,
            ", ",
            $everybody,
            ")
                 AND n.conversation_id = ",
            $conversation,
            " AND n.seq > ",
            $mark,
            " AND NOT EXISTS (
                   SELECT 1 FROM erasure g WHERE g.user_id = n.sender_id))"
        )
    };
}

pub(crate) use {calls, uncounted};
