//! Reports, and the moderators who read them.

use async_graphql::{Context, Enum, ID, InputObject, Object, OneofObject};
use uuid::Uuid;

use crate::accounts::{self, Moderator};
use crate::entity::report::{self, Action, Reason};
use crate::entity::server_role::StaffRole;
use crate::error::Error;
use crate::graphql::context::ContextExt;
use crate::graphql::error::{Failure, Result};
use crate::graphql::schema::date_time::DateTime;
use crate::graphql::schema::images::Image;
use crate::graphql::schema::paging::{self, PageCursor, RelayConnection};
use crate::graphql::schema::users::{User, known_user};
use crate::id::{ConversationId, MessageId, ReportId, UserId};
use crate::limits;
use crate::reports::{self, NewReport, ReportTarget, Resolution};

/// What somebody is on this server beside a user. More values may be added: clients must tolerate unknown values.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "StaffRole")]
pub enum ServerRole {
    /// Reads reports and acts on them.
    Moderator,
    /// May do what moderators may.
    Admin,
}

/// Why something is reported.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Reason")]
pub enum ReportReason {
    /// Unwanted advertising, or the same again and again.
    Spam,
    /// It is meant to hurt somebody.
    Harassment,
    /// It is against a group of people.
    Hate,
    /// It threatens with violence, or shows it.
    Violence,
    /// It is sexual.
    Sexual,
    /// Somebody may hurt themself.
    SelfHarm,
    /// Somebody poses as another.
    Impersonation,
    /// It is against the law.
    Illegal,
    /// Something else: say it in `comment`.
    Other,
}

/// What a moderator does about a report.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Action")]
pub enum ReportAction {
    /// Nothing.
    Dismiss,
    /// Deletes the message, as its sender could.
    DeleteMessage,
    /// Disables the user's account and ends their sessions, until the operator enables it.
    SuspendUser,
}

/// What is reported: exactly one of these.
#[derive(OneofObject)]
#[graphql(name = "ReportTarget")]
#[expect(clippy::enum_variant_names, reason = "the contract's names")]
pub(super) enum ReportTargetInput {
    /// A message.
    MessageId(ID),
    /// A user.
    UserId(ID),
    /// A conversation that you are in.
    ConversationId(ID),
}

/// A report.
#[derive(InputObject)]
pub(super) struct ReportInput {
    /// What it is about.
    target: ReportTargetInput,
    /// Why.
    reason: ReportReason,
    /// More about it, up to 1,000 characters.
    comment: Option<String>,
}

/// Something that was reported, as it was when it was reported. It holds no way into the conversation around it.
pub(super) struct Report(report::Model);

/// Something that was reported, as it was when it was reported. It holds no way into the conversation around it.
#[Object]
impl Report {
    /// The report's id, a UUIDv7.
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Who reported it.
    async fn reporter(&self, ctx: &Context<'_>) -> Result<User> {
        known_user(ctx, self.0.reporter_id).await
    }

    /// Why.
    async fn reason(&self) -> ReportReason {
        self.0.reason.into()
    }

    /// More about it.
    async fn comment(&self) -> Option<&str> {
        self.0.comment.as_deref()
    }

    /// Whom it is about: the sender of a message. Null for a conversation.
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        user(ctx, self.0.user_id).await
    }

    /// The text of a message, or the name of a user.
    async fn text(&self) -> Option<&str> {
        self.0.text.as_deref()
    }

    /// The image of a message, or the picture of a user or a group.
    async fn image(&self, ctx: &Context<'_>) -> Result<Option<Image>> {
        Image::find(ctx, self.0.image_id).await
    }

    /// When the message was sent.
    async fn sent_at(&self) -> Option<DateTime> {
        self.0.sent_at.map(DateTime)
    }

    /// The id of the message.
    async fn message_id(&self) -> Option<ID> {
        self.0.message_id.map(|id| id.to_string().into())
    }

    /// The id of the conversation, or of the one that the message is in.
    async fn conversation_id(&self) -> Option<ID> {
        self.0.conversation_id.map(|id| id.to_string().into())
    }

    /// The title of the conversation, or of the one that the message is in.
    async fn conversation_title(&self) -> Option<&str> {
        self.0.conversation_title.as_deref()
    }

    /// When it was reported.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When the report was closed. Null while it is open. It is deleted 90 days after that.
    async fn resolved_at(&self) -> Option<DateTime> {
        self.0.resolved_at.map(DateTime)
    }

    /// Who closed it. Null while it is open, and where the operator did.
    async fn resolved_by(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        user(ctx, self.0.resolved_by_id).await
    }

    /// What was done.
    async fn action(&self) -> Option<ReportAction> {
        self.0.action.map(Into::into)
    }

    /// Why that was done.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }
}

async fn user(ctx: &Context<'_>, id: Option<UserId>) -> Result<Option<User>> {
    match id {
        Some(id) => Ok(Some(known_user(ctx, id).await?)),
        None => Ok(None),
    }
}

/// Queries of moderators.
#[derive(Default)]
pub(super) struct ReportsQuery;

#[Object]
impl ReportsQuery {
    /// What you are on this server beside a user: empty for most.
    async fn server_roles(&self, ctx: &Context<'_>) -> Result<Vec<ServerRole>> {
        let roles = accounts::server_roles(ctx.app()?, ctx.viewer()?).await?;
        Ok(roles.into_iter().map(Into::into).collect())
    }

    /// Reports, for moderators of the server: those that are open, the oldest first; or those that were closed in the last
    /// 90 days, the newest first. Those about you are left to other moderators and the operator. Pages have 1 to 100
    /// reports. Codes: FORBIDDEN, BAD_USER_INPUT.
    async fn reports(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = true, desc = "Whether to list open reports, or closed ones.")] open: bool,
        #[graphql(default = 50, desc = "The size of the page, 1 to 100.")] first: Option<i32>,
        #[graphql(desc = "The page begins after the report with this cursor.")] after: Option<String>,
    ) -> Result<RelayConnection<Report>> {
        let moderator = moderator(ctx).await?;
        let first = paging::size("first", first)?.unwrap_or(limits::DEFAULT_PAGE);
        let seal = ctx.app()?.feed.seal();
        let after = paging::cursor(seal, "after", after.as_deref(), PageCursor::report)?.map(ReportId::from);
        let page = reports::list(ctx.app()?, moderator, open, first, after).await?;
        Ok(paging::connection(seal, page, |row| {
            (PageCursor::Report { id: Uuid::from_bytes(*row.id.as_bytes()) }, Report(row))
        }))
    }
}

/// Mutations of reports.
#[derive(Default)]
pub(super) struct ReportsMutation;

#[Object]
impl ReportsMutation {
    /// Reports a message, a user or a conversation to the moderators of the server. What is reported is kept as it was until
    /// 90 days after the report was closed. 20 in 24 hours. The result is always true. Codes: NOT_FOUND, for a deleted
    /// message too; BAD_USER_INPUT, RATE_LIMITED.
    async fn report(&self, ctx: &Context<'_>, #[graphql(desc = "The report.")] input: ReportInput) -> Result<bool> {
        let viewer = ctx.viewer()?;
        let target = match &input.target {
            ReportTargetInput::MessageId(id) => MessageId::parse(id).map(ReportTarget::Message),
            ReportTargetInput::UserId(id) => UserId::parse(id).map(ReportTarget::User),
            ReportTargetInput::ConversationId(id) => ConversationId::parse(id).map(ReportTarget::Conversation),
        };
        let target = target.ok_or(Failure(Error::NotFound))?;
        let new = NewReport { target, reason: input.reason.into(), comment: input.comment };
        reports::file(ctx.app()?, viewer, new).await?;
        Ok(true)
    }

    /// Closes a report, and does what you decide, for moderators of the server. A user who is a moderator is not suspended:
    /// FORBIDDEN. Nor do you close a report about yourself, which is as one that does not exist: other moderators and the
    /// operator do. Again with the same action is no change. Codes: FORBIDDEN, NOT_FOUND, BAD_USER_INPUT.
    async fn resolve_report(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of the report.")] id: ID,
        #[graphql(desc = "What is done.")] action: ReportAction,
        #[graphql(desc = "Why, for other moderators, up to 1,000 characters.")] note: Option<String>,
    ) -> Result<Report> {
        let moderator = moderator(ctx).await?;
        let id = ReportId::parse(&id).ok_or(Failure(Error::NotFound))?;
        let program = ctx.program()?;
        let resolution = Resolution { id, action: action.into(), note };
        let done = (&program.accounts, &program.images);
        Ok(Report(reports::resolve(&program.app, done, moderator, resolution).await?))
    }
}

async fn moderator(ctx: &Context<'_>) -> Result<Moderator> {
    Ok(accounts::moderator(ctx.app()?, ctx.viewer()?, ctx.caller()?.address).await?)
}
