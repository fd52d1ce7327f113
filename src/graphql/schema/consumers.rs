//! Consumers: positions in the feed that the server keeps.

use async_graphql::{Context, Object, SimpleObject};

use crate::consumers::{self, ConsumerName};
use crate::entity::consumer;
use crate::feed::Feed;
use crate::graphql::context::ContextExt;
use crate::graphql::error::Result;
use crate::graphql::schema::date_time::DateTime;

/// A position in the feed that the server keeps for you. You can have up to 64; one that is not used for 30 days is
/// deleted.
#[derive(SimpleObject)]
pub(super) struct Consumer {
    /// The name: 1 to 64 letters, digits, `.`, `_` and `-`. An app puts the id of its installation into it.
    name: String,
    /// What was acknowledged last. Null if nothing was.
    cursor: Option<String>,
    /// When it was created or last moved.
    updated_at: DateTime,
}

impl Consumer {
    fn new(row: consumer::Model, feed: &Feed) -> Self {
        let cursor = row.is_acknowledged.then(|| feed.cursor_text(consumers::position_of(&row)));
        Self { name: row.name, cursor, updated_at: DateTime(row.updated_at) }
    }
}

/// Queries about consumers.
#[derive(Default)]
pub(super) struct ConsumersQuery;

#[Object]
impl ConsumersQuery {
    /// Your consumers, by name.
    async fn consumers(&self, ctx: &Context<'_>) -> Result<Vec<Consumer>> {
        let program = ctx.program()?;
        let rows = program.consumers.list(ctx.viewer()?).await?;
        Ok(rows.into_iter().map(|row| Consumer::new(row, &program.app.feed)).collect())
    }
}

/// Mutations of consumers.
#[derive(Default)]
pub(super) struct ConsumersMutation;

#[Object]
impl ConsumersMutation {
    /// Records that everything up to and including `cursor` is stored by this consumer. Acknowledge what you have
    /// stored, not what you have received: what follows is sent again. The position only moves forward, and again is no
    /// change; to go back, delete the consumer. Acknowledgements within a second are written together, and each is
    /// answered when it is written. A consumer that does not exist is created. Codes: BAD_USER_INPUT, CURSOR_EXPIRED.
    async fn ack_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The consumer's name.")] consumer: String,
        #[graphql(desc = "The cursor of the last event that is stored.")] cursor: String,
    ) -> Result<Consumer> {
        let program = ctx.program()?;
        let name = ConsumerName::parse("consumer", &consumer)?;
        let row = program.consumers.acknowledge(ctx.viewer()?, &name, &cursor).await?;
        Ok(Consumer::new(row, &program.app.feed))
    }

    /// Deletes a consumer. False if there was none. Codes: BAD_USER_INPUT.
    async fn delete_consumer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The consumer's name.")] name: String,
    ) -> Result<bool> {
        let name = ConsumerName::parse("name", &name)?;
        Ok(ctx.program()?.consumers.delete(ctx.viewer()?, &name).await?)
    }
}
