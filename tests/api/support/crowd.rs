//! Many people at once, written into the database: to hash a password for each would take minutes.

use parlour::clock::Timestamp;
use parlour::entity::user;
use parlour::id::UserId;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};

use super::TestApp;

impl TestApp {
    /// The ids of so many people, Guest 0001 and so on, who can't sign in.
    pub async fn crowd(&self, size: usize) -> Vec<String> {
        let guest = |number: usize| user::Model {
            id: UserId::new(),
            full_name: format!("Guest {number:04}"),
            name_key: format!("guest {number:04}"),
            email: None,
            password_hash: None,
            last_seen_at: None,
            image_id: None,
            changed_position: 0,
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
            deleted_at: None,
        };
        let guests: Vec<user::Model> = (1..=size).map(guest).collect();
        let rows = guests.iter().map(|guest| guest.clone().into_active_model().reset_all());
        let database = self.database().await;
        user::Entity::insert_many(rows).exec_without_returning(&database).await.expect("the guests are written");
        guests.iter().map(|guest| guest.id.to_string()).collect()
    }
}
