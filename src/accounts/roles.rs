//! What people are on this server beside users: moderators and admins, whom the operator appoints.

use std::collections::HashSet;
use std::net::IpAddr;

use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::accounts::{Accounts, Viewer};
use crate::app::App;
use crate::audit::{AuditAction, AuditActor, AuditRecord, Operator};
use crate::db::{self, Tx};
use crate::entity::server_role::{self, StaffRole};
use crate::error::{Error, Result};
use crate::feed::{Change, Placed, Plan, Plans, Rank, Writes, Written};
use crate::id::UserId;

/// Proof that somebody moderates this server. It comes out of [`moderator`] only.
#[derive(Clone, Copy, Debug)]
pub struct Moderator {
    user: UserId,
    address: IpAddr,
}

impl Moderator {
    /// Who it is.
    pub fn user(self) -> UserId {
        self.user
    }

    /// For the audit log: what they do.
    pub fn record(self, action: AuditAction, subject: impl Into<Uuid>) -> AuditRecord {
        let actor = AuditActor::Moderator { user: self.user, address: self.address };
        AuditRecord::new(actor, action, subject)
    }
}

/// The viewer as a moderator, which admins are too: else `Forbidden`. The address is that of the request.
pub async fn moderator(app: &App, viewer: &Viewer, address: IpAddr) -> Result<Moderator> {
    match is_moderator(&app.db.reader, viewer.user()).await? {
        true => Ok(Moderator { user: viewer.user(), address }),
        false => Err(Error::Forbidden),
    }
}

/// Whether somebody is a moderator or an admin.
pub async fn is_moderator(db: &impl ConnectionTrait, user: UserId) -> Result<bool, DbErr> {
    let own = server_role::Entity::find().filter(server_role::Column::UserId.eq(user));
    Ok(own.one(db).await?.is_some())
}

/// The viewer's roles.
pub async fn server_roles(app: &App, viewer: &Viewer) -> Result<Vec<StaffRole>> {
    roles_for_operator(app, viewer.user()).await
}

/// Somebody's roles.
pub async fn roles_for_operator(app: &App, user: UserId) -> Result<Vec<StaffRole>> {
    let own = server_role::Entity::find().filter(server_role::Column::UserId.eq(user));
    let own = own.order_by_asc(server_role::Column::Role).all(&app.db.reader).await?;
    Ok(own.into_iter().map(|row| row.role).collect())
}

impl Accounts {
    /// Gives somebody a role; `false` if they have it already.
    pub async fn grant_for_operator(&self, by: &Operator, user: UserId, role: StaffRole) -> Result<bool> {
        let done = by.record(AuditAction::RoleGranted, user).with_detail(name(role));
        self.app.feed.append_recorded(SetRole { user, role, has_it: true }, [done]).await
    }

    /// Takes a role from somebody; `false` if they do not have it.
    pub async fn revoke_for_operator(&self, by: &Operator, user: UserId, role: StaffRole) -> Result<bool> {
        let done = by.record(AuditAction::RoleRevoked, user).with_detail(name(role));
        self.app.feed.append_recorded(SetRole { user, role, has_it: false }, [done]).await
    }
}

fn name(role: StaffRole) -> &'static str {
    match role {
        StaffRole::Moderator => "moderator",
        StaffRole::Admin => "admin",
    }
}

#[derive(Clone)]
struct SetRole {
    user: UserId,
    role: StaffRole,
    has_it: bool,
}

impl Change for SetRole {
    /// Whether anything is different now.
    type Answer = bool;
    type Write = Self;
    const RANK: Rank = Rank::People;

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        let people = changes.iter().map(|change| change.user);
        let held = server_role::Entity::find().filter(server_role::Column::UserId.is_in(people)).all(tx).await?;
        let mut held: HashSet<(UserId, StaffRole)> = held.into_iter().map(|row| (row.user_id, row.role)).collect();
        let plan = |change: &Self| {
            let own = (change.user, change.role);
            let changes = if change.has_it { held.insert(own) } else { held.remove(&own) };
            Ok(if changes { Plan::Write { write: change.clone(), events: 0 } } else { Plan::Done(false) })
        };
        Ok(changes.iter().map(plan).collect())
    }

    async fn write(tx: &Tx, writes: Vec<Placed<Self>>) -> Writes<Self> {
        let mut written = Vec::with_capacity(writes.len());
        for Placed { write: Self { user, role, has_it }, .. } in writes {
            if has_it {
                let row = server_role::Model { user_id: user, role, granted_at: tx.now };
                db::insert_if_new(tx, row).await?;
            } else {
                server_role::Entity::delete_by_id((user, role)).exec(tx).await?;
            }
            written.push(Written::silent(true));
        }
        Ok(written)
    }
}
