// Shows that the connection is lost, unless it comes back soon.
import { useEffect, useState, useSyncExternalStore } from 'react';
import { isPolling, listenToPolling } from '../api/polling';
import { texts } from '../texts';
import { useFeed } from './session';

/** In milliseconds. Shorter interruptions are not shown. */
const SHOWN_AFTER = 1_500;

const subscribeToOnline = (listener: () => void) => {
  addEventListener('online', listener);
  addEventListener('offline', listener);
  return () => {
    removeEventListener('online', listener);
    removeEventListener('offline', listener);
  };
};

export function ConnectionStatus() {
  const status = useFeed((feed) => feed.status);
  const isOnline = useSyncExternalStore(subscribeToOnline, () => navigator.onLine);
  const isSlow = useSyncExternalStore(listenToPolling, isPolling);
  const [isShown, setShown] = useState(false);
  const isBehind = status !== 'live' || !isOnline;
  useEffect(() => {
    if (!isBehind) return setShown(false);
    const timer = setTimeout(() => setShown(true), SHOWN_AFTER);
    return () => clearTimeout(timer);
  }, [isBehind]);
  return (
    <div className="connection-status" role="status">
      {isShown && isBehind && <p>{isOnline ? texts.connection.reconnecting : texts.connection.offline}</p>}
      {isSlow && !isBehind && <p>{texts.connection.noSocket}</p>}
    </div>
  );
}
