//! Who reacted to which message, with what.

use sea_orm::entity::prelude::*;

use crate::id::{MessageId, UserId};

/// A reaction. Gone with the message.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reaction")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub message_id: MessageId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub emoji: String,
    /// The position of the event that published it.
    pub position: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(belongs_to = "super::user::Entity", from = "Column::UserId", to = "super::user::Column::Id")]
    User,
}

impl Related<super::user::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::User.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

/// How many reacted with what, in the order in which each came first: what the column `reactions` of a message holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReactionCounts(pub Vec<(String, i32)>);

impl ReactionCounts {
    /// As the column has it.
    pub fn parse(column: Option<&str>) -> Self {
        // Written below only; a damaged column shows none.
        Self(column.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default())
    }

    /// What the column holds.
    pub fn to_column(&self) -> Option<String> {
        if self.0.is_empty() { None } else { serde_json::to_string(&self.0).ok() }
    }

    /// Adds one.
    pub fn add(&mut self, emoji: &str) {
        match self.0.iter_mut().find(|(known, _)| known == emoji) {
            Some((_, count)) => *count += 1,
            None => self.0.push((emoji.to_owned(), 1)),
        }
    }

    /// Takes one away. Where none is left, the next one comes last.
    pub fn remove(&mut self, emoji: &str) {
        if let Some(place) = self.0.iter().position(|(known, _)| known == emoji) {
            self.0[place].1 -= 1;
            if self.0[place].1 <= 0 {
                self.0.remove(place);
            }
        }
    }

    /// Whether somebody reacted with it.
    pub fn has(&self, emoji: &str) -> bool {
        self.0.iter().any(|(known, _)| known == emoji)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_keep_the_order_in_which_each_came_first() {
        let mut counts = ReactionCounts::default();
        for emoji in ["a", "b", "a", "c"] {
            counts.add(emoji);
        }
        assert_eq!(counts.to_column().as_deref(), Some(r#"[["a",2],["b",1],["c",1]]"#));
        counts.remove("b");
        counts.remove("none");
        counts.add("b");
        let column = counts.to_column();
        assert_eq!(column.as_deref(), Some(r#"[["a",2],["c",1],["b",1]]"#));
        assert_eq!(ReactionCounts::parse(column.as_deref()), counts);
        assert_eq!((ReactionCounts::parse(Some("junk")), ReactionCounts::default().to_column()), Default::default());
    }
}
