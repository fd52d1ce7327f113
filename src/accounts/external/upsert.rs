//! The app's backend makes and changes its people.

use std::collections::HashMap;
use std::sync::Arc;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::arrive::new_person;
use super::external_id::ExternalId;
use crate::accounts::{Accounts, Email, Name, UsersKey, name_parts};
use crate::audit::{self, AuditAction};
use crate::db::{self, Tx};
use crate::entity::user;
use crate::error::{Error, Result};
use crate::feed::{self, Audience, Change, EventKind, NewEvent, Placed, Plan, Plans, Rank, Writes, Written};
use crate::id::{ConversationId, UserId};
use crate::limits;

/// A person as the app's backend has them.
#[derive(Clone, Debug)]
pub struct AppPerson {
    /// Who it is.
    pub external_id: ExternalId,
    /// The name that others see.
    pub name: Name,
    /// Only the person sees it.
    pub email: FieldUpdate<Email>,
    /// A JSON object.
    pub metadata: FieldUpdate<String>,
}

/// What happens to a field that may be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldUpdate<T> {
    /// It stays as it is.
    Keep,
    /// It becomes empty.
    Clear,
    /// It becomes this.
    Set(T),
}

impl<T> FieldUpdate<T> {
    fn apply(&self, field: &mut Option<String>, text: impl FnOnce(&T) -> String) {
        match self {
            Self::Keep => {}
            Self::Clear => *field = None,
            Self::Set(value) => *field = Some(text(value)),
        }
    }
}

impl Accounts {
    /// Makes or changes people, all of them or none; those who are suspended or erased may sign in again. The order of
    /// the answer is that of the people.
    pub async fn upsert(&self, key: UsersKey, people: Vec<AppPerson>) -> Result<Vec<user::Model>> {
        let most = limits::UPSERT_USERS;
        if people.len() > most {
            return Err(Error::input("users", format!("up to {most} people are taken at a time")));
        }
        let mut ids: Vec<&str> = people.iter().map(|person| person.external_id.as_str()).collect();
        ids.sort_unstable();
        if ids.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Error::input("users", "an external id is there twice"));
        }
        self.app.rates.key_changes.take_many(&key.id(), u32::try_from(people.len()).unwrap_or(u32::MAX))?;
        let issuer = self.app_issuer.as_ref().map(|issuer| issuer.settings.issuer.clone());
        let upserted = self.app.feed.append(Upsert { key, issuer, people }).await?;
        if let Some(issuer) = &self.app_issuer {
            upserted.iter().filter_map(|row| row.external_id.as_ref()).for_each(|id| issuer.people.invalidate(id));
        }
        Ok(upserted)
    }
}

struct Upsert {
    key: UsersKey,
    issuer: Option<String>,
    people: Vec<AppPerson>,
}

/// What an [`Upsert`] writes.
struct Upserted {
    key: UsersKey,
    /// Everybody that it names, as they are afterwards.
    all: Vec<user::Model>,
    /// Those who changed.
    changed: Vec<ChangedPerson>,
    /// Erased people whose ids are others' now.
    freed: Vec<UserId>,
}

struct ChangedPerson {
    row: user::Model,
    /// Where they are known, if there is something for others to see.
    known_in: Option<Arc<[ConversationId]>>,
}

impl Change for Upsert {
    type Answer = Vec<user::Model>;
    type Write = Upserted;
    const RANK: Rank = Rank::People;

    async fn plan(tx: &Tx, changes: &[Self]) -> Plans<Self> {
        let mut there: HashMap<String, user::Model> = HashMap::new();
        let ids: Vec<&str> =
            changes.iter().flat_map(|change| &change.people).map(|person| person.external_id.as_str()).collect();
        for some in ids.chunks(db::VALUES) {
            let rows = user::Entity::find().filter(user::Column::ExternalId.is_in(some.iter().copied()));
            there.extend(rows.all(tx).await?.into_iter().filter_map(|row| Some((row.external_id.clone()?, row))));
        }
        let mut known_in: HashMap<UserId, Vec<ConversationId>> = HashMap::new();
        for (person, conversation) in feed::known_in(tx, there.values().map(|row| row.id)).await? {
            known_in.entry(person).or_default().push(conversation);
        }
        let plan = |change: &Self| {
            let mut write = Upserted { key: change.key, all: Vec::new(), changed: Vec::new(), freed: Vec::new() };
            let mut events = 0;
            for person in &change.people {
                let id = &person.external_id;
                let known = there.remove(id.as_str());
                let (known, erased) = match known {
                    Some(row) if row.deleted_at.is_some() => (None, Some(row)),
                    known => (known, None),
                };
                let (mut row, shows) = merged(known.as_ref(), person, change.issuer.as_deref(), tx);
                if let Some(erased) = erased {
                    // What was issued to the erased account, or was ended before, opens nothing of the new one.
                    row.tokens_from = erased.tokens_from.max(erased.deleted_at);
                    write.freed.push(erased.id);
                }
                if known.as_ref() != Some(&row) {
                    let known_in = shows.then(|| known_in.get(&row.id).cloned().unwrap_or_default().into());
                    events += usize::from(shows);
                    write.changed.push(ChangedPerson { row: row.clone(), known_in });
                }
                there.insert(id.as_str().to_owned(), row.clone());
                write.all.push(row);
            }
            Ok(match write.changed.is_empty() {
                true => Plan::Done(write.all),
                false => Plan::Write { write, events },
            })
        };
        Ok(changes.iter().map(plan).collect())
    }

    async fn write(tx: &Tx, writes: Vec<Placed<Upserted>>) -> Writes<Self> {
        let mut rows: HashMap<UserId, user::Model> = HashMap::new();
        let (mut freed, mut records) = (Vec::new(), Vec::new());
        let mut written = Vec::with_capacity(writes.len());
        for Placed { write: Upserted { key, all, changed, freed: own }, first } in writes {
            freed.extend(own);
            records.extend(changed.iter().map(|person| key.record(AuditAction::UserUpserted, person.row.id)));
            let mut events = Vec::new();
            for ChangedPerson { mut row, known_in } in changed {
                // Of two changes of a batch, the one before may have been the one that others see.
                if let Some(before) = rows.get(&row.id) {
                    row.changed_position = before.changed_position;
                }
                if let Some(conversations) = known_in {
                    row.changed_position = first.position + feed::positions(events.len());
                    let audience = Audience::Contacts { person: row.id, conversations };
                    events.push(NewEvent { user: Some(row.id), ..NewEvent::new(EventKind::UserChanged, audience) });
                }
                rows.insert(row.id, row);
            }
            written.push(Written { answer: all, events });
        }
        // Before others get the ids.
        if !freed.is_empty() {
            user::Entity::update_many()
                .col_expr(user::Column::ExternalId, Expr::value(None::<String>))
                .filter(user::Column::Id.is_in(freed))
                .exec(tx)
                .await?;
        }
        let set = [
            user::Column::FullName,
            user::Column::NameKey,
            user::Column::ContactEmail,
            user::Column::Metadata,
            user::Column::ExternalIssuer,
            user::Column::DisabledAt,
            user::Column::ChangedPosition,
            user::Column::UpdatedAt,
        ];
        db::upsert(tx, rows.values().cloned().collect(), set).await?;
        name_parts::write(tx, rows.values().map(|row| (row.id, row.full_name.clone())).collect()).await?;
        audit::write(tx, records).await?;
        Ok(written)
    }
}

/// The row of a person after the change, and whether there is something to see that was not there before.
fn merged(known: Option<&user::Model>, person: &AppPerson, issuer: Option<&str>, tx: &Tx) -> (user::Model, bool) {
    let AppPerson { external_id, name, email, metadata } = person;
    let before = known.cloned().unwrap_or_else(|| new_person(external_id, issuer, Some(name), None, tx.now));
    let mut row = before.clone();
    row.full_name = name.as_str().to_owned();
    row.name_key = name.key();
    email.apply(&mut row.contact_email, |email| email.as_str().to_owned());
    metadata.apply(&mut row.metadata, Clone::clone);
    let is_changed = row != before;
    if is_changed {
        row.updated_at = tx.now;
    }
    row.external_issuer = issuer.map(str::to_owned).or(row.external_issuer);
    row.disabled_at = None;
    (row, is_changed && known.is_some())
}
