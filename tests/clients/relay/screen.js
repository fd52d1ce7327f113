// What relay-compiler compiles for relay-caches.test.mjs: a screen with a connection, a fragment that is fetched again by
// `node`, and the feed, whose edges go into the connection by a directive alone.
import { graphql } from 'relay-runtime';

graphql`
  query screenQuery($id: ID!) {
    unread { messages conversations }
    conversation(by: { conversationId: $id }) {
      id title memberCount lastSeq
      ...screen_history
    }
  }
`;

graphql`
  fragment screen_history on Conversation
  @argumentDefinitions(count: { type: "Int", defaultValue: 2 }, before: { type: "String" })
  @refetchable(queryName: "screenHistoryQuery") {
    id
    messages(last: $count, before: $before) @connection(key: "screen_messages") {
      edges { cursor node { id seq version text deletedAt sender { id fullName } } }
      pageInfo { hasPreviousPage startCursor }
    }
  }
`;

graphql`
  fragment screen_member on Member @refetchable(queryName: "screenMemberQuery") {
    id lastReadSeq user { id fullName }
  }
`;

graphql`
  subscription screenFeedSubscription($connections: [ID!]!) {
    events {
      __typename cursor
      ... on MessageAdded {
        edge @appendEdge(connections: $connections) {
          cursor node { id seq version text deletedAt sender { id fullName } conversation { id lastSeq } }
        }
        unread { messages conversations }
      }
      ... on MessageChanged { message { id version text deletedAt } unread { messages conversations } }
      ... on ReadMarkMoved { member { ...screen_member } unread { messages conversations } }
      ... on ConversationChanged { conversation { id title memberCount } }
      ... on UserChanged { user { id fullName } }
    }
  }
`;
