//! The erasure of an account.

use async_graphql::{Context, Object};

use crate::accounts::Password;
use crate::graphql::SessionEffect;
use crate::graphql::context::ContextExt;
use crate::graphql::error::Result;

/// Mutations that erase an account.
#[derive(Default)]
pub(super) struct ErasureMutation;

#[Object]
impl ErasureMutation {
    /// Permanently erases your account: sessions, e-mail, name, and the texts of all your messages. The messages remain
    /// as tombstones of "Deleted user", so `seq` has no gaps. Everybody who shares a conversation with you receives one
    /// UserChanged. You remain a member of direct conversations, to which nobody can send any more, and leave your
    /// groups as by removeMember: their other members receive ConversationChanged UPDATED, and the oldest member
    /// becomes the owner of a group that was yours. The e-mail becomes available for a new account. Codes:
    /// INVALID_CREDENTIALS for a wrong password, which counts as a failed login, RATE_LIMITED, and SERVICE_UNAVAILABLE
    /// while too many passwords wait to be hashed.
    async fn delete_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Your password.")] password: String,
    ) -> Result<bool> {
        let (program, viewer) = (ctx.program()?, ctx.viewer()?);
        let caller = ctx.caller()?;
        program.accounts.confirm(viewer, Password::for_login(password)?, caller.address).await?;
        program.erasure.erase(viewer, caller.address).await?;
        SessionEffect::Clear.record(ctx);
        Ok(true)
    }
}
