//! What does not count as unread is counted by triggers, each database's own: whatever happens to the rows, the count equals
//! a recount. `db/unread.rs` has the same with more operations, on SQLite alone.

use parlour::id::MessageId;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use serde_json::json;

use crate::support::{Person, TestApp, sql_id};
use dice::Dice;

#[path = "../../src/dice.rs"]
#[expect(dead_code, reason = "unit tests need more of it")]
mod dice;

const OPERATIONS: usize = 20_000;
/// How many are written together, before what is counted is compared.
const STEP: usize = 400;

/// Groups of Ada's in which others write, delete and are erased.
struct World {
    db: DatabaseConnection,
    ada: Person,
    dice: Dice,
    /// Their ids, and the seqs of the newest messages.
    groups: Vec<(String, usize)>,
    people: Vec<String>,
    written: usize,
}

impl World {
    async fn make(app: &TestApp) -> Self {
        let ada = app.user("Ada").await;
        let people = app.crowd(30).await;
        let create = "mutation($members: [ID!]!) {
            createConversation(input: { title: \"Tea\", memberIds: $members }) { id lastSeq } }";
        let mut groups = Vec::new();
        for _ in 0..3 {
            let made = ada.ask(create, json!({ "members": people })).await["createConversation"].take();
            let last = made["lastSeq"].as_u64().and_then(|seq| usize::try_from(seq).ok()).expect("a seq");
            groups.push((made["id"].as_str().expect("an id").to_owned(), last));
        }
        Self { db: app.database().await, ada, dice: Dice(18), groups, people, written: 1_000_000 }
    }

    fn operation(&mut self) -> String {
        match self.dice.below(1_000) {
            0..650 => self.write("NULL"),
            650..700 => self.write("'{}'"),
            700..990 => self.delete(),
            _ => self.erase(),
        }
    }

    fn write(&mut self, line: &str) -> String {
        let sender = sql_id(&self.people[self.dice.below(self.people.len())]);
        let place = self.dice.below(self.groups.len());
        let (group, last) = &mut self.groups[place];
        *last += 1;
        self.written += 1;
        let (id, group, position) = (sql_id(&MessageId::new().to_string()), sql_id(group), self.written);
        format!(
            "INSERT INTO message (id, conversation_id, seq, sender_id, version, position, nonce, created_at, system_line)
              VALUES ({id}, {group}, {last}, {sender}, 1, {position}, 1, 0, {line});
             UPDATE conversation SET last_seq = {last} WHERE id = {group}"
        )
    }

    /// Deletes a message, perhaps again.
    fn delete(&mut self) -> String {
        let place = self.dice.below(self.groups.len());
        let (group, last) = &self.groups[place];
        let seq = self.dice.below(last + 1);
        let group = sql_id(group);
        format!(
            "UPDATE message SET deleted_at = 1 WHERE conversation_id = {group} AND seq = {seq} AND system_line IS NULL"
        )
    }

    /// Somebody's erasure begins, or one that is in progress goes on or ends.
    fn erase(&mut self) -> String {
        let person = sql_id(&self.people[self.dice.below(self.people.len() / 2)]);
        let living = format!("sender_id = {person} AND deleted_at IS NULL AND system_line IS NULL");
        let is_erased = format!("EXISTS (SELECT 1 FROM erasure WHERE user_id = {person})");
        match self.dice.below(4) {
            0 => format!("INSERT INTO erasure (user_id, erased_at) VALUES ({person}, 1) ON CONFLICT DO NOTHING"),
            1 => format!("UPDATE message SET deleted_at = 1 WHERE {living} AND {is_erased}"),
            2 => format!(
                "UPDATE message SET deleted_at = 1 WHERE {is_erased}
                   AND position IN (SELECT position FROM message WHERE {living} LIMIT 50)"
            ),
            _ => format!(
                "DELETE FROM erasure WHERE user_id = {person} AND NOT EXISTS (SELECT 1 FROM message WHERE {living})"
            ),
        }
    }

    /// Moves Ada's mark to somewhere, also backwards, and compares what she sees with a recount.
    async fn agrees(&mut self) {
        let place = self.dice.below(self.groups.len());
        let (group, last) = &self.groups[place];
        let (mark, id) = (self.dice.below(last + 1), sql_id(group));
        let set = format!(
            "UPDATE membership SET last_read_seq = {mark} WHERE conversation_id = {id} AND user_id = {}",
            sql_id(&self.ada.id)
        );
        self.db.execute_unprepared(&set).await.expect("it is set");
        let sql = format!(
            "SELECT COUNT(*) AS count FROM message x LEFT JOIN erasure g ON g.user_id = x.sender_id
              WHERE x.conversation_id = {id} AND x.seq > {mark}
                AND x.deleted_at IS NULL AND x.system_line IS NULL AND g.user_id IS NULL"
        );
        let recount = Statement::from_string(self.db.get_database_backend(), sql);
        let row = self.db.query_one_raw(recount).await.expect("a count").expect("a row");
        let recounted: i64 = row.try_get("", "count").expect("a number");
        let query = "query($id: ID!) { conversation(by: { conversationId: $id }) { unreadCount } }";
        let seen = self.ada.ask(query, json!({ "id": group })).await;
        assert_eq!(seen["conversation"]["unreadCount"], recounted, "after {mark} of {last}");
    }
}

#[tokio::test]
async fn what_is_unread_equals_a_recount_after_many_operations() {
    let app = TestApp::start().await;
    let mut world = World::make(&app).await;

    for _ in 0..OPERATIONS / STEP {
        let step: Vec<String> = (0..STEP).map(|_| world.operation()).collect();
        // Several statements of one call are a transaction, on PostgreSQL by itself.
        let step = format!("BEGIN; {}; COMMIT", step.join("; "));
        world.db.execute_unprepared(&step).await.expect("they are written");
        world.agrees().await;
    }

    assert!(world.groups.iter().all(|(_, last)| *last > 4 * 1_024), "{:?}", world.groups);
    for _ in 0..50 {
        world.agrees().await;
    }
}
