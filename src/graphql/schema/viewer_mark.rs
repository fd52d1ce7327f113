//! The mark of fields that depend on who asks.

use async_graphql::TypeDirective;

/// The field depends on who asks. In a subscription it costs an execution for each subscriber, and webhooks without a bot
/// cannot select it.
#[TypeDirective(location = "FieldDefinition", name = "viewer")]
pub(super) fn viewer() {}
