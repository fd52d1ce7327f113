// Whether someone is online, or when they were last.
import { useEffect, useState } from 'react';
import { useFeed, useSession } from '../app/session';
import { formatRelative } from '../app/dates';
import { useClock } from '../app/use-clock';
import { texts } from '../texts';

const words = texts.conversation;

/** A current text; undefined while unknown. */
export function usePresenceText(userId: string): string | undefined {
  const { feed } = useSession();
  const online = useFeed((feed) => feed.online?.has(userId));
  const [lastSeenAt, setLastSeenAt] = useState<string | null>(null);
  // Loaded at the start and each time the person goes offline.
  useEffect(() => {
    if (online !== false) return;
    let isOver = false;
    feed.loadPerson(userId).then((person) => isOver || setLastSeenAt(person?.lastSeenAt ?? null), () => {});
    return () => { isOver = true; };
  }, [feed, userId, online]);
  const offlineText = useClock(() => (lastSeenAt ? words.lastSeen(formatRelative(lastSeenAt)) : words.offline));
  if (online === undefined) return undefined;
  return online ? words.online : offlineText;
}
