import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { SetContextLink } from '@apollo/client/link/context';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { relayStylePagination } from '@apollo/client/utilities';
import { parlourSocket } from './parlour-socket.js';

/**
 * Without it, the cache drops what fragments on the interface select.
 * @type {Record<string, string[]>}
 */
export const possibleTypes = {
  FeedEvent: [
    'BlockChanged', 'CaughtUp', 'ConversationChanged', 'FeedReset', 'HistoryTrimmed', 'MembershipChanged', 'MessageAdded',
    'MessageChanged', 'PinsChanged', 'ReactionsChanged', 'ReadMarkMoved', 'UserChanged',
  ],
  Node: ['Conversation', 'Image', 'Member', 'Message', 'Session', 'User'],
};

/**
 * Pages of `edges` join up to one list; the arguments named here tell lists apart.
 * @type {import('@apollo/client').TypePolicies}
 */
export const typePolicies = {
  Query: {
    fields: {
      blockedUsers: relayStylePagination(),
      conversations: relayStylePagination(),
      mentions: relayStylePagination(),
      messages: relayStylePagination(['conversation', 'aroundSeq']),
      reports: relayStylePagination(['open']),
      searchMessages: relayStylePagination(['query', 'conversation', 'senderId', 'before', 'since', 'hasImage']),
      users: relayStylePagination(['search']),
    },
  },
  Conversation: {
    fields: {
      members: relayStylePagination(),
      messages: relayStylePagination(['aroundSeq']),
      pinnedMessages: relayStylePagination(),
    },
  },
  Reaction: { fields: { users: relayStylePagination() } },
};

/**
 * @param {string} url of /graphql
 * @param {() => string} [token] a browser needs none
 */
export function apollo(url, token) {
  const authorization = new SetContextLink(({ headers }) => ({
    headers: token ? { ...headers, authorization: `Bearer ${token()}` } : headers,
  }));
  const http = authorization.concat(new HttpLink({ uri: url, credentials: 'include' }));
  const live = new GraphQLWsLink(parlourSocket(url, { token }));
  return new ApolloClient({
    link: ApolloLink.split(({ operationType }) => operationType === 'subscription', live, http),
    cache: new InMemoryCache({ possibleTypes, typePolicies }),
  });
}
