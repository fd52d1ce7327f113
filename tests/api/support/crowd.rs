//! Many people, written directly into the database: hashing a password for each would take minutes.

use std::time::Duration;

use parlour::accounts::Tokens;
use parlour::clock::Timestamp;
use parlour::entity::{session, user};
use parlour::id::{SessionId, UserId};
use parlour::secrets;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use secrecy::ExposeSecret;

use super::TestApp;

impl TestApp {
    /// Creates this many people, Guest 0001 and so on, who can't sign in; their ids.
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
            disabled_at: None,
            external_id: None,
            external_issuer: None,
            contact_email: None,
            is_bot: false,
            metadata: None,
            tokens_from: None,
        };
        let guests: Vec<user::Model> = (1..=size).map(guest).collect();
        let rows = guests.iter().map(|guest| guest.clone().into_active_model().reset_all());
        let database = self.database().await;
        user::Entity::insert_many(rows).exec_without_returning(&database).await.expect("the guests are written");
        guests.iter().map(|guest| guest.id.to_string()).collect()
    }

    /// Signs them in; their tokens.
    pub async fn sign_in(&self, crowd: &[String]) -> Vec<String> {
        let secret = match self.settings.get("JWT_SECRET") {
            Some(secret) => secret.clone().into(),
            None => secrets::load_or_create(&self.folder.join("jwt-secret")).expect("the server's secret"),
        };
        let tokens = Tokens::new(secret.expose_secret().as_bytes(), &[]).expect("a good secret");
        let (now, end) = (self.clock.now(), self.clock.now() + Duration::from_secs(3600));
        let begin = |guest: &String| session::Model {
            id: SessionId::new(),
            user_id: UserId::parse(guest).expect("an id"),
            user_agent: None,
            created_at: now,
            last_used_at: now,
            expires_at: end,
        };
        let sessions: Vec<session::Model> = crowd.iter().map(begin).collect();
        let rows = sessions.iter().map(|row| row.clone().into_active_model().reset_all());
        let database = self.database().await;
        session::Entity::insert_many(rows).exec_without_returning(&database).await.expect("the sessions are written");
        let token = |row: &session::Model| tokens.issue(row.user_id, row.id, now, end).expect("a token");
        sessions.iter().map(token).collect()
    }
}
