//! What is unread, as SQL: what of a history does not count, and what of it calls somebody. Both ways of reading have it
//! from here.

/// How many messages of a conversation after a read mark do not count as unread: tombstones, lines of the conversation's
/// own, and the messages of people whose erasure is in progress. The cost does not follow the number of tombstones: of the
/// block of 1,024 seqs in which the mark is they are counted one by one, and of each later block the number is known; without
/// any, as in direct conversations in which nothing was deleted, that is all there is to find out. Only while an erasure is
/// in progress, what is unread is searched for that person's messages.
macro_rules! uncounted {
    ($conversation:literal, $mark:literal) => {
        concat!(
            "(CASE WHEN EXISTS (SELECT 1 FROM uncounted_block b WHERE b.conversation_id = ",
            $conversation,
            " AND b.block >= ",
            $mark,
            " / 1024) THEN (SELECT COALESCE(SUM(b.messages), 0) FROM uncounted_block b WHERE b.conversation_id = ",
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
            " / 1024 + 1) * 1024 AND (x.deleted_at IS NOT NULL OR x.system_line IS NOT NULL)) ELSE 0 END
            + CASE WHEN EXISTS (SELECT 1 FROM erasure) THEN (
                SELECT COUNT(*) FROM erasure g CROSS JOIN message x
                WHERE x.conversation_id = ",
            $conversation,
            " AND x.seq > ",
            $mark,
            " AND x.sender_id = g.user_id
                  AND x.deleted_at IS NULL AND x.system_line IS NULL AND EXISTS (
                    SELECT 1 FROM membership s WHERE s.conversation_id = ",
            $conversation,
            " AND s.user_id = g.user_id)) ELSE 0 END)"
        )
    };
}

/// How many messages of a conversation after a read mark call a person, by name or with everybody. A person has a row beside
/// the one for everybody if a block keeps them from being called: only those who are called with everybody pay for it.
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
                   SELECT 1 FROM erasure g WHERE g.user_id = n.sender_id)
                 AND (n.user_id = ",
            $person,
            " OR NOT EXISTS (SELECT 1 FROM mention b WHERE b.position = n.position AND b.user_id = ",
            $person,
            ")))"
        )
    };
}

pub(crate) use {calls, uncounted};

#[cfg(test)]
mod tests {
    use migration::{Migrator, MigratorTrait};
    use rusqlite::{Connection, params};
    use sea_orm::Database;

    use crate::config::DatabaseAddress;
    use crate::db;
    use crate::dice::Dice;
    use crate::id::{ConversationId, MessageId, UserId};

    const OPERATIONS: usize = 100_000;

    /// Conversations in which people write, delete and are erased.
    struct World {
        db: Connection,
        dice: Dice,
        places: Vec<(ConversationId, i32)>,
        people: Vec<UserId>,
        written: i64,
    }

    impl World {
        fn new(db: Connection) -> Self {
            let places: Vec<_> = (0..3).map(|_| (ConversationId::new(), 0)).collect();
            let people: Vec<_> = (0..30).map(|_| UserId::new()).collect();
            for (place, _) in &places {
                for person in &people {
                    let sql = "INSERT INTO membership (conversation_id, user_id, from_position, role, last_read_seq, joined_at)
                        VALUES (?1, ?2, 0, 2, 0, 0)";
                    db.execute(sql, params![place, person]).expect("a membership");
                }
            }
            Self { db, dice: Dice(18), places, people, written: 0 }
        }

        fn write(&mut self, is_line: bool) {
            let (place, sender) = (self.dice.below(self.places.len()), self.dice.below(self.people.len()));
            let (conversation, seq) = &mut self.places[place];
            *seq += 1;
            self.written += 1;
            let sql = "INSERT INTO message (id, conversation_id, seq, sender_id, version, position, nonce, created_at, system_line)
                VALUES (?1, ?2, ?3, ?4, 1, ?5, 1, 0, ?6)";
            let line = is_line.then_some("{}");
            let values = params![MessageId::new(), *conversation, *seq, self.people[sender], self.written, line];
            self.db.prepare_cached(sql).expect("SQL").execute(values).expect("a message");
        }

        /// Deletes a message, perhaps again.
        fn delete(&mut self) {
            let (conversation, last) = self.places[self.dice.below(3)];
            let seq = self.dice.below(usize::try_from(last).expect("a seq") + 1);
            let sql =
                "UPDATE message SET deleted_at = 1 WHERE conversation_id = ?1 AND seq = ?2 AND system_line IS NULL";
            let values = params![conversation, i64::try_from(seq).expect("a seq")];
            self.db.prepare_cached(sql).expect("SQL").execute(values).expect("a deletion");
        }

        /// Somebody's erasure begins, or one that is in progress goes on or ends.
        fn erase(&mut self) {
            let person = self.people[self.dice.below(self.people.len() / 2)];
            let sql = match self.dice.below(4) {
                0 => "INSERT OR IGNORE INTO erasure (user_id, erased_at) VALUES (?1, 1)",
                1 => {
                    "UPDATE message SET deleted_at = 1 WHERE sender_id = ?1 AND deleted_at IS NULL AND system_line IS NULL
                      AND EXISTS (SELECT 1 FROM erasure WHERE user_id = ?1)"
                }
                2 => {
                    "UPDATE message SET deleted_at = 1 WHERE position IN (
                      SELECT position FROM message WHERE sender_id = ?1 AND deleted_at IS NULL AND system_line IS NULL LIMIT 50)
                      AND EXISTS (SELECT 1 FROM erasure WHERE user_id = ?1)"
                }
                _ => {
                    "DELETE FROM erasure WHERE user_id = ?1 AND NOT EXISTS (
                      SELECT 1 FROM message WHERE sender_id = ?1 AND deleted_at IS NULL AND system_line IS NULL)"
                }
            };
            self.db.prepare_cached(sql).expect("SQL").execute([person]).expect("a step of an erasure");
        }

        fn agrees(&mut self) {
            let (conversation, last) = self.places[self.dice.below(3)];
            let mark = i64::try_from(self.dice.below(usize::try_from(last).expect("a seq") + 1)).expect("a seq");
            let count = |sql: &str| -> i64 {
                let mut counting = self.db.prepare_cached(sql).expect("SQL");
                counting.query_row(params![conversation, mark], |row| row.get(0)).expect("a count")
            };
            let counted = count(concat!("SELECT ", uncounted!("?1", "?2")));
            let recounted = count(
                "SELECT COUNT(*) FROM message x LEFT JOIN erasure g ON g.user_id = x.sender_id
                  WHERE x.conversation_id = ?1 AND x.seq > ?2
                    AND (x.deleted_at IS NOT NULL OR x.system_line IS NOT NULL OR g.user_id IS NOT NULL)",
            );
            assert_eq!(counted, recounted, "after {mark} of {last}");
        }
    }

    #[tokio::test]
    async fn the_tombstones_of_an_older_database_are_counted_when_it_is_migrated() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("parlour.db");
        let before =
            Migrator::migrations().iter().position(|step| step.name() == "m0017_reactions").expect("it is there");
        let db = Database::connect(format!("sqlite://{}?mode=rwc", file.display())).await.expect("a database");
        Migrator::up(&db, u32::try_from(before).ok()).await.expect("the tables of the version before");
        let connection = Connection::open(&file).expect("the file opens");
        connection.execute_batch("PRAGMA foreign_keys = OFF; BEGIN").expect("settings");
        let mut world = World::new(connection);
        (0..8_000).for_each(|_| world.write(false));
        (0..3_000).for_each(|_| world.delete());
        world.db.execute_batch("COMMIT").expect("a commit");

        Migrator::up(&db, None).await.expect("the tables of this version");

        (0..500).for_each(|_| world.delete());
        (0..200).for_each(|_| world.agrees());
        db.close().await.expect("it closes");
    }

    #[tokio::test]
    async fn what_does_not_count_equals_a_recount_after_many_operations() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("parlour.db");
        let url = format!("sqlite://{}?mode=rwc", file.display());
        db::migrate(&DatabaseAddress::parse(&url).expect("an address")).await.expect("tables");
        let connection = Connection::open(&file).expect("the file opens");
        connection.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; BEGIN").expect("settings");
        // The sweep would find its messages by their conversations. Here an index does.
        connection.execute_batch("CREATE INDEX of_sender ON message (sender_id)").expect("an index");
        let mut world = World::new(connection);
        for operation in 0..OPERATIONS {
            match world.dice.below(1_000) {
                0..650 => world.write(false),
                650..700 => world.write(true),
                700..990 => world.delete(),
                _ => world.erase(),
            }
            if operation % 400 == 0 {
                world.agrees();
            }
        }
        assert!(world.places.iter().all(|(_, last)| *last > 20_000), "{:?}", world.places);
        (0..200).for_each(|_| world.agrees());
    }
}
