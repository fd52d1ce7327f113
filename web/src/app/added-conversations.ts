// The groups that the user was added to and has not opened yet. The history counts as read for whoever is added, so nothing else
// says that they are new. Kept in this browser: the server has no such mark.
import { useSyncExternalStore } from 'react';
import type { Feed } from '../feed';
import { useSession } from './session';

/** This many ids are kept, the newest ones. */
const MAX_IDS = 2_000;

interface Stored {
  /** The groups that this browser has seen. */
  known: readonly string[];
  /** Whether `known` has all groups of the user. */
  complete: boolean;
  /** Those of them that are not opened yet. */
  unopened: readonly string[];
}

const keyOf = (feed: Feed) => `parlour.groups.${feed.me.id}`;
const listeners = new Set<() => void>();
const parsed = { text: '', value: undefined as Stored | undefined };

function read(feed: Feed): Stored | undefined {
  const text = localStorage.getItem(keyOf(feed)) ?? '';
  if (text !== parsed.text) Object.assign(parsed, { text, value: text ? (JSON.parse(text) as Stored) : undefined });
  return parsed.value;
}

function write(feed: Feed, { known, complete, unopened }: Stored): void {
  const newest = (ids: readonly string[]) => [...new Set(ids)].slice(-MAX_IDS);
  localStorage.setItem(keyOf(feed), JSON.stringify({ known: newest(known), complete, unopened: newest(unopened) }));
  for (const listener of listeners) listener();
}

/** Call this when the feed has started: finds the groups that the user was added to while the page was closed. */
export function findAddedGroups(feed: Feed): void {
  const groups = feed.sidebar.filter(({ otherUserId }) => otherUserId === null).map(({ id }) => id);
  const before = read(feed);
  const added = before?.complete ? groups.filter((id) => !before.known.includes(id)) : [];
  write(feed, {
    known: [...(before?.known ?? []), ...groups],
    complete: before?.complete || !feed.hasMoreConversations,
    unopened: [...(before?.unopened ?? []), ...added],
  });
}

/** Call this when the feed says that the user was added to a conversation. */
export function onAddedTo(feed: Feed, id: string): void {
  const { known = [], complete = false, unopened = [] } = read(feed) ?? {};
  write(feed, { known: [...known, id], complete, unopened: [...unopened, id] });
}

export function markOpened(feed: Feed, id: string): void {
  const stored = read(feed);
  if (stored?.unopened.includes(id)) write(feed, { ...stored, unopened: stored.unopened.filter((other) => other !== id) });
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener('storage', listener); // From other tabs.
  return () => {
    listeners.delete(listener);
    removeEventListener('storage', listener);
  };
}

/** Whether the user was added to this conversation and has not opened it since. */
export function useIsUnopened(id: string): boolean {
  const { feed } = useSession();
  return useSyncExternalStore(listen, () => read(feed)?.unopened.includes(id) ?? false);
}
