// The session of a signed-in user, which all views share, and the hook by which they subscribe to its feed.
import { createContext, useContext, useSyncExternalStore } from 'react';
import type { Client } from '../api/client';
import type { Feed } from '../feed';
import type { LimitsQuery } from '../gql/graphql';
import type { texts } from '../texts';

/** Why a session ended: shown on the sign-in page. */
export type SignOutReason = keyof typeof texts.signIn.signedOut;

/** Who can be found: `directory`: everybody; `lookup`: contacts, and others by their whole e-mail address; `off`: nobody. */
export type PeopleSearchMode = 'directory' | 'lookup' | 'off';

export function peopleSearchModeOf(features: readonly string[]): PeopleSearchMode {
  if (features.includes('directory')) return 'directory';
  return features.includes('lookup') ? 'lookup' : 'off';
}

/** What the server allows. */
export interface ServerSettings {
  /** What the server is called. */
  name: string;
  /** A picture that stands for it; null for the mark of Parlour. */
  logoUrl: string | null;
  limits: LimitsQuery['serverInfo']['limits'];
  peopleSearchMode: PeopleSearchMode;
  /** Whether anybody may create an account. */
  canSignUp: boolean;
  /** Whether people sign in with an e-mail address and a password of this server. */
  hasPasswords: boolean;
  /** Where an app with a login of its own signs people in; null if there is none. */
  signInUrl: string | null;
}

export interface Session extends ServerSettings {
  feed: Feed;
  client: Client;
  /** Runs a task that ends the session. Afterwards the sign-in page shows the reason. */
  endSession(reason: SignOutReason, task: () => Promise<unknown>): Promise<void>;
}

export const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('this view needs a session');
  return session;
}

/** Subscribes to a part of the feed. `select` must return the same value as long as nothing has changed. */
export function useFeed<Part>(select: (feed: Feed) => Part): Part {
  const { feed } = useSession();
  return useSyncExternalStore(feed.listen, () => select(feed));
}
