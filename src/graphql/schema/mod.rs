//! The schema: types and resolvers, a file for each slice. A resolver parses its arguments, asks one function of the
//! slice and wraps the answer.

mod accounts;
mod app_people;
mod blocks;
mod consumers;
mod conversation_changed;
mod conversation_kind;
mod conversation_queries;
mod conversations;
mod date_time;
mod erasure;
mod exports;
mod feed;
mod feed_events;
mod feed_kinds;
mod groups;
mod images;
mod json;
mod members;
mod message_inputs;
mod message_pages;
mod message_queries;
mod messages;
mod neighbours;
mod node;
mod own_membership;
mod own_side;
mod paging;
mod permissions;
mod pins;
mod presence;
mod reaction_changes;
mod reactions;
pub(super) mod reference;
mod reports;
mod search;
mod server_info;
mod sessions;
mod system_lines;
mod typing;
mod unread;
mod user_fields;
mod user_pages;
mod users;
mod viewer_mark;

use async_graphql::{MergedObject, MergedSubscription, Schema};

pub(super) use feed::FeedCursorNow;
pub use feed_kinds::kinds_named;
#[cfg(feature = "fuzzing")]
pub(crate) use paging::PageCursor;

use crate::limits;
use paging::RelayConnection;

/// All queries.
#[derive(MergedObject, Default)]
pub(super) struct Query(
    accounts::AccountsQuery,
    sessions::SessionsQuery,
    conversation_queries::ConversationsQuery,
    message_queries::MessagesQuery,
    search::SearchQuery,
    feed::FeedQuery,
    consumers::ConsumersQuery,
    node::NodeQuery,
    server_info::ServerInfoQuery,
    app_people::AppPeopleQuery,
    blocks::BlocksQuery,
    reports::ReportsQuery,
);

/// All mutations.
#[derive(MergedObject, Default)]
pub(super) struct Mutation(
    accounts::AccountsMutation,
    messages::MessagesMutation,
    reaction_changes::ReactionsMutation,
    images::ImagesMutation,
    sessions::SessionsMutation,
    groups::GroupsMutation,
    own_side::OwnSideMutation,
    pins::PinsMutation,
    typing::TypingMutation,
    erasure::ErasureMutation,
    exports::ExportsMutation,
    consumers::ConsumersMutation,
    app_people::AppPeopleMutation,
    blocks::BlocksMutation,
    reports::ReportsMutation,
);

/// All subscriptions.
#[derive(MergedSubscription, Default)]
pub(super) struct Subscription(feed::FeedSubscription, presence::PresenceSubscription, typing::TypingSubscription);

/// The schema as clients see it.
pub fn sdl() -> String {
    let options = async_graphql::SDLExportOptions::new().prefer_single_line_descriptions();
    builder().finish().sdl_with_options(options)
}

pub(super) fn builder() -> async_graphql::SchemaBuilder<Query, Mutation, Subscription> {
    // A second line of defence: the guard has applied its limits already.
    Schema::build(Query::default(), Mutation::default(), Subscription::default())
        .limit_recursive_depth(limits::QUERY_LEVELS)
        .limit_directives(limits::QUERY_DIRECTIVES)
        // The library has one type for all connections, so each is described here.
        .override_output_type_description::<user_pages::UserConnection>("A page of users.")
        .override_output_type_description::<RelayConnection<members::Member>>("A page of a conversation's members.")
        .override_output_type_description::<RelayConnection<conversations::Conversation>>("A page of conversations.")
        .override_output_type_description::<RelayConnection<reports::Report>>("A page of reports.")
        .override_output_type_description::<RelayConnection<messages::Message>>(
            "A page of messages: of a history, oldest first, or of search hits, newest first.",
        )
}
