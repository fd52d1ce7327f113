// What the views of a signed-in person share, and how they follow the feed.
import { createContext, useContext, useSyncExternalStore } from 'react';
import type { Client } from 'urql';
import type { Feed } from '../feed';
import type { LimitsQuery } from '../gql/graphql';
import type { texts } from '../texts';

/** Why somebody who was signed in is so no longer: said where one signs in. */
export type Gone = keyof typeof texts.signIn.gone;

/** Whom one can find: everybody; only who is named by their whole e-mail address, besides contacts; or nobody. */
export type Finds = 'everybody' | 'named' | 'nobody';

export function findsOf(features: readonly string[]): Finds {
  if (features.includes('directory')) return 'everybody';
  return features.includes('lookup') ? 'named' : 'nobody';
}

export interface Session {
  feed: Feed;
  client: Client;
  /** What the server takes. */
  limits: LimitsQuery['serverInfo']['limits'];
  /** Whom one can find there. */
  finds: Finds;
  /** Ends the session by a task; `how` is said afterwards. */
  leave(how: Gone, task: () => Promise<unknown>): Promise<void>;
}

export const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('this view is for people who are signed in');
  return session;
}

/** Follows a part of the feed. `look` must answer with the same value as long as nothing has changed. */
export function useFeed<Part>(look: (feed: Feed) => Part): Part {
  const { feed } = useSession();
  return useSyncExternalStore(feed.listen, () => look(feed));
}
