// Says quietly that the line is cut; nothing as long as all is well, and nothing of cuts that nobody would notice.
import { useEffect, useState, useSyncExternalStore } from 'react';
import { texts } from '../texts';
import { useFeed } from './context';

/** Shorter cuts are not worth a word. */
const UNNOTICED = 1_500;

const followOnline = (listener: () => void) => {
  addEventListener('online', listener);
  addEventListener('offline', listener);
  return () => {
    removeEventListener('online', listener);
    removeEventListener('offline', listener);
  };
};

export function LineState() {
  const status = useFeed((feed) => feed.status);
  const isOnline = useSyncExternalStore(followOnline, () => navigator.onLine);
  const [noticed, setNoticed] = useState(false);
  const behind = status !== 'live' || !isOnline;
  useEffect(() => {
    if (!behind) return setNoticed(false);
    const timer = setTimeout(() => setNoticed(true), UNNOTICED);
    return () => clearTimeout(timer);
  }, [behind]);
  return (
    <div className="line-state" role="status">
      {noticed && behind && <p>{isOnline ? texts.line.behind : texts.line.offline}</p>}
    </div>
  );
}
