//! Who is in a conversation. A [`Membership`] is the right to see one, and to write in it.

use std::collections::HashMap;
use std::sync::Arc;

use sea_orm::sea_query::{Expr, ExprTrait, Func, Order, Query, WindowStatement};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use crate::accounts::Viewer;
use crate::app::App;
use crate::conversations::Reference;
use crate::conversations::permission::Standing;
use crate::db;
use crate::entity::conversation::{self, DirectPair};
use crate::entity::membership::{self, Role};
use crate::entity::user;
use crate::error::{Error, Result};
use crate::feed::Position;
use crate::id::{ConversationId, UserId};
use crate::page::Page;

/// Proof that the viewer is in a conversation: read from the database, and created only here.
#[derive(Clone, Debug)]
pub struct Membership {
    viewer: Viewer,
    conversation: Arc<conversation::Model>,
    row: membership::Model,
}

impl Membership {
    /// Of a row that is the viewer's own and has not ended, and its conversation.
    pub(super) fn of_rows(
        viewer: &Viewer,
        row: membership::Model,
        conversation: impl Into<Arc<conversation::Model>>,
    ) -> Self {
        Self { viewer: viewer.clone(), conversation: conversation.into(), row }
    }

    /// The conversation, as it was when the membership was read.
    pub fn conversation(&self) -> &conversation::Model {
        &self.conversation
    }

    /// The same, to be kept.
    pub fn conversation_row(&self) -> Arc<conversation::Model> {
        Arc::clone(&self.conversation)
    }

    /// The right to see the conversation.
    pub fn sight(&self) -> Sight<'_> {
        Sight::new(&self.conversation)
    }

    /// The member.
    pub fn viewer(&self) -> &Viewer {
        &self.viewer
    }

    /// Their role.
    pub fn role(&self) -> Role {
        self.row.role
    }

    /// What they may do is decided by this and the place: see [`may`](crate::conversations::may).
    pub fn standing(&self) -> Standing {
        Standing::Member(self.row.role)
    }

    /// Their own side of the conversation.
    pub fn row(&self) -> &membership::Model {
        &self.row
    }

    /// Whether they have marked it as unread since they read it.
    pub fn is_marked_unread(&self) -> bool {
        self.row.is_marked_unread
    }

    /// The seq up to which they have read.
    pub fn last_read_seq(&self) -> i32 {
        self.row.last_read_seq
    }

    /// The seq after which the conversation, of this state, is unread: what was deleted by its age before it was read is not.
    pub fn unread_from(&self, conversation: &conversation::Model) -> i32 {
        Ord::max(self.row.last_read_seq, conversation.first_seq - 1)
    }
}

/// The right to see a conversation: a member's, or a key's.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a>(&'a conversation::Model);

impl<'a> Sight<'a> {
    pub(super) fn new(conversation: &'a conversation::Model) -> Self {
        Self(conversation)
    }

    /// The conversation, as it was when the right was read.
    pub fn conversation(self) -> &'a conversation::Model {
        self.0
    }
}

/// The viewer's membership in a conversation, or `NotFound`.
pub async fn membership(app: &App, viewer: &Viewer, reference: Reference) -> Result<Membership> {
    find_membership(app, viewer, reference).await?.ok_or(Error::NotFound)
}

/// The viewer's membership; `None` if the conversation does not exist or the viewer is not in it.
pub async fn find_membership(app: &App, viewer: &Viewer, reference: Reference) -> Result<Option<Membership>> {
    let user = viewer.user();
    let (hot, is_it) = match reference {
        Reference::Id(id) => (app.db.hot.membership(id, user), conversation::Column::Id.eq(id)),
        Reference::Direct(other) if other == user => return Ok(None),
        Reference::Direct(other) => {
            let pair = DirectPair::of(user, other);
            (app.db.hot.membership_of_pair(&pair, user), conversation::Column::DirectPair.eq(pair))
        }
    };
    if let Some(own) = hot {
        return Ok(own.map(|(row, conversation)| Membership::of_rows(viewer, row, conversation)));
    }
    let _turn = app.db.turn().await;
    let own = current().filter(is_it).filter(membership::Column::UserId.eq(user)).one(&app.db.reader).await?;
    Ok(own.and_then(|own| both(viewer, own)))
}

/// Whether the viewer left a conversation at or before a position, and has not rejoined since.
pub async fn has_left(app: &App, viewer: &Viewer, conversation: ConversationId, by: Position) -> Result<bool> {
    let _turn = app.db.turn().await;
    let to = membership::Column::ToPosition;
    let stay = membership::Entity::find()
        .filter(membership::Column::ConversationId.eq(conversation))
        .filter(membership::Column::UserId.eq(viewer.user()))
        .filter(to.is_null().or(to.gt(by)))
        .one(&app.db.reader)
        .await?;
    Ok(stay.is_none())
}

/// The viewer's memberships in these conversations.
pub async fn memberships_of(app: &App, viewer: &Viewer, ids: &[ConversationId]) -> Result<Vec<Membership>> {
    if let Some(rows) = app.db.hot.memberships_of(viewer.user(), ids) {
        return Ok(rows
            .into_iter()
            .map(|(row, conversation)| Membership::of_rows(viewer, row, conversation))
            .collect());
    }
    let rows = current()
        .filter(membership::Column::UserId.eq(viewer.user()))
        .filter(membership::Column::ConversationId.is_in(ids.iter().copied()))
        .all(&app.db.reader)
        .await?;
    Ok(rows.into_iter().filter_map(|row| both(viewer, row)).collect())
}

/// The number of members of each conversation.
pub async fn member_counts(app: &App, ids: &[ConversationId]) -> Result<HashMap<ConversationId, usize>> {
    match app.db.hot.member_counts(ids) {
        Some(counts) => Ok(ids.iter().copied().zip(counts.into_iter().map(db::count)).collect()),
        None => Ok(db::member_counts(&app.db.reader, ids.iter().copied()).await?),
    }
}

/// A person's current membership in a conversation, with their row; `None` if they are not in it. The caller has checked
/// that the viewer may see it.
pub async fn member(
    app: &App,
    conversation: ConversationId,
    user: UserId,
) -> Result<Option<(membership::Model, user::Model)>> {
    let member = current_rows()
        .find_also_related(user::Entity)
        .filter(membership::Column::ConversationId.eq(conversation))
        .filter(membership::Column::UserId.eq(user));
    Ok(member.one(&app.db.reader).await?.and_then(|(row, user)| Some((row, user?))))
}

/// A page of members.
pub type Members = Page<(membership::Model, user::Model)>;

/// The first page of members of each conversation, oldest members first, in one statement.
pub async fn first_members(app: &App, seen: &[Sight<'_>], first: u32) -> Result<HashMap<ConversationId, Members>> {
    let column = |column| Expr::col((membership::Entity, column));
    let key = || [membership::Column::ConversationId, membership::Column::UserId];
    let mut by_age = WindowStatement::partition_by(membership::Column::ConversationId);
    by_age.order_by(membership::Column::FromPosition, Order::Asc).order_by(membership::Column::UserId, Order::Asc);
    let mut ranked = QueryTrait::into_query(
        current_rows()
            .select_only()
            .columns(key())
            .filter(membership::Column::ConversationId.is_in(seen.iter().map(|sight| sight.conversation().id))),
    );
    ranked.expr_window_as(Func::cust("ROW_NUMBER"), by_age, "rank");
    let of_first_pages = Query::select()
        .columns(key())
        .from_subquery(ranked, "ranked")
        .and_where(Expr::col("rank").lte(first + 1))
        .to_owned();
    let rows = current_rows()
        .find_also_related(user::Entity)
        .filter(Expr::tuple(key().map(column)).in_subquery(of_first_pages))
        .order_by_asc(membership::Column::FromPosition)
        .order_by_asc(membership::Column::UserId)
        .all(&app.db.reader)
        .await?;
    let mut pages: HashMap<ConversationId, Vec<_>> = HashMap::new();
    for (row, user) in rows {
        pages.entry(row.conversation_id).or_default().extend(user.map(|user| (row, user)));
    }
    Ok(pages.into_iter().map(|(id, rows)| (id, Page::cut(rows, first, false))).collect())
}

/// The members of a conversation after a position, oldest first. The position is that of the last member on the
/// previous page.
pub async fn members_after(app: &App, seen: Sight<'_>, first: u32, (position, user): (i64, UserId)) -> Result<Members> {
    let sort_key = || {
        Expr::tuple([
            Expr::col(membership::Column::FromPosition),
            Expr::col((membership::Entity, membership::Column::UserId)),
        ])
    };
    let given = || Expr::tuple([Expr::val(position), Expr::val(user)]);
    let all = current_rows().filter(membership::Column::ConversationId.eq(seen.conversation().id));
    let has_previous = all.clone().filter(sort_key().lte(given())).limit(1).one(&app.db.reader).await?.is_some();
    let rows = all
        .find_also_related(user::Entity)
        .filter(sort_key().gt(given()))
        .order_by_asc(membership::Column::FromPosition)
        .order_by_asc(membership::Column::UserId)
        .limit(u64::from(first) + 1)
        .all(&app.db.reader)
        .await?;
    let rows = rows.into_iter().filter_map(|(row, user)| Some((row, user?))).collect();
    Ok(Page::cut(rows, first, has_previous))
}

/// Memberships that have not ended.
pub fn current_rows() -> sea_orm::Select<membership::Entity> {
    membership::Entity::find().filter(membership::Column::ToPosition.is_null())
}

fn current() -> sea_orm::SelectTwo<membership::Entity, conversation::Entity> {
    current_rows().find_also_related(conversation::Entity)
}

fn both(viewer: &Viewer, (row, conversation): (membership::Model, Option<conversation::Model>)) -> Option<Membership> {
    Some(Membership::of_rows(viewer, row, conversation?))
}
