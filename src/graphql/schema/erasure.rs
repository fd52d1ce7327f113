//! Leaving for good.

use async_graphql::{Context, Object};

use crate::accounts::Password;
use crate::graphql::context::ContextExt;
use crate::graphql::error::Result;
use crate::graphql::session_effect::SessionEffect;

/// Mutations of those who leave.
#[derive(Default)]
pub struct ErasureMutation;

#[Object]
impl ErasureMutation {
    /// Erases you, for good: sessions, e-mail, name, and the texts of all your messages. The messages stay as tombstones
    /// of "Deleted user", so that the others can read on; seq has no holes. Everybody who shares a conversation with you
    /// hears of it as one UserChanged. You stay in direct conversations, where nobody can write to you any more, and
    /// leave your groups as by removeMember: their others hear ConversationChanged UPDATED, and the oldest member owns
    /// what was yours. The e-mail is free for a new account. Codes: INVALID_CREDENTIALS for a wrong password, which
    /// counts like one at login, and RATE_LIMITED.
    async fn delete_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Your password, once more.")] password: String,
    ) -> Result<bool> {
        let (program, viewer) = (ctx.program()?, ctx.viewer()?);
        let caller = ctx.caller()?;
        program.accounts.confirm(viewer, Password::for_login(password)?, caller.address).await?;
        program.erasure.erase(viewer).await?;
        SessionEffect::Clear.record(ctx);
        Ok(true)
    }
}
