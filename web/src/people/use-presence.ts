// Whether somebody is there, or else when they last were.
import { useEffect, useState } from 'react';
import { useFeed, useSession } from '../app/session';
import { ago } from '../app/dates';
import { useClock } from '../app/use-clock';
import { texts } from '../texts';

const words = texts.conversation;

/** In words as of now; undefined while nobody knows. */
export function usePresenceText(userId: string): string | undefined {
  const { feed } = useSession();
  const online = useFeed((feed) => feed.online?.has(userId));
  const [lastSeenAt, setLastSeenAt] = useState<string | null>(null);
  // When they go, and when somebody begins to look.
  useEffect(() => {
    if (online !== false) return;
    let isOver = false;
    feed.loadPerson(userId).then((person) => isOver || setLastSeenAt(person?.lastSeenAt ?? null), () => {});
    return () => { isOver = true; };
  }, [feed, userId, online]);
  const last = useClock(() => (lastSeenAt ? words.lastSeen(ago(lastSeenAt)) : words.offline));
  if (online === undefined) return undefined;
  return online ? words.online : last;
}
