//! Archives of one's own data.

use async_graphql::{Context, Object, SimpleObject};

use super::date_time::DateTime;
use crate::graphql::context::ContextExt;
use crate::graphql::error::Result;

/// An archive of your own data.
#[derive(SimpleObject)]
pub(super) struct ExportTicket {
    /// Where it is. Whoever has the address can fetch it, by GET, also in pieces (Range), until it expires or the session that
    /// asked for it ends. While it is being made, a request waits for up to 20 seconds and is then answered with 503 and
    /// Retry-After.
    url: String,
    /// When it is gone.
    expires_at: DateTime,
}

/// Mutations that make archives.
#[derive(Default)]
pub(super) struct ExportsMutation;

#[Object]
impl ExportsMutation {
    /// Makes an archive of all that is yours, once a day: account, sessions, conversations, messages, reactions, blocks,
    /// reports and images, as JSON Lines and image files in a tar.gz that describes itself. It is made in the background,
    /// which may take minutes, and deleted after a day, or with your account. Until then this answers with the same archive. If
    /// the session that asked for it has ended, it has another address from then on.
    async fn export_my_data(&self, ctx: &Context<'_>) -> Result<ExportTicket> {
        let viewer = ctx.viewer()?;
        let address = ctx.program()?.exports.ask(viewer, ctx.caller()?.address).await?;
        Ok(ExportTicket { url: address.url, expires_at: DateTime(address.expires_at) })
    }
}
