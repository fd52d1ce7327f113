// A list that comes in pages: the first at once, each further one when it is asked for.
import { useEffect, useState } from 'react';
import { texts } from '../texts';
import { useAttempt } from './toasts';

interface ItemPage<Item> {
  items: readonly Item[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

interface Loaded<Item> {
  items: readonly Item[];
  /** The cursor of the next page, if there is one. */
  after: string | null;
}

/** Loads a list with `fetchPage`. Until its first page is there, show {@link NoPageYet}. */
export function usePages<Item>(fetchPage: (after: string | null) => Promise<ItemPage<Item>>) {
  const attempt = useAttempt();
  const [loaded, setLoaded] = useState<Loaded<Item>>();
  const [isFailed, setFailed] = useState(false);
  const load = async (after?: string) => {
    setFailed(false);
    const isDone = await attempt(async () => {
      const { items, pageInfo } = await fetchPage(after ?? null);
      // A second click asks for the same page.
      setLoaded((now) => (now?.after === after
        ? { items: [...now?.items ?? [], ...items], after: pageInfo.hasNextPage ? pageInfo.endCursor : null }
        : now));
    });
    setFailed(!isDone);
  };
  useEffect(() => void load(), []);
  const after = loaded?.after;
  return {
    /** Undefined until the first page is there. */
    items: loaded?.items,
    isFailed,
    /** Loads the first page again, after a failure. */
    retry: () => void load(),
    /** Loads the next page. Undefined if there is none. */
    loadMore: after ? () => void load(after) : undefined,
    /** Replaces each item. */
    map: (change: (item: Item) => Item) => setLoaded((now) => now && { ...now, items: now.items.map(change) }),
  };
}

/** In place of a list whose first page is on its way, or has not come. */
export const NoPageYet = ({ isFailed, retry }: { isFailed: boolean; retry(): void }) => isFailed
  ? <button type="button" className="button" onClick={retry}>{texts.message.retry}</button>
  : <p className="secondary" role="status">{texts.loading}</p>;
