// What a feed begins with, in one request: the conversations, whom the user has blocked, and the position in the feed.
import { BlockedUsersDocument, type BlockedUsersQuery, type PersonFragment, SnapshotDocument, type SnapshotQuery } from '../gql/graphql';
import type { Transport } from './transport';

export type Snapshot = SnapshotQuery & { blocked: readonly PersonFragment[] };

/** Loads it. Of those who are blocked, a few people have further pages: events after the snapshot's cursor have what changes meanwhile. */
export async function loadSnapshot(transport: Transport): Promise<Snapshot> {
  const snapshot = await transport.request(SnapshotDocument, {});
  const blocked = [...snapshot.blockedUsers.nodes];
  for (let { hasNextPage, endCursor } = snapshot.blockedUsers.pageInfo; hasNextPage && endCursor !== null;) {
    const { blockedUsers }: BlockedUsersQuery = await transport.request(BlockedUsersDocument, { after: endCursor });
    blocked.push(...blockedUsers.nodes);
    ({ hasNextPage, endCursor } = blockedUsers.pageInfo);
  }
  return { ...snapshot, blocked };
}
