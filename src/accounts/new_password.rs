//! Changing a password, by its owner or by the operator. Either ends sessions, because somebody who knew the old
//! password may be signed in.

use std::collections::HashMap;
use std::net::IpAddr;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::accounts::devices::end_all;
use crate::accounts::sessions::note_use;
use crate::accounts::{self, Accounts, Password, SignedIn, Viewer};
use crate::audit::{AuditAction, AuditRecord, Operator};
use crate::db::Tx;
use crate::entity::{session, user};
use crate::error::{Error, Result};
use crate::feed::{Change, Placed, Plan, Plans, Rank, Writes, Written};
use crate::id::{SessionId, UserId};

impl Accounts {
    /// Changes the viewer's password, ends all of their other sessions and renews this one.
    pub async fn change_password(
        &self,
        viewer: &Viewer,
        current: Password,
        new: Password,
        address: IpAddr,
    ) -> Result<SignedIn> {
        let user = self.confirm(viewer, current, address).await?;
        let hash = self.hash(new).await?;
        let proof = Proof { session: self.renewal(viewer).await?, verified: user.password_hash.clone() };
        let renewed = proof.session.clone();
        self.set_password(SetPassword { user: user.id, hash, proof: Some(proof) }, None).await?;
        tracing::info!(event = "password.changed", user.id = %user.id, "changed the password");
        let (token, expires_at) = self.renewed(renewed)?;
        Ok(SignedIn { user, token, expires_at })
    }

    /// Sets a person's password and ends all of their sessions.
    pub async fn reset_password_for_operator(&self, by: &Operator, user: UserId, new: Password) -> Result<()> {
        let hash = self.hash(new).await?;
        let done = by.record(AuditAction::PasswordReset, user);
        self.set_password(SetPassword { user, hash, proof: None }, Some(done)).await
    }

    /// Checks the viewer's password and returns the viewer's row. A wrong password counts like a failed login, so that
    /// a stolen token can't be used to guess.
    pub async fn confirm(&self, viewer: &Viewer, password: Password, address: IpAddr) -> Result<user::Model> {
        let user = accounts::find(&self.app, viewer.user()).await?.ok_or(Error::Unauthenticated)?;
        let guess = self.guesses.begin(user.email.as_deref().ok_or(Error::Forbidden)?, address).await?;
        let is_right = self.is_right(password, user.password_hash.as_deref()).await;
        guess.end(is_right.as_ref().ok().copied()).await?;
        if !is_right? {
            return Err(Error::InvalidCredentials);
        }
        guess.remember_place().await?;
        Ok(user)
    }

    async fn is_right(&self, password: Password, hash: Option<&str>) -> Result<bool> {
        let _turn = self.hasher.turn().await?;
        self.hasher.verify(password, hash).await
    }

    /// Hashes a new password.
    pub(super) async fn hash(&self, password: Password) -> Result<String> {
        let _turn = self.hasher.turn().await?;
        self.hasher.hash(password).await
    }

    async fn set_password(&self, change: SetPassword, done: Option<AuditRecord>) -> Result<()> {
        for session in self.app.feed.append_recorded(change, done).await? {
            self.ended(session);
        }
        Ok(())
    }
}

#[derive(Clone)]
struct SetPassword {
    user: UserId,
    hash: String,
    /// `None` for the operator, who needs none.
    proof: Option<Proof>,
}

/// What entitles the owner to the change.
#[derive(Clone)]
struct Proof {
    /// The session that is kept, as it is after its renewal.
    session: session::Model,
    /// The stored hash that the current password was checked against.
    verified: Option<String>,
}

impl Change for SetPassword {
    /// The sessions that ended.
    type Answer = Vec<SessionId>;
    type Write = Self;
    const RANK: Rank = Rank::Endings;

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        let people = changes.iter().map(|change| change.user);
        let living =
            user::Entity::find().filter(user::Column::Id.is_in(people)).filter(user::Column::DeletedAt.is_null());
        let users = living.all(tx).await?;
        let mut hashes: HashMap<UserId, Option<String>> =
            users.into_iter().map(|row| (row.id, row.password_hash)).collect();
        let kept = changes.iter().filter_map(|change| change.proof.as_ref()).map(|proof| proof.session.id);
        let open = session::Entity::find().filter(session::Column::Id.is_in(kept)).all(tx).await?;
        let is_open = |id: SessionId| open.iter().any(|row| row.id == id && row.expires_at > tx.now);
        let plan = |change: &Self| {
            let hash = hashes.get_mut(&change.user).ok_or(Error::NotFound)?;
            if let Some(proof) = &change.proof {
                if !is_open(proof.session.id) {
                    return Err(Error::Unauthenticated);
                }
                // Another change came first: the password that was checked is no longer current.
                if *hash != proof.verified {
                    return Err(Error::InvalidCredentials);
                }
            }
            *hash = Some(change.hash.clone());
            Ok(Plan::Write { write: change.clone(), events: 0 })
        };
        Ok(changes.iter().map(plan).collect())
    }

    async fn write(tx: &Tx, writes: Vec<Placed<Self>>) -> Writes<Self> {
        let mut written = Vec::with_capacity(writes.len());
        for Placed { write: SetPassword { user, hash, proof }, .. } in writes {
            user::Entity::update_many()
                .col_expr(user::Column::PasswordHash, hash.into())
                .filter(user::Column::Id.eq(user))
                .exec(tx)
                .await?;
            if let Some(proof) = &proof {
                note_use(tx, &proof.session).await?;
            }
            let ended = end_all(tx, user, proof.map(|proof| proof.session.id)).await?;
            written.push(Written::silent(ended));
        }
        Ok(written)
    }
}
